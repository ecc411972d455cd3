package sched

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/store"
)

// Source gives the metric values of a plan's runs, those of running ones up to now. It reads each series once.
func (o *Owner) Source(ctx context.Context, plan Plan) stats.Source {
	keys := map[place]string{}
	for _, r := range plan.Runs {
		if r.State == Deleted {
			continue
		}
		keys[place{r.Arm, r.Case, r.Seed}] = r.Key
	}
	return &source{ctx: ctx, owner: o, keys: keys, read: map[string]points{}}
}

// place names a run inside its notebook.
type place struct {
	arm, kase string
	seed      uint64
}

type source struct {
	ctx   context.Context
	owner *Owner
	keys  map[place]string
	read  map[string]points
}

// Values implements stats.Source.
func (s *source) Values(metric, arm, kase string, seed uint64) (xs []int64, ys []float64, ok bool) {
	key, ok := s.keys[place{arm, kase, seed}]
	if !ok {
		return nil, nil, false
	}
	p, ok := s.read[key+" "+metric]
	if !ok {
		p = s.owner.values(s.ctx, key, metric)
		s.read[key+" "+metric] = p
	}
	return p.x, p.y, len(p.x) > 0
}

// values reads one metric of one run: from memory while it runs, from the library afterwards.
func (o *Owner) values(ctx context.Context, key, metric string) points {
	o.mu.Lock()
	l := o.live[key]
	o.mu.Unlock()
	if l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if p := l.series[metric]; p != nil {
			return points{x: slices.Clone(p.x), y: slices.Clone(p.y)}
		}
		if l.info.State == Running {
			return points{}
		}
	}
	xs, ys, err := o.Store.Values(ctx, key, metric)
	if err != nil && lab.CodeOf(err) != lab.NotFound { // it may not have run yet
		o.Log.Warn("a metric could not be read", "key", key, "metric", metric, "error", err)
	}
	return points{xs, ys}
}

// Verdicts judges every claim that the plan's budget may decide, and notes the look where all runs are over.
func (o *Owner) Verdicts(ctx context.Context, plan Plan) ([]stats.Verdict, error) {
	return o.Judge(ctx, plan, o.Source(ctx, plan))
}

