package value

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
)

// chain is a corridor of 5 places walked at random: action 1 goes right, 0 left; the right end pays 1 and ends the episode.
func chain(s *rng.Stream, n int) *replay.Ring {
	ring, at := replay.NewRing(n, 5, 0), 2
	one := func(i int) []float32 { x := make([]float32, 5); x[i] = 1; return x }
	for range n {
		a := s.IntN(2)
		to := min(max(at+2*a-1, 0), 4)
		end, reward := to == 4, float32(0)
		if end {
			reward = 1
		}
		ring.Add(replay.Transition{Obs: one(at), Action: int32(a), Reward: reward, Next: one(to), Terminal: end})
		if at = to; end {
			at = s.IntN(4)
		}
	}
	return ring
}

func TestQLearningFindsTheValuesOfAChain(t *testing.T) {
	for _, c := range []struct {
		name    string
		double  bool
		rescale bool
		cql     float64
	}{{"double", true, false, 0}, {"max", false, false, 0}, {"rescaled", true, true, 0}, {"conservative", true, false, 0.05}} {
		t.Run(c.name, func(t *testing.T) {
			k := qKnobs()
			k.Gamma, k.Double, k.Rescale, k.CQL, k.LearningRate = 0.8, c.double, c.rescale, c.cql, 5e-3
			q := net("mlp", 5, 16, 2, false)
			l, s := NewLearner(core(t, 1), q, net("mlp", 5, 16, 2, false), k), rng.New(3, "draws")
			ring := chain(rng.New(3, "walk"), 500)
			var b replay.Batch
			for range 900 {
				ring.Sample(s, 32, &b)
				if _, err := l.Step(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
			}
			// Going right from place i pays 0.8^(3-i), from place 3 at once.
			g, acts := NewGreedy(core(t, 1), q, 4), make([]int32, 4)
			obs := make([]float32, 20)
			for i := range 4 {
				obs[6*i] = 1
			}
			g.Act(obs, []bool{true, true, true, true}, acts)
			if !slices.Equal(acts, []int32{1, 1, 1, 1}) {
				t.Errorf("actions %v", acts)
			}
			for i := range 4 {
				got, want := float64(g.Q[2*i+1]), math.Pow(0.8, float64(3-i))
				if c.rescale {
					got = Unscale(got)
				}
				if c.cql == 0 {
					near(t, fmt.Sprintf("value at place %d", i), got, want, 0.06)
				}
			}
		})
	}
}

func TestWindowsWithoutBurnInOfOneStepAreTransitions(t *testing.T) {
	// The same three transitions as a batch and as sequences of one step give the same loss and the same weights.
	batch := &replay.Batch{}
	ring, seqs := replay.NewRing(3, 3, 0), replay.NewSequences(3, 1, 3, 0, 0)
	for i := range 3 {
		f := float32(i + 1)
		x := replay.Transition{Obs: []float32{f, 0, 1}, Action: int32(i % 2), Reward: f / 2, Next: []float32{-f, 1, 0}, Terminal: i == 1, Cut: i == 2}
		ring.Add(x)
		seqs.Add(&replay.Sequence{Steps: 1, Obs: append(slices.Clone(x.Obs), x.Next...), Fresh: []bool{true, false}, Action: []int32{x.Action}, Reward: []float32{x.Reward},
			Terminal: []bool{x.Terminal}, Cut: []bool{x.Cut}})
	}
	batch.Index, batch.Weight = []int{0, 1, 2}, []float32{1, 1, 1}
	ring.Gather(batch)
	w := &replay.Windows{At: []replay.Window{{Slot: 0}, {Slot: 1}, {Slot: 2}}, Weight: []float32{1, 1, 1}}
	seqs.Gather(1, w)
	// A memory without state between the two steps: the value of the next observation is the same either way.
	k := qKnobs()
	k.NStep = 1
	a := NewLearner(core(t, 1), net("mlp", 3, 16, 2, false), net("mlp", 3, 16, 2, false), k)
	b := NewLearner(core(t, 1), net("mlp", 3, 16, 2, false), net("mlp", 3, 16, 2, false), k)
	sa, err := a.Step(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	sb, err := b.StepWindows(t.Context(), w, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss", sb.Loss, sa.Loss, 1e-6)
	for i, x := range weightsOf(a.Net) {
		near(t, fmt.Sprintf("weight %d", i), float64(weightsOf(b.Net)[i]), float64(x), 1e-6)
	}
}
