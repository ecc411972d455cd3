package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/compare"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
)

// compareCharts are the pictures of a comparison.
func compareCharts() []string { return []string{"curves", "differences", "iqm", "profile", "cost"} }

func (s *Server) compareChart(r *http.Request) (any, error) {
	q := r.URL.Query()
	v, err := lensOf(q)
	if err != nil {
		return nil, err
	}
	p, err := s.drawComparison(r.Context(), q, v)
	if err != nil {
		return nil, err
	}
	return p.wire(), nil
}

// newCompareFeed makes the topic compare:QUERY, which has the query of GET compare/chart.
func newCompareFeed(s *Server, name string, wake func()) (feed, error) {
	q, err := url.ParseQuery(name)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "topic %q cannot be read, want compare:QUERY: %v", "compare:"+name, err)
	}
	return &chartFeed{
		pulse: pulse{wake: wake}, topic: "compare:" + name,
		draw: func(ctx context.Context) (picture, error) { return s.drawComparison(ctx, q, lens{}) },
	}, nil
}

// drawComparison makes one picture of a comparison.
func (s *Server) drawComparison(ctx context.Context, q url.Values, v lens) (picture, error) {
	c, err := s.choice(ctx, q)
	if err != nil {
		return picture{}, err
	}
	hidden := keysOfList(q.Get("hidden"))
	p := picture{cell: q.Get("kind")}
	for _, a := range c.arms {
		for _, r := range a.Going {
			p.keys, p.early = append(p.keys, r.Key), true
		}
	}
	switch p.cell {
	case "curves":
		p.moves = true
		p.Chart, err = s.drawCurves(ctx, c, v, hidden)
	case "differences":
		p.Chart, err = chart.Versus(c.drawnDifferences(v, hidden))
	case "iqm":
		p.Chart, err = chart.Aggregates(c.tasks(v, hidden))
	case "profile":
		p.Chart, err = chart.Profiles(c.tasks(v, hidden))
	case "cost":
		p.Chart, err = c.drawCosts(q.Get("cost"), v, hidden)
	default:
		err = lab.Errorf(lab.NotFound, "a comparison has no chart %q, want one of %q", p.cell, compareCharts())
	}
	return p, err
}

// compareRows writes the raw values of a comparison's metric, of every arm that is not hidden.
func (s *Server) compareRows(w http.ResponseWriter, r *http.Request) {
	s.writeRows(w, r, func(ctx context.Context) (cellData, error) {
		c, err := s.choice(ctx, r.URL.Query())
		if err != nil {
			return cellData{}, err
		}
		s.curves.mu.Lock()
		defer s.curves.mu.Unlock()
		out, hidden := cellData{metric: c.metric}, keysOfList(r.URL.Query().Get("hidden"))
		for _, a := range c.arms {
			if !slices.Contains(hidden, a.Key) {
				out.arms = append(out.arms, chart.Arm{Name: a.Label, Runs: s.curvesOf(ctx, a, c.metric.Name)})
			}
		}
		return out, nil
	})
}

// drawCurves draws the learning curves of the arms that have the metric, each in its place of the row.
func (s *Server) drawCurves(ctx context.Context, c compared, v lens, hidden []string) (chart.Chart, error) {
	s.curves.mu.Lock()
	defer s.curves.mu.Unlock()
	ask, live := chart.Curves{Metric: c.metric, Title: c.metric.Name, Dark: v.dark}, false
	for i, a := range c.arms {
		if slices.Contains(hidden, a.Key) || s.xUnit(a.Paper, c.metric.Name) != c.metric.XUnit {
			continue
		}
		arm := chart.Arm{Name: a.Label, Place: i}
		arm.Runs = s.curvesOf(ctx, a, c.metric.Name)
		live = live || len(a.Going) > 0
		ask.Arms = append(ask.Arms, arm)
	}
	out, err := chart.Learning(v.over(ask, 0, live, wideColumns))
	if err != nil || !c.mixed() {
		return out, err
	}
	out.Sentence, err = c.apart(hidden) // the curves' own would set arms against each other that cannot be compared
	return out, err
}

// apart says where each arm ends, six at most, without setting one against another.
func (c compared) apart(hidden []string) (string, error) {
	var parts []string
	for i, a := range c.arms {
		if slices.Contains(hidden, a.Key) || !a.Has(c.metric.Name) || len(parts) == 6 {
			continue
		}
		one, err := chart.Final(chart.Finals{Metric: c.metric, Arms: []chart.Ends{{Arm: chart.Arm{Name: a.Label, Place: i}, Seeds: a.Seeds(), Values: a.Values(c.metric.Name)}}})
		if err != nil {
			return "", err
		}
		parts = append(parts, one.Sentence)
	}
	return strings.Join(parts, " "), nil
}

// xUnit is the unit of a metric's x axis in a paper.
func (s *Server) xUnit(paper, metric string) string {
	for _, m := range s.compared.cards()[paper].Metrics {
		if m.Name == metric {
			return m.XUnit
		}
	}
	return ""
}

