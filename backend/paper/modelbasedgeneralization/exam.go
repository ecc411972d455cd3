package modelbasedgeneralization

import (
	"context"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/factored"
)

// testPairs is how many pairs of a random player's walk the model is asked about, and as many states the values.
const testPairs = 512

// greedy plays the best action of the Q-network.
type greedy struct {
	q      *qnet
	o      int
	obs    []float32 // [B][O] of the last step
	values []float32 // [B][A] of the last step
}

func (g *greedy) Reset() {}

func (g *greedy) Act(obs []float32, _ []bool, actions []int32) {
	n := len(actions)
	g.obs = append(g.obs[:0], obs...)
	g.values = append(g.values[:0], g.q.of(g.q.net, n, obs)...)
	for b := range actions {
		actions[b] = best(g.values[b*g.q.actions : (b+1)*g.q.actions])
	}
}

// evaluate emits what training was like since the last evaluation, and an examination with greedy actions.
func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	if err := exam.Emit(emit, m.now.Steps, m.training()...); err != nil {
		return err
	}
	if err := m.examine(ctx, emit); err != nil {
		return err
	}
	if m.learn != nil {
		if err := m.probe(emit); err != nil {
			return err
		}
	}
	m.now.Evals++
	m.now.Since, m.now.Reward, m.now.Ended, m.now.Loss = 0, 0, 0, lossSum{}
	return nil
}

func (m *method) last() bool { return m.now.Evals == m.knobs.Evaluations }

// training lists what the steps since the last evaluation came to.
func (m *method) training() (vs []exam.Value) {
	if m.now.Since > 0 {
		vs = append(vs, exam.Value{Name: MetricReward, Value: m.now.Reward / float64(m.now.Since)})
	}
	if m.last() && m.now.LateFor > 0 {
		vs = append(vs, exam.Value{Name: MetricLate, Value: m.now.Late / float64(m.now.LateFor)})
	}
	if m.learn == nil {
		return vs
	}
	vs = append(vs, exam.Value{Name: MetricUpdates, Value: float64(m.now.Updates)}, exam.Value{Name: MetricParameters, Value: float64(m.learn.parameters())},
		exam.Value{Name: MetricPairs, Value: float64(m.learn.seen.pairs())})
	if n := float64(m.now.Loss.N); n > 0 {
		vs = append(vs, exam.Value{Name: MetricQLoss, Value: m.now.Loss.Q / n})
		if m.learn.model != nil {
			vs = append(vs, exam.Value{Name: MetricBits, Value: m.now.Loss.Bits / n}, exam.Value{Name: MetricRewardLoss, Value: m.now.Loss.Reward / n})
		}
		if m.learn.dream != nil {
			vs = append(vs, exam.Value{Name: MetricEnded, Value: m.now.Ended / n})
		}
	}
	return vs
}

// examine plays evaluation episodes that depend on the seed of the run alone.
func (m *method) examine(ctx context.Context, emit lab.Emitter) error {
	w, err := newWorld(m.setup, min(m.knobs.EvalEpisodes, 16))
	if err != nil {
		return err
	}
	e := &exam.Exam{World: w, Seed: rng.New(m.seed, "exam").Uint64(), Episodes: m.knobs.EvalEpisodes, Split: "eval"}
	if m.last() || m.now.Evals == 0 {
		e.Keep = 1
	}
	memory := 0
	if m.learn == nil {
		if e.Policy, err = w.Reference(m.plays, rng.New(m.seed, "exam reference").Uint64()); err != nil {
			return err
		}
	} else {
		g := &greedy{q: m.learn.q, o: w.Spec().Obs}
		memory = m.learn.memory()
		e.Policy = g
		e.Note = newSketch(m.learn, w, g).note
	}
	e.Sizes = func(_, _ int) (int, int) { return memory, 1 }
	r, err := e.Run(ctx)
	if err != nil {
		return err
	}
	if err := exam.Emit(emit, m.now.Steps, exam.Value{Name: MetricSuccess, Value: r.Success}, exam.Value{Name: MetricReturn, Value: r.Return},
		exam.Value{Name: MetricGreedy, Value: r.Return / r.Steps}, exam.Value{Name: MetricMemory, Value: r.Memory}, exam.Value{Name: MetricContext, Value: r.Context}); err != nil {
		return err
	}
	return m.book.Result(emit, m.now.Steps, r)
}

// memory counts the numbers that experience left.
func (l *learner) memory() int {
	n := l.ring.Len() * (2*l.exp.obs.Last() + 2)
	if l.model != nil {
		n += nn.Count(l.model.params())
	}
	return n
}

// sketch draws, below the flute of a kept episode, what the model imagined: a rollout that starts from the true state every few steps
// and then follows the same actions.
type sketch struct {
	l        *learner
	w        *factored.World
	g        *greedy
	imagined []float32 // [O]
	steps    int
}

func newSketch(l *learner, w *factored.World, g *greedy) *sketch {
	return &sketch{l: l, w: w, g: g, imagined: make([]float32, w.Spec().Obs)}
}

func (s *sketch) note(b int, step *lab.Step) {
	a, o := s.l.q.actions, s.g.o
	values, real := s.g.values[b*a:(b+1)*a], s.g.obs[b*o:(b+1)*o]
	step.Numbers = map[string]lab.Float{"pair seen": 0}
	for i, name := range s.w.Spec().Actions {
		step.Numbers["value "+name] = exam.Short(values[i])
	}
	if s.l.seen.has(real, best(values)) {
		step.Numbers["pair seen"] = 1
	}
	if s.l.model == nil || s.w.Spec().Name != factored.PanFlute {
		return
	}
	if s.steps%s.l.dream.steps == 0 {
		copy(s.imagined, real)
	}
	s.steps++
	below(step.Scene, s.w.Picture(s.imagined))
	step.Numbers["bits imagined wrong"] = lab.Float(encode(s.imagined).distance(encode(real)))
	s.l.model.likeliest(slices.Clone(s.imagined), best(values), s.imagined)
}

