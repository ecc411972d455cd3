package ballet

import (
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func TestTheBalletKeepsTheContract(t *testing.T) {
	worldtest.Run(t, worldtest.Options{
		New:      func(batch int) (world.Tensor, error) { return NewBallet(BalletKnobs{4, 8, 4, "any"}, batch) },
		RewardHi: 1, Chance: 0.25, NeedsMemory: true, Episodes: 2000,
	})
}

func TestTheRoomsKeepTheContract(t *testing.T) {
	worldtest.Run(t, worldtest.Options{
		New:      func(batch int) (world.Tensor, error) { return NewRooms(RoomsKnobs{3, 96, 4, 0}, batch) },
		RewardHi: 1, Chance: 0.25, NeedsMemory: true, Episodes: 2000,
	})
}

func TestTheVisitsKeepTheContract(t *testing.T) {
	worldtest.Run(t, worldtest.Options{
		New:      func(batch int) (world.Tensor, error) { return NewVisits(VisitsKnobs{18, 8, 9, "all"}, batch) },
		RewardHi: 1, Chance: 1.0 / 6, NeedsMemory: true, Episodes: 2000,
	})
}

func TestMirrorPairsMakeTheSameMovesInAnotherOrder(t *testing.T) {
	for _, length := range []int{8, 16} {
		all := Dances(length)
		for i := 0; i < DanceCount; i += 2 {
			a, b := slices.Clone(all[i].Moves), slices.Clone(all[i+1].Moves)
			if len(a) != length || slices.Equal(a, b) {
				t.Errorf("%s %v and %s %v", all[i].Name, a, all[i+1].Name, b)
			}
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(a, b) {
				t.Errorf("%s and %s have different bags of moves: %v and %v", all[i].Name, all[i+1].Name, a, b)
			}
		}
	}
}

func TestAPairIsAMirrorPair(t *testing.T) {
	s, err := NewBallet(BalletKnobs{2, 8, 0, "pair"}, 64)
	if err != nil {
		t.Fatal(err)
	}
	for b := range 64 {
		p := s.Script(b)
		if p.Events[0].Dance^1 != p.Events[1].Dance || !p.Paired || p.Events[0].Place == p.Events[1].Place {
			t.Fatalf("events %+v", p.Events)
		}
	}
}

func TestEachRuleByHand(t *testing.T) {
	rooms := []int{0, 1, 0, 2, 1} // capacity 3
	for rule, want := range map[string][]int{
		FIFO: {2, 3, 4}, LIFO: {0, 1, 2},
		MVFO: {2, 3, 4}, // 3 comes: room 0 has two, its oldest (0) goes; 4 comes: room 1 has two, its oldest (1) goes
		LVFO: {0, 2, 4}, // 3 comes: rooms 1 and 2 have one, the older (1) goes; 4 comes: rooms 2 and 1 have one, the older (3) goes
	} {
		var k Keeper
		k.Begin(rule, 3)
		for _, r := range rooms {
			k.Visit(r, 0)
		}
		if !slices.Equal(k.Kept, want) {
			t.Errorf("%s keeps %v, want %v", rule, k.Kept, want)
		}
	}
}

// Each task is answerable for certain under the rule of the same place, and under no other one.
func TestTheRuleOfATaskKeepsTheAskedVisitAlwaysAndNoOtherDoes(t *testing.T) {
	const batch = 400
	for task, name := range Tasks() {
		s, err := NewVisits(VisitsKnobs{18, 8, 9, name}, batch)
		if err != nil {
			t.Fatal(err)
		}
		for r, rule := range Rules() {
			kept := 0
			for b := range batch {
				var k Keeper
				k.Begin(rule, 9)
				for _, e := range s.Script(b).Events {
					k.Visit(int(e.Place), 0)
				}
				if slices.Contains(k.Kept, s.Script(b).Asked) {
					kept++
				}
			}
			if (kept == batch) != (r == task) {
				t.Errorf("task %s under %s: %d of %d kept", name, rule, kept, batch)
			}
			t.Logf("task %-14s rule %s keeps %.2f", name, rule, float64(kept)/batch)
		}
	}
}

func TestTheItineraryOfLastResortFits(t *testing.T) {
	k := &VisitsKnobs{18, 8, 9, "all"}
	s := &Script{Events: make([]Event, 18)}
	for i := range s.Events {
		s.Events[i].Place = 0
		if i%2 == 1 || i >= k.Half {
			s.Events[i].Place = int8(1 + i%7)
		}
	}
	if !s.favoured(k, 0) {
		t.Errorf("room 0 loses visits: %+v", s.Events)
	}
}
