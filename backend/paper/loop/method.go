// Package loop is LOOP (arXiv 2502.01600v3): reinforcement learning of an agent that works through stateful calls, with the reward of the
// whole attempt alone, leave-one-out advantages, and several passes of clipped updates over the same attempts; no critic, no reference
// model. Its only memory is the interaction itself. doc.md says what is kept, what is dropped, and lists the deviations.
package loop

import (
	"context"
	"embed"
	"errors"
	"io"
	"io/fs"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/connect"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/world/tool"
)

//go:embed prompts
var promptFiles embed.FS

// warmParts is how many units of work the warm start is divided into.
const warmParts = 20

// method is one agent in one set-up.
type method struct {
	knobs  RLKnobs
	world  *tool.World
	words  *llm.Words
	core   *num.Core
	model  *connect.Model  // nil for a reference
	who    *ReferenceKnobs // nil for a model
	act    *llm.Prompt     // for an endpoint
	tasks  *rng.Stream     // draws the tasks of training
	orders *rng.Stream     // orders the attempts of a pass
	anchor llm.Sampler     // the warm start, once it is asked for
	oracle *warmer         // writes the traces of the arm that imitates the oracle
	exam   *exam
	fork   *lab.Fork // nil but in a fork
	now    count
}

// count is where the method stands.
type count struct {
	Warm     int   // parts of the warm start done
	Updates  int   // updates done
	Evals    int   // evaluations done
	Episodes int64 // episodes put into the record
	Tested   bool
	Ratios   [2]histogram // of the first pass and of all later ones, over all updates
}

// New makes the method that a set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	m := &method{core: num.NewCore(kernels, bench.Threads)}
	if err := m.build(setup, seed, bench); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup, seed uint64, bench lab.Bench) (err error) {
	var k tool.AppsKnobs
	if err := errors.Join(setup.Section("rl", &m.knobs), setup.Section("world", &k)); err != nil {
		return err
	}
	if m.world, err = tool.New(&k, rng.New(seed, "rules").Uint64()); err != nil {
		return err
	}
	if m.words, err = llm.NewWords(m.world.Spec().Words); err != nil {
		return err
	}
	m.tasks, m.orders = rng.New(seed, "tasks"), rng.New(seed, "orders")
	m.exam = &exam{m: m, seed: rng.New(seed, "exam").Uint64()}
	if setup.Kind("agent") == Reference {
		m.who = new(ReferenceKnobs)
		m.knobs.Updates, m.now.Warm = 0, warmParts
		return setup.Section("agent", m.who)
	}
	return m.connect(setup, bench)
}

// connect prepares the model on its rung.
func (m *method) connect(setup lab.Setup, bench lab.Bench) error {
	spec, w, err := warmStart(setup)
	if err != nil {
		return err
	}
	m.oracle = w.truthful()
	folder, err := fs.Sub(promptFiles, "prompts")
	if err != nil {
		return err
	}
	prompts, err := llm.ReadPrompts(folder)
	if err != nil {
		return err
	}
	m.act = prompts["act"]
	if m.model, err = connect.New(m.core, setup.Model, bench, spec, w.row, local.Options{ValueHead: m.knobs.Learner == Critic}); err != nil {
		return err
	}
	if m.model.Frozen() {
		m.knobs.Updates = 0 // there is nothing to train: it plays as it is
	}
	return nil
}

// Base is the warm start of a set-up; nil where there is none.
func Base(setup lab.Setup, bench lab.Bench) (*base.Maker, error) {
	if setup.Kind("agent") == Reference {
		return nil, nil
	}
	spec, w, err := warmStart(setup)
	if err != nil {
		return nil, err
	}
	return base.Open(bench, spec, w.row)
}

// Close ends the trainer and its workers.
func (m *method) Close() (err error) {
	if m.model != nil {
		err = m.model.Close()
	}
	m.core.Close()
	return err
}

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Warm + m.now.Updates), Total: int64(warmParts + m.knobs.Updates + 1), Unit: "updates"}
	if m.now.Tested {
		p.Done = p.Total
	}
	return p
}

// Advance does a part of the warm start, one update with the evaluation that is due, or the test at the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	var err error
	switch {
	case m.now.Warm < warmParts:
		err = m.warm(ctx, emit)
	case m.now.Updates < m.knobs.Updates:
		err = m.update(ctx, emit)
	default:
		err = m.finish(ctx, emit)
	}
	return m.progress(), err
}

// warm does a part of the warm start; behind the last one the model is examined as it stands. An endpoint has none.
func (m *method) warm(ctx context.Context, emit lab.Emitter) error {
	if err := m.model.Advance(ctx, m.now.Warm+1, warmParts); err != nil {
		return err
	}
	m.now.Warm++
	if m.now.Warm < warmParts {
		return nil
	}
	if !m.model.Frozen() {
		for _, p := range m.model.Warm.Curve() {
			if err := emit.Emit(lab.Metric{Name: MetricWarmLoss, X: int64(p.Step), Value: lab.Float(p.Loss)}); err != nil {
				return err
			}
		}
		if err := emitAll(emit, 0, []measure{{MetricParameters, float64(nn.Count(m.model.Warm.Model().Weights()))}}); err != nil {
			return err
		}
	}
	if err := m.evaluate(ctx, emit); err != nil {
		return err
	}
	return m.test(ctx, emit)
}

