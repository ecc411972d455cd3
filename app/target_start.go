package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// startFlags are what target start says of a service that is new.
type startFlags struct {
	launch  target.Launch
	name    string
	rank    int
	secret  string
	wait    time.Duration
	replace bool
}

func (c *cli) targetStartCommand() *cobra.Command {
	f := startFlags{launch: target.Launch{On: target.HereName}}
	cmd := &cobra.Command{
		Use: "start skyrl|loci --on MACHINE --model FOLDER | start NAME", Short: "Start a training service on a machine, and reach it through a tunnel",
		Long: "Starts SkyRL, or this program's own engine (loci), on this computer, on one over SSH, on a Slurm or a Ray cluster: tries what the machine\n" +
			"must have, begins the program, waits until it answers, and adds it as a target of kind service. It goes on when Loci is closed; runs reach\n" +
			"it through a tunnel of their own. `loci target start NAME` starts one again that is set up, or waits for one that starts.",
		Example: "  loci target start skyrl --on lab --model /models/small --name gpu\n  loci target start skyrl --on here --cards 0 --model ~/models/tiny\n" +
			"  loci target start loci --on lab\n  loci target start gpu", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.targetStart(cmd.Context(), args[0], cmd.Flags(), &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.launch.On, "on", target.HereName, "machine: here, or the name of a target that carries runs out")
	fl.StringVar(&f.launch.Model, "model", "", "folder of the base model on that machine (config.json, weights, tokenizer)")
	fl.StringVar(&f.launch.Backend, "backend", "jax", "of SkyRL: jax, fsdp or megatron")
	fl.IntVar(&f.launch.Cards, "cards", 1, "graphics cards; 0 computes on the processor")
	fl.StringVar(&f.launch.Checkout, "checkout", "", "folder of a checkout of SkyRL there; empty takes the package "+target.SkyRLVersion)
	fl.StringVar(&f.launch.Config, "config", "", "more for SkyRL's --backend-config: a JSON object")
	fl.StringVar(&f.launch.Bin, "bin", "", "folder there that has uv, or loci")
	fl.StringVar(&f.name, "name", "", "name of the target (default: skyrl or loci)")
	fl.IntVar(&f.rank, "rank", target.UsualRank, "rank of the service's adapters; 0 trains all weights")
	fl.StringVar(&f.secret, "secret", "", "name of the secret with the key that loci's engine is to ask for; empty makes one")
	fl.DurationVar(&f.wait, "wait", usualWait, "how long to wait until it answers")
	fl.BoolVar(&f.replace, "replace", false, "replace a target of that name that is not started")
	return cmd
}

func (c *cli) targetStart(ctx context.Context, what string, flags *pflag.FlagSet, f *startFlags) error {
	name := what
	if slices.Contains(target.Programs(), what) && (flags.Changed("on") || flags.Changed("model") || flags.Changed("name") || !c.isTarget(what)) {
		var err error
		if name, err = c.putLaunch(what, flags, f); err != nil {
			return err
		}
	}
	if _, err := c.launched(name); err != nil {
		return err
	}
	steps := c.stepBar(0)
	var answers []target.Answer
	err := c.startService(ctx, c.secrets(), name, f.wait, func(a target.Answer) {
		answers = append(answers, a)
		steps.did(a)
	}, steps.waits)
	steps.end()
	if err != nil {
		c.answers(answers)
		return err
	}
	if c.json {
		return c.print(map[string]any{"type": "started", "name": name, "answers": answers})
	}
	c.answers(answers)
	fmt.Fprintf(c.err, "Service %s runs: `loci target test %s` tries it, model: service %s uses it, `loci target stop %s` ends it.\n", name, name, name, name)
	return nil
}

func (c *cli) isTarget(name string) bool {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return false
	}
	_, ok := all.Has(name)
	return ok
}

