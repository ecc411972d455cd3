package worldtest

import (
	"fmt"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/world"
)

func noAllocation(t *testing.T, o Options) {
	p := newPlayer(build(t, o, 16), 41)
	for _, name := range world.References() {
		policy := reference(t, p.v, name)
		if n := testing.AllocsPerRun(200, func() { p.step(policy) }); n != 0 {
			t.Errorf("a step with the %s reference allocates %v times, want 0", name, n)
		}
	}
}

func observations(t *testing.T, o Options) {
	p := newPlayer(build(t, o, 8), 51)
	s, policy := p.v.Spec(), newMixed(t, p.v)
	if len(s.ObsNames) != s.Obs || len(s.Actions) == 0 || s.Name == "" {
		t.Fatalf("spec has %d names for %d numbers, %d actions, name %q", len(s.ObsNames), s.Obs, len(s.Actions), s.Name)
	}
	for range 250 {
		for b := range p.v.Size() {
			checkOneHot(t, o, p.obs[b*s.Obs:(b+1)*s.Obs])
		}
		policy.Act(p.obs, p.fresh, p.actions)
		for i := range p.obs { // what the step does not write stays NaN and fails above
			p.obs[i] = float32(math.NaN())
		}
		p.v.Step(p.actions, p.obs, p.reward, p.done)
		copy(p.fresh, p.done)
		for _, r := range p.reward {
			if !(r >= o.RewardLo && r <= o.RewardHi) {
				t.Fatalf("reward %v lies outside [%v, %v]", r, o.RewardLo, o.RewardHi)
			}
		}
	}
}

func checkOneHot(t *testing.T, o Options, row []float32) {
	t.Helper()
	for i, x := range row {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			t.Fatalf("number %d of the observation is %v", i, x)
		}
	}
	for _, r := range o.OneHot {
		ones := 0
		for _, x := range row[r[0]:r[1]] {
			if x == 1 {
				ones++
			} else if x != 0 {
				t.Fatalf("observation %v holds %v, want 0 or 1", row[r[0]:r[1]], x)
			}
		}
		if ones != 1 {
			t.Fatalf("numbers %d to %d of the observation hold %d ones, want 1", r[0], r[1]-1, ones)
		}
	}
}

func horizon(t *testing.T, o Options) {
	p := newPlayer(build(t, o, 4), 61)
	limit, steps := p.v.Spec().Horizon, make([]int, 4)
	for _, action := range []func(step int) int32{
		func(int) int32 { return 0 },
		func(int) int32 { return 1 },
		func(step int) int32 { return int32(step % 2) },
	} {
		for step := range 2*limit + 2 {
			for b := range p.actions {
				p.actions[b] = action(step)
			}
			p.v.Step(p.actions, p.obs, p.reward, p.done)
			countSteps(t, p, steps, limit)
		}
	}
}

func countSteps(t *testing.T, p *player, steps []int, limit int) {
	t.Helper()
	for b, ended := range p.done {
		if steps[b]++; steps[b] > limit {
			t.Fatalf("an episode is at step %d, the horizon is %d", steps[b], limit)
		}
		if ended {
			if in := p.v.Info(b); in.Steps != steps[b] || in.Why == "" {
				t.Fatalf("Info is %+v after an episode of %d steps", in, steps[b])
			}
			steps[b] = 0
		}
	}
}

func wrongInput(t *testing.T, o Options) {
	p := newPlayer(build(t, o, 2), 71)
	for name, play := range map[string]func(){
		"action beyond the last": func() {
			p.v.Step([]int32{0, int32(len(p.v.Spec().Actions))}, p.obs, p.reward, p.done)
		},
		"negative action":       func() { p.v.Step([]int32{-1, 0}, p.obs, p.reward, p.done) },
		"too few actions":       func() { p.v.Step([]int32{0}, p.obs, p.reward, p.done) },
		"short observations":    func() { p.v.Step([]int32{0, 0}, p.obs[1:], p.reward, p.done) },
		"short reset":           func() { p.v.Reset(1, p.obs[1:]) },
		"too many reward slots": func() { p.v.Step([]int32{0, 0}, p.obs, make([]float32, 3), p.done) },
	} {
		if text := panicOf(play); text == "" {
			t.Errorf("%s does not panic with a message", name)
		}
	}
	if _, err := p.v.Reference("psychic", 0); err == nil {
		t.Error("an unknown reference is no error")
	}
}