// finish examines for the last time. An agent that learned nothing was tested already.
func (m *method) finish(ctx context.Context, emit lab.Emitter) (err error) {
	switch {
	case m.who != nil:
		err = m.exam.measureReference(ctx, emit, *m.who, &m.now)
	case m.knobs.Updates > 0:
		if err = m.test(ctx, emit); err == nil {
			err = m.now.emitRatios(emit)
		}
	}
	m.now.Tested = err == nil
	return err
}

func (m *method) sampler(ctx context.Context) (llm.Sampler, error) {
	return m.model.Sampler(ctx, m.act)
}

func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	s, err := m.sampler(ctx)
	if err != nil {
		return err
	}
	m.now.Evals++
	return m.exam.evaluate(ctx, emit, s, &m.now)
}

func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	s, err := m.sampler(ctx)
	if err != nil {
		return err
	}
	return m.exam.test(ctx, emit, s, &m.now)
}

// update is one iteration with the evaluation that is due behind it.
func (m *method) update(ctx context.Context, emit lab.Emitter) (err error) {
	var seen []measure
	switch m.knobs.Learner {
	case Supervised, Mixture:
		seen, err = m.supervise(ctx)
	default:
		seen, err = m.reinforce(ctx)
	}
	if err != nil {
		return err
	}
	m.now.Updates++
	if err := emitAll(emit, m.now.Updates, seen); err != nil || m.now.Updates*m.knobs.Evaluations < m.now.Evals*m.knobs.Updates {
		return err
	}
	return m.evaluate(ctx, emit)
}

// reinforce is one iteration of algorithm 1 of arXiv 2502.01600v3:
//
//	for c in tasks: play K attempts; A_i = R_i - mean of the others
//	old = logp(D);  for epoch, minibatch of shuffle(D): maximise mean of 1/|a| sum over tokens of min(rho A, g(A))
//
// An attempt is one row: the world's words in it have weight 0.
func (m *method) reinforce(ctx context.Context) ([]measure, error) {
	sampler, err := m.sampler(ctx)
	if err != nil {
		return nil, err
	}
	groups, traces, err := m.play(ctx, sampler, game{split: tool.Train, items: m.tasks.Seeds(m.knobs.Tasks), attempts: m.knobs.Group,
		temperature: m.knobs.Temperature, seed: m.tasks.Uint64()})
	if err != nil {
		return nil, err
	}
	seen := learned{ratios: &m.now.Ratios}
	for i, t := range traces {
		seen.add(t, &groups[i/m.knobs.Group].Trajectories[i%m.knobs.Group])
	}
	list, flat, err := attempts(groups, m.knobs.Advantage)
	if err != nil {
		return nil, err
	}
	seen.groups, seen.flat = len(groups), flat
	seen.solved(groups)
	l := learner{k: &m.knobs, train: m.model.Train, ref: m.reference(), draw: m.orders, seen: &seen}
	if err := l.learn(ctx, list); err != nil {
		return nil, err
	}
	return seen.values(), nil
}

// supervise is an iteration of imitation, on as many fresh traces as an iteration has attempts, in as many optimiser steps: of the oracle,
// which knows every form and so looks nothing up, or of the mixture that the warm start is made of.
func (m *method) supervise(ctx context.Context) ([]measure, error) {
	n := m.knobs.Tasks * m.knobs.Group
	source, first := m.oracle.row, uint64(m.now.Updates*n)
	if m.knobs.Learner == Mixture {
		first += m.model.Warm.Spec.Examples()
		source = m.oracle.mixed().row
	}
	loss, tokens, steps := 0.0, 0.0, 0
	for range m.knobs.Epochs {
		for from := 0; from < n; from += m.knobs.batch(n) {
			data, weight, err := base.Batch(source, first+uint64(from), min(m.knobs.batch(n), n-from))
			if err != nil {
				return nil, err
			}
			out, err := trainer.Imitate(ctx, m.model.Train, data, m.knobs.Rate, m.knobs.GradClip)
			if err != nil {
				return nil, err
			}
			loss, tokens, steps = loss+out.Metrics[trainer.LossSum]*weight, tokens+weight, steps+1
		}
	}
	return []measure{{MetricLoss, loss / max(tokens, 1)}, {MetricSteps, float64(steps)}}, nil
}

// parts is the whole state.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "tasks", State: rl.Stream(m.tasks)}, {Name: "orders", State: rl.Stream(m.orders)}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	return parts
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }

// Changes implements lab.Forker. Only episodes of examinations are kept, in which a model acts; there is no memory to change.
func (m *method) Changes() []lab.ChangeKind {
	if m.who != nil {
		return nil
	}
	return []lab.ChangeKind{lab.ChangeAct}
}

// Fork implements lab.Forker.
func (m *method) Fork(f lab.Fork) error {
	m.fork = &f
	return f.Check(m.Changes())
}
