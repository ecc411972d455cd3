package web

import (
	"bufio"
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/series"
)

// outlinePoints are what an outline of a row holds at most.
const outlinePoints = 48

// chartRoutes are the addresses of what stands beside a picture.
func (s *Server) chartRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /api/chart/rows", s.chartRows)
	m.HandleFunc("GET /api/run/{key}/rows", s.runRows)
	m.Handle("GET /api/run/{key}/outlines", s.answer(s.outlines))
}

// chartRows writes the raw values behind a chart cell.
func (s *Server) chartRows(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.writeRows(w, r, func(ctx context.Context) (cellData, error) {
		b, err := budget(q.Get("budget"))
		if err != nil {
			return cellData{}, err
		}
		c, err := s.cellData(ctx, address{q.Get("path"), q.Get("cell"), b})
		if err == nil {
			s.curves.mu.Lock()
			defer s.curves.mu.Unlock()
			s.fill(&c)
		}
		return c, err
	})
}

// runRows writes the raw values of one metric of one run.
func (s *Server) runRows(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.writeRows(w, r, func(ctx context.Context) (cellData, error) {
		c, err := s.runData(ctx, runMetric{r.PathValue("key"), q.Get("metric"), q.Get("seeds") == "all"})
		if err == nil {
			s.curves.mu.Lock()
			defer s.curves.mu.Unlock()
			s.fillRun(&c)
		}
		return c, err
	})
}

// writeRows answers with a file of raw values at full precision. Points of runs that go on are copied first, so that the runs need not
// wait for the page to read.
func (s *Server) writeRows(w http.ResponseWriter, r *http.Request, read func(context.Context) (cellData, error)) {
	form, part, err := exportOf(r.URL.Query())
	var c cellData
	if err == nil {
		c, err = read(r.Context())
	}
	var all []series.Labelled
	if err == nil {
		all, err = s.labelled(c)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", map[string]string{"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}[form])
	h.Set("Content-Disposition", `attachment; filename="`+fileName(c.name())+"."+form+`"`)
	out := bufio.NewWriterSize(w, 1<<16)
	if form == "csv" {
		err = series.WriteCSV(out, all, part)
	} else {
		err = series.WriteJSONL(out, all, part)
	}
	_ = errors.Join(err, out.Flush()) // an error here means that the page has gone
}

// exportOf reads what an export asks for: its form and the part of the x axis.
func exportOf(q url.Values) (form string, part series.Window, err error) {
	form = q.Get("form")
	if form != "csv" && form != "jsonl" {
		return "", part, lab.Errorf(lab.Invalid, "form is %q, want csv or jsonl", form)
	}
	w, err := windowOf(q)
	if err != nil {
		return "", part, err
	}
	if w != nil {
		return form, *w, nil
	}
	return form, series.Window{From: math.MinInt64, To: math.MaxInt64}, nil
}

// name is what a file of these values is called.
func (c cellData) name() string {
	if c.spec.Metric == "" && len(c.arms) == 1 {
		return strings.Trim(c.arms[0].Label()+"-"+c.metric.Name, "-")
	}
	return c.metric.Name
}

// labelled gives every run of a chart its labels, with the time of each value and the episode at which it was written where the run has
// a record.
func (s *Server) labelled(c cellData) ([]series.Labelled, error) {
	var all []series.Labelled
	for _, a := range c.arms {
		for _, run := range a.Runs {
			l := series.Labelled{Metric: c.metric.Name, Arm: a.Name, Case: a.Case, Seed: run.Seed, Raw: snapshot(run)}
			if c.data.recorded == "" {
				marks, err := s.marks(run.Key, c.metric, l.Raw)
				if err != nil && lab.CodeOf(err) != lab.NotFound { // the values stand in the library, the record is gone
					return nil, err
				}
				l.Marks = marks
			}
			all = append(all, l)
		}
	}
	return all, nil
}

// snapshot is a series that does not grow while it is written.
func snapshot(r chart.Run) *series.Series {
	frozen := *r.Raw
	return &frozen
}

// marks reads when each value of a metric was written, and at which episode and step of training.
func (s *Server) marks(key string, metric lab.MetricSpec, raw *series.Series) ([]series.Mark, error) {
	var out []series.Mark
	err := s.records.with(key, func(k *kept) error {
		now := series.Mark{Episode: -1, Step: -1}
		for f, err := range k.reader.Frames(0, lab.KindMetric, lab.KindEpisode) {
			if err != nil && k.reader.Damage() != nil {
				return nil // what stands before the damage is whole
			}
			if err != nil {
				return err
			}
			ev, err := f.Event()
			if err != nil {
				return err
			}
			switch ev := ev.(type) {
			case lab.Episode:
				now.Episode, now.Step = ev.ID, ev.X
			case lab.Metric:
				if ev.Name != metric.Name {
					continue
				}
				at := now
				if at.Time = f.Time; strings.Contains(metric.XUnit, "step") {
					at.Step = ev.X
				}
				out = append(out, at)
			}
		}
		return nil
	})
	if err != nil || len(out) < raw.Len() {
		return nil, err // another try of the same run: times would belong to other values
	}
	return out, nil
}

// outlines answers small pictures of one metric: of a run and of its siblings.
func (s *Server) outlines(r *http.Request) (any, error) {
	key, metric := r.PathValue("key"), r.URL.Query().Get("metric")
	answer, err := s.run(r)
	if err != nil {
		return nil, err
	}
	d, ok := answer.(RunDetail)
	if !ok {
		return nil, lab.Errorf(lab.Internal, "run %q is answered by a %T", key, answer)
	}
	out := []Outline{}
	for _, row := range append(slices.Clone(d.Siblings), d.Row) {
		c, err := s.runData(r.Context(), runMetric{key: row.Key, metric: metric})
		if lab.CodeOf(err) == lab.NotFound || (err == nil && c.data.runs[0].State == sched.Queued) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, s.outline(c, row.Key))
	}
	return out, nil
}

func (s *Server) outline(c cellData, key string) Outline {
	s.curves.mu.Lock()
	defer s.curves.mu.Unlock()
	s.fillRun(&c)
	o := Outline{Key: key, XY: XY{}}
	if runs := c.arms[0].Runs; len(runs) > 0 {
		o.XY, o.Points = append(o.XY, runs[0].Raw.Outline(outlinePoints)...), runs[0].Raw.Len()
	}
	return o
}
