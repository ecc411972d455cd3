package memalpha

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
)

// Changes implements lab.Forker. A memory does not outlive its episode here; the kept ones are examinations, which are greedy: nothing in
// them depends on chance, in a replay neither.
func (m *method) Changes() []lab.ChangeKind {
	if m.setup.Kind("agent") == Reference {
		return nil
	}
	return lab.ChangeKinds()
}

// Fork implements lab.Forker.
func (m *method) Fork(f lab.Fork) error {
	m.fork = &f
	return f.Check(m.Changes())
}

// due tells whether the stores of a rollout are changed at a step.
func (m *method) due(r *rollout, t int) bool {
	return r.told != nil && m.fork.Here(r.told.log.Episode, t)
}

// alter makes the changes of a fork in the stores of a rollout, before its writer reads them.
func (m *method) alter(r *rollout, t int) error {
	if !m.due(r, t) {
		return nil
	}
	r.told.at(t)
	banks := []*mem.Bank{r.stores.core, r.stores.semantic, r.stores.episodic}
	for _, c := range m.fork.Due(r.told.log.Episode, t) {
		b, err := mem.BankOf(banks, ownBank(c, r.told))
		if err != nil {
			return err
		}
		if err := mem.AlterBank(b, c); err != nil {
			return err
		}
	}
	return nil
}

// ownBank takes the number of the episode off the name of a bank: it stands there in the record alone.
func ownBank(c lab.Change, told *telling) lab.Change {
	c.Bank = strings.TrimSuffix(c.Bank, fmt.Sprintf(" %d", told.log.Episode))
	return c
}

// alterOther makes the changes of a fork in a memory of another kind.
func (m *method) alterOther(ctx context.Context, told *telling, memory mem.Memory, t int) error {
	if told == nil || memory == nil {
		return nil
	}
	due := m.fork.Due(told.log.Episode, t)
	for i := range due {
		due[i] = ownBank(due[i], told)
	}
	return mem.Alter(ctx, memory, due)
}

// written is what the writer wrote, or what a person wrote in its place, which has no probability.
func (m *method) written(r *rollout, t int, drawn llm.Sequence) (llm.Sequence, error) {
	if r.told == nil {
		return drawn, nil
	}
	text, ok := m.fork.Action(r.told.log.Episode, t)
	if !ok {
		return drawn, nil
	}
	tokens, err := m.words.Encode(text)
	if err != nil {
		return drawn, err
	}
	s := llm.Sequence{Tokens: append(tokens, m.words.End()), Stop: llm.Stopped}
	for range s.Tokens {
		s.Logprobs = append(s.Logprobs, float32(math.NaN()))
	}
	return s, nil
}

// said is an answer, or a person's in its place.
func (m *method) said(told *telling, t int, said string) string {
	if told == nil {
		return said
	}
	if other, ok := m.fork.Action(told.log.Episode, t); ok {
		return other
	}
	return said
}
