package value

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// R2D2Knobs are the choices of recurrent experience replay beside those of Q-learning and of priorities. Sources are R2D2 (Kapturowski
// et al., ICLR 2019, OpenReview r1lyTjAqYX), table 2, unless they say otherwise.
type R2D2Knobs struct {
	Envs     int     `json:"envs" doc:"environments played at once" default:"16" min:"1" max:"4096" paper:"256" group:"budget"`
	Sequence int     `json:"sequence" doc:"steps of a stored sequence, burn-in included" default:"32" min:"2" max:"4096" unit:"steps" paper:"120: 40 to burn in and 80 to learn" group:"replay"`
	BurnIn   int     `json:"burn_in" doc:"first steps of a sequence that only warm the memory up" default:"8" min:"0" max:"4095" unit:"steps" paper:"40" group:"replay" pitfall:"less than sequence"`
	Stride   int     `json:"stride" doc:"steps between the starts of two sequences" default:"16" min:"1" max:"4096" unit:"steps" paper:"40" group:"replay" pitfall:"at most sequence"`
	Capacity int     `json:"capacity" doc:"sequences that are kept" default:"1024" min:"1" max:"1000000" paper:"100000" group:"replay"`
	Warmup   int     `json:"warmup" doc:"sequences before the first gradient step" default:"32" min:"1" max:"1000000" group:"replay"`
	Batch    int     `json:"batch" doc:"sequences of a gradient step" default:"16" min:"1" max:"4096" paper:"64" group:"learning"`
	Every    int     `json:"every" doc:"steps of each environment between two gradient steps" default:"4" min:"1" max:"4096" unit:"steps" group:"learning"`
	Eta      float64 `json:"eta" doc:"share of the largest error in the priority of a sequence; the rest is the mean" default:"0.9" min:"0" max:"1" symbol:"η" paper:"0.9" group:"replay"`
	Epsilon  float64 `json:"epsilon" doc:"share of random actions of the environment that explores most" default:"0.4" min:"0" max:"1" symbol:"ε" paper:"0.4, arXiv 1803.00933v1, sec. 4.1" group:"learning"`
	Slope    float64 `json:"slope" doc:"how much less the others explore: the last one has epsilon to the power of one plus this" default:"7" min:"0" max:"100" paper:"7, arXiv 1803.00933v1, sec. 4.1" group:"learning"`
	Prior    bool    `json:"prioritised" doc:"sequences with large errors are drawn more often" default:"true" group:"replay"`
}

// Validate checks what no bound on a single knob can.
func (k R2D2Knobs) Validate() error {
	switch {
	case k.BurnIn >= k.Sequence:
		return lab.Errorf(lab.Invalid, "knob burn_in is %d, want less than sequence, which is %d", k.BurnIn, k.Sequence).WithHint("lower rl.burn_in or raise rl.sequence")
	case k.Stride > k.Sequence:
		return lab.Errorf(lab.Invalid, "knob stride is %d, want at most sequence, which is %d", k.Stride, k.Sequence).WithHint("lower rl.stride or raise rl.sequence")
	case k.Warmup > k.Capacity:
		return lab.Errorf(lab.Invalid, "knob warmup is %d, want at most capacity, which is %d", k.Warmup, k.Capacity).WithHint("lower rl.warmup or raise rl.capacity")
	}
	return nil
}

// R2D2 plays and learns by recurrent replay distributed DQN: sequences with the states that the memory had when they were lived, burn-in,
// priorities that mix the largest and the mean error of a sequence, n-step double targets.
//
// Beside the paper: one learner plays by itself between its gradient steps; sequences run on across episode ends, with marks; a new
// sequence has the largest priority so far.
type R2D2 struct {
	Knobs    R2D2Knobs
	Actor    *Actor
	Learner  *Learner
	Store    *replay.Sequences
	Priority *replay.Prioritised
	Windows  replay.Windows // of the last gradient step
	// Step, where not nil, is called after each step of all environments.
	Step func()

	recorder *replay.Recorder
	stream   *rng.Stream
	slots    []int
	errors   []float32
}

