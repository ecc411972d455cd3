package sac

import (
	"context"
	"io"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/rng"
)

// Learner makes gradient steps of soft actor-critic for continuous actions (arXiv 1812.05905v2, algorithm 1), on transitions or on windows
// of sequences. After the first step of the same sizes it allocates nothing.
type Learner struct {
	Policy      *value.QNet // says means, then logarithms of standard deviations, in the place of action values: [..][2A]
	Twin        *Twin
	Temperature *Temperature
	Knobs       Knobs
	Opt         *nn.Adam
	Rate        float64 // learning rate of the next steps; starts as the knob says

	core       *num.Core
	tape, look *num.Tape
	params     []*num.Tensor
	stream     *rng.Stream
	draw       [2]Squash // with gradients, and at the next observation
	loss       ActorLoss
	rows       rows
	noise      []float32
	blank      blanks
}

// Stats tell about one gradient step.
type Stats struct {
	Critic  float64 // half of the squared error, mean of both critics
	Actor   float64 // alpha log pi - q
	Value   float64 // of the actions of the data, mean of both critics
	Entropy float64 // minus the mean of log pi of the policy's own actions, nats
	Alpha   float64 // entropy weight after the step
}

// NewLearner returns a learner with new optimisers; the stream draws actions. The target of the entropy is the knob times the number of
// action numbers.
func NewLearner(core *num.Core, policy *value.QNet, twin *Twin, k Knobs, stream *rng.Stream) *Learner {
	l := &Learner{Policy: policy, Twin: twin, Knobs: k, Rate: k.LearningRate, core: core, blank: blanks{}, tape: num.NewTape(core), look: num.NewTape(core),
		params: policy.Params(), stream: stream}
	l.Temperature = NewTemperature(k.Alpha, k.Entropy*float64(policy.Actions()/2), k.AlphaRate)
	l.Opt = nn.NewAdam(l.params)
	return l
}

// rows is what a step learns from: T steps of n columns, and the observations after them.
type rows struct {
	n, steps         int
	obs, next, act   num.Tensor // [T][n][O], [T or T+1][n][O], [T][n][A]
	fresh, freshNext []bool
	skip             int       // rows of next before the one after step 0
	reward, discount []float32 // [N]
	weight, mask     []float32
	y                []float32
	own              []float32
	marks            []bool
}

// batch takes transitions: one step of n columns, memories empty before it and before the next observation.
func (r *rows) batch(b *replay.Batch, gamma float64) {
	n, o, a := len(b.Reward), b.Obs.Last(), b.Act.Last()
	r.n, r.steps, r.skip = n, 1, 0
	shape(&r.obs, b.Obs.Data, 1, n, o)
	shape(&r.next, b.Next.Data, 1, n, o)
	shape(&r.act, b.Act.Data, 1, n, a)
	r.marks = grow(r.marks, n)
	for i := range r.marks {
		r.marks[i] = true
	}
	r.fresh, r.freshNext, r.reward, r.weight, r.mask = r.marks, r.marks, b.Reward, b.Weight, nil
	r.discount, r.y = grow(r.discount, n), grow(r.y, n)
	value.Discounts(b.Terminal, gamma, r.discount)
}

// windows takes sequences. Every memory is empty before the first step; the first burn steps only warm it up. A step that cut its episode
// short counts where the observation after it is known.
func (r *rows) windows(w *replay.Windows, burn int, gamma float64) {
	n, o, a := len(w.At), w.Obs.Last(), w.Act.Last()
	steps := len(w.Reward) / n
	r.n, r.steps, r.skip = n, steps, n
	shape(&r.obs, w.Obs.Data[:steps*n*o], steps, n, o)
	shape(&r.next, w.Obs.Data, steps+1, n, o)
	shape(&r.act, w.Act.Data, steps, n, a)
	r.fresh, r.freshNext, r.reward, r.weight = w.Fresh[:steps*n], w.Fresh, w.Reward, w.Weight
	r.discount, r.y, r.own = grow(r.discount, steps*n), grow(r.y, steps*n), grow(r.own, steps*n)
	value.Discounts(w.Terminal, gamma, r.discount)
	copy(r.own, w.Mask)
	for i := range r.own {
		if i < burn*n || w.Cut[i] && w.Fresh[i+n] {
			r.own[i] = 0
		}
	}
	r.mask = r.own
}

func shape(x *num.Tensor, data []float32, steps, n, last int) {
	x.Shape, x.Data = append(x.Shape[:0], steps, n, last), data
}

