package web

import (
	"cmp"
	"context"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"sync"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/compare"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/store"
)

// Recorded finds the results that ship with a notebook.
type Recorded interface {
	// Recorded returns verdicts and table that were made at a budget with the shipped notebook of that path; false where none ship.
	Recorded(path, budget string) (Results, bool)
	// Curves returns the metric values behind them.
	Curves(path, budget string) (stats.Source, bool)
}

func (s *Server) library(r *http.Request) (any, error) {
	lib := Library{Papers: s.papers(r.Context()), Own: s.notebooks.own()}
	return lib, nil
}

// papers makes the cards side by side: each may have to read results or judge claims.
func (s *Server) papers(ctx context.Context) []LibraryPaper {
	all := catalog.Papers()
	cards := make([]LibraryPaper, len(all))
	var work sync.WaitGroup
	for i, p := range all {
		work.Go(func() { cards[i] = s.paper(ctx, p.Card) })
	}
	work.Wait()
	return cards
}

// Warm reads what the first pages will ask for, so that they do not wait: the cards, and the list of runs.
func (s *Server) Warm() {
	s.papers(s.life)
	if _, err := s.compared.index.Find(s.life, compare.Query{Limit: 1}); err != nil {
		s.cfg.Log.Warn("the list of runs cannot be read ahead", "error", cause(err))
	}
}

// paper is one card, with what its claims came to here, or where its results were recorded.
func (s *Server) paper(ctx context.Context, card lab.Card) LibraryPaper {
	p := LibraryPaper{Card: card, Path: shippedPath(card), Verdicts: map[string]int{}}
	if s.cfg.Shipped == nil {
		return p
	}
	if _, err := fs.Stat(s.cfg.Shipped, path.Base(p.Path)); err != nil {
		return p
	}
	p.Works = true
	if s.cfg.Recorded != nil {
		if r, ok := s.cfg.Recorded.Recorded(p.Path, "laptop"); ok {
			p.Card.Minutes = r.Minutes
		}
	}
	c, err := s.verdictsOf(ctx, p.Path, card.Slug)
	if err != nil {
		s.cfg.Log.Warn("verdicts of a card cannot be read", "notebook", p.Path, "error", cause(err))
		return p
	}
	p.Recorded = c.recorded
	for _, v := range c.verdicts {
		p.Verdicts[v.Verdict]++
	}
	return p
}

// cardVerdicts is what a card says of its claims, and the state of the library for which it says so.
type cardVerdicts struct {
	total, done int
	text        string // hash of the notebook
	recorded    string
	verdicts    []stats.Verdict
}

// verdictsOf judges the claims of a card's notebook. Planning and judging read every run, so that a Library of many papers would come
// late: without any run of the paper what was recorded stands, and otherwise the judgement is kept until runs are added or end.
func (s *Server) verdictsOf(ctx context.Context, at, paper string) (cardVerdicts, error) {
	doc, err := s.notebooks.document(at)
	if err != nil {
		return cardVerdicts{}, err
	}
	now := cardVerdicts{text: doc.Hash()}
	if s.cfg.Recorded != nil {
		res, _ := s.cfg.Recorded.Recorded(at, doc.Run().Budget)
		now.recorded, now.verdicts = res.Recorded, res.Verdicts
	}
	if _, now.total, err = s.cfg.Library.FindRuns(ctx, store.RunFilter{Paper: paper, Limit: 1}); err != nil || now.total == 0 {
		return now, err
	}
	if _, now.done, err = s.cfg.Library.FindRuns(ctx, store.RunFilter{Paper: paper, States: []store.State{store.Done}, Limit: 1}); err != nil {
		return now, err
	}
	s.cards.Lock()
	had, ok := s.judged[at]
	s.cards.Unlock()
	if ok && had.total == now.total && had.done == now.done && had.text == now.text {
		return had, nil
	}
	plan, err := s.known(ctx, at, "")
	if err == nil && !untouched(plan) {
		now.verdicts, err = s.cfg.Owner.Verdicts(ctx, plan)
	}
	if err == nil {
		s.cards.Lock()
		s.judged[at] = now
		s.cards.Unlock()
	}
	return now, err
}

func (s *Server) results(r *http.Request) (any, error) {
	q := r.URL.Query()
	b, err := budget(q.Get("budget"))
	if err != nil {
		return nil, err
	}
	return s.resultsOf(r.Context(), q.Get("path"), b)
}

// resultsOf judges the claims from what was run here; where nothing was run yet, it shows what was recorded.
func (s *Server) resultsOf(ctx context.Context, path, budget string) (Results, error) {
	plan, err := s.known(ctx, path, budget)
	if err != nil {
		return Results{}, err
	}
	if from, ok := s.recordedFor(ctx, path, plan); ok {
		if rec, ok := s.cfg.Recorded.Recorded(from, plan.Budget); ok {
			return tidy(rec), nil
		}
	}
	verdicts, err := s.cfg.Owner.Verdicts(ctx, plan)
	if err != nil {
		return Results{}, err
	}
	rows, err := s.cfg.Owner.Table(ctx, plan)
	if err != nil {
		return Results{}, err
	}
	res := Results{Verdicts: verdicts, Table: Table{rows.Columns, rows.Rows}, Budget: plan.Budget, Early: early(plan)}
	res.Moved = s.movedBounds(ctx, path, plan.Doc)
	return tidy(res), nil
}

// tidy puts empty lists where there are none, so that the pages need not ask.
func tidy(r Results) Results {
	if r.Verdicts == nil {
		r.Verdicts = []stats.Verdict{}
	}
	if r.Moved == nil {
		r.Moved = []MovedBound{}
	}
	r.Table = r.Table.tidy()
	return r
}

func (t Table) tidy() Table {
	if t.Columns == nil {
		t.Columns = []string{}
	}
	if t.Rows == nil {
		t.Rows = [][]string{}
	}
	return t
}

// recordedFor returns the shipped notebook whose recorded results stand for a plan: nothing of the plan was begun here, and it asks for
// the very runs of the shipped one, whatever was changed in the prose.
func (s *Server) recordedFor(ctx context.Context, path string, plan sched.Plan) (from string, ok bool) {
	if s.cfg.Recorded == nil || s.cfg.Shipped == nil || len(plan.Runs) == 0 || !untouched(plan) {
		return "", false
	}
	p, err := catalog.Find(plan.Runs[0].Setup.Paper)
	if err != nil {
		return "", false
	}
	if from = shippedPath(p.Card); from == path {
		return from, true
	}
	original, err := s.known(ctx, from, plan.Budget)
	return from, err == nil && slices.EqualFunc(original.Runs, plan.Runs, func(a, b sched.RunInfo) bool { return a.Key == b.Key })
}

func shippedPath(card lab.Card) string {
	return shippedFolder + "/" + path.Base(cmp.Or(card.Notebook, card.Slug+suffix))
}

// untouched tells whether no run of the plan was ever begun here.
func untouched(p sched.Plan) bool {
	for _, r := range p.Runs {
		if r.State != "" && r.State != sched.Queued {
			return false
		}
	}
	return true
}

// early tells whether runs of the plan still go on.
func early(p sched.Plan) bool {
	for _, r := range p.Runs {
		if r.State == sched.Running || r.State == sched.Queued || r.State == sched.Paused {
			return true
		}
	}
	return false
}
