package web

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
)

// sweepRoutes lists the addresses of sweeps.
func (s *Server) sweepRoutes(m *http.ServeMux) {
	m.Handle("GET /api/sweep", s.answer(s.sweep))
	m.Handle("GET /api/sweep/chart", s.answer(s.sweepChart))
	m.HandleFunc("GET /api/sweep/rows", s.sweepRows)
}

// swept is a sweep with its plan and the values of its runs.
type swept struct {
	plan sched.Plan
	sched.Standings
}

// sweptOf finds how the sweep of an address stands.
func (s *Server) sweptOf(ctx context.Context, q url.Values) (swept, error) {
	b, err := budget(q.Get("budget"))
	if err != nil {
		return swept{}, err
	}
	if q.Get("sweep") == "" {
		return swept{}, lab.Errorf(lab.Invalid, "the address names no sweep").WithHint("add sweep=NAME")
	}
	plan, err := s.planOf(ctx, q.Get("path"), sched.Options{Budget: b, Sweep: q.Get("sweep")})
	if err != nil {
		return swept{}, err
	}
	standings, ok := sched.Stand(plan, s.cfg.Owner.Source(ctx, plan))
	if !ok {
		return swept{}, lab.Errorf(lab.Internal, "the plan of sweep %q has no sweep", q.Get("sweep"))
	}
	return swept{plan, standings}, nil
}

// early tells whether runs of the sweep are missing.
func (w swept) early() bool { return w.plan.Todo() > 0 || w.plan.Ahead() > 0 }

func (s *Server) sweep(r *http.Request) (any, error) {
	w, err := s.sweptOf(r.Context(), r.URL.Query())
	if err != nil {
		return nil, err
	}
	out := Sweep{Name: w.Name, Kind: w.Kind, Metric: w.Judge.Name, Unit: w.Judge.Unit, Better: w.Judge.Better, Seeds: w.Seeds, Knobs: []string{},
		Resource: w.Resource, Rungs: []SweepRung{}, Points: []SweepPoint{}, Plan: planMessage(w.plan), Early: w.early()}
	for _, axis := range w.Over {
		out.Knobs = append(out.Knobs, axis.Path)
	}
	for _, rung := range w.Rungs() {
		out.Rungs = append(out.Rungs, SweepRung{Points: rung.Points, Resource: rung.Resource})
	}
	for _, t := range w.Tried {
		out.Points = append(out.Points, pointOf(t))
	}
	return out, nil
}

func pointOf(t sched.Tried) SweepPoint {
	p := SweepPoint{Arm: t.Arm, Point: t.Point, Values: []json.RawMessage{}, Rank: t.Rank, Best: t.Best, State: t.State, Score: sched.Written(t.Score),
		Rung: t.Rung, Resource: t.Resource, Done: t.Done, Runs: t.Runs}
	for _, v := range t.Values {
		raw, err := json.Marshal(v)
		if err != nil {
			raw = []byte("null") // a notebook gives only what JSON can write
		}
		p.Values = append(p.Values, raw)
	}
	return p
}

func (s *Server) sweepChart(r *http.Request) (any, error) {
	q := r.URL.Query()
	v, err := lensOf(q)
	if err != nil {
		return nil, err
	}
	p, err := s.drawSweep(r.Context(), q, v)
	if err != nil {
		return nil, err
	}
	return p.wire(), nil
}

// newSweepFeed makes the topic sweep:QUERY, which has the query of GET sweep/chart.
func newSweepFeed(s *Server, name string, wake func()) (feed, error) {
	q, err := url.ParseQuery(name)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "topic %q cannot be read, want sweep:QUERY: %v", "sweep:"+name, err)
	}
	return &chartFeed{
		pulse: pulse{wake: wake}, topic: "sweep:" + name,
		draw: func(ctx context.Context) (picture, error) { return s.drawSweep(ctx, q, lens{}) },
	}, nil
}

// drawSweep makes one picture of a sweep.
func (s *Server) drawSweep(ctx context.Context, q url.Values, v lens) (picture, error) {
	w, err := s.sweptOf(ctx, q)
	if err != nil {
		return picture{}, err
	}
	p := picture{cell: w.Name, early: w.early(), keys: keysOf(w.plan.Runs)}
	trials := w.trials(v)
	switch q.Get("picture") {
	case "parallel":
		p.Chart, err = trials.Parallel()
	case "slice":
		k := slices.IndexFunc(trials.Knobs, func(k chart.Knob) bool { return k.Name == q.Get("knob") })
		if k < 0 {
			return picture{}, lab.Errorf(lab.NotFound, "sweep %q has no knob %q, want one of %q", w.Name, q.Get("knob"), w.knobs())
		}
		p.Chart, err = trials.Slice(k)
	default:
		err = lab.Errorf(lab.NotFound, "a sweep has no picture %q, want parallel or slice", q.Get("picture"))
	}
	return p, err
}

func (w swept) knobs() (names []string) {
	for _, axis := range w.Over {
		names = append(names, axis.Path)
	}
	return names
}

// trials is what the pictures of a sweep draw. An arm has its place of the notebook's other charts.
func (w swept) trials(v lens) chart.Trials {
	out := chart.Trials{Metric: w.Judge, Title: w.Name, Dark: v.dark}
	for _, axis := range w.Over {
		out.Knobs = append(out.Knobs, chart.Knob{Name: axis.Path, Log: axis.Range != nil && axis.Range.Scale == "log"})
	}
	places := map[string]int{}
	for i, arm := range w.plan.Doc.Arms() {
		places[arm.Name] = i
	}
	for _, t := range w.Tried {
		one := chart.Trial{Arm: chart.Arm{Name: t.Arm, Place: places[t.Arm]}, Values: t.Values, Score: float64(t.Score.Mean), State: t.State,
			Whole: t.State == sched.Whole || t.State == sched.Waiting, Best: t.Best}
		if t.State == sched.Incomplete || t.State == sched.Broken {
			one.Score = math.NaN() // some seeds alone would stand beside the means of all
		}
		out.Points = append(out.Points, one)
	}
	return out
}

// sweepRows writes the raw values of the metric of every run of a sweep.
func (s *Server) sweepRows(rw http.ResponseWriter, r *http.Request) {
	s.writeRows(rw, r, func(ctx context.Context) (cellData, error) {
		w, err := s.sweptOf(ctx, r.URL.Query())
		if err != nil {
			return cellData{}, err
		}
		data := gathered{runs: w.plan.Runs, src: s.cfg.Owner.Source(ctx, w.plan)}
		s.curves.mu.Lock()
		defer s.curves.mu.Unlock()
		out := cellData{metric: w.Judge, data: data}
		out.spec.Metric = w.Judge.Name
		for _, info := range w.plan.Runs {
			if raw := s.curves.get(data, info, w.Judge.Name); raw.Len() > 0 {
				out.arms = append(out.arms, chart.Arm{Name: info.Arm, Case: info.Case, Runs: []chart.Run{{Seed: info.Seed, Raw: raw, Key: info.Key}}})
			}
		}
		return out, nil
	})
}
