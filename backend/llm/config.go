package llm

import (
	"encoding/json"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
)

// Dtype is how the numbers of weights lie on disk; in memory they are float32.
type Dtype string

// The two types. BF16 is rounded to nearest, ties to even.
const (
	F32  Dtype = "float32"
	BF16 Dtype = "bfloat16"
)

// Config is what config.json says of a model.
type Config struct {
	Shape nn.DecoderShape
	Dtype Dtype
	Begin int32   // id that begins a text, -1 where there is none
	Ends  []int32 // ids that end a text
}

// The two families: architecture and model type as config.json names them.
const (
	llamaClass, llamaType = "LlamaForCausalLM", "llama"
	qwen3Class, qwen3Type = "Qwen3ForCausalLM", "qwen3"
)

// Bounds of what a reader accepts, so that no product of sizes overflows: the largest size, layers, and bytes of small files.
const (
	sizeLimit   = 1 << 24
	layerLimit  = 1 << 12
	configLimit = 1 << 20
)

// configFile is config.json in the layout of the transformers library, 4.x and 5.x. Fields that are left out have that library's
// default; pointers tell those apart from zero.
type configFile struct {
	Architectures []string `json:"architectures"`
	ModelType     string   `json:"model_type"`
	Vocab         int      `json:"vocab_size"`
	Width         int      `json:"hidden_size"`
	Layers        int      `json:"num_hidden_layers"`
	Heads         int      `json:"num_attention_heads"`
	KVHeads       *int     `json:"num_key_value_heads"`
	HeadDim       *int     `json:"head_dim"`
	Inner         int      `json:"intermediate_size"`
	Context       int      `json:"max_position_embeddings"`
	Eps           *float64 `json:"rms_norm_eps"`
	Act           *string  `json:"hidden_act"`
	Tied          bool     `json:"tie_word_embeddings"`
	AttentionBias bool     `json:"attention_bias"`
	MLPBias       bool     `json:"mlp_bias,omitempty"`
	Theta         *float64 `json:"rope_theta"`                // 4.x
	RopeScaling   *rope    `json:"rope_scaling,omitempty"`    // 4.x
	Rope          *rope    `json:"rope_parameters,omitempty"` // 5.x
	Partial       *float64 `json:"partial_rotary_factor,omitempty"`
	Sliding       bool     `json:"use_sliding_window,omitempty"`
	LayerTypes    []string `json:"layer_types,omitempty"`
	TorchDtype    string   `json:"torch_dtype,omitempty"` // 4.x
	Dtype         string   `json:"dtype,omitempty"`       // 5.x
	Begin         *tokenID `json:"bos_token_id"`
	Ends          tokenIDs `json:"eos_token_id"`
	// Weights that are stored in fewer bits say so here.
	Quantization json.RawMessage `json:"quantization_config,omitempty"`
}

// rope describes the rotary positions.
type rope struct {
	Theta   *float64 `json:"rope_theta,omitempty"`
	Type    string   `json:"rope_type,omitempty"`
	OldType string   `json:"type,omitempty"`
	Partial *float64 `json:"partial_rotary_factor,omitempty"`
}

type tokenID int32

// tokenIDs is an id, a list of them, or null.
type tokenIDs []int32

// UnmarshalJSON takes all three.
func (t *tokenIDs) UnmarshalJSON(src []byte) error {
	var one *int32
	if json.Unmarshal(src, &one) == nil {
		*t = nil
		if one != nil {
			*t = tokenIDs{*one}
		}
		return nil
	}
	return json.Unmarshal(src, (*[]int32)(t))
}

// MarshalJSON writes a single id as a number, none as null.
func (t tokenIDs) MarshalJSON() ([]byte, error) {
	switch len(t) {
	case 0:
		return []byte("null"), nil
	case 1:
		return json.Marshal(t[0])
	}
	return json.Marshal([]int32(t))
}

// ParseConfig reads a config.json of the Llama or the Qwen3 family. A model that computes anything a Decoder does not, such as biases
// or scaled rotations, is an error of code invalid that says so.
func ParseConfig(src []byte) (Config, error) {
	var f configFile
	if err := json.Unmarshal(src, &f); err != nil {
		return Config{}, lab.Errorf(lab.Invalid, "config.json: %w", err).WithHint("copy the model folder again; the file must be JSON")
	}
	family, err := f.family()
	if err != nil {
		return Config{}, err
	}
	if err := f.refuse(); err != nil {
		return Config{}, err
	}
	shape, err := f.shape(family)
	if err != nil {
		return Config{}, err
	}
	dtype, err := f.dtype()
	if err != nil {
		return Config{}, err
	}
	c := Config{Shape: shape, Dtype: dtype, Begin: -1, Ends: f.Ends}
	if f.Begin != nil {
		c.Begin = int32(*f.Begin)
	}
	return c, c.checkIDs()
}

// family returns the model type.
func (f *configFile) family() (string, error) {
	class := ""
	if len(f.Architectures) > 0 {
		class = f.Architectures[0]
	}
	switch {
	case class == llamaClass || class == "" && f.ModelType == llamaType:
		return llamaType, nil
	case class == qwen3Class || class == "" && f.ModelType == qwen3Type:
		return qwen3Type, nil
	case class == "":
		return "", lab.Errorf(lab.Invalid, "config.json: model_type is %q, want %q or %q", f.ModelType, llamaType, qwen3Type).
			WithHint("take a model of one of these families")
	}
	return "", lab.Errorf(lab.Invalid, "config.json: architecture is %q, want %q or %q", class, llamaClass, qwen3Class).
		WithHint("take a model of one of these families")
}

