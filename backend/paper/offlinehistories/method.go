package offlinehistories

import (
	"context"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
)

// method is one learner on one set of data. A unit of Advance is the training up to the next evaluation, with that evaluation.
type method struct {
	world WorldKnobs
	knobs OfflineKnobs
	plays string // name of a reference; "" for a learner
	seed  uint64
	core  *num.Core
	learn *learner // nil for a reference
	held  *held    // nil for a reference
	now   count
	book  exam.Book
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Updates int64
	Evals   int
	Sums    sums
}

// sums adds up losses since the last evaluation.
type sums struct {
	N                               int64
	TD, CQL, Clone, Reward, Next, J float64
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{seed: seed, core: core}
	if err := m.build(setup); err != nil {
		core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup) (err error) {
	if err = setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if m.world, err = worldOf(setup); err != nil {
		return err
	}
	if setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		err = setup.Section("agent", &k)
		m.plays, m.knobs.Updates = k.Policy, 0
		return err
	}
	var a LearnerKnobs
	if err = setup.Section("agent", &a); err != nil {
		return err
	}
	best := 1.0
	if a.Method == FilteredBC {
		best = a.TopShare
	}
	data, err := newDataset(m.world, a.Sees, m.world.Trajectories, best, rng.New(m.seed, "data").Uint64())
	if err != nil {
		return err
	}
	m.learn = newLearner(m.core, data, m.knobs, a, m.seed)
	m.held, err = newHeld(m.world, a.Sees, m.knobs.HeldOut, m.seed)
	return err
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

func (m *method) last() bool { return m.now.Evals == m.knobs.Evaluations }

func (m *method) progress() lab.Progress {
	return lab.Progress{Done: int64(m.now.Evals), Total: int64(m.knobs.Evaluations) + 1, Unit: "evaluations"}
}

// Advance trains up to the next evaluation and looks.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	until := int64(m.now.Evals) * int64(m.knobs.Updates) / int64(m.knobs.Evaluations)
	for m.now.Updates < until {
		if err := ctx.Err(); err != nil {
			return m.progress(), err
		}
		l, err := m.learn.update(float64(m.now.Updates) / float64(m.knobs.Updates))
		if err != nil {
			return m.progress(), fmt.Errorf("update %d: %w", m.now.Updates, err)
		}
		m.now.Updates++
		m.now.Sums.add(l)
		if m.now.Updates%int64(m.knobs.Target) == 0 {
			m.learn.follow()
		}
	}
	err := m.evaluate(ctx, emit)
	return m.progress(), err
}

func (s *sums) add(l losses) {
	s.N++
	s.Reward += l.Reward
	s.Next += l.Next
	for _, part := range []struct {
		sum *float64
		x   float64
	}{{&s.TD, l.TD}, {&s.CQL, l.CQL}, {&s.Clone, l.Clone}, {&s.J, l.J}} {
		if part.x == part.x { // what was not computed is not a number
			*part.sum += part.x
		}
	}
}

// parts are the state between two units.
func (m *method) parts() []rl.Part {
	ps := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "book", State: m.book.State()}}
	if m.learn == nil {
		return ps
	}
	l := m.learn
	return append(ps, rl.Part{Name: "weights", State: rl.Weights(l.params(), l.opt)}, rl.Part{Name: "slow", State: rl.Weights(l.slow.params(), nil)},
		rl.Part{Name: "draws", State: rl.Stream(l.draws)}, rl.Part{Name: "pairs", State: rl.Stream(l.pairs)})
}

// Snapshot keeps the whole state between two units; the data are made again from the seed.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
