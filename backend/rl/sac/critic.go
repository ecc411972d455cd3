package sac

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
)

// Critic values an action where an observation, or a history of them, stands: observation -> memory, then (what it says, action) -> head.
type Critic struct {
	Memory nn.Memory // nil where the present observation is enough; its state is empty at the first step of a window
	Head   *nn.MLP   // [O or H, with A behind] -> .. -> [1]
}

// NewCritic returns a critic with hidden layers of those widths, ReLU, and a linear last one. In is the width of what the head reads
// beside the action: of the observation, or of what the memory says.
func NewCritic(s *rng.Stream, name string, memory nn.Memory, in, acts int, hidden []int) *Critic {
	return &Critic{memory, td3bc.Net(s, name, in+acts, hidden, 1, num.None, 1)}
}

// Params are those of memory and head.
func (c *Critic) Params() (ps []*num.Tensor) {
	if c.Memory != nil {
		ps = append(ps, c.Memory.Params()...)
	}
	return append(ps, c.Head.Params()...)
}

// Read records what the head reads beside the action: obs [T][n][O] itself, or [T][n][H].
func (c *Critic) Read(t *num.Tape, obs, state0 *num.Tensor, fresh []bool) *num.Tensor {
	if c.Memory == nil {
		return obs
	}
	return c.Memory.Sequence(t, obs, state0, fresh)
}

// Value records the values of actions act [..][A] where x [..][O or H] stands; result [..][1].
func (c *Critic) Value(t *num.Tape, x, act *num.Tensor) *num.Tensor {
	return c.Head.Sequence(t, t.Concat(x, act), nil, nil)
}

// Frozen is the head with the same numbers and without gradients: what a policy is improved by.
func (c *Critic) Frozen() *Critic { return &Critic{Head: td3bc.Frozen(c.Head)} }
