// Command worker carries out runs for a Loci on another computer, or on this one beside it: it reads an order, runs it, and keeps the
// records in the order's folder, where Loci fetches them. It needs no library of the system, no network and no secret.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
)

// Commit is set by the build.
var Commit string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		if hint := lab.HintOf(err); hint != "" {
			fmt.Fprintf(os.Stderr, "   do: %s\n", hint)
		}
		os.Exit(1)
	}
}

func command() *cobra.Command {
	root := &cobra.Command{Use: "worker", Short: "Carry out runs for Loci", SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var at folders
	only := -1
	do := &cobra.Command{Use: "run FOLDER", Short: "Carry out the order of a folder, and go on with what it holds", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return work(cmd.Context(), args[0], at, only, nil) }}
	start := &cobra.Command{Use: "start FOLDER", Short: "Begin `run` as a process that outlives this login, and print its number", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return detach(args[0], at) }}
	stream := &cobra.Command{Use: "stream FOLDER", Short: "Carry out the order and print the records as lines of text", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return work(cmd.Context(), args[0], at, only, &lines{out: os.Stdout, sent: map[string]int64{}})
		}}
	for _, c := range []*cobra.Command{do, start, stream} {
		c.Flags().StringVar(&at.runs, "runs", "", "folder of the runs (default: the order's folder)")
		c.Flags().StringVar(&at.cache, "cache", "", "folder of what several runs share (default: cache in the order's folder)")
	}
	do.Flags().IntVar(&only, "only", -1, "carry out only the run of that number, from 0")
	about := &cobra.Command{Use: "about", Short: "Print what this worker and its computer are, as JSON", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return json.NewEncoder(os.Stdout).Encode(aboutThis(cmd.Context()))
		}}
	root.AddCommand(do, start, stream, about)
	return root
}

// aboutThis is what a test of a target wants to know.
func aboutThis(ctx context.Context) run.About {
	return run.About{Commit: Commit, OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Kernels: num.Families(), Machine: run.Machine(), GPUs: run.GPUs(ctx)}
}

// folders are where the work of an order lies, beside the order itself.
type folders struct{ runs, cache string }

// in fills in what was left empty.
func (f folders) in(dir string) folders {
	if f.runs == "" {
		f.runs = dir
	}
	if f.cache == "" {
		f.cache = filepath.Join(dir, "cache")
	}
	return f
}

// work carries out an order in this process.
func work(ctx context.Context, dir string, at folders, only int, out *lines) error {
	at = at.in(dir)
	order, err := run.ReadOrder(dir)
	if err != nil {
		return err
	}
	if err := cancelled(dir); err != nil {
		return err
	}
	kernels, err := num.Family(order.Kernel)
	if err != nil {
		return lab.Errorf(lab.Invalid, "kernel family %q cannot be used here: %w", order.Kernel, err).WithHint("use one of %q", num.Families())
	}
	w := run.Worker{Dir: at.runs, New: catalog.Method, Code: catalog.CodeOf, Commit: Commit, Machine: run.Machine(),
		Bench: lab.Bench{Kernel: kernels.Name, Threads: order.Threads, Cache: at.cache}}
	if out != nil {
		out.dir = at.runs
		defer out.follow(order)()
	}
	if only < 0 { // of an array, each process has a run and its record's lock
		lock, err := record.AcquireLock(filepath.Join(dir, "worker.lock"), "")
		if err != nil {
			return err
		}
		defer func() { _ = lock.Release() }() // the process ends
	}
	switch {
	case only >= len(order.Runs):
		return lab.Errorf(lab.Invalid, "there is no run %d, the order has %d", only, len(order.Runs)).WithHint("count from 0")
	case only >= 0:
		return w.One(ctx, order.Runs[only])
	}
	return w.Do(ctx, order)
}