// NewR2D2 returns one that has not played yet; slow is a network made in the same way as net. The seed names its streams and its worlds.
func NewR2D2(core *num.Core, net, slow *QNet, w world.Vec, k R2D2Knobs, q Knobs, p replay.PriorityKnobs, seed uint64) *R2D2 {
	state := net.Memory.Size().State
	r := &R2D2{
		Knobs: k, Actor: NewActor(core, net, w, rng.New(seed, "actions")), Learner: NewLearner(core, net, slow, q),
		Store:    replay.NewSequences(k.Capacity, k.Sequence, net.Inputs(), 0, state),
		Priority: replay.NewPrioritised(k.Capacity, p), stream: rng.New(seed, "replay"),
		slots: make([]int, k.Batch), errors: make([]float32, k.Batch),
	}
	r.recorder = replay.NewRecorder(w.Size(), k.Sequence, k.Stride, net.Inputs(), 0, state, false, func(_ int, s *replay.Sequence) {
		r.Priority.Add(r.Store.Add(s))
	})
	Ladder(k.Epsilon, k.Slope, r.Actor.Epsilon)
	r.Actor.Reset(seed)
	return r
}

// Advance plays Every steps in all environments and then makes one gradient step, once enough was lived; learned is false before. It
// looks at ctx once a step.
func (r *R2D2) Advance(ctx context.Context) (s Stats, learned bool, err error) {
	for range r.Knobs.Every {
		if err := ctx.Err(); err != nil {
			return s, false, err
		}
		r.play()
	}
	if r.Store.Len() < r.Knobs.Warmup {
		return s, false, nil
	}
	s, err = r.learn(ctx)
	return s, err == nil, err
}

// play does one step of all environments.
func (r *R2D2) play() {
	a := r.Actor
	a.Decide()
	a.Play()
	o, n := a.Net.Inputs(), a.Net.Memory.Size().State
	for b := range a.Actions {
		cut := a.Cut[b]
		r.recorder.Step(b, a.Saw[b*o:b*o+o], a.WasFresh[b], a.Before[b*n:b*n+n], a.Actions[b], nil, a.Reward[b], a.Done[b] && !cut, cut, a.Obs[b*o:b*o+o])
	}
	if r.Step != nil {
		r.Step()
	}
}

// learn draws sequences, makes a gradient step and gives the sequences new priorities.
func (r *R2D2) learn(ctx context.Context) (Stats, error) {
	w := &r.Windows
	if r.Knobs.Prior {
		w.At, w.Weight = grow(w.At, r.Knobs.Batch), grow(w.Weight, r.Knobs.Batch)
		r.Priority.Sample(r.stream, r.slots, w.Weight)
		for i, slot := range r.slots {
			w.At[i] = replay.Window{Slot: slot}
		}
		r.Store.Gather(r.Knobs.Sequence, w)
	} else {
		r.Store.Sample(r.stream, r.Knobs.Batch, r.Knobs.Sequence, w)
	}
	s, err := r.Learner.StepWindows(ctx, w, r.Knobs.BurnIn)
	if err != nil || !r.Knobs.Prior {
		return s, err
	}
	MixErrors(r.Learner.Loss.Error, r.Learner.Mask, r.Knobs.Eta, r.errors)
	r.Priority.Update(r.slots, r.errors)
	return s, nil
}

// MixErrors writes the priority of each of the B columns from errors and masks [T][B]:
//
//	eta max_t |e_t| + (1 - eta) mean_t |e_t|
//
// over steps with a target; 0 where a column has none.
func MixErrors(errors, mask []float32, eta float64, priority []float32) {
	b := len(priority)
	for c := range priority {
		top, sum, n := 0.0, 0.0, 0.0
		for i := c; i < len(errors); i += b {
			if mask[i] == 0 {
				continue
			}
			e := math.Abs(float64(errors[i]))
			top, sum, n = max(top, e), sum+e, n+1
		}
		priority[c] = float32(eta*top + (1-eta)*sum/max(n, 1))
	}
}

func (r *R2D2) parts() []rl.Part {
	return []rl.Part{
		{Name: "actor", State: r.Actor}, {Name: "learner", State: r.Learner}, {Name: "sequences", State: r.Store}, {Name: "priorities", State: r.Priority},
		{Name: "recorder", State: r.recorder}, {Name: "draws", State: rl.Stream(r.stream)},
	}
}

// Snapshot implements lab.Snapshotter: everything.
func (r *R2D2) Snapshot(w io.Writer) error { return rl.WriteParts(w, r.parts()...) }

// Restore implements lab.Snapshotter, for one made in the same way.
func (r *R2D2) Restore(in io.Reader) error { return rl.ReadParts(in, r.parts()...) }
