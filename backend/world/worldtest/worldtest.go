// Package worldtest is the contract test that every tensor world runs: what holds for all of them is checked here once.
package worldtest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/world"
)

// Options say what is particular to one world.
type Options struct {
	New func(batch int) (world.Tensor, error)
	// OneHot lists ranges [from, to) of the observation that hold exactly one 1 and zeros otherwise.
	OneHot [][2]int
	// RewardLo and RewardHi bound the reward of one step.
	RewardLo, RewardHi float32
	// Chance is the success of an agent without memory, in [0, 1]. With NeedsMemory the memory-free reference must lie within 0.05
	// of it and the full-memory one must reach 0.9.
	Chance      float64
	NeedsMemory bool
	// Episodes that each reference plays; 0 means 3000, which puts two standard errors below 0.02.
	Episodes int
}

// Run checks the whole contract.
func Run(t *testing.T, o Options) {
	t.Helper()
	checks := []struct {
		name string
		run  func(*testing.T, Options)
	}{
		{"the same seed gives the same episodes byte for byte", sameSeed},
		{"an episode does not depend on the batch size or on what other environments do", alone},
		{"training and test seeds share no episode", splits},
		{"an episode is made again alone from its seed", replay},
		{"a restored snapshot continues exactly", snapshot},
		{"a snapshot of another world is refused", foreignSnapshot},
		{"stepping allocates nothing", noAllocation},
		{"observations and rewards are as the spec says", observations},
		{"no episode outlasts the horizon", horizon},
		{"a wrong action or a wrong size panics with a message", wrongInput},
		{"pictures and words are deterministic and stay on the grid", pictures},
		{"detail fills the numbers and changes no episode", detail},
		{"the references score in their order", references},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, o) })
	}
}

func build(t *testing.T, o Options, batch int) world.Tensor {
	t.Helper()
	v, err := o.New(batch)
	if err != nil {
		t.Fatal(err)
	}
	if v.Size() != batch {
		t.Fatalf("Size is %d, want %d", v.Size(), batch)
	}
	return v
}

