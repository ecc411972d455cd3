package tmaze

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/frame"
)

// Places in the observation [4 + Nuisance]: one for each cue, the corridor, the junction, then the nuisance bits.
const (
	obsCue      = 0
	obsCorridor = 2
	obsJunction = 3
	obsNuisance = 4
)

const (
	cues        = 2
	maxNuisance = 16
)

// names of the cues, and of the turns that they ask for.
func names() []string { return []string{"up", "down"} }

// run is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type run struct {
	Seed     uint64 // of this episode
	Episode  uint64 // k
	Position int32  // steps from the cue
	Cue      int32
	Last     ended
}

// ended is what Info tells of the episode that ended last.
type ended struct {
	Seed  uint64
	Steps int32
	Right int32 // 1 for the right turn
	Cue   int32
	Ended int32 // 0 before the first end
}

// Maze is the passive T-Maze: a world.Tensor.
//
// An episode has Corridor+1 steps. Step 0 shows the cue, steps 1 to Corridor-1 the corridor, step Corridor the junction; at every step
// Nuisance bits are drawn evenly. Motion is forced: what is chosen before the junction does nothing and pays 0. At the junction the
// turn with the cue's name pays +1, the other -1, and the episode ends. With Corridor 1 the junction follows the cue at once.
type Maze struct {
	frame.Batch[run]
	knobs Knobs
}

// New makes a passive T-Maze with batch environments. Wrong knobs are lab.Invalid.
func New(k Knobs, batch int) (*Maze, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	runs, err := frame.New[run](Name, spec(k), k, batch)
	if err != nil {
		return nil, err
	}
	m := &Maze{runs, k}
	m.Reset(0, make([]float32, batch*m.Width()))
	return m, nil
}

func spec(k Knobs) world.Spec {
	s := world.Spec{Name: Name, Obs: obsNuisance + k.Nuisance, Actions: names(), Horizon: k.Corridor + 1,
		ObsNames: []string{"cue up", "cue down", "corridor", "junction"}}
	for i := range k.Nuisance {
		s.ObsNames = append(s.ObsNames, fmt.Sprintf("nuisance %d", i+1))
	}
	return s
}

// Knobs returns the knobs.
func (m *Maze) Knobs() Knobs { return m.knobs }

// Cue is the hidden cue of the present episode of environment b, 0 or 1: the turn that is right.
func (m *Maze) Cue(b int) int { return int(m.Envs[b].Cue) }

// Position is how many steps environment b is from its cue; the junction is at Corridor.
func (m *Maze) Position(b int) int { return int(m.Envs[b].Position) }

// Reset starts episode 0 of every environment.
func (m *Maze) Reset(seed uint64, obs []float32) { m.Begin(seed, obs, m.begin, m.write) }

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (m *Maze) Step(actions []int32, obs, reward []float32, done []bool) {
	m.Check(len(actions), len(obs), len(reward), len(done))
	for b := range m.Envs {
		e, action := &m.Envs[b], m.Action(actions, b)
		reward[b], done[b] = 0, int(e.Position) == m.knobs.Corridor
		if done[b] {
			reward[b] = m.turn(e, b, action)
		} else {
			e.Position++
		}
		m.write(b, obs)
	}
}

// turn pays the one decision and starts the next episode.
func (m *Maze) turn(e *run, b int, action int32) float32 {
	right := int32(0)
	if action == e.Cue {
		right = 1
	}
	e.Last = ended{Seed: e.Seed, Steps: e.Position + 1, Right: right, Cue: e.Cue, Ended: 1}
	e.Episode++
	m.begin(e, world.EpisodeSeed(m.Seed, b, e.Episode))
	return float32(2*right - 1)
}

func (m *Maze) begin(e *run, seed uint64) {
	e.Seed, e.Position = seed, 0
	e.Cue = int32(world.Pick(world.Draw(seed, 0), cues))
}

// bits of the nuisance at the present step: draw 1 + position of the episode.
func (m *Maze) bits(e *run) uint64 { return world.Draw(e.Seed, 1+uint64(e.Position)) }

func (m *Maze) write(b int, obs []float32) {
	e, row := &m.Envs[b], m.Row(obs, b)
	row[m.place(e)] = 1
	bits := m.bits(e)
	for i := range m.knobs.Nuisance {
		row[obsNuisance+i] = float32(bits >> i & 1)
	}
}

// place is which of the first four numbers of the observation is 1.
func (m *Maze) place(e *run) int {
	switch int(e.Position) {
	case 0:
		return obsCue + int(e.Cue)
	case m.knobs.Corridor:
		return obsJunction
	}
	return obsCorridor
}

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (m *Maze) Info(b int) world.Info {
	l := &m.Envs[b].Last
	if l.Ended == 0 {
		return world.Info{}
	}
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: float32(2*l.Right - 1), Success: l.Right == 1, Why: lab.EndTerminal}
	if m.Detailed {
		in.Numbers = map[string]float64{"cue": float64(l.Cue)}
	}
	return in
}

// Replay makes the episode with that Info.Seed again, alone.
func (m *Maze) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := New(m.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.Detailed, one.Seed = m.Detailed, seed
	one.begin(&one.Envs[0], seed)
	if obs != nil {
		one.write(0, obs)
	}
	return one, nil
}
