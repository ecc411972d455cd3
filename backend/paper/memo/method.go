package memo

import (
	"context"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// method is one agent in one world. A unit of Advance is one trial of every environment with its updates, and the evaluation where one
// is due; the last unit is the test.
type method struct {
	knobs   PPOKnobs
	core    *num.Core
	actor   *actor   // nil for a reference
	learner *learner // nil for a reference
	bench   *bench   // where the agent is examined
	now     count
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Updates int // trials of every environment so far
	Steps   int64
	Evals   int
	Tested  bool
	Book    exam.Book
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, b lab.Bench) (lab.Method, error) {
	core, err := exam.Core(b)
	if err != nil {
		return nil, err
	}
	m := &method{core: core}
	if err := m.build(setup, seed); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup, seed uint64) error {
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	w, err := newArena(setup, m.knobs.Trials, 0)
	if err != nil {
		return err
	}
	a, reference, err := newAgent(setup, w.Spec(), rng.New(seed, "weights"))
	if err != nil {
		return err
	}
	m.bench = &bench{core: m.core, setup: setup, agent: a, reference: reference, seed: seed, knobs: &m.knobs}
	if a == nil {
		m.knobs.Updates = 0
		return nil
	}
	m.actor = newActor(m.core, a, w, rng.New(seed, "actions"), rng.New(seed, "trials").Uint64())
	m.learner = newLearner(m.core, a, &m.knobs, seed)
	return nil
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Updates), Total: int64(m.knobs.Updates) + 1, Unit: "trials"} // the test counts as one more
	if m.now.Tested {
		p.Done = p.Total
	}
	return p
}

// Advance plays and learns one trial, or tests the finished agent.
//
// The order of steps is that of PPO over whole trials (arXiv 2510.19732v2, sec. 4 and 5): collect a trial with segments of exactly l_seg
// steps; work out advantages; a few passes with gradients through the whole trial and segments of random length; and where an update
// falls into the middle of a trial, make the cache anew. The ratio of PPO divides by the probabilities of collection, whose segments
// had another length: they are kept as collected.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if m.now.Evals == 0 {
		if err := m.evaluate(ctx, emit); err != nil {
			return m.progress(), err
		}
	}
	if m.now.Updates >= m.knobs.Updates {
		return m.test(ctx, emit)
	}
	var seen tally
	stats, err := m.trial(ctx, &seen)
	if err != nil {
		return m.progress(), err
	}
	m.now.Updates++
	m.now.Steps += int64(m.knobs.Trials * m.actor.arena.length)
	m.now.Book.Skip(seen.trials)
	if err := m.report(emit, seen, stats); err != nil {
		return m.progress(), err
	}
	if m.now.Updates*m.knobs.Evaluations >= m.now.Evals*m.knobs.Updates {
		err = m.evaluate(ctx, emit)
	}
	return m.progress(), err
}

// trial plays one trial in every environment and learns after each of its parts.
func (m *method) trial(ctx context.Context, seen *tally) (stats learned, err error) {
	a, length := m.actor, m.actor.arena.length
	a.at = 0
	a.finished = func(b int, info world.Info) { seen.add(a.arena, b, info) }
	updates := 0
	for i := range m.knobs.Partial {
		from, to := max(i*length/m.knobs.Partial, a.arena.decisions), (i+1)*length/m.knobs.Partial
		if err := a.collect(ctx, to); err != nil {
			return stats, err
		}
		if from >= to {
			continue // nothing was decided in this part
		}
		s, err := m.learner.update(ctx, a, from, to)
		if err != nil {
			return stats, err
		}
		stats.Add(s.Stats, 1)
		stats.First += s.First
		updates++
		if to < length && m.knobs.Refresh {
			a.refresh()
		}
	}
	mean := learned{First: stats.First / float64(updates)}
	mean.Add(stats.Stats, 1/float64(updates))
	return mean, nil
}

// report emits what training looks like from inside.
func (m *method) report(emit lab.Emitter, seen tally, s learned) error {
	return exam.Emit(emit, m.now.Steps,
		exam.Value{Name: MetricReturn, Value: seen.meanReturn()}, exam.Value{Name: MetricTrainSuccess, Value: seen.success()},
		exam.Value{Name: MetricEntropy, Value: s.Entropy}, exam.Value{Name: MetricValueLoss, Value: s.Stats.Value},
		exam.Value{Name: MetricClipped, Value: s.Clipped}, exam.Value{Name: MetricGradNorm, Value: s.GradNorm},
		exam.Value{Name: MetricFirst, Value: s.First})
}

func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	if m.now.Evals == 0 && m.learner != nil {
		if err := exam.Emit(emit, 0, exam.Value{Name: MetricParameters, Value: float64(nn.Count(m.learner.params))}); err != nil {
			return err
		}
	}
	if err := m.bench.evaluate(ctx, emit, &m.now); err != nil {
		return err
	}
	m.now.Evals++
	return nil
}

func (m *method) test(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if err := m.bench.test(ctx, emit, &m.now); err != nil {
		return m.progress(), err
	}
	m.now.Tested = true
	return m.progress(), nil
}

// parts are the state between two units. Evaluations begin anew each time and keep nothing.
func (m *method) parts() []rl.Part {
	if m.learner == nil {
		return []rl.Part{{Name: "count", State: rl.JSON(&m.now)}}
	}
	return []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "actor", State: m.actor}, {Name: "learner", State: m.learner}}
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
