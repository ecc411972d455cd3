// Package memalpha is Mem-alpha (arXiv 2509.25911v1): a language model reads a long text chunk by chunk and writes a memory of three stores by
// calls; reinforcement teaches it what to write where, by how well a frozen reader answers questions from the memory alone. doc.md says
// what is kept, what is dropped, and lists the deviations.
package memalpha

import (
	"context"
	"embed"
	"io"
	"io/fs"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/connect"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/world/chat"
)

// warmParts is how many units of work the warm start is divided into.
const warmParts = 20

// writerRole is the prompt of the writer on an endpoint.
const writerRole = "writer"

//go:embed prompts/*.md
var promptFiles embed.FS

// Prompts are the files of the prompts, for who lists them.
func Prompts() fs.FS {
	dir, err := fs.Sub(promptFiles, "prompts")
	if err != nil {
		panic("memalpha: " + err.Error()) // the folder is embedded
	}
	return dir
}

// method is one writer, or another memory, or a yardstick, in one set-up.
type method struct {
	setup  lab.Setup
	knobs  RLKnobs
	agent  AgentKnobs
	memory MemoryKnobs
	chat   chat.Knobs
	world  *chat.World
	words  *llm.Words
	prompt *llm.Prompt
	core   *num.Core
	model  *connect.Model // nil where nothing is learned
	seed   uint64
	draws  *rng.Stream // of training

	subject func(word string) bool
	now     count
	fork    *lab.Fork // nil but in a fork
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
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	m := &method{setup: setup, seed: seed, core: num.NewCore(kernels, bench.Threads)}
	if err := m.build(bench); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

// learns says whether a set-up has anything to learn: a model that writes our own kind of memory.
func learns(setup lab.Setup) (bool, MemoryKnobs, error) {
	var k MemoryKnobs
	if setup.Kind("memory") != Own {
		return false, k, nil
	}
	err := setup.Section("memory", &k)
	return err == nil && setup.Kind("agent") != Reference && k.Writer == Learned, k, err
}

func (m *method) build(bench lab.Bench) (err error) {
	if err := m.setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if err := m.setup.Section("world", &m.chat); err != nil {
		return err
	}
	if m.knobs.Shortest > m.chat.Chunks {
		return lab.Errorf(lab.Invalid, "%s: rl.shortest is %d and world.chunks %d, want shortest at most chunks", Slug, m.knobs.Shortest, m.chat.Chunks).
			WithHint("set rl.shortest to at most %d", m.chat.Chunks)
	}
	if m.world, m.words, err = newWorld(m.chat); err != nil {
		return err
	}
	m.subject = subjects(m.world)
	if m.setup.Kind("agent") == Tiny {
		if err := m.setup.Section("agent", &m.agent); err != nil {
			return err
		}
	}
	all, err := llm.ReadPrompts(Prompts())
	if err != nil {
		return err
	}
	m.prompt, m.draws = all[writerRole], rng.New(m.seed, "training")
	learned, memory, err := learns(m.setup)
	if m.memory = memory; err != nil {
		return err
	}
	if !learned {
		m.knobs.Updates, m.now.Warm = 0, warmParts
		return nil
	}
	spec, source, err := warmStart(m.setup)
	if err != nil {
		return err
	}
	if m.model, err = connect.New(m.core, m.setup.Model, bench, spec, source, local.Options{Lean: true}); err != nil {
		return err
	}
	if m.model.Frozen() {
		m.knobs.Updates = 0
	}
	return nil
}

// Base is the warm start of a set-up; nil where there is none.
func Base(setup lab.Setup, bench lab.Bench) (*base.Maker, error) {
	if learned, _, err := learns(setup); !learned || err != nil {
		return nil, err
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
	if err := emitAll(emit, 0, []measure{{MetricParameters, float64(nn.Count(m.model.Warm.Model().Weights()))}}); err != nil {
		return err
	}
	if err := m.evaluate(ctx, emit); err != nil {
		return err
	}
	return m.test(ctx, emit)
}

// finish examines for the last time. A model that learned nothing was tested already, but for one that had no warm start.
func (m *method) finish(ctx context.Context, emit lab.Emitter) error {
	if m.model == nil || m.model.Frozen() {
		if err := m.evaluate(ctx, emit); err != nil {
			return err
		}
	}
	if m.model == nil || m.model.Frozen() || m.knobs.Updates > 0 {
		if err := m.test(ctx, emit); err != nil {
			return err
		}
	}
	m.now.Tested = true
	return nil
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
	if err := emitAll(emit, m.now.Updates, seen); err != nil || m.now.Updates*m.knobs.Evaluations < m.now.Evals*m.knobs.Updates {
		return err
	}
	return m.evaluate(ctx, emit)
}

// writer is whoever writes: the model as it stands, or a rule.
func (m *method) writer(ctx context.Context, temperature float64, seed uint64) (writer, error) {
	if m.model == nil {
		return ruleWriter{m.memory.Writer, m.agent, m.words, seed}, nil
	}
	s, err := m.model.Sampler(ctx, m.prompt)
	return modelWriter{s, m.words, m.memory.Tokens, temperature, seed}, err
}

// parts is the whole state: instances are used once, and memories do not outlive their instance.
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
