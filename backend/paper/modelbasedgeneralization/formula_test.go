package modelbasedgeneralization

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/factored"
)

func core(t *testing.T) *num.Core {
	t.Helper()
	c, err := exam.Core(lab.Bench{Kernel: "go", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// exp(0), exp(1), exp(2) at temperature 0.5 on values 0, 0.5, 1: shares 0.0900, 0.2447, 0.6652.
func TestActionsAreDrawnFromTheSoftmaxAtATemperature(t *testing.T) {
	p := make([]float32, 3)
	softmax([]float32{0, 0.5, 1}, 0.5, p)
	for i, want := range []float64{0.0900, 0.2447, 0.6652} {
		if math.Abs(float64(p[i])-want) > 1e-4 {
			t.Errorf("action %d has probability %v, want %v", i, p[i], want)
		}
	}
	softmax([]float32{100, 0, 0}, 0.001, p)
	if p[0] != 1 || p[1] != 0 {
		t.Errorf("a small temperature gives %v", p)
	}
}

// Logits 0 and ln 3 are probabilities 0.5 and 0.75. Bits 1 and 0: -ln 0.5 - ln 0.25 = 0.6931 + 1.3863, over a batch of 2: 1.0397; the
// gradients are (0.5 - 1)/2 and (0.75 - 0)/2.
func TestBitsAreLearnedByTheirLikelihood(t *testing.T) {
	grad := make([]float32, 2)
	loss := bernoulli([]float32{0, float32(math.Log(3))}, []float32{1, 0}, grad, false, 2)
	if math.Abs(loss-1.0397) > 1e-4 || math.Abs(float64(grad[0])+0.25) > 1e-6 || math.Abs(float64(grad[1])-0.375) > 1e-6 {
		t.Errorf("loss %v, gradients %v", loss, grad)
	}
	if loss := bernoulli([]float32{5, -5}, []float32{0, 1}, grad, true, 2); loss != 0 || grad[0] != 0 || grad[1] != 0 {
		t.Errorf("an end has loss %v and gradients %v, want none", loss, grad)
	}
}

// differences compares gradients with central differences at some of the parameters.
func differences(t *testing.T, params []*num.Tensor, loss func() float64) {
	t.Helper()
	got := make([][]float32, len(params))
	for i, p := range params {
		p.ZeroGrad()
		_ = i
	}
	loss()
	for i, p := range params {
		got[i] = slices.Clone(p.Grad)
	}
	const h = 1e-2
	for i, p := range params {
		for j := 0; j < p.Len(); j += 1 + p.Len()/7 {
			old := p.Data[j]
			p.Data[j] = old + h
			up := loss()
			p.Data[j] = old - h
			down := loss()
			p.Data[j] = old
			if want := (up - down) / (2 * h); math.Abs(want-float64(got[i][j])) > 2e-3*(1+math.Abs(want)) {
				t.Errorf("%s[%d]: gradient %v, difference quotient %v", p.Name, j, got[i][j], want)
			}
		}
	}
}

// batch is some transitions of a maze, one of them an end.
func batch() *replay.Batch {
	b := &replay.Batch{Obs: num.New("obs", 3, 4), Next: num.New("next", 3, 4), Action: []int32{1, 0, 1}, Reward: []float32{1, -0.5, 0}, Terminal: []bool{false, true, false}}
	copy(b.Obs.Data, []float32{1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 0})
	copy(b.Next.Data, []float32{0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1})
	return b
}

func TestTheGradientOfTheModelIsThatOfItsLoss(t *testing.T) {
	d := newDreamer(core(t), rng.New(1, "w"), rng.New(1, "s"), 4, 2, LearnerKnobs{Width: 5, Depth: 1}, false)
	b := batch()
	differences(t, d.params(), func() float64 {
		l := d.gradients(b)
		return l.bits + l.reward + l.end
	})
}

// wander is an experience whose rows differ in weight and continuation.
func wander() *experience {
	e := newExperience(3, 4)
	b := batch()
	copy(e.obs.Data, b.Obs.Data)
	copy(e.next.Data, b.Next.Data)
	copy(e.action, b.Action)
	copy(e.reward, b.Reward)
	copy(e.cont, []float32{1, 0, 0.5})
	copy(e.keep, []float32{1, 0.25, 0.5})
	return e
}

func TestTheGradientOfTheQNetworkIsThatOfItsLoss(t *testing.T) {
	q := newQ(core(t), rng.New(1, "w"), 4, 2, LearnerKnobs{Width: 5, Depth: 2}, 0.9)
	e := wander()
	differences(t, q.net.Params(), func() float64 { return q.gradients(e, []float32{0.5, -1, 2}) })
}

// A network without hidden effect: all weights 0, last biases (1, 2), so that Q = (1, 2) everywhere. Rows: action 1, target 0.5;
// action 0, -1; action 1, 2. Weighted squares 1*2.25, 0.25*4, 0.5*0, over 3: 1.0833.
func TestRowsCountByTheContinuationOfTheirRollout(t *testing.T) {
	q := newQ(core(t), rng.New(1, "w"), 4, 2, LearnerKnobs{Width: 5, Depth: 1}, 0.9)
	for _, p := range q.net.Params() {
		clear(p.Data)
	}
	copy(q.net.Layers[len(q.net.Layers)-1].B.Data, []float32{1, 2})
	if loss := q.gradients(wander(), []float32{0.5, -1, 2}); math.Abs(loss-3.25/3) > 1e-6 {
		t.Errorf("loss %v, want %v", loss, 3.25/3)
	}
	// The target of a transition: r + 0.9 c max Q = 1 + 0.9*1*2, -0.5, 0 + 0.9*0.5*2; Q - y = -0.8, 1.5, 1.1.
	q.follow()
	want := (0.64 + 0.25*2.25 + 0.5*1.21) / 3
	if loss := q.update(wander(), 0); math.Abs(loss-want) > 1e-5 {
		t.Errorf("loss of the update %v, want %v", loss, want)
	}
}

// flutes are transitions of a flute of three pipes in a ring, as its oracle plays.
func flutes(t *testing.T) (*replay.Ring, *seen, *factored.World) {
	t.Helper()
	w, err := factored.NewPanFlute(factored.PanFluteKnobs{Pipes: 3, Horizon: 100}, 1)
	if err != nil {
		t.Fatal(err)
	}
	ring := replay.NewRing(8, 6, 0)
	s := newSeen(ring)
	obs, next := make([]float32, 6), make([]float32, 6)
	for i := range 12 { // more than the ring holds
		a := int32(2 - i%3)
		r, over := w.Next(obs, a, factored.Quiet, next)
		tr := replay.Transition{Obs: slices.Clone(obs), Action: a, Reward: r, Next: slices.Clone(next), Terminal: over}
		(&learner{ring: ring, seen: s}).store(int64(i), tr)
		copy(obs, next)
	}
	return ring, s, w
}

func TestTheTableKnowsWhatTheBufferHoldsAndNothingElse(t *testing.T) {
	ring, s, w := flutes(t)
	fresh := newSeen(ring)
	for slot := range ring.Len() {
		fresh.add(slot, ring.At(slot))
	}
	if len(fresh.slots) != len(s.slots) || s.pairs() != 3 {
		t.Fatalf("%d pairs, a table of the same buffer has %d, want 3", s.pairs(), len(fresh.slots))
	}
	for p, slots := range fresh.slots {
		if !slices.Equal(slots, s.slots[p]) {
			t.Errorf("pair %v in slots %v, want %v", p, s.slots[p], slots)
		}
	}
	m := &table{s, rng.New(1, "x"), 6}
	next, reward, cont, known, want := make([]float32, 12), make([]float32, 2), make([]float32, 2), make([]bool, 2), make([]float32, 6)
	obs := append(slices.Clone(ring.At(0).Obs), 1, 1, 1, 1, 1, 1)
	m.predict(2, obs, []int32{ring.At(0).Action, 0}, next, reward, cont, known)
	w.Next(obs[:6], ring.At(0).Action, factored.Quiet, want)
	if !known[0] || known[1] || !slices.Equal(next[:6], want) {
		t.Errorf("known %v, next %v, want %v", known, next[:6], want)
	}
}

// Rollouts of the memoriser stay as many transitions as those of any source, and each is one that the world could have made.
func TestARolloutThatReachesTheUnknownBeginsAnew(t *testing.T) {
	ring, s, w := flutes(t)
	q := newQ(core(t), rng.New(1, "w"), 6, 3, LearnerKnobs{Width: 5, Depth: 1}, 0.9)
	m := newImagination(&table{s, rng.New(1, "x"), 6}, q, ring, rng.New(2, "y"), 4, 6, LearnerKnobs{Rollout: 5, Temperature: 1}, true)
	e := newExperience(20, 6)
	var starts []float32
	for i := range 4 {
		starts = append(starts, ring.At(i).Obs...)
	}
	m.fill(e, starts)
	if m.ended == 0 {
		t.Error("no rollout began anew: the test says nothing")
	}
	next := make([]float32, 6)
	for i := range 20 {
		r, _ := w.Next(e.obs.Data[i*6:i*6+6], e.action[i], factored.Quiet, next)
		if !slices.Equal(next, e.next.Data[i*6:i*6+6]) || r != e.reward[i] || e.keep[i] != 1 || e.cont[i] != 1 {
			t.Fatalf("row %d: %v", i, e.next.Data[i*6:i*6+6])
		}
		if i >= 4 && m.ended == 0 && !slices.Equal(e.obs.Data[i*6:i*6+6], e.next.Data[(i-4)*6:(i-4)*6+6]) {
			t.Fatalf("row %d does not go on from the step before", i)
		}
	}
}

// halves says that an episode goes on with probability one half.
type halves struct{ truth }

func (h *halves) predict(n int, obs []float32, actions []int32, next, reward, cont []float32, known []bool) {
	h.truth.predict(n, obs, actions, next, reward, cont, known)
	for i := range cont {
		cont[i] = 0.5
	}
}

func TestTheWeightIsTheProductOfContinuationsOnlyWhereEpisodesEnd(t *testing.T) {
	ring, _, w := flutes(t)
	q := newQ(core(t), rng.New(1, "w"), 6, 3, LearnerKnobs{Width: 5, Depth: 1}, 0.9)
	for _, continuing := range []bool{true, false} {
		m := newImagination(&halves{truth{w, rng.New(1, "x"), 6}}, q, ring, rng.New(2, "y"), 2, 6, LearnerKnobs{Rollout: 3, Temperature: 1}, continuing)
		e := newExperience(6, 6)
		m.fill(e, append(slices.Clone(ring.At(0).Obs), ring.At(1).Obs...))
		want := []float32{1, 1, 0.5, 0.5, 0.25, 0.25}
		if continuing {
			want = []float32{1, 1, 1, 1, 1, 1}
		}
		if !slices.Equal(e.keep, want) {
			t.Errorf("continuing %v: weights %v, want %v", continuing, e.keep, want)
		}
	}
}
