package sched

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
)

// Sweeping is what a plan knows of the sweep that it runs.
type Sweeping struct {
	notebook.Sweep
	Judge  lab.MetricSpec // ranks the points
	Judged bool           // there is such a metric
	Ahead  []Ahead        // rungs whose points are not known yet
	opt    Options
}

// Ahead counts the runs of a rung that is to come.
type Ahead struct {
	Runs   int
	Weight float64 // of each run, as Weight has it
}

// Weight is how much work a run is beside others of its job: the resource of its rung, 1 where there is none.
func (r RunInfo) Weight() float64 {
	if r.Trial != nil && r.Trial.Resource > 0 {
		return r.Trial.Resource
	}
	return 1
}

// settled tells whether a run has given all that it will: it ended, or it failed, which a sweep takes for the answer that the point is bad.
func settled(r RunInfo) bool { return r.State == Done || r.State == Failed }

// sweeping finds the sweep that the options ask for, nil where they ask for none.
func sweeping(doc *notebook.Document, opt Options) (*Sweeping, error) {
	if opt.Sweep == "" {
		return nil, nil
	}
	s, err := doc.Sweep(opt.Sweep)
	if err != nil {
		return nil, err
	}
	out := &Sweeping{Sweep: s, opt: opt}
	out.Judge, out.Judged = doc.Judge(s)
	return out, nil
}

// lookAll resolves the notebook into the runs that the options ask for, and finds their states. Of a halving sweep these are the runs of every
// rung that the records decide; the sweep's Ahead counts those of the others.
func (o *Owner) lookAll(ctx context.Context, doc *notebook.Document, opt Options) ([]RunInfo, *Sweeping, error) {
	s, err := sweeping(doc, opt)
	if err != nil {
		return nil, nil, err
	}
	over := notebook.Overrides{Arms: opt.Arms, Cases: opt.Cases, Seeds: opt.Seeds, Sweep: opt.Sweep, Model: opt.Model}
	code := o.codes()
	var all []RunInfo
	for {
		planned, err := notebook.Resolve(doc, budgetOf(doc, opt), over)
		if err != nil {
			return nil, nil, err
		}
		rung := make([]RunInfo, len(planned))
		for i, r := range planned {
			if rung[i], err = o.look(ctx, r, code); err != nil {
				return nil, nil, err
			}
		}
		all = append(all, rung...)
		if s == nil || over.Rung == len(s.Rungs())-1 {
			return all, s, nil
		}
		if slices.ContainsFunc(rung, func(r RunInfo) bool { return !settled(r) || opt.anew(r) }) {
			s.Ahead = ahead(s.Sweep, rung, over.Rung)
			return all, s, nil
		}
		over.Rung++
		over.In = promoted(rung, s.Rungs()[over.Rung].Points, s.Judge, func(r RunInfo) float64 { return o.last(ctx, r.Key, s.Judge.Name) })
		if len(over.In) == 0 {
			return all, s, nil // every run failed: nothing can go on
		}
	}
}

// last is the last value of a metric of a run, NaN where it has none.
func (o *Owner) last(ctx context.Context, key, metric string) float64 {
	p := o.values(ctx, key, metric)
	if len(p.y) == 0 {
		return math.NaN()
	}
	return p.y[len(p.y)-1]
}

// ahead counts the runs of the rungs after one.
func ahead(s notebook.Sweep, rung []RunInfo, at int) (out []Ahead) {
	rungs := s.Rungs()
	points := map[string]map[int]bool{}
	for _, r := range rung {
		if points[r.Trial.Arm] == nil {
			points[r.Trial.Arm] = map[int]bool{}
		}
		points[r.Trial.Arm][r.Trial.Point] = true
	}
	for _, next := range rungs[at+1:] {
		runs := 0
		for arm, in := range points {
			runs += min(next.Points, len(in)) * countOf(rung, arm) / len(in) // every point of an arm has as many runs
		}
		out = append(out, Ahead{Runs: runs, Weight: next.Resource})
	}
	return out
}

func countOf(runs []RunInfo, arm string) (n int) {
	for _, r := range runs {
		if r.Trial.Arm == arm {
			n++
		}
	}
	return n
}

// promoted finds the points of each arm that go on from a rung whose runs are over: as many as the next rung takes, those with the best mean
// of last values over all seeds and cases. Of equal points the one that was drawn first goes on. A point with a run that failed, or that ended
// without a number, does not go on.
func promoted(rung []RunInfo, keep int, by lab.MetricSpec, last func(RunInfo) float64) notebook.Entrants {
	type score struct {
		point int
		mean  float64
	}
	scores := map[string][]score{}
	for _, group := range byPoint(rung) {
		sum := 0.0
		for _, r := range group {
			if r.State != Done {
				sum = math.NaN()
				break
			}
			sum += last(r)
		}
		if mean := sum / float64(len(group)); !math.IsNaN(mean) && !math.IsInf(mean, 0) {
			t := group[0].Trial
			scores[t.Arm] = append(scores[t.Arm], score{t.Point, upward(mean, by.Better != "lower")})
		}
	}
	out := notebook.Entrants{}
	for arm, all := range scores {
		slices.SortFunc(all, func(a, b score) int { return cmp.Or(cmp.Compare(b.mean, a.mean), cmp.Compare(a.point, b.point)) })
		for _, s := range all[:min(keep, len(all))] {
			out[arm] = append(out[arm], s.point)
		}
		slices.Sort(out[arm])
	}
	return out
}

// byPoint puts the runs of one point in one rung of one arm together, in the order of the plan.
func byPoint(runs []RunInfo) (groups [][]RunInfo) {
	type place struct {
		arm         string
		point, rung int
	}
	at := map[place]int{}
	for _, r := range runs {
		if r.Trial == nil {
			continue
		}
		p := place{r.Trial.Arm, r.Trial.Point, r.Trial.Rung}
		i, ok := at[p]
		if !ok {
			i = len(groups)
			at[p], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

// further gives a job that runs a halving sweep its next rung, as the records of the one before decide it. Nothing comes back where the sweep
// is over, where a run of the rung is to be continued later, or where the job is to start nothing more.
func (o *Owner) further(ctx context.Context, j *job) (mine, others []*live) {
	if j.sweep == nil || j.sweep.Kind != notebook.HalvingSweep || j.wait(ctx) != nil {
		return nil, nil
	}
	opt := j.sweep.opt
	opt.Again = false // the rungs before were run again by now
	plan, err := o.Plan(ctx, j.doc, opt)
	if err == nil {
		err = o.room()
	}
	if err != nil {
		if ctx.Err() == nil {
			j.blame(err)
		}
		return nil, nil
	}
	next := j.fresh(plan.Runs)
	for i := range next {
		if next[i].State == Done && j.sweep.opt.anew(next[i]) {
			next[i].State, next[i].Done, next[i].Seconds, next[i].again = "", 0, 0, true
		}
	}
	if len(next) == 0 {
		return nil, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	mine, others = o.claim(j, next)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sweep.Ahead = ahead(j.sweep.Sweep, next, next[0].Trial.Rung)
	return mine, others
}

// fresh are the runs that the job does not have, of the first rung that has any.
func (j *job) fresh(runs []RunInfo) (out []RunInfo) {
	has := map[string]bool{}
	for _, l := range j.all() {
		has[l.snapshot().Key] = true
	}
	for _, r := range runs {
		if !has[r.Key] && (len(out) == 0 || r.Trial.Rung == out[0].Trial.Rung) {
			out = append(out, r)
		}
	}
	return out
}
