package history

import (
	"cmp"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Point is the size of a bank behind an event.
type Point struct {
	Moment  int
	Episode int64
	Entries int
	Tokens  int
}

// Growth is the size of a bank over its events up to a moment, at most so many points: the last of each of as many parts of equal length,
// so that sizes are true where they stand.
func (b *Bank) Growth(moment, most int) []Point {
	m := clamp(moment)
	n, _ := slices.BinarySearch(b.events, m)
	each := max((n+most-1)/max(most, 1), 1)
	out := []Point{}
	for i := min(each, n) - 1; i >= 0 && i < n; i += each {
		out = append(out, b.point(i))
	}
	if last := n - 1; last >= 0 && (len(out) == 0 || out[len(out)-1].Moment != int(b.events[last])+1) {
		out = append(out, b.point(last))
	}
	return out
}

func (b *Bank) point(i int) Point {
	e := b.run.events[b.events[i]]
	return Point{Moment: int(b.events[i]) + 1, Episode: e.episode, Entries: int(e.size), Tokens: int(e.tokens)}
}

// Count is how often something happened.
type Count struct {
	Name  string
	Count int
}

// ReadsByType counts the uses of entries before a moment by what the memory calls them, the most used first.
func (b *Bank) ReadsByType(moment int) []Count {
	m, at, out := clamp(moment), map[string]int{}, []Count{}
	for i := range b.slots {
		s := &b.slots[i]
		if s.versions[0].from > m {
			break
		}
		used, _ := s.readCounts(moment)
		kind := s.versions[0].kind
		k, ok := at[kind]
		if !ok {
			k = len(out)
			at[kind] = k
			out = append(out, Count{Name: kind})
		}
		out[k].Count += used
	}
	slices.SortStableFunc(out, func(x, y Count) int { return cmp.Compare(y.Count, x.Count) })
	return out
}

// Operations counts the operations of a bank before a moment by their kind.
func (b *Bank) Operations(moment int) map[lab.MemoryOp]int {
	out := map[lab.MemoryOp]int{}
	for _, i := range b.events {
		if int(i) >= moment {
			break
		}
		out[b.run.events[i].op]++
	}
	return out
}

// Value is a number of an entry, from a moment on.
type Value struct {
	Moment  int
	Episode int64
	Value   float64
}

// Course is a number of an entry over its life, a value where each version begins.
func (b *Bank) Course(s Standing, name string) []Value {
	i, ok := b.numberAt[name]
	if !ok {
		return nil
	}
	out := []Value{}
	for _, v := range b.slots[s.slot].versions {
		if x, ok := v.number(i); ok {
			out = append(out, Value{int(v.from), b.run.Place(int(v.from)).Episode, x})
		}
	}
	return out
}

// Spread is a number over all entries that stand at a moment.
type Spread struct {
	Place             Place
	Least, Mean, Most float64
	N                 int
}

// Spreads are a number of a bank at the given moments; moments at which no entry has it are left out.
func (b *Bank) Spreads(name string, moments []int) []Spread {
	column, ok := b.numberAt[name]
	if !ok {
		return nil
	}
	out := []Spread{}
	for _, m := range moments {
		sp := Spread{Place: b.run.Place(m)}
		for i := range b.slots {
			s := &b.slots[i]
			v := s.at(clamp(m))
			if v < 0 {
				continue
			}
			x, ok := s.versions[v].number(column)
			if !ok || x != x {
				continue
			}
			if sp.N == 0 {
				sp.Least, sp.Most = x, x
			}
			sp.Least, sp.Most, sp.N = min(sp.Least, x), max(sp.Most, x), sp.N+1
			sp.Mean += x
		}
		if sp.N > 0 {
			sp.Mean /= float64(sp.N)
			out = append(out, sp)
		}
	}
	return out
}
