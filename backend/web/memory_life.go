package web

import (
	"math"
	"net/http"
	"slices"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
)

// Most of one life that an answer holds: the newest of it.
const (
	mostTurns     = 120
	mostRelatives = 60
	mostUses      = 120
)

// memoryLife answers one entry with all that happened to it.
func (s *Server) memoryLife(r *http.Request) (any, error) {
	var out MemoryLife
	err := s.look(r, func(l looking) error {
		at, stands, err := l.bank.Find(r.URL.Query().Get("entry"), l.at)
		if err != nil {
			return err
		}
		out, err = l.life(at, stands)
		return err
	})
	return out, err
}

func (l looking) life(at history.Standing, stands bool) (MemoryLife, error) {
	out := MemoryLife{Bank: l.bank.Name, Stands: stands, Entry: l.bank.Plain(at), Row: l.row(at, nil), Turns: []MemoryTurn{}, Episodes: []MemoryUse{}}
	out.ID = out.Entry.ID
	out.Life, out.Lives = l.bank.Lives(at)
	turns := l.bank.Life(at)
	out.Left = max(len(turns)-mostTurns, 0)
	used := map[int64]bool{}
	for _, t := range turns {
		used[t.Episode] = used[t.Episode] || t.Used
	}
	for _, t := range turns[out.Left:] {
		one, err := l.turn(out.ID, t, used[t.Episode])
		if err != nil {
			return out, err
		}
		out.Turns = append(out.Turns, one)
	}
	parents, children, absorbed := l.bank.Family(at, l.at)
	out.Parents, out.Children, out.Absorbed = l.rows(parents), l.rows(children), l.rows(absorbed)
	if into, ok := l.bank.Into(at); ok && !stands {
		row := l.row(into, nil)
		out.Into = &row
	}
	uses := l.bank.Uses(at, math.MaxInt32)
	for _, u := range uses[max(len(uses)-mostUses, 0):] {
		use := MemoryUse{Episode: u.Episode, Reads: u.Reads, Prompts: u.Prompts}
		if e, ok := l.run.Ended(u.Episode); ok {
			use.Ended, use.Success, use.Return = true, e.Success, e.Return
		}
		out.Episodes = append(out.Episodes, use)
	}
	return out, nil
}

func (l looking) rows(all []history.Standing) []MemoryRow {
	rows := []MemoryRow{}
	for _, s := range all[:min(len(all), mostRelatives)] {
		rows = append(rows, l.row(s, nil))
	}
	return rows
}

// turn is an event of a life with what the record says of it. used tells whether the episode used the entry: what came of the episode is then
// to its credit or not.
func (l looking) turn(id string, t history.Turn, used bool) (MemoryTurn, error) {
	ev, err := l.event(t.Seq)
	if err != nil {
		return MemoryTurn{}, err
	}
	out := MemoryTurn{Moment: t.Moment, Op: string(t.Op), Episode: t.Episode, Step: t.T, Reason: ev.Reason, Query: ev.Query, Rank: t.Rank, Used: t.Used, Score: lab.Float(math.NaN()),
		Sources: ev.Sources}
	if t.Op == lab.OpRead && t.Used || t.Op == lab.OpChange && used {
		out.Came = map[int]string{1: "helped", -1: "misled"}[t.Came]
	}
	if t.Op == lab.OpRead {
		if i := slices.IndexFunc(ev.Hits, func(h lab.Hit) bool { return h.Entry == id }); i >= 0 {
			out.Score, out.Parts, out.Why = ev.Hits[i].Score, ev.Hits[i].Parts, ev.Hits[i].Why
		}
		return out, nil
	}
	if ev.Before != nil {
		out.Before = ev.Before.Numbers
	}
	if ev.After != nil {
		out.After = ev.After.Numbers
		if ev.Before == nil || ev.Before.Text != ev.After.Text {
			out.Text, _ = cutText(ev.After.Text, mostText)
		}
	}
	return out, nil
}

// memoryAsk answers what would be read at a moment, and why.
func (s *Server) memoryAsk(r *http.Request) (any, error) {
	var setup lab.Setup
	err := s.records.with(r.PathValue("key"), func(k *kept) error {
		setup = k.start.Setup
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out MemoryAnswer
	err = s.look(r, func(l looking) error {
		text, entries, at := r.URL.Query().Get("text"), []lab.Entry{}, map[string]history.Standing{}
		standing := l.bank.At(l.at)
		for _, one := range standing {
			e := l.bank.Plain(one)
			if len(standing) <= catalog.MostAsked {
				e = l.bank.Entry(one)
			}
			entries = append(entries, e)
			at[e.ID] = one
		}
		asked, err := catalog.Ask(r.Context(), setup, l.bank.Name, entries, text)
		if err != nil {
			return err
		}
		out = MemoryAnswer{Text: text, By: asked.By, Note: asked.Note, Own: asked.Own, Hits: slices.Concat([]lab.Hit{}, asked.Hits), Rows: []MemoryRow{}}
		for _, h := range asked.Hits {
			out.Rows = append(out.Rows, l.row(at[h.Entry], nil))
		}
		return nil
	})
	return out, err
}
