package modelbasedgeneralization

import (
	"context"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/factored"
)

// method is one agent in one world. A unit of Advance is the training up to the next evaluation, with that evaluation.
type method struct {
	setup lab.Setup
	knobs DQNKnobs
	agent LearnerKnobs
	seed  uint64
	core  *num.Core
	world *factored.World // [envs] in training
	plays string          // name of a reference; "" for a learner
	play  world.Policy    // that reference, in this unit
	learn *learner        // nil for a reference
	acts  *rng.Stream
	obs   []float32 // [envs][O] what the worlds show
	now   count
	book  exam.Book

	optimal []float64 // [states*A] best values of a small flute, made when first asked for
	solved  bool
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Steps   int64 // environment steps of training so far
	Updates int64
	Evals   int
	Reward  float64 // paid since the last evaluation
	Since   int64   // steps since the last evaluation
	Late    float64 // paid in the last fifth of the steps
	LateFor int64   // steps of the last fifth so far
	Ended   float64 // imagined rollouts that began anew, since the last evaluation
	Loss    lossSum
}

// lossSum adds up losses since the last evaluation.
type lossSum struct {
	N               int64
	Q, Bits, Reward float64
}

// learner is all that learns.
type learner struct {
	q      *qnet
	model  *dreamer // nil but with source model
	dream  *imagination
	ring   *replay.Ring
	seen   *seen
	draws  *rng.Stream
	batch  replay.Batch
	real   int // replayed transitions of a batch
	sample replay.Batch
	exp    *experience
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	if setup.Kind("agent") == Analysis {
		return newAnalysis(setup, seed)
	}
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{setup: setup, seed: seed, core: core}
	if err := m.build(); err != nil {
		core.Close()
		return nil, err
	}
	return m, nil
}

// newWorld makes the world of the set-up with that many environments.
func newWorld(setup lab.Setup, envs int) (*factored.World, error) {
	kind, err := schema.Section{Name: "world", Kinds: factored.Worlds()}.Find(setup.Kind("world"))
	if err != nil {
		return nil, err
	}
	knobs := kind.New()
	if err := setup.Section("world", knobs); err != nil {
		return nil, err
	}
	return factored.New(knobs, envs)
}

func (m *method) build() error {
	err := m.setup.Section("rl", &m.knobs)
	if err != nil {
		return err
	}
	if m.world, err = newWorld(m.setup, m.knobs.Envs); err != nil {
		return err
	}
	m.obs = make([]float32, m.knobs.Envs*m.world.Spec().Obs)
	m.world.Reset(rng.New(m.seed, "world").Uint64(), m.obs)
	m.acts = rng.New(m.seed, "actions")
	if m.setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		if err := m.setup.Section("agent", &k); err != nil {
			return err
		}
		m.plays = k.Policy
		_, err := m.world.Reference(k.Policy, 0)
		return err
	}
	if err := m.setup.Section("agent", &m.agent); err != nil {
		return err
	}
	return m.buildLearner()
}

func (m *method) buildLearner() error {
	o, a, k := m.world.Spec().Obs, len(m.world.Spec().Actions), m.knobs
	rollouts, real, err := k.rollouts(m.agent)
	if err != nil {
		return err
	}
	l := &learner{q: newQ(m.core, rng.New(m.seed, "q"), o, a, m.agent, k.Gamma), ring: replay.NewRing(k.Capacity, o, 0),
		draws: rng.New(m.seed, "draws"), real: real, exp: newExperience(k.Batch, o)}
	l.seen = newSeen(l.ring)
	chance := rng.New(m.seed, "dreams")
	var from source
	switch m.agent.Source {
	case Model:
		l.model = newDreamer(m.core, rng.New(m.seed, "model"), chance, o, a, m.agent, m.world.Continuing())
		from = l.model
	case Memoriser:
		from = &table{l.seen, chance, o}
	case Perfect:
		own, err := newWorld(m.setup, 1)
		if err != nil {
			return err
		}
		from = &truth{own, chance, o}
	}
	if from != nil && rollouts > 0 {
		l.dream = newImagination(from, l.q, l.ring, chance, rollouts, o, m.agent, m.world.Continuing())
	}
	m.learn = l
	return nil
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

func (m *method) progress() lab.Progress {
	return lab.Progress{Done: int64(m.now.Evals), Total: int64(m.knobs.Evaluations) + 1, Unit: "evaluations"}
}

// Advance trains up to the next evaluation: act, store, update as often as the knobs say, look.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if err := m.anew(); err != nil {
		return m.progress(), err
	}
	until := int64(m.now.Evals) * int64(m.knobs.Steps) / int64(m.knobs.Evaluations)
	for m.now.Steps < until {
		if err := ctx.Err(); err != nil {
			return m.progress(), err
		}
		m.step()
	}
	err := m.evaluate(ctx, emit)
	return m.progress(), err
}

