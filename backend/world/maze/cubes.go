package maze

import (
	"encoding/json"
	"fmt"
	"io"
	"math/bits"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// maxCubes is the number of colours.
const maxCubes = 6

// colours names the cubes; the first letters differ, so that a letter can stand for a colour.
func colours() [maxCubes]string {
	return [maxCubes]string{"red", "green", "blue", "yellow", "violet", "orange"}
}

// Actions of Color-Cubes.
const (
	GoUp int32 = iota
	GoDown
	GoLeft
	GoRight
	Take
	cubesActions int = iota
)

// Shown is how much of the map an observation holds.
type Shown int32

const (
	MapHidden     Shown = iota
	MapColoured         // where every cube is
	MapColourless       // where cubes are, not which
)

// CubesOutcome counts what happened in one episode of Color-Cubes.
type CubesOutcome struct {
	Targets   int32 // reached
	Teleports int32 // of cubes that were not the target
	Looks     int32 // steps in which the map was shown
	WrongTake int32 // 0 or 1: a wrong take ends the episode
	StaleTake int32 // 0 or 1: the wrong take was where the target's cube had stood before it last moved
}

// CubesProbe is the hidden state as it stands before the next action. Cells count row by row from the top left.
type CubesProbe struct {
	Agent  int
	Target int           // colour
	Cubes  [maxCubes]int // cell of each colour, -1 beyond the last cube
	Shown  Shown
}

// board is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type board struct {
	Seed    uint64 // of this episode
	Episode uint64 // k
	Agent   int32  // cell
	Target  int32  // colour
	Shown   int32
	Steps   int32
	Cubes   [maxCubes]int32 // cell of each colour
	Left    [maxCubes]int32 // cell that it left last, -1 before it moved
	Return  float32
	Out     CubesOutcome
	Last    boardEnded
}

// boardEnded is what Info tells of the episode that ended last.
type boardEnded struct {
	Seed   uint64
	Steps  int32
	Return float32
	Why    int32 // 0 none yet, 1 terminal, 2 horizon
	Out    CubesOutcome
}

// Cubes is Color-Cubes: a world.Tensor.
//
// Cubes of different colours stand on a grid; the agent must go to the cube of the target colour and take it, Targets times. It sees
// its own cell and the target colour always (inference), the map only at moments: in colours at the start, and after every event
// (a target was reached, a cube teleported) as an update: in colours at level medium, without colours at level extreme. When a
// target is reached its cube teleports and a new target colour is drawn, any of the Cubes (inference). After a move, with probability
// Teleport, one cube other than the target teleports (inference: one, evenly chosen). A cube lands on a cell without cube and agent.
//
// Inferences that make memory necessary:
//   - Reaching a target is the action take on its cell; a take elsewhere ends the episode, as a wrong turn ends the Endless T-Maze.
//     Were it enough to step on the cell, a sweep over the grid would reach it without any memory.
//   - A step in which the map is shown is a look: its action does nothing, and nothing teleports. Else an agent without memory could
//     keep a cue in the way it moved. So no memory-free agent takes a target with more than 1 in G*G-1.
//   - Level extreme shows colours once, at the start of the episode; the start of a later phase is an update like any other. Exactly
//     one cube moves in an event, so the one whose old cell is empty is the one that moved: an agent that remembers the map before
//     never has to guess.
//
// Reward +1 for a target, -StepCost for every other step (inference). Horizon 4*G steps for each target: the farthest target needs a
// look, 2(G-1) moves with a look after each at most, and the take, 4G-2 in all.
type Cubes struct {
	knobs  CubesKnobs
	spec   world.Spec
	head   string // names world, knobs and size in a kept state
	seed   uint64
	boards []board
	cost   float32
	detail bool
}

// NewCubes makes Color-Cubes with batch environments. Wrong knobs are lab.Invalid.
func NewCubes(k CubesKnobs, batch int) (*Cubes, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if err := checkBatch(ColorCubes, batch); err != nil {
		return nil, err
	}
	text, err := json.Marshal(k)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", ColorCubes, err)
	}
	c := &Cubes{knobs: k, spec: cubesSpec(k), boards: make([]board, batch), cost: float32(k.StepCost)}
	c.head = fmt.Sprintf("%s %s batch %d", ColorCubes, text, batch)
	c.Reset(0, make([]float32, batch*c.spec.Obs))
	return c, nil
}

