// Package popgym holds the tasks of POPGym (Morad, Kortvelesy, Bettini, Liwicki and Prorok, ICLR 2023, arXiv 2303.01859), the public
// benchmark of memory under partial observation, in their three difficulties: the same observations, rewards and ends as version 1.0.6
// of the package of that name. docs/popgym.md lists them with their sizes and says how equality is shown.
//
// Observations are flattened as Gymnasium flattens spaces: one-hot for Discrete, one one-hot after the other for MultiDiscrete, the
// numbers themselves for Box. A MultiDiscrete action is one index, row by row. Rewards are scaled by the tasks themselves so that the
// return of an episode lies in [-1, 1] (where a task leaves it, its comment says so).
package popgym

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// How an episode stands after a step: bits, since one step may end it both ways.
const (
	terminal uint8 = 1 << iota // the task ended it
	horizon                    // its time is up
)

// game is the task itself for a batch of B environments. A step only moves: World counts, ends episodes and begins the next.
type game interface {
	// begin deals the episode with that seed in environment b.
	begin(b int, seed uint64)
	// step plays actions [B] and writes observations, reward [B] and why [B], 0 where the episode goes on.
	step(actions []int32, out rows, reward []float32, why []uint8)
	// write writes the observation of environment b as it stands.
	write(b int, row []float32)
	// outcome tells of an episode that just ended: whether it succeeded, and what shape.numbers names.
	outcome(b int) (success bool, numbers [maxNumbers]float64)
	// reference makes a policy that acts in one environment at a time, or nil where the name is unknown.
	reference(name string, seed uint64) act
	scene(b int) lab.Scene
	saw(b int) string
	// parts are the slices of fixed-size values that hold the whole state.
	parts() []any
}

// act chooses an action in environment b from the task's own observation; fresh marks the first of an episode.
type act func(b int, row []float32, fresh bool) int32

// rows are the observations of a batch: row b begins at b*stride and has width numbers of the task.
type rows struct {
	obs           []float32
	stride, width int
}

func (r rows) of(b int) []float32 { return r.obs[b*r.stride : b*r.stride+r.width] }

// episode is what World keeps of one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type episode struct {
	Seed   uint64
	Number uint64 // k
	Return float64
	Steps  int32
	Last   ended
}

// ended is what Info tells of the episode that ended last.
type ended struct {
	Seed    uint64
	Return  float64
	Steps   int32
	Why     uint8
	Success bool
	Numbers [maxNumbers]float64
}

// World is one task of POPGym: a world.Tensor.
type World struct {
	knobs  Knobs
	shape  shape
	spec   world.Spec
	head   string // names world, knobs and size in a kept state
	seed   uint64
	game   game
	eps    []episode
	why    []uint8   // [B] of the last step
	final  []float32 // [B][Obs] last observation of the episode that ended last
	detail bool
}

// New makes the task that the knobs name with batch environments. Wrong knobs are lab.Invalid.
func New(k Knobs, batch int) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if batch < 1 || batch > maxBatch {
		return nil, lab.Errorf(lab.Invalid, "popgym: batch is %d, want 1 to %d", batch, maxBatch).WithHint("choose batch between 1 and %d", maxBatch)
	}
	text, err := json.Marshal(k)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "popgym: knobs cannot be written: %w", err)
	}
	g, s := newGame(k, batch)
	w := &World{knobs: k, shape: s, spec: s.spec(k), game: g, eps: make([]episode, batch), why: make([]uint8, batch)}
	w.head = fmt.Sprintf("popgym %s batch %d", text, batch)
	w.final = make([]float32, batch*w.spec.Obs)
	w.Reset(0, make([]float32, batch*w.spec.Obs))
	clear(w.final)
	return w, nil
}

// maxBatch bounds the memory that one world may take.
const maxBatch = 1 << 14

// Knobs returns the knobs.
func (w *World) Knobs() Knobs { return w.knobs }

// Spec describes the task.
func (w *World) Spec() world.Spec { return w.spec }

// Size is the number of environments.
func (w *World) Size() int { return len(w.eps) }

// Detail makes Info carry numbers.
func (w *World) Detail(on bool) { w.detail = on }

// Final returns the last observation [Obs] of the episode that ended last in environment b. It is valid until that environment ends
// another.
func (w *World) Final(b int) []float32 { return w.final[b*w.spec.Obs : (b+1)*w.spec.Obs] }

// Ended tells how the last step left the episode of environment b: by the task itself, by the end of its time, or both.
func (w *World) Ended(b int) (terminated, truncated bool) {
	return w.why[b]&terminal != 0, w.why[b]&horizon != 0
}

