package notebook

import (
	"fmt"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// The kinds of a sweep.
const (
	GridSweep    = "grid"    // every combination of the values
	RandomSweep  = "random"  // so many points, drawn from the values
	HalvingSweep = "halving" // points that are drawn, and in each rung the best of them with more of a resource
)

// Sweep tries points (values of some knobs) on some arms, each arm for itself. It runs only when it is asked for, so that tuning and
// verdicts stay apart.
type Sweep struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Arms    []string `json:"arms"`    // all when empty
	Seeds   string   `json:"seeds"`   // those of the run cell when empty
	Metric  string   `json:"metric"`  // see Document.Judge when empty
	Samples int      `json:"samples"` // of random and halving
	Over    []Axis   `json:"over"`    // path: list of values, or a range

	Eta      int     `json:"eta"`      // of halving: one of so many points goes on
	Resource string  `json:"resource"` // of halving: path of the knob of which a later rung has more
	First    float64 `json:"first"`    // of halving: its value in the first rung
	Last     float64 `json:"last"`     // of halving: its value in the last rung

	at        Pos
	cell      string
	resource  Pos
	from, to  Pos // of First and Last
	points    [][]pick
	wholeness bool // the resource is a whole number
}

// Axis is one knob of a sweep: a list of values, or a range.
type Axis struct {
	Path   string `json:"path"`
	Values []any  `json:"values,omitempty"`
	Range  *Range `json:"range,omitempty"`

	name Pos
	at   []Pos // of each value; of the range
	cell string
}

// Range is what an axis is drawn from: from and to are both in it.
type Range struct {
	From  float64 `json:"from" doc:"least value that is drawn"`
	To    float64 `json:"to" doc:"greatest value that is drawn"`
	Scale string  `json:"scale" doc:"linear: equal differences are equally likely; log: equal ratios are" default:"linear" enum:"linear,log"`
	Step  float64 `json:"step" doc:"only from, from + step, from + 2 step and so on; 0 for any value"`

	whole bool // the knob takes whole numbers only
}

// pick is one value of a point, and where it stands in the file.
type pick struct {
	value any
	at    Pos
}

// Rung is one round of a sweep.
type Rung struct {
	Points   int     `json:"points"`   // of each arm that begin it, at most
	Resource float64 `json:"resource"` // value of the resource's knob; 0 where the sweep has none
}

// Rungs are the rounds of a sweep, which run one after the other: one of a grid and of a random sweep.
//
// Successive halving, arXiv 1502.07943, sec. 3, fig. 3: with n points in the first rung, rung k has floor(n / eta^k) of them. The paper halves
// (eta = 2) and shares a budget evenly over the rungs; here, as in arXiv 1603.06560, alg. 1, eta is free and the resource of rung k is
// first * eta^k, rounded where its knob is whole, and last in the last rung. There are 1 + round(log(last/first) / log(eta)) rungs, at least
// two. Unlike there a rung's runs begin anew: they are runs of their own with another value of the knob, so that whatever follows from it (a
// schedule of rates) is what a single run of that size would have.
func (s Sweep) Rungs() []Rung {
	if s.Kind != HalvingSweep {
		return []Rung{{Points: len(s.points)}}
	}
	last := s.lastRung()
	rungs := make([]Rung, 0, last+1)
	n, r := len(s.points), s.First
	for k := 0; k <= last; k++ {
		if k == last {
			r = s.Last
		}
		rungs = append(rungs, Rung{Points: n, Resource: s.rounded(r)})
		n, r = n/s.Eta, r*float64(s.Eta)
	}
	return rungs
}

// lastRung is the number of the last rung, counted from 0.
func (s Sweep) lastRung() int {
	return max(1, int(math.Round(math.Log(s.Last/s.First)/math.Log(float64(s.Eta)))))
}

func (s Sweep) rounded(r float64) float64 {
	if s.wholeness {
		return math.Round(r)
	}
	return r
}

// Points are the values of every point, in the order of the axes: [points][axes].
func (s Sweep) Points() [][]any {
	out := make([][]any, len(s.points))
	for i, p := range s.points {
		for _, v := range p {
			out[i] = append(out[i], v.value)
		}
	}
	return out
}

// cross joins the values of all axes in every way, the first axis slowest.
func (s Sweep) cross() [][]pick {
	out := [][]pick{nil}
	for _, axis := range s.Over {
		var next [][]pick
		for _, p := range out {
			for i, v := range axis.Values {
				next = append(next, append(slices.Clone(p), pick{v, axis.at[i]}))
			}
		}
		out = next
	}
	return out
}

