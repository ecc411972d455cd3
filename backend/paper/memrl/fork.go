package memrl

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
)

// Changes implements lab.Forker. A yardstick reads nothing and takes no advice.
func (m *method) Changes() []lab.ChangeKind {
	if m.model == nil {
		return nil
	}
	if len(m.memory.Banks()) == 0 {
		return []lab.ChangeKind{lab.ChangeAct}
	}
	return lab.ChangeKinds()
}

// Fork implements lab.Forker. The memory is read once a task, before the first turn; a change behind that is made at its turn, and the
// memory is then read again for the turns that are left.
func (m *method) Fork(f lab.Fork) error {
	m.fork = &f
	return f.Check(m.Changes())
}

// alter makes the changes of a fork in a memory where they fall due. A test's copy of the memory draws as it always does.
func (m *method) alter(ctx context.Context, memory mem.Memory, episode int64, t int) error {
	if k := m.fork.Chance(episode, t); k > 0 && m.fork.Here(episode, t) && memory == m.memory {
		m.draw.Seed(m.key, fmt.Sprintf("memory/replay/%d", k))
	}
	return mem.Alter(ctx, memory, m.fork.Due(episode, t))
}

// hand is a fork as a player meets it.
type hand struct {
	*method
	memory mem.Memory
	now    int64 // the memory's clock at the first sitting
}

func (m *method) byHand(memory mem.Memory, now int64) hand { return hand{m, memory, now} }

// fork says which attempt is changed.
func (h hand) fork(all []sitting) *rl.TextFork {
	f := h.method.fork
	if f == nil {
		return nil
	}
	for i, s := range all {
		if s.number == f.Episode {
			answer, act := f.Action(s.number, f.T)
			return &rl.TextFork{Item: uint64(i), Turn: f.T, Act: act, Answer: answer, Replay: f.Replay}
		}
	}
	return nil
}

// turn changes the memory before a turn behind the first where a fork says so, and reads again.
func (h hand) turn(ctx context.Context, p *played, reading *mem.Reading, s sitting, now int64, t int) error {
	f := h.method.fork
	if t == 0 || !f.Here(s.number, t) {
		return nil
	}
	h.log.Episode, h.log.T = s.number, t
	if err := h.alter(ctx, h.memory, s.number, t); err != nil || len(f.Memory()) == 0 {
		return err
	}
	before := *reading
	p.earlier, p.since = &before, t
	var err error
	*reading, err = h.memory.Read(ctx, h.query(s, now))
	return err
}
