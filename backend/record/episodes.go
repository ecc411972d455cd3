package record

import (
	"bytes"
	"encoding/json"
	"iter"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
)

// Range tells where the events of an episode lie. Episodes of parallel environments overlap.
type Range struct {
	ID    int64
	First int64 // sequence number of its first step, context or memory event, or of its Episode event when none was kept
	Last  int64 // of its Episode event, or of its last event so far
	Steps int   // steps kept
	Ended bool  // its Episode event was seen

	marks []int64 // marks[i] is the sequence number behind step i*stepMark-1: reading for step t begins at marks[t/stepMark]
	after int64   // sequence number behind its last step
}

// stepMark is how many steps of an episode lie between two marks.
const stepMark = 64

// episodes is the index of episodes, in the order of their first events.
type episodes struct {
	list []*Range
	byID map[int64]*Range
}

func newEpisodes() episodes { return episodes{byID: map[int64]*Range{}} }

// note takes one frame into the index.
func (e *episodes) note(f Frame) {
	id, _, ok := place(f.Kind, f.Payload)
	if !ok {
		return
	}
	r := e.byID[id]
	if r == nil || (r.Ended && f.Kind == lab.KindStep) { // an id used again begins anew
		r = &Range{ID: id, First: f.Seq, after: f.Seq}
		e.byID[id] = r
		e.list = append(e.list, r)
	}
	r.Last = f.Seq
	switch f.Kind {
	case lab.KindStep:
		if r.Steps%stepMark == 0 {
			r.marks = append(r.marks, r.after)
		}
		r.Steps++
		r.after = f.Seq + 1
	case lab.KindEpisode:
		r.Ended = true
	}
}

// Episodes returns the ranges of all episodes seen, in the order in which they began.
func (r *Reader) Episodes() []Range {
	out := make([]Range, len(r.eps.list))
	for i, e := range r.eps.list {
		out[i] = *e
	}
	return out
}

// Episode returns the range of one episode.
func (r *Reader) Episode(id int64) (Range, error) {
	e := r.eps.byID[id]
	if e == nil {
		return Range{}, lab.Errorf(lab.NotFound, "record %q has no episode %d", r.path, id)
	}
	return *e, nil
}

// EpisodeFrames yields the events of one episode from step t on: its contexts, memory operations and steps, and the Episode event.
// A context or memory operation belongs to the step of the same T. Steps must have been emitted in order. The jump reads about
// stepMark steps, however long the episode.
func (r *Reader) EpisodeFrames(id int64, t int) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		e, err := r.Episode(id)
		if err != nil {
			yield(Frame{}, err)
			return
		}
		for frame, err := range r.Frames(e.from(t)) {
			if err != nil {
				yield(Frame{}, err)
				return
			}
			if frame.Seq > e.Last {
				return
			}
			got, at, ok := place(frame.Kind, frame.Payload)
			if !ok || got != id || (frame.Kind != lab.KindEpisode && at < t) {
				continue
			}
			if !yield(frame, nil) {
				return
			}
		}
	}
}

// from returns the sequence number at which reading for step t begins.
func (e Range) from(t int) int64 {
	i := max(0, t) / stepMark
	switch {
	case i == 0 || len(e.marks) == 0:
		return e.First
	case i < len(e.marks):
		return e.marks[i]
	}
	return e.marks[len(e.marks)-1]
}

// EpisodeOf returns the episode and step that an event belongs to, without decoding all of it. ok is false for events that belong to
// none. The step of an Episode event is 0.
func (f Frame) EpisodeOf() (id int64, t int, ok bool) { return place(f.Kind, f.Payload) }

// place reads episode and step from the beginning of a payload, where our encoder puts them, and by decoding where it did not.
func place(kind lab.Kind, payload []byte) (id int64, t int, ok bool) {
	switch kind {
	case lab.KindStep, lab.KindContext:
		if id, t, ok := fastPlace(payload); ok {
			return id, t, true
		}
		return slowPlace(payload)
	case lab.KindMemory:
		if id, t, ok := fastMemoryPlace(payload); ok {
			return id, t, true
		}
		return slowPlace(payload)
	case lab.KindEpisode:
		if id, _, ok := number(payload, `{"id":`); ok {
			return id, 0, true
		}
		var v struct {
			ID *int64 `json:"id"`
		}
		if json.Unmarshal(payload, &v) != nil || v.ID == nil {
			return 0, 0, false
		}
		return *v.ID, 0, true
	}
	return 0, 0, false
}

func fastPlace(payload []byte) (id int64, t int, ok bool) {
	id, rest, ok := number(payload, `{"episode":`)
	if !ok {
		return 0, 0, false
	}
	at, _, ok := number(rest, `,"t":`)
	return id, int(at), ok
}

// fastMemoryPlace looks behind the operation and the name of the bank. Inside a JSON string every quote has a backslash before it, so
// that the text searched for cannot be part of a name.
func fastMemoryPlace(payload []byte) (id int64, t int, ok bool) {
	if !bytes.HasPrefix(payload, []byte(`{"op":"`)) {
		return 0, 0, false
	}
	i := bytes.Index(payload[:min(len(payload), 256)], []byte(`","episode":`))
	if i < 0 {
		return 0, 0, false
	}
	id, rest, ok := number(payload[i+1:], `,"episode":`)
	if !ok {
		return 0, 0, false
	}
	at, _, ok := number(rest, `,"t":`)
	return id, int(at), ok
}

// number reads the whole number that follows label at the start of b.
func number(b []byte, label string) (n int64, rest []byte, ok bool) {
	if !bytes.HasPrefix(b, []byte(label)) {
		return 0, nil, false
	}
	b = b[len(label):]
	end := bytes.IndexAny(b, ",}")
	if end < 0 {
		return 0, nil, false
	}
	n, err := strconv.ParseInt(string(b[:end]), 10, 64)
	return n, b[end:], err == nil
}

func slowPlace(payload []byte) (id int64, t int, ok bool) {
	var v struct {
		Episode *int64 `json:"episode"`
		T       int    `json:"t"`
	}
	if json.Unmarshal(payload, &v) != nil || v.Episode == nil {
		return 0, 0, false
	}
	return *v.Episode, v.T, true
}
