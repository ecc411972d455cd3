package seq_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/nn/seq"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// The contract that every memory of a policy keeps, those of package nn included: what package rl relies on. To put another model under
// it, add one line to models.

// model makes a memory of so many inputs and about that width. Skip is how many of the first numbers carried are counts, which have no
// gradient; frozen says that no gradient goes into what is carried at all.
type model struct {
	name   string
	skip   int
	frozen bool
	make   func(s *rng.Stream, in, h int) nn.Memory
}

func models() []model {
	return []model{
		{"mlp", 0, false, func(s *rng.Stream, in, h int) nn.Memory { return nn.NewMLP(s, "m", in, []int{h + 1, h}, num.Tanh) }},
		{"elman", 0, false, func(s *rng.Stream, in, h int) nn.Memory { return nn.NewRNN(s, "m", in, h) }},
		{"gru", 0, false, func(s *rng.Stream, in, h int) nn.Memory { return nn.NewGRU(s, "m", in, h) }},
		{"lstm", 0, false, func(s *rng.Stream, in, h int) nn.Memory { return nn.NewLSTM(s, "m", in, h, 1, false) }},
		{"lstm that keeps", 0, false, func(s *rng.Stream, in, h int) nn.Memory { return nn.NewLSTM(s, "m", in, h, 0, true) }},
		{"ffm", 0, false, func(s *rng.Stream, in, h int) nn.Memory { return nn.NewFFM(s, "m", in, h, 2, h, 64) }},
		{"gtrxl", 0, true, func(s *rng.Stream, in, h int) nn.Memory { return nn.NewTransformer(s, "m", in, 2*h, 1, 2, 7, 5) }},
		{"hcam", 0, true, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewHCAM(s, "m", in, seq.HCAMSize{Width: 8, Heads: 2, Layers: 1, Window: 3, Chunk: 2, Chunks: 2, Read: 2})
		}},
		{"positional mlp", 1, false, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewPositionalMLP(s, "m", in, []int{h, h}, num.Tanh, 100)
		}},
		{"frame stack", 1, false, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewFrameStack(s, "m", in, 4, []int{h}, num.Tanh)
		}},
		{"tcn of two taps", 1, false, func(s *rng.Stream, in, h int) nn.Memory { return seq.NewTCN(s, "m", in, h, 2, 3) }},
		{"tcn of three taps", 1, false, func(s *rng.Stream, in, h int) nn.Memory { return seq.NewTCN(s, "m", in, h, 3, 2) }},
		{"indrnn", 0, false, func(s *rng.Stream, in, h int) nn.Memory { return seq.NewIndRNN(s, "m", in, h, 2, 30) }},
		{"mingru", 0, false, func(s *rng.Stream, in, h int) nn.Memory { return seq.NewMinGRU(s, "m", in, h, 2) }},
		{"linear attention", 1, false, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewFastWeights(s, "m", in, 3, 2, seq.Sum, seq.ELU, 100)
		}},
		{"linear attention with dpfp", 0, false, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewFastWeights(s, "m", in, 1, 1, seq.Sum, seq.DPFP, 0)
		}},
		{"fast weights", 1, false, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewFastWeights(s, "m", in, 3, 1, seq.Delta, seq.DPFP, 100)
		}},
		{"fast weights with elu", 0, false, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewFastWeights(s, "m", in, 1, 2, seq.Delta, seq.ELU, 0)
		}},
		{"lru", 0, false, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewLRU(s, "m", in, h, 2, seq.Ring{RMin: 0.3, RMax: 0.95, MaxPhase: 6})
		}},
		{"s4d", 0, false, func(s *rng.Stream, in, h int) nn.Memory {
			return seq.NewS4D(s, "m", in, 2, 2, seq.Times{DtMin: 0.05, DtMax: 0.5})
		}},
	}
}

