package history

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

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
	into     int32 // slot that it was merged into, -1 for none
	unsure   int32 // moment from which its text and numbers are unsure, forever for never
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

// read takes in the hits of a read.
func (b *Bank) read(ev lab.Memory, number int) []hit {
	hits := make([]hit, len(ev.Hits))
	for i, h := range ev.Hits {
		at, ok := b.alive[h.Entry]
		if !ok {
			at = -1
			b.flaw(ev, number, h.Entry, "it reads an entry that is not there")
		} else {
			s := &b.slots[at]
			s.reads = append(s.reads, reading{int32(number), int32(h.Rank), h.Used})
		}
		hits[i] = hit{at, int32(h.Rank), h.Used}
	}
	return hits
}

// apply does a write, change, merge or deletion and returns the slot that it touched and the version that it made.
func (b *Bank) apply(ev lab.Memory, number int) (at, made int32) {
	at, found := b.alive[ev.Entry]
	if !found {
		at = -1
	}
	why := b.doubt(ev, at)
	if why != "" {
		b.flaw(ev, number, ev.Entry, why)
	}
	made = -1
	switch {
	case ev.Op == lab.OpDelete || ev.After == nil:
		b.end(at, number)
	case !found:
		at = b.begin(ev.Entry, ev.After, number)
		made = 0
	default:
		made = b.replace(at, ev.After, number)
	}
	if why != "" && at >= 0 {
		b.slots[at].unsure = min(b.slots[at].unsure, int32(number+1))
	}
	if ev.Op == lab.OpMerge {
		b.absorb(ev, at, number)
	}
	return at, made
}

// doubt says how an operation contradicts the state before it, "" where it does not.
func (b *Bank) doubt(ev lab.Memory, at int32) string {
	switch ev.Op {
	case lab.OpWrite:
		switch {
		case ev.After == nil:
			return "it writes nothing"
		case at >= 0:
			return "it writes an entry that is there already"
		case ev.Before != nil:
			return "it is called a write and tells of an entry before it"
		}
		return ""
	case lab.OpChange, lab.OpMerge, lab.OpDelete:
	default:
		return fmt.Sprintf("its kind %q is none of write, change, merge, read, delete", ev.Op)
	}
	switch {
	case at < 0:
		return "the entry is not there"
	case ev.Op == lab.OpDelete && ev.After != nil:
		return "it is called a deletion and tells of an entry after it"
	case ev.Op != lab.OpDelete && ev.After == nil:
		return "it tells of no entry after it"
	case ev.Before == nil || !b.stood(at, ev.Before):
		return "the entry that stood was another one than it says"
	}
	return ""
}

// stood tells whether the newest version of a slot is that entry.
func (b *Bank) stood(at int32, e *lab.Entry) bool {
	s := &b.slots[at]
	v := &s.versions[len(s.versions)-1]
	if s.id != e.ID || v.kind != e.Type || v.text != e.Text || int(v.tokens) != e.Tokens || !slices.Equal(v.sources, e.Sources) || !slices.Equal(v.labels, e.Labels) {
		return false
	}
	has := 0
	for i, x := range v.numbers {
		if isAbsent(x) {
			continue
		}
		has++
		if y, ok := e.Numbers[b.numbers[i]]; !ok || x != float64(y) && (x == x || y == y) {
			return false
		}
	}
	return has == len(e.Numbers) && (v.vector == nil || slices.EqualFunc(v.vector, e.Vector, sameVector))
}

func sameVector(a float32, b lab.Float) bool { return a == float32(b) || a != a && b != b }

// begin starts a life.
func (b *Bank) begin(id string, e *lab.Entry, number int) int32 {
	at := int32(len(b.slots))
	b.slots = append(b.slots, slot{id: id, versions: []version{b.version(e, number, nil)}, into: -1, unsure: forever})
	b.alive[id] = at
	b.lives[id] = append(b.lives[id], at)
	b.size, b.tokens = b.size+1, b.tokens+e.Tokens
	return at
}

