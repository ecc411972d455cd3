package gridrobo

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// maxBatch bounds the memory that one world may take.
const maxBatch = 1 << 16

// BodyWidth is the number of values that tell the board: rows and columns of three objects and the robot in [-1, 1], then the status of
// each object.
const BodyWidth = 2*bodies + objects

// The rest of an observation: what was done last and what it paid, then one number a task in mode id.
const (
	actionAt = BodyWidth
	rewardAt = BodyWidth + 7
	taskAt   = rewardAt + 1
)

// taskBits of an episode's seed hold its task, so that the seed alone makes the episode again.
const taskBits = 5

// env is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type env struct {
	Seed    uint64 // of this episode; the low bits are the task
	Episode uint64 // k
	Board   board
	Step    int32
	Action  int32 // last one, or nothing
	Reward  float32
	Return  float32
	Last    ended
}

// ended is what Info tells of the episode that ended last.
type ended struct {
	Seed    uint64
	Steps   int32
	Success int32
	Return  float32
}

// World is GridRobo: a world.Tensor. Episode k of environment b has task (b + k) mod Tasks; objects lie on three cells of their own, the
// robot anywhere, whatever the task. Every step after which the task's condition holds pays 1. An episode lasts Horizon steps; success
// is that the condition holds at the last.
type World struct {
	knobs  Knobs
	spec   world.Spec
	head   string // names world, knobs and size in a kept state
	seed   uint64
	envs   []env
	detail bool
}

// New makes a world with batch environments. Wrong knobs are lab.Invalid.
func New(k Knobs, batch int) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if batch < 1 || batch > maxBatch {
		return nil, lab.Errorf(lab.Invalid, "%s: batch is %d, want 1 to %d", Name, batch, maxBatch)
	}
	text, err := json.Marshal(k)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", Name, err)
	}
	w := &World{knobs: k, spec: spec(k), envs: make([]env, batch), head: fmt.Sprintf("%s %s batch %d", Name, text, batch)}
	w.Reset(0, make([]float32, batch*w.spec.Obs))
	return w, nil
}

// Names of the actions in order.
func actionNames() []string { return []string{"up", "down", "left", "right", "lift", "put", "skip"} }

// ActionName says what an action does.
func ActionName(action int32) string { return actionNames()[action] }

func spec(k Knobs) world.Spec {
	s := world.Spec{Name: Name, Actions: actionNames(), Horizon: k.Horizon}
	for _, body := range append(Colours(), "robot") {
		s.ObsNames = append(s.ObsNames, body+" column", body+" row")
	}
	for _, object := range Colours() {
		s.ObsNames = append(s.ObsNames, object+" status")
	}
	for _, a := range s.Actions {
		s.ObsNames = append(s.ObsNames, "last action "+a)
	}
	s.ObsNames = append(s.ObsNames, "last reward")
	if k.Mode == ID {
		for t := range k.Tasks {
			s.ObsNames = append(s.ObsNames, "task "+TaskName(t))
		}
	}
	s.Obs = len(s.ObsNames)
	return s
}

// Knobs returns the knobs.
func (w *World) Knobs() Knobs { return w.knobs }

// Spec describes the world.
func (w *World) Spec() world.Spec { return w.spec }

// Size is the number of environments.
func (w *World) Size() int { return len(w.envs) }

// Detail makes Info carry the number of the task.
func (w *World) Detail(on bool) { w.detail = on }

// Task is the task of the present episode of environment b.
func (w *World) Task(b int) int { return int(w.envs[b].task()) }

// TaskOf is the task of the episode with that Info.Seed.
func TaskOf(seed uint64) int { return int(seed & (1<<taskBits - 1)) }

func (e *env) task() int32 { return int32(TaskOf(e.Seed)) }

// Reset starts episode 0 of every environment.
func (w *World) Reset(seed uint64, obs []float32) {
	w.check(len(w.envs), len(obs), len(w.envs), len(w.envs))
	w.seed = seed
	for b := range w.envs {
		w.envs[b] = env{}
		w.begin(&w.envs[b], w.episodeSeed(b, 0))
		w.write(b, obs)
	}
}

func (w *World) episodeSeed(b int, k uint64) uint64 {
	const mask = 1<<taskBits - 1
	return world.EpisodeSeed(w.seed, b, k)&^mask | (uint64(b)+k)%uint64(w.knobs.Tasks)
}

