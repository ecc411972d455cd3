package seq

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

func hcamCore(t *testing.T) *num.Core {
	t.Helper()
	c := num.NewCore(num.Go(), 1)
	t.Cleanup(c.Close)
	return c
}

func drawn(seed uint64, name string, shape ...int) *num.Tensor {
	x := num.NewParam(name, shape...)
	nn.Uniform(rng.New(seed, name), x, 1)
	return x
}

// half is the loss of these tests: half the weighted sum of squares of a result, in float64.
type half struct{ y *num.Tensor }

func (l half) value() (v float64) {
	for i, y := range l.y.Data {
		v += float64(y) * float64(y) / 2 * float64(1+i%3)
	}
	return v
}

func (l half) backward(t *num.Tape) {
	g := make([]float32, l.y.Len())
	for i, y := range l.y.Data {
		g[i] = y * float32(1+i%3)
	}
	t.BackwardFrom(l.y, g)
}

// gradients compares those of the parameters with central differences of fourth order. Where two step widths disagree the choice of chunks
// changes between, and the place says nothing; few may be left out so.
func gradients(t *testing.T, core *num.Core, ps []*num.Tensor, run func(*num.Tape) *num.Tensor) {
	t.Helper()
	tape := num.NewTape(core)
	loss := func() half { tape.Reset(); return half{run(tape)} }
	loss().backward(tape)
	kinks, all := 0, 0
	for _, p := range ps {
		scale := 1.0
		for _, g := range p.Grad {
			scale = max(scale, math.Abs(float64(g)))
		}
		for i, old := range p.Data {
			at := func(d float64) float64 { p.Data[i] = old + float32(d); return loss().value() }
			slope := func(h float64) float64 { return (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h) }
			want, narrow := slope(0.002), slope(0.001)
			p.Data[i] = old
			all++
			if math.Abs(want-narrow) > 4e-3*scale {
				kinks++
				continue
			}
			if got := float64(p.Grad[i]); math.Abs(got-want) > 8e-3*scale {
				t.Fatalf("gradient of %s at %d is %g, finite differences say %g", p, i, got, want)
			}
		}
	}
	if kinks*8 > all {
		t.Errorf("%d of %d places lie at kinks, too many to trust", kinks, all)
	}
}

// threeChunks is a store of two environments: three chunks, one of them short, and one chunk that two of the queries may not choose from.
func threeChunks() *Chunks {
	return &Chunks{Envs: 2, All: []Chunk{{0, 3}, {3, 2}, {5, 3}, {8, 3}}, Start: []int32{0, 3, 4},
		Lo: []int32{0, 3, 0, 3}, Hi: []int32{3, 4, 2, 3}}
}

func TestTheGradientOfRecallAgreesWithFiniteDifferences(t *testing.T) {
	const d, heads = 4, 2
	for name, r := range map[string]reading{
		"two of three chunks": {width: d, heads: heads, k: 2, size: d},
		"with positions":      {width: d, heads: heads, k: 2, size: d, codes: BackwardCodes(4, d)},
		"one head, one chunk": {width: d, heads: 1, k: 1, size: d, codes: BackwardCodes(3, d)},
		"more than there are": {width: d, heads: heads, k: 5, size: d},
		"pooled":              {width: d, heads: heads, k: 2, size: d, pooled: true},
	} {
		t.Run(name, func(t *testing.T) {
			pick, ask, store := drawn(1, "pick", 2, 2, d), drawn(2, "ask", 2, 2, r.heads*d), drawn(3, "store", 11, d)
			ps := []*num.Tensor{pick, ask, store}
			gradients(t, hcamCore(t), ps, func(tape *num.Tape) *num.Tensor {
				return recall(tape, r, pick, ask, store, threeChunks()).y
			})
		})
	}
}

