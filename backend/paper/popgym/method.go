package popgym

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/agent"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/popgym"
)

// examEnvs environments are examined side by side; the first keptEnvs episodes go into the record with all their steps.
const (
	examEnvs = 32
	keptEnvs = 2
)

// method is one model on one task. A unit of Advance is a rollout with its update, and the evaluation where one is due.
type method struct {
	knobs     PPOKnobs
	task      popgym.Knobs
	seed      uint64
	core      *num.Core
	reference string // "" for an agent
	sight     int    // steps of history that the policy can see at most

	actor   *rl.Actor
	learner *rl.Learner
	rollout *rl.Rollout
	now     count
	book    exam.Book
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Steps int64   // environment steps of training so far
	Evals int     // evaluations so far
	Best  float64 // highest mean return of the episodes that ended in one rollout, so far
	Any   bool    // whether any has
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{core: core, seed: seed}
	if err := m.build(setup); err != nil {
		core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup) error {
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if err := setup.Section("world", &m.task); err != nil {
		return err
	}
	w, err := popgym.New(m.task, m.knobs.Envs)
	if err != nil {
		return err
	}
	if setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		if err := setup.Section("agent", &k); err != nil {
			return err
		}
		m.reference, m.knobs.Steps = k.Policy, 0
		return nil
	}
	spec := w.Spec()
	policy, sight, err := agent.New(setup, "agent", spec.Obs, len(spec.Actions), rng.New(m.seed, "weights"))
	if err != nil {
		return err
	}
	m.sight = sight
	m.actor = rl.NewActor(m.core, policy, w, rng.New(m.seed, "actions"))
	m.actor.Reset(rng.New(m.seed, "tasks").Uint64())
	m.learner = rl.NewLearner(m.core, policy, m.knobs.PPOKnobs, rng.New(m.seed, "minibatches"))
	m.rollout = rl.NewRollout(m.actor, m.knobs.Rollout)
	return nil
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

// rolloutSteps is the number of environment steps between two updates.
func (m *method) rolloutSteps() int64 { return int64(m.knobs.Envs * m.knobs.Rollout) }

// updates is the number of updates of the whole training: steps, rounded up.
func (m *method) updates() int64 {
	return (int64(m.knobs.Steps) + m.rolloutSteps() - 1) / m.rolloutSteps()
}

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: m.now.Steps / m.rolloutSteps(), Total: m.updates() + 1, Unit: "updates"}
	if m.now.Evals > 0 { // the first evaluation counts as an update
		p.Done++
	}
	return p
}

// Advance examines the agent as it starts, then trains update by update: collect, advantages and epochs of minibatches (in
// rl.Learner.Update), the tally of what training returned, and an evaluation where one is due.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if m.now.Evals == 0 {
		err := m.evaluate(ctx, emit)
		return m.progress(), err
	}
	var seen tally
	if err := rl.Collect(ctx, m.actor, m.rollout, rl.Hooks{End: func(_, _ int, info world.Info) { seen.add(info) }}); err != nil {
		return m.progress(), err
	}
	if m.knobs.Anneal {
		m.learner.Rate = m.knobs.LearningRate * (1 - float64(m.now.Steps)/float64(m.updates()*m.rolloutSteps()))
	}
	stats, err := m.learner.Update(ctx, m.rollout)
	if err != nil {
		return m.progress(), err
	}
	m.now.Steps += m.rolloutSteps()
	if err := m.report(emit, seen, stats); err != nil {
		return m.progress(), err
	}
	if m.now.Steps*int64(m.knobs.Evaluations) >= int64(m.now.Evals)*m.updates()*m.rolloutSteps() {
		err = m.evaluate(ctx, emit)
	}
	return m.progress(), err
}

// tally adds up the episodes that ended in a rollout.
type tally struct {
	episodes int
	returns  float64
}

func (t *tally) add(info world.Info) {
	t.episodes++
	t.returns += float64(info.Return)
}

