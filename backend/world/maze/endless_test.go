package maze

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func endlessKnobs(n, l int, regime string) EndlessKnobs {
	return EndlessKnobs{Corridors: n, Length: l, Regime: regime, Alphabet: 2, Delay: 0.01}
}

func TestEndlessTMazesKeepTheContractOfWorlds(t *testing.T) {
	noisy := EndlessKnobs{Corridors: 2, Length: 4, Regime: Uniform, Alphabet: 4, Nuisance: 0.5, NuisanceSymbols: 2, Delay: 0.02}
	for _, k := range []EndlessKnobs{endlessKnobs(1, 3, Fixed), endlessKnobs(3, 5, Fixed), endlessKnobs(5, 10, Uniform),
		endlessKnobs(3, 1, Fixed), noisy} {
		t.Run(fmt.Sprintf("n=%d l=%d %s alphabet %d nuisance %v", k.Corridors, k.Length, k.Regime, k.Alphabet, k.Nuisance), func(t *testing.T) {
			worldtest.Run(t, worldtest.Options{
				New:    func(batch int) (world.Tensor, error) { return NewEndless(k, batch) },
				OneHot: [][2]int{{0, k.Alphabet + 2 + k.NuisanceSymbols}}, RewardLo: -1, RewardHi: 1,
				Chance: math.Pow(1/float64(k.Alphabet), float64(k.Corridors)), NeedsMemory: true,
			})
		})
	}
}

func TestTMazeKeepsTheContractOfWorlds(t *testing.T) {
	worldtest.Run(t, worldtest.Options{
		New: func(batch int) (world.Tensor, error) {
			return New(&TMazeKnobs{Length: 6, Alphabet: 3, Delay: 0.01}, batch)
		},
		OneHot: [][2]int{{0, 5}}, RewardLo: -1, RewardHi: 1, Chance: 1.0 / 3, NeedsMemory: true,
	})
}

// seedWith searches an episode seed whose first cues are as wanted.
func seedWith(t *testing.T, m *Endless, cues ...int32) uint64 {
	t.Helper()
search:
	for seed := range uint64(1000) {
		for i, c := range cues {
			if m.cue(seed, int32(i)) != c {
				continue search
			}
		}
		return seed
	}
	t.Fatalf("no seed below 1000 has cues %v", cues)
	return 0
}

// step is one line of a walk by hand: the action, what it pays, what is seen next, whether the episode ended.
type step struct {
	action int32
	reward float32
	saw    string
	done   bool
}

func walk(t *testing.T, v world.Vec, obs []float32, steps []step) {
	t.Helper()
	reward, done := make([]float32, 1), make([]bool, 1)
	for i, s := range steps {
		v.Step([]int32{s.action}, obs, reward, done)
		if reward[0] != s.reward || done[0] != s.done || !s.done && v.Saw(0) != s.saw {
			t.Fatalf("step %d: %s pays %v, shows %q, done %v; want %v, %q, %v", i, v.Spec().Actions[s.action], reward[0],
				v.Saw(0), done[0], s.reward, s.saw, s.done)
		}
		if !s.done && v.Spec().ObsNames[slices.Index(obs, 1)] != s.saw {
			t.Fatalf("step %d: observation %v is not %q", i, obs, s.saw)
		}
	}
}

