package app

import (
	"fmt"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/experiments"
)

func (c *cli) claimsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "claims [PAPER...]",
		Short: "List what the notebooks that ship claim, and what came of it where their results were recorded",
		Long: "Lists each claim with its value, interval, seeds and verdict, as recorded at budget laptop over seeds that tuning has not seen.\n" +
			"`loci check NOTEBOOK` computes them anew here.",
		Example: "  loci claims\n  loci claims wmar srl --json",
		RunE: func(_ *cobra.Command, args []string) error {
			papers, err := somePapers(args)
			if err != nil {
				return err
			}
			return c.claims(papers)
		},
	}
}

// somePapers are the notebooks of these papers by their slugs, of all where none is named.
func somePapers(slugs []string) (notebooks []string, err error) {
	var known []string
	for _, p := range catalog.Papers() {
		known = append(known, p.Card.Slug)
		if len(slugs) == 0 || slices.Contains(slugs, p.Card.Slug) {
			notebooks = append(notebooks, p.Card.Notebook)
		}
	}
	for _, s := range slugs {
		if !slices.Contains(known, s) {
			return nil, lab.Errorf(lab.NotFound, "paper %q is none of this build, want one of %q", s, known).WithHint("`loci list` lists them with their titles")
		}
	}
	return notebooks, nil
}

func (c *cli) claims(notebooks []string) error {
	shelf := newRecorded(experiments.Files)
	t := c.table("notebook", "claim", "value", "seeds", "verdict", "minutes")
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 6, Align: text.AlignRight, AlignHeader: text.AlignRight}})
	count := map[string]int{}
	for _, name := range notebooks {
		res := shelf.read(name, "laptop")
		if res == nil {
			continue // nothing was recorded yet
		}
		for i, v := range res.Verdicts {
			count[v.Verdict]++
			if c.json {
				if err := c.print(claimLine(res, v)); err != nil {
					return err
				}
				continue
			}
			row := table.Row{"", v.Name, "", len(v.Seeds), v.Verdict, ""}
			if i == 0 {
				row[0], row[5] = name, fmt.Sprintf("%.0f", res.Minutes)
			}
			if p, ok := decisive(v); ok {
				row[2], row[3] = fmt.Sprintf("%.3g [%.3g .. %.3g], wanted %s", p.Mean, p.Low, p.High, p.Bound), p.N
			}
			t.AppendRow(row)
		}
		t.AppendSeparator()
	}
	c.render(t)
	if !c.json {
		fmt.Fprintf(c.out, "%d held, %d not held, %d cannot be told; mean [95 %% t interval, wider where seeds were added] of the part that decides\n",
			count[stats.Held], count[stats.NotHeld], count[stats.CannotTell])
	}
	return nil
}

// claimLine is what --json prints of a recorded claim.
func claimLine(res *results, v stats.Verdict) map[string]any {
	return map[string]any{"type": "claim", "notebook": res.Notebook, "budget": res.Budget, "claim": v.Name, "verdict": v.Verdict, "parts": v.Parts,
		"seeds": v.Seeds, "extended": v.Extended, "date": res.Date, "commit": res.Commit, "machine": res.Machine, "kernel": res.Kernel, "minutes": res.Minutes}
}

// decisive is the first part of a claim whose verdict is the claim's.
func decisive(v stats.Verdict) (stats.PartVerdict, bool) {
	i := slices.IndexFunc(v.Parts, func(p stats.PartVerdict) bool { return p.Verdict == v.Verdict })
	if i < 0 {
		return stats.PartVerdict{}, false
	}
	return v.Parts[i], true
}
