package popgym

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func build(t *testing.T, k Knobs, batch int) *World {
	t.Helper()
	w, err := New(k, batch)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

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
	case RepeatFirst, RepeatPrevious, Autoencode, CountRecall, PositionCartPole:
		return true
	}
	return false
}

// Each task at one difficulty, every second one with the action before in its observation: what the contract checks does not hang on
// sizes, and the recorded episodes go through all of them.
func TestEveryTaskKeepsTheContractOfWorlds(t *testing.T) {
	for i, task := range Tasks() {
		k := Knobs{Task: task, Difficulty: Difficulties()[i/2%3], PreviousAction: i%2 == 1, Torques: 5}
		if task == Concentration || task == HigherLower || task == CountRecall {
			k.Difficulty = Easy // long rows are slow to write out
		}
		t.Run(task+" "+k.Difficulty, func(t *testing.T) {
			_, s := newGame(k, 1)
			worldtest.Run(t, worldtest.Options{
				New:    func(batch int) (world.Tensor, error) { return New(k, batch) },
				OneHot: s.ranges(), RewardLo: -1, RewardHi: 1, NeedsMemory: needsMemory(k), Episodes: 64,
			})
		})
	}
}

// The package scales rewards so that the return of an episode lies in [-1, 1]; the bounds here are what its sizes allow.
func TestReturnsAreNormalised(t *testing.T) {
	for _, task := range Tasks() {
		for _, difficulty := range Difficulties() {
			w := build(t, Knobs{Task: task, Difficulty: difficulty, Torques: 5}, 4)
			least := -1.0
			if task == Battleship { // only misses, see battleship
				least = -2
			}
			for _, name := range []string{world.Oracle, world.Random} {
				p, err := w.Reference(name, 3)
				if err != nil {
					t.Fatal(err)
				}
				obs, actions := make([]float32, 4*w.spec.Obs), make([]int32, 4)
				reward, done := make([]float32, 4), make([]bool, 4)
				w.Reset(9, obs)
				for range w.spec.Horizon {
					p.Act(obs, done, actions)
					w.Step(actions, obs, reward, done)
					for b, over := range done {
						if r := float64(w.Info(b).Return); over && (r < least-1e-5 || r > 1+1e-5) {
							t.Fatalf("%s %s: an episode of %s returns %v", task, difficulty, name, r)
						}
					}
				}
			}
		}
	}
}

// Sizes as gymnasium.spaces.flatdim gives them for the package's classes.
func TestSizesAreThoseOfThePackage(t *testing.T) {
	for task, want := range map[string][3][3]int{ // numbers of an observation, actions, most steps
		RepeatFirst:      {{4, 4, 51}, {4, 4, 415}, {4, 4, 831}},
		RepeatPrevious:   {{4, 4, 51}, {4, 4, 103}, {4, 4, 155}},
		Autoencode:       {{6, 4, 103}, {6, 4, 207}, {6, 4, 311}},
		CountRecall:      {{4, 26, 51}, {8, 26, 103}, {26, 16, 207}},
		Concentration:    {{156, 52, 104}, {312, 104, 208}, {728, 52, 104}},
		HigherLower:      {{13, 2, 51}, {13, 2, 103}, {13, 2, 155}},
		Battleship:       {{2, 64, 64}, {2, 100, 100}, {2, 144, 144}},
		Minesweeper:      {{3, 16, 15}, {7, 36, 31}, {10, 64, 55}},
		Bandit:           {{2, 10, 200}, {2, 20, 400}, {2, 30, 600}},
		Escape:           {{50, 4, 1023}, {50, 4, 1023}, {50, 4, 1023}},
		Explore:          {{50, 4, 1023}, {50, 4, 1023}, {50, 4, 1023}},
		PositionCartPole: {{2, 2, 200}, {2, 2, 400}, {2, 2, 600}},
		NoisyCartPole:    {{2, 2, 200}, {2, 2, 200}, {2, 2, 200}},
		VelocityCartPole: {{2, 2, 200}, {2, 2, 400}, {2, 2, 600}},
		PositionPendulum: {{2, 5, 200}, {2, 5, 150}, {2, 5, 100}},
		NoisyPendulum:    {{2, 5, 200}, {2, 5, 200}, {2, 5, 200}},
	} {
		for i, difficulty := range Difficulties() {
			s := build(t, Knobs{Task: task, Difficulty: difficulty, Torques: 5}, 1).Spec()
			if got := [3]int{s.Obs, len(s.Actions), s.Horizon}; got != want[i] {
				t.Errorf("%s %s has %v numbers, actions, steps; want %v", task, difficulty, got, want[i])
			}
		}
	}
}

