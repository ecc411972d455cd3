package desk_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/desk"
)

func knobs(task string) desk.Knobs {
	return desk.Knobs{Task: task, Colours: 3, Shown: 2, Delay: 20, Spare: 12, Drift: 0.15, Speed: 0.4}
}

func made(t testing.TB, k desk.Knobs, batch int) *desk.Desk {
	t.Helper()
	d, err := desk.New(k, batch)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// play lets a reference play and returns its success over that many steps of 64 tables.
func play(t testing.TB, k desk.Knobs, reference string, steps int) float64 {
	t.Helper()
	const batch = 64
	d := made(t, k, batch)
	p, err := d.Reference(reference, 3)
	if err != nil {
		t.Fatal(err)
	}
	p.Reset()
	obs, actions, reward := make([]float32, batch*desk.Obs), make([]float32, 3*batch), make([]float32, batch)
	fresh, done := slices.Repeat([]bool{true}, batch), make([]bool, batch)
	d.Reset(5, obs)
	episodes, won := 0, 0
	for range steps {
		p.Act(obs, fresh, actions)
		d.Step(actions, obs, reward, done)
		copy(fresh, done)
		for b, end := range done {
			if end {
				episodes++
				if d.Info(b).Success {
					won++
				}
			}
		}
	}
	return float64(won) / float64(episodes)
}

func TestReferencesScoreAsTheyShould(t *testing.T) {
	for _, c := range []struct {
		task, reference string
		low, high       float64
	}{
		{"shell", world.Oracle, 1, 1}, {"colour", world.Oracle, 1, 1}, {"order", world.Oracle, 1, 1},
		{"shell", world.FullMemory, 1, 1}, {"colour", world.FullMemory, 1, 1}, {"order", world.FullMemory, 1, 1},
		{"shell", world.MemoryFree, 0.28, 0.38}, {"colour", world.MemoryFree, 0.28, 0.38}, {"order", world.MemoryFree, 0, 0.4},
		{"shell", world.Random, 0.05, 0.38}, {"colour", world.Random, 0.05, 0.38}, {"order", world.Random, 0, 0.15},
	} {
		if got := play(t, knobs(c.task), c.reference, 1500); got < c.low || got > c.high {
			t.Errorf("%s in task %s succeeds in %.3f of episodes, want %v to %v", c.reference, c.task, got, c.low, c.high)
		}
	}
}

func TestTheDecisiveFrameIsGoneWhenTheArmMayAct(t *testing.T) {
	k := knobs("shell")
	d := made(t, k, 16)
	obs, reward, done := make([]float32, 16*desk.Obs), make([]float32, 16), make([]bool, 16)
	d.Reset(1, obs)
	still := make([]float32, 48)
	for step := range k.Shown + k.Delay + 1 {
		for b := range 16 {
			seen, may := false, obs[(b+1)*desk.Obs-1] == 1
			for c := range desk.Cells {
				seen = seen || obs[b*desk.Obs+c*desk.Features+4] == 1
			}
			if seen != (step < k.Shown) || may != (step >= k.Shown+k.Delay) {
				t.Fatalf("step %d: ball seen %v, arm may act %v", step, seen, may)
			}
		}
		d.Step(still, obs, reward, done)
	}
}

func TestAnEpisodeDependsOnItsSeedAlone(t *testing.T) {
	d := made(t, knobs("all"), 8)
	obs, actions := make([]float32, 8*desk.Obs), make([]float32, 24)
	reward, done := make([]float32, 8), make([]bool, 8)
	d.Reset(9, obs)
	var first, played []float32
	for i := range 400 {
		for j := range actions {
			actions[j] = 2*float32(world.Unit(world.Draw(4, uint64(24*i+j)))) - 1
		}
		first, played = append(first, obs[:desk.Obs]...), append(played, actions[:3]...)
		d.Step(actions, obs, reward, done)
		if !done[0] {
			continue
		}
		info := d.Info(0)
		again := make([]float32, desk.Obs)
		one, err := d.Replay(info.Seed, again)
		if err != nil {
			t.Fatal(err)
		}
		r, end := make([]float32, 1), make([]bool, 1)
		for s := range info.Steps {
			if !slices.Equal(again, first[s*desk.Obs:(s+1)*desk.Obs]) {
				t.Fatalf("step %d of the replayed episode shows something else", s)
			}
			one.Step(played[3*s:3*s+3], again, r, end)
		}
		if got := one.Info(0); got.Return != info.Return || got.Why != info.Why || got.Steps != info.Steps {
			t.Fatalf("replay came to %+v, the episode to %+v", got, info)
		}
		if !slices.Equal(one.Last(0), d.Last(0)) {
			t.Fatal("the last observation of the replay differs")
		}
		first, played = nil, nil
	}
}

func TestAKeptDeskGoesOn(t *testing.T) {
	run := func(d *desk.Desk, obs []float32, from, steps int) (trace []float32) {
		reward, done, actions := make([]float32, 4), make([]bool, 4), make([]float32, 12)
		for i := from; i < from+steps; i++ {
			for j := range actions {
				actions[j] = 2*float32(world.Unit(world.Draw(8, uint64(12*i+j)))) - 1
			}
			d.Step(actions, obs, reward, done)
			trace = append(append(trace, obs...), reward...)
		}
		return trace
	}
	whole := made(t, knobs("all"), 4)
	obs := make([]float32, 4*desk.Obs)
	whole.Reset(2, obs)
	run(whole, obs, 0, 77)
	var kept bytes.Buffer
	if err := whole.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	text := bytes.Clone(kept.Bytes())
	want := run(whole, obs, 77, 100)
	other := made(t, knobs("all"), 4)
	if err := other.Restore(&kept); err != nil {
		t.Fatal(err)
	}
	if got := run(other, make([]float32, 4*desk.Obs), 77, 100); !slices.Equal(got, want) {
		t.Error("a restored desk goes on differently")
	}
	k := knobs("all")
	k.Delay = 7
	if err := made(t, k, 4).Restore(bytes.NewReader(text)); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a desk of other knobs took the state: %v", err)
	}
}

