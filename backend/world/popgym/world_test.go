package popgym

import (
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

// ranges are the one-hots of an observation.
func (s *shape) ranges() (r [][2]int) {
	from := 0
	for _, n := range s.space {
		r = append(r, [2]int{from, from + n})
		from += n
	}
	return r
}

// needsMemory lists the tasks in which an agent without memory fails and one with a perfect memory succeeds, nearly always.
func needsMemory(k Knobs) bool {
	switch k.Task {
	case RepeatFirst, RepeatPrevious, Autoencode, CountRecall:
		return true
	}
	return false
}

func TestEveryTaskKeepsTheContractOfWorlds(t *testing.T) {
	for _, task := range Tasks() {
		for _, difficulty := range Difficulties() {
			k := Knobs{Task: task, Difficulty: difficulty, PreviousAction: difficulty == Medium, Torques: 5}
			t.Run(task+" "+difficulty, func(t *testing.T) {
				_, s := newGame(k, 1)
				worldtest.Run(t, worldtest.Options{
					New:    func(batch int) (world.Tensor, error) { return New(k, batch) },
					OneHot: s.ranges(), RewardLo: -1, RewardHi: 1, NeedsMemory: needsMemory(k), Episodes: 128,
				})
			})
		}
	}
}
