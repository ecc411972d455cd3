// Package memoryr1 is Memory-R1 (arXiv 2508.19828v5): a manager that learns to add to, change and delete from a bank of facts, and an answer
// agent that learns to select from it, each by reinforcement from nothing but whether questions are answered rightly. doc.md says what is
// kept, what is dropped, and lists the deviations.
package memoryr1

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
)

// warmParts is how many units of work the warm start is divided into.
const warmParts = 20

// The prompts of an endpoint, one a role.
const (
	managerRole = "manager"
	answerRole  = "answer"
)

//go:embed prompts/*.md
var promptFiles embed.FS

// Prompts are the files of the prompts, for who lists them.
func Prompts() fs.FS {
	dir, err := fs.Sub(promptFiles, "prompts")
	if err != nil {
		panic("memoryr1: " + err.Error()) // the folder is embedded
	}
	return dir
}

// method is one run: a manager, an answer agent, and a bank for every conversation.
type method struct {
	setup   lab.Setup
	knobs   RLKnobs
	memory  MemoryKnobs
	world   talker
	words   *llm.Words
	prompts map[string]*llm.Prompt
	core    *num.Core
	manager *connect.Model // nil for a reference
	agent   *connect.Model // nil for a reference
	traces  *tracer
	order   string // of the entries that the answer agent reads
	seed    uint64
	draws   *rng.Stream // of training
	places  []place     // of the manager's training
	shelved library     // banks of the second stage, once they were asked for
	now     count
	fork    *lab.Fork // nil but in a fork
}

// count is where the method stands.
type count struct {
	Warm     int   // parts of the warm start done
	Managed  int   // updates of the manager done
	Answered int   // updates of the answer agent done
	Evals    int   // evaluations of the present stage done
	Episodes int64 // episodes put into the record
	Tested   bool
}

// New makes the method that a set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	m := &method{setup: setup, seed: seed, core: num.NewCore(kernels, bench.Threads)}
	if err := m.build(setup, bench); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup, bench lab.Bench) (err error) {
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if m.world, err = newTalker(setup); err != nil {
		return err
	}
	if m.words, err = newWords(m.world.words()); err != nil {
		return err
	}
	if m.prompts, err = llm.ReadPrompts(Prompts()); err != nil {
		return err
	}
	if err := m.remember(); err != nil {
		return err
	}
	m.draws, m.places = rng.New(m.seed, "training"), make([]place, m.knobs.Questions)
	if setup.Kind("agent") == Reference {
		m.knobs.Updates, m.knobs.AnswerUpdates, m.now.Warm = 0, 0, warmParts
		return nil
	}
	return m.models(setup, bench)
}

// remember reads what memory the set-up has. Only the learned manager of our own kind has anything to learn.
func (m *method) remember() error {
	if m.setup.Kind("memory") != Own {
		m.memory, m.knobs.Updates = MemoryKnobs{}, 0
		return nil
	}
	if err := m.setup.Section("memory", &m.memory); err != nil {
		return err
	}
	if m.memory.Manager != Learned {
		m.knobs.Updates = 0
	}
	return nil
}

// models prepares both copies of the model. They begin from the same warm start; on an endpoint nothing of them is trained.
func (m *method) models(setup lab.Setup, bench lab.Bench) error {
	spec, source, t, err := warmStart(setup)
	if err != nil {
		return err
	}
	m.traces, m.order = t, t.mix.Order
	if m.manager, err = connect.New(m.core, setup.Model, bench, spec, source, local.Options{Lean: true}); err != nil {
		return err
	}
	critic := m.knobs.Algorithm == PPO
	if m.agent, err = connect.New(m.core, setup.Model, bench, spec, source, local.Options{Lean: true, ValueHead: critic}); err != nil {
		return errors.Join(err, m.manager.Close())
	}
	if m.manager.Frozen() {
		m.knobs.Updates, m.knobs.AnswerUpdates = 0, 0
	}
	return nil
}

// Base is the warm start of a set-up; nil where there is none.
func Base(setup lab.Setup, bench lab.Bench) (*base.Maker, error) {
	if setup.Kind("agent") == Reference {
		return nil, nil
	}
	spec, source, _, err := warmStart(setup)
	if err != nil {
		return nil, err
	}
	return base.Open(bench, spec, source)
}

// Close ends the trainers and their workers.
func (m *method) Close() (err error) {
	if m.manager != nil {
		err = errors.Join(m.manager.Close(), m.agent.Close())
	}
	m.core.Close()
	return err
}

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Warm + m.now.Managed + m.now.Answered), Total: int64(warmParts + m.knobs.Updates + m.knobs.AnswerUpdates + 1), Unit: "updates"}
	if m.now.Tested {
		p.Done = p.Total
	}
	return p
}

