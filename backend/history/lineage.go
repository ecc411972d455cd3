package history

import (
	"slices"
	"strings"
)

// Kin is an entry of a family: the root, or one that came of an entry of the family.
type Kin struct {
	Standing
	Depth   int   // steps from the root on the shortest way, 0 for the root
	Parents []int // places in the family of those that it came of, in the order of the list
	Born    Place // where it was written
	Gone    bool  // it no longer stands at the moment
}

// Lineage is the family of an entry at a moment: all that came of it, through any number of others, in the order in which they were
// written, the entry itself first. It follows from the record alone: an entry names those that it came of when it is written. A mark ""
// goes by an entry's sources; another one goes by the ids behind that mark in its labels, for a memory that knows more narrowly what an
// entry follows than what stood beside it. What an entry was merged into is no part of its family.
func (b *Bank) Lineage(root Standing, moment int, mark string) []Kin {
	m := clamp(moment)
	family := []Kin{b.kin(root.slot, m, 0, nil)}
	at := map[int32]int{root.slot: 0}
	for i := int(root.slot) + 1; i < len(b.slots) && b.slots[i].versions[0].from <= m; i++ {
		parents := b.parents(int32(i), mark, at)
		if len(parents) == 0 {
			continue
		}
		depth := family[parents[0]].Depth
		for _, p := range parents {
			depth = min(depth, family[p].Depth)
		}
		at[int32(i)] = len(family)
		family = append(family, b.kin(int32(i), m, depth+1, parents))
	}
	return family
}

// parents are the places in a family of those that an entry came of when it was written.
func (b *Bank) parents(slot int32, mark string, family map[int32]int) (all []int) {
	first := &b.slots[slot].versions[0]
	ids := first.sources
	if mark != "" {
		ids = nil
		for _, label := range first.labels {
			if id, ok := strings.CutPrefix(label, mark); ok {
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		p, _, err := b.Find(id, int(first.from))
		if err != nil || p.slot >= slot {
			continue
		}
		if k, ok := family[p.slot]; ok && !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return all
}

func (b *Bank) kin(slot, m int32, depth int, parents []int) Kin {
	s := &b.slots[slot]
	v := s.at(m)
	gone := v < 0
	if gone {
		v = int32(len(s.versions) - 1)
	}
	return Kin{Standing{slot, v}, depth, parents, b.run.Place(int(s.versions[0].from)), gone}
}