// Two corridors of length 2, cues up then down. Cells: [cue][blank][junction] [cue][blank][junction]. Actions: 0 forward, 1 up, 2 down.
func TestATwoCorridorMazeIsWalkedStepByStep(t *testing.T) {
	m, err := NewEndless(endlessKnobs(2, 2, Fixed), 1)
	if err != nil {
		t.Fatal(err)
	}
	upDown, upUp := seedWith(t, m, 0, 1), seedWith(t, m, 0, 0)
	tests := map[string]struct {
		seed    uint64
		steps   []step
		outcome Outcome
		success bool
		why     string
		ret     float32
	}{
		// 3 steps a corridor, +1 and +1; the second cue differs from the first.
		"the shortest way pays two": {upDown, []step{
			{0, 0, "blank", false}, {0, 0, "junction", false}, {1, 1, "cue down", false},
			{0, 0, "blank", false}, {0, 0, "junction", false}, {2, 1, "", true},
		}, Outcome{Corridors: 2, Turns: 2, Changed: 1}, true, lab.EndTerminal, 2},
		// turn in a corridor and forward at a junction move nothing and cost 0.01 each.
		"wrong-type actions cost the delay penalty and move nothing": {upUp, []step{
			{1, -0.01, "cue up", false}, {0, 0, "blank", false}, {2, -0.01, "blank", false}, {0, 0, "junction", false},
			{0, -0.01, "junction", false}, {1, 1, "cue up", false}, {0, 0, "blank", false}, {0, 0, "junction", false}, {1, 1, "", true},
		}, Outcome{Corridors: 2, Turns: 2, Same: 1}, true, lab.EndTerminal, 1.97},
		"the stale turn ends the episode with minus one": {upDown, []step{
			{0, 0, "blank", false}, {0, 0, "junction", false}, {1, 1, "cue down", false},
			{0, 0, "blank", false}, {0, 0, "junction", false}, {1, -1, "", true},
		}, Outcome{Corridors: 1, Turns: 2, Wrong: 1, Changed: 1, ChangedWrong: 1}, false, lab.EndTerminal, 0},
		"a wrong first turn counts as neither changed nor same": {upDown, []step{
			{0, 0, "blank", false}, {0, 0, "junction", false}, {2, -1, "", true},
		}, Outcome{Turns: 1, Wrong: 1}, false, lab.EndTerminal, -1},
		// horizon 2 * (3 + 3) = 12 steps.
		"standing still ends at the horizon": {upDown, append(slices.Repeat([]step{{1, -0.01, "cue up", false}}, 11), step{1, -0.01, "", true}),
			Outcome{}, false, lab.EndHorizon, -0.12},
		"the last turn at the last step still counts": {upDown, append(append(slices.Repeat([]step{{1, -0.01, "cue up", false}}, 6), []step{
			{0, 0, "blank", false}, {0, 0, "junction", false}, {1, 1, "cue down", false},
			{0, 0, "blank", false}, {0, 0, "junction", false}}...), step{2, 1, "", true}),
			Outcome{Corridors: 2, Turns: 2, Changed: 1}, true, lab.EndTerminal, 1.94},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			obs := make([]float32, 4)
			v, err := m.Replay(tt.seed, obs)
			if err != nil {
				t.Fatal(err)
			}
			if v.Saw(0) != "cue up" || obs[1] != 1 {
				t.Fatalf("starts with %q, %v; want cue up", v.Saw(0), obs)
			}
			walk(t, v, obs, tt.steps)
			in, got := v.Info(0), v.(*Endless).Outcome(0)
			if got != tt.outcome || in.Success != tt.success || in.Why != tt.why || in.Steps != len(tt.steps) ||
				math.Abs(float64(in.Return-tt.ret)) > 1e-6 || in.Seed != tt.seed {
				t.Errorf("came to %+v, %+v; want %+v, success %v, %s, return %v", in, got, tt.outcome, tt.success, tt.why, tt.ret)
			}
		})
	}
}

func TestProbesNameTheCueThePreviousCueAndTheCell(t *testing.T) {
	m, err := NewEndless(endlessKnobs(2, 2, Fixed), 1)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done := make([]float32, 4), make([]float32, 1), make([]bool, 1)
	v, err := m.Replay(seedWith(t, m, 0, 1), obs)
	if err != nil {
		t.Fatal(err)
	}
	want := []Probe{{0, -1, CellCue, 0, 0, 2}, {0, -1, CellBlank, 0, 1, 2}, {0, -1, CellJunction, 0, 2, 2},
		{1, 0, CellCue, 1, 0, 2}, {1, 0, CellBlank, 1, 1, 2}, {1, 0, CellJunction, 1, 2, 2}}
	for i, action := range []int32{0, 0, 1, 0, 0, 2} {
		if got := v.(*Endless).Probe(0); got != want[i] {
			t.Errorf("step %d: probe is %+v, want %+v", i, got, want[i])
		}
		v.Step([]int32{action}, obs, reward, done)
	}
}

// Cues up, down, down: the third corridor's former cue is the second's, so it counts as same although it differs from the first.
func TestTheFormerCueIsThatOfTheCorridorJustBefore(t *testing.T) {
	m, err := NewEndless(endlessKnobs(3, 1, Fixed), 1)
	if err != nil {
		t.Fatal(err)
	}
	obs := make([]float32, 4)
	v, err := m.Replay(seedWith(t, m, 0, 1, 1), obs)
	if err != nil {
		t.Fatal(err)
	}
	v.Detail(true)
	walk(t, v, obs, []step{{0, 0, "junction", false}, {1, 1, "cue down", false}, {0, 0, "junction", false}, {2, 1, "cue down", false},
		{0, 0, "junction", false}, {1, -1, "", true}})
	want := map[string]float64{"corridors": 2, "turns": 3, "wrong": 1, "changed": 1, "changed_wrong": 0, "same": 1, "same_wrong": 1}
	if got := v.Info(0).Numbers; !maps.Equal(got, want) {
		t.Errorf("numbers are %v, want %v", got, want)
	}
}

