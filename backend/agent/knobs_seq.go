package agent

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/nn/seq"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// PositionalMLPKnobs: seq.Positions before an MLP (POPGym, arXiv 2303.01859).
type PositionalMLPKnobs struct {
	Width  int     `json:"width" doc:"units of each layer" symbol:"H" unit:"units" default:"96" min:"1" max:"1024" paper:"256" group:"memory"`
	Depth  int     `json:"depth" doc:"hidden layers behind the encoder" unit:"layers" default:"2" min:"1" max:"8" group:"memory"`
	Period float64 `json:"period" doc:"the slowest sinusoid of the clock goes round once in 2 pi times so many steps" unit:"steps" default:"1024" min:"2" max:"1000000" paper:"1024" main:"true" group:"memory"`
}

func (k *PositionalMLPKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewPositionalMLP(s, "memory", k.Width, repeat(k.Width, k.Depth), num.Tanh, k.Period)
}

// FrameStackKnobs: seq.Frames before an MLP (Mnih et al. 2015).
type FrameStackKnobs struct {
	Width  int `json:"width" doc:"units of each layer, and of a stacked step" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" paper:"256" group:"memory"`
	Frames int `json:"frames" doc:"steps that are seen, the present one included" symbol:"k" unit:"steps" default:"4" min:"2" max:"256" paper:"4" main:"true" group:"memory"`
	Depth  int `json:"depth" doc:"hidden layers behind the stacked steps" unit:"layers" default:"2" min:"1" max:"8" paper:"2" group:"memory"`
}

func (k *FrameStackKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewFrameStack(s, "memory", k.Width, k.Frames, repeat(k.Width, k.Depth), num.Tanh)
}

// TCNKnobs: seq.Conv blocks (arXiv 1803.01271).
type TCNKnobs struct {
	Width  int `json:"width" doc:"units of each block" symbol:"H" unit:"units" default:"48" min:"1" max:"1024" paper:"256" group:"memory"`
	Taps   int `json:"taps" doc:"steps that one convolution joins; the gap between them grows by this factor from block to block" symbol:"K" unit:"steps" default:"2" min:"2" max:"16" paper:"4" main:"true" group:"memory"`
	Blocks int `json:"blocks" doc:"convolutions on top of each other: they see taps to the power of blocks steps" unit:"blocks" default:"4" min:"1" max:"8" paper:"1" main:"true" group:"memory"`
}

// sightLimit bounds the steps that a temporal convolution carries.
const sightLimit = 4096

// Validate checks that the window stays within what can be carried.
func (k *TCNKnobs) Validate() error {
	sight := 1
	for range k.Blocks {
		sight *= k.Taps
	}
	if sight <= sightLimit {
		return nil
	}
	return lab.Errorf(lab.Invalid, "tcn: %d taps in %d blocks see %d steps, want at most %d", k.Taps, k.Blocks, sight, sightLimit).
		WithHint("lower agent.taps or agent.blocks")
}

func (k *TCNKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewTCN(s, "memory", k.Width, k.Width, k.Taps, k.Blocks)
}

// IndRNNKnobs: seq.IndRNN (arXiv 1803.04831).
type IndRNNKnobs struct {
	Width   int     `json:"width" doc:"units of each layer" symbol:"H" unit:"units" default:"96" min:"1" max:"1024" paper:"256" main:"true" group:"memory"`
	Layers  int     `json:"layers" doc:"layers on top of each other" unit:"layers" default:"2" min:"1" max:"8" paper:"2" group:"memory"`
	Horizon float64 `json:"horizon" doc:"steps over which nothing grows beyond twofold, and the longest half-life at the start" symbol:"T" unit:"steps" default:"1024" min:"2" max:"1000000" group:"memory"`
}

func (k *IndRNNKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewIndRNN(s, "memory", k.Width, k.Width, k.Layers, k.Horizon)
}

// MinGRUKnobs: seq.MinGRU (arXiv 2410.01201).
type MinGRUKnobs struct {
	Width  int `json:"width" doc:"units of each layer" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" main:"true" group:"memory"`
	Layers int `json:"layers" doc:"layers on top of each other: the gates of the first see nothing of the past" unit:"layers" default:"2" min:"1" max:"8" paper:"3" main:"true" group:"memory"`
}

func (k *MinGRUKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewMinGRU(s, "memory", k.Width, k.Width, k.Layers)
}

// FastWeightsKnobs: seq.FastWeights, linear attention (arXiv 2006.16236) and fast weight programmers (arXiv 2102.11174).
type FastWeightsKnobs struct {
	Width  int     `json:"width" doc:"width of a token; a multiple of the heads" symbol:"D" unit:"units" default:"64" min:"2" max:"1024" paper:"256" group:"memory"`
	Heads  int     `json:"heads" doc:"heads, each with fast weights of its own; the width must divide by them, and leave a head at least two units" default:"4" min:"1" max:"64" paper:"8" group:"memory"`
	Layers int     `json:"layers" doc:"blocks on top of each other" unit:"layers" default:"1" min:"1" max:"8" group:"memory"`
	Rule   string  `json:"rule" doc:"sum: pairs of key and value are added up; delta: what a key recalls is replaced by a learned share" default:"sum" enum:"sum,delta" main:"true" group:"memory"`
	Map    string  `json:"map" doc:"features of keys and queries: elu + 1, or the parameter-free projection to twice as many" default:"elu" enum:"elu,dpfp" main:"true" group:"memory"`
	Period float64 `json:"period" doc:"the slowest sinusoid of the clock added to the input goes round once in 2 pi times so many steps; 0 adds none, so that a sum has no order" unit:"steps" default:"1024" min:"0" max:"1000000" paper:"1024" group:"memory"`
}