func TestSteppingAllocatesNothing(t *testing.T) {
	d := made(t, knobs("all"), 32)
	obs, actions := make([]float32, 32*desk.Obs), make([]float32, 96)
	reward, done := make([]float32, 32), make([]bool, 32)
	if n := testing.AllocsPerRun(100, func() { d.Step(actions, obs, reward, done) }); n != 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

func TestEveryMomentHasWordsAndAPicture(t *testing.T) {
	d := made(t, knobs("all"), 12)
	obs, actions := make([]float32, 12*desk.Obs), make([]float32, 36)
	reward, done := make([]float32, 12), make([]bool, 12)
	for range 60 {
		for b := range 12 {
			s := d.Scene(b)
			if d.Saw(b) == "" || s.W != 3 || s.H != 3 || len(s.Marks) < desk.Cells+2 {
				t.Fatalf("table %d: %q and %d marks", b, d.Saw(b), len(s.Marks))
			}
		}
		d.Step(actions, obs, reward, done)
	}
	if names := d.Spec().ObsNames; len(names) != desk.Obs {
		t.Errorf("%d names for %d numbers", len(names), desk.Obs)
	}
}

func TestBadKnobsAreNamed(t *testing.T) {
	k := knobs("order")
	k.Delay, k.Spare = 0, 8
	for what, err := range map[string]error{
		"a horizon too short for three buttons": func() error { _, err := desk.New(k, 1); return err }(),
		"no table":                              func() error { _, err := desk.New(knobs("all"), 0); return err }(),
		"unknown reference":                     func() error { _, err := made(t, knobs("all"), 1).Reference("sage", 1); return err }(),
	} {
		if err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	d := made(b, knobs("all"), 64)
	obs, actions := make([]float32, 64*desk.Obs), make([]float32, 192)
	reward, done := make([]float32, 64), make([]bool, 64)
	for b.Loop() {
		d.Step(actions, obs, reward, done)
	}
}
