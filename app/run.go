package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
)

// choice are the flags that say which runs of a notebook are meant.
type choice struct {
	budget string
	seeds  string
	arms   []string
	cases  []string
	target string
	model  string
	again  bool
	sweep  string
	leave  bool
}

func (f *choice) flags(fs *pflag.FlagSet) {
	fs.StringVar(&f.budget, "budget", "", "fast, laptop or full; empty is what the notebook says")
	fs.StringVar(&f.seeds, "seeds", "", "seeds, for example 0-4 or 100,103; empty is what the notebook says")
	fs.StringSliceVar(&f.arms, "arm", nil, "only these arms")
	fs.StringSliceVar(&f.cases, "case", nil, "only these cases")
	fs.StringVar(&f.target, "target", "", "where to run: here, or the name of a target; empty is what the notebook says")
	fs.StringVar(&f.model, "model", "", "in place of the notebook's: tiny, endpoint NAME or service NAME")
	fs.StringVar(&f.sweep, "sweep", "", "run this sweep of the notebook in place of its arms, and rank its points")
	fs.BoolVar(&f.again, "again", false, "run finished runs again; the old records are put aside")
}

func (f *choice) options() (sched.Options, error) {
	o := sched.Options{Budget: f.budget, Arms: f.arms, Cases: f.cases, Target: f.target, Model: f.model, Again: f.again, Sweep: f.sweep}
	if f.seeds == "" {
		return o, nil
	}
	if !strings.ContainsAny(f.seeds, "-,") {
		f.seeds += "-" + f.seeds // a single number is that seed here, not a count as in a notebook
	}
	seeds, err := notebook.ParseSeeds(f.seeds)
	o.Seeds = seeds
	return o, err
}

func (c *cli) runCommand() *cobra.Command {
	var pick choice
	cmd := &cobra.Command{
		Use:     "run NOTEBOOK",
		Short:   "Run what a notebook lacks, with progress, and print a table",
		Example: "  loci run experiments/memory-rewriting.md --budget fast\n  loci run experiments/memory-rewriting.md --arm lstm --case n3-l5 --seeds 0-4\n  loci run docs/examples/sweep.md --sweep halving\n  loci run NOTEBOOK.md --model \"endpoint local\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				doc, err := e.load(args[0])
				if err != nil {
					return err
				}
				plan, err := c.finish(ctx, e, doc, &pick)
				if pick.sweep != "" && !pick.leave {
					return c.standings(context.WithoutCancel(ctx), e, doc, &pick, err)
				}
				if err != nil || pick.leave {
					return err
				}
				return c.summary(context.WithoutCancel(ctx), e, doc, plan)
			})
		},
	}
	pick.flags(cmd.Flags())
	cmd.Flags().BoolVar(&pick.leave, "leave", false, "come back once a target has the runs; the same command without it fetches them")
	return cmd
}

// finish runs what the plan lacks, shows the progress, and returns the plan as it is afterwards.
func (c *cli) finish(ctx context.Context, e *env, doc *notebook.Document, pick *choice) (sched.Plan, error) {
	opt, err := pick.options()
	if err != nil {
		return sched.Plan{}, err
	}
	plan, err := e.owner.Plan(ctx, doc, opt)
	if err != nil {
		return plan, err
	}
	fmt.Fprintln(c.err, plan.Label())
	if plan.Todo() > 0 {
		for _, r := range plan.Runs {
			if err := c.checkRung(r.Setup.Model); err != nil {
				return plan, err
			}
		}
		if pick.leave {
			return plan, c.leaveThere(ctx, e, plan)
		}
		if err := c.follow(ctx, e, plan); err != nil {
			return plan, err
		}
	}
	opt.Again = false
	return e.owner.Plan(context.WithoutCancel(ctx), doc, opt) // an interrupt that comes after the last run stops nothing
}

