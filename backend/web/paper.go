package web

import (
	"errors"
	"net/http"
	"os"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
)

// Shelf finds runs that ship whole.
type Shelf interface {
	// RecordedRuns lists those of a shipped notebook; their Episode is not filled in.
	RecordedRuns(path string) []RecordedRun
	// Record returns the file of a shipped run's record; false where none of that key ships.
	Record(key string) (file string, ok bool, err error)
}

// shelved finds records of this computer first, and those that ship behind them.
type shelved struct {
	owner interface {
		Record(key string) (string, error)
	}
	shelf Shelf
}

func (s shelved) Record(key string) (string, error) {
	file, err := s.owner.Record(key)
	if s.shelf == nil {
		return file, err
	}
	if err == nil {
		if _, gone := os.Stat(file); !errors.Is(gone, os.ErrNotExist) {
			return file, nil
		}
	}
	if shipped, ok, broken := s.shelf.Record(key); ok {
		return shipped, broken
	}
	return file, err
}

// paperRoutes lists the addresses of how a paper works.
func (s *Server) paperRoutes(m *http.ServeMux) {
	m.Handle("GET /api/paper/{slug}/mechanism", s.answer(s.mechanism))
}

func (s *Server) mechanism(r *http.Request) (any, error) {
	p, err := catalog.Find(r.PathValue("slug"))
	if err != nil {
		return nil, err
	}
	if s.cfg.Sources == nil {
		return nil, lab.Errorf(lab.NotFound, "this build carries no sources of %s", p.Card.Slug).WithHint("read the card and the notebook")
	}
	m, err := p.Mechanism(s.cfg.Sources)
	if err != nil {
		return nil, err
	}
	out := PaperMechanism{Slug: p.Card.Slug, Title: p.Card.Title, Sheet: m.Sheet, Parts: []MechanismPart{}, Runs: s.shown(shippedPath(p.Card))}
	for _, part := range m.Parts {
		to := MechanismPart{Section: part.Section, Source: part.Source, Equation: part.Equation, Says: part.Says, Beats: part.Beats, Code: []SourceText{}}
		for _, c := range part.Texts {
			to.Code = append(to.Code, SourceText{File: c.File, Symbol: c.Symbol, Line: c.Line, Pieces: pieces(c)})
		}
		out.Parts = append(out.Parts, to)
	}
	return out, nil
}

// pieces cuts a source where its kind changes.
func pieces(c catalog.Code) (all []SourcePiece) {
	at := 0
	for _, m := range c.Marks {
		if m.From > at {
			all = append(all, SourcePiece{Text: c.Text[at:m.From]})
		}
		all = append(all, SourcePiece{Kind: m.Kind, Text: c.Text[m.From:m.To]})
		at = m.To
	}
	return append(all, SourcePiece{Text: c.Text[at:]})
}

// shown lists the shipped runs of a notebook with the episode that shows most of each.
func (s *Server) shown(notebook string) []RecordedRun {
	runs := []RecordedRun{}
	if s.cfg.Shelf == nil {
		return runs
	}
	for _, run := range s.cfg.Shelf.RecordedRuns(notebook) {
		run.Episode = -1
		err := s.records.with(run.Key, func(k *kept) (err error) {
			run.Episode, err = k.telling()
			return err
		})
		if err != nil {
			s.cfg.Log.Warn("a recorded run cannot be read", "run", run.Key, "error", cause(err))
			continue
		}
		runs = append(runs, run)
	}
	return runs
}

// telling is the kept episode with the most different kinds of events, the last of those; -1 where none was kept.
func (k *kept) telling() (int64, error) {
	best, most := int64(-1), 0
	for _, seq := range k.episodes {
		e, err := k.at(seq)
		if err != nil {
			return -1, err
		}
		if !e.Detail {
			continue
		}
		d, err := k.episode(e.ID, 0, mostSteps)
		if err != nil {
			return -1, err
		}
		seen := map[lab.MemoryOp]bool{}
		for _, m := range d.Memory {
			seen[m.Op] = true
		}
		if n := len(seen) + 1; n >= most {
			best, most = e.ID, n
		}
	}
	return best, nil
}
