package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/settings"
	"github.com/loci-lab/loci/backend/store"
)

// Bin keeps deleted runs; sched.Owner and store.Store fulfil its halves.
type Bin interface {
	Bin(ctx context.Context, key string) error
	Restore(ctx context.Context, key string) error
	// EmptyBin removes what was deleted before that time, all for the zero time.
	EmptyBin(ctx context.Context, before time.Time) (int, error)
	FindBin(ctx context.Context, before time.Time, limit, offset int) ([]store.Binned, int, error)
}

// binWord is what a person types before the bin is emptied.
const binWord = "empty"

func (s *Server) theBin() (Bin, error) {
	if s.cfg.Bin == nil {
		return nil, lab.Errorf(lab.Unavailable, "this server deletes nothing").WithHint("open Loci with `loci open`")
	}
	return s.cfg.Bin, nil
}

// binDays is how long a deleted run waits.
func (s *Server) binDays() int { return int(s.cfg.Settings.Number(settings.BinDays)) }

func (s *Server) bin(r *http.Request) (any, error) {
	limit, err := count(r, "limit", 60, mostRuns)
	if err != nil {
		return nil, err
	}
	offset, err := count(r, "offset", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	return s.binPage(r.Context(), limit, offset)
}

func (s *Server) binPage(ctx context.Context, limit, offset int) (any, error) {
	bin, err := s.theBin()
	if err != nil {
		return nil, err
	}
	found, total, err := bin.FindBin(ctx, time.Time{}, limit, offset)
	if err != nil {
		return nil, err
	}
	page := BinPage{Total: total, Days: s.binDays(), Runs: []BinRow{}}
	for _, b := range found {
		page.Runs = append(page.Runs, BinRow{RunRow: storedRows([]store.Run{b.Run})[0], Paper: b.Run.Paper, SinceMS: millis(b.Since),
			GoneMS: millis(b.Since.AddDate(0, 0, page.Days))})
	}
	return page, nil
}

func (s *Server) deleteRun(r *http.Request) (any, error) {
	return s.moveRun(r, func(bin Bin, key string) error { return bin.Bin(r.Context(), key) })
}

func (s *Server) restoreRun(r *http.Request) (any, error) {
	return s.moveRun(r, func(bin Bin, key string) error { return bin.Restore(r.Context(), key) })
}

func (s *Server) moveRun(r *http.Request, move func(Bin, string) error) (any, error) {
	bin, err := s.theBin()
	if err != nil {
		return nil, err
	}
	if err := move(bin, r.PathValue("key")); err != nil {
		return nil, err
	}
	s.forgetPlans()
	return s.binPage(r.Context(), 60, 0)
}

// forgetPlans makes every plan and judged card be found again: runs came or went.
func (s *Server) forgetPlans() {
	s.plans.mu.Lock()
	clear(s.plans.kept)
	clear(s.plans.older)
	s.plans.mu.Unlock()
	s.cards.Lock()
	clear(s.judged)
	s.cards.Unlock()
	s.feeds.stir()
}

func (s *Server) emptyBin(r *http.Request) (any, error) {
	bin, err := s.theBin()
	if err != nil {
		return nil, err
	}
	var w BinWord
	if err := decode(r, &w); err != nil {
		return nil, err
	}
	if w.Word != binWord {
		return nil, lab.Errorf(lab.Invalid, "the word is %.40q, want %q", w.Word, binWord).WithHint("type %s to remove the records of the deleted runs for good", binWord)
	}
	if _, err := bin.EmptyBin(r.Context(), time.Time{}); err != nil {
		return nil, err
	}
	s.forgetPlans()
	return s.binPage(r.Context(), 60, 0)
}

// mostFoundRuns is how many runs the search everywhere shows.
const mostFoundRuns = 8

func (s *Server) find(r *http.Request) (any, error) {
	runs, total, err := s.cfg.Library.FindRuns(r.Context(), store.RunFilter{Words: strings.Fields(r.URL.Query().Get("q")), Limit: mostFoundRuns})
	if err != nil {
		return nil, err
	}
	found := Found{Runs: []FoundRun{}, Total: total}
	for i, row := range storedRows(runs) {
		found.Runs = append(found.Runs, FoundRun{RunRow: row, Paper: runs[i].Paper, Notebook: runs[i].Notebook})
	}
	found.Memory = s.findInMemory(r)
	return found, nil
}

// findInMemory asks the memory of the open run; a run without one, and words that are no filter of it, find nothing.
func (s *Server) findInMemory(r *http.Request) *MemoryPage {
	key := r.URL.Query().Get("run")
	if key == "" {
		return nil
	}
	asked := r.Clone(r.Context())
	asked.URL.RawQuery = url.Values{"q": {r.URL.Query().Get("q")}, "limit": {"5"}}.Encode()
	asked.SetPathValue("key", key)
	answer, err := s.memoryPage(asked)
	if page, ok := answer.(MemoryPage); ok && err == nil {
		return &page
	}
	return nil
}