func TestRecallByHand(t *testing.T) {
	// Width 1, one head: relevance and attention are products of single numbers.
	core := hcamCore(t)
	store := &num.Tensor{Name: "store", Shape: []int{4, 1}, Data: []float32{1, 3, -1, -1}} // means 2 and -1
	pick := &num.Tensor{Name: "pick", Shape: []int{1, 1, 1}, Data: []float32{1}}
	ask := &num.Tensor{Name: "ask", Shape: []int{1, 1, 1}, Data: []float32{0.5}}
	c := &Chunks{Envs: 1, All: []Chunk{{0, 2}, {2, 2}}, Start: []int32{0, 2}, Lo: []int32{0}, Hi: []int32{2}}
	o := recall(num.NewTape(core), reading{width: 1, heads: 1, k: 2, size: 1}, pick, ask, store, c)
	w := 1 / (1 + math.Exp(-3)) // relevances 2 and -1
	p := 1 / (1 + math.Exp(-1)) // scores 0.5 and 1.5: the second row has this much
	want := w*((1-p)*1+p*3) + (1-w)*-1
	if got := float64(o.y.Data[0]); math.Abs(got-want) > 1e-6 {
		t.Errorf("read %v, want %v", got, want)
	}
}

func TestFewerChunksThanWantedShareAllTheWeight(t *testing.T) {
	which, w := make([]int32, 4), make([]float32, 4)
	if n := choose([]float32{1, 1}, which, w); n != 2 || w[0] != 0.5 || w[1] != 0.5 || w[2] != 0 || w[3] != 0 || which[0] != 0 || which[1] != 1 {
		t.Errorf("%d chosen, %v with weights %v", n, which, w)
	}
}

func TestAQueryWithoutChunksReadsZeros(t *testing.T) {
	r := reading{width: 2, heads: 1, k: 2, size: 2}
	c := &Chunks{Envs: 1, Start: []int32{0, 0}, Lo: []int32{0}, Hi: []int32{0}}
	tape := num.NewTape(hcamCore(t))
	o := recall(tape, r, drawn(1, "pick", 1, 1, 2), drawn(2, "ask", 1, 1, 2), drawn(3, "store", 2, 2), c)
	if !slices.Equal(o.y.Data, []float32{0, 0}) {
		t.Errorf("read %v", o.y.Data)
	}
	tape.BackwardFrom(o.y, []float32{1, 1})
}

func TestStopKeepsTheGradientOutOfWhatIsStored(t *testing.T) {
	for _, stop := range []bool{false, true} {
		block := NewRecall(rng.New(1, "block"), "block", 4, 2, 2)
		block.Stop = stop
		store, tape := drawn(3, "store", 11, 4), num.NewTape(hcamCore(t))
		y, _ := block.Forward(tape, drawn(4, "x", 2, 2, 4), store, threeChunks())
		half{y}.backward(tape)
		moved := slices.ContainsFunc(store.Grad, func(g float32) bool { return g != 0 })
		if moved == stop {
			t.Errorf("stop %v: a gradient reached the store is %v", stop, moved)
		}
		if !slices.ContainsFunc(block.Choose.Grad, func(g float32) bool { return g != 0 }) {
			t.Errorf("stop %v: no gradient reached W_q", stop)
		}
	}
}

func TestBackwardCodesCountFromTheEnd(t *testing.T) {
	long, short := BackwardCodes(7, 6), BackwardCodes(3, 6)
	if !slices.Equal(long[4*6:], short) {
		t.Error("the last three rows of seven are not the three of three")
	}
	if last := short[2*6:]; last[0] != 0 || last[1] != 1 {
		t.Errorf("the last row begins with %v, want sine and cosine of 0", last[:2])
	}
	if got, want := float64(short[6]), math.Sin(1.0/2); math.Abs(got-want) > 1e-6 {
		t.Errorf("one step before the end is %v, want the sine of 1/2, %v", got, want)
	}
}

func TestAttendedCountsKeysAndRows(t *testing.T) {
	c := threeChunks()
	for i, want := range map[int]int{0: 3 + 6, 1: 3, 2: 2 + 5, 3: 0} {
		k := 2
		if i == 2 {
			want = 2 + 3 + 3
		}
		if got := c.Attended(i, k); got != want {
			t.Errorf("query %d attends to %d, want %d", i, got, want)
		}
	}
}

// small is an HCAM whose ring wraps within a few steps.
func small(in int) *HCAM {
	return NewHCAM(rng.New(1, "hcam"), "hcam", in, HCAMSize{Width: 6, Heads: 2, Layers: 2, Window: 4, Chunk: 3, Chunks: 2, Read: 2})
}

