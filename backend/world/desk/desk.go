package desk

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
)

// Sizes of the desk and of its observation.
const (
	Cells    = 9          // 3 rows of 3, numbered from the upper left
	Features = 8          // of each cell
	Buttons  = 5          // of the order task
	Presses  = 3          // in the instructed order
	Words    = 3 + 15 + 1 // the instruction: task, button of each place in the order, whether the arm may act
	Obs      = Cells*Features + Words
	reach    = 0.5 // cells that the arm moves in a step at most, on each axis
	side     = 3   // cells of a side
)

// Features of a cell in an observation.
const (
	featArm = iota // the arm is above the cell
	featX          // where, from the cell's centre, cells; 0 without the arm
	featY
	featObject // a cup, a button or a patch
	featBall
	featHue1 // the colour of a patch as a place on a circle: cosine, then sine
	featHue2
	featDistractor
)

// cups and buttons are the cells in which the objects of two tasks stand.
func cups() [3]int          { return [3]int{6, 7, 8} }
func buttons() [Buttons]int { return [Buttons]int{0, 2, 4, 6, 8} }

// cueCell shows the colour of the colour task.
const cueCell = 4

// table is one environment. Its fields are of fixed size because encoding/binary keeps them.
type table struct {
	Seed     uint64 // of this episode
	Episode  uint64
	Task     int32
	Steps    int32
	Target   int32          // cup 0 to 2, or colour
	Order    [Presses]int32 // buttons 0 to 4
	Pressed  int32          // right presses so far
	Patches  [Cells]int32   // colour of the patch in each cell of the colour task, -1 for none
	Arm      [2]float32     // x, y in [0,3)
	Intruder [2]float32     // the distractor
	Return   float32
	Last     ended
}

type ended struct {
	Seed    uint64
	Task    int32
	Steps   int32
	Return  float32
	Why     int32 // 0 none yet, 1 terminal, 2 horizon
	Obs     [Obs]float32
	Pressed int32
}

// Desk is a batch of tables: a control.Vec. An action is (dx, dy, press): displacement as shares of half a cell, each in [-1,1], and a
// press of the cell beneath the arm where press is above 0. While ball or colour are shown and during the delay actions play no part and
// the arm drifts. A right press pays 1 at the end of the task, a press of a wrong object ends the episode with 0.
type Desk struct {
	knobs  Knobs
	spec   control.Spec
	head   string
	seed   uint64
	tables []table
}

// New makes a desk with batch tables.
func New(k Knobs, batch int) (*Desk, error) {
	if err := k.validate(); err != nil {
		return nil, err
	}
	if batch < 1 {
		return nil, lab.Errorf(lab.Invalid, "desk: batch is %d, want at least 1", batch)
	}
	text, err := json.Marshal(k)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "desk: knobs cannot be written: %w", err)
	}
	d := &Desk{knobs: k, spec: spec(k), tables: make([]table, batch), head: fmt.Sprintf("%s %s batch %d", Name, text, batch)}
	d.Reset(0, make([]float32, batch*Obs))
	return d, nil
}

func spec(k Knobs) control.Spec {
	s := control.Spec{Name: Name, Obs: Obs, Act: 3, Low: []float32{-1, -1, -1}, High: []float32{1, 1, 1}, Horizon: k.Horizon(),
		ActNames: []string{"right", "down", "press"}}
	for c := range Cells {
		for _, f := range []string{"arm", "arm x", "arm y", "object", "ball", "colour 1", "colour 2", "distractor"} {
			s.ObsNames = append(s.ObsNames, fmt.Sprintf("cell %d %s", c, f))
		}
	}
	for _, n := range TaskNames() {
		s.ObsNames = append(s.ObsNames, "task "+n)
	}
	for i := range Presses {
		for b := range Buttons {
			s.ObsNames = append(s.ObsNames, fmt.Sprintf("press %d is button %d", i, b))
		}
	}
	s.ObsNames = append(s.ObsNames, "act")
	return s
}

// Spec describes the world.
func (d *Desk) Spec() control.Spec { return d.spec }

// Size is the number of tables.
func (d *Desk) Size() int { return len(d.tables) }

// Knobs returns the knobs.
func (d *Desk) Knobs() Knobs { return d.knobs }

// Task is the task of the present episode at table b.
func (d *Desk) Task(b int) int { return int(d.tables[b].Task) }

// EndedTask is the task of the episode that ended last at table b.
func (d *Desk) EndedTask(b int) int { return int(d.tables[b].Last.Task) }

