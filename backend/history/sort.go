package history

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Sort orders entries. by is "born", "read", "missed", "tokens", "age", "changed", "text", "id", "since" (the change of the number "value"
// or of the first one, largest first in either direction) or the name of a number; a minus before it turns the order round. "" is the
// newest first, behind those that changed between the moments of d.
func (b *Bank) Sort(all []Standing, by string, moment int, d *Difference) error {
	name, down := strings.CutPrefix(by, "-")
	keys := make([]float64, len(all))
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	if name == "text" || name == "id" {
		b.sortByText(all, name, down)
		return nil
	}
	key, err := b.sortKey(name, moment, d)
	if err != nil {
		return err
	}
	for i, s := range all {
		keys[i] = key(s)
	}
	sign := 1
	if down {
		sign = -1
	}
	slices.SortStableFunc(order, func(i, j int) int {
		x, y := keys[i], keys[j]
		if x != x || y != y { // what has no such number stands last
			return cmp.Compare(number(x != x), number(y != y))
		}
		return sign * cmp.Compare(x, y)
	})
	sorted := make([]Standing, len(all))
	for i, k := range order {
		sorted[i] = all[k]
	}
	copy(all, sorted)
	return nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (b *Bank) sortByText(all []Standing, name string, down bool) {
	slices.SortStableFunc(all, func(x, y Standing) int {
		c := strings.Compare(b.slots[x.slot].versions[x.version].low, b.slots[y.slot].versions[y.version].low)
		if name == "id" {
			p, q := b.slots[x.slot].id, b.slots[y.slot].id
			c = cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q))
		}
		if down {
			return -c
		}
		return c
	})
}

func (b *Bank) sortKey(name string, moment int, d *Difference) (func(Standing) float64, error) {
	slotOf := func(s Standing) *slot { return &b.slots[s.slot] }
	switch name {
	case "":
		return func(s Standing) float64 {
			if d != nil && d.Op(s) != "" {
				return -float64(s.slot) - 1e9
			}
			return -float64(s.slot)
		}, nil
	case "born":
		return func(s Standing) float64 { return float64(s.slot) }, nil
	case "changed":
		return func(s Standing) float64 { return float64(slotOf(s).versions[s.version].from) }, nil
	case "since":
		return func(s Standing) float64 { return -math.Abs(b.moved(d, s)) }, nil
	case "tokens", "age", "read", "used", "missed", "helped", "misled":
		return func(s Standing) float64 { return b.countOf(name, s, moment) }, nil
	}
	column, ok := b.column(strings.ToLower(name))
	if !ok {
		legal := slices.Concat([]string{"born", "changed", "since", "text", "id"}, countFields(), b.numbers)
		return nil, lab.Errorf(lab.Invalid, "order %q is unknown, want one of %q", name, legal).WithHint("click the head of a column")
	}
	return func(s Standing) float64 {
		x, ok := slotOf(s).versions[s.version].number(column)
		if !ok {
			return math.NaN()
		}
		return x
	}, nil
}

// Main is the number that a bank is first of all looked at by: its value, else its score, else the first one that moves; "" for none.
func (b *Bank) Main() string {
	for _, name := range []string{"value", "q", "score", "importance", "strength"} {
		if _, ok := b.numberAt[name]; ok {
			return name
		}
	}
	for _, name := range b.numbers {
		if name != "made" && name != "read" {
			return name
		}
	}
	return ""
}

// moved is by how much the main number of an entry changed between the moments of a difference; NaN where it has none at one of them.
func (b *Bank) moved(d *Difference, s Standing) float64 {
	if d == nil {
		return math.NaN()
	}
	before, ok := b.Earlier(d, s)
	if !ok {
		return math.NaN()
	}
	x, had := b.Number(before, b.Main())
	y, has := b.Number(s, b.Main())
	if !had || !has {
		return math.NaN()
	}
	return y - x
}
