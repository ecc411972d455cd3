package rl

import (
	"fmt"
	"io"
	"slices"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// Actor plays a policy in a batch of B environments, one Decide and one Play a step. It owns what lies between two steps: the
// observations, the states of the memories and the stream that chooses actions. After the first step it allocates nothing.
type Actor struct {
	Policy *ActorCritic
	World  world.Vec
	Greedy bool // choose the most probable action instead of drawing one

	Obs      []float32 // [B][O] what each environment shows now
	Fresh    []bool    // [B] the observation is the first of its episode
	State    []float32 // [B][S] carried by the memory, after the last Decide
	Logits   []float32 // [B][A+1] of the last Decide: logits, then the value
	Probs    []float32 // [B][A] of the last Decide
	Actions  []int32   // [B] of the last Decide
	LogProb  []float32 // [B] of those actions, nats
	Value    []float32 // [B] of the last Decide
	Reward   []float32 // [B] of the last Play
	Done     []bool    // [B] the last Play ended the episode
	Episodes []int64   // [B] episodes ended since Reset

	core   *num.Core
	stream *rng.Stream
	space  workspace
	lse    []float64 // [B]
	work   int       // multiply-adds of one Decide
	decide func(i0, i1 int)

	peekState, peekOut []float32
	peekSpace          workspace
	peek               func(i0, i1 int)
}

// NewActor returns an actor whose actions are drawn from the stream. Reset comes before the first step.
func NewActor(core *num.Core, p *ActorCritic, w world.Vec, stream *rng.Stream) *Actor {
	b, z, acts := w.Size(), p.Memory.Size(), p.Actions()
	if spec := w.Spec(); len(spec.Actions) != acts || spec.Obs != inputs(p) {
		panic(fmt.Sprintf("rl: actor in %s with %d observations and %d actions, policy has %d and %d", spec.Name, spec.Obs, len(spec.Actions), inputs(p), acts))
	}
	a := &Actor{
		Policy: p, World: w, core: core, stream: stream,
		Obs: make([]float32, b*inputs(p)), Fresh: make([]bool, b), State: make([]float32, b*z.State),
		Logits: make([]float32, b*(acts+1)), Probs: make([]float32, b*acts), Actions: make([]int32, b),
		LogProb: make([]float32, b), Value: make([]float32, b), Reward: make([]float32, b), Done: make([]bool, b),
		Episodes: make([]int64, b), lse: make([]float64, b), space: newWorkspace(p, b),
		peekState: make([]float32, b*z.State), peekOut: make([]float32, b*(acts+1)), peekSpace: newWorkspace(p, b),
		work: b * nn.Count(p.Params()),
	}
	a.decide, a.peek = a.decideRows, a.peekRows
	return a
}

func inputs(p *ActorCritic) int {
	if p.Encoder != nil {
		return p.Encoder.Size().In
	}
	return p.Memory.Size().In
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

// Decide runs the policy for one step and chooses an action for every environment.
func (a *Actor) Decide() {
	a.core.Do(len(a.Fresh), a.work, a.decide)
	n := a.Policy.Actions()
	for b := range a.Actions { // in order and alone: one stream serves all environments
		p := a.Probs[b*n : b*n+n]
		action := 0
		if a.Greedy {
			action = Best(p)
		} else {
			action = a.stream.Categorical(p)
		}
		row := a.Logits[b*(n+1) : (b+1)*(n+1)]
		a.Actions[b] = int32(action)
		a.LogProb[b] = float32(float64(row[action]) - a.lse[b])
		a.Value[b] = row[n]
	}
}

func (a *Actor) decideRows(i0, i1 int) {
	a.Policy.step(&a.core.K, &a.space, a.Obs, a.State, a.Logits, a.Fresh, i0, i1)
	n := a.Policy.Actions()
	for b := i0; b < i1; b++ {
		a.lse[b] = Probabilities(a.Logits[b*(n+1):b*(n+1)+n], a.Probs[b*n:b*n+n])
	}
}

// Play lets every environment take its action.
func (a *Actor) Play() {
	a.World.Step(a.Actions, a.Obs, a.Reward, a.Done)
	copy(a.Fresh, a.Done)
	for b, d := range a.Done {
		if d {
			a.Episodes[b]++
		}
	}
}

// Peek writes the value of what every environment shows now into last [B], without carrying anything on.
func (a *Actor) Peek(last []float32) {
	copy(a.peekState, a.State)
	a.core.Do(len(a.Fresh), a.work, a.peek)
	n := a.Policy.Actions()
	for b := range last {
		last[b] = a.peekOut[b*(n+1)+n]
	}
}

func (a *Actor) peekRows(i0, i1 int) {
	a.Policy.step(&a.core.K, &a.peekSpace, a.Obs, a.peekState, a.peekOut, a.Fresh, i0, i1)
}

// Probe returns internals of the last Decide in environment b, valid until the next; nil where the memory has none of that name.
func (a *Actor) Probe(name string, b int) []float32 {
	p, ok := nn.FindProbe(a.Policy.Memory, name)
	if !ok {
		return nil
	}
	at := b*a.Policy.Memory.Size().Scratch + p.At
	return a.space.memScratch[at : at+p.Len]
}

// Carried returns the numbers carried in environment b after the last Decide, for probes and pictures.
func (a *Actor) Carried(b int) []float32 {
	s := a.Policy.Memory.Size().State
	return a.State[b*s : b*s+s]
}

// InUse is how many of the carried numbers of environment b mean something.
func (a *Actor) InUse(b int) int { return a.Policy.Memory.InUse(a.Carried(b)) }

// Snapshot writes what lies between two steps, the stream and the world.
func (a *Actor) Snapshot(w io.Writer) error {
	return WriteParts(w, Part{"arrays", arrays{a}}, Part{"stream", Stream(a.stream)}, Part{"world", a.World})
}

// Restore reads what Snapshot wrote, into an actor made in the same way.
func (a *Actor) Restore(r io.Reader) error {
	return ReadParts(r, Part{"arrays", arrays{a}}, Part{"stream", Stream(a.stream)}, Part{"world", a.World})
}

// arrays keeps an actor's observations, states, marks and counts as tensors.
type arrays struct{ a *Actor }

func (s arrays) tensors() (all []*num.Tensor, fresh, episodes *num.Tensor) {
	b := len(s.a.Fresh)
	fresh, episodes = num.New("fresh", b), num.New("episodes", b, 4)
	obs := &num.Tensor{Name: "obs", Shape: []int{len(s.a.Obs)}, Data: s.a.Obs}
	state := &num.Tensor{Name: "state", Shape: []int{len(s.a.State)}, Data: s.a.State}
	return []*num.Tensor{obs, state, fresh, episodes}, fresh, episodes
}

func (s arrays) Snapshot(w io.Writer) error {
	all, fresh, episodes := s.tensors()
	for b, f := range s.a.Fresh {
		if f {
			fresh.Data[b] = 1
		}
		for i := range 4 { // sixteen bits a number: exact in float32
			episodes.Data[4*b+i] = float32(s.a.Episodes[b] >> (16 * i) & 0xffff)
		}
	}
	return nn.WriteTensors(w, nil, all)
}

func (s arrays) Restore(r io.Reader) error {
	all, fresh, episodes := s.tensors()
	if _, err := nn.ReadTensors(r, all); err != nil {
		return err
	}
	for b := range s.a.Fresh {
		s.a.Fresh[b] = fresh.Data[b] == 1
		s.a.Episodes[b] = 0
		for i, v := range slices.Backward(episodes.Data[4*b : 4*b+4]) {
			s.a.Episodes[b] |= int64(v) << (16 * i)
		}
	}
	return nil
}
