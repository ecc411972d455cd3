package shop

import (
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func defaults() Knobs { return Knobs{Variant: Quirks, Horizon: 15, Slack: 1, Notes: 1} }

func TestAllVariantsKeepTheContractOfTextWorlds(t *testing.T) {
	for _, c := range []struct {
		variant string
		chance  float64
	}{{Quirks, 0.125}, {Preferences, 1. / 6}} {
		t.Run(c.variant, func(t *testing.T) {
			k := defaults()
			k.Variant = c.variant
			worldtest.Text(t, worldtest.TextOptions{
				New:    func() (world.Text, error) { return New(k, 7) },
				Random: 0.02, MemoryFree: c.chance + 0.05,
			})
		})
	}
}
