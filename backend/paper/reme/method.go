// Package reme is ReMe (arXiv 2512.10696v1): a procedural memory that works on all ends of an entry's life. Lessons are written from
// successes, failures and comparisons, checked, and indexed by when to use them; each is counted by what came of reading it; lessons from
// failures are added only when a retry with them succeeds, and what seldom helps is deleted. The language model is frozen. The pool itself
// is the kind reme of package mem; any other kind may stand in its place. doc.md says what is kept, what is dropped, and lists the deviations.
package reme

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
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

//go:embed prompts
var prompts embed.FS

const (
	warmParts  = 20  // units of work that the warm start is divided into
	dimensions = 128 // of the hashed bag of words that keys are compared by
	turnRoom   = 40  // tokens of a context that are kept for the user turn, its reply and the answer
)

// method is one agent in one world of services.
type method struct {
	setup  lab.Setup
	knobs  RunKnobs
	world  tool.ServicesKnobs
	home   *tool.World
	temper float64
	room   int // tokens of memory that the actor's context has, 0 for no limit
	memory mem.Memory
	log    *mem.Log
	core   *num.Core
	model  *connect.Model // nil for a yardstick
	prompt *llm.Prompt
	who    player // nil for a model before it was first asked
	tasks  uint64 // key of the tasks' seeds
	draws  uint64 // of the actor's answers
	roles  uint64 // of the extractors' mistakes and the validator's
	now    count
}

// count is where the method stands.
type count struct {
	Warm     int // parts of the warm start done
	Pool     int // tasks of the initial pool done
	Pooled   bool
	Tasks    int    // of the stream, done
	Shown    int64  // episodes of tests put into the record
	Hash     string // of the actor's weights before learning
	Scores   []float64
	Tally    tally
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
	if err := errors.Join(m.setup.Section("rl", &m.knobs), m.setup.Section("world", &m.world)); err != nil {
		return err
	}
	if m.home, err = tool.New(&m.world, rng.New(seed, "rules").Uint64()&^foreign); err != nil {
		return err
	}
	m.tasks, m.draws, m.roles = rng.New(seed, "tasks").Uint64(), rng.New(seed, "answers").Uint64(), rng.New(seed, "roles").Uint64()
	if m.memory, err = m.open(m.log, rng.New(seed, "memory")); err != nil {
		return err
	}
	if m.setup.Kind("agent") == Reference {
		var r ReferenceKnobs
		err := m.setup.Section("agent", &r)
		m.now.Warm, m.who = warmParts, &yardstick{r.Policy}
		return err
	}
	return m.connect(bench)
}

// open makes a memory as the set-up says.
func (m *method) open(log *mem.Log, draw *rng.Stream) (mem.Memory, error) {
	return mem.Open(m.setup, mem.Env{Log: log, Embed: mem.NewHashed(dimensions), Count: lineTokens, Draw: draw, Core: m.core})
}

// lineTokens are the tokens of a line of memory in a prompt: its words and its end.
func lineTokens(line string) int { return len(strings.Fields(line)) + 1 }

// connect prepares the actor.
func (m *method) connect(bench lab.Bench) error {
	var agent AgentKnobs
	if err := m.setup.Section("agent", &agent); err != nil {
		return err
	}
	m.temper, m.room = agent.Temper, max(agent.Context-turnRoom, 1)
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
		return nil, lab.Errorf(lab.Internal, "the prompts of reme: %w", err)
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
	p := lab.Progress{Done: int64(m.now.Warm + m.now.Pool + m.now.Tasks), Total: int64(warmParts+m.knobs.Pool+m.knobs.Tasks) + 2, Unit: "tasks"}
	if m.now.Pooled {
		p.Done++
	}
	if m.now.Finished {
		p.Done = p.Total
	}
	return p
}