func reference(t *testing.T, v world.Tensor, name string) world.Policy {
	t.Helper()
	p, err := v.Reference(name, 77)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// player holds the buffers of one walk through a world.
type player struct {
	v       world.Tensor
	obs     []float32
	reward  []float32
	done    []bool
	fresh   []bool
	actions []int32
}

func newPlayer(v world.Tensor, seed uint64) *player {
	n := v.Size()
	p := &player{v: v, obs: make([]float32, n*v.Spec().Obs), reward: make([]float32, n), done: make([]bool, n),
		fresh: slices.Repeat([]bool{true}, n), actions: make([]int32, n)}
	v.Reset(seed, p.obs)
	return p
}

func (p *player) step(policy world.Policy) {
	policy.Act(p.obs, p.fresh, p.actions)
	p.v.Step(p.actions, p.obs, p.reward, p.done)
	copy(p.fresh, p.done)
}

// row is what environment b showed and paid in the last step, bit by bit.
func (p *player) row(b int) string {
	w := p.v.Spec().Obs
	return fmt.Sprintf("%x %x %v %s", p.obs[b*w:(b+1)*w], math.Float32bits(p.reward[b]), p.done[b], p.v.Saw(b))
}

// trace walks steps with the oracle in every second environment and random actions elsewhere, so that episodes end in every way.
func trace(t *testing.T, v world.Tensor, seed uint64, steps int) []string {
	t.Helper()
	p, mixed := newPlayer(v, seed), newMixed(t, v)
	lines := make([]string, 0, steps)
	for range steps {
		p.step(mixed)
		var line bytes.Buffer
		for b := range v.Size() {
			line.WriteString(p.row(b))
			fmt.Fprintf(&line, " %+v\n", v.Info(b))
		}
		lines = append(lines, line.String())
	}
	return lines
}

// mixed plays the oracle in even environments and random actions in odd ones.
type mixed struct {
	oracle, random world.Policy
	other          []int32
}

func newMixed(t *testing.T, v world.Tensor) *mixed {
	return &mixed{reference(t, v, world.Oracle), reference(t, v, world.Random), make([]int32, v.Size())}
}

func (m *mixed) Reset() { m.oracle.Reset(); m.random.Reset() }

func (m *mixed) Act(obs []float32, fresh []bool, actions []int32) {
	m.oracle.Act(obs, fresh, actions)
	m.random.Act(obs, fresh, m.other)
	for b := 1; b < len(actions); b += 2 {
		actions[b] = m.other[b]
	}
}

func sameSeed(t *testing.T, o Options) {
	a, b := trace(t, build(t, o, 6), 5, 100), trace(t, build(t, o, 6), 5, 100)
	if !slices.Equal(a, b) {
		t.Error("two worlds with seed 5 differ")
	}
	v := build(t, o, 6)
	trace(t, v, 9, 40)
	if !slices.Equal(a, trace(t, v, 5, 100)) {
		t.Error("Reset does not forget what was played before")
	}
	if slices.Equal(a, trace(t, build(t, o, 6), 6, 100)) {
		t.Error("seeds 5 and 6 give the same episodes")
	}
}

// alone plays environment 0 once in a batch of one and once beside seven others that do something else, with the same actions.
func alone(t *testing.T, o Options) {
	one, many := newPlayer(build(t, o, 1), 11), newPlayer(build(t, o, 8), 11)
	actions, others := world.Uniform(len(one.v.Spec().Actions), 3), world.Uniform(len(one.v.Spec().Actions), 4)
	for step := range 250 {
		actions.Act(nil, nil, one.actions)
		others.Act(nil, nil, many.actions)
		many.actions[0] = one.actions[0]
		one.v.Step(one.actions, one.obs, one.reward, one.done)
		many.v.Step(many.actions, many.obs, many.reward, many.done)
		if one.row(0) != many.row(0) {
			t.Fatalf("step %d: alone %s, in a batch %s", step, one.row(0), many.row(0))
		}
	}
}

// seeds collects the episode seeds of a walk.
func seeds(t *testing.T, o Options, seed uint64, steps int) map[uint64]bool {
	p := newPlayer(build(t, o, 32), seed)
	random := reference(t, p.v, world.Random)
	found := map[uint64]bool{}
	for range steps {
		p.step(random)
		for b, ended := range p.done {
			if in := p.v.Info(b); ended {
				if found[in.Seed] {
					t.Fatalf("seed %d: episode %d was played twice", seed, in.Seed)
				}
				found[in.Seed] = true
			}
		}
	}
	return found
}

func splits(t *testing.T, o Options) {
	steps := 4 * build(t, o, 1).Spec().Horizon
	train, test := seeds(t, o, 0, steps), seeds(t, o, 100, steps)
	for s := range test {
		if train[s] {
			t.Fatalf("episode seed %d occurs under seeds 0 and 100", s)
		}
		if s >= 1<<53 {
			t.Fatalf("episode seed %d does not survive a JavaScript number", s)
		}
	}
	if len(train) < 32 || len(test) < 32 {
		t.Fatalf("only %d and %d episodes ended within four horizons", len(train), len(test))
	}
}

func replay(t *testing.T, o Options) {
	p := newPlayer(build(t, o, 5), 21)
	w, policy := p.v.Spec().Obs, newMixed(t, p.v)
	rows, taken := make([][]string, 5), make([][]int32, 5)
	for b := range rows {
		rows[b] = []string{fmt.Sprintf("%x", p.obs[b*w:(b+1)*w])}
	}
	for played := 0; played < 40; {
		p.step(policy)
		for b := range rows {
			taken[b] = append(taken[b], p.actions[b])
			if !p.done[b] {
				rows[b] = append(rows[b], p.row(b))
				continue
			}
			again(t, p.v, p.v.Info(b), rows[b], taken[b])
			played++
			rows[b], taken[b] = []string{fmt.Sprintf("%x", p.obs[b*w:(b+1)*w])}, nil
		}
	}
}

// again replays one episode and compares every row but the last, whose observation belongs to the next episode.
func again(t *testing.T, v world.Tensor, in world.Info, rows []string, actions []int32) {
	t.Helper()
	obs, reward, done := make([]float32, v.Spec().Obs), make([]float32, 1), make([]bool, 1)
	one, err := v.Replay(in.Seed, obs)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", obs); got != rows[0] {
		t.Fatalf("replayed episode starts with %s, want %s", got, rows[0])
	}
	for i, a := range actions {
		one.Step([]int32{a}, obs, reward, done)
		got := fmt.Sprintf("%x %x %v %s", obs, math.Float32bits(reward[0]), done[0], one.Saw(0))
		if last := i == len(actions)-1; done[0] != last || !last && got != rows[i+1] {
			t.Fatalf("replayed step %d is %s, done %v", i, got, done[0])
		}
	}
	if got := fmt.Sprintf("%+v", one.Info(0)); got != fmt.Sprintf("%+v", in) {
		t.Fatalf("replayed episode came to %s, want %+v", got, in)
	}
}

func snapshot(t *testing.T, o Options) {
	a, b := newPlayer(build(t, o, 6), 31), newPlayer(build(t, o, 6), 99)
	random := reference(t, a.v, world.Random)
	for range 57 {
		a.step(random)
	}
	var kept bytes.Buffer
	if err := a.v.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	kept.WriteString("tail")
	if err := b.v.Restore(&kept); err != nil {
		t.Fatal(err)
	}
	if kept.String() != "tail" {
		t.Errorf("Restore left %q of what follows the snapshot, want all of it", kept.String())
	}
	for step := range 120 {
		random.Act(nil, nil, a.actions)
		a.v.Step(a.actions, a.obs, a.reward, a.done)
		b.v.Step(a.actions, b.obs, b.reward, b.done)
		for e := range a.v.Size() {
			if a.row(e) != b.row(e) || fmt.Sprint(a.v.Info(e), a.v.Scene(e)) != fmt.Sprint(b.v.Info(e), b.v.Scene(e)) {
				t.Fatalf("step %d after the snapshot differs: %s and %s", step, a.row(e), b.row(e))
			}
		}
	}
}

func foreignSnapshot(t *testing.T, o Options) {
	var kept bytes.Buffer
	if err := build(t, o, 3).Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	whole := kept.Bytes()
	if err := build(t, o, 4).Restore(bytes.NewReader(whole)); err == nil {
		t.Error("a world of 4 took up the state of a world of 3")
	}
	for _, cut := range []int{0, 3, 20, len(whole) - 1} {
		if err := build(t, o, 3).Restore(bytes.NewReader(whole[:cut])); err == nil {
			t.Errorf("a snapshot cut to %d of %d bytes was taken up", cut, len(whole))
		}
	}
}
