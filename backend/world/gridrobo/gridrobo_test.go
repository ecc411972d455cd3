package gridrobo

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func TestGridRoboKeepsTheContractOfWorlds(t *testing.T) {
	for name, k := range map[string]Knobs{"id": {Grid: 5, Tasks: 24, Mode: ID, Horizon: 25}, "blind": {Grid: 4, Tasks: 8, Mode: Blind, Horizon: 25}} {
		t.Run(name, func(t *testing.T) {
			o := worldtest.Options{New: func(batch int) (world.Tensor, error) { return New(k, batch) }, RewardLo: 0, RewardHi: 1, Episodes: 640}
			if k.Mode == ID {
				o.OneHot = [][2]int{{taskAt, taskAt + k.Tasks}}
			}
			worldtest.Run(t, o)
		})
	}
}

func empty(cells ...int32) *board {
	s := &board{Held: nothing, On: [objects]int32{nothing, nothing, nothing}}
	copy(s.Cell[:], cells)
	return s
}

// Red at 0, green at 1, blue at 2 and the robot at 0 of a board of three.
func TestLiftingCarryingAndStackingByHand(t *testing.T) {
	s := empty(0, 1, 2, 0)
	for i, step := range []struct {
		action     int32
		robot, red int32
		held       int32
		status     [objects]int32
	}{
		{Put, 0, 0, nothing, [3]int32{0, 0, 0}},    // nothing in the hand
		{Lift, 0, 0, 0, [3]int32{1, 0, 0}},         // red
		{Lift, 0, 0, 0, [3]int32{1, 0, 0}},         // the hand is full
		{Left, 0, 0, 0, [3]int32{1, 0, 0}},         // a wall
		{Right, 1, 1, 0, [3]int32{1, 0, 0}},        // red comes along, above green
		{Put, 1, 1, nothing, [3]int32{1, -1, 0}},   // red on green
		{Right, 2, 1, nothing, [3]int32{1, -1, 0}}, // to blue
		{Lift, 2, 1, 2, [3]int32{1, -1, 1}},        // blue
		{Left, 1, 1, 2, [3]int32{1, -1, 1}},        // above the stack
		{Put, 1, 1, 2, [3]int32{1, -1, 1}},         // a stack of two is full
		{Down, 4, 1, 2, [3]int32{1, -1, 1}},        //
		{Put, 4, 1, nothing, [3]int32{1, -1, 0}},   // blue on the floor
		{Up, 1, 1, nothing, [3]int32{1, -1, 0}},    //
		{Lift, 1, 1, 0, [3]int32{1, 0, 0}},         // the upper one
	} {
		s.play(3, step.action)
		status := [objects]int32{s.status(0), s.status(1), s.status(2)}
		if s.Cell[robot] != step.robot || s.Cell[0] != step.red || s.Held != step.held || status != step.status {
			t.Fatalf("step %d: %+v with status %v, want %+v", i+1, *s, status, step)
		}
	}
}

// On a board of five: centre 12, corners 0 4 20 24.
func TestConditionsByHand(t *testing.T) {
	held := empty(12, 7, 24, 12)
	held.Held = 0
	stacked := empty(12, 12, 3, 0)
	stacked.On[0] = 1
	carried := empty(12, 12, 3, 12)
	carried.Held = 1
	for name, c := range map[string]struct {
		board *board
		tasks map[int32]bool // of red
	}{
		"apart":   {empty(0, 24, 12, 0), map[int32]bool{touch: true, centre: false, stack: false, far: true, lift: false, corner: true, touchWith: false, near: false}},
		"held":    {held, map[int32]bool{touch: true, centre: false, far: false, lift: true, corner: false, near: false}},
		"stacked": {stacked, map[int32]bool{touch: false, centre: true, stack: true, far: false, near: true}},
		"carried": {carried, map[int32]bool{touch: true, touchWith: true, near: false, stack: false}},
		"beside":  {empty(6, 12, 3, 1), map[int32]bool{near: true, far: false}},
		"four":    {empty(0, 16, 3, 1), map[int32]bool{near: false, far: true}},
		"three":   {empty(0, 11, 3, 1), map[int32]bool{near: false, far: false}},
	} {
		for task, want := range c.tasks {
			if got := c.board.holds(5, task); got != want {
				t.Errorf("%s: %q holds is %v", name, TaskName(int(task)), got)
			}
		}
	}
}

// Wherever chance leaves the board, the solver ends every task within 30 steps.
func TestTheSolverRecoversFromAnything(t *testing.T) {
	for seed := range uint64(200) {
		for task := range int32(MaxTasks) {
			w, err := New(Knobs{Grid: 5, Tasks: 1, Mode: ID, Horizon: 25}, 1)
			if err != nil {
				t.Fatal(err)
			}
			s := &w.envs[0].Board
			w.begin(&w.envs[0], seed<<taskBits)
			for i := range uint64(40) {
				s.play(5, int32(world.Pick(world.Draw(seed, 100+i), actions)))
			}
			before := *s
			for i := 0; !s.holds(5, task); i++ {
				if i == 30 {
					t.Fatalf("seed %d: %q is not solved from %+v, now %+v", seed, TaskName(int(task)), before, *s)
				}
				s.play(5, s.solve(5, task))
			}
		}
	}
}

