package history

import (
	"math"
	"slices"
	"sort"

	"github.com/loci-lab/loci/backend/lab"
)

// Bank is the past of one bank.
type Bank struct {
	Name     string
	run      *Run
	place    int // in the run's list
	slots    []slot
	alive    map[string]int32   // slot of an id that stands
	lives    map[string][]int32 // all slots of an id, since one may be written again
	events   []int32
	numbers  []string // names, in the order in which they appeared
	numberAt map[string]int
	size     int // entries that stand
	tokens   int
	off      [2]int // by how much the record's own size and tokens differ, so that one flaw is told once
}

// slot is one life of an entry, from its writing to its end.
type slot struct {
	id       string
	versions []version
	reads    []reading
	into     int32  // slot that it was merged into, -1 for none
	unsure   int32  // moment from which its text and numbers are unsure, forever for never
	raw      uint64 // hash of the newest version as the record holds it, 0 where it was not read from one
}

// version is an entry as it stood between two moments.
type version struct {
	from, to int32 // it stands at moment m with from <= m < to
	tokens   int32
	kind     string
	text     string
	low      string // the text in lower case
	numbers  []float64
	sources  []string
	labels   []string
	vector   []float32
}

// reading is one read that named the entry.
type reading struct {
	event int32
	rank  int32
	used  bool
}

const forever = math.MaxInt32

// mostFloats bounds the vectors that are kept, 64 MB of them; entries beyond have none here.
const mostFloats = 16 << 20

// absent marks a number that an entry lacks; it is a NaN that no record holds.
const absentBits = uint64(0x7ff8_0000_0000_0a17)

func absent() float64 { return math.Float64frombits(absentBits) }

func isAbsent(v float64) bool { return math.Float64bits(v) == absentBits }

// Standing is an entry at a moment.
type Standing struct {
	slot    int32
	version int32
}

// Life numbers the life of the entry within its bank, from 0, in the order in which they were written.
func (s Standing) Life() int { return int(s.slot) }

// At lists the entries that stand at a moment, in the order in which they were written.
func (b *Bank) At(moment int) []Standing {
	m := clamp(moment)
	began := sort.Search(len(b.slots), func(i int) bool { return b.slots[i].versions[0].from > m })
	out := make([]Standing, 0, min(began, b.size+began/4+16))
	for i := range b.slots[:began] {
		if v := b.slots[i].at(m); v >= 0 {
			out = append(out, Standing{int32(i), v})
		}
	}
	return out
}

// at returns the place of the version that stands at a moment, -1 where none does.
func (s *slot) at(m int32) int32 {
	n := len(s.versions)
	if n == 0 || s.versions[0].from > m || s.versions[n-1].to <= m {
		return -1
	}
	if s.versions[n-1].from <= m { // most often the newest
		return int32(n - 1)
	}
	i := sort.Search(n, func(i int) bool { return s.versions[i].from > m }) - 1
	return int32(i)
}

func clamp(moment int) int32 {
	return int32(min(max(moment, 0), forever-1))
}

// Find returns the newest life of an entry that had begun at a moment, and whether the entry stands then. Where it has ended, the
// standing is its last version.
func (b *Bank) Find(id string, moment int) (s Standing, stands bool, err error) {
	m := clamp(moment)
	for _, i := range slices.Backward(b.lives[id]) {
		slot := &b.slots[i]
		if slot.versions[0].from > m {
			continue
		}
		if v := slot.at(m); v >= 0 {
			return Standing{i, v}, true, nil
		}
		return Standing{i, int32(len(slot.versions) - 1)}, false, nil
	}
	if lives := b.lives[id]; len(lives) > 0 {
		return Standing{lives[0], 0}, false, nil
	}
	return Standing{}, false, lab.Errorf(lab.NotFound, "bank %q never held an entry %q", b.Name, id).WithHint("choose an entry of the table")
}

// Entry returns an entry as it stands. A vector that was too much to keep is left out; those that are kept have the precision of float32.
func (b *Bank) Entry(s Standing) lab.Entry {
	e := b.Plain(s)
	for _, x := range b.slots[s.slot].versions[s.version].vector {
		e.Vector = append(e.Vector, lab.Float(x))
	}
	return e
}

// Plain is Entry without its vector.
func (b *Bank) Plain(s Standing) lab.Entry {
	slot := &b.slots[s.slot]
	v := &slot.versions[s.version]
	e := lab.Entry{ID: slot.id, Type: v.kind, Text: v.text, Tokens: int(v.tokens), Sources: v.sources, Labels: v.labels}
	for i, x := range v.numbers {
		if !isAbsent(x) {
			if e.Numbers == nil {
				e.Numbers = map[string]lab.Float{}
			}
			e.Numbers[b.numbers[i]] = lab.Float(x)
		}
	}
	return e
}

// Entries lists what stands at a moment, whole.
func (b *Bank) Entries(moment int) []lab.Entry {
	out := []lab.Entry{}
	for _, s := range b.At(moment) {
		out = append(out, b.Entry(s))
	}
	return out
}

// Number returns a number of an entry as it stands; false where it has none of that name.
func (b *Bank) Number(s Standing, name string) (float64, bool) {
	i, ok := b.numberAt[name]
	if !ok {
		return 0, false
	}
	return b.slots[s.slot].versions[s.version].number(i)
}

func (v *version) number(i int) (float64, bool) {
	if i >= len(v.numbers) || isAbsent(v.numbers[i]) {
		return 0, false
	}
	return v.numbers[i], true
}

// Numbers are the names of the numbers that entries of this bank have.
func (b *Bank) Numbers() []string { return b.numbers }

// Events is the number of operations of this bank, reads too.
func (b *Bank) Events() int { return len(b.events) }

// Size is the number of entries and tokens at a moment, as the record says them.
func (b *Bank) Size(moment int) (entries, tokens int) {
	m := clamp(moment)
	i := sort.Search(len(b.events), func(i int) bool { return b.events[i] >= m })
	if i == 0 {
		return 0, 0
	}
	e := b.run.events[b.events[i-1]]
	return int(e.size), int(e.tokens)
}
