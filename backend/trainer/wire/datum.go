package wire

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/rl"
)

// Datum is one training row as it travels.
type Datum struct {
	ModelInput ModelInput        `json:"model_input" wire:"required"`
	Inputs     map[string]Tensor `json:"loss_fn_inputs" wire:"required"`
}

// ModelInput is what a model reads, in pieces.
type ModelInput struct {
	Chunks []Chunk `json:"chunks" wire:"required"`
}

// Chunk is one piece. We speak text only; other types are kept by name, so that an error can name them.
type Chunk struct {
	Type   string  `json:"type"`
	Tokens []int32 `json:"tokens"`
}

// EncodedText is the type of chunks of tokens. A chunk without a type has it, too.
const EncodedText = "encoded_text"

// Tokens makes an input of one chunk.
func Tokens(ids []int32) ModelInput {
	if ids == nil {
		ids = []int32{}
	}
	return ModelInput{[]Chunk{{EncodedText, ids}}}
}

// Join returns the tokens of all chunks, one after the other.
func (m *ModelInput) Join() ([]int32, error) {
	var ids []int32
	for _, chunk := range m.Chunks {
		if chunk.Type != EncodedText && chunk.Type != "" {
			return nil, bad("the input has a chunk of type %q, want %q", chunk.Type, EncodedText)
		}
		ids = append(ids, chunk.Tokens...)
	}
	return ids, nil
}

// Names of the arrays of a row.
const (
	targetTokens = "target_tokens"
	weights      = "weights"
)

// arrays lists the float arrays of a row by name.
func arrays(d *rl.Datum) map[string]*[]float32 {
	return map[string]*[]float32{
		weights: &d.Weights, "logprobs": &d.Logprobs, "advantages": &d.Advantages, "clip_low_threshold": &d.Low,
		"clip_high_threshold": &d.High, "values": &d.Values, "returns": &d.Returns,
	}
}

// NewDatum writes a row; arrays that are nil are left out.
func NewDatum(d *rl.Datum) Datum {
	out := Datum{Tokens(d.Input), map[string]Tensor{targetTokens: IntTensor(d.Targets).columns(d.K)}}
	for name, values := range arrays(d) {
		if *values == nil {
			continue
		}
		tensor := FloatTensor(*values)
		if name == weights {
			tensor = tensor.columns(d.K)
		}
		out.Inputs[name] = tensor
	}
	return out
}

// Row reads a row. Targets and weights may have two dimensions and be sparse; missing entries are token 0 with weight 0. An array of
// a name that we do not know is an error, because leaving it out could change the loss without a word.
func (d *Datum) Row() (rl.Datum, error) {
	var row rl.Datum
	var err error
	if row.Input, err = d.ModelInput.Join(); err != nil {
		return row, err
	}
	if len(row.Input) == 0 {
		return row, bad("the input has no token")
	}
	known := arrays(&row)
	for name, tensor := range d.Inputs {
		to, ok := known[name]
		if name == targetTokens {
			err = readTargets(&row, tensor)
		} else if ok {
			*to, err = readFloats(tensor)
		} else {
			names := append(slices.Sorted(maps.Keys(known)), targetTokens)
			err = bad("loss_fn_inputs has %q, want some of %s", name, strings.Join(names, ", "))
		}
		if err != nil {
			return row, within(err, "%s", name)
		}
	}
	return row, checkLengths(&row)
}

func readTargets(row *rl.Datum, tensor Tensor) error {
	dense, err := tensor.Dense()
	if err != nil {
		return err
	}
	if !dense.DType.integers() {
		return bad("dtype is %v, want int64", dense.DType)
	}
	if len(dense.Shape) > 2 {
		return bad("shape is %v, want one or two dimensions", dense.Shape)
	}
	if len(dense.Shape) == 2 && dense.Shape[1] > 1 {
		row.K = int(dense.Shape[1])
	}
	row.Targets = make([]int32, len(dense.Ints))
	for i, id := range dense.Ints {
		if id < 0 || id > math.MaxInt32 {
			return bad("entry %d is %d, want 0 to %d", i, id, math.MaxInt32)
		}
		row.Targets[i] = int32(id)
	}
	return nil
}

func readFloats(tensor Tensor) ([]float32, error) {
	dense, err := tensor.Dense()
	if err != nil {
		return nil, err
	}
	out := dense.Floats
	if dense.DType.integers() {
		out = make([]float32, len(dense.Ints))
		for i, v := range dense.Ints {
			out[i] = float32(v)
		}
	}
	for i, v := range out {
		if v != v || math.IsInf(float64(v), 0) {
			return nil, bad("entry %d is %v, want a finite number", i, v)
		}
	}
	if out == nil {
		out = []float32{}
	}
	return out, nil
}

func checkLengths(row *rl.Datum) error {
	n := len(row.Input)
	for name, values := range arrays(row) {
		want := n
		if name == weights {
			want = n * max(1, row.K)
		}
		if *values != nil && len(*values) != want {
			return bad("%s has %d entries for %d tokens, want %d", name, len(*values), n, want)
		}
	}
	if row.Targets != nil && len(row.Targets) != n*max(1, row.K) {
		return bad("%s has %d entries for %d tokens, want %d", targetTokens, len(row.Targets), n, n*max(1, row.K))
	}
	return nil
}
