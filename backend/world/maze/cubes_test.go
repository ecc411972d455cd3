package maze

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func cubesKnobs(n, k int, level string) CubesKnobs {
	return CubesKnobs{Grid: 4, Cubes: n, Targets: k, Level: level, Teleport: 0.1, StepCost: 0.01}
}

func TestColorCubesKeepsTheContractOfWorlds(t *testing.T) {
	for _, k := range []CubesKnobs{cubesKnobs(1, 1, Trivial), cubesKnobs(3, 1, Medium), cubesKnobs(2, 3, Medium),
		cubesKnobs(3, 3, Extreme),
		{Grid: 5, Cubes: 6, Targets: 2, Level: Extreme, Teleport: 1, StepCost: 0.1}} {
		t.Run(fmt.Sprintf("G=%d N=%d K=%d %s", k.Grid, k.Cubes, k.Targets, k.Level), func(t *testing.T) {
			kinds, g := 2, k.Grid
			if k.Level == Extreme {
				kinds = 3
			}
			worldtest.Run(t, worldtest.Options{
				New:      func(batch int) (world.Tensor, error) { return NewCubes(k, batch) },
				OneHot:   [][2]int{{0, g}, {g, 2 * g}, {2 * g, 2*g + k.Cubes}, {2*g + k.Cubes, 2*g + k.Cubes + kinds}},
				RewardLo: -0.1, RewardHi: 1, Chance: math.Pow(1/float64(g*g-1), float64(k.Targets)), NeedsMemory: true,
			})
		})
	}
}

// at makes a world of one environment whose first episode has agent, cubes and target where wanted.
func at(t *testing.T, k CubesKnobs, agent, target int32, cubes ...int32) *Cubes {
	t.Helper()
	c, err := NewCubes(k, 1)
	if err != nil {
		t.Fatal(err)
	}
	e := &c.boards[0]
	e.Agent, e.Target = agent, target
	copy(e.Cubes[:], cubes)
	return c
}

// Grid 3, cells 0 1 2 / 3 4 5 / 6 7 8; agent on 0, red on 4, one target. The look costs a step; then right, down, take.
func TestATrivialGridIsWalkedStepByStep(t *testing.T) {
	k := CubesKnobs{Grid: 3, Cubes: 1, Targets: 1, Level: Trivial, StepCost: 0.01}
	const hidden = ", target red, map hidden"
	tests := map[string]struct {
		steps   []step
		outcome CubesOutcome
		success bool
		why     string
	}{
		"look, two moves and a take": {[]step{
			{GoRight, -0.01, "at row 1 column 1" + hidden, false}, // the look: the move does nothing
			{GoRight, -0.01, "at row 1 column 2" + hidden, false},
			{GoDown, -0.01, "at row 2 column 2" + hidden, false},
			{Take, 1, "", true},
		}, CubesOutcome{Targets: 1, Looks: 1}, true, lab.EndTerminal},
		"a take beside it ends the episode": {[]step{
			{Take, -0.01, "at row 1 column 1" + hidden, false}, // the look swallows even a take
			{GoRight, -0.01, "at row 1 column 2" + hidden, false},
			{Take, -0.01, "", true},
		}, CubesOutcome{Looks: 1, WrongTake: 1}, false, lab.EndTerminal},
		// horizon 4 * 3 = 12 steps; a move against the edge stays.
		"standing at the edge ends at the horizon": {append(slices.Repeat([]step{{GoUp, -0.01, "at row 1 column 1" + hidden, false}}, 11),
			step{GoLeft, -0.01, "", true}), CubesOutcome{Looks: 1}, false, lab.EndHorizon},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := at(t, k, 0, 0, 4)
			if want := "at row 1 column 1, target red, map: red at row 2 column 2"; c.Saw(0) != want {
				t.Fatalf("starts with %q, want %q", c.Saw(0), want)
			}
			obs, reward, done := make([]float32, c.spec.Obs), make([]float32, 1), make([]bool, 1)
			for i, s := range tt.steps {
				c.Step([]int32{s.action}, obs, reward, done)
				if reward[0] != s.reward || done[0] != s.done || !s.done && c.Saw(0) != s.saw {
					t.Fatalf("step %d pays %v, done %v, shows %q; want %+v", i, reward[0], done[0], c.Saw(0), s)
				}
			}
			if in := c.Info(0); c.Outcome(0) != tt.outcome || in.Success != tt.success || in.Why != tt.why || in.Steps != len(tt.steps) {
				t.Errorf("came to %+v, %+v; want %+v", in, c.Outcome(0), tt)
			}
		})
	}
}

