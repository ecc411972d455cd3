// Package shard steps one batch of environments on all workers of a core: several worlds of the same kind that look like one.
package shard

import (
	"fmt"
	"io"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// Worlds is several worlds one behind the other, as a world.Vec of their environments together. What happens depends on the worlds and on
// how many there are, never on the number of workers: each world is stepped by one worker at a time, and its episodes are drawn under a
// seed of its own.
type Worlds struct {
	parts []world.Vec
	first []int // [parts+1] first environment of each part; the last is B
	width int   // numbers of an observation

	core    *num.Core
	work    int
	actions []int32
	obs     []float32
	reward  []float32
	done    []bool
	step    func(i0, i1 int)
}

// New returns worlds of the same shape as one; they are not to be stepped by anybody else. Work is about how much one step of all costs,
// in multiply-adds: little of it is done by one worker alone.
func New(core *num.Core, work int, parts ...world.Vec) *Worlds {
	if len(parts) == 0 {
		panic("shard: no world, want at least one")
	}
	w := &Worlds{parts: parts, first: make([]int, len(parts)+1), core: core, work: work}
	spec := parts[0].Spec()
	w.width = spec.Obs
	for i, p := range parts {
		if s := p.Spec(); s.Name != spec.Name || s.Obs != spec.Obs || len(s.Actions) != len(spec.Actions) {
			panic(fmt.Sprintf("shard: world %d is %s with %d observations and %d actions, want %s with %d and %d", i, s.Name, s.Obs, len(s.Actions), spec.Name, spec.Obs, len(spec.Actions)))
		}
		w.first[i+1] = w.first[i] + p.Size()
	}
	w.step = w.stepParts
	return w
}

// Spec implements world.Vec.
func (w *Worlds) Spec() world.Spec { return w.parts[0].Spec() }

// Size implements world.Vec.
func (w *Worlds) Size() int { return w.first[len(w.parts)] }

// Reset implements world.Vec. Part i is reset with the first number of the stream "shard/i" of the seed.
func (w *Worlds) Reset(seed uint64, obs []float32) {
	o := w.width
	for i, p := range w.parts {
		p.Reset(rng.New(seed, "shard/"+strconv.Itoa(i)).Uint64(), obs[w.first[i]*o:w.first[i+1]*o])
	}
}

// Step implements world.Vec.
func (w *Worlds) Step(actions []int32, obs, reward []float32, done []bool) {
	w.actions, w.obs, w.reward, w.done = actions, obs, reward, done
	w.core.Do(len(w.parts), w.work, w.step)
}

func (w *Worlds) stepParts(i0, i1 int) {
	o := w.width
	for i := i0; i < i1; i++ {
		b0, b1 := w.first[i], w.first[i+1]
		w.parts[i].Step(w.actions[b0:b1], w.obs[b0*o:b1*o], w.reward[b0:b1], w.done[b0:b1])
	}
}

// at finds the part that environment b is in, and its number there.
func (w *Worlds) at(b int) (p world.Vec, n int) {
	i := 0
	for b >= w.first[i+1] {
		i++
	}
	return w.parts[i], b - w.first[i]
}

// Info implements world.Vec.
func (w *Worlds) Info(b int) world.Info { p, n := w.at(b); return p.Info(n) }

// Scene implements world.Vec.
func (w *Worlds) Scene(b int) lab.Scene { p, n := w.at(b); return p.Scene(n) }

// Saw implements world.Vec.
func (w *Worlds) Saw(b int) string { p, n := w.at(b); return p.Saw(n) }

func (w *Worlds) kept() []rl.Part {
	all := make([]rl.Part, len(w.parts))
	for i, p := range w.parts {
		all[i] = rl.Part{Name: "shard " + strconv.Itoa(i), State: p}
	}
	return all
}

// Snapshot implements lab.Snapshotter.
func (w *Worlds) Snapshot(out io.Writer) error { return rl.WriteParts(out, w.kept()...) }

// Restore implements lab.Snapshotter, for worlds of the same kinds and number.
func (w *Worlds) Restore(in io.Reader) error { return rl.ReadParts(in, w.kept()...) }