// refuse returns an error for whatever a Decoder does not compute.
func (f *configFile) refuse() error {
	bad := func(field string, got any, want string) error {
		return lab.Errorf(lab.Invalid, "config.json: %s is %v, want %s", field, got, want).
			WithHint("take a model without it; the decoder does not compute it")
	}
	if f.Act != nil && *f.Act != "silu" {
		return bad("hidden_act", quote(*f.Act), `"silu"`)
	}
	for _, r := range []struct {
		field string
		*rope
	}{{"rope_scaling", f.RopeScaling}, {"rope_parameters", f.Rope}} {
		if r.rope == nil {
			continue
		}
		for _, kind := range []string{r.Type, r.OldType} {
			if kind != "" && kind != "default" {
				return bad("the type of "+r.field, quote(kind), `"default": rotary positions without scaling`)
			}
		}
		if r.Partial != nil && *r.Partial != 1 {
			return bad("partial_rotary_factor", *r.Partial, "1")
		}
	}
	for _, kind := range f.LayerTypes {
		if kind != "full_attention" {
			return bad("a layer of layer_types", quote(kind), `"full_attention"`)
		}
	}
	switch {
	case f.AttentionBias:
		return bad("attention_bias", true, "false")
	case f.MLPBias:
		return bad("mlp_bias", true, "false")
	case f.Sliding:
		return bad("use_sliding_window", true, "false")
	case f.Partial != nil && *f.Partial != 1:
		return bad("partial_rotary_factor", *f.Partial, "1")
	case len(f.Quantization) > 0 && string(f.Quantization) != "null":
		return bad("quantization_config", "set", "none: weights in float32 or bfloat16")
	}
	return nil
}

// shape fills in what the file leaves out and checks the sizes.
func (f *configFile) shape(family string) (nn.DecoderShape, error) {
	s := nn.DecoderShape{
		Vocab: f.Vocab, Width: f.Width, Layers: f.Layers, Heads: f.Heads, KVHeads: f.Heads, Inner: f.Inner, Context: f.Context,
		Theta: 10000, Eps: 1e-6, Tied: f.Tied, QKNorm: family == qwen3Type,
	}
	if f.KVHeads != nil {
		s.KVHeads = *f.KVHeads
	}
	switch {
	case f.HeadDim != nil:
		s.HeadDim = *f.HeadDim
	case family == qwen3Type:
		s.HeadDim = 128
	case f.Heads > 0:
		s.HeadDim = f.Width / f.Heads
	}
	if f.Eps != nil {
		s.Eps = *f.Eps
	}
	// The later ones win, as in the library.
	for _, theta := range []*float64{f.Theta, f.RopeScaling.theta(), f.Rope.theta()} {
		if theta != nil {
			s.Theta = *theta
		}
	}
	return s, checkShape(s)
}

func (r *rope) theta() *float64 {
	if r == nil {
		return nil
	}
	return r.Theta
}

func checkShape(s nn.DecoderShape) error {
	const hint = "check that the folder holds the config.json of this model"
	if err := s.Check(); err != nil {
		return lab.Errorf(lab.Invalid, "config.json: %w", err).WithHint(hint)
	}
	largest := max(s.Vocab, s.Width, s.Heads, s.HeadDim, s.Inner, s.Context)
	switch {
	case largest > sizeLimit || (s.Heads+2*s.KVHeads)*s.HeadDim > sizeLimit:
		return lab.Errorf(lab.Invalid, "config.json: the largest size is %d, want at most %d", largest, sizeLimit).WithHint(hint)
	case s.Layers > layerLimit:
		return lab.Errorf(lab.Invalid, "config.json: %d layers, want at most %d", s.Layers, layerLimit).WithHint(hint)
	}
	return nil
}

func (f *configFile) dtype() (Dtype, error) {
	name := f.Dtype
	if name == "" {
		name = f.TorchDtype
	}
	switch d := Dtype(name); d {
	case "":
		return F32, nil
	case F32, BF16:
		return d, nil
	}
	return "", lab.Errorf(lab.Invalid, "config.json: dtype is %q, want %q or %q", name, F32, BF16).
		WithHint("convert the weights to one of these")
}

func (c *Config) checkIDs() error {
	ids := slices.Clone(c.Ends)
	if c.Begin != -1 {
		ids = append(ids, c.Begin)
	}
	for _, id := range ids {
		if id < 0 || int(id) >= c.Shape.Vocab {
			return lab.Errorf(lab.Invalid, "config.json: bos_token_id or eos_token_id is %d, want 0 to %d", id, c.Shape.Vocab-1).
				WithHint("check that the folder holds the config.json of this model")
		}
	}
	return nil
}

// JSON returns the config.json of the model, in the words of transformers 4.x and 5.x both.
func (c *Config) JSON() ([]byte, error) {
	s, act := c.Shape, "silu"
	f := configFile{
		Architectures: []string{llamaClass}, ModelType: llamaType,
		Vocab: s.Vocab, Width: s.Width, Layers: s.Layers, Heads: s.Heads, KVHeads: &s.KVHeads, HeadDim: &s.HeadDim, Inner: s.Inner,
		Context: s.Context, Eps: &s.Eps, Act: &act, Tied: s.Tied, Theta: &s.Theta, Rope: &rope{Theta: &s.Theta, Type: "default"},
		TorchDtype: string(c.Dtype), Dtype: string(c.Dtype), Ends: c.Ends,
	}
	if s.QKNorm {
		f.Architectures, f.ModelType = []string{qwen3Class}, qwen3Type
	}
	if c.Begin >= 0 {
		begin := tokenID(c.Begin)
		f.Begin = &begin
	}
	return indented(f)
}
