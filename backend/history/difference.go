package history

import "github.com/loci-lab/loci/backend/lab"

// Difference is what lies between two moments of a bank.
type Difference struct {
	From, To int
	Written  int // stand at To and not at From
	Changed  int // stand at both, in another version
	Merged   int // of those that stand at To: others went into them in between
	Deleted  int // stand at From and not at To; those that went into another are not among them
	Absorbed int // of those that stand at From: went into another
	Gone     []Standing
	ops      map[int32]lab.MemoryOp // by slot
}

// Difference compares two moments, the earlier one first.
func (b *Bank) Difference(from, to int) Difference {
	d := Difference{From: min(from, to), To: max(from, to), ops: map[int32]lab.MemoryOp{}}
	early, late := clamp(d.From), clamp(d.To)
	for i := range b.slots {
		s := &b.slots[i]
		if s.versions[0].from > late {
			break
		}
		d.add(b, int32(i), s.at(early), s.at(late))
	}
	return d
}

func (d *Difference) add(b *Bank, slot, early, late int32) {
	s := &b.slots[slot]
	switch {
	case early == late: // not there, or as it was
		return
	case late < 0 && s.into >= 0:
		d.Absorbed++
		return
	case late < 0:
		d.Deleted++
		d.Gone = append(d.Gone, Standing{slot, early})
		d.ops[slot] = lab.OpDelete
		return
	case b.mergedBetween(s, early, late):
		d.Merged++
		d.ops[slot] = lab.OpMerge
	case early < 0:
		d.Written++
		d.ops[slot] = lab.OpWrite
	default:
		d.Changed++
		d.ops[slot] = lab.OpChange
	}
}

// mergedBetween tells whether a version behind early, up to late, came of a merge.
func (b *Bank) mergedBetween(s *slot, early, late int32) bool {
	for _, v := range s.versions[early+1 : late+1] {
		if b.run.events[v.from-1].op == lab.OpMerge {
			return true
		}
	}
	return false
}

// Op is what happened to an entry in between, "" for nothing.
func (d *Difference) Op(s Standing) lab.MemoryOp { return d.ops[s.slot] }

// Earlier returns the entry as it stood at From; false where it did not.
func (b *Bank) Earlier(d *Difference, s Standing) (Standing, bool) {
	v := b.slots[s.slot].at(clamp(d.From))
	return Standing{s.slot, v}, v >= 0
}
