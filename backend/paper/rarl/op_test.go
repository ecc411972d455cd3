package rarl

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// One query of width 1 at 1; two trajectories of two states with keys (0, log 2) and (log 3, log 4), values 10 20 30 40. The alphas are
// 0.1 0.2 0.3 0.4 and the scores 0.3 and 0.7. With one trajectory and two states: (3*30 + 4*40) / 7. With one state: 40.
func TestAReadByHand(t *testing.T) {
	tape := num.NewTape(core(t))
	line := func(name string, x ...float64) *num.Tensor {
		y := num.NewParam(name, len(x), 1)
		for i, v := range x {
			y.Data[i] = float32(v)
		}
		return y
	}
	m := memory{keys: line("keys", 0, math.Log(2), math.Log(3), math.Log(4)), values: line("values", 10, 20, 30, 40), groups: 1, each: 2, steps: 2,
		returns: []float32{5, 1}}
	for name, c := range map[string]struct {
		sel  selection
		want float64
		kept []int32
	}{
		"one trajectory":            {selection{trajectories: 1, states: 2}, 250.0 / 7, []int32{3, 2}},
		"one state":                 {selection{trajectories: 2, states: 1}, 40, []int32{3}},
		"all":                       {selection{trajectories: 9, states: 9}, 30, []int32{3, 2, 1, 0}},
		"the one of highest return": {selection{trajectories: 1, states: 2, byReturn: true}, 50.0 / 3, []int32{1, 0}},
	} {
		tape.Reset()
		o := &readOp{}
		y := o.record(tape, line("q", 1), m, c.sel)
		near(t, name, float64(y.Data[0]), c.want, 1e-4)
		near(t, "score of the second", float64(o.score[1]), 0.7, 1e-6)
		if !slices.Equal(o.kept, c.kept) {
			t.Errorf("%s keeps %v, want %v", name, o.kept, c.kept)
		}
	}
}

// mu 1, sigma e^0 = 1, nu 0, rho 1: KL 1/2 a dimension. With rho = e: 1 + (1 + 1) / (2 e^2) - 1/2.
func TestTheBottleneckByHand(t *testing.T) {
	tape := num.NewTape(core(t))
	post, prior := num.NewParam("post", 2, 2), num.NewParam("prior", 2, 2)
	copy(post.Data, []float32{1, 0, 1, 0})
	prior.Data[3] = float32(spread * math.Atanh(1.0/spread)) // the bounded logarithm is 1
	o := &squeezeOp{}
	z, loss := o.record(tape, post, prior, []float32{2, -1})
	second := 1 + 1/math.Exp(2) - 0.5
	near(t, "the first", float64(o.kl[0]), 0.5, 1e-6)
	near(t, "the second", float64(o.kl[1]), second, 1e-5)
	near(t, "the loss", float64(loss.Data[0]), (0.5+second)/2, 1e-5)
	near(t, "z", float64(z.Data[0]), 3, 1e-6)
	near(t, "z", float64(z.Data[1]), 0, 1e-6)
	o.record(tape, post, prior, nil)
	near(t, "z without noise", float64(o.z.Data[1]), 1, 0)
	copy(prior.Data, post.Data)
	_, loss = o.record(tape, post, prior, nil)
	near(t, "the divergence of equals", float64(loss.Data[0]), 0, 1e-7)
}

// Two actions with logits log 3 and 0, the first taken: -log(3/4). Reward 1 said 0.5: 1/8. Value 0 said 2: 2.
func TestTheAuxiliaryLossByHand(t *testing.T) {
	tape := num.NewTape(core(t))
	p := num.NewParam("p", 1, 4)
	copy(p.Data, []float32{float32(math.Log(3)), 0, 0.5, 2})
	o := &auxiliaryOp{}
	loss := o.record(tape, p, []int32{0}, []float32{1}, []float32{0})
	near(t, "the loss", float64(loss.Data[0]), math.Log(4.0/3)+0.125+2, 1e-6)
	near(t, "the surprise", o.kind, math.Log(4.0/3), 1e-6)
}

