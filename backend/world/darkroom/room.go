package darkroom

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// place is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type place struct {
	Seed    uint64 // of this block
	Episode uint64 // k
	Steps   int32  // of the block
	Inner   int32  // episode of the block
	T       int32  // step of that episode
	Since   int32  // episodes since the goal was drawn
	Task    int32  // goals before the present one in this block
	Agent   int32  // cell
	Goal    int32  // cell
	Reading bool   // stands at the sign, which shows the goal
	Action  int32  // before, -1 at the first step of a block
	Reward  float32
	Ended   bool // the step before ended an episode
	Return  float32
	Found   int32 // episodes that ended at the goal

	// What the last step did. It stays when the step ended the block.
	Tried   int32
	Border  bool
	NewTask bool
	AtGoal  bool

	Last ended
}

// ended is what Info tells of the block that ended last.
type ended struct {
	Seed    uint64
	Steps   int32
	Return  float32
	Found   int32
	Success bool
}

// Room is a world.Tensor. One of its episodes is a block of Episodes episodes with the same goal, hidden from the agent.
//
// Each of them starts in the middle and ends at the goal, which pays 1, or after so many steps. In the dark room the goal is any cell but
// the middle. With doors it is one of the four cells in the middle of the walls: the others cost Decoy and end the episode, too. There
// the cell up and left of the middle is the sign: stepping on it costs Sign and shows the goal, the next action does nothing and ends
// the episode. So nothing can be won by it in the episode that reads it.
//
// The observation: own cell [G*G], with doors the goal where it is shown [4], then what came before: the action [4], its reward, and
// whether it ended an episode. A block succeeds when its last episode ends at the goal.
type Room struct {
	rules
	spec   world.Spec
	head   string // names world, rules and size in a kept state
	seed   uint64
	places []place
	detail bool
}

func newRoom(r rules, batch int) (*Room, error) {
	if err := r.check(batch); err != nil {
		return nil, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", r.Name, err)
	}
	w := &Room{rules: r, spec: r.spec(), places: make([]place, batch)}
	w.head = fmt.Sprintf("%s batch %d", text, batch)
	w.Reset(0, make([]float32, batch*w.spec.Obs))
	return w, nil
}

func (r *rules) spec() world.Spec {
	s := world.Spec{Name: r.Name, Actions: names(), Horizon: r.Episodes * r.Steps}
	for cell := range r.Grid * r.Grid {
		s.ObsNames = append(s.ObsNames, "at "+r.cellName(int32(cell)))
	}
	if r.doors() {
		for _, d := range r.doorCells() {
			s.ObsNames = append(s.ObsNames, "the sign shows "+r.cellName(d))
		}
	}
	for _, a := range names() {
		s.ObsNames = append(s.ObsNames, "went "+a+" before")
	}
	s.ObsNames = append(s.ObsNames, "reward before", "an episode ended before")
	s.Obs = len(s.ObsNames)
	return s
}

// doorCells are the cells in the middle of the walls.
func (r *rules) doorCells() [4]int32 {
	g := int32(r.Grid)
	return [4]int32{g / 2, g*g - 1 - g/2, g / 2 * g, g/2*g + g - 1}
}

// signCell is up and left of the middle.
func (r *rules) signCell() int32 { return r.start() - int32(r.Grid) - 1 }

// start is the middle.
func (r *rules) start() int32 { return int32(r.Grid * r.Grid / 2) }

// Spec describes the world.
func (w *Room) Spec() world.Spec { return w.spec }

// Size is the number of environments.
func (w *Room) Size() int { return len(w.places) }

// Grid is the number of rows and of columns.
func (w *Room) Grid() int { return w.rules.Grid }

// Detail makes Info carry the episodes of the block that ended at the goal.
func (w *Room) Detail(on bool) { w.detail = on }

// Present is how many numbers of an observation, from the first on, tell of the present; the others tell of the step before.
func (w *Room) Present() int { return w.spec.Obs - actions - 2 }

// Border tells what the last step ended in environment b: an episode, and the task, when the goal was drawn anew.
func (w *Room) Border(b int) (episode, task bool) { return w.places[b].Border, w.places[b].NewTask }

// Tried is the cell that the last step led to in environment b.
func (w *Room) Tried(b int) int { return int(w.places[b].Tried) }

// Reset starts block 0 of every environment.
func (w *Room) Reset(seed uint64, obs []float32) {
	w.sizes(len(w.places), len(obs), len(w.places), len(w.places))
	w.seed = seed
	for b := range w.places {
		w.places[b] = place{}
		w.begin(&w.places[b], world.EpisodeSeed(seed, b, 0))
		w.write(&w.places[b], obs[b*w.spec.Obs:(b+1)*w.spec.Obs])
	}
}

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (w *Room) Step(act []int32, obs, reward []float32, done []bool) {
	w.sizes(len(act), len(obs), len(reward), len(done))
	for b := range w.places {
		if a := act[b]; uint32(a) >= uint32(actions) {
			panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", w.Name, a, b, actions-1))
		}
		e := &w.places[b]
		w.play(e, act[b])
		reward[b], done[b] = e.Reward, e.NewTask && int(e.Inner) == w.Episodes
		if done[b] {
			w.end(e, b)
		}
		w.write(e, obs[b*w.spec.Obs:(b+1)*w.spec.Obs])
	}
}

