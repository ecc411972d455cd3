package replay

import (
	"fmt"
	"io"
)

// Recorder cuts the play of B environments into sequences of T steps of which each starts Stride steps after the one before, so that
// neighbours share T-Stride steps. With Whole it gives one sequence for each episode instead, of at most T steps: what a longer one
// does after that is not recorded. What it hands to Emit is valid during the call.
type Recorder struct {
	Steps, Stride int
	Whole         bool
	Emit          func(env int, q *Sequence)

	b, o, a, s int
	envs       []recording
}

// recording is the steps of one environment that are not emitted yet.
type recording struct {
	Sequence
	states []float32 // [T][S] before each step
	over   bool      // with Whole: the episode is longer than T, the rest of it is dropped
}

// NewRecorder returns a recorder of b environments with widths as in NewSequences.
func NewRecorder(b, steps, stride, obs, acts, state int, whole bool, emit func(env int, q *Sequence)) *Recorder {
	if stride < 1 || stride > steps {
		panic(fmt.Sprintf("replay: sequences of %d steps every %d steps: want a stride from 1 to their length", steps, stride))
	}
	r := &Recorder{Steps: steps, Stride: stride, Whole: whole, Emit: emit, b: b, o: obs, a: acts, s: state, envs: make([]recording, b)}
	for i := range r.envs {
		r.envs[i] = recording{Sequence: Sequence{
			Obs: make([]float32, (steps+1)*obs), Fresh: make([]bool, steps+1), Action: make([]int32, steps), Act: make([]float32, steps*acts),
			Reward: make([]float32, steps), Terminal: make([]bool, steps), Cut: make([]bool, steps), State: make([]float32, state),
		}, states: make([]float32, steps*state)}
	}
	return r
}

// Step tells what environment b did: the observation obs [O] that it acted on and whether that was the first of an episode, the state
// [S] of the memory before it saw it, and what followed. Next [O] is the observation that stands there after the step: the first of the
// next episode where one ended, or, with Whole, the last of the old one where the world tells it.
func (r *Recorder) Step(b int, obs []float32, fresh bool, state []float32, action int32, act []float32, reward float32, terminal, cut bool, next []float32) {
	e := &r.envs[b]
	if e.over {
		e.over = !terminal && !cut
		return
	}
	t := e.Steps
	copy(e.Obs[t*r.o:(t+1)*r.o], obs)
	copy(e.Obs[(t+1)*r.o:(t+2)*r.o], next)
	copy(e.states[t*r.s:(t+1)*r.s], state)
	copy(e.Act[t*r.a:(t+1)*r.a], act)
	e.Fresh[t], e.Fresh[t+1] = fresh, (terminal || cut) && !r.Whole
	e.Action[t], e.Reward[t], e.Terminal[t], e.Cut[t] = action, reward, terminal, cut
	if fresh {
		clear(e.states[t*r.s : (t+1)*r.s]) // a memory is empty where an episode starts, whatever the step before left there
	}
	e.Steps++
	ended := terminal || cut
	if e.Steps == r.Steps || r.Whole && ended {
		r.emit(b, e)
		e.over = r.Whole && !ended
	}
}

// emit hands a sequence over and moves what the next one shares with it to the front.
func (r *Recorder) emit(b int, e *recording) {
	copy(e.State, e.states)
	r.Emit(b, &e.Sequence)
	if r.Whole {
		e.Steps = 0
		return
	}
	d := r.Stride
	copy(e.Obs, e.Obs[d*r.o:])
	copy(e.Fresh, e.Fresh[d:])
	copy(e.Action, e.Action[d:])
	copy(e.Act, e.Act[d*r.a:])
	copy(e.Reward, e.Reward[d:])
	copy(e.Terminal, e.Terminal[d:])
	copy(e.Cut, e.Cut[d:])
	copy(e.states, e.states[d*r.s:])
	e.Steps -= d
}

func (r *Recorder) head() string {
	return fmt.Sprintf("recorder of %d environments, %d steps every %d, %d observations, %d action numbers, %d carried", r.b, r.Steps, r.Stride, r.o, r.a, r.s)
}

func (r *Recorder) parts() []any {
	var parts []any
	for i := range r.envs {
		e := &r.envs[i]
		parts = append(parts, e.Obs, e.Fresh, e.Action, e.Act, e.Reward, e.Terminal, e.Cut, e.states)
	}
	return parts
}

// Snapshot implements lab.Snapshotter: the steps that are not emitted yet.
func (r *Recorder) Snapshot(w io.Writer) error {
	count := make([]int, 2*r.b)
	for i := range r.envs {
		count[i] = r.envs[i].Steps
		if r.envs[i].over {
			count[r.b+i] = 1
		}
	}
	return keep(w, r.head(), count, r.parts()...)
}

// Restore implements lab.Snapshotter, for a recorder made in the same way.
func (r *Recorder) Restore(in io.Reader) error {
	count, limits := make([]int, 2*r.b), make([]int, 2*r.b)
	for i := range r.b {
		limits[i], limits[r.b+i] = r.Steps-1, 1
	}
	if err := restore(in, r.head(), count, r.parts, limits...); err != nil {
		return err
	}
	for i := range r.envs {
		r.envs[i].Steps, r.envs[i].over = count[i], count[r.b+i] == 1
	}
	return nil
}
