// Package reasoningbank is ReasoningBank with its test-time scaling MaTTS (arXiv 2509.25140): a frozen actor meets a stream of tasks without
// labels, judges its own rollouts, and keeps short reusable strategy items of winners and losers under the query that they came from; the
// items of the nearest past query stand in its prompt. The bank itself is the kind reasoningbank of package mem; any other kind may stand in
// its place. doc.md says what is kept, what is dropped, and lists the deviations.
package reasoningbank

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/connect"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/shop"
)

//go:embed prompts
var prompts embed.FS

const (
	warmParts  = 20  // units of work that the warm start is divided into
	perUnit    = 10  // tasks of a unit of work of the stream
	dimensions = 128 // of the hashed bag of words that queries are compared by
)

// method is one agent in one shop.
type method struct {
	setup  lab.Setup
	knobs  RunKnobs
	temper float64
	room   int // tokens of memory that the actor's context has, 0 for no limit
	shop   *shop.World
	stream []shop.Goal
	test   []shop.Goal
	memory mem.Memory
	log    *mem.Log
	core   *num.Core
	model  *connect.Model // nil for a yardstick
	prompt *llm.Prompt
	who    player // nil for a model before it was first asked
	keys   keys
	now    count
}

// keys are those of the draws of a run, one for each use.
type keys struct{ act, judge, write, test uint64 }

// count is where the method stands.
type count struct {
	Warm     int   // parts of the warm start done
	Tasks    int   // of the stream, done
	Episodes int64 // that have a number in the record
	Probed   bool
	Hash     string // of the actor's weights before the stream
	Window   tally
	Last     tally
	Finished bool
}

// New makes the method that a set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	m := &method{setup: setup, core: num.NewCore(kernels, bench.Threads), log: &mem.Log{}}
	if err := m.build(seed, bench); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(seed uint64, bench lab.Bench) (err error) {
	var k shop.Knobs
	if err := errors.Join(m.setup.Section("rl", &m.knobs), m.setup.Section("world", &k)); err != nil {
		return err
	}
	if k.Variant != shop.Quirks {
		return lab.Errorf(lab.Invalid, "reasoningbank: world.variant is %q, and its writer knows the choices of %q alone", k.Variant, shop.Quirks).WithHint("set world.variant to %q", shop.Quirks)
	}
	if m.shop, err = shop.New(k, rng.New(seed, "site").Uint64()&^foreign); err != nil {
		return err
	}
	if m.stream, err = m.shop.Goals(shop.Test, m.knobs.Tasks+m.knobs.HeldOut); err != nil {
		return err
	}
	n := min(m.knobs.Tasks, len(m.stream))
	m.stream, m.test = m.stream[:n:n], m.stream[n:]
	draw := func(name string) uint64 { return rng.New(seed, name).Uint64() }
	m.keys = keys{draw("act"), draw("judge"), draw("write"), draw("test")}
	if m.memory, err = m.open(m.log, rng.New(seed, "memory")); err != nil {
		return err
	}
	if m.setup.Kind("agent") == Reference {
		var r ReferenceKnobs
		err := m.setup.Section("agent", &r)
		m.now.Warm, m.now.Probed, m.who = warmParts, true, &yardstick{r.Policy}
		return err
	}
	return m.connect(bench)
}

// open makes a memory as the set-up says.
func (m *method) open(log *mem.Log, draw *rng.Stream) (mem.Memory, error) {
	return mem.Open(m.setup, mem.Env{Log: log, Embed: mem.NewHashed(dimensions), Count: lineTokens, Draw: draw, Core: m.core})
}

// connect prepares the actor.
func (m *method) connect(bench lab.Bench) error {
	var agent AgentKnobs
	if err := m.setup.Section("agent", &agent); err != nil {
		return err
	}
	m.temper, m.room = agent.Temper, memoryRoom(agent.Context)
	spec, source, err := warmStart(m.setup)
	if err != nil {
		return err
	}
	if m.prompt, err = actorPrompt(); err != nil {
		return err
	}
	m.model, err = connect.New(m.core, m.setup.Model, bench, spec, source, local.Options{})
	return err
}