// Validate checks that heads divide the width, with at least two units each.
func (k *FastWeightsKnobs) Validate() error {
	if k.Width < 2*k.Heads {
		return lab.Errorf(lab.Invalid, "fast weights: heads is %d, want at most the %d that leave two units of width %d each", k.Heads, k.Width/2, k.Width).
			WithHint("lower agent.heads, or raise agent.width")
	}
	return headsDivide("fast weights", k.Heads, k.Width)
}

func (k *FastWeightsKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewFastWeights(s, "memory", k.Width, k.Heads, k.Layers, seq.Rule(k.Rule), seq.Map(k.Map), k.Period)
}

// LRUKnobs: seq.LRU (arXiv 2303.06349).
type LRUKnobs struct {
	Width    int     `json:"width" doc:"width of a block" symbol:"D" unit:"units" default:"56" min:"1" max:"1024" paper:"256" group:"memory"`
	State    int     `json:"state" doc:"complex numbers carried" symbol:"N" default:"56" min:"1" max:"1024" paper:"256" main:"true" group:"memory"`
	Layers   int     `json:"layers" doc:"blocks on top of each other" unit:"layers" default:"1" min:"1" max:"8" paper:"6" group:"memory"`
	RMin     float64 `json:"r_min" doc:"smallest modulus of an eigenvalue at the start" symbol:"r_min" default:"0.5" min:"0" max:"0.999" paper:"0 to 0.99 by task" group:"memory"`
	RMax     float64 `json:"r_max" doc:"largest one: 0.999 is a half-life of 693 steps" symbol:"r_max" default:"0.999" min:"0.01" max:"0.99999" paper:"0.9 to 0.9999 by task" main:"true" group:"memory"`
	MaxPhase float64 `json:"max_phase" doc:"largest turn of an eigenvalue in a step at the start" unit:"radians" default:"6.28" min:"0.001" max:"6.2831853" paper:"6.28, on the longest tasks 0.314" group:"memory"`
}

// Validate checks that the ring is one.
func (k *LRUKnobs) Validate() error { return ordered("lru", "r_min", k.RMin, "r_max", k.RMax) }

func (k *LRUKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewLRU(s, "memory", k.Width, k.State, k.Layers, seq.Ring{RMin: k.RMin, RMax: k.RMax, MaxPhase: k.MaxPhase})
}

// S4DKnobs: seq.S4D (arXiv 2206.11893).
type S4DKnobs struct {
	Width  int     `json:"width" doc:"width of a block" symbol:"D" unit:"units" default:"64" min:"1" max:"1024" paper:"256" group:"memory"`
	State  int     `json:"state" doc:"complex numbers carried for each unit, which stand for as many conjugate pairs" symbol:"N/2" default:"8" min:"1" max:"256" paper:"32" main:"true" group:"memory"`
	Layers int     `json:"layers" doc:"blocks on top of each other" unit:"layers" default:"2" min:"1" max:"8" paper:"6" group:"memory"`
	DtMin  float64 `json:"dt_min" doc:"smallest step at the start: about its inverse many steps are held" default:"0.001" min:"0.00001" max:"1" paper:"0.001" main:"true" group:"memory"`
	DtMax  float64 `json:"dt_max" doc:"largest step at the start" default:"0.1" min:"0.00001" max:"1" paper:"0.1" group:"memory"`
}

// Validate checks that the steps are in order.
func (k *S4DKnobs) Validate() error { return ordered("s4d", "dt_min", k.DtMin, "dt_max", k.DtMax) }

func (k *S4DKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewS4D(s, "memory", k.Width, k.State, k.Layers, seq.Times{DtMin: k.DtMin, DtMax: k.DtMax})
}

// HCAMKnobs: seq.HCAM (arXiv 2105.14039).
type HCAMKnobs struct {
	Width  int `json:"width" doc:"width of a token; a multiple of the heads" symbol:"D" unit:"units" default:"32" min:"2" max:"1024" paper:"256" group:"memory"`
	Heads  int `json:"heads" doc:"heads of both kinds of attention; the width must divide by them" symbol:"H" default:"4" min:"1" max:"64" paper:"8" group:"memory"`
	Layers int `json:"layers" doc:"blocks of local attention, recall and network" unit:"layers" default:"1" min:"1" max:"8" paper:"4" group:"memory"`
	Window int `json:"window" doc:"last steps of the episode within local attention" unit:"steps" default:"16" min:"2" max:"1024" group:"memory"`
	Chunk  int `json:"chunk" doc:"consecutive steps that are stored and recalled together" symbol:"C" unit:"steps" default:"16" min:"1" max:"256" paper:"32" main:"true" group:"memory"`
	Chunks int `json:"chunks" doc:"chunks kept; the oldest gives way" symbol:"M" unit:"chunks" default:"32" min:"1" max:"256" main:"true" group:"memory"`
	Read   int `json:"read" doc:"chunks that a step looks into" symbol:"K" unit:"chunks" default:"4" min:"1" max:"16" main:"true" group:"memory"`
}

// Validate checks that heads divide the width.
func (k *HCAMKnobs) Validate() error { return headsDivide("hcam", k.Heads, k.Width) }

func (k *HCAMKnobs) memory(s *rng.Stream) nn.Memory {
	return seq.NewHCAM(s, "memory", k.Width, seq.HCAMSize{
		Width: k.Width, Heads: k.Heads, Layers: k.Layers, Window: k.Window, Chunk: k.Chunk, Chunks: k.Chunks, Read: k.Read,
	})
}
