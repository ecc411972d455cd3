package srl

import (
	"context"
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/sac"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/control"
)

// randomMost is the longest stretch of the test in which the steps for a decision are drawn anew each time.
const randomMost = 16

// examiner plays whole episodes without chance, in episodes that depend on the run's seed alone.
type examiner struct {
	world   control.World
	knobs   Knobs
	seed    uint64
	lengths []int
	shift   float64 // makes returns positive
	best    float64 // the return that counts as 1 after that
}

func newExaminer(world any, k Knobs, seed uint64) (*examiner, error) {
	w, err := control.New(world, k.EvalEpisodes)
	if err != nil {
		return nil, err
	}
	e := &examiner{world: w, knobs: k, seed: rng.New(seed, "examinations").Uint64(), lengths: lengths(k.Longest)}
	// Pendulum as published, for episodes of 200 steps; the balance pays 1 a step and needs no shift.
	if steps := float64(w.Spec().Horizon); w.Spec().Name == control.PendulumName {
		e.shift, e.best = 1550*steps/200, 1350*steps/200
	} else {
		e.best = steps
	}
	return e, nil
}

// decider plans actions for all environments at once, [n][B][A] within +-1.
type decider interface {
	decide(obs []float32, n int, actions [][]float32)
}

// sitting is what a decider came to at one number of steps for a decision.
type sitting struct {
	mean      float64 // return
	success   float64
	decisions float64 // of an episode
	kept      *exam.Kept
}

// play lets a decider look every length() steps; one episode counts for each environment.
func (e *examiner) play(ctx context.Context, d decider, length func() int, keep bool) (*sitting, error) {
	spec, b := e.world.Spec(), e.world.Size()
	obs, reward, done := make([]float32, b*spec.Obs), make([]float32, b), make([]bool, b)
	over, played := make([]bool, b), make([]float32, b*spec.Act)
	s, actions := &sitting{}, [][]float32{}
	if keep {
		s.kept = &exam.Kept{}
	}
	e.world.Reset(e.seed, obs)
	for left, at, n := b, 0, 0; left > 0; at++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if at == n {
			at, n = 0, length()
			for len(actions) < n {
				actions = append(actions, make([]float32, b*spec.Act))
			}
			d.decide(obs, n, actions)
			for _, o := range over {
				if !o {
					s.decisions += 1 / float64(b)
				}
			}
		}
		sac.Stretch(actions[at], spec.Low, spec.High, played)
		if keep && !over[0] {
			e.note(s, d, obs, at, n, played)
		}
		e.world.Step(played, obs, reward, done)
		if keep && !over[0] {
			last := &s.kept.Steps[len(s.kept.Steps)-1]
			last.Reward, last.Done = exam.Short(reward[0]), done[0]
		}
		for i, ended := range done {
			if ended && !over[i] {
				over[i] = true
				left--
				e.end(s, i)
			}
		}
	}
	return s, nil
}

func (e *examiner) end(s *sitting, i int) {
	in, b := e.world.Info(i), float64(e.world.Size())
	s.mean += float64(in.Return) / b
	if in.Success {
		s.success += 1 / b
	}
	if s.kept != nil && i == 0 {
		s.kept.Episode = lab.Episode{Seed: in.Seed, Steps: in.Steps, Return: exam.Short(in.Return), Success: in.Success, Why: in.Why, Context: 1, Detail: true}
	}
}