// Advance does a part of the warm start, one update of the manager, one of the answer agent, with the examinations that are due, or the
// test at the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	var err error
	switch {
	case m.now.Warm < warmParts:
		err = m.warm(ctx, emit)
	case m.now.Managed < m.knobs.Updates:
		err = m.stage(ctx, emit, &m.now.Managed, m.knobs.Updates, m.reinforceManager, m.manager)
	case m.now.Answered < m.knobs.AnswerUpdates:
		err = m.stage(ctx, emit, &m.now.Answered, m.knobs.AnswerUpdates, m.reinforceAnswerer, m.agent)
	default:
		err = m.finish(ctx, emit)
	}
	return m.progress(), err
}

// warm does a part of the warm start; behind the last one both roles are examined as they stand.
func (m *method) warm(ctx context.Context, emit lab.Emitter) error {
	if err := m.manager.Advance(ctx, m.now.Warm+1, warmParts); err != nil {
		return err
	}
	if m.now.Warm+1 < warmParts {
		m.now.Warm++
		return nil
	}
	if err := m.agent.Advance(ctx, 1, 1); err != nil { // the same warm start: out of the cache
		return err
	}
	m.now.Warm++
	if err := m.describe(emit); err != nil {
		return err
	}
	return m.examine(ctx, emit, whole)
}

// describe reports the warm start.
func (m *method) describe(emit lab.Emitter) error {
	if m.manager.Frozen() {
		return nil
	}
	for _, p := range m.manager.Warm.Curve() {
		if err := emit.Emit(lab.Metric{Name: MetricWarmLoss, X: int64(p.Step), Value: lab.Float(p.Loss)}); err != nil {
			return err
		}
	}
	return m.emitAll(emit, []measure{{MetricParameters, float64(nn.Count(m.manager.Warm.Model().Weights()))}})
}

// stage does one update of one role, or of its supervised control, and the examination that is due.
func (m *method) stage(ctx context.Context, emit lab.Emitter, done *int, of int, update func(context.Context) ([]measure, error), model *connect.Model) error {
	if m.knobs.Extra {
		update = func(ctx context.Context) ([]measure, error) { return m.supervise(ctx, model) }
	}
	seen, err := update(ctx)
	if err != nil {
		return err
	}
	*done++
	if err := m.emitAll(emit, seen); err != nil {
		return err
	}
	if *done == of {
		m.now.Evals = 0
		if model == m.manager && m.knobs.AnswerUpdates > 0 {
			return m.examine(ctx, emit, whole) // what the next stage begins from
		}
		return nil // the test at the end follows
	}
	if *done*m.knobs.Evaluations < (m.now.Evals+1)*of {
		return nil
	}
	m.now.Evals++
	if model == m.manager {
		return m.examine(ctx, emit, managerOnly)
	}
	return m.examine(ctx, emit, answersOnly)
}

// finish examines for the last time. What learned nothing was examined already.
func (m *method) finish(ctx context.Context, emit lab.Emitter) error {
	var err error
	switch {
	case m.manager == nil:
		err = m.reference(ctx, emit)
	case m.knobs.Updates+m.knobs.AnswerUpdates > 0:
		err = m.examine(ctx, emit, whole)
	}
	if err == nil {
		m.now.Tested = true
	}
	return err
}

// supervise is the control: in the place of an update, one supervised step on as many fresh traces of the role as an update has samples.
func (m *method) supervise(ctx context.Context, model *connect.Model) ([]measure, error) {
	n, at, source, rate := m.knobs.Questions*m.knobs.Group, m.now.Managed, m.traces.manages, m.knobs.Rate
	if model == m.agent {
		n, at, source, rate = m.knobs.AnswerQuestions*m.knobs.Group, m.now.Answered, m.traces.answering(m.knobs.Select), m.knobs.answerRate()
	}
	data, _, err := base.Batch(source, m.manager.Warm.Spec.Examples()+uint64(at*n), n)
	if err != nil {
		return nil, err
	}
	out, err := trainer.Imitate(ctx, model.Train, data, rate, m.knobs.GradClip)
	return []measure{{MetricLoss, out.Metrics[trainer.LossSum]}}, err
}

// answerer is the answer agent as it stands.
func (m *method) answerer(ctx context.Context, temperature float64) (answering, error) {
	s, err := m.agent.Sampler(ctx, m.prompts[answerRole])
	return answering{s, m.words, role(m.knobs.Select), temperature}, err
}

// decider is whoever manages the bank, as it stands.
func (m *method) decider(ctx context.Context, temperature float64) (decider, error) {
	if m.memory.Manager != Learned {
		return ruled{m.memory.Manager, m.world}, nil
	}
	s, err := m.manager.Sampler(ctx, m.prompts[managerRole])
	return managing{s, m.words, m.world, temperature}, err
}

// parts is the whole state. The banks of the second stage follow from the frozen manager and are written again.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "draws", State: rl.Stream(m.draws)}, {Name: "places", State: rl.JSON(&m.places)}}
	if m.manager != nil {
		parts = append(parts, rl.Part{Name: "manager", State: m.manager}, rl.Part{Name: "agent", State: m.agent})
	}
	return parts
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