// actorPrompt is what an endpoint is asked.
func actorPrompt() (*llm.Prompt, error) {
	dir, err := fs.Sub(prompts, "prompts")
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "the prompts of reasoningbank: %w", err)
	}
	all, err := llm.ReadPrompts(dir)
	return all["actor"], err
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

// Close ends the model and its workers.
func (m *method) Close() (err error) {
	if m.model != nil {
		err = m.model.Close()
	}
	m.core.Close()
	return err
}

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Warm + m.now.Tasks), Total: int64(warmParts + len(m.stream) + 2), Unit: "tasks"}
	if m.now.Probed {
		p.Done++
	}
	if m.now.Finished {
		p.Done = p.Total
	}
	return p
}

// Advance does a part of the warm start, some tasks, or what is left at the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	var err error
	switch {
	case m.now.Warm < warmParts:
		err = m.warm(ctx, emit)
	case !m.now.Probed:
		if err = m.probe(ctx, emit); err == nil {
			m.now.Probed = true
		}
	case m.now.Tasks < len(m.stream):
		for n := 0; n < perUnit && m.now.Tasks < len(m.stream) && err == nil; n++ {
			err = m.task(ctx, emit)
		}
	default:
		if err = m.finish(ctx, emit); err == nil {
			m.now.Finished = true
		}
	}
	return m.progress(), err
}

// warm does a part of the warm start; behind the last one the actor is frozen.
func (m *method) warm(ctx context.Context, emit lab.Emitter) error {
	if err := m.model.Advance(ctx, m.now.Warm+1, warmParts); err != nil {
		return err
	}
	m.now.Warm++
	switch {
	case m.now.Warm < warmParts:
		return nil
	case m.model.Frozen():
		return emit.Emit(lab.Log{Level: "info", Text: "the actor is behind an endpoint; its prompt has the hash " + m.prompt.Hash()})
	}
	for _, p := range m.model.Warm.Curve() {
		if err := emit.Emit(lab.Metric{Name: MetricWarmLoss, X: int64(p.Step), Value: lab.Float(p.Loss)}); err != nil {
			return err
		}
	}
	var err error
	if m.now.Hash, err = m.hash(); err != nil {
		return err
	}
	if err := emit.Emit(lab.Log{Level: "info", Text: "the actor is frozen; the state of its weights has the hash " + m.now.Hash}); err != nil {
		return err
	}
	return emitAll(emit, 0, []measure{{MetricParameters, float64(nn.Count(m.model.Warm.Model().Weights()))}})
}

// hash names the actor's weights.
func (m *method) hash() (string, error) {
	var state bytes.Buffer
	if err := m.model.Snapshot(&state); err != nil {
		return "", err
	}
	sum := sha256.Sum256(state.Bytes())
	return hex.EncodeToString(sum[:12]), nil
}

// unchanged makes sure that the actor has the weights that it had before the stream.
func (m *method) unchanged(emit lab.Emitter) error {
	if m.model == nil || m.model.Frozen() {
		return nil
	}
	hash, err := m.hash()
	if err != nil {
		return err
	}
	if hash != m.now.Hash {
		return lab.Errorf(lab.Internal, "reasoningbank: the weights of the actor have the hash %s, and had %s before: something trained them", hash, m.now.Hash)
	}
	return emit.Emit(lab.Log{Level: "info", Text: "the actor is as it was: the hash is still " + hash})
}

// player is the actor, or the yardstick.
func (m *method) player(ctx context.Context) (player, error) {
	if m.who != nil {
		return m.who, nil
	}
	sampler, err := m.model.Sampler(ctx, m.prompt)
	if err != nil {
		return nil, err
	}
	m.who = &actor{sampler, m.model.Tokenizer(), m.shop.Spec().Horizon, m.room}
	return m.who, nil
}

// parts is the whole state.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	return append(parts, rl.Part{Name: "memory", State: m.memory})
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }

// dice are the draws of one use at one task.
func (k keys) dice(key uint64, task int) *dice { return &dice{key: world.Draw(key, uint64(task))} }