// Reset starts episode 0 at every table.
func (d *Desk) Reset(seed uint64, obs []float32) {
	d.seed = seed
	for b := range d.tables {
		d.tables[b] = table{}
		d.begin(&d.tables[b], world.EpisodeSeed(seed, b, 0))
		d.write(&d.tables[b], obs[b*Obs:(b+1)*Obs])
	}
}

// The draws of an episode: the first hundred set it up, those above move arm and distractor at each step.
const (
	drawTask = iota
	drawTarget
	drawArm       // two
	drawIntruder  = drawArm + 2
	drawOrder     = drawIntruder + 2
	drawSteps     = 100
	drawsEachStep = 4
)

func (d *Desk) begin(e *table, seed uint64) {
	*e = table{Seed: seed, Episode: e.Episode, Last: e.Last}
	e.Task = d.task(seed)
	for i := range 2 {
		e.Arm[i] = side * unit(seed, drawArm+uint64(i))
		e.Intruder[i] = side * unit(seed, drawIntruder+uint64(i))
	}
	switch e.Task {
	case Shell:
		e.Target = int32(world.Pick(world.Draw(seed, drawTarget), 3))
	case Colour:
		e.Target = int32(world.Pick(world.Draw(seed, drawTarget), d.knobs.Colours))
	}
	d.lay(e)
}

func (d *Desk) task(seed uint64) int32 {
	for i, name := range TaskNames() {
		if d.knobs.Task == name {
			return int32(i)
		}
	}
	return int32(world.Pick(world.Draw(seed, drawTask), tasks))
}

// patchCells are where patches lie, colour i in cell i of the list: fixed, so that memory is asked for and not comparison.
func patchCells() []int { return []int{6, 7, 8, 0, 2, 1, 3, 5, 4} }

// lay draws the order of the buttons and puts the patches into their cells.
func (d *Desk) lay(e *table) {
	order := [Buttons]int32{0, 1, 2, 3, 4}
	for i := range Presses {
		j := i + world.Pick(world.Draw(e.Seed, drawOrder+uint64(i)), Buttons-i)
		order[i], order[j] = order[j], order[i]
		e.Order[i] = order[i]
	}
	for i := range e.Patches {
		e.Patches[i] = -1
	}
	for i, c := range patchCells()[:d.knobs.Colours] {
		e.Patches[c] = int32(i)
	}
}

func unit(seed, i uint64) float32 { return float32(world.Unit(world.Draw(seed, i))) }

// idle tells whether actions play no part yet.
func (d *Desk) idle(e *table) bool {
	return e.Task != Order && int(e.Steps) < d.knobs.Shown+d.knobs.Delay
}

// shown tells whether ball or colour can be seen.
func (d *Desk) shown(e *table) bool { return e.Task != Order && int(e.Steps) < d.knobs.Shown }

// Step plays one action [3] at every table. Wrong sizes and actions that are no numbers panic.
func (d *Desk) Step(actions []float32, obs, reward []float32, done []bool) {
	n := len(d.tables)
	if len(actions) != 3*n || len(obs) != n*Obs || len(reward) != n || len(done) != n {
		panic(fmt.Sprintf("desk: step of %d tables got %d actions, %d observations, %d rewards and %d ends", n, len(actions), len(obs), len(reward), len(done)))
	}
	for b := range d.tables {
		e := &d.tables[b]
		r, why := d.play(e, bounded(actions[3*b:3*b+3], b))
		reward[b], done[b] = r, why != goesOn
		if why != goesOn {
			d.end(e, b, why)
		}
		d.write(e, obs[b*Obs:(b+1)*Obs])
	}
}

func bounded(action []float32, b int) (a [3]float32) {
	for i, x := range action {
		if x != x {
			panic(fmt.Sprintf("desk: action %d of table %d is no number", i, b))
		}
		a[i] = min(max(x, -1), 1)
	}
	return a
}

// How an action left the episode.
const (
	goesOn int32 = iota
	terminal
	horizon
)

func (d *Desk) play(e *table, a [3]float32) (float32, int32) {
	r, why := float32(0), goesOn
	at := drawSteps + drawsEachStep*uint64(e.Steps)
	if d.idle(e) {
		for i := range 2 {
			e.Arm[i] = within(e.Arm[i] + float32(d.knobs.Drift)*(2*unit(e.Seed, at+uint64(i))-1))
		}
	} else {
		if a[2] > 0 {
			r, why = d.press(e, cell(e.Arm))
		}
		for i := range 2 {
			e.Arm[i] = within(e.Arm[i] + reach*a[i])
		}
	}
	for i := range 2 {
		e.Intruder[i] = within(e.Intruder[i] + float32(d.knobs.Speed)*(2*unit(e.Seed, at+2+uint64(i))-1))
	}
	e.Steps++
	e.Return += r
	if why == goesOn && int(e.Steps) >= d.knobs.Horizon() {
		why = horizon
	}
	return r, why
}

