// Package textmemory puts memories side by side: any memory of the catalog, in any text world, read by the same reader. It is no paper's
// system but the loop that they share: read before an answer, write what came of it, manage. doc.md says what is measured.
package textmemory

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/mem/outside"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/pipe"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// method is one agent with one memory in one world. Its unit of work is an episode.
type method struct {
	setup  lab.Setup
	bench  lab.Bench
	seed   uint64
	kind   string // of the agent
	how    PlayKnobs
	reader ReaderKnobs
	policy string
	depth  int  // of retrieval, else 0
	tells  bool // retrieval tells the memory what it found
	core   *num.Core

	family family
	knobs  any // of the world
	world  world.Readable
	first  uint64 // seed of the first episode
	total  int    // episodes

	agent  agent
	memory mem.Memory // nil before the first episode
	log    mem.Log
	draw   *rng.Stream // of the memory
	fork   *lab.Fork   // nil but in a fork
	now    count
	sums   tally
}

// count is where the method stands.
type count struct {
	Episodes int    // played
	Life     string // of the memory
	Lives    int    // memories made
	Watched  bool   // the memory's operations are recorded
	Clock    int64  // latest moment of an experience
}

// New makes the method that a set-up describes. Data and endpoints are looked for when the first episode is played.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	m := &method{setup: setup, bench: bench, seed: seed, kind: setup.Kind("agent")}
	if err := m.choose(); err != nil {
		return nil, err
	}
	if err := m.how.check(setup.Model); err != nil {
		return nil, err
	}
	var err error
	if m.family, m.knobs, err = familyOf(setup); err != nil {
		return nil, err
	}
	if setup.Kind(mem.Section) != pipe.Kind { // a wrong knob is told at once; a program is started when it is needed
		if _, err := mem.Open(setup, mem.Env{}); err != nil {
			return nil, err
		}
	}
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	m.core = num.NewCore(kernels, bench.Threads)
	return m, nil
}

// choose reads the knobs of the agent's kind.
func (m *method) choose() (err error) {
	switch m.kind {
	case Reader:
		err = m.setup.Section("agent", &m.reader)
		m.how = m.reader.PlayKnobs
	case Reference:
		var k ReferenceKnobs
		err = m.setup.Section("agent", &k)
		m.how, m.policy = k.PlayKnobs, k.Policy
	case Retrieval:
		var k RetrievalKnobs
		err = m.setup.Section("agent", &k)
		m.how, m.depth, m.tells = k.PlayKnobs, k.Depth, k.Feedback
		m.how.K = k.Depth
	default:
		err = lab.Errorf(lab.Invalid, "agent %q is unknown, want one of %q", m.kind, []string{Reader, Reference, Retrieval}).WithHint("set agent.kind to one of them")
	}
	return err
}

func (k *PlayKnobs) check(model string) error {
	if _, ok := endpointOf(model); k.Embedder == endpoint && !ok {
		return lab.Errorf(lab.Invalid, "agent.embedder is endpoint, and model is %q, want endpoint NAME", model).
			WithHint("set model: endpoint NAME in the run cell, or agent.embedder: hashed")
	}
	return nil
}

// open makes what rests on data and endpoints, once.
func (m *method) open(ctx context.Context) (err error) {
	if m.agent != nil {
		return nil
	}
	if m.world, err = m.family.open(ctx, m.setup.Kind("world"), m.knobs, m.bench, rng.New(m.seed, "world").Uint64()); err != nil {
		return err
	}
	m.first = rng.New(m.seed, "episodes").Uint64() >> 32
	m.total = m.how.Episodes
	if w, ok := m.world.(sized); ok {
		n := w.Size(m.how.Split)
		if n == 0 {
			return lab.Errorf(lab.Invalid, "world %s has no episode in split %q", m.world.Spec().Name, m.how.Split).WithHint("choose another agent.split, or other knobs of the world")
		}
		if m.how.Pool == 0 {
			m.total = min(m.total, n)
		}
	}
	m.agent, err = m.newAgent(ctx)
	return err
}

