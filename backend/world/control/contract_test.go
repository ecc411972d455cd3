package control

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// worlds are what the contract is checked on, with short episodes among long ones.
func worlds() map[string]any {
	return map[string]any{
		"pendulum": &PendulumKnobs{Horizon: 30}, "cart-pole": &CartPoleKnobs{Horizon: 60}, "point mass": &PointMassKnobs{Goals: 5, Goal: 2, Radius: 1.5, Horizon: 25},
	}
}

func TestEveryWorldKeepsTheContract(t *testing.T) {
	for name, knobs := range worlds() {
		for what, check := range map[string]func(*testing.T, any){
			"the same seed gives the same episodes byte for byte":            sameSeed,
			"an episode does not depend on the batch":                        alone,
			"training and test seeds share no episode":                       splits,
			"an episode is made again alone from its seed":                   replay,
			"a restored snapshot continues exactly":                          snapshot,
			"a snapshot of another world is refused":                         foreign,
			"stepping allocates nothing":                                     noAllocation,
			"observations, rewards and pictures are as the spec says":        observations,
			"the last observation is the end of an episode":                  last,
			"foreseeing is stepping":                                         foresee,
			"a wrong size, a wrong name or an action without number is told": wrong,
			"the scripted controller beats chance by far":                    references,
		} {
			t.Run(name+": "+what, func(t *testing.T) { check(t, knobs) })
		}
	}
}

// player holds the buffers of one walk.
type player struct {
	v           World
	obs, reward []float32
	done, fresh []bool
	actions     []float32
}

func newPlayer(t *testing.T, knobs any, size int, seed uint64) *player {
	t.Helper()
	v, err := New(knobs, size)
	if err != nil {
		t.Fatal(err)
	}
	s := v.Spec()
	p := &player{v: v, obs: make([]float32, size*s.Obs), reward: make([]float32, size), done: make([]bool, size),
		fresh: slices.Repeat([]bool{true}, size), actions: make([]float32, size*s.Act)}
	v.Reset(seed, p.obs)
	return p
}

func (p *player) play(policy Policy) {
	policy.Act(p.obs, p.fresh, p.actions)
	p.step()
}

func (p *player) step() {
	p.v.Step(p.actions, p.obs, p.reward, p.done)
	copy(p.fresh, p.done)
}

func (p *player) row(b int) string {
	n := p.v.Spec().Obs
	return fmt.Sprintf("%x %x %v %s %+v", p.obs[b*n:(b+1)*n], math.Float32bits(p.reward[b]), p.done[b], p.v.Saw(b), p.v.Scene(b))
}

// half plays the controller in even environments and chance in odd ones, so that episodes end in every way.
func half(t *testing.T, v World) Policy {
	return mixed{reference(t, v, world.Oracle), reference(t, v, world.Random), v.Spec().Act}
}

type mixed struct {
	oracle, random Policy
	act            int
}

func (m mixed) Reset() { m.oracle.Reset(); m.random.Reset() }

func (m mixed) Act(obs []float32, fresh []bool, actions []float32) {
	other := make([]float32, len(actions))
	m.oracle.Act(obs, fresh, actions)
	m.random.Act(obs, fresh, other)
	for i := range actions {
		if i/m.act%2 == 1 {
			actions[i] = other[i]
		}
	}
}

