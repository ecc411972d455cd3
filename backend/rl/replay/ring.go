// Package replay keeps experience for algorithms that learn from it more than once: transitions, whole episodes and spliced sequences,
// chosen uniformly, by priority, or from a sample of everything that ever came by.
//
// Storage and choice are apart. A Ring or a Sequences holds rows in numbered slots; a Rule says which slot a newcomer takes, if any; a
// Sum tree or a stream says which slots are drawn. All of it can be kept and restored exactly, and drawing allocates nothing after the
// first time.
//
// Letters: N slots, n rows drawn, T steps, O numbers of an observation, A numbers of a continuous action, S numbers carried by a memory.
package replay

import (
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Transition is one step as an agent lived it. What a Ring is given is copied.
type Transition struct {
	Obs    []float32 // [O] that it saw
	Action int32     // that it chose, where actions are discrete
	Act    []float32 // [A] that it chose, where they are continuous
	Reward float32
	Next   []float32 // [O] that it saw then; of the same episode, also where the episode ended
	// Terminal says that the episode ended for good: nothing comes after Next. Cut says that it ran out of time: learning goes on as if
	// more were to come, so the value of Next counts.
	Terminal, Cut bool
}

// Ring holds transitions in N slots.
type Ring struct {
	obsWidth, actWidth int

	obs, next []float32 // [N][O]
	act       []float32 // [N][A]
	action    []int32   // [N]
	reward    []float32 // [N]
	terminal  []bool    // [N]
	cut       []bool    // [N]
	used      int       // slots that hold something: the first of them
	turn      int       // slot that Add takes next
}

// NewRing returns an empty ring of n slots for observations of obs numbers; acts is the width of a continuous action, 0 where actions
// are discrete.
func NewRing(n, obs, acts int) *Ring {
	if n < 1 || obs < 1 || acts < 0 {
		panic(fmt.Sprintf("replay: ring of %d slots, %d observations, %d action numbers: want at least 1, 1 and 0", n, obs, acts))
	}
	return &Ring{
		obsWidth: obs, actWidth: acts,
		obs: make([]float32, n*obs), next: make([]float32, n*obs), act: make([]float32, n*acts), action: make([]int32, n),
		reward: make([]float32, n), terminal: make([]bool, n), cut: make([]bool, n),
	}
}

// Len is how many slots hold something, Cap how many there are.
func (r *Ring) Len() int { return r.used }

// Cap is the number of slots.
func (r *Ring) Cap() int { return len(r.action) }

// Add puts a transition into the next slot in turn, over the oldest one when all are full, and returns the slot.
func (r *Ring) Add(t Transition) int {
	slot := r.turn
	r.turn = (slot + 1) % r.Cap()
	r.Put(slot, t)
	return slot
}

// Put puts a transition into a slot that holds something, or into the first free one: for rules other than the ring's own.
func (r *Ring) Put(slot int, t Transition) {
	o, a := r.obsWidth, r.actWidth
	if slot < 0 || slot > r.used || slot >= r.Cap() || len(t.Obs) != o || len(t.Next) != o || len(t.Act) != a {
		panic(fmt.Sprintf("replay: slot %d of %d used with %d and %d observations and %d action numbers, want widths %d, %d and %d",
			slot, r.used, len(t.Obs), len(t.Next), len(t.Act), o, o, a))
	}
	copy(r.obs[slot*o:], t.Obs)
	copy(r.next[slot*o:], t.Next)
	copy(r.act[slot*a:], t.Act)
	r.action[slot], r.reward[slot], r.terminal[slot], r.cut[slot] = t.Action, t.Reward, t.Terminal, t.Cut
	r.used = max(r.used, slot+1)
}

// At returns what a slot holds. Its slices are the ring's own: they are to be read only, and until the slot is taken again.
func (r *Ring) At(slot int) Transition {
	o, a := r.obsWidth, r.actWidth
	return Transition{
		Obs: r.obs[slot*o : slot*o+o : slot*o+o], Next: r.next[slot*o : slot*o+o : slot*o+o], Act: r.act[slot*a : slot*a+a : slot*a+a],
		Action: r.action[slot], Reward: r.reward[slot], Terminal: r.terminal[slot], Cut: r.cut[slot],
	}
}

// Batch is n transitions that were drawn. Its memory is used again where it is large enough.
type Batch struct {
	Index     []int       // [n] slots
	Obs, Next *num.Tensor // [n][O]
	Act       *num.Tensor // [n][A]
	Action    []int32     // [n]
	Reward    []float32   // [n]
	Terminal  []bool      // [n]
	Cut       []bool      // [n]
	Weight    []float32   // [n] importance of a row; 1 unless a priority says otherwise
}

// Sample draws n transitions, each slot with the same probability and independently of the others, into b.
func (r *Ring) Sample(s *rng.Stream, n int, b *Batch) {
	b.Index = grow(b.Index, n)
	for i := range b.Index {
		b.Index[i] = s.IntN(r.used)
	}
	b.Weight = grow(b.Weight, n)
	for i := range b.Weight {
		b.Weight[i] = 1
	}
	r.Gather(b)
}

// Gather fills b with the slots of b.Index, in that order. Weights are left as they are.
func (r *Ring) Gather(b *Batch) {
	n, o, a := len(b.Index), r.obsWidth, r.actWidth
	b.Obs, b.Next, b.Act = fit(b.Obs, "obs", n, o), fit(b.Next, "next", n, o), fit(b.Act, "act", n, a)
	b.Action, b.Reward = grow(b.Action, n), grow(b.Reward, n)
	b.Terminal, b.Cut = grow(b.Terminal, n), grow(b.Cut, n)
	for i, slot := range b.Index {
		copy(b.Obs.Data[i*o:i*o+o], r.obs[slot*o:])
		copy(b.Next.Data[i*o:i*o+o], r.next[slot*o:])
		copy(b.Act.Data[i*a:i*a+a], r.act[slot*a:])
		b.Action[i], b.Reward[i], b.Terminal[i], b.Cut[i] = r.action[slot], r.reward[slot], r.terminal[slot], r.cut[slot]
	}
}

func (r *Ring) head() string {
	return fmt.Sprintf("ring of %d slots, %d observations, %d action numbers", r.Cap(), r.obsWidth, r.actWidth)
}

// parts are what the first n slots hold.
func (r *Ring) parts(n int) []any {
	o, a := r.obsWidth, r.actWidth
	return []any{r.obs[:n*o], r.next[:n*o], r.act[:n*a], r.action[:n], r.reward[:n], r.terminal[:n], r.cut[:n]}
}

// Snapshot implements lab.Snapshotter.
func (r *Ring) Snapshot(w io.Writer) error {
	return keep(w, r.head(), []int{r.used, r.turn}, r.parts(r.used)...)
}

// Restore implements lab.Snapshotter, for a ring made in the same way.
func (r *Ring) Restore(in io.Reader) error {
	count := []int{0, 0}
	if err := restore(in, r.head(), count, func() []any { return r.parts(count[0]) }, r.Cap(), r.Cap()-1); err != nil {
		return err
	}
	r.used, r.turn = count[0], count[1]
	return nil
}

// fit returns a tensor of that shape in the memory of x where that suffices.
func fit(x *num.Tensor, name string, shape ...int) *num.Tensor {
	if x == nil {
		x = num.New(name)
	}
	n := 1
	for _, s := range shape {
		n *= s
	}
	x.Shape, x.Data = append(x.Shape[:0], shape...), grow(x.Data, n)
	return x
}

func grow[E any](x []E, n int) []E {
	if cap(x) < n {
		return make([]E, n)
	}
	return x[:n]
}