func TestLengthsFollowTheRegime(t *testing.T) {
	for regime, want := range map[string][]float64{Fixed: {0, 0, 0, 0, 1}, Uniform: {0.2, 0.2, 0.2, 0.2, 0.2}} {
		m, err := NewEndless(endlessKnobs(3, 5, regime), 1)
		if err != nil {
			t.Fatal(err)
		}
		const drawn = 30000
		counts := make([]float64, 5)
		for seed := range uint64(drawn) {
			counts[m.length(seed, int32(seed%3))-1]++
		}
		for i, n := range counts { // five standard errors of a share of 0.2 are 0.012
			if share := n / drawn; math.Abs(share-want[i]) > 0.012 {
				t.Errorf("%s: share of length %d is %.3f, want %.3f", regime, i+1, share, want[i])
			}
		}
	}
}

func TestTheHorizonOfAUniformMazeIsTwiceItsOwnWay(t *testing.T) {
	m, err := NewEndless(endlessKnobs(5, 10, Uniform), 32)
	if err != nil {
		t.Fatal(err)
	}
	for b := range m.runs {
		e, sum := &m.runs[b], int32(0)
		for c := range int32(5) {
			sum += m.length(e.Seed, c) + 1
		}
		if e.Limit != 2*sum || int(e.Limit) > m.spec.Horizon {
			t.Errorf("limit is %d for a way of %d, horizon %d", e.Limit, sum, m.spec.Horizon)
		}
	}
}

func TestCuesAreIndependentAndEven(t *testing.T) {
	m, err := NewEndless(EndlessKnobs{Corridors: 2, Length: 3, Regime: Fixed, Alphabet: 4}, 1)
	if err != nil {
		t.Fatal(err)
	}
	const drawn = 64000
	var pairs [4][4]float64
	for seed := range uint64(drawn) {
		pairs[m.cue(seed, 0)][m.cue(seed, 1)]++
	}
	for a := range pairs {
		for b, n := range pairs[a] { // 1/16 each; five standard errors are 0.0048
			if math.Abs(n/drawn-1.0/16) > 0.0048 {
				t.Errorf("cues %d then %d: share %.4f, want 0.0625", a, b, n/drawn)
			}
		}
	}
}

func TestNuisanceCellsStayAsTheyAreAndHaveTheirShare(t *testing.T) {
	k := EndlessKnobs{Corridors: 1, Length: 200, Regime: Fixed, Alphabet: 2, Nuisance: 0.25, NuisanceSymbols: 3}
	m, err := NewEndless(k, 50)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done := make([]float32, 50*m.spec.Obs), make([]float32, 50), make([]bool, 50)
	stay, forward := slices.Repeat([]int32{1}, 50), slices.Repeat([]int32{Forward}, 50)
	m.Reset(1, obs)
	shown := 0
	for range 199 {
		m.Step(forward, obs, reward, done)
		before := m.Saw(7)
		if m.Step(stay, obs, reward, done); m.Saw(7) != before {
			t.Fatalf("a cell shows %q, then %q", before, m.Saw(7))
		}
		for b := range 50 {
			if m.Probe(b).Cell == CellNuisance {
				shown++
			}
		}
	}
	if share := float64(shown) / (199 * 50); math.Abs(share-0.25) > 0.022 { // five standard errors of 9950 draws
		t.Errorf("share of nuisance cells is %.3f, want 0.25", share)
	}
}

