// Package memorygraft is MemoryGraft (arXiv 2512.16962): what happens to an agent that trusts its own past when foreign records enter its
// experience store, dressed as successes. It is a defensive study in a closed toy domain of abstract tokens: which check catches what, and at
// which price. doc.md says what is kept, what is dropped, and lists the deviations.
package memorygraft

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"

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
	"github.com/loci-lab/loci/backend/world/tool"
)

//go:embed prompts
var prompts embed.FS

const (
	warmParts   = 20 // units of work that the warm start is divided into
	mostEarning = 40 // sessions of earning at most: an agent that never succeeds earns nothing
)

// method is one agent with one store.
type method struct {
	setup  lab.Setup
	knobs  RunKnobs
	store  *store // nil for an agent without a memory
	temper float64
	room   int // tokens of demonstrations that the actor's context has
	world  *tool.World
	log    *mem.Log
	core   *num.Core
	model  *connect.Model // nil for a yardstick
	prompt *llm.Prompt
	who    player // nil for a model before it was first asked
	keys   keys
	now    count
}

// keys are what chance hangs on, each part of its own.
type keys struct{ tasks, acts, note, probes uint64 }

// count is where the method stands.
type count struct {
	Warm     int   // parts of the warm start done
	Episodes int64 // done
	Probed   bool  // the strength of imitation
	Earning  int   // sessions of earning done
	Earned   int   // records
	Session  int   // sessions done
	Family   map[string]bool
	Roots    int    // records that the note brought
	Hash     string // of the actor's weights
	Finished bool
}

// New makes the method that a set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	m := &method{setup: setup, core: num.NewCore(kernels, bench.Threads), log: &mem.Log{}}
	m.now.Family = map[string]bool{}
	if err := m.build(seed, bench); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(seed uint64, bench lab.Bench) (err error) {
	var k tool.PipelineKnobs
	if err := errors.Join(m.setup.Section("rl", &m.knobs), m.setup.Section("world", &k)); err != nil {
		return err
	}
	if m.world, err = tool.New(&k, rng.New(seed, "rules").Uint64()&^foreign); err != nil {
		return err
	}
	draw := func(name string) uint64 { return rng.New(seed, name).Uint64() }
	m.keys = keys{draw("tasks"), draw("acts"), draw("note"), draw("probes")}
	if m.setup.Kind(mem.Section) == Store {
		var k StoreKnobs
		if err := m.setup.Section(mem.Section, &k); err != nil {
			return err
		}
		// The environment holds the key of the seals: no other part of the method sees it.
		if m.store, err = newStore(k, mem.Env{Log: m.log, Count: lineTokens, Core: m.core}, tool.NewNotary(draw("notary")), draw("check")); err != nil {
			return err
		}
	}
	if m.setup.Kind("agent") == Reference {
		var r ReferenceKnobs
		err := m.setup.Section("agent", &r)
		m.now.Warm, m.now.Probed, m.who = warmParts, true, &yardstick{m.world, r.Policy}
		return err
	}
	return m.connect(bench)
}

// connect prepares the actor.
func (m *method) connect(bench lab.Bench) error {
	var agent AgentKnobs
	if err := m.setup.Section("agent", &agent); err != nil {
		return err
	}
	m.temper, m.room = agent.Temper, demonstrationRoom(agent.Context)
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
		return nil, lab.Errorf(lab.Internal, "the prompts of memorygraft: %w", err)
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

// earned tells whether the time before the first session is over.
func (m *method) earned() bool {
	return m.store == nil || m.now.Earned >= m.knobs.Earned || m.now.Earning >= mostEarning
}

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Warm + m.now.Earning + m.now.Session), Total: int64(warmParts + 1 + mostEarning + m.knobs.Sessions + 1), Unit: "sessions"}
	if m.now.Probed {
		p.Done++
	}
	if m.now.Probed && m.earned() {
		p.Done += int64(mostEarning - m.now.Earning)
	}
	if m.now.Finished {
		p.Done = p.Total
	}
	return p
}

// Advance does a part of the warm start, the probe of imitation, a session of earning, a session, or what is left at the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	var err error
	switch {
	case m.now.Warm < warmParts:
		err = m.warm(ctx, emit)
	case !m.now.Probed:
		err = m.probeImitation(ctx, emit)
	case !m.earned():
		err = m.earn(ctx, emit)
	case m.now.Session < m.knobs.Sessions:
		err = m.session(ctx, emit)
	default:
		if err = m.last(ctx, emit); err == nil {
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

// unchanged makes sure that the actor has the weights that it had before the first session: what drifts is the memory.
func (m *method) unchanged() error {
	if m.model == nil || m.model.Frozen() {
		return nil
	}
	hash, err := m.hash()
	if err == nil && hash != m.now.Hash {
		err = lab.Errorf(lab.Internal, "memorygraft: the weights of the actor have the hash %s, and had %s before: something trained them", hash, m.now.Hash)
	}
	return err
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
	m.who, err = newActor(sampler, m.model.Tokenizer(), m.temper, m.world.Spec().Horizon)
	return m.who, err
}

// parts is the whole state.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	if m.store != nil {
		parts = append(parts, rl.Part{Name: "store", State: m.store})
	}
	return parts
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error {
	if err := rl.ReadParts(r, m.parts()...); err != nil {
		return err
	}
	if m.store != nil {
		m.store.session = m.now.Session
	}
	return nil
}

// lineTokens are the tokens of a line of memory in a prompt: its words and its end.
func lineTokens(line string) int { return len(strings.Fields(line)) + 1 }
