package shop

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. The oracle knows the habits of the site; memory-free sees the present page alone and guesses what
// no page tells; full-memory keeps every line that its visits taught, and guesses among what has not failed yet; random takes any action.
func (w *World) Reference(name string, seed uint64) (world.Speaker, error) {
	switch name {
	case world.Oracle:
		return speaker(func(e *episode) string { return w.lex.say(w.plan(e.view(), truth{w, &e.goal})) }), nil
	case world.Random:
		d := &dice{key: seed}
		return speaker(func(e *episode) string { return w.anything(e.view(), d) }), nil
	case world.MemoryFree:
		return speaker(func(e *episode) string { return w.lex.say(w.plan(e.view(), guess{world.Draw(seed, e.clock)})) }), nil
	case world.FullMemory:
		return &keeper{w: w, facts: newFacts(seed)}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

// speaker is a reference that keeps nothing; to a dialogue of another package it has no answer.
type speaker func(e *episode) string

// Answer returns the reference's answer.
func (s speaker) Answer(d world.Dialogue) string {
	if e, ok := d.(*episode); ok {
		return s(e)
	}
	return ""
}

// truth settles by the habits of the site.
type truth struct {
	w *World
	g *Goal
}

func (t truth) settle(_ string, at stage, _ []string) string { return t.w.right(t.g, at) }

// guess settles by chance, the same way whenever it is asked in an episode.
type guess struct{ key uint64 }

func (g guess) settle(_ string, at stage, choices []string) string {
	return choices[world.Pick(world.Draw(g.key, uint64(at)), len(choices))]
}

// anything is any action, each verb as often and then each of what it may be done to.
func (w *World) anything(v *view, d *dice) string {
	l := w.lex
	switch verb(d.below(int(answer) + 1)) {
	case search:
		return l.say(action{search, l.nouns[v.goal.noun]})
	case next:
		return "next"
	case back:
		return "back"
	case answer:
		return l.say(action{answer, l.numbers[d.below(len(l.numbers))]})
	}
	all := append(append(slices.Clone(v.rows), v.see...), "first", "last", "buy")
	word := all[d.below(len(all))]
	if word == "next" {
		return word
	}
	return l.say(action{click, word})
}

// keeper is the reference with full memory.
type keeper struct {
	w     *World
	facts *facts
	last  *episode
	read  int // steps of last whose lines were taken in
}

// Answer takes in what came of the answers before and returns the next.
func (k *keeper) Answer(d world.Dialogue) string {
	e, ok := d.(*episode)
	if !ok {
		return ""
	}
	if k.last != nil && k.read < k.last.info.Steps {
		k.read = k.last.info.Steps
		k.facts.learn(k.last.lesson())
	}
	if e != k.last {
		k.last, k.read = e, e.info.Steps
	}
	return k.w.lex.say(k.w.plan(e.view(), k.facts))
}
