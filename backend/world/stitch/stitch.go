// Package stitch holds StitchMaze, a maze for offline learning from histories after arXiv 2310.20663v1 (Hong, Dragan, Levine; ICLR 2024):
// two start corridors meet in a hub, and the way from one of them to the paying exit is in no trajectory of the data as a whole.
//
// The maze is ours, built on a summary of that paper.
package stitch

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// Name of the world in a notebook.
const Name = "stitch-maze"

// Knobs of StitchMaze.
type Knobs struct {
	Nuisance int     `json:"nuisance" doc:"random bits that every step shows: they make every history unique and change nothing else" symbol:"k" unit:"bits" default:"4" min:"0" max:"16" main:"true" group:"world"`
	StepCost float64 `json:"step_cost" doc:"cost of a step" default:"0.02" min:"0" max:"0.06" group:"world"`
	Trap     float64 `json:"trap" doc:"cost of the trap beside corridor A, which ends the episode" default:"0.5" min:"0" max:"1" group:"world"`
	Horizon  int     `json:"horizon" doc:"steps after which an episode ends" unit:"steps" default:"14" min:"10" max:"100" group:"world"`
}

// Kind describes the world to a notebook.
func Kind() schema.Kind {
	return schema.Kind{Name: Name, Doc: "Two corridors that meet in a hub with two exits: the good halves of poor trajectories must be put together.", New: func() any { return new(Knobs) }}
}

// The actions.
const (
	Forward int32 = iota
	Left
	Right
	Back
)

// The cells. A corridor has three, the slow loop beside corridor B three, an exit three.
const (
	CellA    int32 = 0
	CellB    int32 = 3
	CellLoop int32 = 6
	CellHub  int32 = 9
	CellL    int32 = 10
	CellR    int32 = 13
	Cells          = 16
)

// States is the number of true states: a cell with the hidden bit.
const States = 2 * Cells

// Start corridors.
const (
	StartA int32 = 0
	StartB int32 = 1
)

// run is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type run struct {
	Seed    uint64
	Episode uint64
	Cell    int32
	Start   int32
	Bit     int32 // 0: the left exit pays, 1: the right one
	Steps   int32
	Return  float32
	Last    ended
}

// ended is what Info tells of the episode that ended last.
type ended struct {
	Seed    uint64
	Steps   int32
	Return  float32
	Why     int32 // 0 none yet, 1 terminal, 2 horizon
	Start   int32
	Cell    int32 // last cell
	Bit     int32
	Success int32
	Trapped int32
}

// Maze is StitchMaze as a world.Tensor. A hidden bit says which exit pays; it is shown once, on the second cell of the corridor. The
// first cell shows the corridor's letter. Otherwise an observation tells the type of place only: corridor (the loop looks like one),
// hub, exit. Right on A's second cell is a trap, left on B's second cell a loop of three cells that leads to B's third.
type Maze struct {
	knobs  Knobs
	spec   world.Spec
	head   string
	seed   uint64
	runs   []run
	detail bool
}

// New makes a maze with batch environments. Wrong knobs are lab.Invalid.
func New(k Knobs, batch int) (*Maze, error) {
	switch {
	case k.Nuisance < 0 || k.Nuisance > 16:
		return nil, lab.Errorf(lab.Invalid, "%s: knob nuisance is %d, want 0 to 16", Name, k.Nuisance).WithHint("choose nuisance between 0 and 16")
	case k.Horizon < 10 || k.Horizon > 100:
		return nil, lab.Errorf(lab.Invalid, "%s: knob horizon is %d, want 10 to 100", Name, k.Horizon).WithHint("choose horizon between 10 and 100")
	case !(k.StepCost >= 0 && k.StepCost <= 0.06):
		return nil, lab.Errorf(lab.Invalid, "%s: knob step_cost is %v, want 0 to 0.06", Name, k.StepCost).WithHint("choose step_cost between 0 and 0.06")
	case !(k.Trap >= 0 && k.Trap <= 1):
		return nil, lab.Errorf(lab.Invalid, "%s: knob trap is %v, want 0 to 1", Name, k.Trap).WithHint("choose trap between 0 and 1")
	case batch < 1 || batch > 1<<16:
		return nil, lab.Errorf(lab.Invalid, "%s: batch is %d, want 1 to %d", Name, batch, 1<<16)
	}
	text, err := json.Marshal(k)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", Name, err)
	}
	m := &Maze{knobs: k, spec: spec(k), runs: make([]run, batch), head: fmt.Sprintf("%s %s batch %d", Name, text, batch)}
	m.Reset(0, make([]float32, batch*m.spec.Obs))
	return m, nil
}

