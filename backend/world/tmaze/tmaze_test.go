package tmaze

import (
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func TestPassiveTMazesKeepTheContractOfWorlds(t *testing.T) {
	for name, k := range map[string]Knobs{"short": {Corridor: 3, Nuisance: 4}, "bare": {Corridor: 7}, "shortest": {Corridor: 1, Nuisance: 1}} {
		t.Run(name, func(t *testing.T) {
			worldtest.Run(t, worldtest.Options{New: func(batch int) (world.Tensor, error) { return New(k, batch) },
				OneHot: [][2]int{{0, obsNuisance}}, RewardLo: -1, RewardHi: 1, Chance: 0.5, NeedsMemory: true, Episodes: 3000})
		})
	}
}

// A corridor of 3: cue, corridor, corridor, junction. What is chosen before the junction is without effect; the turn pays.
func TestAnEpisodeIsWalkedStepByStep(t *testing.T) {
	for name, c := range map[string]struct {
		right  bool
		reward float32
	}{"the cue's turn pays one": {true, 1}, "the other turn costs one": {false, -1}} {
		t.Run(name, func(t *testing.T) {
			m, err := New(Knobs{Corridor: 3, Nuisance: 2}, 1)
			if err != nil {
				t.Fatal(err)
			}
			obs, reward, done := make([]float32, 6), make([]float32, 1), make([]bool, 1)
			m.Reset(5, obs)
			cue := int32(m.Cue(0))
			if obs[cue] != 1 || obs[1-cue] != 0 {
				t.Fatalf("the first step shows %v, want cue %d", obs, cue)
			}
			for i, want := range []string{"corridor", "corridor", "junction"} {
				m.Step([]int32{1 - cue}, obs, reward, done)
				if !strings.HasPrefix(m.Saw(0), want) || reward[0] != 0 || done[0] || m.Position(0) != i+1 {
					t.Fatalf("step %d shows %q, pays %v, done %v", i+1, m.Saw(0), reward[0], done[0])
				}
			}
			action := cue
			if !c.right {
				action = 1 - cue
			}
			m.Step([]int32{action}, obs, reward, done)
			if in := m.Info(0); reward[0] != c.reward || !done[0] || in.Steps != 4 || in.Success != c.right || in.Why != lab.EndTerminal {
				t.Errorf("the turn pays %v, done %v, %+v", reward[0], done[0], in)
			}
		})
	}
}

func TestNuisanceBitsAreDrawnEvenlyAndTellNothing(t *testing.T) {
	m, err := New(Knobs{Corridor: 50, Nuisance: 3}, 200)
	if err != nil {
		t.Fatal(err)
	}
	w := m.Spec().Obs
	obs, reward, done := make([]float32, 200*w), make([]float32, 200), make([]bool, 200)
	m.Reset(1, obs)
	var ones, same float64
	for range 40 {
		m.Step(make([]int32, 200), obs, reward, done)
		for b := range 200 {
			for i := range 3 {
				bit := obs[b*w+obsNuisance+i]
				ones += float64(bit)
				if int(bit) == m.Cue(b) {
					same++
				}
			}
		}
	}
	// 24,000 bits: two standard deviations are 0.0065.
	if n := 200.0 * 40 * 3; ones/n < 0.485 || ones/n > 0.515 || same/n < 0.485 || same/n > 0.515 {
		t.Errorf("a share of %.3f is one, %.3f is as the cue: want 0.5", ones/n, same/n)
	}
}

func TestWrongKnobsAreRefusedWithTheLegalOnes(t *testing.T) {
	for name, k := range map[string]Knobs{"corridor": {Corridor: 0}, "nuisance": {Corridor: 5, Nuisance: 17}} {
		if _, err := New(k, 1); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v", k, err)
		}
	}
	if _, err := New(Knobs{Corridor: 5}, 0); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a batch of 0 gives %v", err)
	}
}
