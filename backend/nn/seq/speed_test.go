package seq_test

import (
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/nn/seq"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// sized makes the models of width 64 that are timed, with their usual depth.
func sized() []model {
	const h = 64
	one := func(name string, make func(s *rng.Stream) nn.Memory) model {
		return model{name: name, make: func(s *rng.Stream, _, _ int) nn.Memory { return make(s) }}
	}
	return []model{
		one("mlp", func(s *rng.Stream) nn.Memory { return nn.NewMLP(s, "m", h, []int{h, h}, num.Tanh) }),
		one("positional-mlp", func(s *rng.Stream) nn.Memory { return seq.NewPositionalMLP(s, "m", h, []int{h, h}, num.Tanh, 1024) }),
		one("frame-stack", func(s *rng.Stream) nn.Memory { return seq.NewFrameStack(s, "m", h, 4, []int{h, h}, num.Tanh) }),
		one("tcn", func(s *rng.Stream) nn.Memory { return seq.NewTCN(s, "m", h, h, 2, 4) }),
		one("elman", func(s *rng.Stream) nn.Memory { return nn.NewRNN(s, "m", h, h) }),
		one("indrnn", func(s *rng.Stream) nn.Memory { return seq.NewIndRNN(s, "m", h, h, 2, 1024) }),
		one("gru", func(s *rng.Stream) nn.Memory { return nn.NewGRU(s, "m", h, h) }),
		one("lstm", func(s *rng.Stream) nn.Memory { return nn.NewLSTM(s, "m", h, h, 1, false) }),
		one("mingru", func(s *rng.Stream) nn.Memory { return seq.NewMinGRU(s, "m", h, h, 2) }),
		one("ffm", func(s *rng.Stream) nn.Memory { return nn.NewFFM(s, "m", h, 32, 4, h, 1024) }),
		one("linear-attention", func(s *rng.Stream) nn.Memory {
			return seq.NewFastWeights(s, "m", h, 4, 1, seq.Sum, seq.ELU, 1024)
		}),
		one("fast-weights", func(s *rng.Stream) nn.Memory {
			return seq.NewFastWeights(s, "m", h, 4, 1, seq.Delta, seq.DPFP, 1024)
		}),
		one("lru", func(s *rng.Stream) nn.Memory {
			return seq.NewLRU(s, "m", h, h, 1, seq.Ring{RMin: 0.5, RMax: 0.999, MaxPhase: 6.28})
		}),
		one("s4d", func(s *rng.Stream) nn.Memory { return seq.NewS4D(s, "m", h, 8, 2, seq.Times{DtMin: 0.001, DtMax: 0.1}) }),
		one("gtrxl", func(s *rng.Stream) nn.Memory { return nn.NewTransformer(s, "m", h, h, 1, 4, 2*h, 64) }),
		one("hcam", func(s *rng.Stream) nn.Memory {
			return seq.NewHCAM(s, "m", h, seq.HCAMSize{Width: h, Heads: 4, Layers: 1, Window: 16, Chunk: 16, Chunks: 32, Read: 4})
		}),
	}
}

// timed runs a benchmark on every model with 64 environments on one worker of the best family.
func timed(b *testing.B, run func(b *testing.B, core *num.Core, m nn.Memory, e script)) {
	best, err := num.Family("")
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range sized() {
		b.Run(c.name, func(b *testing.B) {
			core := num.NewCore(best, 1)
			defer core.Close()
			run(b, core, c.make(rng.New(1, "weights"), 64, 64), newScript(64, 64, 64))
		})
	}
}

// BenchmarkStep times one step of 64 environments.
func BenchmarkStep(b *testing.B) {
	timed(b, func(b *testing.B, core *num.Core, m nn.Memory, e script) {
		z := m.Size()
		state, out, scratch := make([]float32, 64*z.State), make([]float32, 64*z.Out), make([]float32, 64*z.Scratch)
		for i := 0; b.Loop(); i++ {
			t := i % 64
			m.Step(&core.K, e.x.Data[t*64*64:(t+1)*64*64], state, out, e.fresh[t*64:(t+1)*64], scratch)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/env-step")
	})
}

// BenchmarkSequence times 64 steps of 64 environments forward and backward, to inputs and parameters.
func BenchmarkSequence(b *testing.B) {
	timed(b, func(b *testing.B, core *num.Core, m nn.Memory, e script) {
		tape, state0 := num.NewTape(core), num.New("state", 64, m.Size().State)
		e.x.Grad = make([]float32, e.x.Len())
		var grad []float32
		for b.Loop() {
			tape.Reset()
			y := m.Sequence(tape, e.x, state0, e.fresh)
			if grad == nil {
				grad = slices.Clone(y.Data)
			}
			tape.BackwardFrom(y, grad)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64/64, "ns/env-step")
	})
}
