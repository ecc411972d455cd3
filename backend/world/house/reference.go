package house

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. The oracle knows the rules; memory-free knows the house, sees the present observation alone and
// guesses what no text tells; full-memory keeps every fact that it saw in the dialogues that it answered, and guesses among what has not
// failed yet; random takes any action of the house.
func (w *World) Reference(name string, seed uint64) (world.Speaker, error) {
	switch name {
	case world.Oracle:
		return speaker(func(e *episode) string {
			return w.lex.say(w.plan(e.view(), truth{w.rules, e.clock}))
		}), nil
	case world.Random:
		d := &dice{key: seed}
		return speaker(func(e *episode) string { return w.anything(e.view(), d) }), nil
	case world.MemoryFree:
		return speaker(func(e *episode) string {
			v := e.view()
			return w.lex.say(w.plan(v, guess{w, v, world.Draw(seed, e.clock)}))
		}), nil
	case world.FullMemory:
		return &keeper{w: w, facts: newFacts(w.lex, &w.knobs, seed)}, nil
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

// anything is any action, each verb as often and then each of what it may be done to.
func (w *World) anything(v *view, d *dice) string {
	l := w.lex
	a := action{verb: verb(d.below(int(putIt) + 1)), knob: none}
	for a.place = d.below(len(l.places)); !w.stands(a.place); {
		a.place = d.below(len(l.places))
	}
	switch {
	case a.verb == useIt && d.below(3) == 0:
		a.knob = d.below(w.knobs.Switches)
	case a.verb == takeIt && len(v.sees) > 0:
		a.what = v.sees[d.below(len(v.sees))]
	case v.task.Family == Serve:
		a.what = thing{v.task.need*perClass + d.below(perClass), none}
	default:
		a.what = v.task.things[d.below(v.task.count())]
	}
	return l.say(a)
}

// keeper is the reference with full memory.
type keeper struct {
	w     *World
	facts *facts
	last  *episode
	read  int // deeds of last whose lines were taken in
}

// Answer takes in what came of the answers before and returns the next.
func (k *keeper) Answer(d world.Dialogue) string {
	e, ok := d.(*episode)
	if !ok || e.w.lex == nil {
		return ""
	}
	if k.last != nil && k.read < k.last.info.Steps {
		k.take()
	}
	if e != k.last {
		k.last, k.read = e, e.info.Steps
	}
	return k.w.lex.say(k.w.plan(e.view(), k.facts))
}

func (k *keeper) take() {
	k.read = k.last.info.Steps
	for _, line := range k.last.lines() {
		k.facts.learn(line)
	}
}
