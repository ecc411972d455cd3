package locomo

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/grade"
)

// World plays the conversations of a file: an episode is one conversation, first its sessions and then its questions, a turn each. Its
// words are open, so Spec has none.
type World struct {
	knobs Knobs
	all   []Conversation
	asked [][]Question // of each conversation, those of the categories that are asked
	spec  world.TextSpec
}

// New makes the world of a file. Its errors are of code invalid.
func New(k Knobs, f *File) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if k.Train > len(f.Conversations) {
		return nil, lab.Errorf(lab.Invalid, "locomo: knob train is %d, and data %q have %d conversations", k.Train, k.Data, len(f.Conversations)).
			WithHint("choose train between 0 and %d", len(f.Conversations))
	}
	only, err := k.categories()
	if err != nil {
		return nil, err
	}
	w := &World{knobs: k, all: f.Conversations, asked: make([][]Question, len(f.Conversations)), spec: world.TextSpec{Name: Name}}
	for i := range w.all {
		c := &w.all[i]
		for _, q := range c.Questions {
			if only[q.Category] {
				w.asked[i] = append(w.asked[i], q)
			}
		}
		if len(w.asked[i]) == 0 {
			return nil, lab.Errorf(lab.Invalid, "locomo: conversation %s has no question of the categories %q", c.ID, k.Only).WithHint("name other categories in knob only, or none for all")
		}
		w.spec.Horizon = max(w.spec.Horizon, len(c.Sessions)+len(w.asked[i]))
	}
	return w, nil
}

// Spec returns the shape of the world.
func (w *World) Spec() world.TextSpec { return w.spec }

// Splits returns train and test.
func (w *World) Splits() []string { return []string{Train, Test} }

// Size is the number of conversations of a split: as many seeds in a row play each once.
func (w *World) Size(split string) int {
	switch split {
	case Train:
		return w.knobs.Train
	case Test:
		return len(w.all) - w.knobs.Train
	}
	return 0
}

// Start returns the episode of that seed: conversation seed modulo Size of the split, with its questions in an order that the seed draws.
func (w *World) Start(split string, seed uint64) (world.Dialogue, error) {
	n := uint64(w.Size(split))
	seed &= 1<<53 - 1 // what Info.Seed keeps
	switch {
	case split != Train && split != Test:
		return nil, lab.Errorf(lab.Invalid, "locomo: split %q is unknown, want one of %q", split, w.Splits()).WithHint("name one of %q", w.Splits())
	case n == 0:
		return nil, lab.Errorf(lab.Invalid, "locomo: split %q has no conversation with knob train at %d", split, w.knobs.Train).
			WithHint("choose train between 1 and %d", len(w.all)-1)
	}
	at := int(seed % n)
	if split == Test {
		at += w.knobs.Train
	}
	d := &Dialogue{talk: &w.all[at], captions: w.knobs.Captions, questions: make([]Question, len(w.asked[at]))}
	d.info.Seed = seed
	for i, j := range w.order(len(d.questions), seed) {
		d.questions[i] = w.asked[at][j]
	}
	return d, nil
}

// order is the order of n questions: that of Fisher and Yates with the draws of the seed.
func (w *World) order(n int, seed uint64) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0 && w.knobs.Shuffle; i-- {
		j := world.Pick(world.Draw(seed, uint64(i)), i+1)
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// Reader returns the rule: see rule.
func (w *World) Reader(uint64) world.Reader { return rule{} }

// Reference returns one of world.References. The oracle says what the file says; random says the answer to another question of the
// conversation; memory-free says that nothing is known, which is right for adversarial questions; full-memory is the rule with all turns
// recalled. What the whole history allows at best, nobody knows of real data.
func (w *World) Reference(name string, seed uint64) (world.Speaker, error) {
	drawn := uint64(0)
	switch name {
	case world.Oracle:
		return speaker(func(_ *Dialogue, q Question) string { return gold(q) }), nil
	case world.Random:
		return speaker(func(d *Dialogue, _ Question) string {
			drawn++
			return gold(d.questions[world.Pick(world.Draw(seed, drawn), len(d.questions))])
		}), nil
	case world.MemoryFree:
		return speaker(func(*Dialogue, Question) string { return refusal }), nil
	case world.FullMemory:
		return speaker(func(d *Dialogue, q Question) string { return rule{}.Answer(asking+q.Text, d.lines()) }), nil
	}
	return nil, lab.Errorf(lab.Invalid, "locomo: reference %q is unknown, want one of %q", name, world.References()).WithHint("name one of %q", world.References())
}

// refusal is the right answer to what was never said.
const refusal = "not mentioned"

// gold is the answer that scores best.
func gold(q Question) string {
	switch q.Category {
	case grade.Adversarial:
		return refusal
	case grade.OpenDomain:
		answer, _, _ := strings.Cut(q.Answer, ";") // a remark follows
		return answer
	}
	return q.Answer
}

// speaker is a reference that answers questions.
type speaker func(d *Dialogue, q Question) string

// Answer returns the reference's answer, "" while sessions are told and to a dialogue of another package.
func (s speaker) Answer(d world.Dialogue) string {
	if d, ok := d.(*Dialogue); ok {
		if q, asks := d.Asked(); asks {
			return s(d, q)
		}
	}
	return ""
}

// Line is a turn as a memory keeps it: when, who, what.
func (s *Session) Line(t *Turn, captions bool) string { return s.Date + ", " + t.Said(captions) }

// Said is a turn without its date: what later questions are compared with.
func (t *Turn) Said(captions bool) string {
	said := t.Speaker + ": " + t.Text
	if captions && t.Caption != "" {
		said += " [shares a picture: " + t.Caption + "]"
	}
	return strings.Join(strings.Fields(said), " ")
}
