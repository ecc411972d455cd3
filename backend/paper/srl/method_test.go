package srl

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// At 1, 2 and 4 steps for a decision returns of -50, -150 and -350 with shift 550 and best return 350: the shifted ones are 500, 400, 200;
// area 450 + 2*300 = 1050; by 4 * 350 that is 0.75.
func TestTheScoreByHand(t *testing.T) {
	if got := lengths(7); !slices.Equal(got, []int{1, 2, 4, 6}) {
		t.Errorf("lengths up to 7 are %v", got)
	}
	near(t, "the score", score([]int{1, 2, 4}, []float64{-50, -150, -350}, 4, 550, 350), 0.75, 1e-12)
}

// Rewards 1, 2, 4 with discount 0.5 join to 1 + 1 + 1 = 3, from the observation of the first; a task's end closes early, the time limit
// drops what is unfinished.
func TestHeldActionsJoinTheirSteps(t *testing.T) {
	c := newMacro(3, 1, 1, 0.5)
	step := func(obs, reward float32, terminal, cut bool) (replay.Transition, bool) {
		tr := replay.Transition{Obs: []float32{obs}, Reward: reward, Next: []float32{obs + 1}, Terminal: terminal, Cut: cut}
		whole := c.add(&tr)
		return tr, whole
	}
	for i, r := range []float32{1, 2} {
		if _, whole := step(float32(i), r, false, false); whole {
			t.Fatal("an unfinished transition was kept")
		}
	}
	if tr, whole := step(2, 4, false, false); !whole || tr.Reward != 3 || tr.Obs[0] != 0 || tr.Next[0] != 3 {
		t.Errorf("joined to %+v, %v", tr, whole)
	}
	if tr, whole := step(7, 5, true, false); !whole || tr.Reward != 5 || tr.Obs[0] != 7 {
		t.Errorf("an end joins to %+v, %v", tr, whole)
	}
	if _, whole := step(8, 5, false, true); whole {
		t.Error("an action cut by the time limit was kept")
	}
	if _, whole := step(9, 1, false, false); whole || c.Steps != 1 || c.First[0] != 9 {
		t.Errorf("after the cut the next begins as %+v", c)
	}
}

// filled is a method whose ring holds random steps.
func filled(t *testing.T, agent given) *method {
	t.Helper()
	m := begin(t, swing(), agent, 4, lab.Bench{})
	for m.now.Steps < m.knobs.Warmup-1 {
		m.step()
	}
	if m.learner.model != nil {
		m.learner.model.measure(m.ring)
	}
	m.sample()
	return m
}

// gradients of the actor's loss on the batch that m drew, with the chance of draws given.
func gradients(m *method) (grads [][]float32) {
	l := m.learner
	l.chance = rng.New(9, "same")
	l.tape.Reset()
	n := l.kind.j
	l.u.record(l.tape, l.actor, m.batch.Obs, n, l.chance)
	switch {
	case l.kind.kind == SequenceCritic:
		l.valueWhole(&m.batch, n)
	case l.kind.recall == Nowhere:
		l.valueFirst(&m.batch, n)
	default:
		l.recallAll(&m.batch, n)
	}
	for _, p := range l.actor.params() {
		grads = append(grads, slices.Clone(p.Grad))
		p.ZeroGrad()
	}
	return grads
}

// loss is written out anew, step by step: (1/J) sum_j mean [ alpha log pi_j - min Q(s^_j, a_j) ] with the recalled states given, or made
// by the model where they are nil.
func loss(m *method, states []*num.Tensor) float64 {
	l := m.learner
	chance := rng.New(9, "same")
	tape, look, u := num.NewTape(l.core), num.NewTape(l.core), unroll{}
	u.record(tape, l.actor, m.batch.Obs, l.kind.j, chance)
	sum, s := 0.0, m.batch.Obs
	for j := range l.kind.j {
		if states != nil {
			s = states[j]
		}
		q1, q2 := l.critics.Record(look, look.Concat(s, u.draws[j].Action))
		for i, lp := range u.draws[j].LogProb.Data {
			sum += l.alpha.Alpha()*float64(lp) - float64(min(q1.Data[i], q2.Data[i]))
		}
		if states == nil {
			s = l.model.record(look, s, u.draws[j].Action)
		}
	}
	return sum / float64(len(m.batch.Reward)*l.kind.j)
}

// recalled are the states behind the first actions, as they stand now.
func recalled(m *method) []*num.Tensor {
	l, s := m.learner, m.batch.Obs
	states := []*num.Tensor{s}
	tape, u := num.NewTape(l.core), unroll{}
	u.record(tape, l.actor, s, l.kind.j, rng.New(9, "same"))
	for j := range l.kind.j - 1 {
		look := num.NewTape(l.core)
		x := l.model.record(look, s, u.draws[j].Action)
		s = num.New("s", x.Shape...)
		copy(s.Data, x.Data)
		states = append(states, s)
	}
	return states
}

func TestTheActorsGradientIsThatOfDifferences(t *testing.T) {
	for name, through := range map[string]bool{"stopping at recalled states": false, "through the model": true} {
		t.Run(name, func(t *testing.T) {
			m := filled(t, given{"width": 6, "j": 3, "through": through})
			var states []*num.Tensor
			if !through {
				states = recalled(m)
			}
			grads := gradients(m)
			for k, p := range m.learner.actor.params() {
				for i := 0; i < p.Len(); i += 1 + p.Len()/7 {
					const h = 4e-3
					old := p.Data[i]
					p.Data[i] = old + h
					up := loss(m, states)
					p.Data[i] = old - h
					down := loss(m, states)
					p.Data[i] = old
					near(t, p.Name, float64(grads[k][i]), (up-down)/(2*h), 3e-3)
				}
			}
			for _, p := range append(m.learner.critics.Params(), m.learner.model.net.Params()...) {
				if slices.ContainsFunc(p.Grad, func(g float32) bool { return g != 0 }) {
					t.Errorf("%s got a gradient from the actor's loss", p.Name)
				}
			}
		})
	}
}