func TestTheKnobsNameEveryTask(t *testing.T) {
	fields, err := schema.Fields(Worlds()[0])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(fields[0].Enum, Tasks()) || !slices.Equal(fields[1].Enum, Difficulties()) {
		t.Errorf("the knobs offer %v and %v, want %v and %v", fields[0].Enum, fields[1].Enum, Tasks(), Difficulties())
	}
}

func TestWrongKnobsAreRefused(t *testing.T) {
	good := Knobs{Task: RepeatFirst, Difficulty: Easy, Torques: 5}
	for name, change := range map[string]func(*Knobs){
		"an unknown task":       func(k *Knobs) { k.Task = "chess" },
		"an unknown difficulty": func(k *Knobs) { k.Difficulty = "extreme" },
		"one torque":            func(k *Knobs) { k.Torques = 1 },
		"too many torques":      func(k *Knobs) { k.Torques = 42 },
	} {
		k := good
		change(&k)
		if _, err := New(k, 1); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%s gives the error %v", name, err)
		}
	}
	for _, batch := range []int{0, maxBatch + 1} {
		if _, err := New(good, batch); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("batch %d gives the error %v", batch, err)
		}
	}
	if _, err := NewContinuous(good, 1); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a torque in %s gives the error %v", good.Task, err)
	}
}

// Battleship has two numbers; row and column before have 8 each; the flag has two. Action 19 is row 3, column 4 (counted from 1).
func TestThePreviousActionIsWrittenBehindTheObservation(t *testing.T) {
	w := build(t, Knobs{Task: Battleship, Difficulty: Easy, PreviousAction: true, Torques: 5}, 1)
	obs, reward, done := make([]float32, w.spec.Obs), make([]float32, 1), make([]bool, 1)
	w.Reset(4, obs)
	if want := append(append([]float32{1, 0}, 1, 0, 0, 0, 0, 0, 0, 0), 1, 0, 0, 0, 0, 0, 0, 0, 0, 1); !slices.Equal(obs, want) {
		t.Errorf("first observation is %v, want %v", obs, want)
	}
	w.Step([]int32{19}, obs, reward, done)
	if want := []float32{0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}; !slices.Equal(obs[2:], want) {
		t.Errorf("after row 3, column 4 the memory is %v, want %v", obs[2:], want)
	}
	if w.spec.ObsNames[4] != "before: row 3" || w.spec.ObsNames[13] != "before: column 4" || w.spec.Actions[19] != "row 3 column 4" {
		t.Errorf("names are %q, %q and %q", w.spec.ObsNames[4], w.spec.ObsNames[13], w.spec.Actions[19])
	}
}

// A torque out of World's list is the same step in both forms, and the last observation of an episode is kept.
func TestTheContinuousPendulumIsTheSameTask(t *testing.T) {
	for _, task := range []string{PositionPendulum, NoisyPendulum} {
		k := Knobs{Task: task, Difficulty: Hard, PreviousAction: true, Torques: 5}
		w := build(t, k, 4)
		c, err := NewContinuous(k, 4)
		if err != nil {
			t.Fatal(err)
		}
		var _ control.Vec = c
		a, b := make([]float32, 4*w.spec.Obs), make([]float32, 4*w.spec.Obs)
		reward, other, done := make([]float32, 4), make([]float32, 4), make([]bool, 4)
		w.Reset(5, a)
		c.Reset(5, b)
		random := world.Uniform(5, 1)
		actions, torques := make([]int32, 4), make([]float32, 4)
		for step := range 450 {
			random.Act(nil, nil, actions)
			for i, x := range actions {
				torques[i] = []float32{-2, -1, 0, 1, 2}[x]
			}
			w.Step(actions, a, reward, done)
			c.Step(torques, b, other, done)
			if !slices.Equal(a, b) || !slices.Equal(reward, other) || done[0] && !slices.Equal(w.Final(0), c.Last(0)) {
				t.Fatalf("%s, step %d: %v and %v, rewards %v and %v", task, step, a, b, reward, other)
			}
		}
		if n := testing.AllocsPerRun(100, func() { c.Step(torques, b, other, done) }); n != 0 {
			t.Errorf("a step allocates %v times", n)
		}
		continued(t, c, torques)
	}
}

