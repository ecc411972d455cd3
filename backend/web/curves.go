package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/series"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/store"
)

// gathered is what a picture is made of.
type gathered struct {
	runs     []sched.RunInfo
	src      stats.Source
	stale    string
	recorded string
	early    bool
}

// gather finds the values for a plan: of its runs, of the recorded ones where nothing was begun here, or of finished runs with other
// settings where the notebook was changed since, which the picture then says.
func (s *Server) gather(ctx context.Context, path string, plan sched.Plan) (gathered, error) {
	g := gathered{runs: plan.Runs, early: early(plan) && !untouched(plan)}
	if from, ok := s.recordedFor(ctx, path, plan); ok {
		if src, ok := s.cfg.Recorded.Curves(from, plan.Budget); ok {
			res, _ := s.cfg.Recorded.Recorded(from, plan.Budget)
			g.src, g.recorded = src, res.Recorded
			g.runs = recordedRuns(src, from, plan)
			return g, nil
		}
	}
	if err := s.fillStale(ctx, path, plan, &g); err != nil {
		return gathered{}, err
	}
	plan.Runs = g.runs
	g.src = s.cfg.Owner.Source(ctx, plan)
	return g, nil
}

// recordedRuns lists the runs behind recorded values. They have seeds of their own: those of the plan say how many runs would be made here.
// Their keys are never mixed with values that were made here.
func recordedRuns(src stats.Source, from string, plan sched.Plan) []sched.RunInfo {
	runs := slices.Clone(plan.Runs)
	if made, ok := src.(interface{ Made() []notebook.Planned }); ok {
		runs = runs[:0]
		for _, p := range made.Made() {
			asked := slices.ContainsFunc(plan.Runs, func(r sched.RunInfo) bool { return r.Arm == p.Arm && r.Case == p.Case })
			if asked {
				runs = append(runs, sched.RunInfo{Planned: p, Key: fmt.Sprintf("%s %s %d", p.Arm, p.Case, p.Seed)})
			}
		}
	}
	for i := range runs {
		runs[i].Key, runs[i].State = "recorded/"+from+"/"+plan.Budget+"/"+runs[i].Key, sched.Done
	}
	return runs
}

// fillStale puts a finished run with other settings in the place of each that was never begun.
func (s *Server) fillStale(ctx context.Context, at string, plan sched.Plan, g *gathered) error {
	if !slices.ContainsFunc(plan.Runs, neverBegun) {
		return nil
	}
	old, err := s.older(ctx, at, plan)
	if err != nil {
		return err
	}
	g.runs = slices.Clone(plan.Runs)
	var changes []string
	for i, r := range g.runs {
		k := inPlaceOf(old, r, at)
		if k < 0 {
			continue
		}
		g.runs[i].Key, g.runs[i].State = old[k].Key, sched.Done
		changes = append(changes, differences(old[k], r)...)
	}
	slices.Sort(changes)
	changes = slices.Compact(changes)
	if len(changes) > 3 {
		changes = append(changes[:3], fmt.Sprintf("%d more", len(changes)-3))
	}
	if len(changes) > 0 {
		g.stale = "made with " + strings.Join(changes, ", ")
	}
	return nil
}

// older lists the finished runs of a plan's paper and budget, newest first. Those that end while the plan stands are its own, so that the
// library is asked once for each text of the notebook.
func (s *Server) older(ctx context.Context, path string, plan sched.Plan) ([]store.Run, error) {
	at := address{path: path, budget: plan.Budget}
	s.plans.mu.Lock()
	had, ok := s.plans.older[at]
	s.plans.mu.Unlock()
	if ok && had.doc == plan.Doc {
		return had.runs, nil
	}
	runs, _, err := s.cfg.Library.FindRuns(ctx, store.RunFilter{Paper: plan.Runs[0].Setup.Paper, Budget: plan.Budget, States: []store.State{store.Done}})
	if err != nil {
		return nil, err
	}
	s.plans.mu.Lock()
	defer s.plans.mu.Unlock()
	s.plans.older[at] = olderRuns{plan.Doc, runs}
	return runs, nil
}

