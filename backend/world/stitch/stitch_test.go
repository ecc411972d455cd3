package stitch

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func knobs(nuisance int) Knobs {
	return Knobs{Nuisance: nuisance, StepCost: 0.02, Trap: 0.5, Horizon: 14}
}

func TestStitchMazeKeepsTheContractOfWorlds(t *testing.T) {
	for _, k := range []int{0, 4} {
		t.Run(fmt.Sprintf("k=%d", k), func(t *testing.T) {
			worldtest.Run(t, worldtest.Options{New: func(batch int) (world.Tensor, error) { return New(knobs(k), batch) },
				OneHot: [][2]int{{0, 3}, {3, 6}, {6, 9}}, RewardLo: -0.53, RewardHi: 1, Chance: 0.5, NeedsMemory: true, Episodes: 2000})
		})
	}
}

// walk plays actions from the first episode with that start and bit and returns its cells and rewards.
func walk(t *testing.T, start, bit int32, actions ...int32) (cells []int32, rewards []float32, done bool) {
	t.Helper()
	m, err := New(knobs(0), 1)
	if err != nil {
		t.Fatal(err)
	}
	e := &m.runs[0]
	e.Start, e.Bit, e.Cell = start, bit, CellA+3*start
	obs, reward, ended := make([]float32, m.spec.Obs), make([]float32, 1), make([]bool, 1)
	for _, a := range actions {
		m.Step([]int32{a}, obs, reward, ended)
		cells, rewards, done = append(cells, e.Cell), append(rewards, reward[0]), ended[0]
	}
	return cells, rewards, done
}

func TestTheMazeIsWalkedAsItIsDrawn(t *testing.T) {
	const f, l, r, b = Forward, Left, Right, Back
	for name, c := range map[string]struct {
		start, bit int32
		actions    []int32
		cells      []int32 // all but the last, where the episode ended
		last       float32
		done       bool
	}{
		"from A to the paying exit": {StartA, 1, []int32{f, f, f, r, f, f}, []int32{1, 2, 9, 13, 14}, 0.98, true},
		"from A to the wrong exit":  {StartA, 0, []int32{f, f, f, r, f, f}, []int32{1, 2, 9, 13, 14}, -0.02, true},
		"into the trap":             {StartA, 0, []int32{f, r}, []int32{1}, -0.52, true},
		"through the loop":          {StartB, 0, []int32{f, l, f, f, f, f, l, f, f}, []int32{4, 6, 7, 8, 5, 9, 10, 11}, 0.98, true},
		"back from the hub to B":    {StartB, 0, []int32{f, f, f, b, b, l, b, b}, []int32{4, 5, 9, 5, 4, 6, 4, 3}, -0.02, false},
		"walls hold":                {StartA, 0, []int32{l, b, f, l, f, r, f, f, f}, []int32{0, 0, 1, 1, 2, 2, 9, 9, 9}, -0.02, false},
		"back out of an exit":       {StartA, 0, []int32{f, f, f, r, b, l, f, f}, []int32{1, 2, 9, 13, 9, 10, 11}, 0.98, true},
	} {
		cells, rewards, done := walk(t, c.start, c.bit, c.actions...)
		if !slices.Equal(cells[:len(c.cells)], c.cells) || math.Abs(float64(rewards[len(rewards)-1]-c.last)) > 1e-6 || done != c.done {
			t.Errorf("%s: cells %v, rewards %v, done %v", name, cells, rewards, done)
		}
	}
}

// The cue stands on the second cell and nowhere else, the letter on the first.
func TestCueAndLetterAreShownOnce(t *testing.T) {
	m, err := New(knobs(3), 1)
	if err != nil {
		t.Fatal(err)
	}
	for cell := range int32(Cells) {
		e := run{Seed: 5, Cell: cell, Start: cell / 3 % 2, Bit: 1}
		obs := make([]float32, m.spec.Obs)
		m.write(&e, obs)
		if cue := obs[obsCue+1] == 1; cue != (cell == 1 || cell == 4) || obs[obsCue] != 0 {
			t.Errorf("cell %d shows %v", cell, obs)
		}
		if letter := obs[obsLetter+2] == 0; letter != (cell == 0 || cell == 3) {
			t.Errorf("cell %d shows %v", cell, obs)
		}
	}
}

// With a tenth of random actions, half of the walks from B go slowly and pay mostly, almost none from A does, and no two long histories
// are alike.
func TestTheDataHoldTheHalvesAndNotTheWhole(t *testing.T) {
	data, err := Collect(knobs(4), DataKnobs{Trajectories: 2000, Random: 0.1}, 7)
	if err != nil {
		t.Fatal(err)
	}
	var n, paid [2]float64
	seen := map[string]bool{}
	for _, d := range data {
		n[d.Start]++
		if d.Success {
			paid[d.Start]++
		}
		if len(d.Obs) != len(d.Action)+1 || len(d.Truth) != len(d.Obs) || len(d.Reward) != len(d.Action) || len(d.Action) > 14 {
			t.Fatalf("%d observations, %d states, %d actions, %d rewards", len(d.Obs), len(d.Truth), len(d.Action), len(d.Reward))
		}
		seen[fmt.Sprint(d.Obs[:min(7, len(d.Obs)-1)])] = true
	}
	if a, b := paid[0]/n[0], paid[1]/n[1]; a > 0.05 || b < 0.35 || b > 0.6 || n[0] < 900 || n[0] > 1100 {
		t.Errorf("from A %v of %v pay, from B %v of %v", a, n[0], b, n[1])
	}
	if len(seen) < 1700 {
		t.Errorf("%d different histories in 2000 trajectories", len(seen))
	}
	again, _ := Collect(knobs(4), DataKnobs{Trajectories: 2000, Random: 0.1}, 7)
	if fmt.Sprint(data[1999]) != fmt.Sprint(again[1999]) {
		t.Error("the same seed gives other data")
	}
	stitched, _ := Collect(knobs(4), DataKnobs{Trajectories: 2000, Random: 0, Stitched: 1}, 7)
	for _, d := range stitched {
		if d.Start == StartA && !d.Success && d.Return > -0.5 {
			t.Fatalf("a clean walk from A takes the wrong exit: %+v", d)
		}
	}
}

func TestWrongKnobsAreRefused(t *testing.T) {
	for _, k := range []Knobs{{Nuisance: 17, Horizon: 14}, {Horizon: 2}, {Horizon: 14, StepCost: 1}, {Horizon: 14, Trap: 2}} {
		if _, err := New(k, 1); err == nil {
			t.Errorf("%+v was taken", k)
		}
	}
	if _, err := New(knobs(1), 0); err == nil {
		t.Error("a batch of 0 was taken")
	}
	if Kind().New() == nil || StateName(19) != "hub right" {
		t.Errorf("state 19 is %q", StateName(19))
	}
}