// Reset starts episode 0 of every environment.
func (w *World) Reset(seed uint64, obs []float32) {
	w.check(len(w.eps), len(obs), len(w.eps), len(w.eps))
	w.seed = seed
	clear(w.why)
	for b := range w.eps {
		w.eps[b] = episode{}
		w.begin(b, world.EpisodeSeed(seed, b, 0), obs[b*w.spec.Obs:(b+1)*w.spec.Obs])
	}
}

// begin starts the episode with that seed and writes its first observation.
func (w *World) begin(b int, seed uint64, row []float32) {
	e := &w.eps[b]
	e.Seed, e.Steps, e.Return = seed, 0, 0
	w.game.begin(b, seed)
	w.game.write(b, row[:w.shape.width()])
	if w.knobs.PreviousAction {
		w.shape.remember(row[w.shape.width():], 0, true)
	}
}

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (w *World) Step(actions []int32, obs, reward []float32, done []bool) {
	w.check(len(actions), len(obs), len(reward), len(done))
	for b, a := range actions {
		if uint32(a) >= uint32(len(w.spec.Actions)) {
			panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", w.spec.Name, a, b, len(w.spec.Actions)-1))
		}
	}
	width := w.spec.Obs
	w.game.step(actions, rows{obs, width, w.shape.width()}, reward, w.why)
	if w.knobs.PreviousAction {
		for b, a := range actions {
			w.shape.remember(obs[b*width+w.shape.width():(b+1)*width], a, false)
		}
	}
	w.count(obs, reward, done)
}

// count adds up the episodes after a step and begins the next one where one ended.
func (w *World) count(obs, reward []float32, done []bool) {
	eps, whys := w.eps, w.why[:len(w.eps)]
	reward, done = reward[:len(eps)], done[:len(eps)]
	for b := range eps {
		e, why := &eps[b], whys[b]
		e.Steps++
		e.Return += float64(reward[b])
		if done[b] = why != 0; why != 0 {
			row := obs[b*w.spec.Obs : (b+1)*w.spec.Obs]
			copy(w.Final(b), row)
			w.end(b, why, row)
		}
	}
}

// end keeps what Info will tell and starts the next episode of environment b.
func (w *World) end(b int, why uint8, row []float32) {
	e := &w.eps[b]
	e.Last = ended{Seed: e.Seed, Return: e.Return, Steps: e.Steps, Why: why}
	e.Last.Success, e.Last.Numbers = w.game.outcome(b)
	e.Number++
	w.begin(b, world.EpisodeSeed(w.seed, b, e.Number), row)
}

// check panics on slices of the wrong size: a mistake of the caller, not of a user.
func (w *World) check(actions, obs, reward, done int) {
	if size := len(w.eps); actions != size || obs != size*w.spec.Obs || reward != size || done != size {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			w.spec.Name, actions, obs, reward, done, size, size*w.spec.Obs, size, size))
	}
}

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (w *World) Info(b int) world.Info {
	l := &w.eps[b].Last
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: float32(l.Return), Success: l.Success, Why: reason(l.Why)}
	if w.detail {
		in.Numbers = map[string]float64{}
		for i, name := range w.shape.numbers {
			in.Numbers[name] = l.Numbers[i]
		}
	}
	return in
}

func reason(why uint8) string {
	switch {
	case why&terminal != 0:
		return lab.EndTerminal
	case why&horizon != 0:
		return lab.EndHorizon
	}
	return ""
}

// Scene draws environment b as it stands.
func (w *World) Scene(b int) lab.Scene { return w.game.scene(b) }

// Saw puts what the agent of environment b sees into words, and nothing else.
func (w *World) Saw(b int) string { return w.game.saw(b) }

// Replay makes the episode with that Info.Seed again, alone.
func (w *World) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := New(w.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.detail, one.seed = w.detail, seed
	if obs == nil {
		obs = make([]float32, one.spec.Obs)
	}
	one.begin(0, seed, obs)
	return one, nil
}

// Snapshot keeps every environment exactly.
func (w *World) Snapshot(out io.Writer) error { return world.WriteState(out, w.head, w.state()...) }

// Restore takes up a kept state of a world with the same knobs and size.
func (w *World) Restore(in io.Reader) error { return world.ReadState(in, w.head, w.state()...) }

func (w *World) state() []any {
	return append([]any{&w.seed, w.eps, w.why, w.final}, w.game.parts()...)
}