// Step makes one gradient step of critics, policy and entropy weight on transitions, and moves the slow critics. It looks at ctx once. A
// loss or gradient that is not a finite number is an error, and what it belongs to does not move.
func (l *Learner) Step(ctx context.Context, b *replay.Batch) (Stats, error) {
	l.rows.batch(b, l.Knobs.Gamma)
	return l.step(ctx)
}

// StepWindows is Step on windows of sequences, of which the first burn steps only warm the memories up.
func (l *Learner) StepWindows(ctx context.Context, w *replay.Windows, burn int) (Stats, error) {
	l.rows.windows(w, burn, l.Knobs.Gamma)
	return l.step(ctx)
}

func (l *Learner) step(ctx context.Context) (s Stats, err error) {
	if err := ctx.Err(); err != nil {
		return s, err
	}
	r := &l.rows
	l.targets()
	if s.Critic, s.Value, err = l.Twin.learn(&r.obs, &r.act, r.fresh, r.y, r.weight, r.mask, l.Rate, l.Knobs.MaxGradNorm); err != nil {
		return s, err
	}
	l.tape.Reset()
	l.sample(&l.draw[0], l.tape, &r.obs, r.fresh)
	q := l.Twin.frozenValues(l.tape, &r.obs, l.draw[0].Action, r.fresh)
	loss, _ := l.loss.Record(l.tape, q[0], q[1], l.draw[0].LogProb, l.Temperature.Alpha(), r.mask)
	s.Actor = float64(loss.Data[0])
	if err := descend(l.tape, loss, "policy", l.params, l.Opt, l.Rate, l.Knobs.MaxGradNorm); err != nil {
		return s, err
	}
	logp := maskedMean(l.draw[0].LogProb.Data, r.mask)
	l.Temperature.Step(&l.core.K, logp)
	l.Twin.follow(&l.core.K, l.Knobs.Tau)
	s.Entropy, s.Alpha = -logp, l.Temperature.Alpha()
	return s, nil
}

// targets fills y from the policy's own actions at the next observations.
func (l *Learner) targets() {
	r := &l.rows
	l.look.Reset()
	d := &l.draw[1]
	l.sample(d, l.look, &r.next, r.freshNext)
	q := l.Twin.slowValues(l.look, &r.next, d.Action, r.freshNext)
	SoftTargets(r.reward, r.discount, q[0].Data[r.skip:], q[1].Data[r.skip:], d.LogProb.Data[r.skip:], l.Temperature.Alpha(), r.y)
}

// sample records a draw of actions at obs [T][n][O].
func (l *Learner) sample(d *Squash, t *num.Tape, obs *num.Tensor, fresh []bool) {
	n := obs.Shape[1]
	out := l.Policy.Sequence(t, obs, l.blank.of(l.Policy.Memory, n), fresh)
	l.noise = grow(l.noise, out.Len()/2)
	Normals(l.stream, l.noise)
	d.Record(t, out, l.noise)
}

// blanks are the states of empty memories, one tensor for each memory: tapes hold on to them.
type blanks map[nn.Memory]*num.Tensor

// of returns the states of n empty memories m, which may be nil.
func (b blanks) of(m nn.Memory, n int) *num.Tensor {
	x, ok := b[m]
	if !ok {
		x = num.New("empty")
		b[m] = x
	}
	s := 0
	if m != nil {
		s = m.Size().State
	}
	x.Shape, x.Data = append(x.Shape[:0], n, s), grow(x.Data, n*s)
	clear(x.Data)
	return x
}

func (l *Learner) parts() []rl.Part {
	t := l.Temperature
	parts := []rl.Part{{Name: "policy", State: rl.Weights(l.params, l.Opt)}, {Name: "temperature", State: rl.Weights(t.params, t.opt)},
		{Name: "rate", State: rl.JSON(&l.Rate)}, {Name: "draws", State: rl.Stream(l.stream)}}
	return append(parts, l.Twin.parts()...)
}

// Snapshot implements lab.Snapshotter: parameters, slow copies, optimisers, entropy weight, learning rate and stream.
func (l *Learner) Snapshot(w io.Writer) error { return rl.WriteParts(w, l.parts()...) }

// Restore implements lab.Snapshotter, for a learner made in the same way.
func (l *Learner) Restore(r io.Reader) error { return rl.ReadParts(r, l.parts()...) }
