package arcade

import (
	"fmt"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func games() (all []Knobs) {
	for n := range Levels {
		all = append(all, Knobs{Collect, n + 1})
	}
	return append(all, Knobs{Avoid, 1}, Knobs{Paddle, 1}, Knobs{Push, 1})
}

func TestEveryGameKeepsTheContractOfWorlds(t *testing.T) {
	for _, k := range games() {
		t.Run(fmt.Sprintf("%s %d", k.Game, k.Level), func(t *testing.T) {
			self := plane(k.Game, selfRole) * cells
			worldtest.Run(t, worldtest.Options{New: func(batch int) (world.Tensor, error) { return New(k, batch) },
				OneHot: [][2]int{{self, self + cells}}, RewardLo: -0.5, RewardHi: 3, Episodes: 640})
		})
	}
}

// at makes a game of one environment in a state that the test sets.
func at(t *testing.T, k Knobs, change func(*play)) *World {
	t.Helper()
	w, err := New(k, 1)
	if err != nil {
		t.Fatal(err)
	}
	change(&w.plays[0])
	return w
}

func act(w *World, action int32) (reward float32, done bool) {
	r, d := make([]float32, 1), make([]bool, 1)
	w.Step([]int32{action}, make([]float32, Obs), r, d)
	return r[0], d[0]
}

func TestCollectPaysForEachDotAndEndsWithTheLast(t *testing.T) {
	w := at(t, Knobs{Collect, 2}, func(e *play) { e.Self, e.Things = 0, cell(0, 1) })
	if r, done := act(w, Right); r != 1.5 || done || w.plays[0].Things == 0 || w.plays[0].Things&(w.plays[0].Marks|1<<1) != 0 {
		t.Errorf("the first of two dots pays %v, done %v, and the next lies at %b, want 1.5, more to come, and a free cell", r, done, w.plays[0].Things)
	}
	w.plays[0].Things = cell(1, 0)
	if r, done := act(w, Down); r != 0 || done || w.plays[0].Self != 1 {
		t.Errorf("walking into the pillar at (2,2) pays %v, done %v, and leads to cell %d, want it to stay at 1", r, done, w.plays[0].Self)
	}
	act(w, Left)
	r, done := act(w, Down)
	if in := w.Info(0); r != 1.5 || !done || !in.Success || in.Return != 3 || in.Steps != 4 || in.Why != lab.EndTerminal {
		t.Errorf("the last dot pays %v, done %v: %+v", r, done, in)
	}
}

func TestAStoneHitsWhereItLands(t *testing.T) {
	for action, want := range map[int32]bool{Stay: true, Up: true, Left: false, Right: false} {
		w := at(t, Knobs{Avoid, 1}, func(e *play) { e.Self, e.Things = bottom+3, cell(4, 3) })
		if r, done := act(w, action); done != want || done == (r > 0) {
			t.Errorf("action %d under a stone pays %v, hit %v, want hit %v", action, r, done, want)
		}
	}
	w := at(t, Knobs{Avoid, 1}, func(e *play) { e.Self, e.Things = bottom+3, cell(5, 2) })
	if _, done := act(w, Left); done {
		t.Error("a stone that lies has no harm in it: it is gone before the player is there")
	}
}

// The ball at row 4, column 5 moving right turns round and lands at column 4.
func TestABallTurnsAtTheEdgeAndMustBeMet(t *testing.T) {
	for self, want := range map[int32]bool{3: true, 4: true, 5: true, 2: false} { // three cells wide
		w := at(t, Knobs{Paddle, 1}, func(e *play) { e.Self, e.Things, e.Dir = bottom+self, cell(4, 5), 1 })
		r, done := act(w, Stay)
		if caught := r == paddleCatch; caught != want || done == want {
			t.Errorf("a paddle at column %d catches: %v, over: %v, want %v", self, caught, done, want)
		}
	}
}

func TestABoxIsPushedAndPaysByItsDistance(t *testing.T) {
	start := func(e *play) { e.Self, e.Things, e.Marks = 6, cell(1, 1), cell(1, 3) }
	w := at(t, Knobs{Push, 1}, start)
	if r, done := act(w, Right); r != pushNearer || done || w.plays[0].Things != cell(1, 2) || w.plays[0].Self != 7 {
		t.Errorf("a push towards the target pays %v, done %v", r, done)
	}
	if r, done := act(w, Right); r != 2.5 || !done || !w.Info(0).Success {
		t.Errorf("arriving pays %v, done %v", r, done)
	}
	w = at(t, Knobs{Push, 1}, func(e *play) { e.Self, e.Things, e.Marks = 1, cell(0, 0), cell(1, 3) })
	if r, _ := act(w, Left); r != 0 || w.plays[0].Self != 1 {
		t.Errorf("a box at the edge moves: %v, player at %d", r, w.plays[0].Self)
	}
	w = at(t, Knobs{Push, 1}, func(e *play) { e.Self, e.Things, e.Marks = 8, cell(1, 1), cell(1, 3) })
	if r, done := act(w, Left); r != -pushNearer || !done || w.Info(0).Success {
		t.Errorf("a push away from the target, to the edge, pays %v, done %v, want %v and a lost game", r, done, -pushNearer)
	}
}

func TestNoTwoGamesAgreeOnWhatAPlaneShows(t *testing.T) {
	for p := range planes {
		var seen []string
		for _, g := range Games() {
			m := meaning(g, p)
			if m != "nothing" && slices.Contains(seen, m) {
				t.Errorf("plane %d shows a %s in two games", p, m)
			}
			seen = append(seen, m)
		}
		if plane(Collect, selfRole) == plane(Avoid, selfRole) || plane(Paddle, selfRole) == plane(Push, selfRole) {
			t.Error("two games show the player on one plane")
		}
	}
}

func TestAPerfectEpisodePaysAboutThreeInEveryGame(t *testing.T) {
	for _, k := range games() {
		w, err := New(k, 32)
		if err != nil {
			t.Fatal(err)
		}
		best, _ := w.Reference(world.Oracle, 1)
		s, err := world.Evaluate(t.Context(), w, best, 5, 256)
		if err != nil || s.Return < 2.3 || s.Return > 3.2 {
			t.Errorf("%+v pays the planner %v (%v), want about 3", k, s.Return, err)
		}
	}
}

func TestWrongGamesAndLevelsAreRefused(t *testing.T) {
	for _, k := range []Knobs{{"chess", 1}, {Collect, 0}, {Collect, 5}, {Push, 2}} {
		if _, err := New(k, 1); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%+v: %v", k, err)
		}
	}
	if _, err := New(Knobs{Push, 1}, 0); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a batch of 0: %v", err)
	}
}
