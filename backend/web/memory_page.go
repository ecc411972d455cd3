package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
)

// Limits of one page of a bank.
const (
	mostEntries  = 60
	mostText     = 240  // characters of a row
	groupsFrom   = 2000 // entries from which on a bank is shown in groups as well
	newestToShow = 60
)

// memoryPage answers a part of a bank at a moment: the counts always, at most 60 rows.
func (s *Server) memoryPage(r *http.Request) (any, error) {
	limit, err := count(r, "limit", newestToShow, mostEntries)
	if err != nil {
		return nil, err
	}
	offset, err := count(r, "offset", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	var page MemoryPage
	err = s.look(r, func(l looking) error {
		against := -1
		if text := q.Get("against"); text != "" && text != "-1" {
			if against, err = momentOf(text, l.run.Moments()); err != nil {
				return err
			}
		}
		page, err = l.page(against, q.Get("sort"), q.Get("group"), offset, limit)
		return err
	})
	return page, err
}

func (l looking) page(against int, sort, group string, offset, limit int) (MemoryPage, error) {
	var d *history.Difference
	if against >= 0 {
		one := l.bank.Difference(against, l.at)
		d, l.at = &one, one.To // the table stands at the later of the two
	}
	standing := l.bank.At(l.at)
	page := MemoryPage{Bank: l.bank.Name, Place: l.place(l.at), Entries: len(standing), Offset: offset, Rows: []MemoryRow{}, Groups: []MemoryGroup{}}
	_, page.Tokens = l.bank.Size(l.at)
	all := standing
	if d != nil {
		all = append(all, d.Gone...)
		early := l.place(d.From)
		page.Against = &early
		page.Difference = &MemoryDifference{Written: d.Written, Changed: d.Changed, Merged: d.Merged, Deleted: d.Deleted, Absorbed: d.Absorbed}
	}
	page.Total = len(all)
	all = slices.DeleteFunc(all, func(s history.Standing) bool { return !l.bank.Match(&l.filter, s, l.at, d) })
	page.Match, page.Never = len(all), l.bank.NeverRead(all, l.at)
	if err := page.group(l, all, group); err != nil {
		return page, err
	}
	if err := l.bank.Sort(all, sort, l.at, d); err != nil {
		return page, err
	}
	for _, s := range all[min(offset, len(all)):min(offset+limit, len(all))] {
		page.Rows = append(page.Rows, l.row(s, d))
	}
	return page, page.newest(l)
}

func (p *MemoryPage) group(l looking, all []history.Standing, by string) error {
	if by == "" && p.Total > groupsFrom {
		by = "use"
	}
	if by == "" {
		return nil
	}
	groups, err := l.bank.Groups(all, by, l.at)
	for _, g := range groups {
		p.Groups = append(p.Groups, MemoryGroup(g))
	}
	return err
}

// newest tells the operation that led to the moment.
func (p *MemoryPage) newest(l looking) error {
	seq, ok := l.run.Seq(l.at)
	if !ok {
		return nil
	}
	ev, err := l.event(seq)
	if err != nil {
		return err
	}
	p.Last = &MemoryEvent{Op: string(ev.Op), Entry: ev.Entry, Episode: ev.Episode, Step: ev.T, Reason: ev.Reason, Query: ev.Query, Hits: len(ev.Hits)}
	for _, h := range ev.Hits {
		if h.Used {
			p.Last.Used++
		}
	}
	return nil
}

// row sums an entry up; d may be nil.
func (l looking) row(s history.Standing, d *history.Difference) MemoryRow {
	e, f := l.bank.Plain(s), l.bank.Facts(s, l.at)
	row := MemoryRow{ID: e.ID, Type: e.Type, Tokens: e.Tokens, Born: placeOf(f.Born), Read: f.Read, Missed: f.Missed, Helped: f.Helped, Misled: f.Misled,
		Numbers: e.Numbers, Unsure: f.Unsure}
	row.Text, row.Cut = cutText(e.Text, mostText)
	if row.Numbers == nil {
		row.Numbers = map[string]lab.Float{}
	}
	if d == nil {
		return row
	}
	row.Op = string(d.Op(s))
	if early, ok := l.bank.Earlier(d, s); ok && row.Op != string(lab.OpDelete) {
		row.Since = map[string]lab.Float{}
		for name, x := range e.Numbers {
			if before, ok := l.bank.Number(early, name); ok && before != float64(x) {
				row.Since[name] = x - lab.Float(before)
			}
		}
	}
	return row
}

// cutText is the beginning of a text, on one line.
func cutText(text string, most int) (out string, cut bool) {
	runes := 0
	for i := range text {
		if runes++; runes > most {
			return strings.TrimSpace(text[:i]), true
		}
	}
	return text, false
}