// Places in the observation: type of place, letter of the corridor, cue, nuisance bits.
const (
	obsPlace  = 0
	obsLetter = 3
	obsCue    = 6
	obsBits   = 9
)

func spec(k Knobs) world.Spec {
	s := world.Spec{Name: Name, Obs: obsBits + k.Nuisance, Horizon: k.Horizon, Actions: []string{"forward", "left", "right", "back"},
		ObsNames: []string{"corridor", "hub", "exit", "letter A", "letter B", "no letter", "cue left", "cue right", "no cue"}}
	for i := range k.Nuisance {
		s.ObsNames = append(s.ObsNames, fmt.Sprintf("nuisance %d", i+1))
	}
	return s
}

// Spec describes the world.
func (m *Maze) Spec() world.Spec { return m.spec }

// Size is the number of environments.
func (m *Maze) Size() int { return len(m.runs) }

// Detail makes Info carry numbers.
func (m *Maze) Detail(on bool) { m.detail = on }

// Truth is the true state of environment b, 0 to States-1: cell and hidden bit.
func (m *Maze) Truth(b int) int { return int(m.runs[b].Cell)*2 + int(m.runs[b].Bit) }

// StartOf is the corridor in which the episode of environment b that ended last started, and whether it reached the paying exit.
func (m *Maze) StartOf(b int) (start int32, success bool) {
	return m.runs[b].Last.Start, m.runs[b].Last.Success == 1
}

// Reset starts episode 0 of every environment.
func (m *Maze) Reset(seed uint64, obs []float32) {
	m.check(len(m.runs), len(obs), len(m.runs), len(m.runs))
	m.seed = seed
	for b := range m.runs {
		m.runs[b] = run{}
		m.begin(&m.runs[b], world.EpisodeSeed(seed, b, 0))
		m.write(&m.runs[b], obs[b*m.spec.Obs:(b+1)*m.spec.Obs])
	}
}

func (m *Maze) begin(e *run, seed uint64) {
	e.Seed, e.Steps, e.Return = seed, 0, 0
	e.Start, e.Bit = int32(world.Pick(world.Draw(seed, 0), 2)), int32(world.Pick(world.Draw(seed, 1), 2))
	e.Cell = CellA + 3*e.Start
}

// stepDraws is where the nuisance bits of the steps begin.
const stepDraws = 1 << 20

func (m *Maze) write(e *run, obs []float32) {
	clear(obs)
	switch {
	case e.Cell == CellHub:
		obs[obsPlace+1] = 1
	case e.Cell > CellHub:
		obs[obsPlace+2] = 1
	default:
		obs[obsPlace] = 1
	}
	letter, cue := int32(2), int32(2)
	if e.Cell == CellA || e.Cell == CellB {
		letter = e.Start
	}
	if e.Cell == CellA+1 || e.Cell == CellB+1 {
		cue = e.Bit
	}
	obs[obsLetter+letter], obs[obsCue+cue] = 1, 1
	bits := world.Draw(e.Seed, stepDraws+uint64(e.Steps))
	for i := range m.knobs.Nuisance {
		obs[obsBits+i] = float32(bits >> i & 1)
	}
}

// How a step left the episode.
const (
	goesOn int32 = iota
	terminal
	horizon
)

