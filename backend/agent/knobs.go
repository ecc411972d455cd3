package agent

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// The sizes are such that every model has about as many trained numbers, 15 to 35 thousand with a small observation: a laptop trains
// them in seconds. What the benchmark POPGym (arXiv 2303.01859v1, appendix) takes stands beside as the paper's value: 256 units.

// MLPKnobs: a network that sees the present observation only.
type MLPKnobs struct {
	Width int `json:"width" doc:"units of each layer" symbol:"H" unit:"units" default:"96" min:"1" max:"1024" group:"memory"`
	Depth int `json:"depth" doc:"hidden layers behind the encoder" unit:"layers" default:"2" min:"1" max:"8" group:"memory"`
}

func (k *MLPKnobs) memory(s *rng.Stream) nn.Memory {
	return nn.NewMLP(s, "memory", k.Width, repeat(k.Width, k.Depth), num.Tanh)
}

// ElmanKnobs: nn.RNN, h' = tanh(W x + U h + b) (Elman 1990, "Finding structure in time").
type ElmanKnobs struct {
	Width int `json:"width" doc:"units of the recurrent state" symbol:"H" unit:"units" default:"96" min:"1" max:"1024" paper:"256" main:"true" group:"memory"`
}

func (k *ElmanKnobs) memory(s *rng.Stream) nn.Memory {
	return nn.NewRNN(s, "memory", k.Width, k.Width)
}

// GRUKnobs: nn.GRU (arXiv 1406.1078).
type GRUKnobs struct {
	Width int `json:"width" doc:"units of the recurrent state" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" paper:"256" main:"true" group:"memory"`
}

func (k *GRUKnobs) memory(s *rng.Stream) nn.Memory {
	return nn.NewGRU(s, "memory", k.Width, k.Width)
}

// LSTMKnobs: nn.LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).
type LSTMKnobs struct {
	Width      int     `json:"width" doc:"units of hidden and cell state" symbol:"H" unit:"units" default:"56" min:"1" max:"1024" paper:"256" main:"true" group:"memory"`
	ForgetBias float64 `json:"forget_bias" doc:"initial bias of the forget gate: 1 makes it remember at first" default:"1" min:"-10" max:"10" group:"memory"`
}

func (k *LSTMKnobs) memory(s *rng.Stream) nn.Memory {
	return nn.NewLSTM(s, "memory", k.Width, k.Width, k.ForgetBias, false)
}

// FFMKnobs: nn.FFM, fast and forgetful memory (arXiv 2310.04128).
type FFMKnobs struct {
	Width    int     `json:"width" doc:"units of the output" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	Traces   int     `json:"traces" doc:"traces kept" symbol:"m" default:"32" min:"1" max:"512" paper:"32" main:"true" group:"memory"`
	Context  int     `json:"context" doc:"frequencies of each trace" symbol:"c" default:"4" min:"1" max:"64" paper:"4" main:"true" group:"memory"`
	Duration float64 `json:"duration" doc:"steps over which the slowest trace falls to one percent at the start of training" unit:"steps" default:"1024" min:"2" max:"1000000" paper:"1024" group:"memory" symbol:"t_e"`
}

func (k *FFMKnobs) memory(s *rng.Stream) nn.Memory {
	return nn.NewFFM(s, "memory", k.Width, k.Traces, k.Context, k.Width, k.Duration)
}

// GTrXLKnobs: nn.Transformer, the gated transformer-XL (arXiv 1910.06764) over a window of steps.
type GTrXLKnobs struct {
	Width  int `json:"width" doc:"width of a token; a multiple of the heads" symbol:"D" unit:"units" default:"36" min:"2" max:"1024" paper:"256" group:"memory"`
	Heads  int `json:"heads" doc:"attention heads; the width must divide by them" symbol:"H" default:"4" min:"1" max:"64" paper:"8" group:"memory"`
	Layers int `json:"layers" doc:"blocks of attention and gated network" unit:"layers" default:"1" min:"1" max:"8" paper:"12" group:"memory"`
	Window int `json:"window" doc:"last steps of the episode that can be attended to" unit:"steps" default:"64" min:"2" max:"1024" main:"true" group:"memory"`
}

// Validate checks that heads divide the width.
func (k *GTrXLKnobs) Validate() error { return headsDivide("gtrxl", k.Heads, k.Width) }

func headsDivide(kind string, heads, width int) error {
	if width%heads == 0 {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: heads is %d, want a divisor of width %d", kind, heads, width).
		WithHint("set agent.heads to a divisor of agent.width, or change agent.width")
}

// ordered checks that the first of two knobs is not above the second.
func ordered(kind, low string, from float64, high string, to float64) error {
	if from <= to {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: %s is %g, want at most the %g of %s", kind, low, from, to, high).
		WithHint("set agent.%s to %g or less", low, to)
}

func (k *GTrXLKnobs) memory(s *rng.Stream) nn.Memory {
	return nn.NewTransformer(s, "memory", k.Width, k.Width, k.Layers, k.Heads, 2*k.Width, k.Window)
}

func repeat(width, times int) []int {
	widths := make([]int, times)
	for i := range widths {
		widths[i] = width
	}
	return widths
}
