package factored

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func TestFactoredWorldsKeepTheContractOfWorlds(t *testing.T) {
	for _, k := range []any{
		&PanFluteKnobs{Pipes: 3, Horizon: 60, Spontaneous: 1}, &PanFluteKnobs{Pipes: 5, Horizon: 40, Spontaneous: 2},
		&ButtonGridKnobs{Grid: 4, Buttons: 2, Horizon: 100, Spontaneous: 1},
		&ProcMazeKnobs{Grid: 4, Horizon: 100, Spontaneous: 1}, &ProcMazeKnobs{Grid: 5, Horizon: 60},
	} {
		t.Run(fmt.Sprintf("%+v", k), func(t *testing.T) {
			o := worldtest.Options{New: func(batch int) (world.Tensor, error) { return New(k, batch) }, RewardLo: -1, RewardHi: 1, Episodes: 192}
			switch k := k.(type) {
			case *ButtonGridKnobs:
				o.OneHot = [][2]int{{0, k.Grid * k.Grid}}
			case *ProcMazeKnobs:
				o.OneHot = [][2]int{{0, k.Grid * k.Grid}, {k.Grid * k.Grid, 2 * k.Grid * k.Grid}}
			}
			worldtest.Run(t, o)
		})
	}
}

func flutist(t *testing.T, n int, spontaneous float64) *World {
	t.Helper()
	w, err := NewPanFlute(PanFluteKnobs{Pipes: n, Horizon: 1000, Spontaneous: spontaneous}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Three pipes. Blown 3, 2, 1, the bits stand at the ends after the third step; the fourth pays, whatever it blows.
func TestAFluteSoundsWhenTheLongPipeWasBlownFirst(t *testing.T) {
	w := flutist(t, 3, 0)
	obs, reward, done := make([]float32, 6), make([]float32, 1), make([]bool, 1)
	w.Reset(1, obs)
	want := [][]float32{{0, 0, 0, 1, 0, 0}, {0, 1, 0, 0, 1, 0}, {1, 0, 1, 0, 0, 1}, {1, 0, 0, 0, 0, 0}}
	for i, a := range []int32{2, 1, 0, 0} {
		w.Step([]int32{a}, obs, reward, done)
		if !slices.Equal(obs, want[i]) || reward[0] != float32(i/3) || done[0] {
			t.Fatalf("step %d shows %v and pays %v, want %v and %d", i, obs, reward[0], want[i], i/3)
		}
	}
	w.Reset(1, obs)
	for range 3 {
		for _, a := range []int32{0, 1, 2} {
			if w.Step([]int32{a}, obs, reward, done); reward[0] != 0 {
				t.Fatal("the wrong order pays")
			}
		}
	}
}

func TestThePlannedOptimumIsOneRewardInNSteps(t *testing.T) {
	for n := 2; n <= 8; n++ {
		w := flutist(t, n, 0)
		oracle, err := w.Reference(world.Oracle, 1)
		if err != nil {
			t.Fatal(err)
		}
		s, err := world.Evaluate(t.Context(), w, oracle, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if want := float64(999 / n); s.Return != want {
			t.Errorf("n = %d: the oracle gets %v in 1000 steps, want %v", n, s.Return, want)
		}
	}
}

// Values by iteration over all states are an independent yardstick of the planner: its action is a best one everywhere.
func TestThePlannerIsOptimalInEveryStateOfAFlute(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		w := flutist(t, n, 1)
		q := Optimal(w, 0.9)
		oracle, _ := w.Reference(world.Oracle, 1)
		obs, action := make([]float32, w.spec.Obs), make([]int32, 1)
		for s := range len(q) / n {
			bitsOf(uint64(s), obs)
			oracle.Act(obs, nil, action)
			row := q[s*n : (s+1)*n]
			if best := slices.Max(row); row[action[0]] < best-1e-7 {
				t.Fatalf("n = %d, state %b: action %d is worth %v, the best %v", n, s, action[0], row[action[0]], best)
			}
		}
	}
}

func TestEventsComeByThemselvesAtTheirRate(t *testing.T) {
	w, err := NewPanFlute(PanFluteKnobs{Pipes: 4, Horizon: 1000, Spontaneous: 1}, 64)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done := make([]float32, 64*10), make([]float32, 64), make([]bool, 64)
	w.Reset(3, obs)
	paid, steps := 0.0, 0
	for range 1000 {
		w.Step(make([]int32, 64), obs, reward, done)
		for _, r := range reward {
			paid += float64(r)
			steps++
		}
	}
	// Blowing the shortest pipe alone never makes a reward. Five standard errors: 5*sqrt(0.0625*0.9375/64000) = 0.0048.
	if rate := paid / float64(steps); math.Abs(rate-1.0/16) > 0.0048 {
		t.Errorf("%v a step, want 1/16", rate)
	}
}

// A 3x3 grid, player in the middle, one button above it: stepping up turns it on, the next step pays and lays out anew; bumping into the
// border after a step on a button toggles nothing.
func TestAButtonTogglesOnlyWhenThePlayerMoved(t *testing.T) {
	f := &buttons{g: 3, b: 2}
	s := State{Player: 4, Sites: 1<<1 | 1<<8}
	f.step(&s, up, Quiet)
	if s.Player != 1 || s.On != 1<<1 {
		t.Fatalf("%+v after a step up", s)
	}
	if f.step(&s, up, Quiet); s.On != 1<<1 {
		t.Fatal("bumping toggles")
	}
	f.step(&s, down, Quiet)
	if f.step(&s, up, Quiet); s.On != 0 {
		t.Fatal("stepping on it again leaves it on")
	}
	s.On = s.Sites
	if r, _ := f.step(&s, up, 12345); r != 1 || s.On != 0 {
		t.Fatalf("all on pays %v and leaves %+v", r, s)
	}
}

func TestAMazeIsATree(t *testing.T) {
	f := &carved{g: 5}
	for seed := range uint64(200) {
		s := f.begin(seed)
		passages := 0
		for x := s.On; x != 0; x &= x - 1 {
			passages++
		}
		for x := s.Sites; x != 0; x &= x - 1 {
			passages++
		}
		if passages != 24 || s.Player == s.Goal {
			t.Fatalf("seed %d: %d passages between 25 cells, player %d, goal %d", seed, passages, s.Player, s.Goal)
		}
	}
}

func TestAnObservationIsReadBackAsItWasWritten(t *testing.T) {
	for _, k := range []any{&PanFluteKnobs{Pipes: 6, Horizon: 60}, &ButtonGridKnobs{Grid: 5, Buttons: 3, Horizon: 60}, &ProcMazeKnobs{Grid: 5, Horizon: 60}} {
		w, err := New(k, 3)
		if err != nil {
			t.Fatal(err)
		}
		o := w.spec.Obs
		obs, next, reward, done := make([]float32, 3*o), make([]float32, o), make([]float32, 3), make([]bool, 3)
		w.Reset(9, obs)
		random, _ := w.Reference(world.Random, 2)
		actions := make([]int32, 3)
		for range 50 {
			before := slices.Clone(obs[:o])
			random.Act(obs, done, actions)
			predictable := w.Predictable(before)
			w.Step(actions, obs, reward, done)
			r, over := w.Next(before, actions[0], Quiet, next)
			if predictable && !done[0] && (!slices.Equal(next, obs[:o]) || r != reward[0] || over) {
				t.Fatalf("%T: the model of itself says %v, the world %v", k, next, obs[:o])
			}
		}
	}
}

func TestWrongKnobsAreRefused(t *testing.T) {
	for _, k := range []any{&PanFluteKnobs{Pipes: 9, Horizon: 60}, &ButtonGridKnobs{Grid: 2, Buttons: 1, Horizon: 60}, &ProcMazeKnobs{Grid: 4, Horizon: 1}, 7} {
		if _, err := New(k, 1); err == nil {
			t.Errorf("%+v was taken", k)
		}
	}
	if _, err := New(&PanFluteKnobs{Pipes: 3, Horizon: 60}, 0); err == nil {
		t.Error("a batch of 0 was taken")
	}
}

func TestTheLastObservationOfAnEpisodeIsKept(t *testing.T) {
	w, err := NewPanFlute(PanFluteKnobs{Pipes: 3, Horizon: 20, Spontaneous: 0}, 1)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done := make([]float32, 6), make([]float32, 1), make([]bool, 1)
	w.Reset(1, obs)
	for !done[0] {
		w.Step([]int32{2}, obs, reward, done)
	}
	if over := w.Final(0, obs); over || !slices.Equal(obs, []float32{0, 0, 0, 1, 1, 1}) {
		t.Errorf("the flute ended with %v, ended by the world %v", obs, over)
	}
	if w, err = NewProcMaze(ProcMazeKnobs{Grid: 2, Horizon: 30, Spontaneous: 10}, 1); err != nil {
		t.Fatal(err)
	}
	last, done := make([]float32, w.spec.Obs), make([]bool, 1)
	obs = make([]float32, w.spec.Obs)
	w.Reset(1, obs)
	oracle, _ := w.Reference(world.Oracle, 1)
	for actions := make([]int32, 1); !done[0]; {
		oracle.Act(obs, done, actions)
		w.Step(actions, obs, reward, done)
	}
	if over := w.Final(0, last); !over || !slices.Equal(last[:4], last[4:8]) {
		t.Errorf("the maze ended with %v, ended by the world %v", last, over)
	}
}
