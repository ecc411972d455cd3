package replay

import (
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Sequence is up to T successive steps of one environment: an episode, part of one, or a stream of several spliced together. Step t leads
// from Obs[t] to Obs[t+1], except where it ended an episode: there Obs[t+1] is the first observation of the next one, marked Fresh,
// unless the step was the last of the sequence.
type Sequence struct {
	Steps    int
	Obs      []float32 // [Steps+1][O]
	Fresh    []bool    // [Steps+1] the observation is the first of an episode
	Action   []int32   // [Steps] where actions are discrete
	Act      []float32 // [Steps][A] where they are continuous
	Reward   []float32 // [Steps]
	Terminal []bool    // [Steps] the episode ended for good
	Cut      []bool    // [Steps] it ran out of time
	State    []float32 // [S] that the memory carried before step 0; zeros where an episode starts there
}

// Sequences holds sequences of at most T steps in N slots.
type Sequences struct {
	steps, obsWidth, actWidth, stateWidth int

	length   []int32 // [N]
	obs      []float32
	fresh    []bool
	action   []int32
	act      []float32
	reward   []float32
	terminal []bool
	cut      []bool
	state    []float32
	used     int
	turn     int
}

// NewSequences returns an empty store of n sequences of at most steps steps; acts is 0 where actions are discrete, state is how many
// numbers a memory carries (0 where none are stored).
func NewSequences(n, steps, obs, acts, state int) *Sequences {
	if n < 1 || steps < 1 || obs < 1 || acts < 0 || state < 0 {
		panic(fmt.Sprintf("replay: %d sequences of %d steps, %d observations, %d action numbers, %d carried: want at least 1, 1, 1, 0 and 0", n, steps, obs, acts, state))
	}
	return &Sequences{
		steps: steps, obsWidth: obs, actWidth: acts, stateWidth: state, length: make([]int32, n),
		obs: make([]float32, n*(steps+1)*obs), fresh: make([]bool, n*(steps+1)), action: make([]int32, n*steps), act: make([]float32, n*steps*acts),
		reward: make([]float32, n*steps), terminal: make([]bool, n*steps), cut: make([]bool, n*steps), state: make([]float32, n*state),
	}
}

// Len is how many slots hold something.
func (q *Sequences) Len() int { return q.used }

// Cap is the number of slots.
func (q *Sequences) Cap() int { return len(q.length) }

// Steps is the longest sequence that a slot holds.
func (q *Sequences) Steps() int { return q.steps }

// Add puts a copy of a sequence into the next slot in turn and returns the slot.
func (q *Sequences) Add(s *Sequence) int {
	slot := q.turn
	q.turn = (slot + 1) % q.Cap()
	q.Put(slot, s)
	return slot
}

// Put puts a copy of a sequence into a slot that holds something, or into the first free one.
func (q *Sequences) Put(slot int, s *Sequence) {
	t, o, a := s.Steps, q.obsWidth, q.actWidth
	if slot < 0 || slot > q.used || slot >= q.Cap() || t < 1 || t > q.steps || len(s.Obs) < (t+1)*o || len(s.State) != q.stateWidth || len(s.Act) < t*a {
		panic(fmt.Sprintf("replay: slot %d of %d used, %d steps, %d observation numbers, %d action numbers, %d carried: want at most %d steps of widths %d, %d and %d",
			slot, q.used, t, len(s.Obs), len(s.Act), len(s.State), q.steps, o, a, q.stateWidth))
	}
	at := q.At(slot)
	copy(at.Obs[:(t+1)*o], s.Obs)
	copy(at.Fresh[:t+1], s.Fresh)
	if a == 0 {
		copy(at.Action[:t], s.Action)
	}
	copy(at.Act[:t*a], s.Act)
	copy(at.Reward[:t], s.Reward)
	copy(at.Terminal[:t], s.Terminal)
	copy(at.Cut[:t], s.Cut)
	copy(at.State, s.State)
	q.length[slot] = int32(t)
	q.used = max(q.used, slot+1)
}

// At returns what a slot holds. Its slices are the store's own, of full length: read the first Steps steps only.
func (q *Sequences) At(slot int) Sequence {
	t, o, a, s := q.steps, q.obsWidth, q.actWidth, q.stateWidth
	return Sequence{
		Steps: int(q.length[slot]), Obs: q.obs[slot*(t+1)*o : (slot+1)*(t+1)*o], Fresh: q.fresh[slot*(t+1) : (slot+1)*(t+1)],
		Action: q.action[slot*t : (slot+1)*t], Act: q.act[slot*t*a : (slot+1)*t*a], Reward: q.reward[slot*t : (slot+1)*t],
		Terminal: q.terminal[slot*t : (slot+1)*t], Cut: q.cut[slot*t : (slot+1)*t], State: q.state[slot*s : (slot+1)*s],
	}
}

// Window is a place in the store: steps from Start on of the sequence in a slot.
type Window struct{ Slot, Start int }

// Windows is a batch of n windows of T steps, all arrays with time first. Steps behind the end of a sequence are padding: their Mask is
// 0, their observations and rewards are 0 and they count as Terminal, so that nothing passes through them.
type Windows struct {
	At       []Window    // [n]
	Obs      *num.Tensor // [T+1][n][O]
	Fresh    []bool      // [(T+1)*n]
	Act      *num.Tensor // [T][n][A]
	Action   []int32     // [T*n]
	Reward   []float32   // [T*n]
	Terminal []bool      // [T*n]
	Cut      []bool      // [T*n]
	Mask     []float32   // [T*n] 1 where the step was lived, 0 where it is padding
	State0   *num.Tensor // [n][S] carried before the first step
	Weight   []float32   // [n] importance of a window; 1 unless a priority says otherwise
}

// Sample draws n windows of steps steps: slots uniformly, then starts uniformly among those from which as many steps are left; a
// sequence that is shorter is taken whole. Steps equal to the store's Steps gives whole sequences.
func (q *Sequences) Sample(s *rng.Stream, n, steps int, w *Windows) {
	w.At, w.Weight = grow(w.At, n), grow(w.Weight, n)
	for i := range w.At {
		slot := s.IntN(q.used)
		w.At[i] = Window{slot, s.IntN(max(int(q.length[slot])-steps, 0) + 1)}
		w.Weight[i] = 1
	}
	q.Gather(steps, w)
}

// Gather fills w with steps steps from each place of w.At on. A window that starts inside a sequence starts with an empty memory, for
// what was carried there is not stored: give it steps to warm up on, or start at 0.
func (q *Sequences) Gather(steps int, w *Windows) {
	n, o, a, s := len(w.At), q.obsWidth, q.actWidth, q.stateWidth
	w.Obs, w.Act, w.State0 = fit(w.Obs, "obs", steps+1, n, o), fit(w.Act, "act", steps, n, a), fit(w.State0, "state", n, s)
	w.Fresh, w.Action, w.Reward = grow(w.Fresh, (steps+1)*n), grow(w.Action, steps*n), grow(w.Reward, steps*n)
	w.Terminal, w.Cut, w.Mask = grow(w.Terminal, steps*n), grow(w.Cut, steps*n), grow(w.Mask, steps*n)
	for i, at := range w.At {
		q.column(w, i, n, steps, at)
	}
}

// column fills window i of n.
func (q *Sequences) column(w *Windows, i, n, steps int, at Window) {
	x, o, a := q.At(at.Slot), q.obsWidth, q.actWidth
	state := w.State0.Data[i*q.stateWidth : (i+1)*q.stateWidth]
	if copy(state, x.State); at.Start > 0 {
		clear(state)
	}
	for t := range steps + 1 {
		to, from, row := t*n+i, at.Start+t, w.Obs.Data[(t*n+i)*o:(t*n+i+1)*o]
		if from > x.Steps {
			clear(row)
			w.Fresh[to] = true // what an earlier step carried must not reach padding
		} else {
			copy(row, x.Obs[from*o:])
			w.Fresh[to] = x.Fresh[from]
		}
		if t == steps {
			return
		}
		act := w.Act.Data[to*a : (to+1)*a]
		if from >= x.Steps {
			clear(act)
			w.Action[to], w.Reward[to], w.Terminal[to], w.Cut[to], w.Mask[to] = 0, 0, true, false, 0
			continue
		}
		copy(act, x.Act[from*a:])
		w.Action[to], w.Reward[to], w.Terminal[to], w.Cut[to], w.Mask[to] = x.Action[from], x.Reward[from], x.Terminal[from], x.Cut[from], 1
	}
}

func (q *Sequences) head() string {
	return fmt.Sprintf("%d sequences of %d steps, %d observations, %d action numbers, %d carried", q.Cap(), q.steps, q.obsWidth, q.actWidth, q.stateWidth)
}

func (q *Sequences) parts(n int) []any {
	t, o, a := q.steps, q.obsWidth, q.actWidth
	return []any{
		q.length[:n], q.obs[:n*(t+1)*o], q.fresh[:n*(t+1)], q.action[:n*t], q.act[:n*t*a], q.reward[:n*t], q.terminal[:n*t], q.cut[:n*t],
		q.state[:n*q.stateWidth],
	}
}

// Snapshot implements lab.Snapshotter.
func (q *Sequences) Snapshot(w io.Writer) error {
	return keep(w, q.head(), []int{q.used, q.turn}, q.parts(q.used)...)
}

// Restore implements lab.Snapshotter, for a store made in the same way.
func (q *Sequences) Restore(in io.Reader) error {
	count := []int{0, 0}
	if err := restore(in, q.head(), count, func() []any { return q.parts(count[0]) }, q.Cap(), q.Cap()-1); err != nil {
		return err
	}
	q.used, q.turn = count[0], count[1]
	return nil
}
