package memoryrewriting

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Changes implements lab.Forker. What a network carries has no entries: only actions may be changed.
func (m *method) Changes() []lab.ChangeKind { return []lab.ChangeKind{lab.ChangeAct} }

// Fork implements lab.Forker. Examinations are greedy and their mazes fixed: nothing in them depends on chance, in a replay neither.
func (m *method) Fork(f lab.Fork) error {
	if err := f.Check(m.Changes()); err != nil {
		return err
	}
	if name, ok := f.Action(f.Episode, f.T); ok {
		w, err := newWorld(m.exam.setup, 1)
		if err != nil {
			return err
		}
		if legal := w.Spec().Actions; !slices.Contains(legal, name) {
			return lab.Errorf(lab.Invalid, "action %q is unknown, want one of %q", name, legal).WithHint("write one of these actions")
		}
	}
	m.exam.fork = &f
	return nil
}

// byHand changes the action of a kept episode where a fork says so.
func (s *session) byHand(b, t int) {
	if s.fork == nil || b >= s.keep || s.done[b] != nil {
		return
	}
	if name, ok := s.fork.Action(s.first+int64(b), t); ok {
		s.player.act(b, int32(slices.Index(s.world.Spec().Actions, name)))
	}
}