func TestTheSolverReadsObservationsBack(t *testing.T) {
	row, mistaken := make([]float32, BodyWidth), 0
	s := empty(0, 7, 20, 12)
	for i := range uint64(5000) {
		s.play(5, int32(world.Pick(world.Draw(3, i), actions)))
		s.write(5, row)
		if got := read(5, row); got != *s {
			if mistaken++; s.height(s.Cell[robot]) != 2 || s.Held == nothing {
				t.Fatalf("read %+v of %+v", got, *s)
			}
		}
	}
	if mistaken > 250 {
		t.Errorf("%d of 5000 boards are ambiguous", mistaken)
	}
}

func TestEveryTaskIsPlayedAlikeAndKnownFromTheSeed(t *testing.T) {
	w, err := New(Knobs{Grid: 5, Tasks: 12, Mode: Blind, Horizon: 5}, 24)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done, acts := make([]float32, 24*w.spec.Obs), make([]float32, 24), make([]bool, 24), make([]int32, 24)
	w.Reset(7, obs)
	for k := range 3 {
		for b := range 24 {
			if w.Task(b) != (b+k)%12 {
				t.Fatalf("environment %d has task %d in episode %d", b, w.Task(b), k)
			}
		}
		for range 5 {
			w.Step(acts, obs, reward, done)
		}
		if in := w.Info(3); TaskOf(in.Seed) != (3+k)%12 || in.Seed >= 1<<53 {
			t.Errorf("seed %d is of task %d", in.Seed, TaskOf(in.Seed))
		}
	}
	if _, err := w.Replay(13, nil); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a seed of task 13 of 12 gives %v", err)
	}
}

func TestWrongKnobsOfGridRoboAreRefused(t *testing.T) {
	for name, k := range map[string]Knobs{"grid": {Grid: 2, Tasks: 4, Mode: ID, Horizon: 25}, "tasks": {Grid: 5, Tasks: 25, Mode: ID, Horizon: 25},
		"mode": {Grid: 5, Tasks: 4, Mode: "deaf", Horizon: 25}, "horizon": {Grid: 5, Tasks: 4, Mode: ID, Horizon: 1}} {
		if _, err := New(k, 1); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Knobs{Grid: 5, Tasks: 4, Mode: ID, Horizon: 25}, 0); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a batch of 0 gives %v", err)
	}
}

// Data without noise are the oracle's episodes; a step of data is what the world shows when it plays the same actions.
func TestDataAreWhatTheWorldWouldHaveShown(t *testing.T) {
	k := Knobs{Grid: 5, Tasks: 12, Mode: ID, Horizon: 25}
	d, err := Record(k, 3, 0.4, 11)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(k, 1)
	if err != nil {
		t.Fatal(err)
	}
	e, width := 3*7+1, w.spec.Obs
	obs, row, reward, done := make([]float32, width), make([]float32, width), make([]float32, 1), make([]bool, 1)
	w.begin(&w.envs[0], world.EpisodeSeed(11, e, 0)&^(1<<taskBits-1)|uint64(d.Task(e)))
	w.write(0, obs)
	sum := float32(0)
	for s := range 25 {
		d.Observe(e, s, row)
		if !equal(row, obs) {
			t.Fatalf("step %d: data show %v, the world %v", s, row, obs)
		}
		a, r := d.Step(e, s)
		if w.Step([]int32{a}, obs, reward, done); reward[0] != r {
			t.Fatalf("step %d pays %v, data say %v", s, reward[0], r)
		}
		sum += r
	}
	if d.Return(e) != sum || d.Task(e) != 7 || d.Episodes() != 36 {
		t.Errorf("return %v, task %d of %d episodes; want %v, 7 and 36", d.Return(e), d.Task(e), d.Episodes(), sum)
	}
	if _, err := Record(k, 3, 1.5, 1); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("noise 1.5 gives %v", err)
	}
}

func equal(a, b []float32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestNoiseMakesDataWorseAndNoneMakesThemPerfect(t *testing.T) {
	mean := func(noise float64) (sum float32) {
		d, err := Record(Knobs{Grid: 5, Tasks: 24, Mode: Blind, Horizon: 25}, 20, noise, 3)
		if err != nil {
			t.Fatal(err)
		}
		for e := range d.Episodes() {
			sum += d.Return(e) / float32(d.Episodes())
		}
		return sum
	}
	perfect, noisy, random := mean(0), mean(0.4), mean(1)
	t.Logf("returns %.1f without noise, %.1f with 0.4, %.1f by chance", perfect, noisy, random)
	if perfect < 18 || noisy > perfect-3 || noisy < random+3 {
		t.Errorf("returns are %v without noise, %v with 0.4, %v by chance", perfect, noisy, random)
	}
}