// play steps the memory through x [T][B][In] and returns all outputs.
func play(k *num.Kernels, m nn.Memory, x []float32, state []float32, fresh []bool, b int) (out []float32) {
	z := m.Size()
	scratch, steps := make([]float32, b*z.Scratch), len(fresh)/b
	out = make([]float32, steps*b*z.Out)
	for i := range steps {
		m.Step(k, x[i*b*z.In:(i+1)*b*z.In], state, out[i*b*z.Out:(i+1)*b*z.Out], fresh[i*b:(i+1)*b], scratch)
	}
	return out
}

func TestStepsAndSequenceOfHCAMComputeTheSame(t *testing.T) {
	const in, before, steps, b = 3, 14, 40, 4
	m, core, s := small(in), hcamCore(t), rng.New(5, "marks")
	x, fresh, z := drawn(2, "x", steps, b, in), make([]bool, steps*b), m.Size()
	for i := range fresh {
		fresh[i] = s.Bool(0.06)
	}
	state := make([]float32, b*z.State)
	play(&core.K, m, x.Data, state, fresh[:before*b], b)
	state0 := num.New("state", b, z.State)
	copy(state0.Data, state)
	want := play(&core.K, m, x.Data[before*b*in:], state, fresh[before*b:], b)
	rest := num.New("x", steps-before, b, in)
	copy(rest.Data, x.Data[before*b*in:])
	got := m.Sequence(num.NewTape(core), rest, state0, fresh[before*b:])
	for i := range want {
		if math.Abs(float64(got.Data[i]-want[i])) > 1e-5 {
			t.Fatalf("number %d is %g by sequence and %g by steps", i, got.Data[i], want[i])
		}
	}
}

func TestAFreshStepOfHCAMForgetsAndRowsAreAlone(t *testing.T) {
	const in, b, steps = 3, 3, 20
	m, core := small(in), hcamCore(t)
	x, z := drawn(2, "x", steps, b, in), m.Size()
	fresh := make([]bool, steps*b)
	fresh[7*b+1] = true
	state := make([]float32, b*z.State)
	whole := play(&core.K, m, x.Data, state, fresh, b)
	if n := m.InUse(state[:z.State]); n <= 0 || n > z.State {
		t.Errorf("%d of %d numbers in use", n, z.State)
	}
	for row := range b {
		var xs []float32
		var marks []bool
		for i := range steps {
			xs = append(xs, x.Data[(i*b+row)*in:(i*b+row+1)*in]...)
			marks = append(marks, fresh[i*b+row])
		}
		alone := play(&core.K, m, xs, make([]float32, z.State), marks, 1)
		for i := range steps {
			if !slices.Equal(alone[i*z.Out:(i+1)*z.Out], whole[(i*b+row)*z.Out:(i*b+row+1)*z.Out]) {
				t.Fatalf("environment %d differs at step %d when it is alone", row, i)
			}
		}
	}
	began := play(&core.K, m, x.Data[7*b*in+in:7*b*in+2*in], make([]float32, z.State), []bool{true}, 1)
	if !slices.Equal(began, whole[(7*b+1)*z.Out:(7*b+2)*z.Out]) {
		t.Error("a fresh step still sees the episode before")
	}
}

func TestAStepOfHCAMAllocatesNothing(t *testing.T) {
	const in, b = 3, 2
	m, k := small(in), num.Go()
	z := m.Size()
	x, state, out := make([]float32, b*in), make([]float32, b*z.State), make([]float32, b*z.Out)
	fresh, scratch := make([]bool, b), make([]float32, b*z.Scratch)
	if n := testing.AllocsPerRun(10, func() { m.Step(&k, x, state, out, fresh, scratch) }); n != 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

func TestEveryParameterOfHCAMGetsItsGradient(t *testing.T) {
	const in, steps, b = 2, 9, 2
	m := NewHCAM(rng.New(1, "hcam"), "hcam", in, HCAMSize{Width: 8, Heads: 2, Layers: 1, Window: 3, Chunk: 2, Chunks: 2, Read: 2})
	x, fresh := drawn(2, "x", steps, b, in), make([]bool, steps*b)
	fresh[5*b] = true
	state0 := num.New("state", b, m.Size().State)
	gradients(t, hcamCore(t), m.Params(), func(tape *num.Tape) *num.Tensor { return m.Sequence(tape, x, state0, fresh) })
	names := map[string]bool{}
	for _, p := range m.Params() {
		if names[p.Name] {
			t.Errorf("name %q is used twice", p.Name)
		}
		names[p.Name] = true
	}
}
