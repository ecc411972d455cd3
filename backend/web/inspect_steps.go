package web

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

const (
	rowText   = 160     // bytes of a text in the list
	rawText   = 4000    // bytes of an event that cannot be read
	mostReach = 64      // steps that are looked through for the context before
	mostRows  = 500     // rows of one window
	wholeText = 8 << 20 // bytes of one block that the page gets
)

// window returns a range of the step list. The lanes know the numbers; only the words are read from the record.
func (k *kept) window(place record.Range, points []point, from, limit int) (InspectWindow, error) {
	to := min(from+limit, len(points))
	w := InspectWindow{From: from, Rows: make([]InspectRow, 0, max(0, to-from))}
	for t := from; t < to; t++ {
		p := &points[t]
		w.Rows = append(w.Rows, InspectRow{T: t, Reward: lab.Float(p.reward), Done: p.flags&pointDone != 0, Kept: p.flags&pointKept != 0,
			Broken: p.flags&pointBroken != 0, Error: p.flags&pointError != 0, Tokens: int(p.tokens), Limit: int(p.limit), Dropped: int(p.dropped),
			Reads: int(p.reads), Writes: int(p.writes), Changes: int(p.changes), Deletes: int(p.deletes)})
	}
	for f, err := range k.reader.EpisodeFrames(place.ID, from) {
		if err != nil && k.reader.Damage() != nil {
			break
		}
		if err != nil {
			return w, err
		}
		_, t, _ := f.EpisodeOf()
		if f.Kind == lab.KindEpisode || (f.Kind == lab.KindStep && t >= to) {
			break
		}
		if f.Kind != lab.KindStep {
			continue
		}
		row := &w.Rows[t-from]
		ev, err := f.Event()
		step, ok := ev.(lab.Step)
		if err != nil || !ok {
			row.Broken, row.Error = true, true
			continue
		}
		row.Action, row.Saw, row.Scene = begun(step.Action), begun(step.Saw), step.Scene
	}
	return w, nil
}

// begun is the beginning of a text, cut between letters.
func begun(text string) string {
	if len(text) <= rowText {
		return text
	}
	end := rowText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + " …"
}

// stepAt returns all that is known of one step of an episode of that many steps.
func (k *kept) stepAt(track *track, place record.Range, steps, t int) (InspectStep, error) {
	d := InspectStep{T: t, BeforeT: -1, Memory: []InspectOp{}, Broken: []BrokenEvent{}, Moment: int64(len(k.operations))}
	take := stepTaker{k: k, d: &d, last: t == steps-1, seen: map[int64]bool{}}
	for f, err := range k.reader.EpisodeFrames(place.ID, max(0, t-1)) {
		if err != nil && k.reader.Damage() != nil {
			break
		}
		if err != nil {
			return d, err
		}
		if f.Kind == lab.KindEpisode {
			break
		}
		if take.frame(f); d.Replied {
			break
		}
	}
	for _, one := range track.strays {
		if take.seen[one.seq] || !take.wants(one.t) {
			continue
		}
		f, err := k.reader.At(one.seq)
		if err != nil {
			return d, err
		}
		take.frame(f)
	}
	slices.SortStableFunc(d.Memory, func(a, b InspectOp) int { return cmp.Compare(a.Moment, b.Moment) })
	if d.Before == nil && t > 0 {
		if err := k.contextBefore(place, &d); err != nil {
			return d, err
		}
	}
	return d, nil
}

// stepTaker puts the events of a step, of the one before it and of the one behind it in their places, each once.
type stepTaker struct {
	k    *kept
	d    *InspectStep
	last bool // the step is the last one: what follows belongs to it
	seen map[int64]bool
}

func (s *stepTaker) wants(at int) bool {
	return at >= s.d.T-1 && at <= s.d.T || (s.last && at > s.d.T)
}

func (s *stepTaker) frame(f record.Frame) {
	_, at, _ := f.EpisodeOf()
	d := s.d
	if at < d.T-1 || (f.Kind != lab.KindStep && !s.wants(at)) {
		return
	}
	s.seen[f.Seq] = true
	ev, err := f.Event()
	if err != nil {
		if at == d.T {
			d.Broken = append(d.Broken, broken(f, err))
		}
		return
	}
	switch ev := ev.(type) {
	case lab.Step:
		switch at {
		case d.T:
			d.Step, d.Moment = &ev, s.k.momentOf(f.Seq)
		case d.T + 1:
			d.Reply, d.Replied = ev.Saw, true
		}
	case lab.Context:
		switch at {
		case d.T:
			d.Context = &ev
		case d.T - 1:
			d.Before, d.BeforeT = &ev, at
		}
	case lab.Memory:
		if at >= d.T {
			d.Memory = append(d.Memory, opOf(ev, s.k.momentOf(f.Seq)+1, at > d.T))
		}
	}
}

func broken(f record.Frame, err error) BrokenEvent {
	raw := f.Payload[:min(len(f.Payload), rawText)]
	return BrokenEvent{Seq: f.Seq, Kind: string(f.Kind), Raw: strings.ToValidUTF8(string(raw), "\uFFFD"), Msg: err.Error()}
}

// opOf is an operation as the page gets it.
func opOf(m lab.Memory, moment int64, after bool) InspectOp {
	for _, e := range []**lab.Entry{&m.Before, &m.After} {
		if *e != nil {
			short := **e
			short.Vector = nil
			*e = &short
		}
	}
	return InspectOp{Op: m, Moment: moment, After: after, Sums: addsUp(m.Hits), Gate: gateOf(m.Hits), WhatIf: whatIf(m)}
}

// momentOf is the number of memory events before that event of the record.
func (k *kept) momentOf(seq int64) int64 {
	return int64(sort.Search(len(k.operations), func(i int) bool { return k.operations[i] >= seq }))
}

// contextBefore finds the last context before a step, where the step just before has none.
func (k *kept) contextBefore(place record.Range, d *InspectStep) error {
	for f, err := range k.reader.EpisodeFrames(place.ID, max(0, d.T-mostReach)) {
		if err != nil {
			return nil //nolint:nilerr // damage ends what can be shown and is told with the episode
		}
		_, at, _ := f.EpisodeOf()
		if (f.Kind == lab.KindStep && at >= d.T) || f.Kind == lab.KindEpisode {
			return nil
		}
		if f.Kind != lab.KindContext || at >= d.T {
			continue
		}
		if ev, err := f.Event(); err == nil {
			if c, ok := ev.(lab.Context); ok {
				d.Before, d.BeforeT = &c, at
			}
		}
	}
	return nil
}

// limited cuts blocks that no page could show; the numbers stay.
func limited(c *lab.Context) {
	if c == nil {
		return
	}
	c.Blocks = slices.Clone(c.Blocks)
	for i := range c.Blocks {
		if b := &c.Blocks[i]; len(b.Text) > wholeText {
			b.Text = strings.ToValidUTF8(b.Text[:wholeText], "") + " …"
		}
	}
}
