package app

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/run"
)

// bench is one thing that `loci bench` measures.
type bench struct {
	name string
	doc  string
	run  func(ctx context.Context, l *benchLab) ([]measure, error)
}

func benches() []bench {
	return []bench{
		{"kernels", "matrix products and recurrent cells of the hot shapes, one core, beside the peak of the same round", benchKernels},
		{"ppo-gru", "PPO with a GRU of 128 end to end, against PyTorch on the same work", benchPPO},
		{"ppo-recurrent", "recurrent PPO on POPGym's RepeatPrevious end to end, against Stable-Baselines3's (sb3-contrib), and both learning curves", benchRecurrent},
		{"lm-train", "training of the tiny language model, Adam included, against PyTorch, and its memory", benchLMTrain},
		{"lm-decode", "decoding of the tiny language model with a cache, against PyTorch", benchLMDecode},
		{"lm-grpo", "one update of GRPO on the tiny language model, sampling and training", benchLMGRPO},
		{"mem", "exact search of 100,000 vectors beside the memory bandwidth and FAISS, BM25, banks and their events", benchMem},
		{"maze", "steps a second of the Endless T-Maze, random actions, 64 in a batch", benchMaze},
		{"popgym", "steps a second of every task of POPGym, one environment and 64, against the Python package", benchPOPGym},
		{"worlds", "steps a second of the text worlds, played by their oracles", benchWorlds},
		{"record", "events a second into a record, and how long one event holds up a run", benchRecord},
		{"serve", "time from the start of `loci serve` to its first page", benchServe},
		{"ui", "the pages in headless Chromium on a library of the largest sizes, beside the limits of their document", benchUI},
		{"scale", "thousands of runs on a simulated cluster, through the real scheduler, copies, library and pages", benchScale},
		{"stream", "10,000 events a second to a viewer, none lost in the record", benchStream},
	}
}

// benchLab is what every bench gets.
type benchLab struct {
	kernels num.Kernels
	threads int
	rounds  int
	updates int  // of ppo-gru and ppo-recurrent in a round
	learn   int  // updates of each learning run of ppo-recurrent; 0 leaves them out
	large   bool // mem: also a million vectors
	scale   scaleSize
	home    string // data folder
	say     func(format string, args ...any)
}

// benchFlags are those of `loci bench`.
type benchFlags struct {
	rounds, updates int
	learn           int
	large           bool
	scale           scaleSize
	data            string
}

func (c *cli) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench [NAME]",
		Short: "Measure speed on this computer: medians of several rounds, beside the limit where there is one",
		Long: "Measure speed on this computer: medians of several rounds, beside the limit where there is one.\n" +
			"The exit code is 3 when a limit is missed. Close other programs first.\n\n" + benchList(),
		Example:   "  loci bench\n  loci bench ppo-gru --json\n  loci bench ppo-gru --rounds 1 --updates 60   # both learning curves\n  loci bench ppo-recurrent --learn 0                # speed alone",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: benchNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("threads") {
				c.cfg.Threads = min(2, runtime.NumCPU())
			}
			if f.data != "" {
				return largeLibrary(cmd.Context(), f.data)
			}
			return c.bench(cmd.Context(), args, f)
		},
	}
	cmd.Flags().IntVar(&f.rounds, "rounds", 5, "rounds; every value is their median")
	cmd.Flags().IntVar(&f.updates, "updates", 8, "updates in a round of ppo-gru and ppo-recurrent")
	cmd.Flags().IntVar(&f.learn, "learn", 200, "updates of the learning runs of ppo-recurrent; 0 leaves them out")
	cmd.Flags().BoolVar(&f.large, "large", false, "in mem, search a million vectors too (3 GB of memory)")
	cmd.Flags().IntVar(&f.scale.runs, "runs", 10_000, "runs of the largest simulation of scale")
	cmd.Flags().IntVar(&f.scale.nodes, "nodes", 1000, "nodes of its cluster")
	cmd.Flags().StringVar(&f.data, "data", "", "only write the made-up library of bench ui into this empty folder")
	return cmd
}

func benchList() string {
	var b strings.Builder
	b.WriteString("Benches:\n")
	for _, x := range benches() {
		fmt.Fprintf(&b, "  %-13s %s\n", x.name, x.doc)
	}
	return b.String()
}

