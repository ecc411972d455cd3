package app

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
)

// allParts is the category of a line that is about everything.
const allParts = "all"

// categories are those by which a paper takes its metrics apart: the metric recall_10_temporal is recall_10 of category temporal. nil where
// it does not.
func categories(card lab.Card) []string {
	names, ok := card.Extra["categories"].([]string)
	if !ok {
		return nil
	}
	return names
}

// partLines prints, of a paper that takes its metrics apart by categories, one line for each arm, case and category: the means over seeds
// of the last values.
func (c *cli) partLines(ctx context.Context, e *env, doc *notebook.Document, plan sched.Plan) error {
	paper, err := catalog.Find(doc.Paper())
	if err != nil || len(categories(paper.Card)) == 0 {
		return err
	}
	src := e.owner.Source(ctx, plan)
	for _, at := range placesOf(plan) {
		for _, category := range append([]string{allParts}, categories(paper.Card)...) {
			line := map[string]any{"type": "part", "arm": at.Arm, "case": at.Case, "memory": at.setup.Kind(mem.Section), "category": category, "seeds": len(at.seeds)}
			found := false
			for _, m := range paper.Card.Metrics {
				name, ok := partOf(paper.Card, m.Name, category)
				if !ok {
					continue
				}
				if mean, ok := meanLast(src, m.Name, at); ok {
					line[name], found = lab.Float(mean), true
				}
			}
			if !found {
				continue // no question of that category, or nothing is measured by category
			}
			if err := c.print(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// partOf is the name that a metric has inside a category; false for one that belongs to another category, or is not taken apart at all.
func partOf(card lab.Card, metric, category string) (string, bool) {
	has := func(name string) bool {
		return slices.ContainsFunc(card.Metrics, func(m lab.MetricSpec) bool { return m.Name == name })
	}
	if category == allParts {
		return metric, slices.ContainsFunc(categories(card), func(c string) bool { return has(metric + "_" + c) })
	}
	base, ok := strings.CutSuffix(metric, "_"+category)
	return base, ok && has(base)
}

// place is an arm in a case with the seeds that were run.
type place struct {
	sched.Place
	setup lab.Setup
	seeds []uint64
}

func placesOf(plan sched.Plan) (places []place) {
	for _, r := range plan.Runs {
		at := sched.Place{Arm: r.Arm, Case: r.Case}
		i := slices.IndexFunc(places, func(p place) bool { return p.Place == at })
		if i < 0 {
			i = len(places)
			places = append(places, place{Place: at, setup: r.Setup})
		}
		places[i].seeds = append(places[i].seeds, r.Seed)
	}
	return places
}

// values gives the points of one metric of one run.
type values interface {
	Values(metric, arm, kase string, seed uint64) (xs []int64, ys []float64, ok bool)
}

// meanLast is the mean over seeds of a metric's last value; false where no seed has any.
func meanLast(src values, metric string, at place) (float64, bool) {
	sum, n := 0.0, 0
	for _, seed := range at.seeds {
		if _, ys, ok := src.Values(metric, at.Arm, at.Case, seed); ok && !math.IsNaN(ys[len(ys)-1]) {
			sum, n = sum+ys[len(ys)-1], n+1
		}
	}
	return sum / float64(max(n, 1)), n > 0
}
