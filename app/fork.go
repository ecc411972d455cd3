package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/sched"
)

// forkFlags are the flags of a fork. Steps are counted from 0, as records and pages count them.
type forkFlags struct {
	episode int64
	step    int
	bank    string
	drop    []string
	edit    []string
	action  string
	replays int
	whole   bool
}

func (c *cli) forkCommand() *cobra.Command {
	var f forkFlags
	cmd := &cobra.Command{
		Use:   "fork RUN",
		Short: "Go on from a step of a run in another way: without a memory, with another text, with another action",
		Long: "Continues a recorded step from its stored state with the same random numbers, and with something changed by hand.\n" +
			"With --replays 20 the episode is played in 20 pairs, with the change and without, and the effect gets its interval.\n" +
			"The fork is a run of its own; the record of its parent stays as it is.",
		Example: "  loci fork 4f1c --episode 21 --drop 12\n  loci fork 4f1c --episode 21 --drop 12 --replays 20\n" +
			"  loci fork 4f1c --episode 21 --step 3 --action \"go kitchen\"\n  loci fork 4f1c --episode 21 --edit \"12=put mug in sink\" --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				parent, err := e.find(ctx, args[0])
				if err != nil {
					return err
				}
				fork, err := f.fork(parent.Key)
				if err != nil {
					return err
				}
				info, err := c.followFork(ctx, e, sched.ForkRequest{Fork: fork, Replays: f.replays})
				if err != nil {
					return err
				}
				return c.printFork(info)
			})
		},
	}
	fs := cmd.Flags()
	fs.Int64Var(&f.episode, "episode", 0, "number of the episode, as `loci show RUN --json --kind episode` lists it")
	fs.IntVar(&f.step, "step", 0, "step of the episode, from 0")
	fs.StringVar(&f.bank, "bank", "", "bank of the entries, where several have one of that name")
	fs.StringSliceVar(&f.drop, "drop", nil, "take these entries away")
	fs.StringArrayVar(&f.edit, "edit", nil, "ENTRY=TEXT: give an entry another text")
	fs.StringVar(&f.action, "action", "", "what the agent does at the step in place of its own action")
	fs.IntVar(&f.replays, "replays", 0, fmt.Sprintf("paired replays, 0 to %d", sched.MostReplays))
	fs.BoolVar(&f.whole, "whole", false, "go on to the end of the run, not of the episode's part alone")
	_ = cmd.MarkFlagRequired("episode")
	return cmd
}

func (f *forkFlags) fork(parent string) (lab.Fork, error) {
	fork := lab.Fork{Parent: parent, Episode: f.episode, T: f.step, Whole: f.whole}
	for _, id := range f.drop {
		fork.Changes = append(fork.Changes, lab.Change{Kind: lab.ChangeDrop, Bank: f.bank, Entry: id})
	}
	for _, text := range f.edit {
		id, to, ok := strings.Cut(text, "=")
		if !ok {
			return fork, lab.Errorf(lab.Invalid, "--edit %q has no =, want ENTRY=TEXT", text).WithHint("write for example --edit \"12=put mug in sink\"")
		}
		fork.Changes = append(fork.Changes, lab.Change{Kind: lab.ChangeEdit, Bank: f.bank, Entry: id, Text: to})
	}
	if f.action != "" {
		fork.Changes = append(fork.Changes, lab.Change{Kind: lab.ChangeAct, Text: f.action})
	}
	return fork, nil
}

// followFork starts a fork and shows its progress until it is over.
func (c *cli) followFork(ctx context.Context, e *env, req sched.ForkRequest) (sched.ForkInfo, error) {
	info, err := e.owner.Fork(ctx, req)
	if err != nil {
		return info, err
	}
	b := newBar(c.err)
	defer b.end()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if info, err = e.owner.FindFork(context.WithoutCancel(ctx), info.Key); err != nil {
			return info, err
		}
		b.draw(forkShare(info), strings.TrimSuffix(info.Phase+", "+timeLeft(info.Low, info.High), ", "))
		switch info.State {
		case sched.Done:
			return info, nil
		case sched.Failed:
			return info, lab.Errorf(lab.Invalid, "%s", info.Err).WithHint("%s", info.Hint)
		case sched.CancelledSt:
			return info, lab.Errorf(lab.Cancelled, "stopped; the parent is as it was").WithHint("run the same command again")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if err := e.owner.StopFork(info.Key); err != nil {
				return info, err
			}
			<-tick.C
		}
	}
}

// forkShare is how much of a phase is done.
func forkShare(i sched.ForkInfo) float64 {
	if i.Total <= 0 {
		return 0
	}
	return float64(i.Done) / float64(i.Total)
}

func (c *cli) printFork(i sched.ForkInfo) error {
	effect, paired := i.Result.Effect()
	if c.json {
		line := map[string]any{"type": "fork", "key": i.Key, "title": i.Title, "fork": i.Fork, "result": i.Result, "sentence": i.Result.Words(i.Fork)}
		if paired {
			line["effect"] = map[string]any{"return": effect.Return, "success": effect.Success, "p": effect.Sign.P, "p_success": effect.SuccessSign.P, "pairs": effect.N, "same": effect.Same}
		}
		return c.print(line)
	}
	t := c.table("", "return", "success", "steps")
	t.AppendRow(outcomeRow("as it was", i.Result.Parent))
	t.AppendRow(outcomeRow(i.Fork.Words(), i.Result.Fork))
	c.render(t)
	if paired && !effect.Same {
		t := c.table("of "+fmt.Sprint(effect.N)+" pairs", "effect", "95 % t interval", "p (sign flip)")
		t.AppendRow(table.Row{"return", fmt.Sprintf("%.3g", effect.Return.Mean), fmt.Sprintf("%.3g to %.3g", effect.Return.Low, effect.Return.High), fmt.Sprintf("%.3g", effect.Sign.P)})
		t.AppendRow(table.Row{"success", fmt.Sprintf("%.3g", effect.Success.Mean), fmt.Sprintf("%.3g to %.3g", effect.Success.Low, effect.Success.High), fmt.Sprintf("%.3g", effect.SuccessSign.P)})
		c.render(t)
	}
	fmt.Fprintf(c.out, "%s\n%s: `loci show %s`\n", i.Result.Words(i.Fork), i.Title, i.Key[:8])
	return nil
}

func outcomeRow(name string, o run.Outcome) table.Row {
	return table.Row{name, fmt.Sprintf("%.4g", o.Return), o.Success, o.Steps}
}
