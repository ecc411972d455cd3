package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/compare"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

// CompareIndex reads runs and their evaluations shortly; store.Store fulfils it.
type CompareIndex interface {
	compare.Source
	Outcomes(ctx context.Context, key string) ([]store.Outcome, error)
}

// compareRoutes lists the addresses of the Compare screen.
func (s *Server) compareRoutes(m *http.ServeMux) {
	m.Handle("GET /api/compare/runs", s.answer(s.compareRuns))
	m.Handle("GET /api/compare", s.answer(s.comparison))
	m.Handle("GET /api/compare/chart", s.answer(s.compareChart))
	m.HandleFunc("GET /api/compare/rows", s.compareRows)
	m.Handle("GET /api/compare/solved", s.answer(s.solved))
	m.Handle("GET /api/compare/without-memory", s.answer(s.withoutMemory))
}

// noRuns is an index for a server without a library.
type noRuns struct{}

func (noRuns) RunMarks(context.Context) ([]store.Mark, error)            { return nil, nil }
func (noRuns) RunBriefs(context.Context, []int64) ([]store.Brief, error) { return nil, nil }
func (noRuns) Outcomes(context.Context, string) ([]store.Outcome, error) { return nil, nil }

// comparing is what the Compare screen asks again and again.
type comparing struct {
	runs  CompareIndex
	index *compare.Index
	cards func() map[string]lab.Card // papers of this build by slug; the catalog makes them anew at every question, for which a list cannot wait
}

func newComparing(runs CompareIndex) comparing {
	if runs == nil {
		runs = noRuns{}
	}
	cards := sync.OnceValue(func() map[string]lab.Card {
		out := map[string]lab.Card{}
		for _, p := range catalog.Papers() {
			out[p.Card.Slug] = p.Card
		}
		return out
	})
	index := compare.NewIndex(runs, func(paper string) string { return cards()[paper].Short + " " + cards()[paper].Title })
	return comparing{runs: runs, index: index, cards: cards}
}

// shortTitle is what people call a paper.
func (s *Server) shortTitle(paper string) string {
	return cmp.Or(s.compared.cards()[paper].Short, paper)
}

// compareRuns answers a page of the run list.
func (s *Server) compareRuns(r *http.Request) (any, error) {
	limit, err := count(r, "limit", 60, mostRuns)
	if err != nil {
		return nil, err
	}
	offset, err := count(r, "offset", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	out := CompareRuns{Fields: compare.Fields(), States: map[string]int{}, Columns: []string{}, Rows: []CompareRow{}, Marked: []CompareMark{}}
	arms, err := s.compared.index.Arms(r.Context(), keysOfList(q.Get("marked")))
	if err != nil && lab.CodeOf(err) != lab.NotFound { // a run that was deleted takes its mark along
		return nil, err
	}
	for _, a := range arms {
		out.Marked = append(out.Marked, CompareMark{Key: a.Key, ArmID: a.ID, Label: a.Label, Seeds: len(a.Runs)})
	}
	page, err := s.compared.index.Find(r.Context(), compare.Query{Filter: q.Get("q"), Sort: q.Get("sort"), Limit: limit, Offset: offset})
	if place, ok := compare.Place(err); ok {
		out.Problem = &FilterProblem{At: place.At, Length: place.Length, Msg: err.Error(), Hint: lab.HintOf(err), Legal: place.Legal}
		if out.Problem.Legal == nil {
			out.Problem.Legal = []string{}
		}
		all, err := s.compared.index.Find(r.Context(), compare.Query{Limit: 1})
		out.Total = all.Total
		return out, err
	}
	if err != nil {
		return nil, err
	}
	out.Total, out.Found, out.Arms, out.States = page.Total, page.Found, page.Arms, page.States
	out.Columns = append(out.Columns, page.Named...)
	live := s.live()
	for _, row := range page.Rows {
		c := s.compareRow(row, page.Named)
		if now, ok := live[row.Key]; ok {
			c.State, c.Done, c.Total, c.Seconds = now.State, now.Done, now.Total, now.Seconds
		}
		out.Rows = append(out.Rows, c)
	}
	return out, nil
}

func (s *Server) compareRow(r *compare.Row, columns []string) CompareRow {
	c := CompareRow{
		Key: r.Key, ArmID: r.ArmID, Paper: r.Paper, Title: s.shortTitle(r.Paper), Arm: r.Arm, Case: r.Case, Seed: strconv.FormatUint(r.Seed, 10), Budget: r.Budget,
		State: string(r.State), Done: r.Done, Total: r.Total, Seconds: finite(r.Seconds), StartMS: millis(r.Started), Error: r.Error,
		Value: lab.Float(math.NaN()), Shown: make([]string, len(columns)),
	}
	for _, m := range s.compared.cards()[r.Paper].Metrics {
		if v, ok := r.Final[m.Name]; ok && m.Better != "" {
			c.Metric, c.Value = m.Name, v
			break
		}
	}
	for i, name := range columns {
		text, n := r.Named(name)
		if text == "" && !math.IsNaN(n) {
			text = strconv.FormatFloat(n, 'g', 4, 64)
		}
		c.Shown[i] = text
	}
	return c
}

// keysOfList takes a list of keys apart.
func keysOfList(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(k string) bool { return k == "" })
}

// nameOf is the key by which the arm of a run is named among arms; "" where it is none of them.
func nameOf(arms []compare.Arm, key string) string {
	for _, a := range arms {
		if a.Holds(key) {
			return a.Key
		}
	}
	return ""
}

// withoutMemory finds the arm without a memory that belongs to an arm.
func (s *Server) withoutMemory(r *http.Request) (any, error) {
	q := r.URL.Query()
	key, err := s.compared.index.WithoutMemory(r.Context(), q.Get("arm"))
	if err != nil {
		return nil, err
	}
	found, err := s.compared.index.Arms(r.Context(), append(keysOfList(q.Get("among")), key))
	if err != nil {
		return nil, err
	}
	return CompareKey{Key: nameOf(found, key)}, nil
}
