package arcade

import (
	"fmt"
	"io"
	"math/bits"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Actions, the same in all games.
const (
	Up int32 = iota
	Down
	Left
	Right
	Stay
	actions int = iota
)

// The grid, and the planes of an observation: one bit for each cell in each.
const (
	side   = 6
	cells  = side * side
	planes = 4
	// Obs is the width of an observation: planes of cells, row by row from the top left.
	Obs = planes * cells
)

// all is a mask of every cell; cell i is bit i.
const all uint64 = 1<<cells - 1

// maxBatch bounds the memory that one world may take.
const maxBatch = 1 << 16

// rewards of the games, such that a perfect episode pays about 3 in each: no game outweighs another in a shared reward head.
const (
	perfect     = 3.0         // Collect: shared by its dots
	avoidReward = 0.1         // each step survived
	paddleCatch = 0.5         // each ball caught; six in an episode
	pushNearer  = float32(.5) // each cell that the box comes nearer to the target; taken back when it goes away
	pushArrived = float32(2)
)

// play is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type play struct {
	Seed    uint64 // of this episode
	Episode uint64 // k
	Things  uint64 // cells of the dot, stones, the ball or the box
	Marks   uint64 // cells of walls, the ball's trail or the target
	Draws   uint64 // of this episode's chance so far
	Self    int32  // cell of the player
	Dir     int32  // columns that the ball moves in a step: -1 or 1
	Taken   int32  // dots so far
	Step    int32
	Return  float32
	Clock   int32 // of the stones
	Last    ended
}

// ended is what Info tells of the episode that ended last.
type ended struct {
	Seed    uint64
	Steps   int32
	Return  float32
	Success uint8
	Over    uint8 // 1 where the game said so, 0 where time ran out
	Padding [6]uint8
}

// World is one game: a world.Tensor.
//
// The observation has four planes of 6 x 6 bits. Which plane shows what differs from game to game (plane). Actions are up, down, left,
// right and stay; in Avoid and Paddle only left and right move. Success is that all dots were taken, that no stone hit, that no ball was
// missed, that the box arrived.
type World struct {
	knobs  Knobs
	spec   world.Spec
	head   string
	seed   uint64
	plays  []play
	detail bool
}

// New makes a game with batch environments. Wrong knobs are lab.Invalid.
func New(k Knobs, batch int) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if batch < 1 || batch > maxBatch {
		return nil, lab.Errorf(lab.Invalid, "arcade: batch is %d, want 1 to %d", batch, maxBatch).WithHint("choose a batch from 1 to %d", maxBatch)
	}
	w := &World{knobs: k, spec: spec(k), plays: make([]play, batch), head: fmt.Sprintf("arcade %s level %d batch %d", k.Game, k.Level, batch)}
	w.Reset(0, make([]float32, batch*Obs))
	return w, nil
}

func spec(k Knobs) world.Spec {
	s := world.Spec{Name: "arcade " + k.Game, Obs: Obs, Actions: []string{"up", "down", "left", "right", "stay"}, Horizon: Horizon}
	for p := range planes {
		for c := range cells {
			s.ObsNames = append(s.ObsNames, fmt.Sprintf("%s at row %d, column %d", meaning(k.Game, p), c/side+1, c%side+1))
		}
	}
	return s
}

// roles of the planes.
const (
	selfRole = iota
	thingRole
	markRole
	noRole
)

// plane is the plane of a role in a game. No two games agree on any of them; the levels of Collect do.
func plane(game string, role int) int {
	switch game {
	case Avoid:
		return [planes]int{3, 0, 1, 2}[role]
	case Paddle:
		return [planes]int{2, 3, 0, 1}[role]
	case Push:
		return [planes]int{1, 2, 3, 0}[role]
	}
	return [planes]int{0, 1, 2, 3}[role]
}

// meaning puts plane p of a game into a word.
func meaning(game string, p int) string {
	names := map[string][planes]string{
		Collect: {"player", "dot", "wall", "nothing"}, Avoid: {"player", "stone", "nothing", "nothing"},
		Paddle: {"paddle", "ball", "trail", "nothing"}, Push: {"player", "box", "target", "nothing"},
	}[game]
	for role, name := range names {
		if plane(game, role) == p {
			return name
		}
	}
	return ""
}

