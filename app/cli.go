package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loci-lab/loci/backend/lab"
)

// Exit codes of the command line.
const (
	exitOK        = 0
	exitError     = 1
	exitNotHeld   = 3 // loci check: a claim is not held
	exitUndecided = 4 // loci check: a claim cannot be decided with these seeds
)

// exit is an error that only carries an exit code: everything was said already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// cli is what every command gets.
type cli struct {
	cfg   Config
	out   io.Writer // machine-readable output and tables
	err   io.Writer // everything for people: progress, notices, errors
	json  bool
	flags *pflag.FlagSet                 // of every command, as they were given
	in    io.Reader                      // what is sent to the program: values of secrets
	keep  func(home string) *secretStore // who keeps the secrets of a data folder

	tunnels tunnels // to services on other machines, that runs of this process use
	relays  relays  // to SkyRL
}

// Main runs the command line and returns the exit code.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &cli{out: os.Stdout, err: os.Stderr, in: os.Stdin, keep: systemSecrets}
	return c.main(ctx, args)
}

func (c *cli) main(ctx context.Context, args []string) int {
	cfg, err := DefaultConfig()
	if err != nil {
		return c.fail(err)
	}
	c.cfg = cfg
	root := c.root()
	root.SetArgs(args)
	root.SetOut(c.out)
	root.SetErr(c.err)
	understood := false // until then an error is one of the command line itself
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	err = root.ExecuteContext(ctx)
	c.relays.close()
	err = errors.Join(err, c.tunnels.close())
	if err != nil {
		if !understood {
			err = lab.Errorf(lab.Invalid, "%w", err).WithHint("`loci --help` lists the commands, `loci COMMAND --help` explains one")
		}
		return c.fail(err)
	}
	return exitOK
}

// fail tells the user what went wrong and what to do, and returns the exit code.
func (c *cli) fail(err error) int {
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	if c.json {
		_ = json.NewEncoder(c.out).Encode(map[string]any{"type": "error", "code": lab.CodeOf(err), "msg": err.Error(), "hint": lab.HintOf(err)})
	}
	fmt.Fprintf(c.err, "error: %v\n", err)
	if hint := lab.HintOf(err); hint != "" {
		fmt.Fprintf(c.err, "   do: %s\n", hint)
	}
	return exitError
}

// print writes one JSON object a line.
func (c *cli) print(v any) error { return json.NewEncoder(c.out).Encode(v) }

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "loci",
		Short: "A lab notebook for memory-augmented reinforcement learning",
		Long: "Loci is a lab notebook for memory-augmented reinforcement learning.\n" +
			"Without a command it opens the window, or the browser where there is no window.\n\n" +
			"LOCI_HOME moves the data folder, LOCI_KERNEL forces a kernel family (avx512, avx2, go).",
		Example:       "  loci open experiments/memory-rewriting.md --run fast\n  loci check experiments/memory-rewriting.md --budget fast",
		Version:       Version + " " + Commit,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return c.open(cmd.Context(), openFlags{}) },
	}
	flags := root.PersistentFlags()
	c.flags = flags
	flags.StringVar(&c.cfg.Home, "home", c.cfg.Home, "data folder (LOCI_HOME)")
	flags.StringVar(&c.cfg.Kernel, "kernel", c.cfg.Kernel, "kernel family: avx512, avx2, go; empty picks the best (LOCI_KERNEL)")
	flags.IntVar(&c.cfg.Jobs, "jobs", c.cfg.Jobs, "runs at a time (Settings: Runs at a time)")
	flags.IntVar(&c.cfg.Threads, "threads", c.cfg.Threads, "workers inside one run; they change no number (Settings: Threads of a run)")
	flags.BoolVar(&c.json, "json", false, "one JSON object a line on standard output")
	root.AddCommand(c.openCommand(), c.serveCommand(), c.runCommand(), c.pretrainCommand(), c.allowCommand(), c.checkCommand(), c.claimsCommand(), c.rankCommand(), c.recordCommand(), c.listCommand(),
		c.runsCommand(), c.deleteCommand(), c.restoreCommand(), c.showCommand(), c.familyCommand(), c.diffCommand(), c.docsCommand(), c.doctorCommand(), c.benchCommand(),
		c.secretCommand(), c.targetCommand(), c.importDataCommand(), c.forkCommand(),
		c.exportCommand(), c.importCommand(), c.reportCommand())
	root.AddCommand(c.engineCommand())
	return root
}