func benchNames() (names []string) {
	for _, x := range benches() {
		names = append(names, x.name)
	}
	return names
}

// bench runs the benches asked for, prints what they measured, and returns exit code 3 when a limit is missed.
func (c *cli) bench(ctx context.Context, names []string, f benchFlags) error {
	chosen, err := chooseBenches(names)
	if err != nil {
		return err
	}
	l, err := newBenchLab(c.cfg, f, c.err)
	if err != nil {
		return err
	}
	var all []measure
	for _, b := range chosen {
		l.say("%s: %s", b.name, b.doc)
		found, err := l.measure(ctx, b)
		if err != nil {
			return fmt.Errorf("bench %s: %w", b.name, err)
		}
		for _, m := range found {
			if c.json {
				if err := c.print(m); err != nil {
					return err
				}
			}
		}
		all = append(all, found...)
	}
	if !c.json {
		writeMeasures(c.out, all)
	}
	if missed(all) {
		return exit(exitNotHeld)
	}
	return nil
}

// measure runs one bench and completes what it found.
func (l *benchLab) measure(ctx context.Context, b bench) ([]measure, error) {
	before := readLoad()
	found, err := b.run(ctx, l)
	others := readLoad().othersSince(before)
	for i := range found {
		m := &found[i]
		m.Type, m.Bench, m.Kernel, m.Machine, m.Others = "measure", b.name, l.kernels.Name, run.Machine(), others
		m.judge()
	}
	return found, err
}

func chooseBenches(names []string) ([]bench, error) {
	if len(names) == 0 {
		return benches(), nil
	}
	for _, b := range benches() {
		if b.name == names[0] {
			return []bench{b}, nil
		}
	}
	return nil, lab.Errorf(lab.Invalid, "bench %q is unknown, want one of %s", names[0], strings.Join(benchNames(), ", ")).
		WithHint("leave the name out to run all benches")
}

// maxRounds and maxUpdates keep a slip of the finger from taking hours.
const (
	maxRounds  = 100
	maxUpdates = 1000
)

func newBenchLab(cfg Config, f benchFlags, w io.Writer) (*benchLab, error) {
	if f.rounds < 1 || f.rounds > maxRounds {
		return nil, lab.Errorf(lab.Invalid, "rounds is %d, want 1 to %d", f.rounds, maxRounds).WithHint("set --rounds to 5")
	}
	if f.updates < 1 || f.updates > maxUpdates {
		return nil, lab.Errorf(lab.Invalid, "updates is %d, want 1 to %d", f.updates, maxUpdates).WithHint("set --updates to 8")
	}
	if f.learn < 0 || f.learn > maxUpdates {
		return nil, lab.Errorf(lab.Invalid, "learn is %d, want 0 to %d", f.learn, maxUpdates).WithHint("set --learn to 200")
	}
	if cfg.Threads < 1 || cfg.Threads > runtime.NumCPU() {
		return nil, lab.Errorf(lab.Invalid, "threads is %d, want 1 to %d on this computer", cfg.Threads, runtime.NumCPU()).WithHint("leave --threads out")
	}
	k, err := num.Family(cfg.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "%w", err).WithHint("leave --kernel and LOCI_KERNEL out to take the best")
	}
	if err := notPortable(k.Name, num.Families()); err != nil {
		return nil, err
	}
	say := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	return &benchLab{kernels: k, threads: cfg.Threads, rounds: f.rounds, updates: f.updates, learn: f.learn, large: f.large, scale: f.scale, home: cfg.Home, say: say}, nil
}

// notPortable refuses to measure the portable kernel where a faster family runs: such a number would say nothing about Loci here.
func notPortable(kernel string, families []string) error {
	if kernel != "go" || len(families) == 1 {
		return nil
	}
	return lab.Errorf(lab.Invalid, "kernel is %q, the portable one, and this computer runs %s", kernel, strings.Join(families[:len(families)-1], ", ")).
		WithHint("leave --kernel and LOCI_KERNEL out")
}

// inRounds calls f once a round, with ctx looked at before each.
func (l *benchLab) inRounds(ctx context.Context, f func(round int) error) error {
	for r := range l.rounds {
		if err := ctx.Err(); err != nil {
			return lab.Errorf(lab.Cancelled, "stopped in round %d of %d: %w", r+1, l.rounds, err)
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}
