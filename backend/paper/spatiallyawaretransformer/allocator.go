package spatiallyawaretransformer

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// allocator is the adaptive memory allocator: q = MLP(one-hot task) of 4-64-4, the expected reward of each rule for each task. One choice an
// episode: a contextual bandit, no discount.
type allocator struct {
	net *nn.MLP
}

func newAllocator(s *rng.Stream) *allocator {
	n := len(ballet.Tasks())
	a := &allocator{&nn.MLP{Layers: []*nn.Linear{nn.NewLinear(s, "allocator.0", n, 64, num.ReLU, nn.Gain(num.ReLU)),
		nn.NewLinear(s, "allocator.1", 64, len(ballet.Rules()), num.None, 1)}}}
	nn.Orthogonal(s, a.net.Layers[1].W, 0, len(ballet.Rules()), 0.01)
	return a
}

// values records q [B][4] for tasks [B].
func (a *allocator) values(t *num.Tape, tasks []int) *num.Tensor {
	n := len(ballet.Tasks())
	x := num.New("tasks", len(tasks), n)
	for i, task := range tasks {
		x.Data[i*n+task] = 1
	}
	return a.net.Sequence(t, x, nil, nil)
}

// choose takes, for each episode, the rule of highest q, or with probability eps any of them.
func (a *allocator) choose(q *num.Tensor, eps float64, chance *rng.Stream) []int {
	n := len(ballet.Rules())
	rules := make([]int, q.Rows())
	for i := range rules {
		rules[i] = rl.Best(q.Data[i*n : (i+1)*n])
		if eps > 0 && chance.Bool(eps) {
			rules[i] = chance.IntN(n)
		}
	}
	return rules
}

// learn adds the gradient of regret * mean (R - q[rule])^2 to that of q and returns the loss without the weight. R is the reward, no gradient
// goes into it.
func learn(q *num.Tensor, rules []int, reward []float64, regret float64) (loss float64) {
	n, g := q.Last(), q.Gradient()
	for i, rule := range rules {
		e := float64(q.Data[i*n+rule]) - reward[i]
		loss += e * e / float64(len(rules))
		g[i*n+rule] += float32(regret * 2 * e / float64(len(rules)))
	}
	return loss
}
