package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/compare"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
)

// fewestSeeds is how many seeds an interval takes.
const fewestSeeds = 3

// compared is a choice of arms as an address makes it.
type compared struct {
	arms   []compare.Arm
	base   int
	metric lab.MetricSpec
	specs  []lab.MetricSpec // of all arms, in the order of the papers
}

// choice reads arms, base and metric of an address. Errors: Invalid without an arm, not-found for an unknown base or metric.
func (s *Server) choice(ctx context.Context, q url.Values) (compared, error) {
	keys := keysOfList(q.Get("arms"))
	if len(keys) == 0 {
		return compared{}, lab.Errorf(lab.Invalid, "no arm is named").WithHint("mark runs in the list of Compare")
	}
	arms, err := s.compared.index.Arms(ctx, keys)
	if err != nil {
		return compared{}, err
	}
	c := compared{arms: arms, specs: s.specsOf(arms)}
	if c.base = slices.IndexFunc(arms, func(a compare.Arm) bool { return a.Knobs["memory.kind"].Text == "none" }); c.base < 0 {
		c.base = 0 // without an arm that has no memory, the first
	}
	if key := q.Get("base"); key != "" {
		if c.base = slices.IndexFunc(arms, func(a compare.Arm) bool { return a.Holds(key) }); c.base < 0 {
			return compared{}, lab.Errorf(lab.NotFound, "the base %q is none of the arms", key).WithHint("choose a base in the table")
		}
	}
	name := q.Get("metric")
	if name == "" {
		name = c.firstMetric()
	}
	i := slices.IndexFunc(c.specs, func(m lab.MetricSpec) bool { return m.Name == name })
	if i < 0 && name != "" {
		names := []string{}
		for _, m := range c.specs {
			names = append(names, m.Name)
		}
		return compared{}, lab.Errorf(lab.NotFound, "no arm has the metric %q, want one of %q", name, names).WithHint("choose another metric")
	}
	if i >= 0 {
		c.metric = c.specs[i]
	}
	return c, nil
}

// specsOf describes the metrics that some arm has: those of the papers' cards in their order, then the others.
func (s *Server) specsOf(arms []compare.Arm) []lab.MetricSpec {
	has := map[string]string{} // metric -> paper
	for _, a := range arms {
		for _, name := range a.Metrics() {
			has[name] = cmp.Or(has[name], a.Paper)
		}
	}
	out := []lab.MetricSpec{}
	take := func(m lab.MetricSpec) {
		if _, ok := has[m.Name]; ok {
			out = append(out, m)
			delete(has, m.Name)
		}
	}
	for _, a := range arms {
		for _, m := range s.compared.cards()[a.Paper].Metrics {
			take(m)
		}
	}
	rest := []string{}
	for name := range has {
		rest = append(rest, name)
	}
	slices.Sort(rest)
	for _, name := range rest {
		take(lab.MetricSpec{Name: name})
	}
	return out
}

// firstMetric is the first one that has a better side and that most arms have.
func (c compared) firstMetric() string {
	best, most := "", 0
	for _, m := range c.specs {
		if m.Better == "" || isCost(m) {
			continue
		}
		n := 0
		for _, a := range c.arms {
			if a.Has(m.Name) {
				n++
			}
		}
		if n > most {
			best, most = m.Name, n
		}
	}
	if best == "" && len(c.specs) > 0 {
		best = c.specs[0].Name
	}
	return best
}

// isCost tells metrics of what is spent.
func isCost(m lab.MetricSpec) bool {
	return m.Unit == "tokens" || m.Unit == "dollars" || m.Name == "context_size" || m.Name == "memory_size"
}