// within keeps a coordinate on the desk.
func within(x float32) float32 { return min(max(x, 0), math.Nextafter32(side, 0)) }

func cell(at [2]float32) int { return side*int(at[1]) + int(at[0]) }

// press presses what lies in a cell; an empty cell has nothing to press.
func (d *Desk) press(e *table, c int) (float32, int32) {
	switch e.Task {
	case Shell:
		for i, cup := range cups() {
			if c == cup {
				return paid(int32(i) == e.Target)
			}
		}
	case Colour:
		if hue := e.Patches[c]; hue >= 0 {
			return paid(hue == e.Target)
		}
	case Order:
		for i, button := range buttons() {
			if c == button {
				return d.pushed(e, int32(i))
			}
		}
	}
	return 0, goesOn
}

func (d *Desk) pushed(e *table, button int32) (float32, int32) {
	if button != e.Order[e.Pressed] {
		return paid(false)
	}
	e.Pressed++
	if e.Pressed == Presses {
		return paid(true)
	}
	return 0, goesOn
}

func paid(right bool) (float32, int32) {
	if right {
		return 1, terminal
	}
	return 0, terminal
}

// end keeps what Info and Last tell and starts the next episode of table b.
func (d *Desk) end(e *table, b int, why int32) {
	e.Last = ended{Seed: e.Seed, Task: e.Task, Steps: e.Steps, Return: e.Return, Why: why, Pressed: e.Pressed}
	d.write(e, e.Last.Obs[:])
	e.Episode++
	d.begin(e, world.EpisodeSeed(d.seed, b, e.Episode))
}

// write writes what table e shows.
func (d *Desk) write(e *table, obs []float32) {
	clear(obs)
	arm := obs[Features*cell(e.Arm):]
	arm[featArm] = 1
	arm[featX], arm[featY] = offset(e.Arm[0]), offset(e.Arm[1])
	obs[Features*cell(e.Intruder)+featDistractor] = 1
	d.writeObjects(e, obs)
	words := obs[Cells*Features:]
	words[e.Task] = 1
	if e.Task == Order {
		for i, b := range e.Order {
			words[3+Buttons*i+int(b)] = 1
		}
	}
	if !d.idle(e) {
		words[Words-1] = 1
	}
}

// offset is where a coordinate lies from the centre of its cell, -0.5 to 0.5.
func offset(x float32) float32 { return x - float32(int(x)) - 0.5 }

func (d *Desk) writeObjects(e *table, obs []float32) {
	switch e.Task {
	case Shell:
		for i, c := range cups() {
			obs[Features*c+featObject] = 1
			if d.shown(e) && int32(i) == e.Target {
				obs[Features*c+featBall] = 1
			}
		}
	case Colour:
		if d.shown(e) {
			d.hue(obs[Features*cueCell:], e.Target)
		}
		for c, h := range e.Patches {
			if !d.idle(e) && h >= 0 {
				d.hue(obs[Features*c:], h)
			}
		}
	case Order:
		for _, c := range buttons() {
			obs[Features*c+featObject] = 1
		}
	}
}

func (d *Desk) hue(cell []float32, colour int32) {
	sin, cos := math.Sincos(2 * math.Pi * float64(colour) / float64(d.knobs.Colours))
	cell[featObject], cell[featHue1], cell[featHue2] = 1, float32(cos), float32(sin)
}

// Info tells what the episode that ended last at table b came to.
func (d *Desk) Info(b int) world.Info {
	l := &d.tables[b].Last
	info := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Success: l.Return > 0, Why: lab.EndTerminal}
	if l.Why == horizon {
		info.Why = lab.EndHorizon
	}
	return info
}

// Last is the final observation of the episode that ended last at table b.
func (d *Desk) Last(b int) []float32 { return d.tables[b].Last.Obs[:] }

// Replay returns a desk of one table that stands at the start of the episode with that Info.Seed.
func (d *Desk) Replay(seed uint64, obs []float32) (*Desk, error) {
	one, err := New(d.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.begin(&one.tables[0], seed)
	if obs != nil {
		one.write(&one.tables[0], obs)
	}
	return one, nil
}

// Snapshot keeps all tables.
func (d *Desk) Snapshot(w io.Writer) error { return world.WriteState(w, d.head, d.seed, d.tables) }

// Restore reads what Snapshot wrote.
func (d *Desk) Restore(r io.Reader) error { return world.ReadState(r, d.head, &d.seed, d.tables) }