// report emits what training looks like from inside. The benchmark's own score is the maximum over training of the mean episodic reward,
// MMER (arXiv 2303.01859, sec. 5): mean over the episodes that ended in a rollout, maximum over rollouts.
func (m *method) report(emit lab.Emitter, seen tally, s rl.Stats) error {
	m.book.Skip(seen.episodes)
	values := []exam.Value{{Name: MetricEntropy, Value: s.Entropy}, {Name: MetricValueLoss, Value: s.Value}, {Name: MetricGradNorm, Value: s.GradNorm}}
	if seen.episodes > 0 {
		mean := seen.returns / float64(seen.episodes)
		if !m.now.Any || mean > m.now.Best {
			m.now.Best, m.now.Any = mean, true
		}
		values = append(values, exam.Value{Name: MetricTrainReturn, Value: mean})
	}
	if m.now.Any {
		values = append(values, exam.Value{Name: MetricMMER, Value: m.now.Best})
	}
	return exam.Emit(emit, m.now.Steps, values...)
}

// evaluate examines the agent with greedy actions in episodes that depend on the run's seed alone. A yardstick is examined once, and its
// mean return stands for its score.
func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	w, err := popgym.New(m.task, examEnvs)
	if err != nil {
		return err
	}
	e := exam.Exam{World: w, Seed: rng.New(m.seed, "exam").Uint64(), Episodes: m.knobs.EvalEpisodes, Split: "eval", Keep: keptEnvs}
	if m.actor == nil {
		if e.Policy, err = w.Reference(m.reference, m.seed); err != nil {
			return err
		}
	} else {
		p := newPlayer(m.core, m.actor.Policy, w)
		e.Policy, e.Note = p, p.note
		e.Sizes = func(b, t int) (memory, context int) { return p.actor.InUse(b), min(t+1, m.sight) }
	}
	r, err := e.Run(ctx)
	if err != nil {
		return err
	}
	if err := exam.Emit(emit, m.now.Steps, m.examined(r)...); err != nil {
		return err
	}
	m.now.Evals++
	return m.book.Result(emit, m.now.Steps, r)
}

// examined lists what an examination tells.
func (m *method) examined(r exam.Result) []exam.Value {
	values := []exam.Value{{Name: MetricReturn, Value: r.Return}, {Name: MetricSuccess, Value: r.Success}, {Name: MetricLength, Value: r.Steps},
		{Name: MetricMemory, Value: r.Memory}, {Name: MetricContext, Value: r.Context}}
	switch {
	case m.actor == nil:
		values = append(values, exam.Value{Name: MetricMMER, Value: r.Return})
	case m.now.Evals == 0:
		values = append(values, exam.Value{Name: MetricParameters, Value: float64(nn.Count(m.actor.Policy.Params()))})
	}
	return values
}

// player is a trained policy that always takes its most probable action.
type player struct{ actor *rl.Actor }

func newPlayer(core *num.Core, p *rl.ActorCritic, w world.Vec) *player {
	a := rl.NewActor(core, p, w, nil)
	a.Greedy = true
	return &player{a}
}

// Reset implements world.Policy.
func (p *player) Reset() { clear(p.actor.State) }

// Act implements world.Policy.
func (p *player) Act(obs []float32, fresh []bool, actions []int32) {
	copy(p.actor.Obs, obs)
	copy(p.actor.Fresh, fresh)
	p.actor.Decide()
	copy(actions, p.actor.Actions)
}

// noted is how many actions a kept step gives probabilities of: the most probable ones.
const noted = 6

// note writes value and probabilities of the last decision.
func (p *player) note(b int, s *lab.Step) {
	names := p.actor.World.Spec().Actions
	probs := p.actor.Probs[b*len(names) : (b+1)*len(names)]
	s.Numbers = map[string]lab.Float{"value": exam.Short(p.actor.Value[b])}
	taken := make([]bool, len(probs))
	for range min(noted, len(probs)) {
		best, most := -1, float32(math.Inf(-1))
		for i, q := range probs {
			if !taken[i] && q > most {
				best, most = i, q
			}
		}
		taken[best] = true
		s.Numbers["p "+names[best]] = exam.Short(most)
	}
}

// parts are the state between two units. Evaluations begin anew each time and keep nothing.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "book", State: m.book.State()}}
	if m.learner != nil {
		parts = append(parts, rl.Part{Name: "actor", State: m.actor}, rl.Part{Name: "learner", State: m.learner})
	}
	return parts
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
