// Package slearl is SLEA-RL (arXiv 2603.18079v1): reinforcement learning of an agent that reads an experience library at every step, with the
// present observation as the key, and that gives credit to steps by the same grouping of observations. doc.md says what is kept, what is
// dropped, and lists the deviations.
package slearl

import (
	"context"
	"embed"
	"errors"
	"io"
	"io/fs"
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/connect"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/world/house"
)

//go:embed prompts
var promptFiles embed.FS

// warmParts is how many units of work the warm start is divided into.
const warmParts = 20

// method is one agent in one set-up.
type method struct {
	knobs  RLKnobs
	player player
	core   *num.Core
	model  *connect.Model  // nil for a reference
	who    *ReferenceKnobs // nil for a model
	act    *llm.Prompt     // for an endpoint
	asks   *rng.Stream     // draws the tasks of training
	lib    *library        // nil where another memory is chosen
	anchor llm.Sampler     // the warm start, once it is asked for
	exam   *exam
	now    count
}

// count is where the method stands.
type count struct {
	Warm     int   // parts of the warm start done
	Updates  int   // updates done
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
	m := &method{core: num.NewCore(kernels, bench.Threads)}
	if err := m.build(setup, seed, bench); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup, seed uint64, bench lab.Bench) (err error) {
	var k house.Knobs
	if err := errors.Join(setup.Section("rl", &m.knobs), setup.Section("world", &k)); err != nil {
		return err
	}
	w, err := house.New(k, rng.New(seed, "rules").Uint64())
	if err != nil {
		return err
	}
	words, err := llm.NewWords(w.Spec().Words)
	if err != nil {
		return err
	}
	m.asks = rng.New(seed, "tasks")
	events := &filter{}
	m.player = player{knobs: &m.knobs, world: w, words: words, log: &mem.Log{Emit: events}, events: events, sets: newVocabulary(w.Spec().Words)}
	if m.player.memory, err = m.memory(setup, seed); err != nil {
		return err
	}
	m.exam = &exam{knobs: &m.knobs, player: &m.player, seed: rng.New(seed, "exam").Uint64(), writer: newWriter()}
	if setup.Kind("agent") == Reference {
		m.who = new(ReferenceKnobs)
		m.knobs.Updates, m.now.Warm = 0, warmParts
		return setup.Section("agent", m.who)
	}
	return m.connect(setup, bench)
}

// connect prepares the model on its rung.
func (m *method) connect(setup lab.Setup, bench lab.Bench) error {
	spec, source, err := warmStart(setup)
	if err != nil {
		return err
	}
	folder, err := fs.Sub(promptFiles, "prompts")
	if err != nil {
		return err
	}
	prompts, err := llm.ReadPrompts(folder)
	if err != nil {
		return err
	}
	m.act = prompts["act"]
	m.model, err = connect.New(m.core, setup.Model, bench, spec, source, local.Options{})
	return err
}

// memory opens what the set-up chose.
func (m *method) memory(setup lab.Setup, seed uint64) (memory, error) {
	counted := func(text string) int { return len(strings.Fields(text)) }
	if setup.Kind(mem.Section) != Library {
		o, err := mem.Open(setup, mem.Env{Log: m.player.log, Count: counted, Draw: rng.New(seed, "memory")})
		return other{o, m.knobs.Key}, err
	}
	var k LibraryKnobs
	if err := setup.Section(mem.Section, &k); err != nil {
		return nil, err
	}
	m.lib = newLibrary(k, m.knobs.Key, m.player.words.List(), newWriter(), m.player.log, counted)
	return shelf{m.lib}, nil
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

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Warm + m.now.Updates), Total: int64(warmParts + m.knobs.Updates + 1), Unit: "updates"}
	if m.now.Tested {
		p.Done = p.Total
	}
	return p
}

// Advance does a part of the warm start, one update with the evaluation that is due, or the test at the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	m.player.events.to = emit
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
		err = m.measure(ctx, emit)
	case m.knobs.Updates > 0:
		err = m.test(ctx, emit)
	}
	m.now.Tested = err == nil
	return err
}

// measure examines a yardstick.
func (m *method) measure(ctx context.Context, emit lab.Emitter) error {
	t, err := m.exam.measureReference(ctx, *m.who, m.knobs.TestQuestions)
	if err != nil {
		return err
	}
	return emitAll(emit, 0, append(finals(&t), measure{MetricSuccess, t.all.value()}))
}

func (m *method) sampler(ctx context.Context) (llm.Sampler, error) {
	return m.model.Sampler(ctx, m.act)
}

// ready says whether hints are read.
func (m *method) ready() bool { return m.knobs.Key != NoKey && m.player.memory.ready(m.now.Updates) }

func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	s, err := m.sampler(ctx)
	if err != nil {
		return err
	}
	m.now.Evals++
	return m.exam.evaluate(ctx, emit, s, &m.now, m.ready())
}

func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	s, err := m.sampler(ctx)
	if err != nil {
		return err
	}
	return m.exam.test(ctx, emit, s, &m.now, m.ready())
}