// Without recall the later actions are drawn to the first: an actor whose later steps get no value still gets a gradient there.
func TestWithoutRecallLaterActionsImitateTheFirst(t *testing.T) {
	papertest.Whole(t)
	m := begin(t, swing(), given{"width": 16, "j": 4, "recall": Nowhere}, 4, lab.Bench{})
	papertest.Finish(t, m)
	p, actions := m.plans(), [][]float32{{0}, {0}, {0}, {0}}
	far := 0.0
	for i := range 20 {
		p.plan(m.ring.At(i*10).Obs, 1, 4, nil, actions)
		far += math.Abs(float64(actions[3][0]-actions[0][0])) / 20
	}
	if far > 0.25 {
		t.Errorf("the fourth action is %v from the first", far)
	}
}

func TestThePlanReadsWhatItPlays(t *testing.T) {
	m := begin(t, swing(), plans(), 6, lab.Bench{})
	p, long, short := m.plans(), make([][]float32, 6), make([][]float32, 1)
	for j := range long {
		long[j] = make([]float32, 2)
	}
	short[0] = make([]float32, 2)
	obs := []float32{1, 0, 0.5, 0, 1, -2}
	p.plan(obs, 2, 6, nil, long)
	p.plan(obs, 2, 1, nil, short)
	if !slices.Equal(long[0], short[0]) {
		t.Errorf("the first of six actions is %v, a single one %v", long[0], short[0])
	}
	if slices.Equal(long[0], long[5]) {
		t.Error("the plan is one action repeated")
	}
	// By hand: h1 = GRU(0, h0), a1 = tanh(mean(h1)), h2 = GRU(a1, h1).
	k, a := &m.core.K, m.learner.actor
	h, out, scratch, head := make([]float32, 16), make([]float32, 16), make([]float32, 6*16), make([]float32, 2)
	a.embed.Apply(k, obs[:3], 3, h, 16, 1)
	action := []float32{0}
	for j := range 6 {
		a.gru.Step(k, action, h, out, []bool{false}, scratch)
		a.head.Apply(k, out, 16, head, 2, 1)
		action[0] = float32(math.Tanh(float64(head[0])))
		near(t, "the action", float64(action[0]), float64(long[j][0]), 1e-5)
	}
}

func TestTheModelLearnsTheWorld(t *testing.T) {
	m := filled(t, plans())
	l := m.learner
	first, last := 0.0, 0.0
	for i := range 400 {
		m.sample()
		last = l.model.learn(&m.core.K, &m.batch, 0.003)
		if i == 0 {
			first = last
		}
	}
	if last > first/5 {
		t.Errorf("the model's loss goes from %v to %v", first, last)
	}
	near(t, "the numbers of a scale", float64(nn.Count(l.model.in.Params())), 12, 0)
}

// From windows the critic of sequences reads J actions in a row and their discounted rewards; none crosses the end of an episode.
func TestWindowsStayWithinAnEpisode(t *testing.T) {
	m := begin(t, given{"kind": "cartpole-c", "horizon": 30}, given{"kind": SequenceCritic, "width": 8, "j": 4}, 3, lab.Bench{})
	for range 300 {
		m.step()
	}
	acts := m.windows()
	ends := 0
	for i := range m.batch.Reward {
		if m.learner.discount[i] == 0 {
			ends++
		} else {
			near(t, "the discount", float64(m.learner.discount[i]), math.Pow(m.knobs.Gamma, 4), 1e-6)
			near(t, "the reward", float64(m.batch.Reward[i]), 1+m.knobs.Gamma+math.Pow(m.knobs.Gamma, 2)+math.Pow(m.knobs.Gamma, 3), 1e-5)
		}
	}
	if ends == 0 || acts.Last() != 4 {
		t.Errorf("%d windows of %v end with their task, want some", ends, acts)
	}
	for slot := range 290 {
		at := m.whole(slot)
		for j := range 3 {
			if tr := m.ring.At(at + j); tr.Cut {
				t.Fatalf("a window from slot %d crosses the time limit", at)
			} else if tr.Terminal {
				break
			}
		}
	}
}

func TestDecisionsAndCallsAreCounted(t *testing.T) {
	papertest.Whole(t)
	for name, want := range map[string][2]float64{"srl": {10, 0}, "sac-4": {10, 0}, "planning": {10, 3}, "random": {10, 0}} {
		r := papertest.Finish(t, begin(t, swing(), arms()[name], 5, lab.Bench{}))
		for _, ev := range r.Events { // an episode of 40 steps at 4 steps for a decision
			if m, ok := ev.(lab.Metric); ok && m.X == 4 && (m.Name == MetricDecisions && float64(m.Value) != want[0] || m.Name == MetricCalls && float64(m.Value) != want[1]) {
				t.Errorf("%s: %s is %v, want %v", name, m.Name, m.Value, want)
			}
		}
	}
}

func TestEveryAgentMakesTheSameNumberOfUpdates(t *testing.T) {
	papertest.Whole(t)
	for name, agent := range arms() {
		m := begin(t, swing(), agent, 1, lab.Bench{})
		papertest.Finish(t, m)
		if m.learner == nil {
			continue
		}
		if c, a := m.learner.opt.critics.Steps(), m.learner.opt.actor.Steps(); c < 300 || c > 301 || a < 150 || a > 151 {
			t.Errorf("%s: %d updates of critics and %d of the actor, want 301 and 151", name, c, a)
		}
	}
}