// episode is the seed of the world for episode i. They follow each other, as the days of a calendar do.
func (m *method) episode(i int) uint64 {
	if m.how.Pool > 0 {
		i %= m.how.Pool
	}
	return m.first + uint64(i)
}

// progress counts episodes; before the world is open their number is what the knobs say.
func (m *method) progress() lab.Progress {
	total := m.total
	if total == 0 {
		total = m.how.Episodes
	}
	return lab.Progress{Done: int64(m.now.Episodes), Total: int64(total), Unit: "episodes"}
}

// Advance plays one episode and tells what came of it.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if err := m.open(ctx); err != nil {
		return m.progress(), err
	}
	i := m.now.Episodes
	e := episode{method: m, emit: emit, number: int64(i + 1), seed: m.episode(i), kept: m.keeps(i)}
	if err := e.play(ctx); err != nil {
		return m.progress(), err
	}
	m.now.Episodes++
	return m.progress(), m.tell(emit)
}

// keeps says which episodes are recorded step by step.
func (m *method) keeps(i int) bool {
	n := min(m.how.Kept, m.total)
	for k := range n {
		if i == k*m.total/n {
			return true
		}
	}
	return false
}

// live gives the episode its memory: that of its life, or a new one. The operations of a memory are recorded from its first on or not at
// all: always where it lives on from episode to episode, else with the episodes that are recorded.
func (m *method) live(ctx context.Context, d world.Dialogue, emit lab.Emitter, kept bool) error {
	life := "run"
	if l, ok := d.(living); ok {
		life = l.Life()
	} else if m.family.fresh {
		life = fmt.Sprint(m.now.Episodes)
	}
	if m.memory == nil || life != m.now.Life {
		m.now.Life, m.now.Watched, m.now.Clock = life, kept || life == "run", 0
		if err := m.remember(ctx); err != nil {
			return err
		}
		m.now.Lives++
	}
	m.log.Emit = nil
	if m.now.Watched {
		m.log.Emit = emit
	}
	return nil
}

// remember makes the memory that now is for, empty.
func (m *method) remember(ctx context.Context) (err error) {
	m.draw = rng.New(m.seed, fmt.Sprintf("memory %d", m.now.Lives))
	env := mem.Env{Log: &m.log, Draw: m.draw, Core: m.core}
	if env.Embed, err = m.embedder(ctx); err != nil {
		return err
	}
	if err := m.forget(); err != nil {
		return err
	}
	if m.memory, err = outside.Open(ctx, m.setup, env, m.bench.Allow); err != nil || m.now.Life == "run" {
		return err
	}
	for _, b := range m.memory.Banks() {
		b.Name += " " + m.now.Life // banks of different lives are different banks
	}
	return nil
}

// forget ends the memory of the life before.
func (m *method) forget() (err error) {
	if c, ok := m.memory.(io.Closer); ok {
		err = c.Close()
	}
	m.memory = nil
	return err
}

// Close ends workers, programs and connections.
func (m *method) Close() error {
	errs := []error{m.forget()}
	if m.agent != nil {
		errs = append(errs, m.agent.close())
	}
	if c, ok := m.world.(io.Closer); ok {
		errs = append(errs, c.Close())
	}
	m.core.Close()
	return errors.Join(errs...)
}

// parts is the whole state but the memory.
func (m *method) parts() []rl.Part {
	return []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "sums", State: rl.JSON(&m.sums)}}
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error {
	if m.memory == nil {
		return rl.WriteParts(w, m.parts()...)
	}
	return rl.WriteParts(w, append(m.parts(), rl.Part{Name: "memory", State: m.memory})...)
}

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error {
	if err := rl.ReadParts(r, m.parts()...); err != nil {
		return err
	}
	ctx := context.Background() // whoever restores waits for nothing: worlds are made anew, an endpoint is asked for the width of its vectors at most
	if err := m.open(ctx); err != nil {
		return err
	}
	if err := m.agent.catchUp(m); err != nil || m.now.Lives == 0 {
		return err
	}
	m.now.Lives-- // its number when it was made
	err := m.remember(ctx)
	m.now.Lives++
	if err != nil {
		return err
	}
	return rl.ReadParts(r, rl.Part{Name: "memory", State: m.memory})
}
