package app

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/stats"
)

// printVerdicts prints each claim with its parts and returns the exit code of the worst.
func (c *cli) printVerdicts(file string, plan sched.Plan, verdicts []stats.Verdict) (int, error) {
	code := exitOK
	for _, v := range verdicts {
		switch v.Verdict {
		case stats.NotHeld:
			code = worse(code, exitNotHeld)
		case stats.CannotTell:
			code = worse(code, exitUndecided)
		}
		if c.json {
			if err := c.print(verdictLine(file, plan, v)); err != nil {
				return exitError, err
			}
		}
	}
	if !c.json {
		c.verdictTable(verdicts)
	}
	return code, nil
}

// verdictLine is what --json prints of a claim.
func verdictLine(file string, plan sched.Plan, v stats.Verdict) map[string]any {
	return map[string]any{"type": "claim", "notebook": file, "budget": plan.Budget, "claim": v.Name, "verdict": v.Verdict,
		"parts": v.Parts, "seeds": v.Seeds, "extended": v.Extended}
}

func (c *cli) verdictTable(verdicts []stats.Verdict) {
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"claim", "value", "wanted", "mean [95 % t interval]", "n", "verdict"})
	for _, v := range verdicts {
		for i, p := range v.Parts {
			name := ""
			if i == 0 {
				name = v.Name
			}
			t.AppendRow(table.Row{name, p.Expr, p.Bound, fmt.Sprintf("%.3f [%.3f .. %.3f]", p.Mean, p.Low, p.High), p.N, p.Verdict})
		}
		if len(v.Parts) > 1 {
			t.AppendRow(table.Row{"", "all of them", "", "", "", strings.ToUpper(string(v.Verdict))})
		}
		t.AppendSeparator()
	}
	t.Render()
}
