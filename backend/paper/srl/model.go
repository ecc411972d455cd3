package srl

import (
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
)

// dynamics is m(s, a), the one-step model: s' = s + D net((s - mean)/std, a). The scales are measured once, on the random steps before
// learning, and stand in linear layers without gradient, so that a gradient may pass through the whole.
type dynamics struct {
	net       *nn.MLP
	frozen    *nn.MLP // the same numbers without gradients
	opt       *nn.Adam
	in, out   *nn.Linear // the scales: (s - mean)/std, and D
	tape      *num.Tape
	y         []float32
	squared   td3bc.Squared
	obs, acts int
}

func newDynamics(core *num.Core, s *rng.Stream, obs, acts, width int) *dynamics {
	d := &dynamics{net: td3bc.Net(s, "model", obs+acts, []int{width, width}, obs, num.None, 0.1), tape: num.NewTape(core), obs: obs, acts: acts}
	d.frozen, d.opt = td3bc.Frozen(d.net), nn.NewAdam(d.net.Params())
	d.in, d.out = scale("scale.in", obs), scale("scale.out", obs)
	return d
}

// scale is a linear layer that is one at first.
func scale(name string, n int) *nn.Linear {
	l := &nn.Linear{W: num.New(name+".w", n, n), B: num.New(name+".b", n)}
	for i := range n {
		l.W.Data[i*n+i] = 1
	}
	return l
}

// measure sets the scales from what a ring holds.
func (d *dynamics) measure(r *replay.Ring) {
	n := float64(r.Len())
	for c := range d.obs {
		mean, square, step := 0.0, 0.0, 0.0
		for i := range r.Len() {
			t := r.At(i)
			x, e := float64(t.Obs[c]), float64(t.Next[c]-t.Obs[c])
			mean += x / n
			square += x * x / n
			step += e * e / n
		}
		std := max(math.Sqrt(max(square-mean*mean, 0)), 1e-3)
		d.in.W.Data[c*d.obs+c], d.in.B.Data[c] = float32(1/std), float32(-mean/std)
		d.out.W.Data[c*d.obs+c] = float32(max(math.Sqrt(step), 1e-4))
	}
}

// record puts s + D net(..) on a tape for states [B][O] and actions [B][A]; the model itself gets no gradient.
func (d *dynamics) record(t *num.Tape, s, a *num.Tensor) *num.Tensor {
	x := d.frozen.Sequence(t, t.Concat(d.in.Forward(t, s), a), nil, nil)
	return t.Add(s, d.out.Forward(t, x))
}

// learn is one step of regression on a batch, on differences in units of their spread; it returns the loss.
func (d *dynamics) learn(k *num.Kernels, b *replay.Batch, rate float64) float64 {
	n := len(b.Reward)
	if len(d.y) != n*d.obs {
		d.y = make([]float32, n*d.obs)
	}
	for i := range d.y {
		d.y[i] = (b.Next.Data[i] - b.Obs.Data[i]) / d.out.W.Data[i%d.obs*(d.obs+1)]
	}
	d.tape.Reset()
	x := d.net.Sequence(d.tape, d.tape.Concat(d.in.Forward(d.tape, b.Obs), b.Act), nil, nil)
	loss := d.squared.Record(d.tape, x, d.y, nil)
	d.tape.Backward(loss)
	d.opt.Step(k, rate)
	return float64(loss.Data[0]) / float64(d.obs)
}

func (d *dynamics) parts() []rl.Part {
	return []rl.Part{{Name: "model", State: rl.Weights(d.net.Params(), d.opt)}, {Name: "scales", State: rl.Weights(append(d.in.Params(), d.out.Params()...), nil)}}
}
