package tool

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References: the oracle says what the case plans, random calls any tool with any words, the other two are
// the suite's.
func (w *World) Reference(name string, seed uint64) (world.Speaker, error) {
	switch name {
	case world.Oracle:
		return speaker(func(e *Episode) string { return e.c.Plan(&e.s) }), nil
	case world.Random:
		drawn := uint64(0)
		return speaker(func(e *Episode) string {
			drawn++
			return e.anything(world.Draw(seed, drawn))
		}), nil
	case world.MemoryFree, world.FullMemory:
		return w.suite.Speaker(name, w.rules, seed), nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", w.spec.Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

// speaker is a reference that keeps nothing; to a dialogue of another package it has no answer.
type speaker func(e *Episode) string

// Answer returns the reference's answer.
func (s speaker) Answer(d world.Dialogue) string {
	if e, ok := Of(d); ok {
		return s(e)
	}
	return ""
}

// anything is any action: three times in four a call with up to three words of the suite, else documentation, a note, or the end.
func (e *Episode) anything(draw uint64) string {
	pick := func(i uint64, n int) int { return world.Pick(world.Draw(draw, i), n) }
	tool := e.c.Tools[pick(0, len(e.c.Tools))].Name
	switch kind := pick(1, 16); {
	case kind == 0:
		return Done.String()
	case kind < 3:
		return Doc.String() + " " + tool
	case kind == 3 && len(e.c.Notes) > 0:
		return Read.String() + " " + e.c.Notes[pick(2, len(e.c.Notes))].Name
	}
	own := e.w.spec.Words[len(Words()):]
	words := []string{Call.String(), tool}
	for i := range pick(3, 4) {
		words = append(words, own[pick(uint64(i)+4, len(own))])
	}
	return strings.Join(words, " ")
}