// Observation of grid 2, red alone: row [2] column [2] target [1] shown [2] plane [4]. Agent on cell 1 = row 1 column 2, red on cell 2.
func TestTheObservationIsWrittenAsTheSpecNamesIt(t *testing.T) {
	c := at(t, CubesKnobs{Grid: 2, Cubes: 1, Targets: 1, Level: Trivial}, 1, 0, 2)
	obs := make([]float32, c.spec.Obs)
	for _, want := range [][]float32{{1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0}, {1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0}} {
		if c.write(&c.boards[0], obs); !slices.Equal(obs, want) {
			t.Errorf("observation is %v, want %v", obs, want)
		}
		c.boards[0].Shown = int32(MapHidden)
	}
	want := []string{"row 1", "row 2", "column 1", "column 2", "target red", "map hidden", "map in colours",
		"red at row 1, column 1", "red at row 1, column 2", "red at row 2, column 1", "red at row 2, column 2"}
	if !slices.Equal(c.spec.ObsNames, want) {
		t.Errorf("names are %q, want %q", c.spec.ObsNames, want)
	}
}

func occupied(c *Cubes) uint64 {
	mask := uint64(0)
	for i := range c.knobs.Cubes {
		mask |= 1 << c.boards[0].Cubes[i]
	}
	return mask
}

// With teleport 1 every move is an event: exactly one cube that is not the target lands on a cell without cube and agent, and the
// update is shown for one step in which nothing happens.
func TestATeleportMovesOneOtherCubeToAFreeCellAndShowsTheMap(t *testing.T) {
	for level, shown := range map[string]Shown{Medium: MapColoured, Extreme: MapColourless} {
		k := cubesKnobs(3, 20, level)
		k.Teleport = 1
		c := at(t, k, 0, 1, 5, 10, 15)
		obs, reward, done := make([]float32, c.spec.Obs), make([]float32, 1), make([]bool, 1)
		var counts [16]int
		c.Step([]int32{GoUp}, obs, reward, done)
		for step := range 150 {
			before := c.boards[0]
			c.Step([]int32{[]int32{GoRight, GoDown, GoLeft, GoUp}[step%4]}, obs, reward, done)
			e, moved := c.boards[0], 0
			for i := range 3 {
				if e.Cubes[i] != before.Cubes[i] {
					moved++
					counts[e.Cubes[i]]++
				}
			}
			if moved != 1 || e.Cubes[1] != 10 || bits.OnesCount64(occupied(c)) != 3 || occupied(c)&^beforeMask(before)&(1<<e.Agent) != 0 {
				t.Fatalf("%s: cubes went from %v to %v, agent on %d", level, before.Cubes, e.Cubes, e.Agent)
			}
			if c.Probe(0).Shown != shown {
				t.Fatalf("%s: shown is %d after a teleport, want %d", level, c.Probe(0).Shown, shown)
			}
			c.Step([]int32{Take}, obs, reward, done)
			if c.boards[0].Cubes != e.Cubes || c.Probe(0).Shown != MapHidden || c.boards[0].Agent != e.Agent {
				t.Fatalf("%s: something happened during a look", level)
			}
		}
		if landed := slices.IndexFunc(counts[11:], func(n int) bool { return n == 0 }); landed >= 0 {
			t.Errorf("%s: no cube ever landed on cell %d in 150 teleports", level, landed+11)
		}
	}
}

func beforeMask(e board) uint64 { return 1<<e.Cubes[0] | 1<<e.Cubes[1] | 1<<e.Cubes[2] }

func TestATakenTargetTeleportsAndANewTargetIsDrawn(t *testing.T) {
	k := cubesKnobs(3, 2, Extreme)
	k.Teleport = 0
	c := at(t, k, 5, 2, 0, 3, 5) // the agent stands on blue, the target
	c.boards[0].Shown = int32(MapHidden)
	obs, reward, done := make([]float32, c.spec.Obs), make([]float32, 1), make([]bool, 1)
	c.Step([]int32{Take}, obs, reward, done)
	e := c.boards[0]
	if reward[0] != 1 || done[0] || e.Cubes[2] == 5 || e.Cubes[0] != 0 || e.Cubes[1] != 3 || e.Left[2] != 5 || Shown(e.Shown) != MapColourless {
		t.Fatalf("after the take: reward %v, done %v, %+v", reward[0], done[0], e)
	}
	if strings.Contains(c.Saw(0), "blue at") || strings.Count(c.Saw(0), "a cube at") != 3 {
		t.Errorf("an update at level extreme reads %q", c.Saw(0))
	}
	// going back for blue where it was is the stale error
	c.boards[0].Target = 2
	c.Step([]int32{GoUp}, obs, reward, done)
	c.Step([]int32{Take}, obs, reward, done)
	if want := (CubesOutcome{Targets: 1, Looks: 2, WrongTake: 1, StaleTake: 1}); !done[0] || c.Outcome(0) != want {
		t.Errorf("outcome is %+v, want %+v", c.Outcome(0), want)
	}
}

