package memact

import (
	"strings"

	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/hop"
)

// Names of yardsticks.
const (
	oracle     = world.Oracle
	fullMemory = world.FullMemory
)

// yardstick is who acts at a desk by rule: the teacher without faults, or a reference of the world.
func (m *method) yardstick(w *hop.World, seed uint64) (func(d *desk) string, error) {
	if m.policy == oracle {
		t := &teacher{due: m.due, draw: rng.New(seed, "oracle")}
		return t.act, nil
	}
	s, err := w.Reference(m.policy, seed)
	if err != nil {
		return nil, err
	}
	return func(d *desk) string { return lettered(s.Answer(d.quest)) }, nil
}

// lettered writes the world's act in the words of the desk: answers stand behind the letters of their questions.
func lettered(act string) string {
	words := strings.Fields(act)
	if len(words) == 0 || words[0] != hop.Ans {
		return act
	}
	var facts []said
	for _, w := range words[1:] {
		if w != hop.And && len(facts) < len(slotWords()) {
			facts = append(facts, said{slotWords()[len(facts)], w})
		}
	}
	return answerCall(facts)
}
