package sac

import (
	"fmt"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/control"
)

// Actor plays the policy of a Learner in a batch of B environments with continuous actions, one Step a time. After the first step it
// allocates nothing.
type Actor struct {
	Policy *value.QNet // as in Learner
	World  control.Vec
	Random bool // actions are uniform: for the first steps

	Obs      []float32 // [B][O] what each environment shows now
	Fresh    []bool    // [B] the observation is the first of its episode
	State    []float32 // [B][S]
	Action   []float32 // [B][A] of the last Step, between -1 and 1
	Reward   []float32 // [B] of the last Step
	Done     []bool    // [B] the last Step ended the episode
	Saw      []float32 // [B][O] what the last Step acted on
	Episodes []int64   // [B] episodes ended since Reset

	core    *num.Core
	stream  *rng.Stream
	space   *value.Space
	out     []float32 // [B][2A]
	noise   []float32 // [A]
	played  []float32 // [B][A] in the bounds of the world
	spec    control.Spec
	work    int
	decided func(i0, i1 int)
}

// NewActor returns an actor whose actions are drawn from the stream. Reset comes before the first step.
func NewActor(core *num.Core, policy *value.QNet, w control.Vec, stream *rng.Stream) *Actor {
	b, spec := w.Size(), w.Spec()
	if policy.Actions() != 2*spec.Act || policy.Inputs() != spec.Obs {
		panic(fmt.Sprintf("sac: actor in %s with %d observations and %d action numbers, policy has %d and %d outputs", spec.Name, spec.Obs, spec.Act, policy.Inputs(), policy.Actions()))
	}
	a := &Actor{
		Policy: policy, World: w, core: core, stream: stream, spec: spec, space: policy.NewSpace(b), work: b * nn.Count(policy.Params()),
		Obs: make([]float32, b*spec.Obs), Fresh: make([]bool, b), State: make([]float32, b*policy.Memory.Size().State),
		Action: make([]float32, b*spec.Act), Reward: make([]float32, b), Done: make([]bool, b), Saw: make([]float32, b*spec.Obs), Episodes: make([]int64, b),
		out: make([]float32, 2*b*spec.Act), noise: make([]float32, spec.Act), played: make([]float32, b*spec.Act),
	}
	a.decided = func(i0, i1 int) { a.Policy.Step(&a.core.K, a.space, a.Obs, a.State, a.out, a.Fresh, i0, i1) }
	return a
}

// Reset starts episode 0 of every environment under that seed; memories are empty.
func (a *Actor) Reset(seed uint64) {
	a.World.Reset(seed, a.Obs)
	clear(a.State)
	clear(a.Episodes)
	for b := range a.Fresh {
		a.Fresh[b] = true
	}
}

// Step chooses an action in every environment and plays it.
func (a *Actor) Step() {
	copy(a.Saw, a.Obs)
	a.core.Do(len(a.Fresh), a.work, a.decided)
	n := a.spec.Act
	for b := range a.Fresh { // in order and alone: one stream serves all environments
		act := a.Action[b*n : b*n+n]
		if a.Random {
			for j := range act {
				act[j] = 2*a.stream.Float32() - 1
			}
			continue
		}
		Normals(a.stream, a.noise)
		draw(a.out[2*n*b:2*n*(b+1)], a.noise, act)
	}
	Stretch(a.Action, a.spec.Low, a.spec.High, a.played)
	a.World.Step(a.played, a.Obs, a.Reward, a.Done)
	copy(a.Fresh, a.Done)
	for b, d := range a.Done {
		if d {
			a.Episodes[b]++
		}
	}
}

// Lived is the last Step of environment b. Its slices are the actor's own.
func (a *Actor) Lived(b int) replay.Transition {
	o, n := a.spec.Obs, a.spec.Act
	t := replay.Transition{Obs: a.Saw[b*o : b*o+o], Act: a.Action[b*n : b*n+n], Reward: a.Reward[b], Next: a.Obs[b*o : b*o+o]}
	if a.Done[b] {
		t.Next = a.World.Last(b)
		t.Cut = a.World.Info(b).Why == lab.EndHorizon
		t.Terminal = !t.Cut
	}
	return t
}

// kept is what lies between two steps.
type kept struct {
	Obs, State []float32
	Fresh      []bool
	Episodes   []int64
	Random     bool
}

// Snapshot implements lab.Snapshotter: what lies between two steps, the stream and the world.
func (a *Actor) Snapshot(w io.Writer) error {
	k := kept{a.Obs, a.State, a.Fresh, a.Episodes, a.Random}
	return rl.WriteParts(w, rl.Part{Name: "actor", State: rl.JSON(&k)}, rl.Part{Name: "stream", State: rl.Stream(a.stream)}, rl.Part{Name: "world", State: a.World})
}

// Restore implements lab.Snapshotter, for an actor made in the same way.
func (a *Actor) Restore(r io.Reader) error {
	var k kept
	err := rl.ReadParts(r, rl.Part{Name: "actor", State: rl.JSON(&k)}, rl.Part{Name: "stream", State: rl.Stream(a.stream)}, rl.Part{Name: "world", State: a.World})
	if err != nil {
		return err
	}
	if len(k.Obs) != len(a.Obs) || len(k.State) != len(a.State) || len(k.Fresh) != len(a.Fresh) || len(k.Episodes) != len(a.Episodes) {
		return lab.Errorf(lab.Invalid, "kept actor has %d environments and %d carried numbers, want %d and %d", len(k.Fresh), len(k.State), len(a.Fresh), len(a.State)).
			WithHint("restore with the set-up that was kept")
	}
	copy(a.Obs, k.Obs)
	copy(a.State, k.State)
	copy(a.Fresh, k.Fresh)
	copy(a.Episodes, k.Episodes)
	a.Random = k.Random
	return nil
}

// Mean plays a policy without chance, as a control.Policy: tanh of the first A numbers that it says, in the bounds of the world.
type Mean struct {
	Policy *value.QNet
	State  []float32 // [B][S]

	core  *num.Core
	space *value.Space
	out   []float32
	spec  control.Spec
	obs   []float32
	fresh []bool
	work  int
	step  func(i0, i1 int)
}

// NewMean returns one for b environments of a world of that shape.
func NewMean(core *num.Core, policy *value.QNet, spec control.Spec, b int) *Mean {
	m := &Mean{Policy: policy, State: make([]float32, b*policy.Memory.Size().State), core: core, space: policy.NewSpace(b),
		out: make([]float32, b*policy.Actions()), spec: spec, work: b * nn.Count(policy.Params())}
	m.step = func(i0, i1 int) { m.Policy.Step(&m.core.K, m.space, m.obs, m.State, m.out, m.fresh, i0, i1) }
	return m
}

// Reset implements control.Policy.
func (m *Mean) Reset() { clear(m.State) }

// Act implements control.Policy.
func (m *Mean) Act(obs []float32, fresh []bool, actions []float32) {
	m.obs, m.fresh = obs, fresh
	m.core.Do(len(fresh), m.work, m.step)
	n, w := m.spec.Act, m.Policy.Actions()
	for b := range fresh {
		for j := range n {
			actions[b*n+j] = float32(math.Tanh(float64(m.out[b*w+j])))
		}
	}
	Stretch(actions[:len(fresh)*n], m.spec.Low, m.spec.High, actions)
}