// Trial says which point of a sweep a run tries.
type Trial struct {
	Arm      string  `json:"arm"`   // as the arms cell names it
	Point    int     `json:"point"` // place among the sweep's points, from 0
	Values   []any   `json:"values"`
	Rung     int     `json:"rung"`     // from 0
	Resource float64 `json:"resource"` // of the rung
}

// Entrants are the points that begin a rung, by arm. An arm without points is out.
type Entrants map[string][]int

// Entrants of a first rung: every point of every arm that is tuned.
func (d *Document) entrants(s Sweep) Entrants {
	all := make([]int, len(s.points))
	for i := range all {
		all[i] = i
	}
	out := Entrants{}
	for _, arm := range d.tuned(s) {
		out[arm.Name] = all
	}
	return out
}

// tuned are the arms of a sweep, in the order of the file.
func (d *Document) tuned(s Sweep) []Arm {
	return slices.DeleteFunc(slices.Clone(d.Arms()), func(a Arm) bool { return len(s.Arms) > 0 && !slices.Contains(s.Arms, a.Name) })
}

// sweepArms makes an arm for every entrant of a rung. The values of the point replace what the arm sets.
func (d *Document) sweepArms(s Sweep, rung int, in Entrants) []Arm {
	var out []Arm
	for _, arm := range d.tuned(s) {
		for _, i := range in[arm.Name] {
			out = append(out, s.trial(arm, i, rung))
		}
	}
	return out
}

// trial gives an arm the values of a point; the name says which: lstm@rl.rate=0.001.
func (s Sweep) trial(arm Arm, point, rung int) Arm {
	out, t := arm, Trial{Arm: arm.Name, Point: point, Rung: rung}
	for i, axis := range s.Over {
		v := s.points[point][i]
		t.Values = append(t.Values, v.value)
		out = out.with(Override{Path: axis.Path, Value: v.value, name: axis.name, at: v.at, cell: axis.cell, by: fmt.Sprintf("sweep %q", s.Name)})
	}
	if s.Kind == HalvingSweep {
		rungs := s.Rungs()
		t.Resource = rungs[rung].Resource
		at := s.from
		if rung == len(rungs)-1 {
			at = s.to
		}
		out = out.with(Override{Path: s.Resource, Value: number(t.Resource), name: s.resource, at: at, cell: s.cell, by: fmt.Sprintf("sweep %q", s.Name)})
	}
	out.trial = &t
	return out
}

// with is the arm with one knob set otherwise, under a name that says so.
func (a Arm) with(o Override) Arm {
	text, ok := o.Value.(string)
	if !ok {
		text = schema.Show(o.Value)
	}
	rest := slices.DeleteFunc(slices.Clone(a.Set), func(had Override) bool { return had.Path == o.Path })
	a.Name = fmt.Sprintf("%s@%s=%s", a.Name, o.Path, text)
	a.Set = append(rest, o)
	return a
}

// number is a value as YAML would give it: a whole one as an integer.
func number(v float64) any {
	if v == math.Trunc(v) && math.Abs(v) <= mostWhole {
		return int64(v)
	}
	return v
}

// Sweep returns the sweep of that name.
func (d *Document) Sweep(name string) (Sweep, error) {
	sweeps := d.Sweeps()
	i := slices.IndexFunc(sweeps, func(s Sweep) bool { return s.Name == name })
	if i < 0 {
		return Sweep{}, noSuch("sweep", name, sweepNames(sweeps))
	}
	return sweeps[i], nil
}

// Judge is the metric by which a sweep's points are ranked: its own, else that of the notebook's first chart of which a direction is better,
// else the paper's first such metric. false where there is none.
func (d *Document) Judge(s Sweep) (lab.MetricSpec, bool) {
	if d.sections == nil {
		return lab.MetricSpec{}, false
	}
	specs := slices.DeleteFunc(slices.Clone(d.vocab.Metrics(d.Front.Paper)), func(m lab.MetricSpec) bool { return m.Better == "" })
	named := []string{s.Metric}
	if s.Metric == "" {
		for _, c := range d.Charts() {
			named = append(named, c.Metric)
		}
	}
	for _, name := range named {
		if i := slices.IndexFunc(specs, func(m lab.MetricSpec) bool { return m.Name == name }); i >= 0 {
			return specs[i], true
		}
	}
	if s.Metric != "" || len(specs) == 0 {
		return lab.MetricSpec{}, false
	}
	return specs[0], true
}
