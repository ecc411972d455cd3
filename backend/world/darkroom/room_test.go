package darkroom

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func TestDarkRoomsKeepTheContractOfWorlds(t *testing.T) {
	for _, k := range []any{
		&RoomKnobs{Grid: 5, Episodes: 6, Steps: 10}, &RoomKnobs{Grid: 3, Episodes: 4, Steps: 5}, &RoomKnobs{Grid: 5, Episodes: 7, Steps: 8, Recurs: 2},
		&TrapKnobs{Episodes: 6, Steps: 6, Sign: 0.2, Decoy: 0.5}, &TrapKnobs{Episodes: 6, Steps: 4, Recurs: 2, Sign: 0.1, Decoy: 0.4},
	} {
		t.Run(fmt.Sprintf("%T %+v", k, k), func(t *testing.T) {
			o := worldtest.Options{New: func(batch int) (world.Tensor, error) { return New(k, batch) }, OneHot: [][2]int{{0, 25}},
				RewardLo: -0.5, RewardHi: 1, Chance: 0.25, NeedsMemory: true}
			switch k := k.(type) {
			case *RoomKnobs: // a tour without memory meets as many cells as it has steps
				cells := k.Grid * k.Grid
				o.OneHot, o.Chance, o.NeedsMemory = [][2]int{{0, cells}}, float64(k.Steps)/float64(cells-1), k.Recurs == 0
			case *TrapKnobs:
				o.NeedsMemory = k.Recurs == 0
			}
			worldtest.Run(t, o)
		})
	}
}

// walk is a world of one environment that is played by hand.
type walk struct {
	t      *testing.T
	w      *Room
	obs    []float32
	reward []float32
	done   []bool
}

func begin(t *testing.T, knobs any, goal int32) *walk {
	t.Helper()
	made, err := New(knobs, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := made.(*Room)
	p := &walk{t, w, make([]float32, w.spec.Obs), make([]float32, 1), make([]bool, 1)}
	w.places[0].Goal = goal
	return p
}

// go1 plays one action and demands its reward, what it ended, and what is seen afterwards.
func (p *walk) go1(action int32, reward float32, episode, task bool, saw string) {
	p.t.Helper()
	p.w.Step([]int32{action}, p.obs, p.reward, p.done)
	e, k := p.w.Border(0)
	if p.reward[0] != reward || e != episode || k != task {
		p.t.Fatalf("%s: reward %v, ends episode %v, task %v; want %v, %v, %v", names()[action], p.reward[0], e, k, reward, episode, task)
	}
	if got := p.w.Saw(0); !strings.Contains(got, saw) {
		p.t.Fatalf("%s: saw %q, want %q in it", names()[action], got, saw)
	}
}

// Grid 3, cells 0 1 2 / 3 4 5 / 6 7 8, start on 4, goal on 2, two episodes of three steps.
func TestABlockOfTwoEpisodesIsWalkedStepByStep(t *testing.T) {
	p := begin(t, &RoomKnobs{Grid: 3, Episodes: 2, Steps: 3}, 2)
	p.go1(left, 0, false, false, "at row 2 column 1; went left before, reward 0.0")
	p.go1(left, 0, false, false, "at row 2 column 1") // the wall
	p.go1(up, 0, true, false, "at row 2 column 2; went up before, reward 0.0, and a new episode began")
	p.go1(up, 0, false, false, "at row 1 column 2")
	p.go1(right, 1, true, true, "at row 2 column 2")
	if in := p.w.Info(0); !in.Success || in.Return != 1 || in.Steps != 5 || in.Why != lab.EndHorizon || !p.done[0] {
		t.Errorf("the block came to %+v, done %v", in, p.done[0])
	}
}

// Cells 0 to 24, start on 12, sign on 6, doors on 2, 22, 10, 14; the goal is the right door.
func TestTheSignCostsTheEpisodeAndShowsTheGoal(t *testing.T) {
	p := begin(t, &TrapKnobs{Episodes: 3, Steps: 6, Sign: 0.2, Decoy: 0.5}, 14)
	p.go1(left, 0, false, false, "at row 3 column 2")
	p.go1(up, -0.2, false, false, "at row 2 column 2, the sign shows row 3 column 5")
	if shown := p.obs[25:29]; fmt.Sprint(shown) != "[0 0 0 1]" {
		t.Errorf("the sign shows %v, want the last of the four doors", shown)
	}
	p.go1(right, 0, true, false, "at row 3 column 3; went right before, reward 0.0, and a new episode began")
	if shown := p.obs[25:29]; fmt.Sprint(shown) != "[0 0 0 0]" {
		t.Errorf("after the sign %v is shown, want nothing", shown)
	}
	p.go1(up, 0, false, false, "at row 2 column 3")
	p.go1(up, -0.5, true, false, "and a new episode began")
	p.go1(right, 0, false, false, "at row 3 column 4")
	p.go1(right, 1, true, true, "at row 3 column 3")
	if in := p.w.Info(0); !in.Success || in.Steps != 7 || fmt.Sprintf("%.1f", in.Return) != "0.3" {
		t.Errorf("the block came to %+v", in)
	}
}

func TestAGoalThatDoesNotRecurIsHiddenAnewInsideTheBlock(t *testing.T) {
	w, err := NewRoom(RoomKnobs{Grid: 5, Episodes: 40, Steps: 2, Recurs: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done, goals, tasks := make([]float32, w.spec.Obs), make([]float32, 1), make([]bool, 1), map[int32]bool{}, 0
	for !done[0] {
		goals[w.places[0].Goal] = true
		w.Step([]int32{up}, obs, reward, done)
		if _, task := w.Border(0); task {
			tasks++
		}
	}
	if tasks != 40 || len(goals) < 10 {
		t.Errorf("%d tasks with %d goals in a block of 40 episodes, want 40 and at least 10", tasks, len(goals))
	}
}

func TestTheGoalMayBeAnywhereButInTheMiddle(t *testing.T) {
	for _, k := range []any{&RoomKnobs{Grid: 3, Episodes: 1, Steps: 2}, &TrapKnobs{Episodes: 1, Steps: 2}} {
		made, err := New(k, 4000)
		if err != nil {
			t.Fatal(err)
		}
		w := made.(*Room)
		count := map[int32]int{}
		for b := range w.places {
			count[w.places[b].Goal]++
		}
		want := 8
		if w.doors() {
			want = 4
		}
		if len(count) != want || count[w.start()] > 0 {
			t.Errorf("%s hides its goal at %v, want %d cells", w.Name, count, want)
		}
		for cell, n := range count {
			if n < 4000/want*8/10 || n > 4000/want*12/10 {
				t.Errorf("%s hides its goal %d times at %d, want about %d", w.Name, n, cell, 4000/want)
			}
		}
	}
}

func TestWrongKnobsAreRefusedWithTheirBounds(t *testing.T) {
	for name, k := range map[string]any{"even grid": &RoomKnobs{Grid: 4, Episodes: 1, Steps: 2}, "no episode": &RoomKnobs{Grid: 5, Steps: 2},
		"one step": &TrapKnobs{Episodes: 1, Steps: 1}, "dear sign": &TrapKnobs{Episodes: 1, Steps: 2, Sign: 2}} {
		if _, err := New(k, 1); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%s gives %v, want invalid with a hint", name, err)
		}
	}
	if _, err := New(new(int), 1); lab.CodeOf(err) != lab.Internal {
		t.Errorf("knobs of another world give %v, want internal", err)
	}
}
