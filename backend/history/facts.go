package history

import "sort"

// Facts are what the index knows of an entry at a moment beside the entry itself.
type Facts struct {
	ID      string
	Born    Place // where it was written
	Changed Place // where its present version was made
	Read    int   // times it was read and stood in a prompt
	Missed  int   // times it was considered and not used
	Helped  int   // of Read: in episodes that succeeded
	Misled  int   // of Read: in episodes that failed
	Last    Place // of its last use; Episode -1 for none
	Age     int   // memory events since it was written
	Unsure  bool  // an operation contradicted it before this moment
}

// Facts returns what is known of a standing entry at a moment.
func (b *Bank) Facts(s Standing, moment int) Facts {
	slot := &b.slots[s.slot]
	f := Facts{ID: slot.id, Born: b.run.Place(int(slot.versions[0].from)), Changed: b.run.Place(int(slot.versions[s.version].from)), Last: Place{Episode: -1, T: -1},
		Age: max(moment-int(slot.versions[0].from), 0), Unsure: slot.unsure <= clamp(moment)}
	for _, r := range slot.before(moment) {
		switch {
		case !r.used:
			f.Missed++
			continue
		case b.came(r) > 0:
			f.Helped++
		case b.came(r) < 0:
			f.Misled++
		}
		f.Read++
		f.Last = b.run.Place(int(r.event) + 1)
	}
	return f
}

// before lists the reads before a moment.
func (s *slot) before(moment int) []reading {
	m := clamp(moment)
	return s.reads[:sort.Search(len(s.reads), func(i int) bool { return s.reads[i].event >= m })]
}

// reads counts the uses before a moment, and the times that the entry was considered and not used.
func (s *slot) readCounts(moment int) (used, missed int) {
	for _, r := range s.before(moment) {
		if r.used {
			used++
		} else {
			missed++
		}
	}
	return used, missed
}

// came is 1 where the episode of a read succeeded, -1 where it failed, 0 while it goes on.
func (b *Bank) came(r reading) int {
	i, ok := b.run.ended[b.run.events[r.event].episode]
	switch {
	case !ok:
		return 0
	case b.run.episodes[i].Success:
		return 1
	}
	return -1
}

// Use is what an episode made of an entry.
type Use struct {
	Episode int64
	Reads   int
	Prompts int // steps in whose recorded context the entry stood
}

// Uses lists the episodes that read an entry before a moment and used it, in order.
func (b *Bank) Uses(s Standing, moment int) []Use {
	slot, out := &b.slots[s.slot], []Use{}
	for _, r := range slot.before(moment) {
		if !r.used {
			continue
		}
		e := b.run.events[r.event].episode
		if n := len(out); n > 0 && out[n-1].Episode == e {
			out[n-1].Reads++
			continue
		}
		out = append(out, Use{e, 1, b.run.prompts[prompt{e, slot.id}]})
	}
	return out
}