// putLaunch sets a service up as the flags say.
func (c *cli) putLaunch(program string, flags *pflag.FlagSet, f *startFlags) (name string, err error) {
	name = f.name
	if name == "" {
		name = program
	}
	l := f.launch
	l.Program = program
	if program == target.Engine {
		for _, flag := range []string{"backend", "cards", "checkout", "config"} {
			if flags.Changed(flag) {
				return "", lab.Errorf(lab.Invalid, "--%s is of SkyRL; loci's engine computes on processors", flag).WithHint("leave it out, or start skyrl")
			}
		}
		l.Backend, l.Cards = "", 0
	}
	s := target.Service{Name: name, Secret: f.secret, Rank: f.rank, Launch: &l}
	if err := s.Check(); err != nil {
		return "", err
	}
	return name, target.Update(c.targetsPath(), func(all *target.Targets) error {
		if l.On != target.HereName {
			if _, err := all.Machine(l.On); err != nil {
				return err
			}
		}
		if kind, ok := all.Has(name); ok {
			if !f.replace {
				return lab.Errorf(lab.Conflict, "there is a target %q already, of kind %s", name, kind).
					WithHint("`loci target start %s` starts it as it is set up; else choose another --name, or say --replace", name)
			}
			if err := all.Remove(name); err != nil {
				return err
			}
		}
		all.Services = append(all.Services, s)
		return nil
	})
}

func (c *cli) targetStopCommand() *cobra.Command {
	keep := false
	cmd := &cobra.Command{
		Use: "stop NAME", Short: "End a training service that Loci started, and remove what it left",
		Long: "Ends all processes of the service and removes its folder there, with the checkpoints that runs have kept at it; --keep leaves the folder, so\n" +
			"that runs go on after it was started again. The target stays; so does the environment of Python, for the next start.",
		Example: "  loci target stop gpu\n  loci target stop gpu --keep", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.stopService(cmd.Context(), c.secrets(), args[0], keep); err != nil {
				return err
			}
			if c.json {
				return c.print(map[string]any{"type": "stopped", "name": args[0], "kept": keep})
			}
			fmt.Fprintf(c.err, "Service %s is stopped; %s.\n", args[0], map[bool]string{true: "its folder there is kept", false: "nothing of it is left there"}[keep])
			return nil
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave its folder there, with checkpoints and log")
	return cmd
}

func (c *cli) targetLogCommand() *cobra.Command {
	lines := 40
	cmd := &cobra.Command{
		Use: "log NAME", Short: "Show how a training service that Loci started stands, and the end of its log",
		Example: "  loci target log gpu\n  loci target log gpu --lines 500", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if lines < 1 || lines > 10000 {
				return lab.Errorf(lab.Invalid, "lines is %d, want 1 to 10000", lines).WithHint("40 is usual")
			}
			v, err := c.serviceState(cmd.Context(), c.secrets(), args[0], lines)
			if err != nil {
				return err
			}
			if c.json {
				return c.print(map[string]any{"type": "log", "name": args[0], "state": v.State, "why": v.Why, "address": v.Address, "log": v.Log})
			}
			state := []string{v.State}
			for _, more := range []string{v.Why, v.Address} {
				if more != "" {
					state = append(state, more)
				}
			}
			fmt.Fprintf(c.err, "%s: %s\n", args[0], strings.Join(state, ", "))
			fmt.Fprintln(c.out, v.Log)
			return nil
		},
	}
	cmd.Flags().IntVar(&lines, "lines", lines, "how many of its last lines")
	return cmd
}

// stepBar shows the steps of a test or a start as they go well: what is done on a line of its own where no terminal is, else on one line that
// is written again.
type stepBar struct {
	c    *cli
	bar  *bar
	of   int // 0 where it is not known
	done int
	last time.Time
	said string
}

func (c *cli) stepBar(of int) *stepBar { return &stepBar{c: c, bar: newBar(c.err), of: of} }

func (s *stepBar) did(a target.Answer) {
	s.done++
	s.said = a.Step
	if s.bar.bar == nil {
		return // the table says all that a log needs
	}
	if s.of > 0 {
		s.bar.draw(float64(s.done)/float64(s.of), a.Step)
		return
	}
	s.bar.bar.Describe(fmt.Sprintf("%s: %s", a.Step, a.Said))
}

// waits tells what is waited for, where no terminal is at most every 15 seconds.
func (s *stepBar) waits(text string) {
	if s.bar.bar != nil {
		s.bar.bar.Describe(text)
		return
	}
	if time.Since(s.last) < 15*time.Second {
		return
	}
	s.last = time.Now()
	fmt.Fprintln(s.c.err, "waiting:", text)
}

func (s *stepBar) end() { s.bar.end() }