// trapped stands for the trap among the cells.
const trapped int32 = -1

// beside returns the cell that an action leads to: the same one where there is no way.
func beside(cell, start, action int32) int32 {
	switch {
	case action == Forward:
		return ahead(cell)
	case action == Back:
		return behind(cell, start)
	case cell == CellA+1 && action == Right:
		return trapped
	case cell == CellB+1 && action == Left:
		return CellLoop
	case cell == CellHub && action == Left:
		return CellL
	case cell == CellHub && action == Right:
		return CellR
	}
	return cell
}

func ahead(cell int32) int32 {
	switch cell {
	case CellA + 2, CellB + 2:
		return CellHub
	case CellLoop + 2:
		return CellB + 2
	case CellHub, CellL + 2, CellR + 2:
		return cell
	}
	return cell + 1
}

func behind(cell, start int32) int32 {
	switch cell {
	case CellA, CellB:
		return cell
	case CellLoop:
		return CellB + 1
	case CellHub:
		return CellA + 3*start + 2
	case CellL, CellR:
		return CellHub
	}
	return cell - 1
}

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (m *Maze) Step(actions []int32, obs, reward []float32, done []bool) {
	m.check(len(actions), len(obs), len(reward), len(done))
	for b := range m.runs {
		e := &m.runs[b]
		if a := actions[b]; uint32(a) > uint32(Back) {
			panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", Name, a, b, Back))
		}
		r, why, out := m.play(e, actions[b])
		reward[b], done[b] = r, why != goesOn
		if why != goesOn {
			out.Why = why
			e.Last = out
			e.Episode++
			m.begin(e, world.EpisodeSeed(m.seed, b, e.Episode))
		}
		m.write(e, obs[b*m.spec.Obs:(b+1)*m.spec.Obs])
	}
}

// play moves one environment. The third cell of an exit ends the episode, as the trap does.
func (m *Maze) play(e *run, action int32) (r float32, why int32, out ended) {
	r = -float32(m.knobs.StepCost)
	e.Steps++
	to := beside(e.Cell, e.Start, action)
	switch to {
	case trapped:
		r -= float32(m.knobs.Trap)
		out.Trapped, why = 1, terminal
	case CellL + 2, CellR + 2:
		if why = terminal; (to == CellR+2) == (e.Bit == 1) {
			r++
			out.Success = 1
		}
		e.Cell = to
	default:
		e.Cell = to
		if int(e.Steps) >= m.knobs.Horizon {
			why = horizon
		}
	}
	e.Return += r
	out.Seed, out.Steps, out.Return, out.Start, out.Cell, out.Bit = e.Seed, e.Steps, e.Return, e.Start, e.Cell, e.Bit
	return r, why, out
}

// check panics on slices of the wrong size: a mistake of the caller, not of a user.
func (m *Maze) check(actions, obs, reward, done int) {
	size, width := len(m.runs), m.spec.Obs
	if actions != size || obs != size*width || reward != size || done != size {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			Name, actions, obs, reward, done, size, size*width, size, size))
	}
}

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (m *Maze) Info(b int) world.Info {
	l := &m.runs[b].Last
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Success: l.Success == 1, Why: [3]string{"", lab.EndTerminal, lab.EndHorizon}[l.Why]}
	if m.detail {
		in.Numbers = map[string]float64{"from_a": float64(1 - l.Start), "trapped": float64(l.Trapped)}
	}
	return in
}

// Replay makes the episode with that Info.Seed again, alone.
func (m *Maze) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := New(m.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.detail, one.seed = m.detail, seed
	one.begin(&one.runs[0], seed)
	if obs != nil {
		one.write(&one.runs[0], obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (m *Maze) Snapshot(w io.Writer) error { return world.WriteState(w, m.head, m.seed, m.runs) }

// Restore takes up a kept state of a world with the same knobs and size.
func (m *Maze) Restore(r io.Reader) error { return world.ReadState(r, m.head, &m.seed, m.runs) }
