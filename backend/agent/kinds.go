package agent

import "github.com/loci-lab/loci/backend/schema"

// The kinds, as notebooks write them.
const (
	MLP             = "mlp"
	PositionalMLP   = "positional-mlp"
	FrameStack      = "frame-stack"
	TCN             = "tcn"
	Elman           = "elman"
	IndRNN          = "indrnn"
	GRU             = "gru"
	LSTM            = "lstm"
	MinGRU          = "mingru"
	FFM             = "ffm"
	LinearAttention = "linear-attention"
	FastWeights     = "fast-weights"
	LRU             = "lru"
	S4D             = "s4d"
	GTrXL           = "gtrxl"
	HCAM            = "hcam"
)

// entry is one memory model: to add another, write its knobs with a method memory, and one line here.
type entry struct {
	name, doc string
	knobs     func() model
	presets   []schema.Preset
}

func models() []entry {
	return []entry{
		{MLP, "no memory: acts on the present observation", func() model { return new(MLPKnobs) }, nil},
		{PositionalMLP, "no memory but a clock: sees the step of the episode too", func() model { return new(PositionalMLPKnobs) }, nil},
		{FrameStack, "the last few observations side by side", func() model { return new(FrameStackKnobs) }, nil},
		{TCN, "temporal convolutions with growing gaps over a window", func() model { return new(TCNKnobs) }, nil},
		{Elman, "plain recurrent network, no gate", func() model { return new(ElmanKnobs) }, nil},
		{IndRNN, "recurrent units that see of the past only themselves", func() model { return new(IndRNNKnobs) }, nil},
		{GRU, "gated recurrent unit: two gates", func() model { return new(GRUKnobs) }, nil},
		{LSTM, "long short-term memory: three gates and a cell", func() model { return new(LSTMKnobs) }, nil},
		{MinGRU, "one gate, which sees the input alone", func() model { return new(MinGRUKnobs) }, nil},
		{FFM, "fast and forgetful memory: forgets by a fixed form with learned rates", func() model { return new(FFMKnobs) }, nil},
		{LinearAttention, "attention as a sum over the whole episode: pairs of key and value are added up", func() model { return new(FastWeightsKnobs) }, nil},
		{FastWeights, "fast weight programmer: a key's old value gives way to the new one", func() model { return new(FastWeightsKnobs) }, []schema.Preset{
			{Path: "rule", Default: "delta"}, {Path: "map", Default: "dpfp"},
		}},
		{LRU, "linear recurrent unit: complex decays on a ring", func() model { return new(LRUKnobs) }, nil},
		{S4D, "diagonal state space: many time scales for each feature", func() model { return new(S4DKnobs) }, nil},
		{GTrXL, "gated transformer over the last steps: keeps everything in sight", func() model { return new(GTrXLKnobs) }, nil},
		{HCAM, "hierarchical chunk attention: recalls whole stretches of the past", func() model { return new(HCAMKnobs) }, nil},
	}
}
