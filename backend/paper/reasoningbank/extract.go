package reasoningbank

import (
	"cmp"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world/shop"
)

// trace is a rollout as the writer sees it: what was chosen at each stage, what later pages noted, and what the judge says.
type trace struct {
	class  shop.Class
	chosen []string
	noted  []bool
	script string // without how it ended
	won    bool   // says the judge
}

// traceOf takes the trace of a visit that is over.
func traceOf(v shop.Visit, won bool) trace {
	g, _ := shop.GoalOf(v)
	script := v.Script()
	for _, end := range []string{" ; success", " ; failed"} {
		script = strings.TrimSuffix(script, end) // the truth, which no memory may see
	}
	return trace{g.Class, v.Chosen(), v.Noted(), script, won}
}

// occurs are the advices whose pattern stands in the trace.
func (t *trace) occurs() (all []advice) {
	for at, option := range t.chosen {
		if option != "" {
			all = append(all, advice{t.class, at, option})
		}
	}
	return all
}

// missing are the advices whose pattern the trace lacks although a page noted that its choice was wrong. Where no page did, one of the
// choices is doubted at random: a failure must have some reason.
func (t *trace) missing(d *dice) (all []advice) {
	for at, option := range t.chosen {
		if option != "" && t.noted[at] {
			all = append(all, advice{t.class, at, other(t.class, at, option)})
		}
	}
	if seen := t.occurs(); len(all) == 0 && len(seen) > 0 {
		a := seen[d.below(len(seen))]
		all = append(all, advice{t.class, a.stage, other(t.class, a.stage, a.option)})
	}
	return all
}

// distil writes the items of one rollout: why it worked, or what would have prevented the failure, with an advice at random now and then,
// at most n of them.
func (t *trace) distil(noise float64, n int, d *dice) []advice {
	items := t.missing(d)
	if t.won {
		items = t.occurs()
	}
	return shuffle(t.disturbed(items, noise, d), d, n)
}

// disturbed adds an advice at random with that chance.
func (t *trace) disturbed(items []advice, noise float64, d *dice) []advice {
	if d.unit() < noise {
		items = append(items, anyAdvice(t.class, d))
	}
	return items
}

// contrast writes one set of items of several rollouts of a task (sec. 4 of arXiv 2509.25140, parallel scaling): an advice counts for as
// much as the share of judged winners that have it exceeds the share of judged losers that do.
//
//	score(a) = |{r in W : a in r}| / |W| - |{r in L : a in r}| / |L|
//
// What a rollout has is read with the same noise as above, which one rollout in several seldom repeats. Of the two options of a stage the
// better one is kept, at most n items with a score above floor. Where nobody won, the advices that the losers lack are counted in place of
// the winners'.
func contrast(all []trace, noise float64, n int, d *dice) []advice {
	var won, lost float64
	for i := range all {
		if all[i].won {
			won++
		} else {
			lost++
		}
	}
	score := map[advice]float64{}
	for i := range all {
		t := &all[i]
		switch {
		case t.won:
			weigh(score, t.disturbed(t.occurs(), noise, d), 1/won)
		case won > 0:
			weigh(score, t.disturbed(t.occurs(), noise, d), -1/lost)
		default:
			weigh(score, t.disturbed(t.missing(d), noise, d), 1/lost)
		}
	}
	floor := 0.0
	if won == 0 || lost == 0 {
		floor = 0.5 // all on one side: what most of them share
	}
	return best(score, floor, n)
}

// weigh adds a weight to each advice once.
func weigh(score map[advice]float64, items []advice, weight float64) {
	for i, a := range items {
		if !has(items[:i], a) {
			score[a] += weight
		}
	}
}

// best lists the advices with a score above floor, the best first, one for each stage.
func best(score map[advice]float64, floor float64, n int) []advice {
	var all []advice
	for a, s := range score {
		if s >= floor && s > 1e-9 && s >= score[advice{a.class, a.stage, other(a.class, a.stage, a.option)}] {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b advice) int {
		return cmp.Or(cmp.Compare(score[b], score[a]), cmp.Compare(a.stage, b.stage), cmp.Compare(a.option, b.option))
	})
	all = slices.CompactFunc(all, func(a, b advice) bool { return a.stage == b.stage && score[a] == score[b] })
	return all[:min(n, len(all))]
}

// left is what a rollout leaves in the form of the notebook; "" for nothing.
func (t *trace) left(form string, items []advice) string {
	switch form {
	case Visits:
		return t.script + []string{" ; failed", " ; success"}[btoi(t.won)]
	case Workflow:
		if !t.won || slices.Contains(t.chosen, "") {
			return ""
		}
		return workflow(t.class, t.chosen)
	}
	return written(items)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