func (s *Server) comparison(r *http.Request) (any, error) {
	c, err := s.choice(r.Context(), r.URL.Query())
	if err != nil {
		return nil, err
	}
	out := CompareTable{Base: c.base, Changed: compare.Changed(c.arms), Metric: c.metric.Name, Metrics: c.specs, Costs: []lab.MetricSpec{}, Tasks: []string{}, Left: []string{},
		Interval: "95 % Student t interval over seeds, from 3 seeds on"}
	for _, m := range c.specs {
		if isCost(m) {
			out.Costs = append(out.Costs, m)
		}
	}
	against, compared := c.differences()
	for i, a := range c.arms {
		row := s.summed(a, i, c.specs)
		row.Obstacles = compare.Obstacles(c.arms[c.base], a, c.metric.Name)
		if k := slices.IndexFunc(against, func(p paired) bool { return p.arm == i }); k >= 0 {
			row.Against, row.Difference = c.arms[against[k].base].Label, &compared[k]
			row.Difference.Interval = shownInterval(row.Difference.Interval)
		}
		out.Early = out.Early || row.Going > 0
		out.Arms = append(out.Arms, row)
	}
	over := compare.OverTasks(c.arms, c.base, c.metric.Name)
	out.Tasks, out.Left = append(out.Tasks, over.Tasks...), append(out.Left, over.Left...)
	out.Sentence, err = c.sentence()
	return out, err
}

// summed sums an arm up.
func (s *Server) summed(a compare.Arm, place int, specs []lab.MetricSpec) CompareArm {
	row := CompareArm{Key: a.Key, Label: a.Label, Place: place, Paper: a.Paper, Title: s.shortTitle(a.Paper), Notebook: a.Notebook, Name: a.Name, Case: a.Case,
		Budget: a.Budget, Kernel: a.Kernel, Code: a.Code[:min(len(a.Code), 12)], Seeds: []string{}, Runs: []string{}, Going: len(a.Going), Failed: a.Failed,
		Values: []stats.Interval{}}
	var seconds []float64
	for _, r := range a.Runs {
		row.Seeds, row.Runs = append(row.Seeds, strconv.FormatUint(r.Seed, 10)), append(row.Runs, r.Key)
		seconds = append(seconds, r.Seconds)
	}
	row.Seconds = shownInterval(stats.Student(seconds, 0.05))
	for _, m := range specs {
		row.Values = append(row.Values, shownInterval(stats.Student(a.Values(m.Name), 0.05)))
	}
	return row
}

// shownInterval has no ends below three seeds: there the lines speak.
func shownInterval(i stats.Interval) stats.Interval {
	if i.N < fewestSeeds {
		i.Low, i.High = lab.Float(math.NaN()), lab.Float(math.NaN())
	}
	return i
}

// paired is an arm with what it is set against.
type paired struct {
	arm, base int
	pairs     []compare.Pair
}

// differences pairs every arm that can be compared, and corrects all of them together.
func (c compared) differences() ([]paired, []stats.Comparison) {
	var out []paired
	var values [][]float64
	for i, a := range c.arms {
		if k, ok := compare.Counterpart(c.arms, c.base, i, c.metric.Name); ok {
			p := paired{arm: i, base: k, pairs: compare.Pairs(a, c.arms[k], c.metric.Name)}
			out, values = append(out, p), append(values, p.differences())
		}
	}
	return out, stats.Versus(values, 0.05)
}

func (p paired) differences() []float64 {
	out := make([]float64, len(p.pairs))
	for i, pair := range p.pairs {
		out[i] = pair.Arm - pair.Base
	}
	return out
}

// sentence says in words what the table shows: the differences where there are some, else where each arm ends.
func (c compared) sentence() (string, error) {
	d := c.drawnDifferences(lens{}, nil)
	if slices.ContainsFunc(d.Arms, func(a chart.Against) bool { return len(a.Values) > 0 }) {
		picture, err := chart.Versus(d)
		return c.metric.Name + ": " + picture.Sentence, err
	}
	picture, err := chart.Final(chart.Finals{Metric: c.metric, Arms: c.ends()})
	return picture.Sentence, err
}

// ends are the last values of the arms that can be compared.
func (c compared) ends() []chart.Ends {
	var out []chart.Ends
	for i, a := range c.arms {
		if len(compare.Obstacles(c.arms[c.base], a, c.metric.Name)) > 0 {
			continue
		}
		out = append(out, chart.Ends{Arm: chart.Arm{Name: a.Label, Place: i}, Seeds: a.Seeds(), Values: a.Values(c.metric.Name)})
	}
	return out
}