// The observation: own row [G], own column [G], target colour [N], what is shown [2, or 3 at level extreme], then a plane [G*G] for
// each colour, and at level extreme one for cubes of hidden colour.
func cubesSpec(k CubesKnobs) world.Spec {
	s := world.Spec{Name: ColorCubes, Actions: []string{"up", "down", "left", "right", "take"}, Horizon: 4 * k.Grid * k.Targets}
	for _, axis := range []string{"row", "column"} {
		for i := range k.Grid {
			s.ObsNames = append(s.ObsNames, fmt.Sprintf("%s %d", axis, i+1))
		}
	}
	names := colours()
	planes := append([]string(nil), names[:k.Cubes]...)
	for _, c := range planes {
		s.ObsNames = append(s.ObsNames, "target "+c)
	}
	s.ObsNames = append(s.ObsNames, "map hidden", "map in colours")
	if k.Level == Extreme {
		s.ObsNames, planes = append(s.ObsNames, "map without colours"), append(planes, "a cube")
	}
	for _, p := range planes {
		for cell := range k.Grid * k.Grid {
			s.ObsNames = append(s.ObsNames, fmt.Sprintf("%s at row %d, column %d", p, cell/k.Grid+1, cell%k.Grid+1))
		}
	}
	s.Obs = len(s.ObsNames)
	return s
}

// Knobs returns the knobs.
func (c *Cubes) Knobs() CubesKnobs { return c.knobs }

// Spec describes the world.
func (c *Cubes) Spec() world.Spec { return c.spec }

// Size is the number of environments.
func (c *Cubes) Size() int { return len(c.boards) }

// Detail makes Info carry the CubesOutcome as numbers.
func (c *Cubes) Detail(on bool) { c.detail = on }

// Outcome returns the counts of the episode that ended last in environment b, without allocating.
func (c *Cubes) Outcome(b int) CubesOutcome { return c.boards[b].Last.Out }

// Probe returns the hidden state of environment b.
func (c *Cubes) Probe(b int) CubesProbe {
	e := &c.boards[b]
	p := CubesProbe{Agent: int(e.Agent), Target: int(e.Target), Shown: Shown(e.Shown)}
	for i := range p.Cubes {
		if p.Cubes[i] = -1; i < c.knobs.Cubes {
			p.Cubes[i] = int(e.Cubes[i])
		}
	}
	return p
}

// Reset starts episode 0 of every environment.
func (c *Cubes) Reset(seed uint64, obs []float32) {
	checkStep(ColorCubes, len(c.boards), c.spec.Obs, len(c.boards), len(obs), len(c.boards), len(c.boards))
	c.seed = seed
	for b := range c.boards {
		c.boards[b] = board{}
		c.begin(&c.boards[b], world.EpisodeSeed(seed, b, 0))
		c.write(&c.boards[b], obs[b*c.spec.Obs:(b+1)*c.spec.Obs])
	}
}

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (c *Cubes) Step(actions []int32, obs, reward []float32, done []bool) {
	w := c.spec.Obs
	checkStep(ColorCubes, len(c.boards), w, len(actions), len(obs), len(reward), len(done))
	for b := range c.boards {
		e := &c.boards[b]
		if a := actions[b]; uint32(a) >= uint32(cubesActions) {
			badAction(ColorCubes, b, a, cubesActions)
		}
		r, why := c.play(e, actions[b])
		reward[b], done[b] = r, why != goesOn
		if why != goesOn {
			c.end(e, b, why)
		}
		c.write(e, obs[b*w:(b+1)*w])
	}
}

// play moves one environment and returns the reward and how the episode stands.
func (c *Cubes) play(e *board, action int32) (float32, int32) {
	e.Steps++
	r, why := -c.cost, goesOn
	switch {
	case Shown(e.Shown) != MapHidden: // a look
		e.Shown = int32(MapHidden)
	case action == Take:
		r, why = c.take(e)
	default:
		c.move(e, action)
		c.disturb(e)
	}
	e.Return += r
	if why == goesOn && int(e.Steps) >= c.spec.Horizon {
		why = horizon
	}
	return r, why
}

// take ends the episode or the phase.
func (c *Cubes) take(e *board) (float32, int32) {
	if e.Cubes[e.Target] != e.Agent {
		e.Out.WrongTake = 1
		if e.Left[e.Target] == e.Agent {
			e.Out.StaleTake = 1
		}
		return -c.cost, terminal
	}
	if e.Out.Targets++; int(e.Out.Targets) == c.knobs.Targets {
		return 1, terminal
	}
	c.teleport(e, e.Target, world.Draw(e.Seed, stepDraw(e, 3)))
	e.Target = c.targetOf(e)
	c.update(e)
	return 1, goesOn
}

// move goes one cell, or nowhere at the edge. A cube is no obstacle.
func (c *Cubes) move(e *board, action int32) {
	g := int32(c.knobs.Grid)
	switch row, column := e.Agent/g, e.Agent%g; {
	case action == GoUp && row > 0:
		e.Agent -= g
	case action == GoDown && row < g-1:
		e.Agent += g
	case action == GoLeft && column > 0:
		e.Agent--
	case action == GoRight && column < g-1:
		e.Agent++
	}
}

// disturb teleports, with probability Teleport, one cube that is not the target.
func (c *Cubes) disturb(e *board) {
	if c.knobs.Cubes < 2 || world.Unit(world.Draw(e.Seed, stepDraw(e, 0))) >= c.knobs.Teleport {
		return
	}
	cube := int32(world.Pick(world.Draw(e.Seed, stepDraw(e, 1)), c.knobs.Cubes-1))
	if cube >= e.Target {
		cube++
	}
	c.teleport(e, cube, world.Draw(e.Seed, stepDraw(e, 2)))
	e.Out.Teleports++
	c.update(e)
}

