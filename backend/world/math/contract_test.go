package mathworld

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func TestRunningArithmeticKeepsTheContractOfTextWorlds(t *testing.T) {
	for _, k := range []ArithmeticKnobs{
		{Live: 2, Shortest: 8, Longest: 20, Modulus: 97, Operand: 9, Doubling: 0.1, Reads: 0.15, Stay: 0.8},
		{Live: 6, Shortest: 30, Longest: 60, Modulus: 97, Operand: 9, Doubling: 0.1, Reads: 0.5},
		{Live: 1, Shortest: 5, Longest: 9, Modulus: 31, Operand: 3, Reads: 0.5},
	} {
		t.Run(fmt.Sprintf("live=%d n=%d..%d mod %d", k.Live, k.Shortest, k.Longest, k.Modulus), func(t *testing.T) {
			worldtest.Text(t, worldtest.TextOptions{
				New:    func() (world.Text, error) { return New(&k) },
				Random: 1 / float64(k.Modulus), MemoryFree: 0.15,
			})
		})
	}
}

func TestWordProblemsKeepTheContractOfTextWorlds(t *testing.T) {
	for _, steps := range []string{TwoSteps, ThreeSteps, BothSteps} {
		t.Run(steps, func(t *testing.T) {
			worldtest.Text(t, worldtest.TextOptions{
				New:    func() (world.Text, error) { return New(&WordKnobs{Steps: steps, Number: 12}) },
				Random: 1.0 / (LargestValue + 1), MemoryFree: 1, // the story stays in sight: nothing need be remembered
			})
		})
	}
}

func TestTheKnobsOfBothWorldsAreDescribedWithoutMistakes(t *testing.T) {
	section := schema.Section{Name: "world", Kinds: Worlds()}
	if err := section.Check(); err != nil {
		t.Error(err)
	}
	for _, kind := range section.Kinds {
		for _, budget := range lab.Budgets() {
			raw, err := schema.Resolve(section, kind.Name, nil, budget)
			if err != nil {
				t.Fatal(err)
			}
			knobs := kind.New()
			if err := json.Unmarshal(raw, knobs); err != nil {
				t.Fatal(err)
			}
			if w, err := New(knobs); err != nil || w.Spec().Name != kind.Name {
				t.Errorf("%s at %s: %v", kind.Name, budget, err)
			}
		}
	}
	if _, err := New(new(int)); err == nil {
		t.Error("knobs of another type are no error")
	}
}