// mixed tells whether some arm cannot be compared with the base.
func (c compared) mixed() bool {
	return slices.ContainsFunc(c.arms, func(a compare.Arm) bool { return len(compare.Obstacles(c.arms[c.base], a, c.metric.Name)) > 0 })
}

// curvesOf reads the curves of an arm. Each arm has its own source, since arms may share name, case and seed. The caller holds the lock of
// the curves.
func (s *Server) curvesOf(ctx context.Context, a compare.Arm, metric string) []chart.Run {
	data := gathered{}
	for _, r := range slices.Concat(a.Runs, a.Going) {
		state := string(r.State)
		data.runs = append(data.runs, sched.RunInfo{Key: r.Key, State: state,
			Planned: notebook.Planned{Arm: r.Arm, Case: r.Case, Seed: r.Seed, Setup: a.Setup}})
	}
	data.src = s.cfg.Owner.Source(ctx, sched.Plan{Budget: a.Budget, Runs: data.runs})
	var out []chart.Run
	for _, info := range data.runs {
		if raw := s.curves.get(data, info, metric); raw.Len() > 0 {
			out = append(out, chart.Run{Seed: info.Seed, Raw: raw, Key: info.Key})
		}
	}
	return out
}

func (c compared) drawnDifferences(v lens, hidden []string) chart.Differences {
	d := chart.Differences{Metric: c.metric, Title: "difference to " + c.arms[c.base].Label, Dark: v.dark, Base: c.arms[c.base].Label}
	against, _ := c.differences()
	for _, p := range against {
		a := c.arms[p.arm]
		if slices.Contains(hidden, a.Key) {
			continue
		}
		one := chart.Against{Arm: chart.Arm{Name: a.Label, Place: p.arm}, Values: p.differences()}
		if p.base != c.base {
			one.Base = c.arms[p.base].Label
		}
		for _, pair := range p.pairs {
			one.Seeds = append(one.Seeds, pair.Seed)
		}
		d.Arms = append(d.Arms, one)
	}
	return d
}

func (c compared) tasks(v lens, hidden []string) chart.Tasks {
	over := compare.OverTasks(c.arms, c.base, c.metric.Name)
	t := chart.Tasks{Metric: c.metric, Title: c.metric.Name + " over tasks", Dark: v.dark, Names: over.Tasks}
	for _, m := range over.Methods {
		if !slices.Contains(hidden, c.arms[m.Arm].Key) {
			t.Arms = append(t.Arms, chart.Scored{Arm: chart.Arm{Name: m.Label, Place: m.Arm}, Scores: m.Scores})
		}
	}
	return t
}

// drawCosts draws the metric against what is spent: the named cost, else the first that most arms have, else seconds.
func (c compared) drawCosts(name string, v lens, hidden []string) (chart.Chart, error) {
	cost := c.cost(name)
	ask := chart.Costs{Metric: c.metric, Cost: cost, Title: c.metric.Name + " against " + cost.Name, Dark: v.dark}
	var left []string
	for i, a := range c.arms {
		if slices.Contains(hidden, a.Key) {
			continue
		}
		if _, ok := compare.Counterpart(c.arms, c.base, i, c.metric.Name); i != c.base && !ok && !c.baseElsewhere(i) {
			left = append(left, a.Label)
			continue
		}
		s := chart.Spent{Arm: chart.Arm{Name: a.Label, Place: i}, Seeds: a.Seeds(), Gains: a.Values(c.metric.Name), Costs: a.Values(cost.Name)}
		if cost.Name == "seconds" {
			for k, r := range a.Runs {
				s.Costs[k] = r.Seconds
			}
		}
		ask.Arms = append(ask.Arms, s)
	}
	out, err := chart.Scatter(ask)
	if len(left) > 0 {
		out.Caption += "; not comparable and left out: " + strings.Join(left, ", ")
	}
	return out, err
}

// cost is the named one, else the first that most arms have of prompts, contexts, other tokens, money and sizes, else the time.
func (c compared) cost(name string) lab.MetricSpec {
	best, most := lab.MetricSpec{Name: "seconds", Unit: "of work, a run"}, 0
	if name == best.Name {
		return best
	}
	for _, m := range c.specs {
		if m.Name == name {
			return m
		}
		n := 0
		for _, a := range c.arms {
			if isCost(m) && a.Has(m.Name) {
				n += 10
			}
		}
		switch {
		case n == 0:
			continue
		case m.Name == "prompt_tokens":
			n += 4
		case m.Name == "context_size":
			n += 3
		case m.Unit == "tokens":
			n += 2
		case m.Unit == "dollars":
			n++
		}
		if n > most {
			best, most = m, n
		}
	}
	return best
}

// baseElsewhere tells whether an arm is the base's in another case.
func (c compared) baseElsewhere(i int) bool {
	a, b := c.arms[i], c.arms[c.base]
	return a.Name == b.Name && a.Paper == b.Paper && a.Budget == b.Budget && a.Kernel == b.Kernel
}
