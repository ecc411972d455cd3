package srl

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/sac"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/control"
)

// unit is the number of environment steps of one Advance.
const unit = 250

// method is one agent in one world. A unit of Advance is some environment steps with their updates, and the evaluation where one is due;
// the last unit is the test at every number of steps for a decision.
type method struct {
	kind    agent
	knobs   Knobs
	core    *num.Core
	world   control.World
	learner *learner // nil for a reference
	planner *planner // acts in training
	ring    *replay.Ring
	draws   *rng.Stream // which transitions are learned from
	chance  *rng.Stream // actions in training
	exam    *examiner

	obs, reward, played []float32
	done                []bool
	action              [][]float32 // [J][A] what is being played, within +-1
	macro               macro
	batch               replay.Batch
	now                 count
}

// agent is the set-up's agent, whichever its kind.
type agent struct {
	kind    string
	width   int
	j       int // actions of a sequence, 1 for a held one
	hold    int // steps for which an action is held in training
	recall  string
	through bool
	plan    bool
	policy  string
}

// needsModel tells whether a model is learned.
func (a agent) needsModel() bool { return a.kind == Sequence && a.recall == FromModel || a.plan }

// decides is the number of steps between two decisions in training.
func (a agent) decides() int { return max(a.j, a.hold) }

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Steps  int // environment steps of training so far
	At     int // step within the sequence that is being played
	Evals  int
	Book   exam.Book
	Return float64 // of training episodes since the last report
	Ended  int
	Tested bool
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{core: core}
	if err := m.build(setup, seed); err != nil {
		core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup, seed uint64) error {
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if err := m.kind.read(setup); err != nil {
		return err
	}
	knobs, err := worldKnobs(setup)
	if err != nil {
		return err
	}
	if m.world, err = control.New(knobs, 1); err != nil {
		return err
	}
	if m.exam, err = newExaminer(knobs, m.knobs, seed); err != nil || m.kind.kind == Reference {
		return err
	}
	spec := m.world.Spec()
	m.learner = newLearner(m.core, m.kind, m.knobs, m.world, seed)
	m.planner = m.plans()
	m.planner.model = nil // planning online is for tests: in training the policy acts
	m.ring = replay.NewRing(m.knobs.Steps, spec.Obs, spec.Act)
	m.draws, m.chance = rng.New(seed, "batches"), rng.New(seed, "actions")
	m.obs, m.reward, m.done, m.played = make([]float32, spec.Obs), make([]float32, 1), make([]bool, 1), make([]float32, spec.Act)
	for range m.kind.decides() {
		m.action = append(m.action, make([]float32, spec.Act))
	}
	m.macro = newMacro(m.kind.hold, spec.Obs, spec.Act, m.knobs.Gamma)
	m.world.Reset(rng.New(seed, "world").Uint64(), m.obs)
	return nil
}

func worldKnobs(setup lab.Setup) (any, error) {
	kind, err := schema.Section{Name: "world", Kinds: control.Worlds()}.Find(setup.Kind("world"))
	if err != nil {
		return nil, err
	}
	knobs := kind.New()
	return knobs, setup.Section("world", knobs)
}

// read takes the agent's section.
func (a *agent) read(setup lab.Setup) (err error) {
	a.kind, a.j, a.hold = setup.Kind("agent"), 1, 1
	switch a.kind {
	case Sequence:
		var k SequenceKnobs
		err = setup.Section("agent", &k)
		a.width, a.j, a.recall, a.through = k.Width, k.J, k.Recall, k.Through
	case SequenceCritic:
		var k SequenceCriticKnobs
		err = setup.Section("agent", &k)
		a.width, a.j, a.recall = k.Width, k.J, Nowhere
	case Repeat:
		var k RepeatKnobs
		err = setup.Section("agent", &k)
		a.width, a.hold, a.plan, a.recall = k.Width, k.Repeat, k.Plan, Nowhere
	case Reference:
		var k ReferenceKnobs
		err = setup.Section("agent", &k)
		a.policy = k.Policy
	default:
		err = lab.Errorf(lab.Internal, "agent kind %q is unknown here", a.kind)
	}
	return err
}