func (m *method) update(ctx context.Context, emit lab.Emitter) (err error) {
	var seen []measure
	if m.knobs.Extra {
		seen, err = m.supervise(ctx)
	} else {
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

// reinforce is one iteration of algorithm 1 of arXiv 2603.18079v1: play with what the library says at each step, move the policy by
// advantages of episodes and of steps, and let the library evolve by the batch. On an endpoint the library alone changes.
func (m *method) reinforce(ctx context.Context) ([]measure, error) {
	sampler, err := m.sampler(ctx)
	if err != nil {
		return nil, err
	}
	items := m.asks.Seeds(m.knobs.Questions)
	m.player.events.reads = false
	groups, traces, err := m.player.play(ctx, sampler, game{split: house.Train, items: items, attempts: m.knobs.Group, temperature: m.knobs.Temperature,
		seed: m.asks.Uint64(), hints: m.ready(), episode: -1})
	if err != nil {
		return nil, err
	}
	seen := learned{}
	for i, t := range traces {
		seen.add(t, &groups[i/m.knobs.Group].Trajectories[i%m.knobs.Group])
	}
	if !m.model.Frozen() {
		for part := range m.knobs.Minibatches {
			if err := m.learn(ctx, rl.Share(groups, part, m.knobs.Minibatches), traces, part, &seen); err != nil {
				return nil, err
			}
		}
	}
	m.player.log.Episode, m.player.log.T = int64(m.now.Updates)+1, 0
	if err := m.player.memory.absorb(ctx, traces); err != nil {
		return nil, err
	}
	return append(seen.values(), m.libraryValues()...), nil
}

// learn moves the policy by some groups (sec. 4.3): the clipped loss over steps, each a row with its own augmented prompt, all tokens of an
// action with the advantage of its step, divided by the number of tokens of the update.
//
//	A(i,t) = A_ep(i) + w A_step(i,t)
func (m *method) learn(ctx context.Context, groups []rl.Group, traces []*trace, part int, seen *learned) error {
	first := part * len(traces) / m.knobs.Minibatches / m.knobs.Group // group
	data, err := m.rows(ctx, groups, traces[first*m.knobs.Group:], seen)
	if err != nil || len(data) == 0 {
		return err
	}
	out, err := trainer.Learn(ctx, m.model.Train, data, m.knobs.GRPOKnobs)
	if part == 0 && err == nil {
		seen.gap = trainer.LargestGap(data, out)
	}
	return err
}

// rows are the training rows of groups. Where nothing holds the policy to the warm start, steps whose advantage is 0 give none.
func (m *method) rows(ctx context.Context, groups []rl.Group, traces []*trace, seen *learned) (data []rl.Datum, err error) {
	tokens := 0
	for i := range groups {
		for j := range groups[i].Trajectories {
			tokens += groups[i].Trajectories[j].Trained()
		}
	}
	for i := range groups {
		mine := traces[i*m.knobs.Group : (i+1)*m.knobs.Group]
		steps, total := m.stepsOf(mine)
		all := advantages(&m.knobs, steps, total)
		seen.group(&m.knobs, steps, total)
		for j := range all {
			for t, a := range all[j] {
				if a == 0 && m.knobs.Divergence == 0 {
					continue
				}
				alone := rl.Trajectory{Segments: groups[i].Trajectories[j].Segments[t : t+1]}
				rows, err := rl.Rows(&alone, a/float64(tokens))
				if err != nil {
					return nil, err
				}
				data = append(data, rows...)
			}
		}
	}
	seen.rows += len(data)
	if m.knobs.Divergence > 0 && len(data) > 0 {
		seen.moved, err = m.hold(ctx, data, 1/float64(tokens))
	}
	return data, err
}

// stepsOf lays the attempts of a group out for their advantages.
func (m *method) stepsOf(traces []*trace) (steps []attemptSteps, total []float64) {
	for _, t := range traces {
		var a attemptSteps
		reward := make([]float64, len(t.steps))
		for i := range t.steps {
			reward[i] = t.steps[i].reward
			a.saw = append(a.saw, m.player.set(t.steps[i].saw))
		}
		a.earned = returns(reward, m.knobs.Gamma)
		steps, total = append(steps, a), append(total, t.earned())
	}
	return steps, total
}

// supervise is the control: in the place of an update, one supervised step on as many fresh rows as an update has at most.
func (m *method) supervise(ctx context.Context) ([]measure, error) {
	n := m.knobs.Questions * m.knobs.Group * controlSteps
	loss, _, err := m.model.Supervise(ctx, uint64(m.now.Updates*n), n, m.knobs.Rate, m.knobs.GradClip)
	return []measure{{MetricLoss, loss}, {MetricRows, float64(n)}}, err
}

// controlSteps is the number of rows that the control takes for an attempt: about the steps of one.
const controlSteps = 8

// libraryValues are the measures of the library behind an update.
func (m *method) libraryValues() []measure {
	if m.lib == nil {
		return []measure{{MetricMemory, float64(m.player.memory.size())}}
	}
	c := m.lib.hits
	m.lib.hits = counted{}
	return []measure{{MetricMemory, float64(m.lib.size())}, {MetricClusters, float64(len(m.lib.index.Clusters))}, {MetricBorn, float64(c.Born)},
		{MetricDied, float64(c.Died)}, {MetricHits, float64(c.Hit) / math.Max(float64(c.Looked), 1)}}
}

// parts is the whole state.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "tasks", State: rl.Stream(m.asks)}, {Name: "memory", State: m.player.memory}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	return parts
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
