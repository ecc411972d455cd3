package value

import (
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// Actor plays a network of values in a batch of B environments, one Decide and one Play a step. After the first step it allocates nothing.
type Actor struct {
	Net   *QNet
	World world.Vec
	// Epsilon [B] is the share of uniform actions. Where Temperature is above 0, actions are drawn by Softmax instead.
	Epsilon     []float64
	Temperature float64

	Obs      []float32 // [B][O] what each environment shows now
	Fresh    []bool    // [B] the observation is the first of its episode
	Before   []float32 // [B][S] carried before the last Decide, as it was: where Fresh it counts as zero
	State    []float32 // [B][S] carried after it
	Q        []float32 // [B][A] of the last Decide
	Probs    []float32 // [B][A] of the last Decide where actions were drawn by Softmax
	Actions  []int32   // [B] of the last Decide
	Saw      []float32 // [B][O] what the last Decide acted on
	WasFresh []bool    // [B] and whether that was the first of its episode
	Reward   []float32 // [B] of the last Play
	Done     []bool    // [B] the last Play ended the episode
	Cut      []bool    // [B] and it ran out of time
	Episodes []int64   // [B] episodes ended since Reset
	Space    *Space    // of the last Decide, for QNet.Probe

	core   *num.Core
	stream *rng.Stream
	work   int
	decide func(i0, i1 int)
}

// NewActor returns a greedy actor; the stream serves its exploration. Reset comes before the first step.
func NewActor(core *num.Core, net *QNet, w world.Vec, stream *rng.Stream) *Actor {
	b, o, acts, s := w.Size(), net.Inputs(), net.Actions(), net.Memory.Size().State
	if spec := w.Spec(); len(spec.Actions) != acts || spec.Obs != o {
		panic(fmt.Sprintf("value: actor in %s with %d observations and %d actions, network has %d and %d", spec.Name, spec.Obs, len(spec.Actions), o, acts))
	}
	a := &Actor{
		Net: net, World: w, core: core, stream: stream, Epsilon: make([]float64, b),
		Obs: make([]float32, b*o), Fresh: make([]bool, b), Before: make([]float32, b*s), State: make([]float32, b*s),
		Q: make([]float32, b*acts), Probs: make([]float32, b*acts), Actions: make([]int32, b), Saw: make([]float32, b*o), WasFresh: make([]bool, b),
		Reward: make([]float32, b), Done: make([]bool, b), Cut: make([]bool, b), Episodes: make([]int64, b),
		Space: net.NewSpace(b), work: b * nn.Count(net.Params()),
	}
	a.decide = a.decideRows
	return a
}

// Reset starts episode 0 of every environment under that seed; memories are empty. The stream goes on where it was.
func (a *Actor) Reset(seed uint64) {
	a.World.Reset(seed, a.Obs)
	clear(a.State)
	clear(a.Episodes)
	for b := range a.Fresh {
		a.Fresh[b], a.Done[b] = true, false
	}
}

// Decide runs the network for one step and chooses an action for every environment.
func (a *Actor) Decide() {
	copy(a.Before, a.State)
	copy(a.Saw, a.Obs)
	copy(a.WasFresh, a.Fresh)
	a.core.Do(len(a.Fresh), a.work, a.decide)
	n := a.Net.Actions()
	for b := range a.Actions { // in order and alone: one stream serves all environments
		q := a.Q[b*n : b*n+n]
		if a.Temperature > 0 {
			a.Actions[b] = int32(Softmax(a.stream, q, a.Temperature, a.Probs[b*n:b*n+n]))
		} else {
			a.Actions[b] = int32(EpsilonGreedy(a.stream, q, a.Epsilon[b]))
		}
	}
}

func (a *Actor) decideRows(i0, i1 int) {
	a.Net.Step(&a.core.K, a.Space, a.Obs, a.State, a.Q, a.Fresh, i0, i1)
}

// Play lets every environment take its action.
func (a *Actor) Play() {
	a.World.Step(a.Actions, a.Obs, a.Reward, a.Done)
	copy(a.Fresh, a.Done)
	for b, d := range a.Done {
		if a.Cut[b] = false; d {
			a.Episodes[b]++
			a.Cut[b] = a.World.Info(b).Why == lab.EndHorizon
		}
	}
}

// kept is what lies between two steps.
type kept struct {
	Obs, State []float32
	Fresh      []bool
	Episodes   []int64
	Epsilon    []float64
	Warm       float64
}

// Snapshot implements lab.Snapshotter: what lies between two steps, exploration, the stream and the world.
func (a *Actor) Snapshot(w io.Writer) error {
	k := kept{a.Obs, a.State, a.Fresh, a.Episodes, a.Epsilon, a.Temperature}
	return rl.WriteParts(w, rl.Part{Name: "actor", State: rl.JSON(&k)}, rl.Part{Name: "stream", State: rl.Stream(a.stream)}, rl.Part{Name: "world", State: a.World})
}

// Restore implements lab.Snapshotter, for an actor made in the same way.
func (a *Actor) Restore(r io.Reader) error {
	var k kept
	err := rl.ReadParts(r, rl.Part{Name: "actor", State: rl.JSON(&k)}, rl.Part{Name: "stream", State: rl.Stream(a.stream)}, rl.Part{Name: "world", State: a.World})
	if err != nil {
		return err
	}
	if len(k.Obs) != len(a.Obs) || len(k.State) != len(a.State) || len(k.Fresh) != len(a.Fresh) || len(k.Episodes) != len(a.Episodes) || len(k.Epsilon) != len(a.Epsilon) {
		return lab.Errorf(lab.Invalid, "kept actor has %d environments and %d carried numbers, want %d and %d", len(k.Fresh), len(k.State), len(a.Fresh), len(a.State)).
			WithHint("restore with the set-up that was kept")
	}
	copy(a.Obs, k.Obs)
	copy(a.State, k.State)
	copy(a.Fresh, k.Fresh)
	copy(a.Episodes, k.Episodes)
	copy(a.Epsilon, k.Epsilon)
	a.Temperature = k.Warm
	return nil
}

// Greedy plays a network of values as a world.Policy: the best action by its values, from B rows of observations.
type Greedy struct {
	Net   *QNet
	State []float32 // [B][S]
	Q     []float32 // [B][A] of the last Act
	Space *Space    // of the last Act, for QNet.Probe

	core  *num.Core
	obs   []float32
	fresh []bool
	work  int
	step  func(i0, i1 int)
}

// NewGreedy returns one for b environments.
func NewGreedy(core *num.Core, net *QNet, b int) *Greedy {
	g := &Greedy{Net: net, State: make([]float32, b*net.Memory.Size().State), Q: make([]float32, b*net.Actions()), Space: net.NewSpace(b),
		core: core, work: b * nn.Count(net.Params())}
	g.step = func(i0, i1 int) { g.Net.Step(&g.core.K, g.Space, g.obs, g.State, g.Q, g.fresh, i0, i1) }
	return g
}

// Reset implements world.Policy.
func (g *Greedy) Reset() { clear(g.State) }

// Act implements world.Policy.
func (g *Greedy) Act(obs []float32, fresh []bool, actions []int32) {
	g.obs, g.fresh = obs, fresh
	g.core.Do(len(fresh), g.work, g.step)
	n := g.Net.Actions()
	for b := range actions {
		actions[b] = int32(rl.Best(g.Q[b*n : b*n+n]))
	}
}
