package wmar

import (
	"context"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/arcade"
)

// method is one agent on one suite of tasks. A unit of Advance is the training up to the next evaluation, with that evaluation.
type method struct {
	world ArcadeKnobs
	agent LearnerKnobs
	knobs Knobs
	plays string // name of a reference; "" for a learner
	seed  uint64
	core  *num.Core
	exam  *examiner
	now   count
	book  exam.Book
	learn *learner // nil for a reference
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Task   int   // being learned, from 0
	Evals  int   // evaluations so far; the first is before any training
	Cycles int   // of the present task: one rollout of every environment each
	Steps  int64 // environment steps of training so far
	Model  int   // updates in the present task
	Actor  int
	Matrix [][]float64 // [k][i] skill on task i after k tasks; row 0 before all
	Since  sums        // since the last evaluation
}

// sums add up what happened since the last evaluation.
type sums struct {
	Model  losses
	N      float64 // updates of the model
	Taught taught
	M      float64 // updates of the policy
	Reward float64
	Steps  float64
}

// learner is all that learns, and where it plays.
type learner struct {
	worlds    []*arcade.World // [N] of envs environments
	model     *model
	behaviour *behaviour
	carrier   *carrier
	stores    *stores
	recorder  *replay.Recorder
	obs       []float32 // [envs][O]
	fresh     []bool    // [envs]

	acts, draws, latents, dreams *rng.Stream

	windows replay.Windows
	starts  replay.Windows
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{seed: seed, core: core}
	if err := m.build(setup); err != nil {
		core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup) error {
	if err := setup.Section("world", &m.world); err != nil {
		return err
	}
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	var err error
	if m.exam, err = newExaminer(m.world.tasks(), m.knobs.EvalEpisodes, m.seed); err != nil {
		return err
	}
	if setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		err := setup.Section("agent", &k)
		m.plays = k.Policy
		return err
	}
	if err := setup.Section("agent", &m.agent); err != nil {
		return err
	}
	if err := check(m.knobs, m.agent); err != nil {
		return err
	}
	return m.buildLearner()
}

func (m *method) buildLearner() error {
	envs, o, acts := m.knobs.Envs, arcade.Obs, len(m.exam.worlds[0].Spec().Actions)
	l := &learner{obs: make([]float32, envs*o), fresh: make([]bool, envs),
		acts: rng.New(m.seed, "actions"), draws: rng.New(m.seed, "draws"), latents: rng.New(m.seed, "latents"), dreams: rng.New(m.seed, "dreams")}
	for i, k := range m.world.tasks() {
		w, err := arcade.New(k, envs)
		if err != nil {
			return err
		}
		w.Reset(rng.New(m.seed, fmt.Sprintf("task/%d", i)).Uint64(), l.obs)
		l.worlds = append(l.worlds, w)
	}
	l.model = newModel(m.core, rng.New(m.seed, "model"), o, acts, m.agent, m.knobs)
	l.behaviour = newBehaviour(m.core, rng.New(m.seed, "behaviour"), m.agent.State+m.agent.latent(), acts, m.agent, m.knobs)
	l.carrier = newCarrier(l.model, envs)
	l.stores = newStores(m.agent, o, m.world.Tasks*m.knobs.cycles(m.agent.Length)*envs, rng.New(m.seed, "keys"))
	l.recorder = replay.NewRecorder(envs, m.agent.Length, m.agent.Length, o, 0, 0, false, func(env int, q *replay.Sequence) {
		l.stores.add(q, m.now.Task, env == 0)
	})
	m.learn = l
	m.begin()
	if m.knobs.Steps == 0 {
		return nil
	}
	return m.exam.hold(m.agent.Length)
}

// begin starts a task: all environments show the first observation of an episode.
func (m *method) begin() {
	l := m.learn
	l.worlds[m.now.Task].Reset(rng.New(m.seed, fmt.Sprintf("task/%d", m.now.Task)).Uint64(), l.obs)
	for b := range l.fresh {
		l.fresh[b] = true
	}
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

func (m *method) progress() lab.Progress {
	return lab.Progress{Done: int64(m.now.Evals), Total: int64(1 + m.world.Tasks*m.knobs.Evaluations), Unit: "evaluations"}
}

// Advance trains up to the next evaluation. A cycle is the loop of the paper: one rollout from every environment, into both stores; updates
// of the world model on replayed windows; updates of actor and critic on rollouts imagined from replayed contexts.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if m.now.Evals == 0 {
		err := m.evaluate(ctx, emit, false)
		return m.progress(), err
	}
	stage := (m.now.Evals-1)%m.knobs.Evaluations + 1 // of this task
	if m.learn != nil {
		cycles := m.knobs.cycles(m.agent.Length)
		for until := cycles * stage / m.knobs.Evaluations; m.now.Cycles < until; {
			if err := m.cycle(ctx, cycles); err != nil {
				return m.progress(), err
			}
		}
	} else {
		m.now.Steps += int64(m.knobs.Steps / m.knobs.Evaluations)
	}
	err := m.evaluate(ctx, emit, stage == m.knobs.Evaluations)
	return m.progress(), err
}