func panicOf(f func()) (text string) {
	defer func() { text, _ = recover().(string) }()
	f()
	return ""
}

func pictures(t *testing.T, o Options) {
	a, b := newPlayer(build(t, o, 3), 81), newPlayer(build(t, o, 3), 81)
	random := reference(t, a.v, world.Random)
	for range 80 {
		a.step(random)
		b.v.Step(a.actions, b.obs, b.reward, b.done)
		for e := range a.v.Size() {
			s := a.v.Scene(e)
			if fmt.Sprint(s) != fmt.Sprint(b.v.Scene(e)) || a.v.Saw(e) == "" || a.v.Saw(e) != b.v.Saw(e) {
				t.Fatalf("two equal worlds are drawn as %v and %v", s, b.v.Scene(e))
			}
			agents := 0
			for _, m := range s.Marks {
				if m.X < 0 || m.X >= s.W || m.Y < 0 || m.Y >= s.H || m.Shape == "" {
					t.Fatalf("mark %+v is off the %d x %d grid or has no shape", m, s.W, s.H)
				}
				if m.Tone != 0 && m.Label == "" {
					t.Fatalf("mark %+v is told by colour alone", m)
				}
				if m.Shape == "agent" {
					agents++
				}
			}
			if agents != 1 {
				t.Fatalf("scene %v has %d agents, want 1", s, agents)
			}
		}
	}
}

func detail(t *testing.T, o Options) {
	plain, rich := newPlayer(build(t, o, 4), 91), newPlayer(build(t, o, 4), 91)
	rich.v.Detail(true)
	random := reference(t, plain.v, world.Random)
	for range 300 {
		plain.step(random)
		rich.v.Step(plain.actions, rich.obs, rich.reward, rich.done)
		for b := range plain.done {
			p, r := plain.v.Info(b), rich.v.Info(b)
			if p.Numbers != nil || plain.done[b] && len(r.Numbers) == 0 {
				t.Fatalf("numbers are %v without detail, %v with it", p.Numbers, r.Numbers)
			}
			if r.Numbers = nil; fmt.Sprint(p) != fmt.Sprint(r) || plain.row(b) != rich.row(b) {
				t.Fatalf("detail changes the episode: %+v, %+v", p, r)
			}
		}
	}
}

func references(t *testing.T, o Options) {
	episodes := o.Episodes
	if episodes == 0 {
		episodes = 3000
	}
	v := build(t, o, 64)
	scores := map[string]world.Score{}
	for _, name := range world.References() {
		s, err := world.Evaluate(t.Context(), v, reference(t, v, name), 1234, episodes)
		if err != nil {
			t.Fatal(err)
		}
		scores[name] = s
		t.Logf("%-12s success %.3f, return %+.3f, steps %.1f", name, s.Success, s.Return, s.Steps)
	}
	ordered(t, scores)
	if s := scores[world.Oracle].Success; s != 1 {
		t.Errorf("the oracle succeeds in %.3f of all episodes, want all", s)
	}
	if !o.NeedsMemory {
		return
	}
	if s := scores[world.MemoryFree].Success; math.Abs(s-o.Chance) > 0.05 {
		t.Errorf("memory-free succeeds in %.3f, want within 0.05 of chance %.3f", s, o.Chance)
	}
	if s := scores[world.FullMemory].Success; s < 0.9 {
		t.Errorf("full-memory succeeds in %.3f, want 0.9 or above", s)
	}
}

// ordered demands random <= memory-free <= full-memory <= oracle up to three standard errors of a share.
func ordered(t *testing.T, scores map[string]world.Score) {
	t.Helper()
	order := []string{world.Random, world.MemoryFree, world.FullMemory, world.Oracle}
	for i, name := range order[1:] {
		lower, upper := scores[order[i]], scores[name]
		if slack := 3 * 0.71 / math.Sqrt(float64(upper.Episodes)); lower.Success > upper.Success+slack {
			t.Errorf("%s succeeds in %.3f, more than %s with %.3f", order[i], lower.Success, name, upper.Success)
		}
	}
}