// Judge judges every claim that the plan's budget may decide on the given values.
func (o *Owner) Judge(ctx context.Context, plan Plan, src stats.Source) ([]stats.Verdict, error) {
	var verdicts []stats.Verdict
	seeds, early := seedsOf(plan), unfinished(plan)
	for _, c := range plan.Doc.Claims() {
		if slices.Index(lab.Budgets(), plan.Budget) < slices.Index(lab.Budgets(), c.Budget) {
			continue
		}
		claim, err := stats.ParseClaim(c.Name, c.Value, c.Holds, o.known(plan.Doc))
		if err != nil {
			return nil, err
		}
		v := stats.Judge(claim, src, seeds, stats.Look{Early: early})
		if slices.ContainsFunc(v.Parts, func(p stats.PartVerdict) bool { return p.N > 0 }) { // else there is nothing to look at
			extended, err := o.looked(ctx, plan, claim.String(), seeds, early)
			if err != nil {
				return nil, err
			}
			if extended > 0 {
				v = stats.Judge(claim, src, seeds, stats.Look{Early: early, Extended: extended})
			}
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// known lists the names that claims of a notebook may use.
func (o *Owner) known(doc *notebook.Document) stats.Known {
	k := stats.Known{Metrics: o.metrics(doc)}
	for _, a := range doc.Arms() {
		k.Arms = append(k.Arms, a.Name)
	}
	for _, c := range doc.Cases() {
		if c.Name != "" {
			k.Cases = append(k.Cases, c.Name)
		}
	}
	return k
}

// metrics names the metrics of the notebook's paper.
func (o *Owner) metrics(doc *notebook.Document) (names []string) {
	for _, m := range o.Papers.Metrics(doc.Paper()) {
		names = append(names, m.Name)
	}
	return names
}

// Shown names the metrics of the notebook's first table, else all.
func (o *Owner) Shown(doc *notebook.Document) []string {
	if tables := doc.Tables(); len(tables) > 0 && len(tables[0].Metrics) > 0 {
		return tables[0].Metrics
	}
	return o.metrics(doc)
}

func seedsOf(plan Plan) (seeds []uint64) {
	for _, r := range plan.Runs {
		if !slices.Contains(seeds, r.Seed) {
			seeds = append(seeds, r.Seed)
		}
	}
	slices.Sort(seeds)
	return seeds
}

func unfinished(plan Plan) bool {
	return slices.ContainsFunc(plan.Runs, func(r RunInfo) bool { return r.State != Done })
}

// looked returns how often seeds were added to this claim after a look, counting this look when all its runs are over. Seeds of which
// none was looked at before are another question and begin anew.
func (o *Owner) looked(ctx context.Context, plan Plan, claim string, seeds []uint64, early bool) (int, error) {
	name := plan.Doc.Paper() + "/" + plan.Budget
	looks, err := o.Store.FindLooks(ctx, store.LookFilter{Notebook: name, Claim: claim})
	if err != nil {
		return 0, err
	}
	asked := strings.Split(seedText(seeds), ",")
	for _, l := range slices.Backward(looks) {
		seen := strings.Split(l.Seeds, ",")
		added := slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return slices.Contains(seen, s) })
		if len(added) == len(asked) {
			continue
		}
		if early || len(added) == 0 {
			return l.Extended, nil
		}
		l.Extended++
		l.Seeds = strings.Join(append(seen, added...), ",")
		_, err := o.Store.UpdateLook(ctx, l.ID, store.LookUpdate{Seeds: &l.Seeds, Extended: &l.Extended})
		return l.Extended, err
	}
	if early || len(seeds) < 2 {
		return 0, nil
	}
	return 0, o.Store.CreateLook(ctx, &store.Look{Notebook: name, Claim: claim, Bound: float64(seeds[0]), Seeds: seedText(seeds)})
}

func seedText(seeds []uint64) string {
	parts := make([]string, len(seeds))
	for i, s := range seeds {
		parts[i] = fmt.Sprint(s)
	}
	return strings.Join(parts, ",")
}

// Rows is a table of texts.
type Rows struct {
	Columns []string
	Rows    [][]string
}

// Table sums the plan up: one row an arm and case, one column a metric of the notebook's table, mean over seeds with the t interval.
func (o *Owner) Table(ctx context.Context, plan Plan) (Rows, error) {
	var places []Place
	for _, r := range plan.Runs {
		if p := (Place{r.Arm, r.Case}); !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return Summary(o.Source(ctx, plan), places, o.Shown(plan.Doc), seedsOf(plan)), nil
}

// Place is an arm in a case.
type Place struct{ Arm, Case string }

// Summary makes the table of last values of those metrics.
func Summary(src stats.Source, places []Place, metrics []string, seeds []uint64) Rows {
	t := Rows{Columns: append([]string{"arm", "case", "seeds"}, metrics...)}
	for _, p := range places {
		row := []string{p.Arm, p.Case, ""}
		n := 0
		for _, m := range metrics {
			i := stats.Student(lasts(src, m, p, seeds), 0.05)
			row = append(row, cell(i))
			n = max(n, i.N)
		}
		row[2] = fmt.Sprint(n)
		t.Rows = append(t.Rows, row)
	}
	return t
}

// lasts are the last values of a metric over seeds, NaN where a seed has none.
func lasts(src stats.Source, metric string, p Place, seeds []uint64) []float64 {
	ys := make([]float64, len(seeds))
	for i, s := range seeds {
		ys[i] = math.NaN()
		if _, v, ok := src.Values(metric, p.Arm, p.Case, s); ok {
			ys[i] = v[len(v)-1]
		}
	}
	return ys
}

// Written is a mean with its interval as tables show it, a dash where there is none.
func Written(i stats.Interval) string { return cell(i) }

// cell writes a mean with its interval, or as much of it as there is.
func cell(i stats.Interval) string {
	switch {
	case i.N == 0:
		return "-"
	case i.N < 3 || math.IsNaN(float64(i.Low)):
		return fmt.Sprintf("%.3f", i.Mean)
	}
	return fmt.Sprintf("%.3f [%.3f, %.3f]", i.Mean, i.Low, i.High)
}