func reference(t *testing.T, v World, name string) Policy {
	t.Helper()
	p, err := v.Reference(name, 77)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func trace(t *testing.T, p *player, steps int) (lines []string) {
	policy := half(t, p.v)
	for range steps {
		p.play(policy)
		for b := range p.v.Size() {
			lines = append(lines, p.row(b)+fmt.Sprintf(" %+v", p.v.Info(b)))
		}
	}
	return lines
}

func sameSeed(t *testing.T, knobs any) {
	a := trace(t, newPlayer(t, knobs, 4, 5), 100)
	used := newPlayer(t, knobs, 4, 9)
	trace(t, used, 33)
	used.v.Reset(5, used.obs)
	if !slices.Equal(a, trace(t, used, 100)) {
		t.Error("seed 5 gives other episodes after others were played")
	}
	if slices.Equal(a, trace(t, newPlayer(t, knobs, 4, 6), 100)) {
		t.Error("seeds 5 and 6 give the same episodes")
	}
}

func alone(t *testing.T, knobs any) {
	one, many := newPlayer(t, knobs, 1, 11), newPlayer(t, knobs, 8, 11)
	mine, others := Uniform(one.v.Spec(), 3), Uniform(one.v.Spec(), 4)
	for step := range 150 {
		mine.Act(nil, nil, one.actions)
		others.Act(nil, nil, many.actions)
		copy(many.actions, one.actions)
		one.step()
		many.step()
		if one.row(0) != many.row(0) {
			t.Fatalf("step %d: alone %s, in a batch %s", step, one.row(0), many.row(0))
		}
	}
}

func splits(t *testing.T, knobs any) {
	found := map[uint64]bool{}
	for _, seed := range []uint64{0, 100} {
		p := newPlayer(t, knobs, 16, seed)
		random := reference(t, p.v, world.Random)
		for range 4 * p.v.Spec().Horizon {
			p.play(random)
			for b, over := range p.done {
				if s := p.v.Info(b).Seed; over && (found[s] || s >= 1<<53) {
					t.Fatalf("episode %d under seed %d was played before or is too large", s, seed)
				} else if over {
					found[s] = true
				}
			}
		}
	}
	if len(found) < 64 {
		t.Errorf("only %d episodes ended", len(found))
	}
}

func replay(t *testing.T, knobs any) {
	p := newPlayer(t, knobs, 1, 21)
	random := reference(t, p.v, world.Random)
	rows, taken := []string{fmt.Sprintf("%x", p.obs)}, []float32{}
	for !p.done[0] {
		p.play(random)
		taken = append(taken, p.actions...)
		rows = append(rows, p.row(0))
	}
	again := newPlayer(t, knobs, 1, 99)
	v, err := p.v.Replay(p.v.Info(0).Seed, again.obs)
	if err != nil {
		t.Fatal(err)
	}
	again.v = v
	if got := fmt.Sprintf("%x", again.obs); got != rows[0] {
		t.Fatalf("replayed episode starts with %s, want %s", got, rows[0])
	}
	for i := 1; i < len(rows); i++ {
		copy(again.actions, taken[(i-1)*len(again.actions):])
		again.step()
		if last := i == len(rows)-1; again.done[0] != last || !last && again.row(0) != rows[i] {
			t.Fatalf("replayed step %d is %s, want %s", i, again.row(0), rows[i])
		}
	}
	if fmt.Sprint(v.Info(0)) != fmt.Sprint(p.v.Info(0)) || !slices.Equal(v.Last(0), p.v.Last(0)) {
		t.Errorf("replayed episode came to %+v, want %+v", v.Info(0), p.v.Info(0))
	}
}

func snapshot(t *testing.T, knobs any) {
	a, b := newPlayer(t, knobs, 3, 31), newPlayer(t, knobs, 3, 99)
	trace(t, a, 47)
	var kept bytes.Buffer
	if err := a.v.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	kept.WriteString("tail")
	if err := b.v.Restore(&kept); err != nil || kept.String() != "tail" {
		t.Fatalf("restoring: %v, %q is left", err, kept.String())
	}
	random := reference(t, a.v, world.Random)
	for step := range 80 {
		random.Act(nil, nil, a.actions)
		copy(b.actions, a.actions)
		a.step()
		b.step()
		for e := range 3 {
			if a.row(e) != b.row(e) || fmt.Sprint(a.v.Info(e), a.v.Last(e)) != fmt.Sprint(b.v.Info(e), b.v.Last(e)) {
				t.Fatalf("step %d after the snapshot: %s and %s", step, a.row(e), b.row(e))
			}
		}
	}
}

func foreign(t *testing.T, knobs any) {
	var kept bytes.Buffer
	if err := newPlayer(t, knobs, 3, 0).v.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	whole := kept.Bytes()
	if newPlayer(t, knobs, 4, 0).v.Restore(bytes.NewReader(whole)) == nil {
		t.Error("a world of 4 took up the state of a world of 3")
	}
	for _, cut := range []int{0, 3, 20, len(whole) - 1} {
		if newPlayer(t, knobs, 3, 0).v.Restore(bytes.NewReader(whole[:cut])) == nil {
			t.Errorf("a snapshot cut to %d of %d bytes was taken up", cut, len(whole))
		}
	}
}

func noAllocation(t *testing.T, knobs any) {
	p := newPlayer(t, knobs, 16, 41)
	for _, name := range References() {
		policy := reference(t, p.v, name)
		if n := testing.AllocsPerRun(100, func() { p.play(policy) }); n != 0 {
			t.Errorf("a step with the %s reference allocates %v times", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { p.v.Foresee(p.obs, p.actions, p.obs[4:]) }); n != 0 {
			t.Errorf("foreseeing allocates %v times", n)
		}
	}
}

func observations(t *testing.T, knobs any) {
	p := newPlayer(t, knobs, 4, 51)
	s, policy := p.v.Spec(), half(t, p.v)
	if len(s.ObsNames) != s.Obs || len(s.ActNames) != s.Act || len(s.Low) != s.Act || len(s.High) != s.Act || s.Obs > maxObs || s.Act > maxAct {
		t.Fatalf("spec is %+v", s)
	}
	for range 150 {
		p.play(policy)
		for _, x := range append(slices.Clone(p.obs), p.reward...) {
			if math.IsNaN(float64(x)) || math.Abs(float64(x)) > 20 {
				t.Fatalf("number %v is shown or paid", x)
			}
		}
		for b := range p.v.Size() {
			drawn(t, p.v.Scene(b))
			if p.v.Saw(b) == "" {
				t.Fatal("nothing was seen")
			}
		}
	}
}

func drawn(t *testing.T, s lab.Scene) {
	t.Helper()
	agents := 0
	for _, m := range s.Marks {
		if m.X < 0 || m.X >= s.W || m.Y < 0 || m.Y >= s.H || m.Shape == "" {
			t.Fatalf("mark %+v is off the %d x %d grid or has no shape", m, s.W, s.H)
		}
		if m.Shape == "agent" {
			agents++
		}
	}
	if agents != 1 {
		t.Fatalf("scene %v has %d agents, want 1", s, agents)
	}
}

// last plays one environment and follows it with Foresee, which knows no next episode.
func last(t *testing.T, knobs any) {
	p := newPlayer(t, knobs, 1, 61)
	s, random, ended := p.v.Spec(), reference(t, p.v, world.Random), 0
	before, next := make([]float32, s.Obs), make([]float32, s.Obs)
	for range 5 * s.Horizon {
		copy(before, p.obs)
		p.play(random)
		_, failed := p.v.Foresee(before, p.actions, next)
		if !p.done[0] {
			continue
		}
		ended++
		near(t, "the last observation", p.v.Last(0), next)
		if in := p.v.Info(0); failed != (in.Why == lab.EndTerminal) || (in.Why == lab.EndHorizon) != (in.Steps == s.Horizon && !failed) {
			t.Errorf("episode of %d steps that failed %v ended as %q", in.Steps, failed, in.Why)
		}
	}
	if ended < 5 {
		t.Errorf("only %d episodes ended", ended)
	}
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 2e-5 {
			t.Fatalf("%s is %v, want %v", what, got, want)
		}
	}
}

func foresee(t *testing.T, knobs any) {
	p := newPlayer(t, knobs, 1, 71)
	random := reference(t, p.v, world.Random)
	before, next := slices.Clone(p.obs), slices.Clone(p.obs)
	for range 50 {
		copy(before, p.obs)
		p.play(random)
		if reward, _ := p.v.Foresee(before, p.actions, next); !p.done[0] {
			near(t, "what was foreseen", next, p.obs)
			near(t, "the reward foreseen", []float32{reward}, p.reward)
		}
	}
}

func wrong(t *testing.T, knobs any) {
	p := newPlayer(t, knobs, 2, 81)
	p.actions[0] = float32(math.NaN())
	for name, play := range map[string]func(){
		"an action without number": func() { p.v.Step(p.actions, p.obs, p.reward, p.done) },
		"too few actions":          func() { p.v.Step(p.actions[1:], p.obs, p.reward, p.done) },
		"short observations":       func() { p.v.Step(p.actions, p.obs[1:], p.reward, p.done) },
		"a short reset":            func() { p.v.Reset(1, p.obs[1:]) },
	} {
		text := func() (text string) {
			defer func() { text, _ = recover().(string) }()
			play()
			return ""
		}()
		if text == "" {
			t.Errorf("%s does not panic with a message", name)
		}
	}
	if _, err := p.v.Reference("psychic", 0); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("an unknown reference gives %v", err)
	}
	if _, err := New(knobs, 0); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("a batch of 0 gives %v", err)
	}
}

func references(t *testing.T, knobs any) {
	scores := map[string]world.Score{}
	for _, name := range References() {
		v, err := New(full(knobs), 64)
		if err != nil {
			t.Fatal(err)
		}
		if scores[name], err = Evaluate(t.Context(), v, reference(t, v, name), 1234, 256); err != nil {
			t.Fatal(err)
		}
		t.Logf("%-7s success %.3f, return %.1f, steps %.1f", name, scores[name].Success, scores[name].Return, scores[name].Steps)
	}
	if o, r := scores[world.Oracle], scores[world.Random]; o.Success < 0.95 || r.Success > 0.15 || o.Return < r.Return+10 {
		t.Errorf("oracle %+v, random %+v", o, r)
	}
}

// full are the knobs with episodes of the usual length.
func full(knobs any) any {
	switch k := knobs.(type) {
	case *PendulumKnobs:
		return &PendulumKnobs{Horizon: 200}
	case *CartPoleKnobs:
		return &CartPoleKnobs{Horizon: 200}
	case *PointMassKnobs:
		long := *k
		long.Horizon = 40
		return &long
	}
	return knobs
}
