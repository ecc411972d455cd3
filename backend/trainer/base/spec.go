// Package base makes the models that papers start from: tiny language models trained on traces that a world's oracle writes. A base is
// made on demand, kept in a cache in the usual layout of model folders, and shared by all runs that ask for the same one. It is
// reproducible to the bit, and a base that was being made when the process ended is continued from its last checkpoint.
package base

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rl"
)

// ModelKnobs are the sizes of a tiny language model.
type ModelKnobs struct {
	Width   int `json:"width" doc:"width of a token" symbol:"D" unit:"units" default:"96" min:"8" max:"4096" group:"model"`
	Layers  int `json:"layers" doc:"blocks of attention and gated network" default:"3" min:"1" max:"64" group:"model"`
	Heads   int `json:"heads" doc:"attention heads; width divided by heads must be even" symbol:"H" default:"4" min:"1" max:"64" group:"model"`
	Inner   int `json:"inner" doc:"units of the gated network inside a block" symbol:"F" unit:"units" default:"256" min:"8" max:"16384" group:"model"`
	Context int `json:"context" doc:"most tokens that the model can have before it" unit:"tokens" default:"320" min:"16" max:"131072" group:"model"`
}

// Validate checks what bounds alone do not.
func (k *ModelKnobs) Validate() error {
	if k.Width%k.Heads != 0 || k.Width/k.Heads%2 != 0 {
		return lab.Errorf(lab.Invalid, "tiny model: heads is %d, want a number that divides width %d into even parts", k.Heads, k.Width).
			WithHint("set agent.heads to 1, 2 or 4, or change agent.width")
	}
	return nil
}

// Shape is the decoder of those sizes for a vocabulary: Llama's form with a tied head.
func (k ModelKnobs) Shape(vocab int) nn.DecoderShape {
	return nn.DecoderShape{Vocab: vocab, Width: k.Width, Layers: k.Layers, Heads: k.Heads, KVHeads: k.Heads, HeadDim: k.Width / k.Heads,
		Inner: k.Inner, Context: k.Context, Theta: 10000, Eps: 1e-5, Tied: true}
}

// Knobs are the learning of a base. The learning rate rises over the first twentieth of the steps, stays, and falls along a line over the
// last half to a tenth.
type Knobs struct {
	Steps int     `json:"warm_steps" doc:"supervised steps that make the warm start" unit:"steps" default:"2000" fast:"300" min:"0" max:"10000000" main:"true" group:"warm start"`
	Batch int     `json:"warm_batch" doc:"fresh traces of each supervised step" default:"32" min:"1" max:"65536" group:"warm start"`
	Rate  float64 `json:"warm_rate" doc:"highest learning rate of the warm start" default:"0.002" min:"0.000001" max:"1" group:"warm start"`
}

// Spec is all that a base depends on.
type Spec struct {
	Shape nn.DecoderShape
	Words []string // of its tokenizer, without the special ones
	World string   // whose oracle wrote the traces
	Mix   any      // what the traces are made of, as JSON
	Knobs Knobs
	Seed  uint64
}

// Key names a base: the hash of the spec, the kernel family and the code that made it.
func (s Spec) Key(kernel, code string) (string, error) {
	text, err := json.Marshal(struct {
		Spec         Spec
		Kernel, Code string
	}{s, kernel, code})
	if err != nil {
		return "", lab.Errorf(lab.Internal, "the spec of a base cannot be hashed: %w", err)
	}
	sum := sha256.Sum256(text)
	return "base-" + hex.EncodeToString(sum[:12]), nil
}

// Examples is how many examples the whole base uses; those from there on are fresh.
func (s Spec) Examples() uint64 { return uint64(s.Knobs.Steps) * uint64(s.Knobs.Batch) }

// Source gives example i of the stream of traces, from 0. No example is ever used twice, and example i is the same whenever asked for.
type Source func(i uint64) (rl.Datum, error)

// Point is one place of the curve of learning.
type Point struct {
	Step int     `json:"step"`
	Loss float64 `json:"loss"` // mean over the trained tokens of the steps since the last point, nats
}