func TestScenesShowTheCueThenItsGhost(t *testing.T) {
	m, err := NewEndless(endlessKnobs(2, 2, Fixed), 1)
	if err != nil {
		t.Fatal(err)
	}
	v, err := m.Replay(seedWith(t, m, 0, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	obs, reward, done := make([]float32, 4), make([]float32, 1), make([]bool, 1)
	want := []string{"arrow-up up|goal up", "ghost up|goal up", "ghost up|goal up", "arrow-down down|ghost before: up|goal down"}
	for i, action := range []int32{0, 0, 1, 0} {
		var seen []string
		for _, mark := range v.Scene(0).Marks {
			if mark.Shape != "floor" && mark.Shape != "agent" {
				seen = append(seen, mark.Shape+" "+mark.Label)
			}
		}
		if got := strings.Join(seen, "|"); got != want[i] {
			t.Errorf("step %d shows %s, want %s", i, got, want[i])
		}
		v.Step([]int32{action}, obs, reward, done)
	}
}

func TestWrongKnobsAreErrorsThatListTheLegalValues(t *testing.T) {
	good := endlessKnobs(3, 5, Fixed)
	tests := map[string]struct {
		change func(*EndlessKnobs)
		want   string
	}{
		"no corridor":           {func(k *EndlessKnobs) { k.Corridors = 0 }, "knob corridors is 0, want 1 to 100"},
		"length 0":              {func(k *EndlessKnobs) { k.Length = 0 }, "knob length is 0, want 1 to 1000"},
		"unknown regime":        {func(k *EndlessKnobs) { k.Regime = "odd" }, `knob regime is "odd", want one of ["fixed" "uniform"]`},
		"alphabet 5":            {func(k *EndlessKnobs) { k.Alphabet = 5 }, "knob alphabet is 5, want 2 to 4"},
		"delay as large as 1":   {func(k *EndlessKnobs) { k.Delay = 1 }, "knob delay is 1, want 0 to 0.1"},
		"delay not a number":    {func(k *EndlessKnobs) { k.Delay = math.NaN() }, "knob delay is NaN, want 0 to 0.1"},
		"nuisance, no symbol":   {func(k *EndlessKnobs) { k.Nuisance = 0.5 }, "nuisance is 0.5 but nuisance_symbols is 0, want 1 to 4"},
		"five nuisance symbols": {func(k *EndlessKnobs) { k.NuisanceSymbols = 5 }, "knob nuisance_symbols is 5, want 0 to 4"},
	}
	for name, tt := range tests {
		k := good
		tt.change(&k)
		_, err := NewEndless(k, 4)
		if lab.CodeOf(err) != lab.Invalid || !strings.Contains(fmt.Sprint(err), tt.want) || lab.HintOf(err) == "" {
			t.Errorf("%s: error is %v, hint %q; want %q", name, err, lab.HintOf(err), tt.want)
		}
		if err := k.Validate(); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("%s: Validate gives %v", name, err)
		}
	}
	if _, err := NewEndless(good, 0); !strings.Contains(fmt.Sprint(err), "batch is 0, want 1 to 65536") {
		t.Errorf("batch 0: %v", err)
	}
}

// set gives a knob struct the default of every field's tag, and one field another value.
func set(t *testing.T, knobs any, field, value string) any {
	t.Helper()
	v := reflect.ValueOf(knobs).Elem()
	for i := range v.NumField() {
		text := v.Type().Field(i).Tag.Get("default")
		if v.Type().Field(i).Name == field {
			text = value
		}
		f, _ := strconv.ParseFloat(text, 64)
		switch v.Field(i).Kind() {
		case reflect.Int:
			v.Field(i).SetInt(int64(f))
		case reflect.Float64:
			v.Field(i).SetFloat(f)
		default:
			v.Field(i).SetString(text)
		}
	}
	return knobs
}

func TestTheTagsOfKnobsSayWhatValidateDemands(t *testing.T) {
	for _, kind := range Worlds() {
		if _, err := New(set(t, kind.New(), "", ""), 2); err != nil {
			t.Errorf("%s: the defaults are refused: %v", kind.Name, err)
		}
		typ := reflect.TypeOf(kind.New()).Elem()
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Tag.Get("doc") == "" || f.Tag.Get("default") == "" {
				t.Errorf("%s: field %s lacks doc or default", kind.Name, f.Name)
			}
			for tag, off := range map[string]float64{"min": -1, "max": 1} {
				bound, err := strconv.ParseFloat(f.Tag.Get(tag), 64)
				if err != nil {
					continue
				}
				_, err = New(set(t, kind.New(), f.Name, fmt.Sprint(bound+off)), 2)
				if name := f.Tag.Get("json"); err == nil || !strings.Contains(err.Error(), "knob "+name+" ") {
					t.Errorf("%s: %s beyond its %s gives %v", kind.Name, name, tag, err)
				}
			}
		}
	}
	if _, err := New(3, 2); lab.CodeOf(err) != lab.Internal {
		t.Errorf("knobs of no maze give %v", err)
	}
}

// BenchmarkEndlessTMaze steps 64 environments with random actions, observations and resets included. Run with -cpu 1,2.
func BenchmarkEndlessTMaze(b *testing.B) {
	for _, k := range []EndlessKnobs{endlessKnobs(5, 5, Fixed), endlessKnobs(5, 10, Uniform)} {
		b.Run(fmt.Sprintf("n=%d l=%d %s", k.Corridors, k.Length, k.Regime), func(b *testing.B) {
			benchmark(b, func() (world.Tensor, error) { return NewEndless(k, 64) })
		})
	}
}

func benchmark(b *testing.B, build func() (world.Tensor, error)) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		v, err := build()
		if err != nil {
			b.Error(err)
			return
		}
		n := v.Size()
		obs, reward, done, actions := make([]float32, n*v.Spec().Obs), make([]float32, n), make([]bool, n), make([]int32, n)
		random := world.Uniform(len(v.Spec().Actions), 1)
		v.Reset(1, obs)
		for left := 0; pb.Next(); left-- {
			if left == 0 { // one call of Step is 64 steps
				random.Act(nil, nil, actions)
				v.Step(actions, obs, reward, done)
				left = n
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Msteps/s")
}
