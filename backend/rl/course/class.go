package course

import (
	"io"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/world"
)

// Class is a batch of B episodes of T steps, all of one length, whose only decision is at their last step.
type Class struct {
	World   world.Vec
	Obs     *num.Tensor // [T][B][O] of the episodes last watched
	Actions []int32     // [B] to be filled before Answer
	Reward  []float32   // [B] of the last Answer

	next []float32 // [B][O] first observations of the next episodes
	done []bool
}

// NewClass resets the world, whose every episode lasts as long as its horizon.
func NewClass(w world.Vec, seed uint64) *Class {
	spec, b := w.Spec(), w.Size()
	c := &Class{World: w, Obs: num.New("obs", spec.Horizon, b, spec.Obs), Actions: make([]int32, b), Reward: make([]float32, b),
		next: make([]float32, b*spec.Obs), done: make([]bool, b)}
	w.Reset(seed, c.next)
	return c
}

// Watch plays all episodes up to their question, which it leaves open. Nothing that is done before it matters.
func (c *Class) Watch() {
	steps, n := c.Obs.Shape[0], len(c.next)
	clear(c.Actions)
	for t := range steps {
		copy(c.Obs.Data[t*n:(t+1)*n], c.next)
		if t < steps-1 {
			c.World.Step(c.Actions, c.next, c.Reward, c.done)
		}
	}
}

// Answer plays Actions in answer to the questions, fills Reward, and begins the next episodes.
func (c *Class) Answer() { c.World.Step(c.Actions, c.next, c.Reward, c.done) }

// Snapshot keeps the world and the first observations of the next episodes, between an Answer and the next Watch.
func (c *Class) Snapshot(w io.Writer) error {
	if err := c.World.Snapshot(w); err != nil {
		return err
	}
	return world.WriteState(w, "next", c.next)
}

// Restore reads what Snapshot wrote.
func (c *Class) Restore(r io.Reader) error {
	if err := c.World.Restore(r); err != nil {
		return err
	}
	return world.ReadState(r, "next", c.next)
}