// each runs a check on every model at odd widths.
func each(t *testing.T, in, h int, run func(t *testing.T, e model, m nn.Memory)) {
	for _, e := range models() {
		t.Run(e.name, func(t *testing.T) { run(t, e, e.make(rng.New(1, "weights"), in, h)) })
	}
}

func newCore(t testing.TB, workers int) *num.Core {
	t.Helper()
	c := num.NewCore(num.Go(), workers)
	t.Cleanup(c.Close)
	return c
}

// script is random input [T][B][In] with starts of episodes.
type script struct {
	in, b int
	x     *num.Tensor
	fresh []bool
}

func newScript(in, steps, b int) script {
	s := rng.New(2, "script")
	e := script{in, b, num.New("x", steps, b, in), make([]bool, steps*b)}
	nn.Uniform(s, e.x, 1.5)
	for i := range e.fresh {
		e.fresh[i] = s.Bool(0.12)
	}
	return e
}

// cut is steps from..to.
func (e script) cut(from, to int) script {
	x := num.New("x", to-from, e.b, e.in)
	copy(x.Data, e.x.Data[from*e.b*e.in:to*e.b*e.in])
	return script{e.in, e.b, x, e.fresh[from*e.b : to*e.b]}
}

// row is the part of environment b alone.
func (e script) row(b int) script {
	steps := e.x.Shape[0]
	r := script{e.in, 1, num.New("x", steps, 1, e.in), make([]bool, steps)}
	for i := range steps {
		copy(r.x.Data[i*e.in:(i+1)*e.in], e.x.Data[(i*e.b+b)*e.in:])
		r.fresh[i] = e.fresh[i*e.b+b]
	}
	return r
}

// play steps a memory through the script and returns all outputs [T][B][Out].
func (e script) play(k *num.Kernels, m nn.Memory, state []float32) []float32 {
	z, steps := m.Size(), e.x.Shape[0]
	scratch, out := make([]float32, e.b*z.Scratch), make([]float32, steps*e.b*z.Out)
	for i := range steps {
		m.Step(k, e.x.Data[i*e.b*z.In:(i+1)*e.b*z.In], state, out[i*e.b*z.Out:(i+1)*e.b*z.Out], e.fresh[i*e.b:(i+1)*e.b], scratch)
	}
	return out
}

// stateOf copies numbers carried into a tensor [B][S].
func stateOf(m nn.Memory, b int, state []float32) *num.Tensor {
	s := num.New("state", b, m.Size().State)
	copy(s.Data, state)
	return s
}

