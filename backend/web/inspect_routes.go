package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// inspectRoutes lists the addresses of the Episode screen.
func (s *Server) inspectRoutes(m *http.ServeMux) {
	m.Handle("GET /api/run/{key}/inspect", s.answer(s.inspectEpisode))
	m.Handle("GET /api/run/{key}/inspect/steps", s.answer(s.inspectSteps))
	m.Handle("GET /api/run/{key}/inspect/step", s.answer(s.inspectStep))
	m.Handle("GET /api/run/{key}/inspect/next", s.answer(s.inspectNext))
	m.Handle("GET /api/run/{key}/inspect/search", s.answer(s.inspectSearch))
	m.Handle("GET /api/run/{key}/inspect/align", s.answer(s.inspectAlign))
	m.Handle("GET /api/run/{key}/inspect/entries", s.answer(s.inspectEntries))
	m.Handle("GET /api/run/{key}/inspect/episodes", s.answer(s.inspectEpisodes))
}

// episodeAsked reads an episode of an address; -1 or none is the newest that was kept.
func episodeAsked(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return -1, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < -1 {
		return 0, lab.Errorf(lab.Invalid, "%s is %q, want a whole number, or -1 for the newest", name, text)
	}
	return id, nil
}

// inspected calls f with an episode of a run, its head without lanes, and the points of its steps, which f must not keep. Where no episode
// was kept yet, the head has the id -1.
func (s *Server) inspected(key string, id int64, f func(k *kept, head InspectEpisode, points []point) error) error {
	return s.records.with(key, func(k *kept) error {
		head := InspectEpisode{Key: key, Arm: k.start.Arm, Case: k.start.Case, Seed: k.start.Seed, Paper: k.start.Setup.Paper, Notebook: k.start.Notebook,
			Title: k.forkTitle(), Episode: lab.Episode{ID: -1}}
		if d := k.reader.Damage(); d != nil {
			head.Damage = "the record is damaged behind event " + strconv.FormatInt(d.At.Seq, 10) + ": what stands before it is whole"
		}
		place, ok, err := k.placeOf(id)
		if err != nil || !ok {
			if err == nil {
				err = f(k, head, nil)
			}
			return err
		}
		track, err := k.track(place)
		if err != nil {
			return err
		}
		if head.Episode, err = k.summed(place); err != nil {
			return err
		}
		points, after := track.whole()
		failed(points, head.Episode)
		head.Ended, head.Steps, head.After = place.Ended, len(points), after
		return f(k, head, points)
	})
}

// withStep calls f like inspected, with the place of the episode and a step of the address, held to the steps that there are.
func (s *Server) withStep(r *http.Request, name string, f func(k *kept, place record.Range, head InspectEpisode, points []point, t int) error) error {
	id, err := episodeAsked(r, "episode")
	if err != nil {
		return err
	}
	t, err := count(r, name, 0, farthest)
	if err != nil {
		return err
	}
	return s.inspected(r.PathValue("key"), id, func(k *kept, head InspectEpisode, points []point) error {
		if head.Episode.ID < 0 || len(points) == 0 {
			return lab.Errorf(lab.NotFound, "run %q has kept no steps of episode %d", head.Key, id).WithHint("choose an episode whose steps were kept")
		}
		place, err := k.reader.Episode(head.Episode.ID)
		if err != nil {
			return err
		}
		return f(k, place, head, points, min(t, len(points)-1))
	})
}

func (s *Server) inspectEpisode(r *http.Request) (any, error) {
	id, err := episodeAsked(r, "episode")
	if err != nil {
		return nil, err
	}
	var out InspectEpisode
	err = s.inspected(r.PathValue("key"), id, func(_ *kept, head InspectEpisode, points []point) error {
		out = head
		out.Lanes = lanesOf(points)
		return nil
	})
	if err == nil && out.Title == "" {
		out.Title = s.titleOf(out.Notebook, out.Paper)
	}
	return out, err
}

func (s *Server) inspectSteps(r *http.Request) (any, error) {
	limit, err := count(r, "limit", 60, mostRows)
	if err != nil {
		return nil, err
	}
	var out InspectWindow
	err = s.withStep(r, "around", func(k *kept, place record.Range, _ InspectEpisode, points []point, t int) (err error) {
		from := max(0, min(t-limit/2, len(points)-limit))
		out, err = k.window(place, points, from, limit)
		return err
	})
	return out, err
}

