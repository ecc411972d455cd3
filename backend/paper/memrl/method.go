// Package memrl is MemRL (arXiv 2601.03192v1): a language model stays as it is, and what is learned is a memory of episodes with a value for
// each entry. Which entries are put into the prompt is the action of a small reinforcement learning problem: similarity decides what is
// considered, similarity and value what is read, and the reward of the task moves the values of what was read. The memory itself is the kind
// memrl of package mem; any other kind may stand in its place. doc.md says what is kept, what is dropped, and lists the deviations.
package memrl

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
	"github.com/loci-lab/loci/backend/world/house"
)

//go:embed prompts
var prompts embed.FS

const (
	warmParts  = 20  // units of work that the warm start is divided into
	dimensions = 128 // of the hashed bag of words that keys are compared by
)

// method is one agent in one house.
type method struct {
	setup  lab.Setup
	knobs  RunKnobs
	temper float64
	room   int // tokens of memory that the reader's context has, 0 for no limit
	house  *house.World
	train  []house.Task
	test   []house.Task
	memory mem.Memory
	log    *mem.Log
	core   *num.Core
	model  *connect.Model // nil for a yardstick
	prompt *llm.Prompt
	who    player      // nil for a model before it was first asked
	key    uint64      // of the reader's draws
	styles uint64      // of the writer's
	noise  uint64      // of the rewards'
	draw   *rng.Stream // of the memory
	fork   *lab.Fork   // nil but in a fork
	now    count
}

// count is where the method stands.
type count struct {
	Warm     int   // parts of the warm start done
	Episodes int64 // of training, done
	Shown    int64 // episodes put into the record beside those
	Tests    int
	Tested   bool   // before learning
	Hash     string // of the reader's weights before learning
	Solved   []bool // [tasks] in this epoch so far
	Before   []bool // [tasks] in the epoch before
	Ever     []bool // [tasks]
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
	var k house.Knobs
	if err := errors.Join(m.setup.Section("rl", &m.knobs), m.setup.Section("world", &k)); err != nil {
		return err
	}
	if err := m.settle(k, rng.New(seed, "rules").Uint64()&^foreign); err != nil {
		return err
	}
	m.key, m.styles, m.noise = rng.New(seed, "loop").Uint64(), rng.New(seed, "styles").Uint64(), rng.New(seed, "noise").Uint64()
	n := len(m.train)
	m.now.Solved, m.now.Before, m.now.Ever = make([]bool, n), make([]bool, n), make([]bool, n)
	m.draw = rng.New(seed, "memory")
	if m.memory, err = m.open(m.log, m.draw); err != nil {
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
	embed, err := m.embedder()
	if err != nil {
		return nil, err
	}
	return mem.Open(m.setup, mem.Env{Log: log, Embed: embed, Count: lineTokens, Draw: draw, Core: m.core})
}

// lineTokens are the tokens of a line of memory in a prompt: its words and its end.
func lineTokens(line string) int { return len(strings.Fields(line)) + 1 }

// settle draws the rules of the house and the tasks.
func (m *method) settle(k house.Knobs, rules uint64) (err error) {
	if m.house, err = house.New(k, rules); err != nil {
		return err
	}
	if m.train, err = m.house.Tasks(house.Train, m.knobs.Tasks); err != nil {
		return err
	}
	m.test, err = m.house.Tasks(house.Test, m.knobs.HeldOut)
	return err
}

// connect prepares the reader.
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
	if m.prompt, err = readerPrompt(); err != nil {
		return err
	}
	m.model, err = connect.New(m.core, m.setup.Model, bench, spec, source, local.Options{})
	return err
}

// readerPrompt is what an endpoint is asked.
func readerPrompt() (*llm.Prompt, error) {
	dir, err := fs.Sub(prompts, "prompts")
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "the prompts of memrl: %w", err)
	}
	all, err := llm.ReadPrompts(dir)
	return all["reader"], err
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

// total is the number of training episodes of the whole run.
func (m *method) total() int64 { return int64(m.knobs.Epochs * len(m.train)) }

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Warm) + m.now.Episodes, Total: warmParts + m.total() + 2, Unit: "episodes"}
	if m.now.Tested {
		p.Done++
	}
	if m.now.Finished {
		p.Done = p.Total
	}
	return p
}