// continued checks that a kept state goes on as the world it was kept from, and that an episode is made again from its seed.
func continued(t *testing.T, c *Continuous, torques []float32) {
	t.Helper()
	var kept bytes.Buffer
	if err := c.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	again, err := NewContinuous(c.world.knobs, 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Restore(&kept); err != nil {
		t.Fatal(err)
	}
	a, b := make([]float32, 4*c.spec.Obs), make([]float32, 4*c.spec.Obs)
	reward, other, done := make([]float32, 4), make([]float32, 4), make([]bool, 4)
	for range 400 {
		c.Step(torques, a, reward, done)
		again.Step(torques, b, other, done)
	}
	if !slices.Equal(a, b) || c.Info(2).Return != again.Info(2).Return {
		t.Error("a restored pendulum goes another way")
	}
	one, err := c.Replay(c.Info(1).Seed, nil)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float32, c.spec.Obs)
	for range c.spec.Horizon {
		one.Step(torques[1:2], row, reward[:1], done[:1])
	}
	if got, want := one.Info(0), c.Info(1); got.Seed != want.Seed || got.Steps != want.Steps || got.Return != want.Return {
		t.Errorf("the episode made again came to %+v, want %+v", got, want)
	}
}

// Every order of a deck is as likely as any other: over many deals each suit comes first in a quarter of them, and all cards are there.
func TestDecksAreShuffledEvenly(t *testing.T) {
	d := newDeck(suits, 2, 1)
	var first, last [4]int
	for seed := range uint64(4000) {
		d.shuffle(0, seed*7919, 0)
		first[d.cards[0]]++
		last[d.cards[103]]++
		for v := range uint8(4) {
			if n := bytes.Count(d.cards, []byte{v}); n != 26 {
				t.Fatalf("%d cards of suit %d are in two decks, want 26", n, v)
			}
		}
	}
	for v := range 4 { // 1000 each, standard deviation 27
		if math.Abs(float64(first[v]-1000)) > 110 || math.Abs(float64(last[v]-1000)) > 110 {
			t.Errorf("suit %d comes first %d and last %d times in 4000", v, first[v], last[v])
		}
	}
}

// Of the four ways to point and the places, all that keep a ship of 4 on an 8 x 8 board are equally likely, each place from two ends.
func TestBoardsHoldTheWholeFleet(t *testing.T) {
	w := build(t, Knobs{Task: Battleship, Difficulty: Easy, Torques: 5}, 200)
	g := w.game.(*battleship)
	var rows, columns [8]int
	for b := range 200 {
		n := 0
		for cell, c := range g.of(b) {
			if c == shipCell {
				n++
				rows[cell/8]++
				columns[cell%8]++
			}
		}
		if n != shipCells {
			t.Fatalf("board %d has %d cells of ships, want %d", b, n, shipCells)
		}
	}
	for i := range 4 { // a board is as likely as its mirror image; 2400 cells in all
		if a, b := rows[i], rows[7-i]; math.Abs(float64(a-b)) > 5*math.Sqrt(float64(a+b)) {
			t.Errorf("rows %d and %d hold %d and %d cells", i, 7-i, a, b)
		}
		if a, b := rows[i], columns[i]; math.Abs(float64(a-b)) > 5*math.Sqrt(float64(a+b)) {
			t.Errorf("row and column %d hold %d and %d cells", i, a, b)
		}
	}
}

// A maze has no circles: with R rooms it has R-1 passages, and every room can be reached.
func TestMazesAreTreesWithTwoEntrances(t *testing.T) {
	w := build(t, Knobs{Task: Escape, Difficulty: Medium, Torques: 5}, 50)
	g := w.game.(*labyrinth)
	for b := range 50 {
		grid, _ := g.of(b)
		e := &g.envs[b]
		if free := bytes.Count(grid, []byte{mazeFree}); free != 7*7+7*7-1 || int(e.Free) != free {
			t.Fatalf("maze %d has %d free cells, want 97", b, free)
		}
		x, y := int(e.At)%15, int(e.At)/15
		if ex, ey := int(e.Exit)%15, int(e.Exit)/15; !(y+ey == 14 && (y == 0 || y == 14) || x+ex == 14 && (x == 0 || x == 14)) {
			t.Errorf("maze %d has its ends at %d,%d and %d,%d", b, x, y, ex, ey)
		}
		if grid[e.At] != mazeStart || grid[e.Exit] != mazeExit {
			t.Errorf("maze %d has no start or no exit", b)
		}
	}
}

func TestSawTellsNoSecret(t *testing.T) {
	for task, hidden := range map[string]string{Battleship: "ship", Minesweeper: "mine at", Bandit: "0.", Escape: "path"} {
		w := build(t, Knobs{Task: task, Difficulty: Easy, Torques: 5}, 1)
		if text := w.Saw(0); strings.Contains(text, hidden) {
			t.Errorf("%s says %q", task, text)
		}
	}
}
