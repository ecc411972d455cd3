package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/schema"
)

// standings prints how the points of a sweep stand, ranked within each arm. A sweep of which a run failed, or that was stopped, has something to
// show, too; why it ended comes back.
func (c *cli) standings(ctx context.Context, e *env, doc *notebook.Document, pick *choice, ended error) error {
	opt, err := pick.options()
	if err != nil {
		return err
	}
	opt.Again = false
	plan, err := e.owner.Plan(ctx, doc, opt)
	if err != nil {
		return firstOf(ended, err)
	}
	s, ok := sched.Stand(plan, e.owner.Source(ctx, plan))
	if !ok || ended != nil && !slices.ContainsFunc(s.Tried, func(t sched.Tried) bool { return t.Done > 0 }) {
		return ended
	}
	if c.json {
		return firstOf(ended, c.standingLines(ctx, e, plan, s))
	}
	c.showStandings(s, plan.Budget, e.kernel)
	return ended
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// standingLines prints a line for every run, and one for every point.
func (c *cli) standingLines(ctx context.Context, e *env, plan sched.Plan, s sched.Standings) error {
	for _, r := range plan.Runs {
		if err := c.print(runLine(r)); err != nil {
			return err
		}
	}
	for _, t := range s.Tried {
		values := map[string]any{}
		for i, axis := range s.Over {
			values[axis.Path] = t.Values[i]
		}
		line := map[string]any{"type": "point", "sweep": s.Name, "arm": t.Arm, "point": t.Point, "values": values, "metric": s.Judge.Name, "score": t.Score,
			"state": t.State, "rank": t.Rank, "best": t.Best, "runs": t.Runs, "done": t.Done, "rung": t.Rung}
		if s.Resource != "" {
			line["resource"], line["resource_value"] = s.Resource, t.Resource
		}
		if err := c.print(line); err != nil {
			return err
		}
	}
	return c.partLines(ctx, e, plan.Doc, plan)
}

// showStandings prints the table: arm and rank, the values of the point, the metric, and how the point stands.
func (c *cli) showStandings(s sched.Standings, budget, kernel string) {
	head := []string{"arm", "rank"}
	for _, axis := range s.Over {
		head = append(head, axis.Path)
	}
	metric := s.Judge.Name
	if !s.Judged {
		metric = "(no metric)"
	}
	head = append(head, metric)
	if s.Resource != "" {
		head = append(head, s.Resource)
	}
	t := c.table(append(head, "point")...)
	for _, tried := range s.Tried {
		t.AppendRow(c.standing(s, tried))
	}
	c.render(t)
	fmt.Fprintf(c.err, "%s; budget %s, kernel %s\n", standingNote(s), budget, kernel)
}

func (c *cli) standing(s sched.Standings, t sched.Tried) table.Row {
	row := table.Row{t.Arm, dash(t.Rank)}
	for _, v := range t.Values {
		row = append(row, plain(v))
	}
	row = append(row, sched.Written(t.Score))
	if s.Resource != "" {
		row = append(row, plain(t.Resource))
	}
	state := t.State
	switch {
	case t.Best:
		state += ", best"
	case t.State == sched.Incomplete:
		state += fmt.Sprintf(" (%d of %d runs)", t.Done, t.Runs)
	}
	return append(row, state)
}

// dash writes a rank, a dash where there is none.
func dash(rank int) string {
	if rank == 0 {
		return "-"
	}
	return fmt.Sprint(rank)
}

// plain writes a value of a knob as a notebook has it.
func plain(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return schema.Show(v)
}

// standingNote says what the table rests on.
func standingNote(s sched.Standings) string {
	var parts []string
	if s.Judged {
		better := "higher is better"
		if s.Judge.Better == "lower" {
			better = "lower is better"
		}
		parts = append(parts, fmt.Sprintf("mean of the last %s over %d seeds with its 95 %% t interval, %s", s.Judge.Name, len(s.Seeds), better))
	} else {
		parts = append(parts, "no metric of this paper says which direction is better, so nothing is ranked")
	}
	if s.Kind == notebook.HalvingSweep {
		var rungs []string
		for _, r := range s.Rungs() {
			rungs = append(rungs, fmt.Sprintf("%d with %s", r.Points, plain(r.Resource)))
		}
		parts = append(parts, fmt.Sprintf("points of an arm by rung of %s: %s", s.Resource, strings.Join(rungs, ", ")))
	}
	return strings.Join(append(parts, "tuning seeds only: no verdict"), "; ")
}