func (b *Bank) replace(at int32, e *lab.Entry, number int) int32 {
	s := &b.slots[at]
	old := &s.versions[len(s.versions)-1]
	old.to = int32(number + 1)
	b.tokens += e.Tokens - int(old.tokens)
	s.versions = append(s.versions, b.version(e, number, old))
	return int32(len(s.versions) - 1)
}

// end ends a life; one that is not there has none.
func (b *Bank) end(at int32, number int) {
	if at < 0 {
		return
	}
	s := &b.slots[at]
	last := &s.versions[len(s.versions)-1]
	last.to = int32(number + 1)
	delete(b.alive, s.id)
	b.size, b.tokens = b.size-1, b.tokens-int(last.tokens)
}

// absorb notes which lives ended in a merge: those of its sources that were deleted for it.
func (b *Bank) absorb(ev lab.Memory, at int32, number int) {
	for _, id := range ev.Sources {
		lives := b.lives[id]
		if id == ev.Entry || len(lives) == 0 || at < 0 {
			continue
		}
		last := &b.slots[lives[len(lives)-1]]
		if _, stands := b.alive[id]; !stands && number-int(last.versions[len(last.versions)-1].to) < len(ev.Sources) {
			last.into = at
		}
	}
}

// version is what an entry becomes in the index; what equals the version before it is shared with it.
func (b *Bank) version(e *lab.Entry, number int, old *version) version {
	v := version{from: int32(number + 1), to: forever, tokens: int32(e.Tokens), kind: e.Type, text: e.Text, sources: e.Sources, labels: e.Labels}
	v.numbers, v.vector = b.columns(e.Numbers), b.floats(e.Vector, old)
	if old == nil {
		v.low = strings.ToLower(e.Text)
		return v
	}
	if old.kind == v.kind {
		v.kind = old.kind
	}
	if old.text == v.text {
		v.text, v.low = old.text, old.low
	} else {
		v.low = strings.ToLower(e.Text)
	}
	if slices.Equal(old.sources, v.sources) {
		v.sources = old.sources
	}
	if slices.Equal(old.labels, v.labels) {
		v.labels = old.labels
	}
	return v
}

func (b *Bank) columns(numbers map[string]lab.Float) []float64 {
	if len(numbers) == 0 {
		return nil
	}
	fresh := []string{}
	for name := range numbers {
		if _, ok := b.numberAt[name]; !ok {
			fresh = append(fresh, name)
		}
	}
	slices.Sort(fresh) // the order of columns hangs on no map
	for _, name := range fresh {
		b.numberAt[name] = len(b.numbers)
		b.numbers = append(b.numbers, name)
	}
	out := make([]float64, len(b.numbers))
	for i := range out {
		out[i] = absent()
	}
	for name, x := range numbers {
		v := float64(x)
		if v != v {
			v = math.NaN() // never the mark of what is absent
		}
		out[b.numberAt[name]] = v
	}
	return out
}

func (b *Bank) floats(vector []lab.Float, old *version) []float32 {
	if len(vector) == 0 || b.run.floats+len(vector) > mostFloats {
		return nil
	}
	if old != nil && slices.EqualFunc(old.vector, vector, sameVector) {
		return old.vector
	}
	b.run.floats += len(vector)
	out := make([]float32, len(vector))
	for i, x := range vector {
		out[i] = float32(x)
	}
	return out
}

// count compares what the record says of size and tokens with what stands.
func (b *Bank) count(ev lab.Memory, number int) {
	off := [2]int{ev.Size - b.size, ev.Tokens - b.tokens}
	if off != b.off {
		b.flaw(ev, number, ev.Entry, fmt.Sprintf("it leaves %d entries of %d tokens and says %d of %d", b.size, b.tokens, ev.Size, ev.Tokens))
	}
	b.off = off
}

// mostFlaws bounds the list; a record with more is broken in one way again and again.
const mostFlaws = 1000

func (b *Bank) flaw(ev lab.Memory, number int, entry, why string) {
	if len(b.run.flaws) < mostFlaws {
		b.run.flaws = append(b.run.flaws, Flaw{Moment: number, Bank: b.Name, Entry: entry, Op: ev.Op, Episode: ev.Episode, T: ev.T, Text: why})
	}
}
