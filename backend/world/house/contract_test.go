package house

import (
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func defaults() Knobs {
	return Knobs{Variant: HiddenRules, Horizon: 14, Slack: 1, Families: AllFamilies, Receptacles: 6, Appliances: 3, Switches: 3, Drift: 600}
}

func TestAllVariantsKeepTheContractOfTextWorlds(t *testing.T) {
	for _, c := range []struct {
		variant string
		chance  float64
	}{{HiddenRules, 0.1}, {ExactIDs, 0.1}, {Habits, 0.0625}} {
		t.Run(c.variant, func(t *testing.T) {
			k := defaults()
			k.Variant = c.variant
			worldtest.Text(t, worldtest.TextOptions{
				New:    func() (world.Text, error) { return New(k, 7) },
				Random: 0.01, MemoryFree: c.chance + 0.05,
			})
		})
	}
}