// note keeps a step of environment 0: the action that was planned, and the one that would be chosen if the agent looked now.
func (e *examiner) note(s *sitting, d decider, obs []float32, at, n int, played []float32) {
	spec, scene := e.world.Spec(), e.world.Scene(0)
	step := lab.Step{T: len(s.kept.Steps), Saw: "nothing: plays its plan", Action: fmt.Sprintf("%s %+.2f", spec.ActNames[0], played[0]), Scene: &scene,
		Numbers: map[string]lab.Float{"planned": exam.Short(played[0]), "step_of_plan": lab.Float(at + 1), "steps_left": lab.Float(n - at)}}
	if at == 0 {
		step.Saw = e.world.Saw(0)
	}
	if p, ok := d.(*planner); ok {
		now := [][]float32{make([]float32, len(played))}
		calls := p.calls
		p.plan(obs, e.world.Size(), 1, nil, now)
		p.calls = calls
		sac.Stretch(now[0], spec.Low, spec.High, now[0])
		step.Numbers["if_it_looked"] = exam.Short(now[0][0])
	}
	s.kept.Steps = append(s.kept.Steps, step)
}

// decide implements decider without chance.
func (p *planner) decide(obs []float32, n int, actions [][]float32) {
	p.plan(obs, len(actions[0])/p.actor.acts, n, nil, actions)
}

// held lets a reference hold its action.
type held struct {
	policy control.Policy
	spec   control.Spec
}

func (h held) decide(obs []float32, n int, actions [][]float32) {
	h.policy.Act(obs, nil, actions[0])
	for i, a := range actions[0] {
		lo, hi := h.spec.Low[i%h.spec.Act], h.spec.High[i%h.spec.Act]
		actions[0][i] = 2*(a-lo)/(hi-lo) - 1
	}
	for _, more := range actions[1:n] {
		copy(more, actions[0])
	}
}

func always(n int) func() int { return func() int { return n } }

// evaluate plays at one step for a decision, and at the number of steps of training.
func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	p := m.plans()
	fast, err := m.exam.play(ctx, p, always(1), false)
	if err != nil {
		return err
	}
	slow, err := m.exam.play(ctx, p, always(8), false)
	if err != nil {
		return err
	}
	m.now.Book.Skip(2 * m.knobs.EvalEpisodes)
	return exam.Emit(emit, int64(m.now.Steps), exam.Value{Name: MetricEvalReturn, Value: fast.mean}, exam.Value{Name: MetricEvalSlow, Value: slow.mean},
		exam.Value{Name: MetricSuccess, Value: fast.success}, exam.Value{Name: MetricMemory, Value: m.carried(8)}, exam.Value{Name: MetricContext, Value: 1})
}

// carried is how many numbers lie between an observation and the action n steps later: the rest of the plan, or the hidden state that
// emits it and its last action; a held action; the foreseen state and action of online planning.
func (m *method) carried(n int) float64 {
	spec := m.world.Spec()
	switch {
	case n == 1:
		return 0
	case m.kind.plan:
		return float64(spec.Obs + spec.Act)
	case m.kind.kind == Repeat || m.kind.kind == Reference:
		return float64(spec.Act)
	}
	return float64(m.kind.width + spec.Act)
}

// test plays the finished agent at every number of steps for a decision and reports FAS; and at random numbers.
func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	var d decider
	if m.kind.kind == Reference {
		p, err := m.exam.world.Reference(m.kind.policy, m.exam.seed)
		if err != nil {
			return err
		}
		d = held{p, m.world.Spec()}
	} else {
		d = m.plans()
	}
	returns, x := []float64{}, int64(m.now.Steps)
	for _, l := range m.exam.lengths {
		s, err := m.exam.play(ctx, d, always(l), l == 8)
		if err != nil {
			return err
		}
		returns = append(returns, s.mean)
		values := []exam.Value{{Name: MetricAt, Value: s.mean}, {Name: MetricDecisions, Value: s.decisions}, {Name: MetricCalls, Value: calls(d) / s.decisions}}
		if err := exam.Emit(emit, int64(l), values...); err != nil {
			return err
		}
		if err := m.keep(emit, s); err != nil {
			return err
		}
		if m.kind.kind == Reference && l == 1 {
			if err := exam.Emit(emit, x, exam.Value{Name: MetricEvalReturn, Value: s.mean}, exam.Value{Name: MetricSuccess, Value: s.success},
				exam.Value{Name: MetricMemory, Value: m.carried(8)}, exam.Value{Name: MetricContext, Value: 1}); err != nil {
				return err
			}
		}
	}
	stretch := rng.New(m.exam.seed, "stretches")
	s, err := m.exam.play(ctx, d, func() int { return 1 + stretch.IntN(randomMost) }, false)
	if err != nil {
		return err
	}
	m.now.Book.Skip(m.knobs.EvalEpisodes)
	if err := exam.Emit(emit, x, exam.Value{Name: MetricFAS, Value: score(m.exam.lengths, returns, m.knobs.Longest, m.exam.shift, m.exam.best)},
		exam.Value{Name: MetricRandom, Value: s.mean}); err != nil {
		return err
	}
	return m.depths(emit)
}

