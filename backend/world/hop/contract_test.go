package hop

import (
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func defaults() Knobs {
	return Knobs{Least: 2, Most: 4, Hops: 1, Entities: 40, Relations: 6, Leads: 3, Alike: 0.5, Each: 3, Spare: 2, Hint: 9, Pays: PaysEach}
}

func TestTheWorldKeepsTheContractOfTextWorlds(t *testing.T) {
	hard := defaults()
	hard.Most, hard.Hops, hard.Misses, hard.Aliases, hard.IDs, hard.Each, hard.Spread = 3, 2, 0.3, 0.5, true, 8, 3
	numbered := defaults()
	numbered.Numbered = true
	for name, k := range map[string]Knobs{"one hop": defaults(), "numbered": numbered, "two hops, aliases, useless leads": hard} {
		t.Run(name, func(t *testing.T) {
			worldtest.Text(t, worldtest.TextOptions{
				New:    func() (world.Text, error) { return New(k) },
				Random: 0.01, MemoryFree: 0.01, Episodes: 300,
			})
		})
	}
}
