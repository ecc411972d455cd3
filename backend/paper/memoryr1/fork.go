package memoryr1

import (
	"context"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
)

// Changes implements lab.Forker. What is kept are conversations of examinations, which are greedy: nothing in them depends on chance, in a
// replay neither. Only the paper's own manager decides something that could be decided otherwise.
func (m *method) Changes() []lab.ChangeKind {
	switch {
	case m.setup.Kind("agent") == Reference:
		return nil
	case m.setup.Kind("memory") != Own:
		return []lab.ChangeKind{lab.ChangeDrop, lab.ChangeEdit}
	}
	return lab.ChangeKinds()
}

// Fork implements lab.Forker.
func (m *method) Fork(f lab.Fork) error {
	m.fork = &f
	return f.Check(m.Changes())
}

// hand is a fork among the conversations of an examination; a nil hand changes nothing.
type hand struct {
	fork  *lab.Fork
	first int64 // number of the first conversation that is kept
}

// hand is that of the examination under way, nil where no conversation of it is the fork's.
func (m *method) hand() *hand {
	f := m.fork
	if f == nil || f.Episode <= m.now.Episodes || f.Episode > m.now.Episodes+keptTalks {
		return nil
	}
	return &hand{f, m.now.Episodes + 1}
}

// episode is the number of conversation i of an examination, 0 where it is not kept.
func (h *hand) episode(i int) int64 {
	if h == nil || i >= keptTalks {
		return 0
	}
	return h.first + int64(i)
}

// stepOf is the step of the record at which a fact is met: a turn without news is a step, too.
func stepOf(t *talk, now, at int) int {
	n := at
	for i := range now {
		n += max(1, len(t.Turns[i].News))
	}
	return n
}

// before makes the changes that fall due before a decision, and returns them.
func (h *hand) before(t *written, now, at int) ([]lab.Change, error) {
	if h == nil || t.number == 0 {
		return nil, nil
	}
	due := h.fork.Due(t.number, stepOf(t.talk, now, at))
	for _, c := range due {
		lines := slices.Clone(t.Lines)
		i := slices.IndexFunc(lines, func(l line) bool { return l.ID == c.Entry })
		if i < 0 {
			return nil, lab.Errorf(lab.NotFound, "no entry %q is in the bank of episode %d at that step", c.Entry, t.number).WithHint("choose an entry that the memory held at the step")
		}
		if c.Kind == lab.ChangeDrop {
			lines = slices.Delete(lines, i, i+1)
		} else {
			lines[i].Text = c.Text
		}
		t.Lines = lines
	}
	return due, nil
}

// instead puts a person's decision in the place of the manager's.
func (h *hand) instead(t *written, d *decision) {
	if h == nil || t.number == 0 {
		return
	}
	at := slices.IndexFunc(t.Turns[d.Turn].News, func(f fact) bool { return f.key == d.News.key && slices.Equal(f.Values, d.News.Values) })
	if text, ok := h.fork.Action(t.number, stepOf(t.talk, d.Turn, max(at, 0))); ok {
		d.Said, d.Wrote = text, llm.Sequence{}
		d.Ops, d.Faults = parseOperations(text)
	}
}

// missed says that a fork's step was none at which anything could be changed.
func (h *hand) missed() error {
	if h == nil || len(h.fork.Changes) == 0 || h.fork.Reached() {
		return nil
	}
	return lab.Errorf(lab.Invalid, "nothing can be changed at step %d of episode %d: what is asked at the end is asked about all entries at once", h.fork.T, h.fork.Episode).
		WithHint("fork at a step before the questions")
}

// alter makes the changes of a fork in a memory of another kind.
func (m *method) alter(ctx context.Context, memory mem.Memory, log *mem.Log) error {
	if log.Emit == nil {
		return nil
	}
	return mem.Alter(ctx, memory, m.fork.Due(log.Episode, log.T))
}
