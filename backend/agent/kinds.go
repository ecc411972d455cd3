package agent

import "github.com/loci-lab/loci/backend/schema"

// The kinds, as notebooks write them.
const (
	MLP   = "mlp"
	Elman = "elman"
	GRU   = "gru"
	LSTM  = "lstm"
	FFM   = "ffm"
	GTrXL = "gtrxl"
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
		{Elman, "plain recurrent network, no gate", func() model { return new(ElmanKnobs) }, nil},
		{GRU, "gated recurrent unit: two gates", func() model { return new(GRUKnobs) }, nil},
		{LSTM, "long short-term memory: three gates and a cell", func() model { return new(LSTMKnobs) }, nil},
		{FFM, "fast and forgetful memory: forgets by a fixed form with learned rates", func() model { return new(FFMKnobs) }, nil},
		{GTrXL, "gated transformer over the last steps: keeps everything in sight", func() model { return new(GTrXLKnobs) }, nil},
	}
}
