package memoryrewriting

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// method is one agent in one maze. A unit of Advance is a rollout with its update, and the evaluation where one is due; the last unit
// is the test at every number of corridors.
type method struct {
	knobs   PPOKnobs
	core    *num.Core
	actor   *rl.Actor   // nil for a reference
	learner *rl.Learner // nil for a reference
	rollout *rl.Rollout
	exam    *exam
	now     count
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Steps    int64 // environment steps of training so far
	Evals    int   // evaluations so far
	Episodes int64 // episodes put into the record so far
	Unseen   int   // episodes since the last one that was kept
	Tested   bool
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	m := &method{core: num.NewCore(kernels, bench.Threads)}
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
	train, err := newWorld(setup, m.knobs.Envs)
	if err != nil {
		return err
	}
	if m.exam, err = newExam(setup, seed, m.knobs); err != nil {
		return err
	}
	if setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		if err := setup.Section("agent", &k); err != nil {
			return err
		}
		m.knobs.Steps = 0
		m.exam.play = func(w world.Tensor) (player, error) { return newReference(w, k.Policy, seed) }
		return nil
	}
	policy, sight, err := newAgent(setup, train.Spec(), rng.New(seed, "weights"))
	if err != nil {
		return err
	}
	m.actor = rl.NewActor(m.core, policy, train, rng.New(seed, "actions"))
	m.actor.Reset(rng.New(seed, "mazes").Uint64())
	m.learner = rl.NewLearner(m.core, policy, m.knobs.PPOKnobs, rng.New(seed, "minibatches"))
	m.rollout = rl.NewRollout(m.actor, m.knobs.Rollout)
	m.exam.play = func(w world.Tensor) (player, error) { return newExaminee(m.core, policy, w, sight), nil }
	return nil
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

// updateSteps is the number of environment steps between two updates.
func (m *method) updateSteps() int64 { return int64(m.knobs.Envs * m.knobs.Rollout) }

// updates is the number of updates of the whole training: steps, rounded up.
func (m *method) updates() int64 {
	return (int64(m.knobs.Steps) + m.updateSteps() - 1) / m.updateSteps()
}

func (m *method) progress() lab.Progress {
	total := m.updates() + 1 // the test at the end counts as one more update
	done := m.now.Steps / m.updateSteps()
	if m.now.Tested {
		done = total
	}
	return lab.Progress{Done: done, Total: total, Unit: "updates"}
}

// Advance trains for one update, or tests the finished agent. The order of steps is that of PPO: collect, advantages, epochs of
// minibatches (in rl.Learner.Update), evaluate.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if m.now.Evals == 0 {
		if err := m.evaluate(ctx, emit); err != nil {
			return m.progress(), err
		}
	}
	if m.now.Steps >= m.updates()*m.updateSteps() {
		return m.test(ctx, emit)
	}
	seen, err := m.collect(ctx)
	if err != nil {
		return m.progress(), err
	}
	if m.knobs.Anneal {
		m.learner.Rate = m.knobs.LearningRate * (1 - float64(m.now.Steps)/float64(m.updates()*m.updateSteps()))
	}
	stats, err := m.learner.Update(ctx, m.rollout)
	if err != nil {
		return m.progress(), err
	}
	m.now.Steps += m.updateSteps()
	if err := m.report(emit, seen, stats); err != nil {
		return m.progress(), err
	}
	if m.due() {
		err = m.evaluate(ctx, emit)
	}
	return m.progress(), err
}

// collect plays one rollout and returns what its finished episodes came to.
func (m *method) collect(ctx context.Context) (tally, error) {
	var seen tally
	err := rl.Collect(ctx, m.actor, m.rollout, rl.Hooks{End: func(b, _ int, info world.Info) { seen.episode(m.actor.World, b, info) }})
	m.now.Unseen += seen.episodes
	return seen, err
}

// report emits what training looks like from inside.
func (m *method) report(emit lab.Emitter, seen tally, s rl.Stats) error {
	values := []measure{{MetricEntropy, s.Entropy}, {MetricValueLoss, s.Value}, {MetricClipped, s.Clipped}, {MetricGradNorm, s.GradNorm}}
	if seen.episodes > 0 {
		values = append(values, measure{MetricReturn, seen.meanReturn()}, measure{MetricTrainSuccess, seen.success()})
	}
	return emitAll(emit, m.now.Steps, values)
}

// due tells whether an evaluation is: evaluation k of n comes when k/n of the training is done.
func (m *method) due() bool {
	return m.now.Steps*int64(m.knobs.Evaluations) >= int64(m.now.Evals)*m.updates()*m.updateSteps()
}

func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	if m.now.Evals == 0 && m.learner != nil {
		if err := emitAll(emit, 0, []measure{{MetricParameters, float64(parameters(m.actor.Policy))}}); err != nil {
			return err
		}
	}
	if err := m.exam.evaluate(ctx, emit, &m.now); err != nil {
		return err
	}
	m.now.Evals++
	return nil
}

func (m *method) test(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if err := m.exam.test(ctx, emit, &m.now); err != nil {
		return m.progress(), err
	}
	m.now.Tested = true
	return m.progress(), nil
}

// measure is a metric's value before it has a place on the x axis.
type measure struct {
	name  string
	value float64
}

func emitAll(emit lab.Emitter, x int64, values []measure) error {
	for _, v := range values {
		if err := emit.Emit(lab.Metric{Name: v.name, X: x, Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}

// parts are the state between two units. Evaluations begin anew each time and keep nothing.
func (m *method) parts() []rl.Part {
	if m.learner == nil {
		return []rl.Part{{Name: "count", State: &m.now}}
	}
	return []rl.Part{{Name: "count", State: &m.now}, {Name: "actor", State: m.actor}, {Name: "learner", State: m.learner}}
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }

// Snapshot writes the counts as JSON.
func (c *count) Snapshot(w io.Writer) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// Restore reads what Snapshot wrote.
func (c *count) Restore(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(c)
}