// The draws of an episode: below startDraws the starting places and, from targetDraws, the targets; then four for each step, so that
// what happens at a step does not depend on how much chance the steps before it used.
const (
	targetDraws = 32
	startDraws  = 64
)

func stepDraw(e *board, i uint64) uint64 { return startDraws + 4*uint64(e.Steps) + i }

func (c *Cubes) targetOf(e *board) int32 {
	return int32(world.Pick(world.Draw(e.Seed, targetDraws+uint64(e.Out.Targets)), c.knobs.Cubes))
}

// teleport moves a cube to a cell without cube and agent.
func (c *Cubes) teleport(e *board, cube int32, r uint64) {
	taken := uint64(1) << e.Agent
	for i := range c.knobs.Cubes {
		taken |= 1 << e.Cubes[i]
	}
	e.Left[cube], e.Cubes[cube] = e.Cubes[cube], c.freeCell(taken, r)
}

// freeCell picks one of the cells whose bit in taken is 0, evenly. A grid has at most 64 cells.
func (c *Cubes) freeCell(taken uint64, r uint64) int32 {
	cells := c.knobs.Grid * c.knobs.Grid
	free := ^taken & (^uint64(0) >> (64 - cells))
	for range world.Pick(r, bits.OnesCount64(free)) {
		free &= free - 1
	}
	return int32(bits.TrailingZeros64(free))
}

// update shows the map in the next observation.
func (c *Cubes) update(e *board) {
	e.Shown = int32(MapColoured)
	if c.knobs.Level == Extreme {
		e.Shown = int32(MapColourless)
	}
	e.Out.Looks++
}

// begin starts the episode with that seed.
func (c *Cubes) begin(e *board, seed uint64) {
	e.Seed, e.Steps, e.Return, e.Out = seed, 0, 0, CubesOutcome{Looks: 1}
	taken := uint64(0)
	e.Agent = c.freeCell(taken, world.Draw(seed, 0))
	taken |= 1 << e.Agent
	for i := range c.knobs.Cubes {
		e.Cubes[i], e.Left[i] = c.freeCell(taken, world.Draw(seed, uint64(i)+1)), -1
		taken |= 1 << e.Cubes[i]
	}
	e.Target, e.Shown = c.targetOf(e), int32(MapColoured)
}

// end keeps what Info will tell and starts the next episode of environment b.
func (c *Cubes) end(e *board, b int, why int32) {
	e.Last = boardEnded{Seed: e.Seed, Steps: e.Steps, Return: e.Return, Why: why, Out: e.Out}
	e.Episode++
	c.begin(e, world.EpisodeSeed(c.seed, b, e.Episode))
}

func (c *Cubes) write(e *board, obs []float32) {
	clear(obs)
	g, n := c.knobs.Grid, c.knobs.Cubes
	obs[int(e.Agent)/g] = 1
	obs[g+int(e.Agent)%g] = 1
	obs[2*g+int(e.Target)] = 1
	obs[2*g+n+int(e.Shown)] = 1
	if Shown(e.Shown) == MapHidden {
		return
	}
	planes := obs[c.planes():]
	for i := range n {
		plane := i
		if Shown(e.Shown) == MapColourless {
			plane = n
		}
		planes[plane*g*g+int(e.Cubes[i])] = 1
	}
}

// planes is where the map begins in an observation.
func (c *Cubes) planes() int {
	if c.knobs.Level == Extreme {
		return 2*c.knobs.Grid + c.knobs.Cubes + 3
	}
	return 2*c.knobs.Grid + c.knobs.Cubes + 2
}

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (c *Cubes) Info(b int) world.Info {
	l := &c.boards[b].Last
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Why: whys()[l.Why],
		Success: int(l.Out.Targets) == c.knobs.Targets}
	if c.detail {
		in.Numbers = l.Out.numbers()
	}
	return in
}

// numbers gives the outcome under the names that records use.
func (o CubesOutcome) numbers() map[string]float64 {
	return map[string]float64{"targets": float64(o.Targets), "teleports": float64(o.Teleports), "looks": float64(o.Looks),
		"wrong_take": float64(o.WrongTake), "stale_take": float64(o.StaleTake)}
}

// Replay makes the episode with that Info.Seed again, alone.
func (c *Cubes) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := NewCubes(c.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.detail, one.seed = c.detail, seed
	one.begin(&one.boards[0], seed)
	if obs != nil {
		one.write(&one.boards[0], obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (c *Cubes) Snapshot(w io.Writer) error { return world.WriteState(w, c.head, c.seed, c.boards) }

// Restore takes up a kept state of a world with the same knobs and size.
func (c *Cubes) Restore(r io.Reader) error { return world.ReadState(r, c.head, &c.seed, c.boards) }