// plans returns a planner as it is used in tests.
func (m *method) plans() *planner {
	p := &planner{actor: m.learner.actor, tape: num.NewTape(m.core), look: num.NewTape(m.core), hold: m.kind.kind == Repeat}
	if m.kind.plan {
		p.model = m.learner.model
	}
	return p
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

func (m *method) progress() lab.Progress {
	total := int64(m.knobs.Steps)
	if m.kind.kind == Reference {
		total = 0
	}
	done := min(int64(m.now.Steps), total)
	if m.now.Tested {
		done++
	}
	return lab.Progress{Done: done, Total: total + 1, Unit: "steps"}
}

// Advance acts and learns for some steps, or tests the finished agent.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if m.kind.kind == Reference || m.now.Steps >= m.knobs.Steps {
		if err := m.test(ctx, emit); err != nil {
			return m.progress(), err
		}
		m.now.Tested = true
		return m.progress(), nil
	}
	var s sums
	for end := min(m.now.Steps+unit, m.knobs.Steps); m.now.Steps < end; {
		if err := ctx.Err(); err != nil {
			return m.progress(), err
		}
		m.step()
		if err := m.update(&s); err != nil {
			return m.progress(), err
		}
	}
	if err := m.report(emit, &s); err != nil {
		return m.progress(), err
	}
	if m.now.Steps*m.knobs.Evaluations >= (m.now.Evals+1)*m.knobs.Steps {
		m.now.Evals++
		return m.progress(), m.evaluate(ctx, emit)
	}
	return m.progress(), nil
}

// step plays one primitive step. The two clocks: at a decision a whole sequence is drawn (for a held action, one), and it is played
// blindly; every primitive step is kept. A sequence that meets the end of its episode is dropped there.
func (m *method) step() {
	spec := m.world.Spec()
	if m.now.At == 0 {
		m.decide()
	}
	a := m.action[m.now.At]
	sac.Stretch(a, spec.Low, spec.High, m.played)
	t := replay.Transition{Obs: append([]float32(nil), m.obs...), Act: a}
	m.world.Step(m.played, m.obs, m.reward, m.done)
	t.Reward, t.Next = m.reward[0], m.obs
	m.now.At = (m.now.At + 1) % m.kind.decides()
	if m.done[0] {
		in := m.world.Info(0)
		t.Next, t.Cut = m.world.Last(0), in.Why == lab.EndHorizon
		t.Terminal = !t.Cut
		m.now.At = 0
		m.now.Return += float64(in.Return)
		m.now.Ended++
	}
	if m.macro.add(&t) {
		m.ring.Add(t)
	}
	m.now.Steps++
}

func (m *method) decide() {
	n := m.kind.decides()
	if m.now.Steps >= m.knobs.Warmup {
		m.planner.plan(m.obs, 1, n, m.chance, m.action)
		return
	}
	for j := range n {
		for i := range m.action[j] {
			if m.action[j][i] = 2*m.chance.Float32() - 1; m.kind.kind == Repeat {
				m.action[j][i] = m.action[0][i]
			}
		}
	}
}

// macro joins the steps of a held action into one transition, as an agent that repeats its actions sees the world.
type macro struct {
	Hold   int
	Steps  int
	First  []float32 // observation at the decision
	Reward float64   // discounted sum so far
	gamma  float64
}

func newMacro(hold, obs, acts int, gamma float64) macro {
	return macro{Hold: hold, First: make([]float32, obs), gamma: gamma}
}

// add takes a step and tells whether t has become a whole transition.
func (c *macro) add(t *replay.Transition) bool {
	if c.Steps == 0 {
		copy(c.First, t.Obs)
		c.Reward = 0
	}
	c.Reward += math.Pow(c.gamma, float64(c.Steps)) * float64(t.Reward)
	c.Steps++
	if c.Steps < c.Hold && !t.Terminal && !t.Cut {
		return false
	}
	t.Obs, t.Reward = c.First, float32(c.Reward)
	dropped := t.Cut && c.Steps < c.Hold // the time ran out within a held action: its discount would be another
	c.Steps = 0
	return !dropped
}

// sums are totals over the updates since the last report.
type sums struct{ critic, model, entropy, n, actors, models float64 }

// update does one step of the critics for every environment step, whatever the agent, and one of the actor every few.
func (m *method) update(s *sums) error {
	l := m.learner
	if m.now.Steps == m.knobs.Warmup && l.model != nil {
		l.model.measure(m.ring)
	}
	if m.now.Steps < m.knobs.Warmup || m.ring.Len() < m.kind.j+1 {
		return nil
	}
	acts := m.sample()
	loss, err := l.criticise(&m.batch, acts)
	if err != nil {
		return err
	}
	s.critic += loss
	s.n++
	if l.model != nil {
		s.model += l.model.learn(&m.core.K, &m.batch, m.knobs.LearningRate)
		s.models++
	}
	if m.now.Steps%m.knobs.ActorEvery == 0 {
		s.entropy += l.improve(&m.batch)
		s.actors++
	}
	return nil
}