// differences lists the old values of what was changed since a run was made.
func differences(old store.Run, now sched.RunInfo) []string {
	var out []string
	for _, section := range slices.Sorted(maps.Keys(old.Setup.Sections)) {
		var was, is map[string]json.RawMessage
		if json.Unmarshal(old.Setup.Sections[section], &was) != nil || json.Unmarshal(now.Setup.Sections[section], &is) != nil {
			continue
		}
		for _, knob := range slices.Sorted(maps.Keys(was)) {
			if !bytes.Equal(was[knob], is[knob]) {
				out = append(out, section+"."+knob+" "+string(was[knob]))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, "an earlier version of the code")
	}
	return out
}

// mostPoints bounds the points that stay in memory, 24 bytes each with their tree.
const mostPoints = 16_000_000

// curves keeps the raw points of runs with the trees above them. Pictures are made one at a time, under its lock: trees grow while runs
// go on, and two pictures at once would only wait for the same processor.
type curves struct {
	mu     sync.Mutex
	kept   map[curveName]*curveKept
	points int
	files  *derived // of long series; nil keeps none
}

type curveName struct{ run, metric string }

type curveKept struct {
	raw   *series.Series
	whole bool // the run is over: nothing more will come
}

func newCurves() *curves { return &curves{kept: map[curveName]*curveKept{}} }

// get returns the points of one metric of one run, new ones appended.
func (c *curves) get(g gathered, r sched.RunInfo, metric string) *series.Series {
	name := curveName{r.Key, metric}
	k := c.kept[name]
	if k != nil && k.whole && r.State == sched.Done {
		return k.raw
	}
	if r.State == "" {
		return new(series.Series) // never begun: nobody need be asked
	}
	xs, ys := c.files.values(g, r, metric)
	if k == nil || !continues(k.raw, xs, ys) {
		if k != nil {
			c.points -= k.raw.Len()
		}
		k = &curveKept{raw: new(series.Series)}
		c.room(len(xs))
		c.kept[name] = k
	}
	before := k.raw.Len()
	for i := before; i < len(xs); i++ {
		if k.raw.Append(xs[i], ys[i]) != nil {
			break // x falls: the rest is of another try of the same run, and comes whole with its end
		}
	}
	c.points += k.raw.Len() - before
	k.whole = r.State == sched.Done
	return k.raw
}

// room makes room for so many points; what is needed again is read again.
func (c *curves) room(points int) {
	if c.points+points > mostPoints {
		clear(c.kept)
		c.points = 0
	}
}

// continues tells whether the values begin with those of the series, so that only the rest need be appended.
func continues(s *series.Series, xs []int64, ys []float64) bool {
	n := s.Len()
	if n == 0 || n > len(xs) {
		return n == 0
	}
	x, y := s.At(n - 1)
	return xs[n-1] == x && math.Float64bits(ys[n-1]) == math.Float64bits(y)
}

// armRow is the number of colours: an arm in a second case has its colour with another dash.
const armRow = 6

// arms gives a chart its curves: the arms and cases that it asks for, in the order of the notebook.
func (c *curves) arms(doc *notebook.Document, spec notebook.Chart, g gathered) []chart.Arm {
	row, cases := doc.Arms(), shownCases(spec, g.runs)
	step := (len(row) + armRow - 1) / armRow * armRow
	out := []chart.Arm{}
	index := map[string]int{}
	for _, r := range g.runs {
		at := slices.Index(cases, r.Case)
		if at < 0 || (len(spec.Arms) > 0 && !slices.Contains(spec.Arms, r.Arm)) {
			continue
		}
		a := chart.Arm{Name: r.Arm, Place: max(slices.IndexFunc(row, func(a notebook.Arm) bool { return a.Name == r.Arm }), 0) + at*step}
		if len(cases) > 1 {
			a.Case = r.Case
		}
		id := a.Name + "/" + a.Case
		if _, ok := index[id]; !ok {
			index[id] = len(out)
			out = append(out, a)
		}
		if raw := c.get(g, r, spec.Metric); raw.Len() > 0 {
			a := &out[index[id]]
			a.Runs = append(a.Runs, chart.Run{Seed: r.Seed, Raw: raw, Key: r.Key})
		}
	}
	return out
}

// shownCases lists the cases of the plan that a chart asks for: by their full names, or by one condition that they are made of.
func shownCases(spec notebook.Chart, runs []sched.RunInfo) []string {
	var out []string
	for _, r := range runs {
		wanted := len(spec.Cases) == 0 || slices.Contains(spec.Cases, r.Case) ||
			slices.ContainsFunc(strings.Split(r.Case, "+"), func(part string) bool { return part != "" && slices.Contains(spec.Cases, part) })
		if wanted && !slices.Contains(out, r.Case) {
			out = append(out, r.Case)
		}
	}
	return out
}

// gaps is a grid without values.
func gaps(rows, columns int) [][]float64 {
	g := make([][]float64, rows)
	for i := range g {
		g[i] = slices.Repeat([]float64{math.NaN()}, columns)
	}
	return g
}