func close32(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tolerance*(1+math.Abs(float64(want[i])))) {
			t.Fatalf("%s: number %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

func TestContractSizesNamesAndProbesAreSound(t *testing.T) {
	const in, b, steps = 9, 2, 30
	each(t, in, 5, func(t *testing.T, _ model, m nn.Memory) {
		k, z, e := num.Go(), m.Size(), newScript(in, steps, b)
		if z.In != in || z.Out < 1 || z.Window < 1 {
			t.Errorf("sizes are %+v", z)
		}
		names := map[string]bool{}
		for _, p := range m.Params() {
			if names[p.Name] || len(p.Grad) != p.Len() {
				t.Errorf("parameter %v has a name that is taken, or no gradient", p)
			}
			names[p.Name] = true
		}
		state := make([]float32, b*z.State)
		if n := m.InUse(state[:z.State]); n > z.State {
			t.Errorf("%d of %d numbers in use before the first step", n, z.State)
		}
		e.play(&k, m, state)
		if n := m.InUse(state[:z.State]); n < 0 || n > z.State || z.State > 0 && n == 0 {
			t.Errorf("%d of %d numbers in use", n, z.State)
		}
		for _, p := range m.Probes() {
			if p.At < 0 || p.Len < 1 || p.At+p.Len > z.Scratch {
				t.Errorf("probe %v lies outside scratch of %d", p, z.Scratch)
			}
		}
	})
}

func TestContractAnEpisodeThatStartsKnowsNothingOfTheOneBefore(t *testing.T) {
	const in, b, steps = 9, 3, 24
	each(t, in, 5, func(t *testing.T, _ model, m nn.Memory) {
		core, z, e := newCore(t, 1), m.Size(), newScript(in, steps, b)
		clear(e.fresh)
		for r := range b { // all start again in the middle
			e.fresh[steps/2*b+r] = true
		}
		second := e.cut(steps/2, steps)
		used := make([]float32, b*z.State)
		e.cut(0, steps/2).play(&core.K, m, used)
		want := second.play(&core.K, m, make([]float32, b*z.State))
		junk := make([]float32, b*z.State)
		for i := range junk {
			junk[i] = float32(math.NaN()) // whatever was carried may not even be multiplied by zero
		}
		if got := second.play(&core.K, m, junk); !slices.Equal(got, want) {
			t.Error("by steps, an episode depends on what was carried into it")
		}
		got := m.Sequence(num.NewTape(core), second.x, stateOf(m, b, used), second.fresh)
		close32(t, "sequence that starts with an episode", got.Data, want, 1e-5)
		whole := m.Sequence(num.NewTape(core), e.x, num.New("state", b, z.State), e.fresh)
		close32(t, "sequence with a start within", whole.Data[steps/2*b*z.Out:], want, 1e-5)
	})
}

func TestContractNoGradientPassesTheStartOfAnEpisode(t *testing.T) {
	const in, b, steps, start = 9, 2, 12, 7
	each(t, in, 5, func(t *testing.T, _ model, m nn.Memory) {
		core, z, e := newCore(t, 1), m.Size(), newScript(in, steps, b)
		clear(e.fresh)
		e.fresh[start*b+1] = true // environment 1 only
		e.x.Grad = make([]float32, e.x.Len())
		e.x.ZeroGrad()
		tape := num.NewTape(core)
		y := m.Sequence(tape, e.x, num.New("state", b, z.State), e.fresh)
		grad := make([]float32, y.Len())
		for i := start * b * z.Out; i < len(grad); i++ {
			grad[i] = 1
		}
		tape.BackwardFrom(y, grad)
		var first, second float64 // what the steps before start got, by environment
		for i := range start {
			for j := range in {
				first += math.Abs(float64(e.x.Grad[i*b*in+j]))
				second += math.Abs(float64(e.x.Grad[(i*b+1)*in+j]))
			}
		}
		if second != 0 {
			t.Errorf("gradient of %g across the start of an episode", second)
		}
		if first == 0 && z.State > 1 { // 1 is the count of a memory that carries nothing else
			t.Error("no gradient over time at all")
		}
	})
}

func TestContractStepsAndSequenceAgree(t *testing.T) {
	const in, before, steps = 9, 11, 29
	each(t, in, 5, func(t *testing.T, _ model, m nn.Memory) {
		for _, b := range []int{1, 4, 7} {
			core, z, e := newCore(t, 2), m.Size(), newScript(in, steps, b)
			state := make([]float32, b*z.State)
			e.cut(0, before).play(&core.K, m, state) // the sequence starts from a state in use
			state0, rest := stateOf(m, b, state), e.cut(before, steps)
			kept, x := slices.Clone(state0.Data), slices.Clone(rest.x.Data)
			want := rest.play(&core.K, m, state)
			tape := num.NewTape(core)
			for range 2 { // the second pass takes the memory of the first
				tape.Reset()
				got := m.Sequence(tape, rest.x, state0, rest.fresh)
				if !slices.Equal(got.Shape, []int{steps - before, b, z.Out}) {
					t.Fatalf("result has shape %v", got.Shape)
				}
				close32(t, "sequence against steps", got.Data, want, 1e-5)
			}
			if !slices.Equal(kept, state0.Data) || !slices.Equal(x, rest.x.Data) {
				t.Error("a sequence changes what it was given")
			}
		}
	})
}

func TestContractRowsDoNotTouchEachOther(t *testing.T) {
	const in, b, steps = 9, 5, 12
	each(t, in, 5, func(t *testing.T, _ model, m nn.Memory) {
		k, z, e := num.Go(), m.Size(), newScript(in, steps, b)
		whole := e.play(&k, m, make([]float32, b*z.State))
		for r := range b { // the same environments one by one: the same bits
			alone := e.row(r).play(&k, m, make([]float32, z.State))
			for i := range steps {
				if at := (i*b + r) * z.Out; !slices.Equal(alone[i*z.Out:(i+1)*z.Out], whole[at:at+z.Out]) {
					t.Fatalf("environment %d at step %d differs when it is alone", r, i)
				}
			}
		}
	})
}

func TestContractTheNumberOfWorkersChangesNoBit(t *testing.T) {
	const in, b, steps = 24, 13, 40
	each(t, in, 25, func(t *testing.T, _ model, m nn.Memory) {
		e, z := newScript(in, steps, b), m.Size()
		var bits [][]float32
		for _, workers := range []int{1, 3} {
			tape := num.NewTape(newCore(t, workers))
			y := m.Sequence(tape, e.x, num.New("state", b, z.State), e.fresh)
			all := slices.Clone(y.Data)
			tape.BackwardFrom(y, all)
			for _, p := range m.Params() {
				all = append(all, p.Grad...)
				p.ZeroGrad()
			}
			bits = append(bits, all)
		}
		if !slices.Equal(bits[0], bits[1]) {
			t.Error("one worker and three differ")
		}
	})
}

func TestContractAStepAllocatesNothing(t *testing.T) {
	const in, b = 9, 4
	each(t, in, 5, func(t *testing.T, _ model, m nn.Memory) {
		k, z := num.Go(), m.Size()
		x, state, out := make([]float32, b*in), make([]float32, b*z.State), make([]float32, b*z.Out)
		fresh, scratch := make([]bool, b), make([]float32, b*z.Scratch)
		if n := testing.AllocsPerRun(10, func() { m.Step(&k, x, state, out, fresh, scratch) }); n != 0 {
			t.Errorf("a step allocates %v times", n)
		}
	})
}

func TestContractACheckpointContinuesAsIfNothingHadHappened(t *testing.T) {
	const in, b, steps = 9, 3, 18
	for _, c := range models() {
		t.Run(c.name, func(t *testing.T) {
			core, e := newCore(t, 1), newScript(in, steps, b)
			one, other := c.make(rng.New(1, "weights"), in, 5), c.make(rng.New(9, "other weights"), in, 5)
			adam, second := nn.NewAdam(one.Params()), nn.NewAdam(other.Params())
			learn(core, one, adam, e)
			var file bytes.Buffer
			if err := nn.Save(&file, one.Params(), adam); err != nil {
				t.Fatal(err)
			}
			if err := nn.Load(&file, other.Params(), second); err != nil {
				t.Fatal(err)
			}
			learn(core, one, adam, e)
			learn(core, other, second, e)
			state := make([]float32, b*one.Size().State)
			e.cut(0, steps/2).play(&core.K, one, state)
			rest, carried := e.cut(steps/2, steps), slices.Clone(state)
			if !slices.Equal(rest.play(&core.K, one, state), rest.play(&core.K, other, carried)) {
				t.Error("the restored memory plays on differently")
			}
		})
	}
}

// learn makes one step of the optimiser towards results of zero.
func learn(core *num.Core, m nn.Memory, adam *nn.Adam, e script) {
	tape := num.NewTape(core)
	y := m.Sequence(tape, e.x, num.New("state", e.b, m.Size().State), e.fresh)
	tape.BackwardFrom(y, slices.Clone(y.Data))
	adam.Step(&core.K, 0.01)
}