// below puts the imagined picture under the true one, with its bits as ghosts.
func below(scene *lab.Scene, imagined lab.Scene) {
	for _, m := range imagined.Marks {
		switch m.Shape {
		case "agent":
			continue
		case "cube":
			m.Shape, m.Label = "ghost", "imagined"
		}
		m.Y += scene.H + 1
		scene.Marks = append(scene.Marks, m)
	}
	scene.H += imagined.H + 1
}

// probe asks the model about pairs of a random player's walk, seen and unseen apart, and compares values with the best ones.
func (m *method) probe(emit lab.Emitter) error {
	obs, actions, err := m.walk()
	if err != nil {
		return err
	}
	if err := exam.Emit(emit, m.now.Steps, m.predictions(obs, actions)...); err != nil {
		return err
	}
	return m.values(emit, obs)
}

// walk returns testPairs pairs [..][O] and [..] of a random player; they depend on the seed of the run alone. Its observations are those
// that the world shows, so that a model is not asked about states that cannot be.
func (m *method) walk() (obs []float32, actions []int32, err error) {
	const envs = 16
	w, err := newWorld(m.setup, envs)
	if err != nil {
		return nil, nil, err
	}
	o := w.Spec().Obs
	now, reward, done, act := make([]float32, envs*o), make([]float32, envs), make([]bool, envs), make([]int32, envs)
	w.Reset(rng.New(m.seed, "walk").Uint64(), now)
	random := world.Uniform(len(w.Spec().Actions), rng.New(m.seed, "walk actions").Uint64())
	for t := 0; len(actions) < testPairs; t++ {
		random.Act(now, nil, act)
		if t >= 10 && t%3 == 0 { // after a flute has filled, and not every state of a row
			obs, actions = append(obs, now...), append(actions, act...)
		}
		w.Step(act, now, reward, done)
	}
	return obs, actions, nil
}

// predictions are the shares of pairs, seen and unseen apart, whose next observation the model predicts exactly. Replay and the table
// predict what they have stored, which is right where it holds the pair and nothing elsewhere.
func (m *method) predictions(obs []float32, actions []int32) (vs []exam.Value) {
	l, o := m.learn, m.world.Spec().Obs
	var pairs, right [2]int
	want, got := make([]float32, o), make([]float32, o)
	for i, a := range actions {
		row := obs[i*o : (i+1)*o]
		if !m.world.Predictable(row) {
			continue
		}
		m.world.Next(row, a, factored.Quiet, want)
		known := 0
		if l.seen.has(row, a) {
			known = 1
		}
		pairs[known]++
		if m.guess(row, a, got) && slices.Equal(got, want) {
			right[known]++
		}
	}
	if pairs[0] > 0 {
		vs = append(vs, exam.Value{Name: MetricUnseen, Value: float64(right[0]) / float64(pairs[0])})
	}
	if pairs[1] > 0 {
		vs = append(vs, exam.Value{Name: MetricSeen, Value: float64(right[1]) / float64(pairs[1])})
	}
	return append(vs, exam.Value{Name: MetricNewPairs, Value: float64(pairs[0]) / float64(max(pairs[0]+pairs[1], 1))})
}

// guess writes the next observation that the source holds likeliest; false where it knows none.
func (m *method) guess(obs []float32, action int32, next []float32) bool {
	switch m.agent.Source {
	case Model:
		m.learn.model.likeliest(obs, action, next)
	case Perfect:
		m.world.Next(obs, action, factored.Quiet, next)
	default:
		return m.learn.seen.commonest(obs, action, next)
	}
	return true
}

// values emits the share of states whose greedy action is a best one, seen and unseen apart, and the error of the values by distance
// to the nearest state of the buffer, where the best values are known.
func (m *method) values(emit lab.Emitter, obs []float32) error {
	o, a := m.world.Spec().Obs, m.learn.q.actions
	n := len(obs) / o
	if !m.solved { // once a run: five pipes have 32768 states
		m.optimal, m.solved = factored.Optimal(m.world, m.knobs.Gamma), true
	}
	table := m.optimal
	if table == nil {
		return nil
	}
	q := slices.Clone(m.learn.q.of(m.learn.q.net, n, obs))
	states := m.learn.seen.states()
	var count, right [2]int
	errors, rows := make([]float64, o+1), make([]int, o+1)
	for i := range n {
		c := encode(obs[i*o : (i+1)*o])
		optimal, own := table[int(c[0])*a:(int(c[0])+1)*a], q[i*a:(i+1)*a]
		top, d := slices.Max(optimal), nearest(states, c)
		side := 0
		if d == 0 {
			side = 1
		}
		count[side]++
		if optimal[best(own)] > top-1e-7 {
			right[side]++
		}
		if d >= 0 {
			errors[d] += math.Abs(float64(slices.Max(own)) - top)
			rows[d]++
		}
	}
	for side, name := range [2]string{MetricRightNew, MetricRight} {
		if count[side] > 0 {
			if err := exam.Emit(emit, m.now.Steps, exam.Value{Name: name, Value: float64(right[side]) / float64(count[side])}); err != nil {
				return err
			}
		}
	}
	for d, r := range rows {
		if r > 0 && m.last() {
			if err := exam.Emit(emit, int64(d), exam.Value{Name: MetricError, Value: errors[d] / float64(r)}); err != nil {
				return err
			}
		}
	}
	return nil
}
