package mem

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Mem0Knobs are those of the Mem0-like memory.
type Mem0Knobs struct {
	K     int    `json:"k" doc:"entries that are read" default:"4" min:"1" max:"1000" unit:"entries" symbol:"k" main:"true" group:"memory"`
	Habit string `json:"habit" doc:"what happens where a line says something else about a known key: the old line is deleted and the new one added, or the old one is changed and keeps what it said besides" default:"delete-add" enum:"delete-add,update" main:"true" group:"memory"`
	KeyKnobs
	RoomKnobs
}

// The habits.
const (
	habitDeleteAdd = "delete-add"
	habitUpdate    = "update"
)

// mem0 keeps one line of each key.
//
// arXiv 2504.19413, sec. 2.1: each fact that is found in a new message is compared with the entries that are like it, and a model chooses
// one of ADD, UPDATE, DELETE and NOOP. Here rules choose, and the like entry is the one with the same key:
//
//	no entry of that key               ADD
//	the entry says it all already      NOOP
//	the line takes back what it says   DELETE
//	the line says all of it and more   UPDATE
//	it says something else             habit: DELETE, then ADD (what small models do where they should merge); or UPDATE with both
type mem0 struct {
	vectorKeys
	keys  *Keyed
	knobs Mem0Knobs
}

func openMem0(knobs any, env Env) (Memory, error) {
	b := NewBank("facts", env.Log, env.Count)
	return &mem0{newVectorKeys(b, env), NewKeyed(b), *knobs.(*Mem0Knobs)}, nil
}

// Write takes the lines of an experience in, one after another.
func (m *mem0) Write(ctx context.Context, e lab.Experience) error {
	for _, line := range lines(e.Text) {
		if err := m.line(ctx, e, line); err != nil {
			return err
		}
	}
	return m.evict()
}

// line does the operation that the rule chooses.
func (m *mem0) line(ctx context.Context, e lab.Experience, line string) error {
	key := m.knobs.keyed(e, line)
	old, ok := m.keys.Find(key)
	if !ok {
		if key = m.said(key, line); key == "" {
			return nil
		}
		return m.set(ctx, e, key, line, "ADD: nothing is known of it")
	}
	was, now := strings.Fields(old.Text), strings.Fields(line)
	switch {
	case within(now, was):
		return nil
	case within(was, now) && !denies(now):
		return m.set(ctx, e, key, line, "UPDATE: it says what was known and more")
	case denies(now) && within(without(now), was):
		return m.drop(old.ID, "DELETE: it is taken back")
	case m.knobs.Habit == habitUpdate:
		return m.set(ctx, e, key, joined(was, now), "UPDATE: it says something else besides")
	}
	if err := m.drop(old.ID, "DELETE: something else is said of it"); err != nil {
		return err
	}
	return m.set(ctx, e, key, line, "ADD: in the place of what was deleted")
}

// said is the key of a line that may be added: a line that only takes something back tells nothing where nothing is known, unless it has
// no key but itself.
func (m *mem0) said(key, line string) string {
	if now := strings.Fields(line); denies(now) && key != line && len(without(now)) < 2 {
		return ""
	}
	return key
}

// deniers are words that take something back.
func denier(word string) bool {
	return slices.Contains([]string{"not", "no", "never", "stopped", "longer", "anymore"}, word)
}

func denies(words []string) bool { return slices.ContainsFunc(words, denier) }

func without(words []string) []string { return slices.DeleteFunc(slices.Clone(words), denier) }

// within tells whether every word of some is among others.
func within(some, others []string) bool {
	return !slices.ContainsFunc(some, func(w string) bool { return !slices.Contains(others, w) })
}

// joined is a line with the words of another behind it that it lacks.
func joined(was, now []string) string {
	all := slices.Clone(was)
	for _, w := range now {
		if !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return strings.Join(all, " ")
}

// set writes or changes the entry of a key; it is found by what its line says.
func (m *mem0) set(ctx context.Context, e lab.Experience, key, line, reason string) error {
	unit, err := m.embedded(ctx, line)
	if err != nil {
		return err
	}
	id, err := m.keys.Set(key, func(entry *lab.Entry) {
		entry.Type, entry.Text, entry.Vector = "fact", line, Floats(unit)
		if e.Source != "" {
			entry.Sources = union(entry.Sources, []string{valid(e.Source)})
		}
		SetNumber(entry, NumMade, float64(e.When))
	}, reason)
	if err != nil {
		return err
	}
	return m.index.Put(id, unit)
}

func (m *mem0) drop(id, reason string) error {
	m.index.Delete(id)
	return m.keys.Delete(id, reason)
}

// evict lets the lines go that were touched longest ago.
func (m *mem0) evict() error {
	if _, ok := m.knobs.budget().holds(m.Bank); ok {
		return nil
	}
	err := m.vectorKeys.evict(m.knobs.budget(), EvictLongestIdle)
	m.keys.index()
	return err
}

// Read recalls the lines most like the query.
func (m *mem0) Read(ctx context.Context, q Query) (Reading, error) {
	unit, err := m.embedded(ctx, q.Text)
	if err != nil {
		return Reading{}, err
	}
	limit := q.limit(m.knobs.K)
	found, err := m.index.Top(unit, limit.K+shown)
	if err != nil {
		return Reading{}, err
	}
	return m.Recall(q.Text, HitsOf(found, "similarity"), limit, fmt.Sprintf("cosine with the lines, the %d best", limit.K))
}

func (m *mem0) Manage(context.Context, Outcome) error { return nil }
func (m *mem0) Banks() []*Bank                        { return []*Bank{m.Bank} }

// Restore implements lab.Snapshotter.
func (m *mem0) Restore(r io.Reader) error {
	if err := m.restore(r); err != nil {
		return err
	}
	m.keys.index()
	return nil
}