// anew makes the reference of this unit: references keep nothing that a checkpoint could hold.
func (m *method) anew() (err error) {
	if m.plays != "" {
		m.play, err = m.world.Reference(m.plays, rng.New(m.seed, fmt.Sprintf("reference/%d", m.now.Evals)).Uint64())
	}
	return err
}

// step plays one action in every environment, stores what happened and takes the updates that are due.
func (m *method) step() {
	envs, o := m.knobs.Envs, m.world.Spec().Obs
	before := append([]float32(nil), m.obs...)
	actions, reward, done := make([]int32, envs), make([]float32, envs), make([]bool, envs)
	if m.play != nil {
		m.play.Act(m.obs, done, actions)
	} else {
		m.learn.q.choose(m.acts, envs, m.obs, m.agent.Temperature, actions)
	}
	m.world.Step(actions, m.obs, reward, done)
	last := make([]float32, o)
	for b := range envs {
		next, over := m.obs[b*o:(b+1)*o], false
		if done[b] {
			over = m.world.Final(b, last)
			next = last
			m.book.Skip(1)
		}
		m.paid(float64(reward[b]))
		if m.learn != nil {
			m.learn.store(m.now.Steps-1, replay.Transition{Obs: before[b*o : (b+1)*o], Action: actions[b], Reward: reward[b], Next: next, Terminal: over, Cut: done[b] && !over})
		}
	}
	if m.learn == nil || m.now.Steps < int64(m.knobs.Start) {
		return
	}
	for range envs * m.knobs.Updates {
		m.update()
	}
}

// paid counts a step and its reward.
func (m *method) paid(reward float64) {
	m.now.Steps++
	m.now.Since++
	m.now.Reward += reward
	if m.now.Steps > int64(m.knobs.Steps)*4/5 {
		m.now.LateFor++
		m.now.Late += reward
	}
}

// store puts transition number 0, 1, .. into the buffer, over the oldest one when it is full.
func (l *learner) store(number int64, t replay.Transition) {
	slot := int(number % int64(l.ring.Cap()))
	if slot < l.ring.Len() {
		l.seen.drop(slot)
	}
	l.ring.Put(slot, t)
	l.seen.add(slot, t)
}

// update is one update of the Q-network: a replayed batch of the buffer, on which the model learns and from whose first observations
// the rollouts start; then the step on the imagined and replayed transitions.
func (m *method) update() {
	l, k := m.learn, &m.knobs
	imagined := 0
	if l.dream != nil {
		l.ring.Sample(l.draws, k.ModelBatch, &l.batch)
		if l.model != nil {
			loss := l.model.update(&l.batch, k.ModelRate)
			m.now.Loss.Bits += loss.bits
			m.now.Loss.Reward += loss.reward
		}
		l.dream.ended = 0
		l.dream.fill(l.exp, l.batch.Obs.Data)
		m.now.Ended += float64(l.dream.ended)
		imagined = l.dream.rollouts * l.dream.steps
	}
	if l.real > 0 {
		l.ring.Sample(l.draws, l.real, &l.sample)
		replayed(l.exp, imagined, &l.sample)
	}
	m.now.Loss.Q += l.q.update(l.exp, k.LearningRate)
	m.now.Loss.N++
	m.now.Updates++
	if m.now.Updates%int64(k.Target) == 0 {
		l.q.follow()
	}
}

// parts are the state between two units.
func (m *method) parts() []rl.Part {
	ps := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "book", State: m.book.State()}, {Name: "world", State: m.world},
		{Name: "obs", State: rl.JSON(&m.obs)}, {Name: "actions", State: rl.Stream(m.acts)}}
	if m.learn == nil {
		return ps
	}
	l := m.learn
	ps = append(ps, rl.Part{Name: "q", State: rl.Weights(l.q.net.Params(), l.q.opt)}, rl.Part{Name: "target", State: rl.Weights(l.q.target.Params(), nil)},
		rl.Part{Name: "buffer", State: l.ring}, rl.Part{Name: "draws", State: rl.Stream(l.draws)})
	if l.dream != nil {
		ps = append(ps, rl.Part{Name: "dreams", State: rl.Stream(l.dream.stream)})
	}
	if l.model != nil {
		ps = append(ps, rl.Part{Name: "model", State: rl.Weights(l.model.params(), l.model.opt)})
	}
	return ps
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up. What the table knows is the buffer.
func (m *method) Restore(r io.Reader) error {
	if err := rl.ReadParts(r, m.parts()...); err != nil || m.learn == nil {
		return err
	}
	l := m.learn
	l.seen = newSeen(l.ring)
	for slot := range l.ring.Len() {
		l.seen.add(slot, l.ring.At(slot))
	}
	if l.dream != nil {
		if t, ok := l.dream.source.(*table); ok {
			t.seen = l.seen
		}
	}
	return nil
}

// parameters counts the trained numbers.
func (l *learner) parameters() int {
	n := nn.Count(l.q.net.Params())
	if l.model != nil {
		n += nn.Count(l.model.params())
	}
	return n
}