// Slots with keys 0 and log 3 and values 4 and 8 for a query of 1: (4 + 3*8) / 4.
func TestAttentionOverSlotsByHand(t *testing.T) {
	tape := num.NewTape(core(t))
	q, k, v := num.NewParam("q", 1, 1), num.NewParam("k", 2, 1), num.NewParam("v", 2, 1)
	q.Data[0], k.Data[1], v.Data[0], v.Data[1] = 1, float32(math.Log(3)), 4, 8
	near(t, "what is read", float64((&attendOp{}).record(tape, q, k, v, 2).Data[0]), 7, 1e-5)
}

func TestGradientsOfTheOperationsAreThoseOfDifferences(t *testing.T) {
	s, tape := rng.New(3, "test"), num.NewTape(core(t))
	t.Run("read", func(t *testing.T) {
		q, keys, values := random(s, "q", 6, 5), random(s, "keys", 24, 5), random(s, "values", 24, 3)
		for _, byReturn := range []bool{false, true} {
			m := memory{keys: keys, values: values, groups: 2, each: 3, steps: 4, returns: []float32{1, 3, 2, 6, 5, 4}}
			differences(t, tape, []*num.Tensor{q, keys, values}, 100, 5e-3, func() []*num.Tensor {
				return []*num.Tensor{total(tape, (&readOp{}).record(tape, q, m, selection{trajectories: 2, states: 3, byReturn: byReturn}))}
			})
		}
	})
	t.Run("squeeze", func(t *testing.T) {
		post, prior, eps := random(s, "post", 4, 6), random(s, "prior", 4, 6), random(s, "eps", 4, 3)
		differences(t, tape, []*num.Tensor{post, prior}, 100, 1e-2, func() []*num.Tensor {
			z, kl := (&squeezeOp{}).record(tape, post, prior, eps.Data)
			return []*num.Tensor{total(tape, z), kl}
		})
	})
	t.Run("attention", func(t *testing.T) {
		for _, per := range []int{1, 3} {
			q, k, v := random(s, "q", 2*per, 4), random(s, "k", 6, 4), random(s, "v", 6, 5)
			differences(t, tape, []*num.Tensor{q, k, v}, 100, 5e-3, func() []*num.Tensor {
				return []*num.Tensor{total(tape, (&attendOp{}).record(tape, q, k, v, 3))}
			})
		}
	})
	t.Run("auxiliary", func(t *testing.T) {
		p := random(s, "p", 3, 6)
		differences(t, tape, []*num.Tensor{p}, 100, 5e-3, func() []*num.Tensor {
			return []*num.Tensor{(&auxiliaryOp{}).record(tape, p, []int32{0, 3, 1}, []float32{1, 0, 1}, []float32{0.5, 0.2, 0.9})}
		})
	})
	t.Run("rows", func(t *testing.T) {
		x := random(s, "x", 4, 3)
		differences(t, tape, []*num.Tensor{x}, 100, 5e-3, func() []*num.Tensor {
			return []*num.Tensor{total(tape, (&rowsOp{}).record(tape, x, []int32{2, 2, 0, 3, 1, 2}, 2, 3))}
		})
	})
}

// Every operation of a group stays in it: the read of one group does not move when another's states do.
func TestGroupsDoNotReadEachOther(t *testing.T) {
	s, tape := rng.New(5, "test"), num.NewTape(core(t))
	q, m := random(s, "q", 4, 3), memory{keys: random(s, "keys", 12, 3), values: random(s, "values", 12, 3), groups: 2, each: 2, steps: 3}
	before := slices.Clone((&readOp{}).record(tape, q, m, selection{trajectories: 2, states: 4}).Data)
	for i := 18; i < 36; i++ {
		m.keys.Data[i], m.values.Data[i] = 1, 2
	}
	after := (&readOp{}).record(tape, q, m, selection{trajectories: 2, states: 4}).Data
	if !slices.Equal(before[:6], after[:6]) || slices.Equal(before[6:], after[6:]) {
		t.Errorf("reads were %v, are %v", before, after)
	}
}
