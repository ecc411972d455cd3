package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/stats"
)

func (c *cli) rankCommand() *cobra.Command {
	var pick choice
	metric := ""
	cmd := &cobra.Command{
		Use: "rank NOTEBOOK", Short: "Rank a notebook's arms over its cases, with intervals; runs nothing",
		Long: "Ranks the arms by the last value of a metric. Within a case and a seed the best has rank 1 and equal ones share the mean of their ranks; the\n" +
			"interval is over seeds. Arms that stand in all cases are ranked, yardsticks are not. It takes finished runs of this computer, and where\n" +
			"some are missing the results that ship with the notebook.",
		Example: "  loci rank experiments/memory-matrix.md --metric success\n  loci rank experiments/popgym.md --metric mmer --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error { return c.rank(ctx, e, args[0], metric, &pick) })
		},
	}
	cmd.Flags().StringVar(&metric, "metric", "", "metric to rank by; empty is the first of the notebook's first chart")
	pick.flags(cmd.Flags())
	return cmd
}

// rank prints the ranks.
func (c *cli) rank(ctx context.Context, e *env, file, metric string, pick *choice) error {
	doc, err := e.load(file)
	if err != nil {
		return err
	}
	if metric == "" && len(doc.Charts()) > 0 {
		metric = doc.Charts()[0].Metric
	}
	higher, err := direction(doc, metric)
	if err != nil {
		return err
	}
	opt, err := pick.options()
	if err != nil {
		return err
	}
	plan, err := e.owner.Plan(ctx, doc, opt)
	if err != nil {
		return err
	}
	src, seeds, from := stats.Source(nil), []uint64(nil), "runs of this computer"
	if plan.Todo() == 0 {
		src, seeds = e.owner.Source(ctx, plan), seedsIn(plan)
	} else if res := e.recorded.read(file, plan.Budget); res != nil {
		src, seeds, from = res, res.Seeds, "results that ship with the notebook"
	} else {
		return lab.Errorf(lab.NotFound, "%d runs of budget %q are missing, and none are recorded", plan.Todo(), plan.Budget).WithHint("`loci run %s` makes them", file)
	}
	arms, cases := standing(doc, plan)
	ranked := sched.Rank(src, arms, cases, seeds, metric, higher)
	if c.json {
		return c.print(map[string]any{"type": "ranks", "metric": metric, "higher": higher, "from": from, "seeds": seeds, "cases": cases, "arms": ranked})
	}
	c.showRanks(ranked, metric, from, len(seeds))
	return nil
}

// direction says whether higher values of a metric are better.
func direction(doc *notebook.Document, metric string) (higher bool, err error) {
	var names []string
	for _, m := range (vocabulary{}).Metrics(doc.Paper()) {
		if m.Name == metric && m.Better != "" {
			return m.Better == "higher", nil
		}
		if m.Better != "" {
			names = append(names, m.Name)
		}
	}
	return false, lab.Errorf(lab.Invalid, "metric %q cannot be ranked by, want one of %q", metric, names).WithHint("name one with --metric")
}

// standing are the arms that have runs in every case and are no yardsticks, and the cases, in the order of the plan.
func standing(doc *notebook.Document, plan sched.Plan) (arms, cases []string) {
	have := map[[2]string]bool{}
	for _, r := range plan.Runs {
		have[[2]string{r.Arm, r.Case}] = true
		if !slices.Contains(cases, r.Case) {
			cases = append(cases, r.Case)
		}
	}
	for _, r := range plan.Runs {
		lacks := slices.ContainsFunc(cases, func(k string) bool { return !have[[2]string{r.Arm, k}] })
		if !lacks && !slices.Contains(arms, r.Arm) && r.Setup.Kind("agent") != "reference" {
			arms = append(arms, r.Arm)
		}
	}
	return arms, cases
}

func seedsIn(plan sched.Plan) (seeds []uint64) {
	for _, r := range plan.Runs {
		if !slices.Contains(seeds, r.Seed) {
			seeds = append(seeds, r.Seed)
		}
	}
	slices.Sort(seeds)
	return seeds
}

func (c *cli) showRanks(ranked []sched.Ranked, metric, from string, seeds int) {
	t := c.table("arm", "rank", "mean "+metric, "best in")
	for _, r := range ranked {
		var best []string
		for _, k := range r.Cases {
			if k.Best {
				best = append(best, k.Case)
			}
		}
		t.AppendRow(table.Row{r.Arm, withInterval(r.Rank, "%.2f"), withInterval(r.Mean, "%.3f"), strings.Join(best, ", ")})
	}
	c.render(t)
	fmt.Fprintf(c.err, "mean rank and mean over cases, 95 %% t interval over %d seeds; 1 is the best; from %s\n", seeds, from)
}

func withInterval(i stats.Interval, form string) string {
	if i.N < 2 {
		return fmt.Sprintf(form, i.Mean)
	}
	return fmt.Sprintf(form+" ["+form+", "+form+"]", i.Mean, i.Low, i.High)
}
