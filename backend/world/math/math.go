// Package mathworld holds two text worlds of arithmetic with answers that can be checked: running-arithmetic, for reasoning that is cut
// into chunks (arXiv 2510.06557), and word-problems, for rewards out of stored answers (arXiv 2504.02273).
//
// Both ask one question, which stays visible, and end with the answer. A question is made from a seed without end and written in words
// of a fixed vocabulary, one token each, numbers included. Chance comes from world.Draw, so no order of calls can move it.
package mathworld

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// Names of the worlds, as in a notebook.
const (
	RunningArithmetic = "running-arithmetic"
	WordProblems      = "word-problems"
)

// Splits of both worlds; they share no item. HeldOut exists in word-problems only.
const (
	Train   = "train"
	Test    = "test"
	HeldOut = "held-out"
)

// End may close an answer; it is the tokenizer's own token and no word of a world.
const End = "<end>"

// Worlds lists the worlds of this package for the catalog.
func Worlds() []schema.Kind {
	return []schema.Kind{
		{Name: RunningArithmetic, Doc: "Variables changed by operation after operation, worked out step by step: a long chain of thought with a state to carry.", New: func() any { return new(ArithmeticKnobs) }},
		{Name: WordProblems, Doc: "Short stories of two or three steps with a number for an answer, written inside tags.", New: func() any { return new(WordKnobs) }},
	}
}

// New makes the world that the knobs belong to (a pointer as made by Worlds).
func New(knobs any) (world.Text, error) {
	switch k := knobs.(type) {
	case *ArithmeticKnobs:
		return NewArithmetic(*k)
	case *WordKnobs:
		return NewWords(*k)
	}
	return nil, lab.Errorf(lab.Internal, "knobs of type %T belong to no world of arithmetic", knobs)
}

// dice are the draws of one key in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) bits() uint64 {
	d.drawn++
	return world.Draw(d.key, d.drawn-1)
}

// below returns a number in 0..n-1, between one in lo..hi.
func (d *dice) below(n int) int            { return world.Pick(d.bits(), n) }
func (d *dice) between(lo, hi int) int     { return lo + d.below(hi-lo+1) }
func (d *dice) chance(share float64) bool  { return world.Unit(d.bits()) < share }
func (d *dice) other(n, than int) (is int) { return (than + 1 + d.below(n-1)) % n }

// testShare is one in how many items belongs to the test split.
const testShare = 4

// isTest says to which split an item belongs: by a hash of what the item asks, so that no seed and no knob can bring it into both.
func isTest(item []byte) bool {
	h := uint64(14695981039346656037) // FNV-1a, 64 bits
	for _, b := range item {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return world.Pick(world.Draw(h, 0), testShare) == 0
}

func unknownSplit(name, split string, legal []string) error {
	return lab.Errorf(lab.Invalid, "%s: split %q is unknown, want one of %q", name, split, legal).WithHint("name one of %q", legal)
}

func unknownReference(name, reference string) error {
	return lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", name, reference, world.References()).
		WithHint("name one of %q", world.References())
}

// within returns nil or an error that quotes the value; a NaN lies within nothing.
func within[T int | float64](name, knob string, v, lo, hi T) error {
	if v >= lo && v <= hi {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: knob %s is %v, want %v to %v", name, knob, v, lo, hi).
		WithHint("choose %s between %v and %v", knob, lo, hi)
}
