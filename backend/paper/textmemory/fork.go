package textmemory

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/pipe"
)

// Changes implements lab.Forker. A yardstick takes no advice, retrieval alone answers nothing, and what a program of the user's own keeps
// cannot be changed from here.
func (m *method) Changes() []lab.ChangeKind {
	memory := []lab.ChangeKind{lab.ChangeDrop, lab.ChangeEdit}
	switch outside := m.setup.Kind(mem.Section) == pipe.Kind; {
	case m.kind == Reference:
		return nil
	case m.kind == Retrieval && outside:
		return nil
	case m.kind == Retrieval:
		return memory
	case outside || m.setup.Kind(mem.Section) == "none":
		return []lab.ChangeKind{lab.ChangeAct}
	}
	return lab.ChangeKinds()
}

// Fork implements lab.Forker.
func (m *method) Fork(f lab.Fork) error {
	m.fork = &f
	return f.Check(m.Changes())
}

// replay is the number of the replay that this episode is, 0 for none.
func (e *episode) replay() int {
	if e.fork == nil {
		return 0
	}
	return e.fork.Chance(e.number, e.fork.T)
}

// alter makes the changes of a fork in the memory where they fall due, before it is read.
func (e *episode) alter(ctx context.Context, t int) error {
	if e.memory == nil {
		return nil
	}
	if k := e.fork.Chance(e.number, t); k > 0 && e.fork.Here(e.number, t) {
		e.draw.Seed(e.seed, fmt.Sprintf("memory/replay/%d", k))
	}
	return mem.Alter(ctx, e.memory, e.fork.Due(e.number, t))
}
