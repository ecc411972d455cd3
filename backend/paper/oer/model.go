package oer

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/control"
)

// forward is f_n, the transition model: it tells how state and action change the state, in units of the spread of the data's changes.
type forward struct {
	net  *nn.MLP
	std  [obsWidth]float64 // spread of s' - s
	tape *num.Tape
	x    *num.Tensor // [1][obsWidth+actWidth]
	loss float64     // of the last updates
}

// newForward regresses s' - s on (s, a) over D_n. Only data of the task are seen.
func newForward(ctx context.Context, core *num.Core, d *dataset, k Knobs, width int, s *rng.Stream) (*forward, error) {
	f := &forward{net: td3bc.Net(s, "forward", obsWidth+actWidth, []int{width, width}, obsWidth, num.None, 1),
		tape: num.NewTape(core), x: num.New("state and action", 1, obsWidth+actWidth)}
	f.measure(d)
	opt, x := nn.NewAdam(f.net.Params()), num.New("states and actions", k.Batch, obsWidth+actWidth)
	y, l := make([]float32, k.Batch*obsWidth), td3bc.Squared{}
	for u := range k.ModelUpdates {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for b := range k.Batch {
			f.row(d, s.IntN(d.len()), x.Data[b*(obsWidth+actWidth):], y[b*obsWidth:])
		}
		f.tape.Reset()
		loss := l.Record(f.tape, f.net.Sequence(f.tape, x, nil, nil), y, nil)
		f.loss += (float64(loss.Data[0]) - f.loss) / math.Min(float64(u+1), 100)
		f.tape.Backward(loss)
		opt.Step(&core.K, 0.002*(1-float64(u)/float64(k.ModelUpdates)))
	}
	return f, nil
}

func (f *forward) measure(d *dataset) {
	for i := range d.len() {
		for c, x := range d.state(i) {
			e := float64(d.next[i*obsWidth+c] - x)
			f.std[c] += e * e / float64(d.len())
		}
	}
	for c := range f.std {
		f.std[c] = max(math.Sqrt(f.std[c]), 1e-6)
	}
}

// row writes input and target of transition i.
func (f *forward) row(d *dataset, i int, x, y []float32) {
	copy(x, d.state(i))
	copy(x[obsWidth:], d.action(i))
	for c, s := range d.state(i) {
		y[c] = float32(float64(d.next[i*obsWidth+c]-s) / f.std[c])
	}
}

// next is where the model expects to be: s + f(s, a).
func (f *forward) next(s, a []float32) (to [obsWidth]float32) {
	copy(f.x.Data, s)
	copy(f.x.Data[obsWidth:], a)
	f.tape.Reset()
	for c, e := range f.net.Sequence(f.tape, f.x, nil, nil).Data {
		to[c] = s[c] + float32(float64(e)*f.std[c])
	}
	return to
}

// errors are the model's errors along rollouts of a policy from true starts, means over starts, in units of the data's spread: anchored
// goes on from the nearest real state after every step, as the buffer is built; free goes on from what the model said. Both are measured
// against the true dynamics, which no agent sees.
func (f *forward) errors(w control.World, d *dataset, act policy, steps, starts int) (anchored, free []float64) {
	anchored, free = make([]float64, steps), make([]float64, steps)
	for e := range starts {
		first := d.state(int(d.starts[e*len(d.starts)/starts]))
		var real, thought, truth, target [obsWidth]float32
		copy(real[:], first)
		copy(thought[:], first)
		copy(truth[:], first)
		for t := range steps {
			said := f.next(real[:], act(real[:]))
			w.Foresee(real[:], act(real[:]), target[:])
			anchored[t] += math.Sqrt(d.apart(said[:], target[:])) / float64(starts)
			copy(real[:], d.state(d.nearest(said[:])))

			thought = f.next(thought[:], act(thought[:]))
			w.Foresee(truth[:], act(truth[:]), target[:])
			truth = target
			free[t] += math.Sqrt(d.apart(thought[:], truth[:])) / float64(starts)
		}
	}
	return anchored, free
}

// nearest is the transition whose state is nearest.
func (d *dataset) nearest(s []float32) (best int) {
	least := math.Inf(1)
	for i := range d.len() {
		if e := d.apart(s, d.state(i)); e < least {
			best, least = i, e
		}
	}
	return best
}

// policy gives the action for one state; the result is valid until the next call.
type policy func(s []float32) []float32

// policyOf plays one head of an actor.
func policyOf(core *num.Core, a *td3bc.Actor, head int) policy {
	tape, x := num.NewTape(core), num.New("state", 1, obsWidth)
	return func(s []float32) []float32 {
		copy(x.Data, s)
		tape.Reset()
		return a.Record(tape, x, head).Data
	}
}
