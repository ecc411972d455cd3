package mem

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Alike tells how much two entries resemble each other; 1 is the same.
type Alike func(a, b *lab.Entry) float64

// SameText is 1 for entries with the same text up to spaces, and 0 for others.
func SameText(a, b *lab.Entry) float64 {
	if plain(a.Text) == plain(b.Text) {
		return 1
	}
	return 0
}

// SharedWords is the Jaccard index of the words of two entries.
func SharedWords(a, b *lab.Entry) float64 { return Jaccard(a.Text, b.Text) }

// Cosine compares entries by their vectors in a search; an entry that it does not hold resembles nothing.
func (x *Vectors) Cosine(a, b *lab.Entry) float64 {
	u, ok := x.Get(a.ID)
	v, both := x.Get(b.ID)
	if !ok || !both {
		return 0
	}
	return float64(x.core.K.Dot(u, v))
}

// Groups gathers entries that resemble each other. In the order given, each joins the first group whose first entry it resembles by at
// least that much, or begins one. Only groups of two and more are returned, each in the order given. The time grows with entries times
// groups.
func Groups(entries []*lab.Entry, alike Alike, least float64) [][]*lab.Entry {
	var groups [][]*lab.Entry
	for _, e := range entries {
		i := slices.IndexFunc(groups, func(g []*lab.Entry) bool { return alike(g[0], e) >= least })
		if i < 0 {
			groups = append(groups, []*lab.Entry{e})
		} else {
			groups[i] = append(groups[i], e)
		}
	}
	return slices.DeleteFunc(groups, func(g []*lab.Entry) bool { return len(g) < 2 })
}

// MergeAlike merges each group of entries that resemble each other by at least that much into one, in the place of the newest, and returns
// the ids of what they became and of what went. A nil combine is Combined.
func MergeAlike(b *Bank, alike Alike, least float64, combine func([]*lab.Entry) lab.Entry, reason string) (became, gone []string, err error) {
	if combine == nil {
		combine = Combined
	}
	for _, g := range Groups(b.All(), alike, least) {
		ids := make([]string, len(g))
		for i, e := range g {
			ids[i] = e.ID
		}
		id, err := b.Merge(ids, combine(g), reason)
		if err != nil {
			return became, gone, err
		}
		became, gone = append(became, id), append(gone, ids[:len(ids)-1]...)
	}
	return became, gone, nil
}

// Combined makes one entry of some, oldest first: what the newest says, with the uses of all added up, their value weighted by uses (the
// plain mean where none was used), the earliest time of writing, the latest of recalling, the largest importance, and the sources and
// labels of all, each once. A number that none of them has stays away; other numbers are the newest's.
func Combined(entries []*lab.Entry) lab.Entry {
	c := *copied(entries[len(entries)-1])
	c.Sources, c.Labels = nil, nil
	for _, e := range entries {
		c.Sources, c.Labels = union(c.Sources, e.Sources), union(c.Labels, e.Labels)
	}
	for _, n := range []struct {
		name string
		join func([]*lab.Entry, string) float64
	}{{NumUses, sum}, {NumValue, worth}, {NumMade, least}, {NumRead, most}, {NumImportance, most}} {
		lacks := func(e *lab.Entry) bool { _, ok := e.Numbers[n.name]; return !ok }
		if having := slices.DeleteFunc(slices.Clone(entries), lacks); len(having) > 0 {
			SetNumber(&c, n.name, n.join(having, n.name))
		}
	}
	return c
}

func union(all, more []string) []string {
	for _, s := range more {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

func sum(entries []*lab.Entry, name string) (total float64) {
	for _, e := range entries {
		total += Number(e, name)
	}
	return total
}

func worth(entries []*lab.Entry, name string) float64 {
	uses, weighted := sum(entries, NumUses), 0.0
	if uses <= 0 {
		return sum(entries, name) / float64(len(entries))
	}
	for _, e := range entries {
		weighted += Number(e, name) * Number(e, NumUses)
	}
	return weighted / uses
}

func least(entries []*lab.Entry, name string) float64 {
	v := Number(entries[0], name)
	for _, e := range entries {
		v = min(v, Number(e, name))
	}
	return v
}

func most(entries []*lab.Entry, name string) float64 {
	v := Number(entries[0], name)
	for _, e := range entries {
		v = max(v, Number(e, name))
	}
	return v
}
