package history

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

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

// apply does a write, change, merge or deletion and returns the slot that it touched and the version that it made. raw are the hashes of
// the entry before and after it as the record holds them, 0 where they are not known.
func (b *Bank) apply(ev lab.Memory, number int, raw [2]uint64) (at, made int32) {
	at, found := b.alive[ev.Entry]
	if !found {
		at = -1
	}
	why := b.doubt(ev, at, raw[0])
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
	if at >= 0 {
		b.slots[at].raw = raw[1]
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
func (b *Bank) doubt(ev lab.Memory, at int32, before uint64) string {
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
	case before != 0 && before == b.slots[at].raw: // the same bytes as after the operation before it
		return ""
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
