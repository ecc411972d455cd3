package seq_test

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

// weightOf is how much result i counts in the loss of the gradient's test, half a weighted sum of squares.
func weightOf(i int) float64 { return float64(1 + i%3) }

func TestContractGradientsAgreeWithFiniteDifferences(t *testing.T) {
	const in, b, before, steps = 6, 2, 4, 11
	each(t, in, 3, func(t *testing.T, c model, m nn.Memory) {
		core, e := newCore(t, 1), newScript(in, steps, b)
		clear(e.fresh)
		e.fresh[7*b] = true
		state := make([]float32, b*m.Size().State)
		e.cut(0, before).play(&core.K, m, state)
		rest, state0 := e.cut(before, steps), stateOf(m, b, state)
		wanted := append(m.Params(), rest.x)
		rest.x.Grad = make([]float32, rest.x.Len())
		if !c.frozen {
			state0.Grad = make([]float32, state0.Len())
			wanted = append(wanted, state0)
		}
		for _, p := range wanted {
			p.ZeroGrad()
		}
		tape := num.NewTape(core)
		loss := func() (value float64) {
			tape.Reset()
			for i, v := range m.Sequence(tape, rest.x, state0, rest.fresh).Data {
				value += weightOf(i) * float64(v) * float64(v) / 2
			}
			return value
		}
		tape.Reset()
		y := m.Sequence(tape, rest.x, state0, rest.fresh)
		grad := slices.Clone(y.Data)
		for i := range grad {
			grad[i] *= float32(weightOf(i))
		}
		tape.BackwardFrom(y, grad)
		compare(t, c, wanted, state0, loss)
	})
}

// compare holds gradients against central differences of fourth order. At a kink of a ReLU, where two step widths disagree or the slopes
// to both sides do, the gradient may be that of either side; few places may lie at one.
func compare(t *testing.T, c model, wanted []*num.Tensor, state0 *num.Tensor, loss func() float64) {
	t.Helper()
	kinks, all := 0, 0
	for _, p := range wanted {
		scale := 0.3
		for _, g := range p.Grad {
			scale = max(scale, math.Abs(float64(g)))
		}
		for i, old := range p.Data {
			if p == state0 && i%state0.Last() < c.skip {
				continue
			}
			at := func(d float64) float64 { p.Data[i] = old + float32(d); return loss() }
			slope := func(h float64) float64 { return (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h) }
			side := func(h float64) float64 { return (4*at(h) - at(2*h) - 3*at(0)) / (2 * h) }
			got, want := float64(p.Grad[i]), slope(0.005)
			off := math.Abs(got - want)
			if off > 2e-3*scale { // does a kink lie here? The slopes of both sides, at a step that float32 still bears
				kinks++
				off = min(math.Abs(got-side(0.002)), math.Abs(got-side(-0.002))) / 2
				if math.Abs(want-slope(0.002)) > 1e-3*scale {
					off = 0
				}
			}
			p.Data[i] = old
			all++
			if off > 2e-3*scale {
				t.Fatalf("gradient of %s at %d is %g, finite differences say %g", p, i, got, want)
			}
		}
	}
	if kinks*8 > all {
		t.Errorf("%d of %d places lie at kinks, too many to trust", kinks, all)
	}
}
