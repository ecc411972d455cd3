package web

import (
	"net/http"
	"strconv"

	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
)

// memoryRoutes lists the addresses of the Memory screen.
func (s *Server) memoryRoutes(m *http.ServeMux) {
	m.Handle("GET /api/run/{key}/memory", s.answer(s.memoryInfo))
	m.Handle("GET /api/run/{key}/memory/page", s.answer(s.memoryPage))
	m.Handle("GET /api/run/{key}/memory/life", s.answer(s.memoryLife))
	m.Handle("GET /api/run/{key}/memory/ask", s.answer(s.memoryAsk))
	m.Handle("GET /api/run/{key}/memory/graph", s.answer(s.memoryGraph))
	m.Handle("GET /api/run/{key}/memory/map", s.answer(s.memoryMap))
	m.Handle("GET /api/run/{key}/memory/moment", s.answer(s.memoryMoment))
	m.Handle("GET /api/run/{key}/memory/weights", s.answer(s.memoryWeights))
	m.Handle("GET /api/run/{key}/memory/chart", s.answer(s.memoryChart))
}

// looking is a bank at a moment as an address names it.
type looking struct {
	*past
	bank   *history.Bank
	at     int
	filter history.Filter
}

// look reads run, bank, moment and filter from an address, and calls f with them.
func (s *Server) look(r *http.Request, f func(l looking) error) error {
	q := r.URL.Query()
	return s.pasts.with(r.PathValue("key"), func(p *past) error {
		bank, err := p.run.Bank(q.Get("bank"))
		if err != nil {
			return err
		}
		at, err := momentOf(q.Get("at"), p.run.Moments())
		if err != nil {
			return err
		}
		l := looking{past: p, bank: bank, at: at}
		if l.filter, err = bank.Parse(q.Get("q")); err != nil {
			return err
		}
		return f(l)
	})
}

// momentOf reads a moment; what is left out, -1 or beyond the newest is the newest.
func momentOf(text string, newest int) (int, error) {
	if text == "" || text == "-1" {
		return newest, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, lab.Errorf(lab.Invalid, "moment is %q, want a whole number from 0 to %d, or -1 for the newest", text, newest)
	}
	return min(n, newest), nil
}

func (p *past) place(moment int) MemoryPlace { return placeOf(p.run.Place(moment)) }

func placeOf(p history.Place) MemoryPlace {
	return MemoryPlace{Moment: p.Moment, Episode: p.Episode, Step: p.T}
}

// memoryMoment finds the moment of a step, or the one an episode further on.
func (s *Server) memoryMoment(r *http.Request) (any, error) {
	q := r.URL.Query()
	var out MemoryPlace
	err := s.pasts.with(r.PathValue("key"), func(p *past) error {
		if by := q.Get("by"); by == "1" || by == "-1" {
			at, err := momentOf(q.Get("at"), p.run.Moments())
			if err != nil {
				return err
			}
			out = p.place(p.run.Neighbour(at, map[string]int{"1": 1, "-1": -1}[by]))
			return nil
		}
		episode, err := strconv.ParseInt(q.Get("episode"), 10, 64)
		if err != nil {
			return lab.Errorf(lab.Invalid, "episode is %q, want a whole number", q.Get("episode"))
		}
		step := -1
		if text := q.Get("step"); text != "" {
			if step, err = strconv.Atoi(text); err != nil {
				return lab.Errorf(lab.Invalid, "step is %q, want a whole number", text)
			}
		}
		out = p.place(p.run.Moment(episode, step))
		return nil
	})
	return out, err
}