// follow starts the plan and shows its progress until it ends. On an interrupt the runs stop at their next step and can be continued.
func (c *cli) follow(ctx context.Context, e *env, plan sched.Plan) error {
	job, err := e.owner.Start(ctx, plan)
	if err != nil {
		return err
	}
	b := newBar(c.err)
	defer b.end()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		if job, err = e.owner.Job(job.ID); err != nil {
			return err
		}
		b.show(job)
		switch job.State {
		case sched.Done:
			return nil
		case sched.Failed:
			return job.Err
		case sched.CancelledSt:
			return lab.Errorf(lab.Cancelled, "stopped; what was done is kept").WithHint("run the same command again to continue")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if _, err := e.owner.Control(job.ID, "stop"); err != nil {
				return err
			}
			<-tick.C
		}
	}
}

// summary prints the final values: one row an arm and case, one column a metric, mean over seeds with its interval.
func (c *cli) summary(ctx context.Context, e *env, doc *notebook.Document, plan sched.Plan) error {
	if c.json {
		for _, r := range plan.Runs {
			line := runLine(r)
			if used, err := e.owner.Used(r.Key); err == nil && used != nil {
				line["used"] = used
			}
			if err := c.print(line); err != nil {
				return err
			}
		}
		return c.partLines(ctx, e, doc, plan)
	}
	rows, err := e.owner.Table(ctx, plan)
	if err != nil {
		return err
	}
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(cells(rows.Columns))
	for _, r := range rows.Rows {
		t.AppendRow(cells(r))
	}
	t.Render()
	fmt.Fprintf(c.out, "mean and 95 %% t interval over seeds; budget %s, kernel %s\n", plan.Budget, e.kernel)
	c.usedTable(e, plan.Runs)
	return nil
}

func cells(texts []string) table.Row {
	row := make(table.Row, len(texts))
	for i, t := range texts {
		row[i] = t
	}
	return row
}

// runLine is what --json prints of a run.
func runLine(r sched.RunInfo) map[string]any {
	return map[string]any{"type": "run", "key": r.Key, "arm": r.Arm, "case": r.Case, "seed": r.Seed, "state": r.State, "done": r.Done,
		"total": r.Total, "unit": r.Unit, "seconds": r.Seconds, "final": r.Final, "error": r.Err}
}

func (c *cli) checkCommand() *cobra.Command {
	var pick choice
	cmd := &cobra.Command{
		Use:   "check NOTEBOOK...",
		Short: "Run what is missing and judge each claim",
		Long: "Runs what is missing and prints each claim's value, interval, seeds and verdict.\n" +
			"Exit code 0: all held, 3: some not held, 4: some undecided, 1: error.",
		Example: "  loci check experiments/memory-rewriting.md --budget laptop --seeds 100-104 --json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				worst := exitOK
				for _, file := range args {
					code, err := c.check(ctx, e, file, &pick)
					if err != nil {
						return err
					}
					worst = worse(worst, code)
				}
				if worst != exitOK {
					return exit(worst)
				}
				return nil
			})
		},
	}
	pick.flags(cmd.Flags())
	return cmd
}

// worse joins two exit codes: one claim that is not held outweighs those that are undecided.
func worse(a, b int) int {
	if a == exitNotHeld || b == exitNotHeld {
		return exitNotHeld
	}
	return max(a, b)
}

func (c *cli) check(ctx context.Context, e *env, file string, pick *choice) (int, error) {
	doc, err := e.load(file)
	if err != nil {
		return exitError, err
	}
	plan, err := c.finish(ctx, e, doc, pick)
	if err != nil {
		return exitError, err
	}
	verdicts, err := e.owner.Verdicts(ctx, plan)
	if err != nil {
		return exitError, err
	}
	if len(verdicts) == 0 {
		return exitError, lab.Errorf(lab.Invalid, "%s has no claim at budget %q", file, plan.Budget).WithHint("add a claim cell, or choose another --budget")
	}
	return c.printVerdicts(file, plan, verdicts)
}
