package td3bc

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// Knobs of TD3+BC.
type Knobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam, for critics and actors" default:"0.001" min:"0.000001" max:"1" main:"true" group:"learning"`
	Batch        int     `json:"batch" doc:"transitions of an update" symbol:"B" unit:"transitions" default:"128" min:"1" max:"4096" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount of a step" symbol:"γ" default:"0.95" min:"0" max:"1" group:"learning"`
	Tau          float64 `json:"tau" doc:"share by which targets follow at each step of the actor" symbol:"τ" default:"0.01" min:"0" max:"1" group:"learning"`
	Alpha        float64 `json:"alpha" doc:"weight of the value against the squared distance to the data" symbol:"α" default:"2.5" min:"0" max:"1000" main:"true" group:"learning"`
	Noise        float64 `json:"noise" doc:"noise on the target's action" default:"0.2" min:"0" max:"2" group:"learning"`
	NoiseClip    float64 `json:"noise_clip" doc:"bound of that noise" default:"0.5" min:"0" max:"2" group:"learning"`
	Delay        int     `json:"delay" doc:"updates of the critics for one of the actor" default:"2" min:"1" max:"100" group:"learning"`
}

// Batch is what an update reads.
type Batch struct {
	Obs, Next *num.Tensor // [B][O]
	Action    *num.Tensor // [B][Act], within +-1
	Reward    []float32   // [B]
	Terminal  []bool      // [B] nothing is expected afterwards; a time limit is no such end
}

// NewBatch returns room for size transitions.
func NewBatch(size, obs, act int) *Batch {
	return &Batch{Obs: num.New("obs", size, obs), Next: num.New("next", size, obs), Action: num.New("action", size, act),
		Reward: make([]float32, size), Terminal: make([]bool, size)}
}

// Learner teaches one head of an actor from one data set. Several may share an actor and its optimiser.
type Learner struct {
	Knobs   Knobs
	Actor   *Actor
	Head    int
	Critics Twin

	core            *num.Core
	tape            *num.Tape
	frozen, targets Twin
	target          *Actor // follows Actor
	opt             *nn.Adam
	noise           *rng.Stream
	y               []float32 // [B] targets of the critics
	first, second   Squared
	ascend          Ascend
	behaviour       Squared
}

// New returns a learner with fresh critics and targets. The stream gives first weights and noise.
func New(core *num.Core, k Knobs, actor *Actor, head, obs int, hidden []int, s *rng.Stream) *Learner {
	l := &Learner{Knobs: k, Actor: actor, Head: head, core: core, tape: num.NewTape(core), noise: s}
	l.Critics = NewTwin(s, "critic", obs, actor.Act, hidden)
	l.frozen, l.targets, l.target = l.Critics.Map(Frozen), l.Critics.Map(Target), actor.Target()
	l.opt = nn.NewAdam(l.Critics.Params())
	l.y = make([]float32, k.Batch)
	return l
}

// Criticise does one step of the critics and returns their loss. arXiv 1802.09477v3, alg. 1:
//
//	y = r + gamma min(Q1', Q2')(s', clip(pi'(s') + clip(noise)));   L = mean (Q1(s,a) - y)^2 + mean (Q2(s,a) - y)^2
func (l *Learner) Criticise(b *Batch) (float64, error) {
	l.tape.Reset()
	l.Targets(l.tape, b)
	q1, q2 := l.Critics.Record(l.tape, l.tape.Concat(b.Obs, b.Action))
	e1, e2 := l.first.Record(l.tape, q1, l.y, nil), l.second.Record(l.tape, q2, l.y, nil)
	loss := float64(e1.Data[0]) + float64(e2.Data[0])
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, lab.Errorf(lab.Internal, "the loss of the critics is %v", loss).WithHint("lower rl.learning_rate")
	}
	e1.Gradient()[0] = 1
	l.tape.Backward(e2)
	l.opt.Step(&l.core.K, l.Knobs.LearningRate)
	return loss, nil
}

// Targets computes y [B] of a batch.
func (l *Learner) Targets(t *num.Tape, b *Batch) []float32 {
	next := l.target.Record(t, b.Next, l.Head)
	for i, a := range next.Data {
		e := l.Knobs.Noise * l.noise.Normal()
		e = min(max(e, -l.Knobs.NoiseClip), l.Knobs.NoiseClip)
		next.Data[i] = float32(min(max(float64(a)+e, -1), 1))
	}
	q1, q2 := l.targets.Record(t, t.Concat(b.Next, next))
	for i, r := range b.Reward {
		l.y[i] = r
		if !b.Terminal[i] {
			l.y[i] += float32(float32(l.Knobs.Gamma) * min(q1.Data[i], q2.Data[i]))
		}
	}
	return l.y
}

// Loss records the two terms of the actor on a tape, for the caller to weigh, add to and go back from (arXiv 2106.06860v2, eq. 4 and 5):
//
//	value = -lambda mean Q1(s, pi(s));   behaviour = mean |pi(s) - a|^2
//
// The critics get no gradient.
func (l *Learner) Loss(t *num.Tape, b *Batch) (value, behaviour *num.Tensor) {
	act := l.Actor.Record(t, b.Obs, l.Head)
	q := l.frozen.A.Sequence(t, t.Concat(b.Obs, act), nil, nil)
	return l.ascend.Record(t, q, l.Knobs.Alpha), l.behaviour.Record(t, act, b.Action.Data, nil)
}

// Follow moves the targets of critics and actor.
func (l *Learner) Follow() {
	k := &l.core.K
	Follow(k, l.targets.A, l.Critics.A, l.Knobs.Tau)
	Follow(k, l.targets.B, l.Critics.B, l.Knobs.Tau)
	Follow(k, l.target.Net, l.Actor.Net, l.Knobs.Tau)
}

// Parts are what a checkpoint keeps beside the actor and its optimiser.
func (l *Learner) Parts(name string) []rl.Part {
	targets := append(l.targets.Params(), l.target.Params()...)
	return []rl.Part{{Name: name + " critics", State: rl.Weights(l.Critics.Params(), l.opt)}, {Name: name + " targets", State: rl.Weights(targets, nil)},
		{Name: name + " noise", State: rl.Stream(l.noise)}}
}

// Gap writes |Q1(s,a) - y| of a batch into dst [B]: how much a transition surprises the critic.
func (l *Learner) Gap(b *Batch, dst []float32) {
	if len(dst) != len(b.Reward) {
		panic(fmt.Sprintf("td3bc: gaps of %d transitions into %d", len(b.Reward), len(dst)))
	}
	l.tape.Reset()
	y := l.Targets(l.tape, b)
	q, _ := l.Critics.Record(l.tape, l.tape.Concat(b.Obs, b.Action))
	for i, v := range q.Data {
		dst[i] = float32(math.Abs(float64(v - y[i])))
	}
}
