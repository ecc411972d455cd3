package jsonl

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// World asks one question of the file in an episode. Its words are open, so Spec has none.
type World struct {
	knobs Knobs
	name  string
	items map[string][]Item // by split, in the order of the file
}

// New makes the world of that name of a file's items. Its errors are of code invalid.
func New(name string, k Knobs, items []Item) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if !(k.Share >= 0 && k.Share <= 1) {
		return nil, lab.Errorf(lab.Invalid, "%s: knob test_share is %v, want 0 to 1", name, k.Share).WithHint("choose test_share between 0 and 1")
	}
	w := &World{knobs: k, name: name, items: map[string][]Item{}}
	for _, item := range items {
		split := Train
		if drawn(item.Question) < k.Share {
			split = Test
		}
		w.items[split] = append(w.items[split], item)
	}
	return w, nil
}

// drawn is a number in [0, 1) that follows from the question alone: no order of the file can move a question to the other split.
func drawn(question string) float64 {
	h := uint64(14695981039346656037) // FNV-1a, 64 bits
	for i := range len(question) {
		h = (h ^ uint64(question[i])) * 1099511628211
	}
	return world.Unit(world.Draw(h, 0))
}

// Spec returns the shape of the world.
func (w *World) Spec() world.TextSpec { return world.TextSpec{Name: w.name, Horizon: 1} }

// Splits returns train and test.
func (w *World) Splits() []string { return []string{Train, Test} }

// Size is the number of questions of a split: as many seeds in a row ask each once.
func (w *World) Size(split string) int { return len(w.items[split]) }

// Start returns the episode of that seed: question seed modulo Size of the split.
func (w *World) Start(split string, seed uint64) (world.Dialogue, error) {
	if split != Train && split != Test {
		return nil, lab.Errorf(lab.Invalid, "%s: split %q is unknown, want one of %q", w.name, split, w.Splits()).WithHint("name one of %q", w.Splits())
	}
	items := w.items[split]
	if len(items) == 0 {
		return nil, lab.Errorf(lab.Invalid, "%s: split %q has no question with knob test_share at %v", w.name, split, w.knobs.Share).WithHint("choose another test_share, or another split")
	}
	seed &= 1<<53 - 1 // what Info.Seed keeps
	d := &Dialogue{knobs: &w.knobs, item: items[seed%uint64(len(items))], info: world.Info{Seed: seed}}
	return d, nil
}

// Reader returns the rule: it answers a question only where a line of memory holds that question with its answer.
func (w *World) Reader(uint64) world.Reader { return rule{} }

// Reference returns one of world.References. The oracle says the file's answer, random that to another question of the split, memory-free
// nothing, full-memory the answers to questions that it was asked before.
func (w *World) Reference(name string, seed uint64) (world.Speaker, error) {
	n, asked := uint64(0), map[string]bool{}
	switch name {
	case world.Oracle:
		return speaker(func(d *Dialogue) string { return d.item.Answer }), nil
	case world.Random:
		return speaker(func(d *Dialogue) string {
			n++
			all := w.items[Train]
			if len(all) == 0 {
				all = w.items[Test]
			}
			return all[world.Pick(world.Draw(seed, n), len(all))].Answer
		}), nil
	case world.MemoryFree:
		return speaker(func(*Dialogue) string { return "" }), nil
	case world.FullMemory:
		return speaker(func(d *Dialogue) string {
			if !asked[d.item.Question] {
				asked[d.item.Question] = true
				return ""
			}
			return d.item.Answer
		}), nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", w.name, name, world.References()).WithHint("name one of %q", world.References())
}

// speaker is a reference; to a dialogue of another package it has no answer.
type speaker func(d *Dialogue) string

// Answer returns the reference's answer.
func (s speaker) Answer(d world.Dialogue) string {
	if d, ok := d.(*Dialogue); ok {
		return s(d)
	}
	return ""
}

// rule answers out of a line that holds the question.
type rule struct{}

// Begin has nothing to forget.
func (rule) Begin() {}

// Answer looks for the question among the lines, the last first.
func (rule) Answer(told string, recalled []string) string {
	for i := len(recalled) - 1; i >= 0; i-- {
		if answer, ok := strings.CutPrefix(recalled[i], line(told, "")); ok {
			return answer
		}
	}
	return ""
}

// line is a question with its answer as a memory keeps it.
func line(question, answer string) string {
	return oneLine(question) + answerMark + oneLine(answer)
}

// answerMark stands between question and answer.
const answerMark = " ANSWER: "

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
