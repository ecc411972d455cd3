package mem

import (
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// Names of numbers that the structures of this package keep in entries and that every memory means alike.
const (
	NumValue      = "value"      // what the entry is worth, learned from outcomes
	NumUses       = "uses"       // how often it stood in a prompt
	NumMade       = "made"       // when it was written, on the world's clock
	NumRead       = "read"       // when it was last recalled, on the world's clock
	NumImportance = "importance" // how much it matters whatever is asked
)

// copied is a copy of an entry that shares nothing with it.
func copied(e *lab.Entry) *lab.Entry {
	c := *e
	c.Numbers, c.Sources, c.Labels, c.Vector = maps.Clone(e.Numbers), slices.Clone(e.Sources), slices.Clone(e.Labels), slices.Clone(e.Vector)
	return &c
}

// tidy is a copy as a record gives it back: text is valid UTF-8, and what is empty is nil. The bank and what events rebuild are then equal.
func tidy(e *lab.Entry) *lab.Entry {
	c := copied(e)
	c.Type, c.Text = valid(c.Type), valid(c.Text)
	c.Sources, c.Labels = validAll(c.Sources), validAll(c.Labels)
	if len(c.Vector) == 0 {
		c.Vector = nil
	}
	if len(c.Numbers) == 0 {
		c.Numbers = nil
	}
	return c
}

func valid(s string) string { return strings.ToValidUTF8(s, string(utf8.RuneError)) }

func validAll(all []string) []string {
	if len(all) == 0 {
		return nil
	}
	for i, s := range all {
		all[i] = valid(s)
	}
	return all
}

// same tells whether two tidy entries are equal; a NaN equals a NaN, as their record does.
func same(a, b *lab.Entry) bool {
	return a.ID == b.ID && a.Type == b.Type && a.Text == b.Text && a.Tokens == b.Tokens &&
		maps.EqualFunc(a.Numbers, b.Numbers, sameFloat) && slices.EqualFunc(a.Vector, b.Vector, sameFloat) &&
		slices.Equal(a.Sources, b.Sources) && slices.Equal(a.Labels, b.Labels)
}

func sameFloat(a, b lab.Float) bool {
	return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || (a != a && b != b)
}

// Number returns a number of an entry, 0 where it has none of that name.
func Number(e *lab.Entry, name string) float64 { return float64(e.Numbers[name]) }

// SetNumber writes a number into an entry that is being made or changed.
func SetNumber(e *lab.Entry, name string, v float64) {
	if e.Numbers == nil {
		e.Numbers = map[string]lab.Float{}
	}
	e.Numbers[name] = lab.Float(v)
}
