package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/compare"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

// The cells of Solved.
const (
	cellBoth = "both"
	cellA    = "a"
	cellB    = "b"
	cellNone = "none"
)

// solved answers which worlds two arms solved.
func (s *Server) solved(r *http.Request) (any, error) {
	limit, err := count(r, "limit", 60, mostEpisodes)
	if err != nil {
		return nil, err
	}
	offset, err := count(r, "offset", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	cell := q.Get("cell")
	if legal := []string{"", cellBoth, cellA, cellB, cellNone}; !slices.Contains(legal, cell) {
		return nil, lab.Errorf(lab.Invalid, "cell is %q, want one of %q", cell, legal[1:])
	}
	arms, err := s.compared.index.Arms(r.Context(), []string{q.Get("a"), q.Get("b")})
	if err != nil {
		return nil, err
	}
	if len(arms) < 2 {
		return nil, lab.Errorf(lab.Invalid, "both runs are of the arm %q", arms[0].Label).WithHint("choose another arm to set against it")
	}
	out := Solved{A: arms[0].Label, B: arms[1].Label, Obstacles: compare.Obstacles(arms[0], arms[1], ""), Splits: []string{}, Episodes: []SolvedEpisode{},
		Note: "The last evaluation of each world is counted, for runs of the same seed. Episodes of one seed are not independent, so the counts have no p-value."}
	if len(out.Obstacles) > 0 {
		out.Sentence = arms[1].Label + " cannot be set against " + arms[0].Label + "."
		return out, nil
	}
	all, err := s.outcomes(r.Context(), arms[0], arms[1], &out)
	if err != nil {
		return nil, err
	}
	out.take(all, cell, offset, limit)
	return out, nil
}

// outcomes joins the evaluations of both arms by run seed, split and world.
func (s *Server) outcomes(ctx context.Context, a, b compare.Arm, out *Solved) ([]SolvedEpisode, error) {
	type world struct {
		split string
		seed  uint64
	}
	var all []SolvedEpisode
	for _, ra := range a.Runs {
		i := slices.IndexFunc(b.Runs, func(r *compare.Row) bool { return r.Seed == ra.Seed })
		if i < 0 {
			continue
		}
		rb := b.Runs[i]
		mine, err := s.compared.runs.Outcomes(ctx, ra.Key)
		if err != nil {
			return nil, err
		}
		theirs, err := s.compared.runs.Outcomes(ctx, rb.Key)
		if err != nil {
			return nil, err
		}
		out.Runs++
		by := map[world]store.Outcome{}
		for _, o := range theirs {
			by[world{o.Split, o.Seed}] = o
		}
		for _, x := range mine {
			y, ok := by[world{x.Split, x.Seed}]
			if !ok {
				continue
			}
			if !slices.Contains(out.Splits, x.Split) {
				out.Splits = append(out.Splits, x.Split)
			}
			all = append(all, SolvedEpisode{Cell: solvedBy(x.Success, y.Success), Split: x.Split, World: strconv.FormatUint(x.Seed, 10),
				Seed: strconv.FormatUint(ra.Seed, 10), AKey: ra.Key, AEpisode: x.ID, BKey: rb.Key, BEpisode: y.ID, Steps: x.Detail && y.Detail})
		}
	}
	return all, nil
}

func solvedBy(a, b bool) string {
	switch {
	case a && b:
		return cellBoth
	case a:
		return cellA
	case b:
		return cellB
	}
	return cellNone
}

// take counts all episodes and keeps a page of those in the cell, "" for all.
func (o *Solved) take(all []SolvedEpisode, cell string, offset, limit int) {
	chosen := []SolvedEpisode{}
	for _, e := range all {
		switch e.Cell {
		case cellBoth:
			o.Both++
		case cellA:
			o.OnlyA++
		case cellB:
			o.OnlyB++
		default:
			o.None++
		}
		if cell == "" || e.Cell == cell {
			chosen = append(chosen, e)
		}
	}
	slices.SortStableFunc(chosen, func(x, y SolvedEpisode) int {
		order := func(e SolvedEpisode) int {
			if e.Steps {
				return 0
			}
			return 1
		}
		return cmp.Compare(order(x), order(y))
	})
	from := min(offset, len(chosen))
	o.Total, o.Episodes = len(chosen), chosen[from:min(from+limit, len(chosen))]
	if len(all) == 0 {
		o.Sentence = fmt.Sprintf("%s and %s have no evaluation in common.", o.A, o.B)
		return
	}
	o.Sentence = fmt.Sprintf("Of %d episodes (%s) over %d runs a side, both solve %d, only %s %d, only %s %d, none %d.",
		len(all), strings.Join(o.Splits, ", "), o.Runs, o.Both, o.A, o.OnlyA, o.B, o.OnlyB, o.None)
}