func (s *Server) inspectStep(r *http.Request) (any, error) {
	var out InspectStep
	err := s.withStep(r, "t", func(k *kept, place record.Range, _ InspectEpisode, points []point, t int) (err error) {
		track, err := k.track(place)
		if err != nil {
			return err
		}
		if out, err = k.stepAt(track, place, len(points), t); err != nil {
			return err
		}
		limited(out.Context)
		limited(out.Before)
		return nil
	})
	return out, err
}

func (s *Server) inspectNext(r *http.Request) (any, error) {
	q := r.URL.Query()
	kind, kinds := q.Get("event"), []string{eventAny, eventRead, eventWrite, eventError, eventReward}
	if !slices.Contains(kinds, kind) {
		return nil, lab.Errorf(lab.Invalid, "event is %q, want one of %q", kind, kinds)
	}
	by := map[string]int{"": 1, "1": 1, "-1": -1}[q.Get("by")]
	if by == 0 {
		return nil, lab.Errorf(lab.Invalid, "by is %q, want 1 or -1", q.Get("by"))
	}
	out := InspectNext{T: -1}
	err := s.withStep(r, "t", func(_ *kept, _ record.Range, _ InspectEpisode, points []point, t int) error {
		out.T = nextEvent(points, t, by, kind)
		return nil
	})
	return out, err
}

func (s *Server) inspectSearch(r *http.Request) (any, error) {
	query, err := plainQuery(r.URL.Query().Get("q"))
	if err != nil {
		return nil, err
	}
	limit, err := count(r, "limit", 60, mostFound)
	if err != nil {
		return nil, err
	}
	from, err := count(r, "from", 0, farthest)
	if err != nil {
		return nil, err
	}
	var place record.Range
	var at record.Position
	err = s.withStep(r, "t", func(k *kept, in record.Range, _ InspectEpisode, _ []point, _ int) error {
		place = in
		f, err := k.reader.At(in.First)
		at = f.At
		return err
	})
	if err != nil {
		return nil, err
	}
	path, err := s.cfg.Owner.Record(r.PathValue("key"))
	if err != nil {
		return nil, err
	}
	return searchEpisode(r.Context(), path, place, at, query, from, limit)
}

func (s *Server) inspectAlign(r *http.Request) (any, error) {
	id, err := episodeAsked(r, "episode")
	if err != nil {
		return nil, err
	}
	other, err := episodeAsked(r, "other-episode")
	if err != nil {
		return nil, err
	}
	a, err := s.sideOf(r.PathValue("key"), id)
	if err != nil {
		return nil, err
	}
	key := r.URL.Query().Get("other")
	if key == "" {
		key = a.head.Key
	}
	b, err := s.sideOf(key, other)
	if err != nil {
		return nil, err
	}
	if b.head.Title == "" {
		b.head.Title = s.titleOf(b.head.Notebook, b.head.Paper)
	}
	return align(a, b), nil
}

func (s *Server) inspectEpisodes(r *http.Request) (any, error) {
	q := r.URL.Query()
	c := choice{split: q.Get("split"), outcome: q.Get("outcome"), order: q.Get("order"), all: q.Get("all") == "1"}
	if !slices.Contains(outcomes(), c.outcome) {
		return nil, lab.Errorf(lab.Invalid, "outcome is %q, want one of %q", c.outcome, outcomes())
	}
	if !slices.Contains(orders(), c.order) {
		return nil, lab.Errorf(lab.Invalid, "order is %q, want one of %q", c.order, orders())
	}
	var err error
	if text := q.Get("seed"); text != "" {
		if c.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			return nil, lab.Errorf(lab.Invalid, "seed is %q, want a whole number", text)
		}
	}
	if c.limit, err = count(r, "limit", 60, mostEpisodes); err != nil {
		return nil, err
	}
	if c.offset, err = count(r, "offset", 0, 1<<30); err != nil {
		return nil, err
	}
	var out InspectList
	err = s.records.with(r.PathValue("key"), func(k *kept) error {
		all, err := k.summarised()
		if err != nil {
			return err
		}
		out = c.list(all)
		return nil
	})
	return out, err
}
