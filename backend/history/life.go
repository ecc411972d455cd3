package history

import (
	"cmp"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Turn is one event in the life of an entry.
type Turn struct {
	Moment  int // before the event
	Seq     int64
	Op      lab.MemoryOp
	Episode int64
	T       int
	Rank    int  // of a read
	Used    bool // of a read
	Prompts int  // steps of the episode in whose context the entry stood
	Came    int  // of the episode: 1 it succeeded, -1 it failed, 0 it goes on or is not known
	Before  *Standing
	After   *Standing
}

// Life lists what happened to an entry in that life, in order.
func (b *Bank) Life(s Standing) []Turn {
	slot := &b.slots[s.slot]
	turns := []Turn{}
	for i, v := range slot.versions {
		t := b.turn(int(v.from)-1, s.slot)
		if i > 0 {
			t.Before = &Standing{s.slot, int32(i - 1)}
		}
		t.After = &Standing{s.slot, int32(i)}
		turns = append(turns, t)
	}
	last := len(slot.versions) - 1
	if to := slot.versions[last].to; to != forever {
		t := b.turn(int(to)-1, s.slot)
		t.Before = &Standing{s.slot, int32(last)}
		turns = append(turns, t)
	}
	for _, r := range slot.reads {
		t := b.turn(int(r.event), s.slot)
		t.Rank, t.Used = int(r.rank), r.used
		turns = append(turns, t)
	}
	slices.SortStableFunc(turns, func(x, y Turn) int { return cmp.Compare(x.Moment, y.Moment) })
	return turns
}

func (b *Bank) turn(number int, slot int32) Turn {
	e := b.run.events[number]
	t := Turn{Moment: number, Seq: e.seq, Op: e.op, Episode: e.episode, T: int(e.t), Prompts: b.run.prompts[prompt{e.episode, b.slots[slot].id}]}
	if i, ok := b.run.ended[e.episode]; ok {
		t.Came = -1
		if b.run.episodes[i].Success {
			t.Came = 1
		}
	}
	return t
}

// Lives returns how many lives an entry had, and which of them a standing is, from 1.
func (b *Bank) Lives(s Standing) (which, all int) {
	lives := b.lives[b.slots[s.slot].id]
	return slices.Index(lives, s.slot) + 1, len(lives)
}

// Family lists the entries that an entry came of and those that came of it: by its sources, and by merges.
func (b *Bank) Family(s Standing, moment int) (parents, children, absorbed []Standing) {
	slot := &b.slots[s.slot]
	for _, id := range slot.versions[s.version].sources {
		if p, _, err := b.Find(id, moment); err == nil && p.slot != s.slot && b.slots[p.slot].versions[0].from < slot.versions[s.version].from {
			parents = append(parents, p)
		}
	}
	m := clamp(moment)
	for i := range b.slots {
		o := &b.slots[i]
		if o.versions[0].from > m {
			break
		}
		v := o.at(m)
		if o.into == s.slot && v < 0 {
			absorbed = append(absorbed, Standing{int32(i), int32(len(o.versions) - 1)})
		}
		if v >= 0 && int32(i) != s.slot && slices.Contains(o.versions[v].sources, slot.id) {
			children = append(children, Standing{int32(i), v})
		}
	}
	return parents, children, absorbed
}

// Into returns the entry that this one was merged into.
func (b *Bank) Into(s Standing) (Standing, bool) {
	into := b.slots[s.slot].into
	if into < 0 {
		return Standing{}, false
	}
	return Standing{into, int32(len(b.slots[into].versions) - 1)}, true
}