// calls returns the calls of a model since it was asked last.
func calls(d decider) float64 {
	p, ok := d.(*planner)
	if !ok {
		return 0
	}
	n := p.calls
	p.calls = 0
	return float64(n)
}

func (m *method) keep(emit lab.Emitter, s *sitting) error {
	if s.kept == nil {
		m.now.Book.Skip(m.knobs.EvalEpisodes)
		return nil
	}
	m.now.Book.Skip(m.knobs.EvalEpisodes - 1)
	s.kept.Episode.Split, s.kept.Episode.Memory = "8 steps for a decision", lab.Float(m.carried(8))
	return m.now.Book.Keep(emit, int64(m.now.Steps), *s.kept)
}

// depths reports, against the step of a plan, how spread its actions are and how far the model is from the true dynamics, from states that
// the last training steps met.
func (m *method) depths(emit lab.Emitter) error {
	if m.learner == nil || m.kind.kind == Repeat && !m.kind.plan {
		return nil
	}
	l, spec, n := m.learner, m.world.Spec(), 16
	rows := min(m.knobs.Batch, m.ring.Len())
	obs, truth := num.New("obs", rows, spec.Obs), make([]float32, spec.Obs)
	for b := range rows {
		copy(obs.Data[b*spec.Obs:], m.ring.At(m.ring.Len()-1-b*(m.ring.Len()/2)/rows).Obs)
	}
	tape, look, u := num.NewTape(m.core), num.NewTape(m.core), unroll{}
	if m.kind.kind != Repeat {
		u.record(tape, l.actor, obs, n, nil)
		for j := range n {
			if err := exam.Emit(emit, int64(j+1), exam.Value{Name: MetricSpread, Value: spread(u.outs[j], spec.Act)}); err != nil {
				return err
			}
		}
	}
	if l.model == nil {
		return nil
	}
	thought, real, played := num.New("thought", rows, spec.Obs), append([]float32(nil), obs.Data...), make([]float32, spec.Act)
	copy(thought.Data, obs.Data)
	for j := range n {
		look.Reset()
		var a *num.Tensor
		if m.kind.kind == Repeat {
			tape.Reset()
			u.record(tape, l.actor, thought, 1, nil)
			a = u.draws[0].Action
		} else {
			a = u.draws[j].Action
		}
		copy(thought.Data, l.model.record(look, thought, a).Data)
		sum := 0.0
		for b := range rows {
			sac.Stretch(a.Data[b*spec.Act:(b+1)*spec.Act], spec.Low, spec.High, played)
			m.world.Foresee(real[b*spec.Obs:(b+1)*spec.Obs], played, truth)
			copy(real[b*spec.Obs:], truth)
			for c, x := range truth {
				e := float64(x-thought.Data[b*spec.Obs+c]) * float64(l.model.in.W.Data[c*(spec.Obs+1)])
				sum += e * e / float64(rows*spec.Obs)
			}
		}
		if err := exam.Emit(emit, int64(j+1), exam.Value{Name: MetricModelError, Value: math.Sqrt(sum)}); err != nil {
			return err
		}
	}
	return nil
}