// Advance does a part of the warm start, a batch of tasks, or what is left at the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	var err error
	switch {
	case m.now.Warm < warmParts:
		err = m.warm(ctx, emit)
	case !m.now.Tested:
		if err = m.examine(ctx, emit, 0); err == nil {
			m.now.Tested = true
		}
	case m.now.Episodes < m.total():
		err = m.batch(ctx, emit)
	default:
		if err = m.unchanged(emit); err == nil {
			m.now.Finished = true
		}
	}
	return m.progress(), err
}

// warm does a part of the warm start; behind the last one the reader is frozen.
func (m *method) warm(ctx context.Context, emit lab.Emitter) error {
	if err := m.model.Advance(ctx, m.now.Warm+1, warmParts); err != nil {
		return err
	}
	m.now.Warm++
	switch {
	case m.now.Warm < warmParts:
		return nil
	case m.model.Frozen():
		return emit.Emit(lab.Log{Level: "info", Text: "the reader is behind an endpoint; its prompt has the hash " + m.prompt.Hash()})
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
	if err := emit.Emit(lab.Log{Level: "info", Text: "the reader is frozen; the state of its weights has the hash " + m.now.Hash}); err != nil {
		return err
	}
	return emitAll(emit, 0, []measure{{MetricParameters, float64(nn.Count(m.model.Warm.Model().Weights()))}})
}

// hash names the reader's weights.
func (m *method) hash() (string, error) {
	var state bytes.Buffer
	if err := m.model.Snapshot(&state); err != nil {
		return "", err
	}
	sum := sha256.Sum256(state.Bytes())
	return hex.EncodeToString(sum[:12]), nil
}

// unchanged makes sure that the reader has the weights that it had before learning.
func (m *method) unchanged(emit lab.Emitter) error {
	if m.model == nil || m.model.Frozen() {
		return nil
	}
	hash, err := m.hash()
	if err != nil {
		return err
	}
	if hash != m.now.Hash {
		return lab.Errorf(lab.Internal, "memrl: the weights of the reader have the hash %s, and had %s before: something trained them", hash, m.now.Hash)
	}
	return emit.Emit(lab.Log{Level: "info", Text: "the reader is as it was: the hash is still " + hash})
}

// player is the reader, or the yardstick.
func (m *method) player(ctx context.Context) (player, error) {
	if m.who != nil {
		return m.who, nil
	}
	sampler, err := m.model.Sampler(ctx, m.prompt)
	if err != nil {
		return nil, err
	}
	m.who = &reader{sampler, m.model.Tokenizer(), m.house.Spec().Horizon}
	return m.who, nil
}

// batch is a part of the loop over tasks (sec. 4 of arXiv 2601.03192v1), for some tasks side by side:
//
//	read    ctx = the entries that the memory chooses for the sentence of the task: one reading a task
//	act     the frozen reader does the task with ctx in its prompt; r says whether it succeeded
//	learn   Q <- Q + alpha (r - Q) for the entries of ctx and no other
//	write   a script of a success, a reflection of a failure, under the sentence of the task
//
// Rewards and experiences come in behind the batch, one task after another in their order. Deviation D3 in doc.md.
func (m *method) batch(ctx context.Context, emit lab.Emitter) error {
	who, err := m.player(ctx)
	if err != nil {
		return err
	}
	first := int(m.now.Episodes)
	at := first % len(m.train)
	n := min(m.knobs.Batch, len(m.train)-at)
	sittings := make([]sitting, n)
	for i := range sittings {
		sittings[i] = sitting{task: m.train[at+i], clock: uint64(first + i + 1), number: int64(first + i + 1)}
	}
	m.log.Emit = emit
	readings, err := m.read(ctx, m.memory, sittings, int64(first+1))
	if err != nil {
		return err
	}
	done, err := who.play(ctx, table{m.house, sittings, readings, m.temper, world.Draw(m.key, uint64(first)), m.byHand(m.memory, int64(first+1))})
	if err = errors.Join(err, failed(done)); err != nil {
		return err
	}
	return m.takeIn(ctx, emit, done, at)
}

// read asks the memory once for each task.
func (m *method) read(ctx context.Context, memory mem.Memory, all []sitting, now int64) (readings []mem.Reading, err error) {
	readings = make([]mem.Reading, len(all))
	for i, s := range all {
		m.log.Episode, m.log.T = s.number, 0
		if err = m.alter(ctx, memory, s.number, 0); err != nil {
			return nil, err
		}
		if readings[i], err = memory.Read(ctx, m.query(s, now+int64(i))); err != nil {
			return nil, err
		}
	}
	return readings, nil
}

// query is what the memory is asked for a task.
func (m *method) query(s sitting, now int64) mem.Query {
	return mem.Query{Text: s.task.Sentence, Now: now, Tokens: m.room}
}

// takeIn lets the memory learn from a batch and sums it up. at is the place of its first task.
func (m *method) takeIn(ctx context.Context, emit lab.Emitter, done []played, at int) error {
	for i := range done {
		if m.kept(at + i) {
			if err := m.show(emit, &done[i]); err != nil {
				return err
			}
		}
	}
	for i := range done {
		if err := m.learn(ctx, &done[i]); err != nil {
			return err
		}
		m.mark(&done[i], at+i)
		if err := emit.Emit(m.episode(&done[i], house.Train, m.kept(at+i), m.omitted(at+i))); err != nil {
			return err
		}
	}
	m.now.Episodes += int64(len(done))
	if at+len(done) < len(m.train) {
		return nil
	}
	return m.endEpoch(ctx, emit)
}

// learn tells the memory what came of an episode, and offers it what is to be stored of it.
func (m *method) learn(ctx context.Context, p *played) error {
	m.log.Episode, m.log.T = p.number, len(p.turns)
	success, reward := p.info.Success, float64(p.info.Return)
	if world.Unit(world.Draw(m.noise, uint64(p.number))) < m.knobs.RewardNoise {
		success, reward = !success, 1-reward
	}
	o := mem.Outcome{At: mem.AfterEpisode, Now: p.number, Used: p.reading.IDs(), Scored: true, Reward: reward, Success: success}
	if err := m.memory.Manage(ctx, o); err != nil || p.course.task.Text == "" {
		return err
	}
	e := p.course.write(m.knobs.draw(world.Unit(world.Draw(m.styles, uint64(p.number)))))
	e.When = p.number
	style := styleOf(&lab.Entry{Sources: []string{e.Source}})
	if m.now.Tally.Wrote == nil {
		m.now.Tally.Wrote = map[string]int{}
	}
	m.now.Tally.Wrote[style]++
	return m.memory.Write(ctx, e)
}

// mark notes whether a task was done.
func (m *method) mark(p *played, task int) {
	m.now.Tally.add(p, m.now.Before[task])
	m.now.Solved[task] = p.info.Success
	m.now.Ever[task] = m.now.Ever[task] || p.info.Success
}

// endEpoch puts the numbers of an epoch into the record, and tests where a test is due.
func (m *method) endEpoch(ctx context.Context, emit lab.Emitter) error {
	epoch := int(m.now.Episodes) / len(m.train)
	values := append(m.now.Tally.measures(), measure{MetricCSR, share(m.now.Ever)})
	entries, tokens := m.size()
	if len(m.memory.Banks()) > 0 {
		values = append(values, measure{MetricMemory, float64(entries)}, measure{MetricTokens, float64(tokens)})
	}
	if err := emitAll(emit, epoch, values); err != nil {
		return err
	}
	m.now.Tally = tally{}
	copy(m.now.Before, m.now.Solved)
	if epoch*m.knobs.Tests < (m.now.Tests+1)*m.knobs.Epochs {
		return nil
	}
	m.now.Tests++
	return m.examine(ctx, emit, epoch)
}

func share(all []bool) float64 {
	n := 0
	for _, b := range all {
		if b {
			n++
		}
	}
	return float64(n) / float64(len(all))
}

// size is how much all banks hold.
func (m *method) size() (entries, tokens int) {
	for _, b := range m.memory.Banks() {
		entries, tokens = entries+b.Len(), tokens+b.Tokens()
	}
	return entries, tokens
}

// parts is the whole state.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	return append(parts, rl.Part{Name: "memory", State: m.memory}) // whose entries may be embedded by the model
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
