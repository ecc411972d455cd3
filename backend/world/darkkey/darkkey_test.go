package darkkey

import (
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func TestDarkRoomsKeepTheContractOfWorlds(t *testing.T) {
	for name, k := range map[string]Knobs{"small": {Grid: 4, Episode: 12, Trial: 96}, "odd": {Grid: 5, Episode: 20, Trial: 120}} {
		t.Run(name, func(t *testing.T) {
			worldtest.Run(t, worldtest.Options{New: func(batch int) (world.Tensor, error) { return New(k, batch) },
				OneHot: [][2]int{{0, k.Grid}, {k.Grid, 2 * k.Grid}}, RewardLo: 0, RewardHi: 1, Episodes: 512})
		})
	}
}

// What the world asks for: without memory the fixed tour solves some trials, with it almost all.
func TestMemoryIsWhatTheLastThirdOfATrialPaysFor(t *testing.T) {
	m, err := New(Knobs{Grid: 5, Episode: 20, Trial: 120}, 64)
	if err != nil {
		t.Fatal(err)
	}
	success := map[string]float64{}
	for _, name := range world.References() {
		p, err := m.Reference(name, 3)
		if err != nil {
			t.Fatal(err)
		}
		s, err := world.Evaluate(t.Context(), m, p, 9, 640)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-12s success %.3f, return %.2f", name, s.Success, s.Return)
		success[name] = s.Success
	}
	if success[world.FullMemory] < 0.9 || success[world.MemoryFree] > 0.5 || success[world.Random] > 0.05 {
		t.Errorf("success is %v, want full memory at 0.9 or more, without memory 0.5 or less, by chance next to none", success)
	}
}

// seedWith searches a trial whose key and door are where wanted.
func seedWith(t *testing.T, m *Room, key, door int32) uint64 {
	t.Helper()
	for seed := range uint64(100000) {
		var e room
		if m.begin(&e, seed); e.Key == key && e.Door == door {
			return seed
		}
	}
	t.Fatalf("no seed has key %d and door %d", key, door)
	return 0
}

// Grid 3, middle 4; key at 5 (right of it), door at 3 (left of it). Cells 0 1 2 / 3 4 5 / 6 7 8.
func TestATrialIsWalkedStepByStep(t *testing.T) {
	m, err := New(Knobs{Grid: 3, Episode: 6, Trial: 18}, 1)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done := make([]float32, 8), make([]float32, 1), make([]bool, 1)
	v, err := m.Replay(seedWith(t, m, 5, 3), obs)
	if err != nil {
		t.Fatal(err)
	}
	type step struct {
		action int32
		reward float32
		saw    string
		done   bool
	}
	steps := []step{
		{Left, 0, "row 2, column 1", false}, // the door without the key is nothing
		{Right, 0, "row 2, column 2", false},
		{Right, 1, "row 2, column 3, rewarded", false},                   // the key
		{Right, 0, "row 2, column 3", false},                             // a wall; the key pays once
		{Left, 0, "row 2, column 2", false},                              //
		{Left, 1, "row 2, column 2, rewarded, an episode begins", false}, // the door, at step 6 of 6
		{Right, 1, "row 2, column 3, rewarded", false},                   // second episode: the key is back
		{Left, 0, "row 2, column 2", false},                              //
		{Left, 1, "row 2, column 2, rewarded, an episode begins", false}, // step 9 of the trial
		{Stay, 0, "row 2, column 2", false}, {Stay, 0, "row 2, column 2", false}, {Stay, 0, "row 2, column 2", false},
		{Stay, 0, "row 2, column 2", false}, {Stay, 0, "row 2, column 2", false},
		{Right, 1, "row 2, column 2, rewarded, an episode begins", false}, // the key at the last step of the third episode, step 15
		{Stay, 0, "row 2, column 2", false}, {Stay, 0, "row 2, column 2", false}, {Stay, 0, "", true},
	}
	for i, s := range steps {
		v.Step([]int32{s.action}, obs, reward, done)
		if reward[0] != s.reward || done[0] != s.done || !s.done && v.Saw(0) != s.saw {
			t.Fatalf("step %d pays %v, shows %q, done %v; want %v, %q, %v", i+1, reward[0], v.Saw(0), done[0], s.reward, s.saw, s.done)
		}
	}
	in := v.Info(0)
	want := Outcome{Keys: 3, Doors: 2, Episodes: 3, LateEpisodes: 1, LateKeys: 1, FirstEpisode: 6, FirstSum: 2, LateSteps: 6, NeverOpening: 1}
	if got := v.(*Room).Outcome(0); got != want || in.Return != 5 || in.Success || in.Steps != 18 || in.Why != lab.EndHorizon {
		t.Errorf("the trial came to %+v, %+v; want %+v", got, in, want)
	}
}

func TestTheFixedTourTreadsEveryCellButOne(t *testing.T) {
	for g := 3; g <= 9; g++ {
		m, err := New(Knobs{Grid: g, Episode: 3 * g, Trial: 9 * g}, 1)
		if err != nil {
			t.Fatal(err)
		}
		cell := m.middle()
		var seen []int32
		for !slices.Contains(seen, cell) {
			seen = append(seen, cell)
			cell = m.moved(cell, m.tour(cell))
		}
		if want := g*g - g%2; len(seen) != want || cell != m.middle() {
			t.Errorf("grid %d: %d cells from the middle back to %d, want %d", g, len(seen), cell, want)
		}
	}
}

func TestKeyAndDoorAreNeverEqualAndNeverInTheMiddle(t *testing.T) {
	m, err := New(Knobs{Grid: 3, Episode: 6, Trial: 18}, 1)
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[[2]int32]int{}
	for seed := range uint64(5600) {
		var e room
		m.begin(&e, seed)
		if pairs[[2]int32{e.Key, e.Door}]++; e.Key == e.Door || e.Key == 4 || e.Door == 4 {
			t.Fatalf("key at %d and door at %d", e.Key, e.Door)
		}
	}
	for p, n := range pairs { // 56 pairs, 100 each: five standard deviations are 50
		if n < 50 || n > 150 {
			t.Errorf("pair %v was drawn %d times of 5600", p, n)
		}
	}
	if len(pairs) != 56 {
		t.Errorf("%d pairs were drawn, want 56", len(pairs))
	}
}

func TestWrongKnobsAreRefusedWithTheLegalOnes(t *testing.T) {
	for name, k := range map[string]Knobs{"grid": {Grid: 2, Episode: 20, Trial: 120}, "episode": {Grid: 5, Episode: 11, Trial: 120},
		"trial": {Grid: 5, Episode: 20, Trial: 59}, "9": {Grid: 10, Episode: 40, Trial: 120}} {
		if _, err := New(k, 1); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v", k, err)
		}
	}
	if _, err := New(Knobs{Grid: 5, Episode: 20, Trial: 120}, 0); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a batch of 0 gives %v", err)
	}
}