func (w *Room) sizes(act, obs, reward, done int) {
	if n := len(w.places); act != n || obs != n*w.spec.Obs || reward != n || done != n {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			w.Name, act, obs, reward, done, n, n*w.spec.Obs, n, n))
	}
}

// play moves one environment by one step.
func (w *Room) play(e *place, action int32) {
	e.Steps++
	e.T++
	over := e.Reading
	e.Reward, e.AtGoal = 0, false
	if !e.Reading {
		e.Agent = w.moved(e.Agent, action)
		over = w.arrive(e)
	}
	e.Reading = !over && w.doors() && e.Agent == w.signCell()
	e.Action, e.Tried, e.NewTask = action, e.Agent, false
	e.Return += e.Reward
	if e.Border = over || int(e.T) >= w.Steps; e.Border {
		w.next(e)
	}
	e.Ended = e.Border
}

// arrive pays for the cell that was reached and tells whether it ends the episode.
func (w *Room) arrive(e *place) bool {
	switch {
	case e.Agent == e.Goal:
		e.Reward, e.AtGoal = 1, true
		e.Found++
		return true
	case w.doors() && e.Agent == w.signCell():
		e.Reward = -float32(w.Sign)
	case w.doors() && w.doorOf(e.Agent) >= 0:
		e.Reward = -float32(w.Decoy)
		return true
	}
	return false
}

// doorOf is the number of the door at a cell, -1 where there is none.
func (r *rules) doorOf(cell int32) int {
	for i, d := range r.doorCells() {
		if d == cell {
			return i
		}
	}
	return -1
}

// moved is the cell beside, or the same at a wall.
func (r *rules) moved(cell, action int32) int32 {
	g := int32(r.Grid)
	switch row, column := cell/g, cell%g; {
	case action == up && row > 0:
		return cell - g
	case action == down && row < g-1:
		return cell + g
	case action == left && column > 0:
		return cell - 1
	case action == right && column < g-1:
		return cell + 1
	}
	return cell
}

// next starts the next episode of the block, with another goal where it does not recur.
func (w *Room) next(e *place) {
	e.Inner++
	e.Since++
	e.T, e.Agent, e.Reading = 0, w.start(), false
	e.NewTask = int(e.Inner) == w.Episodes
	if w.Recurs > 0 && int(e.Since) == w.Recurs && !e.NewTask {
		e.NewTask = true
		e.Task++
		w.draw(e)
	}
}

// draw hides the goal: draw Task of the block.
func (w *Room) draw(e *place) {
	e.Since = 0
	r := world.Draw(e.Seed, uint64(e.Task))
	if w.doors() {
		e.Goal = w.doorCells()[world.Pick(r, 4)]
		return
	}
	e.Goal = int32(world.Pick(r, w.rules.Grid*w.rules.Grid-1))
	if e.Goal >= w.start() {
		e.Goal++
	}
}

func (w *Room) begin(e *place, seed uint64) {
	e.Seed, e.Steps, e.Inner, e.T, e.Task, e.Return, e.Found = seed, 0, 0, 0, 0, 0, 0
	e.Agent, e.Reading, e.Action, e.Reward, e.Ended = w.start(), false, -1, 0, false
	w.draw(e)
}

// end keeps what Info will tell and starts the next block of environment b. The reward of the step stays for the caller.
func (w *Room) end(e *place, b int) {
	e.Last = ended{Seed: e.Seed, Steps: e.Steps, Return: e.Return, Found: e.Found, Success: e.AtGoal}
	e.Episode++
	w.begin(e, world.EpisodeSeed(w.seed, b, e.Episode))
}

func (w *Room) write(e *place, obs []float32) {
	clear(obs)
	obs[e.Agent] = 1
	if e.Reading {
		obs[w.rules.Grid*w.rules.Grid+w.doorOf(e.Goal)] = 1
	}
	if e.Action < 0 {
		return
	}
	past := obs[w.Present():]
	past[e.Action], past[actions] = 1, e.Reward
	if e.Ended {
		past[actions+1] = 1
	}
}

// Info sums up the block that ended last in environment b; it is zero before the first has ended.
func (w *Room) Info(b int) world.Info {
	l := &w.places[b].Last
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Success: l.Success}
	if l.Steps > 0 {
		in.Why = lab.EndHorizon
	}
	if w.detail {
		in.Numbers = map[string]float64{"found": float64(l.Found)}
	}
	return in
}

// Replay makes the block with that Info.Seed again, alone.
func (w *Room) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := newRoom(w.rules, 1)
	if err != nil {
		return nil, err
	}
	one.detail, one.seed = w.detail, seed
	one.begin(&one.places[0], seed)
	if obs != nil {
		one.write(&one.places[0], obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (w *Room) Snapshot(out io.Writer) error {
	return world.WriteState(out, w.head, w.seed, w.places)
}

// Restore takes up a kept state of a world with the same knobs and size.
func (w *Room) Restore(r io.Reader) error { return world.ReadState(r, w.head, &w.seed, w.places) }

// PerBlock is how many episodes a block has.
func (w *Room) PerBlock() int { return w.rules.Episodes }

// SignCell is the cell of the sign; ok is false in a room without one.
func (w *Room) SignCell() (cell int, ok bool) { return int(w.signCell()), w.doors() }
