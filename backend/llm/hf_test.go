package llm_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

// logits are those after every token.
func logits(t *testing.T, m *nn.Decoder, ids []int32) *num.Tensor {
	t.Helper()
	core := num.NewCore(num.Go(), 1)
	t.Cleanup(core.Close)
	p := &nn.Pack{Tokens: ids, Parts: []nn.Part{{Start: 0, End: len(ids), Parent: -1}}}
	for i := range ids {
		p.Positions, p.Reads, p.Targets = append(p.Positions, int32(i)), append(p.Reads, int32(i)), append(p.Targets, 0)
	}
	return m.Logits(num.NewTape(core), p)
}

// agree compares logits with what the transformers library computed in float64 from the same weights.
func agree(t *testing.T, m *nn.Decoder, ids []int32, want [][]float64) {
	t.Helper()
	got := logits(t, m, ids)
	if len(want) != len(ids) || len(want[0]) != m.Shape.Vocab {
		t.Fatalf("%d rows of logits, want %d", len(want), len(ids))
	}
	worst, widest := 0.0, 0.0
	for i, row := range want {
		for v, w := range row {
			worst = max(worst, math.Abs(float64(got.Data[i*m.Shape.Vocab+v])-w))
			widest = max(widest, math.Abs(w))
		}
	}
	if !(worst <= 1e-4) || widest < 0.1 {
		t.Errorf("logits differ by %g, want at most 1e-4; the largest is %g", worst, widest)
	}
	t.Logf("logits up to %.2f differ by %.1e", widest, worst)
}

// theirs checks a folder that the transformers library wrote.
func theirs(t *testing.T, dir string) {
	t.Helper()
	f, err := llm.ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Text   string
		IDs    []int32
		Logits [][]float64
	}
	load(t, filepath.Join(dir, "expected.json"), &want)
	agree(t, f.Model, want.IDs, want.Logits)
	ids, err := f.Tokenizer.Encode(want.Text)
	if err != nil || !slices.Equal(ids, want.IDs) {
		t.Errorf("%q gives %v, %v, want %v", want.Text, ids, err, want.IDs)
	}
	if text, err := f.Tokenizer.Decode(want.IDs); err != nil || text != want.Text || f.Tokenizer.End() != 0 {
		t.Errorf("text %q, %v, want %q", text, err, want.Text)
	}
}

func TestModelsOfTheTransformersLibraryGiveItsLogits(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "hf", "*"))
	if err != nil || len(dirs) != 4 {
		t.Fatalf("%d fixtures, %v, want 4", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { theirs(t, dir) })
	}
}

// python runs build/fixtures/hf.py with the interpreter of LOCI_PYTHON, one that has torch, transformers and tokenizers.
func python(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	program := os.Getenv("LOCI_PYTHON")
	if program == "" {
		t.Skip("LOCI_PYTHON is not set: name a Python with torch, transformers and tokenizers to compare with them")
	}
	script := filepath.Join("..", "..", "build", "fixtures", "hf.py")
	cmd := exec.CommandContext(t.Context(), program, append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "TRANSFORMERS_VERBOSITY=error")
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	return out
}

func TestThisMachinesTransformersWritesWhatWeRead(t *testing.T) {
	dir := t.TempDir()
	python(t, nil, "models", dir)
	dirs, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(dirs) != 8 {
		t.Fatalf("%d models, %v, want 8", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { theirs(t, dir) })
	}
}

func TestThisMachinesTransformersReadsWhatWeWrite(t *testing.T) {
	texts := []string{"", "apple banana", "apple : cherry\nÄhre", "\n\napple\n\n\nbanana\n", "apple <end>\n<pad>", "banana <end>"}
	ids := []int32{3, 4, 2, 7, 6, 5, 3, 0, 1, 4, 4, 5}
	ask, err := json.Marshal(map[string]any{"ids": ids, "texts": texts})
	if err != nil {
		t.Fatal(err)
	}
	var names, dirs []string
	for name, shape := range shapes() {
		for _, d := range []llm.Dtype{llm.F32, llm.BF16} {
			names, dirs = append(names, name+" "+string(d)), append(dirs, written(t, shape, d))
		}
	}
	var said []heard
	if err := json.Unmarshal(python(t, ask, append([]string{"show"}, dirs...)...), &said); err != nil || len(said) != len(dirs) {
		t.Fatalf("%d answers, %v", len(said), err)
	}
	for i, dir := range dirs {
		t.Run(names[i], func(t *testing.T) { said[i].check(t, dir, ids, texts) })
	}
}

// heard is what the library says of a folder.
type heard struct {
	Model, Dtype string
	EOS          int32
	Faults       map[string][]string
	Logits       [][]float64
	Encoded      [][]int32
	Decoded      []string
}

func (h *heard) check(t *testing.T, dir string, ids []int32, texts []string) {
	f, err := llm.ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	class := map[bool]string{false: "LlamaForCausalLM", true: "Qwen3ForCausalLM"}[f.Shape.QKNorm]
	if h.Model != class || h.Dtype != "torch."+string(f.Dtype) || len(h.Faults) > 0 || h.EOS != 0 {
		t.Errorf("a %s in %s with end %d and faults %v", h.Model, h.Dtype, h.EOS, h.Faults)
	}
	agree(t, f.Model, ids, h.Logits)
	for i, text := range texts {
		if ids, err := f.Tokenizer.Encode(text); err != nil || !slices.Equal(ids, h.Encoded[i]) || h.Decoded[i] != text {
			t.Errorf("%q gives %v, %v, there %v and back %q", text, ids, err, h.Encoded[i], h.Decoded[i])
		}
	}
}
