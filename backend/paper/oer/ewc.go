package oer

import (
	"fmt"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
)

// consolidation is elastic weight consolidation (arXiv 1612.00796v2, eq. 3) over all tasks so far:
//
//	L = strength/2 sum_tasks sum_i F_i (theta_i - theta*_i)^2,   gradient strength (sum F_i theta_i - sum F_i theta*_i)
//
// so that two sums are enough, whatever the number of tasks.
type consolidation struct {
	knobs      EWCKnobs
	params     []*num.Tensor
	importance []*num.Tensor // sum over tasks of F
	anchor     []*num.Tensor // sum over tasks of F theta*
}

func newConsolidation(k EWCKnobs, a *td3bc.Actor) *consolidation {
	c := &consolidation{knobs: k, params: a.Params()}
	for _, p := range c.params {
		c.importance = append(c.importance, num.New("importance."+p.Name, p.Shape...))
		c.anchor = append(c.anchor, num.New("anchor."+p.Name, p.Shape...))
	}
	return c
}

// add measures a task. The policy is deterministic; taken as the mean of a Gaussian of spread 1 its Fisher information is J^T J, whose
// diagonal is the mean of the squared gradient of v . pi(s) over states and standard normal v.
func (c *consolidation) add(core *num.Core, a *td3bc.Actor, head int, d *dataset, s *rng.Stream) {
	tape, x, v := num.NewTape(core), num.New("state", 1, obsWidth), make([]float32, actWidth)
	for range c.knobs.Samples {
		copy(x.Data, d.state(s.IntN(d.len())))
		for i := range v {
			v[i] = float32(s.Normal())
		}
		tape.Reset()
		tape.BackwardFrom(a.Record(tape, x, head), v)
		for i, p := range c.params {
			f := c.importance[i].Data
			for j, g := range p.Grad {
				add := g * g / float32(c.knobs.Samples)
				f[j] += add
				c.anchor[i].Data[j] += float32(add * p.Data[j])
			}
			p.ZeroGrad()
		}
	}
}

// pull adds the gradient of the penalty.
func (c *consolidation) pull() {
	for i, p := range c.params {
		g, f, anchor := p.Gradient(), c.importance[i].Data, c.anchor[i].Data
		for j, w := range p.Data {
			g[j] += float32(c.knobs.Strength) * (float32(f[j]*w) - anchor[j])
		}
	}
}

func (c *consolidation) part() rl.Part {
	return rl.Part{Name: "consolidation", State: rl.Weights(append(append([]*num.Tensor{}, c.importance...), c.anchor...), nil)}
}

// name of a stream of a task.
func of(what string, task int) string { return fmt.Sprintf("%s %d", what, task) }
