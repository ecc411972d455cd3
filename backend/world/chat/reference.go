package chat

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. The oracle says what is right; full-memory reads all that was told by the rule of Read with
// no limit to what it trusts; memory-free knows the question alone and guesses a value of what is asked for; random says any word. All of
// them say ok to what is told.
func (w *World) Reference(name string, seed uint64) (world.Speaker, error) {
	trusting := *w
	trusting.knobs.Trust = 0
	d := &dice{key: seed}
	switch name {
	case world.Oracle:
		return speaker(func(_ *episode, q *Question) string { return strings.Join(q.Gold, " ") }), nil
	case world.FullMemory:
		return speaker(func(e *episode, q *Question) string { return trusting.Read(q.Text, e.lines()) }), nil
	case world.MemoryFree:
		return speaker(func(_ *episode, q *Question) string { return w.guess(q.Text, d) }), nil
	case world.Random:
		return speaker(func(*episode, *Question) string { return w.lex.words[d.below(len(w.lex.words))] }), nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

// guess is a value of the kind that a question asks for.
func (w *World) guess(question string, d *dice) string {
	q, _ := w.lex.parse(question)
	switch q.form {
	case askSince, askWhen:
		return strconv.Itoa(d.between(1, calendar))
	case askFirst:
		return []string{q.value, q.other}[d.below(2)]
	}
	pool := w.lex.attrs[q.attr].pool
	return pool[d.below(len(pool))]
}

// speaker is a reference that keeps nothing; to a dialogue of another package it has no answer.
type speaker func(e *episode, q *Question) string

// Answer returns the reference's answer.
func (s speaker) Answer(d world.Dialogue) string {
	e, ok := d.(*episode)
	if !ok {
		return ""
	}
	if q := e.question(); q != nil {
		return s(e, q)
	}
	return heard
}