// Knobs returns the knobs.
func (w *World) Knobs() Knobs { return w.knobs }

// Spec describes the world.
func (w *World) Spec() world.Spec { return w.spec }

// Size is the number of environments.
func (w *World) Size() int { return len(w.plays) }

// Detail makes Info carry numbers.
func (w *World) Detail(on bool) { w.detail = on }

// Reset starts episode 0 of every environment.
func (w *World) Reset(seed uint64, obs []float32) {
	w.check(len(w.plays), len(obs), len(w.plays), len(w.plays))
	w.seed = seed
	for b := range w.plays {
		w.plays[b] = play{}
		w.begin(&w.plays[b], world.EpisodeSeed(seed, b, 0))
		w.write(b, obs)
	}
}

// check panics on slices of the wrong size: a mistake of the caller, not of a user.
func (w *World) check(acts, obs, reward, done int) {
	if n := len(w.plays); acts != n || obs != n*Obs || reward != n || done != n {
		panic(fmt.Sprintf("arcade: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			acts, obs, reward, done, n, n*Obs, n, n))
	}
}

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (w *World) Step(acts []int32, obs, reward []float32, done []bool) {
	w.check(len(acts), len(obs), len(reward), len(done))
	for b := range w.plays {
		e := &w.plays[b]
		if a := acts[b]; uint32(a) >= uint32(actions) {
			panic(fmt.Sprintf("arcade: action %d of environment %d is out of range, want 0 to %d", a, b, actions-1))
		}
		e.Step++
		r, over, won := w.move(e, acts[b])
		reward[b] = r
		e.Return += r
		if done[b] = over || e.Step == Horizon; done[b] {
			w.end(e, b, over, won)
		}
		w.write(b, obs)
	}
}

func (w *World) end(e *play, b int, over, won bool) {
	e.Last = ended{Seed: e.Seed, Steps: e.Step, Return: e.Return}
	if over {
		e.Last.Over = 1
	}
	if won {
		e.Last.Success = 1
	}
	e.Episode++
	w.begin(e, world.EpisodeSeed(w.seed, b, e.Episode))
}

// write shows environment b.
func (w *World) write(b int, obs []float32) {
	e, row := &w.plays[b], obs[b*Obs:(b+1)*Obs]
	clear(row)
	row[plane(w.knobs.Game, selfRole)*cells+int(e.Self)] = 1
	set(row[plane(w.knobs.Game, thingRole)*cells:], e.Things)
	set(row[plane(w.knobs.Game, markRole)*cells:], e.Marks)
}

func set(row []float32, mask uint64) {
	for ; mask != 0; mask &= mask - 1 {
		row[bits.TrailingZeros64(mask)] = 1
	}
}

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (w *World) Info(b int) world.Info {
	l := &w.plays[b].Last
	if l.Steps == 0 {
		return world.Info{}
	}
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Success: l.Success == 1, Why: lab.EndHorizon}
	if l.Over == 1 {
		in.Why = lab.EndTerminal
	}
	if w.detail {
		in.Numbers = map[string]float64{"score": float64(l.Return), "steps": float64(l.Steps)}
	}
	return in
}

// Over tells whether the game itself ended the episode that ended last in environment b, rather than the horizon.
func (w *World) Over(b int) bool { return w.plays[b].Last.Over == 1 }

// Replay makes the episode with that Info.Seed again, alone.
func (w *World) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := New(w.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.detail, one.seed = w.detail, seed
	one.plays[0] = play{}
	one.begin(&one.plays[0], seed)
	if obs != nil {
		one.write(0, obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (w *World) Snapshot(out io.Writer) error { return world.WriteState(out, w.head, w.seed, w.plays) }

// Restore takes up a kept state of a world with the same knobs and size.
func (w *World) Restore(in io.Reader) error { return world.ReadState(in, w.head, &w.seed, w.plays) }
