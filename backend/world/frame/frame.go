// Package frame is what tensor worlds have in common whose whole state is one struct of fixed size for each environment: a batch that is
// made, checked, reset and kept. A world embeds a Batch of its struct and writes only its rules.
package frame

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// maxBatch bounds the memory that one world may take.
const maxBatch = 1 << 16

// Batch is so many environments of a world. E is of fixed size (encoding/binary). Its methods are those of world.Tensor that need no rule.
type Batch[E any] struct {
	Envs     []E
	Seed     uint64 // of the last Reset
	Detailed bool   // Info carries numbers

	name string
	spec world.Spec
	head string // names world, knobs and size in a kept state
}

// New makes a batch of that many environments, 1 to 65,536; another number is lab.Invalid. The knobs, written as JSON, tell kept states of
// worlds apart.
func New[E any](name string, spec world.Spec, knobs any, size int) (Batch[E], error) {
	if size < 1 || size > maxBatch {
		return Batch[E]{}, lab.Errorf(lab.Invalid, "%s: batch is %d, want 1 to %d", name, size, maxBatch)
	}
	text, err := json.Marshal(knobs)
	if err != nil {
		return Batch[E]{}, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", name, err)
	}
	return Batch[E]{Envs: make([]E, size), name: name, spec: spec, head: fmt.Sprintf("%s %s batch %d", name, text, size)}, nil
}

// Spec describes the world.
func (f *Batch[E]) Spec() world.Spec { return f.spec }

// Size is the number of environments.
func (f *Batch[E]) Size() int { return len(f.Envs) }

// Width is how many numbers an observation has.
func (f *Batch[E]) Width() int { return f.spec.Obs }

// Detail makes Info carry what the world has to tell as numbers.
func (f *Batch[E]) Detail(on bool) { f.Detailed = on }

// Begin clears every environment, starts its episode 0 and shows it.
func (f *Batch[E]) Begin(seed uint64, obs []float32, begin func(e *E, seed uint64), write func(b int, obs []float32)) {
	f.Check(len(f.Envs), len(obs), len(f.Envs), len(f.Envs))
	f.Seed = seed
	for b := range f.Envs {
		var empty E
		f.Envs[b] = empty
		begin(&f.Envs[b], world.EpisodeSeed(seed, b, 0))
		write(b, obs)
	}
}

// Check panics on slices of the wrong size: a mistake of the caller, not of a user.
func (f *Batch[E]) Check(actions, obs, reward, done int) {
	if n := len(f.Envs); actions != n || obs != n*f.spec.Obs || reward != n || done != n {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			f.name, actions, obs, reward, done, n, n*f.spec.Obs, n, n))
	}
}

// Action returns the action of environment b; one out of range panics.
func (f *Batch[E]) Action(actions []int32, b int) int32 {
	a := actions[b]
	if n := len(f.spec.Actions); uint32(a) >= uint32(n) {
		panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", f.name, a, b, n-1))
	}
	return a
}

// Row is the observation of environment b, cleared.
func (f *Batch[E]) Row(obs []float32, b int) []float32 {
	row := obs[b*f.spec.Obs : (b+1)*f.spec.Obs]
	clear(row)
	return row
}

// Snapshot keeps every environment exactly.
func (f *Batch[E]) Snapshot(w io.Writer) error { return world.WriteState(w, f.head, f.Seed, f.Envs) }

// Restore takes up a kept state of a world with the same knobs and size.
func (f *Batch[E]) Restore(r io.Reader) error { return world.ReadState(r, f.head, &f.Seed, f.Envs) }