// Advance does a part of the warm start, the initial pool, a task of the stream, or what is left at the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	m.log.Emit = emit
	var err error
	switch {
	case m.now.Warm < warmParts:
		err = m.warm(ctx, emit)
	case !m.now.Pooled:
		err = m.acquire(ctx, emit)
	case m.now.Tasks < m.knobs.Tasks:
		err = m.task(ctx, emit)
	default:
		if err = m.unchanged(emit); err == nil {
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

// unchanged makes sure that the actor has the weights that it had before the pool.
func (m *method) unchanged(emit lab.Emitter) error {
	if m.model == nil || m.model.Frozen() {
		return nil
	}
	hash, err := m.hash()
	if err != nil {
		return err
	}
	if hash != m.now.Hash {
		return lab.Errorf(lab.Internal, "reme: the weights of the actor have the hash %s, and had %s before: something trained them", hash, m.now.Hash)
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
	m.who = &actor{sampler, m.model.Tokenizer(), m.home.Spec().Horizon}
	return m.who, nil
}

// Where the seeds of tasks come from: no two of these meet.
const (
	streamSeeds = 0
	poolSeeds   = 1 << 30
	testSeeds   = 1 << 31
)

// seedOf is the seed of task i of the stream, the pool or the tests.
func (m *method) seedOf(of uint64, i int) uint64 { return world.Draw(m.tasks, of+uint64(i)) >> 11 }

// acquire makes the initial pool (sec. 3.1 of arXiv 2512.10696v1), before the stream:
//
//	sample   each training task N times at temperature 0.9, without memory
//	extract  success patterns from winners, failure triggers from losers, a comparative insight from the first winner and the first loser
//	validate a judge keeps or drops each; the memory drops duplicates
func (m *method) acquire(ctx context.Context, emit lab.Emitter) error {
	who, err := m.player(ctx)
	if err != nil {
		return err
	}
	all := make([]sitting, m.knobs.Pool)
	for i := range all {
		all[i] = sitting{world: m.home.At(0), split: tool.Train, seed: m.seedOf(poolSeeds, i), number: int64(i + 1)}
	}
	done, err := who.play(ctx, all, m.knobs.Samples, m.knobs.PoolTemper, world.Draw(m.draws, poolSeeds))
	if err != nil {
		return err
	}
	solved := 0
	for i := range done {
		m.log.Episode, m.log.T = all[i].number, len(done[i][0].turns)
		if err := m.pooled(ctx, &all[i], done[i]); err != nil {
			return err
		}
		solved += wins(done[i])
		if err := emit.Emit(m.episode(&all[i], &done[i][0], poolSplit, false, 0)); err != nil {
			return err
		}
	}
	m.now.Pool, m.now.Pooled = len(done), true
	if err := emitAll(emit, 0, append(m.standing(0), measure{MetricPool, share(solved, len(done)*m.knobs.Samples)})); err != nil {
		return err
	}
	return m.examine(ctx, emit)
}

// pooled offers what the attempts at one task of the pool show.
func (m *method) pooled(ctx context.Context, s *sitting, tries []played) error {
	d := &dice{key: world.Draw(m.roles, uint64(s.number))}
	winner, loser := -1, -1
	var all []lesson
	for i := range tries {
		p := &tries[i]
		if p.success {
			all = append(all, p.successes(m.knobs.Granularity)...)
			winner = firstOf(winner, i)
			continue
		}
		loser = firstOf(loser, i)
		if l, ok := p.failure(m.knobs.PErr, m.world.Sources, d); ok {
			all = append(all, l)
		}
	}
	if winner >= 0 && loser >= 0 {
		if l, ok := tries[winner].comparison(&tries[loser].attempt); ok {
			all = append(all, l)
		}
	}
	// The pool is what it is made of: whatever the judge lets pass is kept, from losers too.
	return m.offer(ctx, s, tries[0].goals, all, true, d)
}

func firstOf(known, i int) int {
	if known < 0 {
		return i
	}
	return known
}

// offer validates lessons and writes them. success says that they are to be kept by a memory that keeps no failures.
func (m *method) offer(ctx context.Context, s *sitting, goals []string, all []lesson, success bool, d *dice) error {
	now, _ := tool.ServicesWant(s.world)
	for _, l := range all {
		m.now.Tally.Offered++
		if !l.valid(m.knobs.Judge, now, d) {
			m.now.Tally.Dropped++
			continue
		}
		key := l.whenToUse()
		if m.knobs.Key == TaskText {
			key = "task " + strings.Join(goals, " ")
		}
		e := lab.Experience{Kind: lab.OneStep, Key: key, Text: l.text(), When: s.number, Scored: true, Success: success,
			Source: l.origin + " " + strings.Join(goals, " ")}
		if err := m.memory.Write(ctx, e); err != nil {
			return err
		}
	}
	return nil
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