// sample draws a batch and the discounts of what follows it, and returns the actions that the critics value.
func (m *method) sample() *num.Tensor {
	l, k := m.learner, m.knobs
	if m.kind.kind == SequenceCritic {
		return m.windows()
	}
	m.ring.Sample(m.draws, k.Batch, &m.batch)
	follow := math.Pow(k.Gamma, float64(m.kind.hold))
	for i, over := range m.batch.Terminal {
		if l.discount[i] = float32(follow); over {
			l.discount[i] = 0
		}
	}
	return m.batch.Act
}

// windows draws J steps in a row, for a critic of sequences: the reward is their discounted sum, what follows is the state behind the last.
// A window ends with its episode; actions beyond the end of a task are zero.
func (m *method) windows() *num.Tensor {
	l, k, n := m.learner, m.knobs, m.kind.j
	w := l.spec.Act
	m.ring.Sample(m.draws, k.Batch, &m.batch)
	clear(l.whole.Data)
	for i, slot := range m.batch.Index {
		slot = m.whole(slot)
		sum, follow := 0.0, 1.0
		for j := range n {
			t := m.ring.At(slot + j)
			copy(l.whole.Data[(i*n+j)*w:], t.Act)
			if j == 0 {
				copy(m.batch.Obs.Data[i*l.spec.Obs:], t.Obs)
			}
			copy(m.batch.Next.Data[i*l.spec.Obs:(i+1)*l.spec.Obs], t.Next)
			sum += follow * float64(t.Reward)
			if follow *= k.Gamma; t.Terminal {
				follow = 0
				break
			}
		}
		m.batch.Reward[i], l.discount[i] = float32(sum), float32(follow)
	}
	return l.whole
}

// whole is the slot itself, or the first one drawn anew from which J steps of one episode, or its end, can be read.
func (m *method) whole(slot int) int {
	for {
		for j := range m.kind.j {
			if slot+j >= m.ring.Len() {
				break
			}
			if t := m.ring.At(slot + j); t.Terminal || j == m.kind.j-1 {
				return slot
			} else if t.Cut {
				break
			}
		}
		slot = m.draws.IntN(m.ring.Len())
	}
}

// report emits what training looks like from inside.
func (m *method) report(emit lab.Emitter, s *sums) error {
	var values []exam.Value
	if s.n > 0 {
		values = append(values, exam.Value{Name: MetricCriticLoss, Value: s.critic / s.n}, exam.Value{Name: MetricAlpha, Value: m.learner.alpha.Alpha()})
	}
	if s.models > 0 {
		values = append(values, exam.Value{Name: MetricModelLoss, Value: s.model / s.models})
	}
	if s.actors > 0 {
		values = append(values, exam.Value{Name: MetricEntropy, Value: s.entropy / s.actors})
	}
	if m.now.Ended > 0 {
		values = append(values, exam.Value{Name: MetricReturn, Value: m.now.Return / float64(m.now.Ended)})
		m.now.Book.Skip(m.now.Ended)
		m.now.Return, m.now.Ended = 0, 0
	}
	return exam.Emit(emit, int64(m.now.Steps), values...)
}

// between is what lies between two steps.
type between struct {
	Obs    []float32
	Action [][]float32
	Macro  macro
}

// parts are the state between two units. Evaluations begin anew each time and keep nothing.
func (m *method) parts(b *between) []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}}
	if m.learner == nil {
		return parts
	}
	parts = append(parts, rl.Part{Name: "between", State: rl.JSON(b)}, rl.Part{Name: "world", State: m.world}, rl.Part{Name: "ring", State: m.ring},
		rl.Part{Name: "batches", State: rl.Stream(m.draws)}, rl.Part{Name: "actions", State: rl.Stream(m.chance)})
	return append(parts, m.learner.parts()...)
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error {
	return rl.WriteParts(w, m.parts(&between{m.obs, m.action, m.macro})...)
}

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error {
	b := &between{Macro: m.macro}
	if err := rl.ReadParts(r, m.parts(b)...); err != nil || m.learner == nil {
		return err
	}
	if len(b.Obs) != len(m.obs) || len(b.Action) != len(m.action) {
		return lab.Errorf(lab.Invalid, "kept state has sequences of %d actions, want %d", len(b.Action), len(m.action)).WithHint("restore with the set-up that was kept")
	}
	m.obs, m.action, m.macro = b.Obs, b.Action, b.Macro
	return nil
}