// check panics on slices of the wrong size: a mistake of the caller, not of a user.
func (w *World) check(acts, obs, reward, done int) {
	if n := len(w.envs); acts != n || obs != n*w.spec.Obs || reward != n || done != n {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			Name, acts, obs, reward, done, n, n*w.spec.Obs, n, n))
	}
}

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (w *World) Step(acts []int32, obs, reward []float32, done []bool) {
	w.check(len(acts), len(obs), len(reward), len(done))
	for b := range w.envs {
		e := &w.envs[b]
		if a := acts[b]; uint32(a) >= uint32(actions) {
			panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", Name, a, b, actions-1))
		}
		reward[b] = w.play(e, acts[b])
		if done[b] = int(e.Step) == w.knobs.Horizon; done[b] {
			w.end(e, b)
		}
		w.write(b, obs)
	}
}

func (w *World) play(e *env, action int32) float32 {
	g := int32(w.knobs.Grid)
	e.Board.play(g, action)
	e.Step++
	e.Action, e.Reward = action, 0
	if e.Board.holds(g, e.task()) {
		e.Reward = 1
	}
	e.Return += e.Reward
	return e.Reward
}

// begin starts the episode with that seed.
func (w *World) begin(e *env, seed uint64) {
	*e = env{Seed: seed, Episode: e.Episode, Last: e.Last, Action: nothing}
	cells, s := w.knobs.Grid*w.knobs.Grid, &e.Board
	s.Held = nothing
	key := seed >> taskBits // boards do not depend on the task
	for i := range objects {
		s.On[i] = nothing
		cell := int32(world.Pick(world.Draw(key, uint64(i)), cells-i))
		s.Cell[i] = free(cell, s.Cell[:i])
	}
	s.Cell[robot] = int32(world.Pick(world.Draw(key, objects), cells))
}

// free is the cell with that number among those not taken.
func free(number int32, taken []int32) int32 {
	for cell := int32(0); ; cell++ {
		if occupied(cell, taken) {
			continue
		}
		if number == 0 {
			return cell
		}
		number--
	}
}

func occupied(cell int32, taken []int32) bool {
	for _, c := range taken {
		if c == cell {
			return true
		}
	}
	return false
}

func (w *World) end(e *env, b int) {
	e.Last = ended{Seed: e.Seed, Steps: e.Step, Return: e.Return, Success: int32(e.Reward)}
	e.Episode++
	w.begin(e, w.episodeSeed(b, e.Episode))
}

func (w *World) write(b int, obs []float32) {
	e, row := &w.envs[b], obs[b*w.spec.Obs:(b+1)*w.spec.Obs]
	clear(row)
	e.Board.write(int32(w.knobs.Grid), row)
	if e.Action != nothing {
		row[actionAt+e.Action] = 1
	}
	row[rewardAt] = e.Reward
	if w.knobs.Mode == ID {
		row[taskAt+e.task()] = 1
	}
}

// write puts the board into the first BodyWidth numbers.
func (s *board) write(g int32, row []float32) {
	for i, cell := range s.Cell {
		row[2*i], row[2*i+1] = place(g, cell%g), place(g, cell/g)
	}
	for i := range int32(objects) {
		row[2*bodies+i] = float32(s.status(i))
	}
}

func place(g, i int32) float32 { return float32(2*i)/float32(g-1) - 1 }

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (w *World) Info(b int) world.Info {
	l := &w.envs[b].Last
	if l.Steps == 0 {
		return world.Info{}
	}
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Success: l.Success == 1, Why: lab.EndHorizon}
	if w.detail {
		in.Numbers = map[string]float64{"task": float64(TaskOf(l.Seed))}
	}
	return in
}

// Replay makes the episode with that Info.Seed again, alone. A seed of a task beyond the last is lab.Invalid.
func (w *World) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	if t := TaskOf(seed); t >= w.knobs.Tasks {
		return nil, lab.Errorf(lab.Invalid, "%s: seed %d is of task %d, want 0 to %d", Name, seed, t, w.knobs.Tasks-1).
			WithHint("replay a seed that Info of such a world told")
	}
	one, err := New(w.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.detail, one.seed = w.detail, seed
	one.begin(&one.envs[0], seed)
	if obs != nil {
		one.write(0, obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (w *World) Snapshot(to io.Writer) error { return world.WriteState(to, w.head, w.seed, w.envs) }

// Restore takes up a kept state of a world with the same knobs and size.
func (w *World) Restore(from io.Reader) error { return world.ReadState(from, w.head, &w.seed, w.envs) }