// cycle is one round of playing and learning; of is how many a task has.
func (m *method) cycle(ctx context.Context, of int) error {
	if err := m.collect(ctx); err != nil {
		return err
	}
	m.now.Cycles++
	for until := m.knobs.ModelUpdates * m.now.Cycles / of; m.now.Model < until; m.now.Model++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.teachModel(); err != nil {
			return err
		}
	}
	for until := m.knobs.ActorUpdates * m.now.Cycles / of; m.now.Actor < until; m.now.Actor++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.teachPolicy(); err != nil {
			return err
		}
	}
	return nil
}

// collect plays one rollout in every environment: exactly Length successive steps, whatever episodes they hold. The recorder hands them
// to the stores.
func (m *method) collect(ctx context.Context) error {
	l, envs, o := m.learn, m.knobs.Envs, arcade.Obs
	w := l.worlds[m.now.Task]
	actions, reward, done := make([]int32, envs), make([]float32, envs), make([]bool, envs)
	before := make([]float32, len(l.obs))
	for range m.agent.Length {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.carrier.act(l.model, l.behaviour, l.obs, l.fresh, l.acts, actions)
		copy(before, l.obs)
		w.Step(actions, l.obs, reward, done)
		for b := range envs {
			over := done[b] && w.Over(b)
			l.recorder.Step(b, before[b*o:(b+1)*o], l.fresh[b], nil, actions[b], nil, reward[b], over, done[b] && !over, l.obs[b*o:(b+1)*o])
			m.now.Since.Reward += float64(reward[b])
			if done[b] {
				m.book.Skip(1)
			}
		}
		copy(l.fresh, done)
		m.now.Steps += int64(envs)
		m.now.Since.Steps += float64(envs)
	}
	return nil
}

// teachModel is one update of the world model on windows of one of the two stores.
func (m *method) teachModel() error {
	l := m.learn
	l.stores.dual.Sample(l.draws, m.knobs.Batch, m.knobs.Window, &l.windows)
	loss, err := l.model.update(&l.windows, m.knobs.Window, l.latents, m.knobs.LearningRate)
	m.now.Since.Model.add(loss)
	m.now.Since.N++
	return err
}

// teachPolicy is one update of actor and critic. Contexts are drawn as the model's windows are, or the policy would forget although the
// model remembers.
func (m *method) teachPolicy() error {
	l, n, k := m.learn, m.knobs.Imagined, m.knobs.Context
	l.stores.dual.Sample(l.draws, n, k, &l.starts)
	l.model.forward(&l.starts, k, l.latents)
	s, from := l.model.scan, (k-1)*n
	h := append([]float32(nil), s.past.Data[from*l.model.h:]...)
	z := make([]float32, 0, n*l.model.z)
	d := l.behaviour.d
	for i := from; i < from+n; i++ {
		z = append(z, s.feat.Data[i*d+l.model.h:(i+1)*d]...)
	}
	t, err := l.behaviour.update(l.model, n, h, z, l.dreams)
	sum := &m.now.Since
	sum.Taught.Return += t.Return
	sum.Taught.Entropy += t.Entropy
	sum.Taught.Critic += t.Critic
	sum.M++
	return err
}

// parts are the state between two units.
func (m *method) parts() []rl.Part {
	ps := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "book", State: m.book.State()}}
	l := m.learn
	if l == nil {
		return ps
	}
	for i, w := range l.worlds {
		ps = append(ps, rl.Part{Name: fmt.Sprintf("world %d", i+1), State: w})
	}
	b := l.behaviour
	return append(ps, rl.Part{Name: "recorder", State: l.recorder}, rl.Part{Name: "stores", State: l.stores}, rl.Part{Name: "carried", State: rl.JSON(l.carrier)},
		rl.Part{Name: "obs", State: rl.JSON(&l.obs)}, rl.Part{Name: "fresh", State: rl.JSON(&l.fresh)},
		rl.Part{Name: "model", State: rl.Weights(l.model.params(), l.model.opt)}, rl.Part{Name: "actor", State: rl.Weights(b.actor.Params(), b.actorOpt)},
		rl.Part{Name: "critic", State: rl.Weights(b.critic.Params(), b.criticOpt)}, rl.Part{Name: "slow", State: rl.Weights(b.slow.Params(), nil)},
		rl.Part{Name: "spread", State: rl.JSON(&b.spread)}, rl.Part{Name: "actions", State: rl.Stream(l.acts)}, rl.Part{Name: "draws", State: rl.Stream(l.draws)},
		rl.Part{Name: "latents", State: rl.Stream(l.latents)}, rl.Part{Name: "dreams", State: rl.Stream(l.dreams)})
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error {
	m.now = count{}
	return rl.ReadParts(r, m.parts()...)
}
