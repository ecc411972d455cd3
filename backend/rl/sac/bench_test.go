package sac

import (
	"fmt"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/rng"
)

// BenchmarkStep is one gradient step as a pendulum has it: three observations, one action, 64 rows, two hidden layers of 64.
func BenchmarkStep(b *testing.B) {
	k, err := num.Family("")
	if err != nil {
		b.Fatal(err)
	}
	c := num.NewCore(k, 1)
	defer c.Close()
	s := rng.New(1, "nets")
	policy := value.NewQNet(s, nil, nn.NewMLP(s, "policy", 3, []int{64, 64}, num.ReLU), 2, false)
	twin := NewTwin(c, func(i int, _ bool) *Critic { return NewCritic(s, fmt.Sprint("q", i), nil, 3, 1, []int{64, 64}) })
	l := NewLearner(c, policy, twin, knobs(), rng.New(2, "draws"))
	ring := replay.NewRing(1000, 3, 1)
	for range 1000 {
		x := func() float32 { return float32(s.Normal()) }
		ring.Add(replay.Transition{Obs: []float32{x(), x(), x()}, Act: []float32{s.Float32()}, Reward: x(), Next: []float32{x(), x(), x()}})
	}
	var batch replay.Batch
	for b.Loop() {
		ring.Sample(s, 64, &batch)
		if _, err := l.Step(b.Context(), &batch); err != nil {
			b.Fatal(err)
		}
	}
}
