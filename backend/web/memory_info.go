package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
)

// patience is how long a page waits for the first reading of a record before it is told how far that is.
const patience = 900 * time.Millisecond

// Most of a list that one answer holds.
const (
	mostMarks = 1200
	mostFlaws = 20
)

// memoryInfo answers what the banks of a run are.
func (s *Server) memoryInfo(r *http.Request) (any, error) {
	key := r.PathValue("key")
	begun := s.pasts.begin(key) // it takes longest, and its head is read meanwhile
	info, start, err := s.memoryHead(r.Context(), key)
	if err != nil {
		return nil, err
	}
	if info.Reading, err = begun(r.Context(), patience); err == nil && info.Reading < 1 {
		return info, nil // the page asks again
	}
	err = s.pasts.with(key, func(p *past) error {
		info.add(p.run)
		return nil
	})
	if err != nil && lab.CodeOf(err) != lab.NotFound {
		return nil, err
	}
	if info.Moments == 0 {
		info.First = s.firstWrite(r.Context(), key, start)
	}
	return info, nil
}

// memoryHead says which run it is; a run that waits for its turn has a head, too.
func (s *Server) memoryHead(ctx context.Context, key string) (info MemoryInfo, start lab.Start, err error) {
	info = MemoryInfo{Key: key, Banks: []MemoryBank{}, Marks: []MemoryMark{}, Flaws: []MemoryFlaw{}}
	err = s.records.with(key, func(k *kept) error {
		row := s.runRow(k)
		start, info.State = k.start, row.State
		return nil
	})
	if lab.CodeOf(err) == lab.NotFound {
		var d any
		if d, err = s.waiting(ctx, key, err); err == nil {
			detail := d.(RunDetail)
			start = lab.Start{Setup: detail.Setup, Arm: detail.Row.Arm, Case: detail.Row.Case, Seed: detail.Row.Seed, Notebook: detail.Notebook}
			info.State = detail.Row.State
		}
	}
	if err != nil {
		return info, start, err
	}
	info.Arm, info.Case, info.Seed = start.Arm, start.Case, start.Seed
	info.Title, info.Kind = s.titleOf(start.Notebook, start.Setup.Paper), start.Setup.Kind("memory")
	info.Form = formOf(start.Setup)
	return info, start, nil
}

// formOf says what the memory of a set-up is: the chosen kind's own words, else the form on the paper's card.
func formOf(setup lab.Setup) string {
	paper, err := catalog.Find(setup.Paper)
	if err != nil {
		return ""
	}
	for _, name := range []string{"memory", "agent"} {
		for _, section := range paper.Sections {
			for _, kind := range section.Kinds {
				if section.Name == name && kind.Name == setup.Kind(name) {
					return kind.Doc
				}
			}
		}
	}
	if paper.Card.Form == "" {
		return ""
	}
	return "The memory of " + paper.Card.Short + " is " + paper.Card.Form + "."
}

func (i *MemoryInfo) add(h *history.Run) {
	i.Moments, i.Episodes, i.States, i.FlawsAll = h.Moments(), len(h.Episodes()), len(h.States()), len(h.Flaws())
	for _, b := range h.Banks() {
		entries, tokens := b.Size(h.Moments())
		i.Banks = append(i.Banks, MemoryBank{Name: b.Name, Events: b.Events(), Entries: entries, Tokens: tokens, Numbers: slices.Concat([]string{}, b.Numbers()), Main: b.Main()})
	}
	slices.SortStableFunc(i.Banks, func(a, b MemoryBank) int { return cmp.Compare(b.Events, a.Events) })
	for _, m := range h.Marks(mostMarks) {
		i.Marks = append(i.Marks, MemoryMark{Episode: m.Episode, From: m.From, To: m.To})
	}
	for _, f := range h.Flaws()[:min(mostFlaws, len(h.Flaws()))] {
		i.Flaws = append(i.Flaws, MemoryFlaw{Moment: f.Moment, Bank: f.Bank, Entry: f.Entry, Op: string(f.Op), Episode: f.Episode, Step: f.T, Text: f.Text})
	}
}

// firstWrite says where the last other run of the notebook wrote first, so that whoever waits knows for how long.
func (s *Server) firstWrite(ctx context.Context, key string, start lab.Start) string {
	const tries = 6
	rows, _, err := s.stored(ctx, start.Notebook, tries, 0)
	if err != nil {
		return ""
	}
	for _, row := range rows {
		text := ""
		if row.Key == key || row.Arm != start.Arm || row.Case != start.Case {
			continue
		}
		_ = s.pasts.with(row.Key, func(p *past) error { // a run without a record has no first write
			if bank, err := p.run.Bank(""); err == nil {
				if at, ok := bank.Bounds(); ok {
					text = fmt.Sprintf("first write at episode %d, step %d in the last run", at.Episode, at.T)
				}
			}
			return nil
		})
		if text != "" {
			return text
		}
	}
	return ""
}