func TestTeleportsHappenAtTheirRate(t *testing.T) {
	c, err := NewCubes(cubesKnobs(2, 20, Medium), 64)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done := make([]float32, 64*c.spec.Obs), make([]float32, 64), make([]bool, 64)
	moves, actions := 0, slices.Repeat([]int32{GoUp}, 64)
	c.Reset(3, obs)
	for range c.spec.Horizon - 1 {
		for b := range c.boards {
			if c.Probe(b).Shown == MapHidden {
				moves++
			}
		}
		c.Step(actions, obs, reward, done)
	}
	teleports := 0
	for b := range c.boards {
		teleports += int(c.boards[b].Out.Teleports)
	}
	if rate := float64(teleports) / float64(moves); math.Abs(rate-0.1) > 0.011 { // five standard errors of about 18,600 moves
		t.Errorf("%d teleports in %d moves, rate %.4f, want 0.1", teleports, moves, rate)
	}
}

func TestTheFullMemoryReferenceKnowsTheMapAtEveryStep(t *testing.T) {
	for _, level := range []string{Medium, Extreme} {
		k := cubesKnobs(6, 20, level)
		k.Teleport = 0.5
		c, err := NewCubes(k, 16)
		if err != nil {
			t.Fatal(err)
		}
		policy, err := c.Reference(world.FullMemory, 0)
		if err != nil {
			t.Fatal(err)
		}
		keeper := policy.(*cubesKeeper)
		obs, reward, done := make([]float32, 16*c.spec.Obs), make([]float32, 16), make([]bool, 16)
		fresh, actions := slices.Repeat([]bool{true}, 16), make([]int32, 16)
		c.Reset(8, obs)
		for step := range 800 {
			keeper.Act(obs, fresh, actions)
			for b := range c.boards {
				if keeper.believed[b] != c.boards[b].Cubes {
					t.Fatalf("%s, step %d: believes %v, true is %v", level, step, keeper.believed[b], c.boards[b].Cubes)
				}
			}
			c.Step(actions, obs, reward, done)
			copy(fresh, done)
		}
	}
}

func TestScenesOfCubesDrawHiddenThingsAsGhosts(t *testing.T) {
	k := cubesKnobs(2, 3, Extreme)
	c := at(t, k, 0, 1, 5, 10)
	for shown, want := range map[Shown]string{
		MapColoured:   "cube R|cube G|goal target G|agent 0/3",
		MapHidden:     "ghost R|ghost G|goal target G|agent 0/3",
		MapColourless: "cube ?|ghost R|cube ?|ghost G|goal target G|agent 0/3",
	} {
		c.boards[0].Shown = int32(shown)
		var seen []string
		for _, m := range c.Scene(0).Marks {
			seen = append(seen, m.Shape+" "+m.Label)
		}
		if got := strings.Join(seen, "|"); got != want {
			t.Errorf("shown %d draws %s, want %s", shown, got, want)
		}
	}
}

// The largest grid uses all 64 bits of the set of cells.
func TestTheLargestGridHasRoomForEveryCell(t *testing.T) {
	c := at(t, CubesKnobs{Grid: 8, Cubes: 1, Targets: 1, Level: Trivial}, 0, 0, 1)
	var seen [64]bool
	for i := range uint64(3000) {
		seen[c.freeCell(1<<63|1, world.Draw(5, i))] = true
	}
	for cell, s := range seen {
		if want := cell != 0 && cell != 63; s != want {
			t.Errorf("cell %d was picked: %v, want %v", cell, s, want)
		}
	}
}

func TestWrongCubesKnobsAreErrorsThatListTheLegalValues(t *testing.T) {
	tests := map[string]struct {
		knobs CubesKnobs
		want  string
	}{
		"trivial with two cubes": {cubesKnobs(2, 1, Trivial), `level is "trivial" with cubes 2 and targets 1, want 1 and 1`},
		"unknown level":          {cubesKnobs(2, 1, "hard"), `knob level is "hard", want one of ["trivial" "medium" "extreme"]`},
		"no room to teleport":    {CubesKnobs{Grid: 2, Cubes: 3, Targets: 1, Level: Medium}, "cubes is 3 on a grid of 2, want 1 to 2"},
	}
	for name, tt := range tests {
		_, err := NewCubes(tt.knobs, 4)
		if lab.CodeOf(err) != lab.Invalid || !strings.Contains(fmt.Sprint(err), tt.want) || lab.HintOf(err) == "" {
			t.Errorf("%s: error is %v, want %q", name, err, tt.want)
		}
	}
}

// BenchmarkColorCubes steps 64 environments with random actions, observations and resets included.
func BenchmarkColorCubes(b *testing.B) {
	for _, level := range []string{Medium, Extreme} {
		b.Run("N=3 K=3 "+level, func(b *testing.B) {
			benchmark(b, func() (world.Tensor, error) { return NewCubes(cubesKnobs(3, 3, level), 64) })
		})
	}
}
