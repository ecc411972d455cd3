// Package memact is Memory as Action (arXiv 2510.12635v1): editing the context is an action of the agent like any other. A language model
// searches, prunes records of its own context by their ids while it writes down what it still needs, and answers; reinforcement learns all of
// it at once from whether the answers are right, on segments between the edits. doc.md says what is kept, what is dropped, and lists the
// deviations.
package memact

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
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/connect"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/world/hop"
)

// warmParts is how many units of work the warm start is divided into.
const warmParts = 20

// agentRole is the prompt of the agent on an endpoint.
const agentRole = "agent"

//go:embed prompts/*.md
var promptFiles embed.FS

// Prompts are the files of the prompts, for who lists them.
func Prompts() fs.FS {
	dir, err := fs.Sub(promptFiles, "prompts")
	if err != nil {
		panic("memact: " + err.Error()) // the folder is embedded
	}
	return dir
}

// method is one agent, or a yardstick, in one set-up.
type method struct {
	setup  lab.Setup
	knobs  RLKnobs
	memory ContextKnobs
	hop    hop.Knobs
	policy string     // of a yardstick, "" for a model
	due    int        // of the oracle
	room   int        // most tokens that the model can have before it
	words  *llm.Words // of the world and the tools
	prompt *llm.Prompt
	core   *num.Core
	model  *connect.Model // nil for a yardstick
	seed   uint64
	draws  *rng.Stream // of training

	training *hop.World         // of the training numbers of questions
	sized    map[int]*hop.World // by the number of questions
	now      count
	fork     *lab.Fork // nil but in a fork
}

// count is where the method stands.
type count struct {
	Warm     int // parts of the warm start done
	Updates  int
	Evals    int   // evaluations done
	Episodes int64 // episodes put into the record
	Tested   bool
}

// New makes the method that a set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{setup: setup, seed: seed, core: core}
	if err := m.build(bench); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(bench lab.Bench) (err error) {
	if err := errors.Join(m.setup.Section("rl", &m.knobs), m.setup.Section("memory", &m.memory), m.setup.Section("world", &m.hop)); err != nil {
		return err
	}
	if err := m.worlds(); err != nil {
		return err
	}
	all, err := llm.ReadPrompts(Prompts())
	if err != nil {
		return err
	}
	m.prompt, m.draws = all[agentRole], rng.New(m.seed, "training")
	if m.setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		m.knobs.Updates, m.now.Warm = 0, warmParts
		err := m.setup.Section("agent", &k)
		m.policy, m.due = k.Policy, k.Due
		return err
	}
	spec, source, err := warmStart(m.setup)
	if err != nil {
		return err
	}
	m.room = spec.Shape.Context
	if m.model, err = connect.New(m.core, m.setup.Model, bench, spec, source, local.Options{Lean: true}); err != nil {
		return err
	}
	if m.model.Frozen() {
		m.knobs.Updates = 0
	}
	return nil
}

// worlds makes the world of training and one for each number of questions that is tested.
func (m *method) worlds() (err error) {
	k := m.hop
	k.Least = min(m.knobs.Least, k.Most)
	if m.training, m.words, err = newWorld(k); err != nil {
		return err
	}
	m.sized = map[int]*hop.World{}
	for n := m.hop.Least; n <= m.hop.Most; n++ {
		k.Least, k.Most = n, n
		if m.sized[n], err = hop.New(k); err != nil {
			return err
		}
	}
	return nil
}

// Base is the warm start of a set-up; nil where there is none.
func Base(setup lab.Setup, bench lab.Bench) (*base.Maker, error) {
	if setup.Kind("agent") == Reference {
		return nil, nil
	}
	spec, source, err := warmStart(setup)
	if err != nil {
		return nil, err
	}
	return base.Open(bench, spec, source)
}

// Close ends the trainer and its workers.
func (m *method) Close() (err error) {
	if m.model != nil {
		err = m.model.Close()
	}
	m.core.Close()
	return err
}

// tool says whether the agent has the memory action.
func (m *method) tool() bool { return m.memory.Mode == CurateMode }

// plays says whether something is left that only a run without learning does: yardsticks and endpoints are not examined behind a warm start.
func (m *method) plays() bool { return m.model == nil || m.model.Frozen() }

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
		if m.plays() {
			err = m.evaluate(ctx, emit)
		}
		if err == nil {
			err = m.test(ctx, emit)
		}
		m.now.Tested = err == nil
	}
	return m.progress(), err
}

// warm does a part of the warm start; behind the last one the model is examined as it stands.
func (m *method) warm(ctx context.Context, emit lab.Emitter) error {
	if err := m.model.Advance(ctx, m.now.Warm+1, warmParts); err != nil {
		return err
	}
	m.now.Warm++
	if m.now.Warm < warmParts || m.model.Frozen() {
		return nil
	}
	for _, p := range m.model.Warm.Curve() {
		if err := emit.Emit(lab.Metric{Name: MetricWarmLoss, X: int64(p.Step), Value: lab.Float(p.Loss)}); err != nil {
			return err
		}
	}
	if err := exam.Emit(emit, 0, exam.Value{Name: MetricParameters, Value: float64(nn.Count(m.model.Warm.Model().Weights()))}); err != nil {
		return err
	}
	return m.evaluate(ctx, emit)
}

func (m *method) update(ctx context.Context, emit lab.Emitter) error {
	work := m.reinforce
	if m.knobs.Extra {
		work = m.supervise
	}
	seen, err := work(ctx)
	if err != nil {
		return err
	}
	m.now.Updates++
	if err := exam.Emit(emit, int64(m.now.Updates), seen...); err != nil || m.now.Updates*m.knobs.Evaluations < m.now.Evals*m.knobs.Updates {
		return err
	}
	return m.evaluate(ctx, emit)
}

// parts is the whole state: episodes are used once, and a context does not outlive its episode.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "draws", State: rl.Stream(m.draws)}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	return parts
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
