package llm_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// edit changes fields of a JSON file; nil takes a field out.
func edit(t *testing.T, dir, name string, fields map[string]any) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(src, &all); err != nil {
		t.Fatal(err)
	}
	for k, v := range fields {
		if all[k] = v; v == nil {
			delete(all, k)
		}
	}
	if src, err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	write(t, dir, name, src)
}

func TestConfigsThatTheDecoderDoesNotComputeAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		fields map[string]any
		want   string // in the message
	}{
		"another architecture": {map[string]any{"architectures": []string{"MixtralForCausalLM"}}, `architecture is "MixtralForCausalLM", want "LlamaForCausalLM" or "Qwen3ForCausalLM"`},
		"no family":            {map[string]any{"architectures": nil, "model_type": "gpt2"}, `model_type is "gpt2", want "llama" or "qwen3"`},
		"scaled rotations, 4.x": {map[string]any{"rope_scaling": map[string]any{"rope_type": "llama3", "factor": 32.0}},
			`rope_scaling is "llama3", want "default"`},
		"scaled rotations, 5.x": {map[string]any{"rope_parameters": map[string]any{"rope_type": "yarn", "rope_theta": 1e4}}, `"yarn"`},
		"scaled rotations, old": {map[string]any{"rope_scaling": map[string]any{"type": "linear", "factor": 2.0}}, `"linear"`},
		"partial rotations":     {map[string]any{"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"},
		"biases of attention":   {map[string]any{"attention_bias": true}, "attention_bias is true"},
		"biases of the MLP":     {map[string]any{"mlp_bias": true}, "mlp_bias is true"},
		"another activation":    {map[string]any{"hidden_act": "gelu"}, `hidden_act is "gelu", want "silu"`},
		"sliding windows":       {map[string]any{"layer_types": []string{"full_attention", "sliding_attention"}}, "sliding_attention"},
		"fewer bits":            {map[string]any{"quantization_config": map[string]any{"bits": 4}}, "quantization_config"},
		"float16":               {map[string]any{"dtype": "float16"}, `dtype is "float16", want "float32" or "bfloat16"`},
		"no width":              {map[string]any{"hidden_size": nil}, "width is 0"},
		"a width beyond memory": {map[string]any{"hidden_size": 1 << 40}, "want at most"},
		"heads that do not fit": {map[string]any{"num_key_value_heads": 3}, "3 key and value heads"},
		"an end beyond":         {map[string]any{"eos_token_id": []int{0, 99}}, "99, want 0 to 7"},
		"words for numbers":     {map[string]any{"hidden_size": "16"}, "config.json"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := written(t, shapes()["Llama"], llm.F32)
			edit(t, dir, "config.json", c.fields)
			faulty(t, dir, lab.Invalid, c.want)
		})
	}
}

// faulty checks that a folder is refused with that code, words and a hint.
func faulty(t *testing.T, dir string, code lab.Code, want string) {
	t.Helper()
	_, err := llm.ReadFolder(dir)
	if !errors.Is(err, &lab.Error{Code: code}) || !strings.Contains(err.Error(), want) || lab.HintOf(err) == "" {
		t.Fatalf("%v (%s), hint %q, want %q (%s)", err, lab.CodeOf(err), lab.HintOf(err), want, code)
	}
}

func TestOlderConfigsAreRead(t *testing.T) {
	dir := written(t, shapes()["Llama"], llm.F32)
	edit(t, dir, "config.json", map[string]any{
		"rope_parameters": nil, "dtype": nil, "rope_scaling": nil, "rope_theta": 500000.0, "torch_dtype": "float32",
		"eos_token_id": []int{3, 0}, "bos_token_id": 1, "transformers_version": "4.40.0", "use_cache": true,
	})
	f, err := llm.ReadFolder(dir)
	if err != nil || f.Shape.Theta != 5e5 || f.Begin != 1 || len(f.Ends) != 2 {
		t.Fatalf("%+v, %v", f, err)
	}
}

func TestFoldersThatLackAFileSayWhich(t *testing.T) {
	for _, name := range []string{"config.json", "model.safetensors", "tokenizer.json"} {
		dir := written(t, shapes()["Llama"], llm.F32)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		faulty(t, dir, lab.NotFound, name)
	}
	faulty(t, filepath.Join(t.TempDir(), "none"), lab.NotFound, "missing")
}

func TestDamagedFilesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		damage func([]byte) []byte
		want   string
	}{
		"weights cut short":        {"model.safetensors", func(b []byte) []byte { return b[:len(b)-100] }, "damaged"},
		"weights with a tail":      {"model.safetensors", func(b []byte) []byte { return append(b, 0) }, "damaged"},
		"a header cut short":       {"model.safetensors", func(b []byte) []byte { return b[:40] }, "header ends after 32"},
		"an endless header":        {"model.safetensors", func(b []byte) []byte { b[7] = 0x7f; return b }, "header of"},
		"an empty file of weights": {"model.safetensors", func([]byte) []byte { return nil }, "header"},
		"a type that is unknown":   {"model.safetensors", swap(`"F32"`, `"I32"`), `has type "I32", want "F32" or "BF16"`},
		"a type of another size":   {"model.safetensors", swap(`"dtype":"F32"`, `"dtype":"BF16"`), "bytes, want"},
		"a shape turned round":     {"model.safetensors", swap(`[70,16]`, `[16,70]`), "has shape [16 70], want [70 16]"},
		"a bias":                   {"model.safetensors", swap(`layers.0.self_attn.q_proj.weight`, `layers.0.self_attn.q_proj.b_____`), "q_proj.weight\" is missing"},
		"tensors that overlap":     {"model.safetensors", swap(`"data_offsets":[512,`, `"data_offsets":[511,`), "want a place that begins at 512"},
		"half a config":            {"config.json", func(b []byte) []byte { return b[:len(b)/2] }, "config.json"},
		"half a tokenizer":         {"tokenizer.json", func(b []byte) []byte { return b[:len(b)/2] }, "tokenizer.json"},
		"too many words":           {"tokenizer.json", swap(`"Ähre": 7`, `"Ähre": 7, "x": 8`), "has 9 tokens, want at most the 8"},
		"a word twice":             {"tokenizer.json", swap(`"Ähre": 7`, `"Ähre": 6`), "id 6"},
		"another first word":       {"tokenizer.json", swap(`"<pad>": 1`, `"<pud>": 1`), "the first words are"},
		"another cut of texts":     {"tokenizer.json", swap(`"Isolated"`, `"Removed"`), "single blanks and line ends"},
		"another kind of tokens":   {"tokenizer.json", swap(`"WordLevel"`, `"Unigram"`), `type is "Unigram", want "BPE" or "WordLevel"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := written(t, shapes()["Llama"], llm.F32)
			src, err := os.ReadFile(filepath.Join(dir, c.file))
			if err != nil {
				t.Fatal(err)
			}
			damaged := c.damage(bytes.Clone(src))
			if bytes.Equal(src, damaged) {
				t.Fatal("nothing is damaged")
			}
			write(t, dir, c.file, damaged)
			faulty(t, dir, lab.Invalid, c.want)
		})
	}
}

// swap replaces the first occurrence and keeps the stated length of a safetensors header true.
func swap(old, new string) func([]byte) []byte {
	return func(b []byte) []byte {
		changed := bytes.Replace(b, []byte(old), []byte(new), 1)
		if b[0] != '{' {
			binary.LittleEndian.PutUint64(changed, binary.LittleEndian.Uint64(b)+uint64(len(changed)-len(b)))
		}
		return changed
	}
}

func TestAnIndexThatLeavesTheFolderIsRefused(t *testing.T) {
	dir := written(t, shapes()["Llama"], llm.F32)
	shard(t, dir)
	write(t, dir, "model.safetensors.index.json", []byte(`{"weight_map":{"a":"../other.safetensors"}}`))
	faulty(t, dir, lab.Invalid, `"../other.safetensors"`)
	write(t, dir, "model.safetensors.index.json", []byte(`{"weight_map":{}}`))
	faulty(t, dir, lab.Invalid, "is missing")
}

func FuzzParseConfig(f *testing.F) {
	for _, shape := range shapes() {
		c := llm.Config{Shape: shape, Dtype: llm.BF16, Begin: 1, Ends: []int32{0, 2}}
		src, err := c.JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(`{"model_type":"qwen3","vocab_size":8,"hidden_size":4,"num_hidden_layers":1,"num_attention_heads":1,"intermediate_size":1,"max_position_embeddings":1}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := llm.ParseConfig(src)
		if err != nil {
			if lab.CodeOf(err) != lab.Invalid {
				t.Fatalf("%s: %v", lab.CodeOf(err), err)
			}
			return
		}
		again, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if d, err := llm.ParseConfig(again); err != nil || d.Shape != c.Shape || d.Dtype != c.Dtype || d.Begin != c.Begin || len(d.Ends) != len(c.Ends) {
			t.Fatalf("%+v, then %+v, %v", c, d, err)
		}
	})
}
