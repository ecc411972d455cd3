package shelf

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/local"
)

func newShelf(t *testing.T) *Shelf {
	t.Helper()
	core := num.NewCore(num.Go(), 1)
	t.Cleanup(core.Close)
	return New(core)
}

func TestTheTinyModelIsAlwaysTheSameAndSpeaksBytes(t *testing.T) {
	a, b := newShelf(t).Tiny(), newShelf(t).Tiny()
	request := []llm.Request{{Prompt: []int32{72, 105}, N: 1, Sampling: llm.Sampling{MaxTokens: 5}}}
	var got [2][]int32
	for i, m := range []*Model{a, b} {
		s, err := m.Sampler(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		replies, err := s.Sample(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		got[i] = replies[0].Sequences[0].Tokens
	}
	if !slices.Equal(got[0], got[1]) {
		t.Errorf("two tiny models say %v and %v", got[0], got[1])
	}
	if about := a.About(); about.Vocab != 256 || about.Name != TinyName || a.Text().Size() != 256 || a.Text().End() != -1 {
		t.Errorf("got %+v", about)
	}
}

func TestBytesComeBackAsTheyWere(t *testing.T) {
	for _, text := range []string{"", "Gruß\x00\xff\n", "一"} {
		ids, err := Bytes{}.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := (Bytes{}).Decode(ids); back != text || err != nil || len(ids) != len(text) {
			t.Errorf("%q came back as %q (%v)", text, back, err)
		}
	}
	for _, id := range []int32{-1, 256} {
		if _, err := (Bytes{}).Decode([]int32{id}); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("token %d: %v", id, err)
		}
	}
}

// put writes a model folder.
func put(t *testing.T, folder string) {
	t.Helper()
	words, err := llm.NewWords([]string{"yes", "no"})
	if err != nil {
		t.Fatal(err)
	}
	shape := nn.DecoderShape{Vocab: words.Size(), Width: 8, Layers: 1, Heads: 1, KVHeads: 1, HeadDim: 8, Inner: 8, Context: 32, Theta: 10000, Eps: 1e-5}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := llm.NewFolder(nn.NewDecoder(rng.New(1, "shelf"), shape), words).Write(folder, llm.F32); err != nil {
		t.Fatal(err)
	}
}

func TestModelsAreNamedByTheirPlace(t *testing.T) {
	root := t.TempDir()
	if _, errs := newShelf(t).Read(filepath.Join(root, "none")); len(errs) != 1 {
		t.Errorf("a folder that is not there gave %v", errs)
	}
	for _, name := range []string{"broken", "maker/broken"} {
		folder := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte("{"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	models, errs := newShelf(t).Read(root)
	if len(models) != 0 || len(errs) != 2 {
		t.Errorf("broken folders gave %d models and the errors %v", len(models), errs)
	}
}

func TestWholeFoldersAreReadBesideBrokenOnes(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, "maker", "one"))
	put(t, filepath.Join(root, "two"))
	put(t, filepath.Join(root, "a", "b", "c", "deep"))
	if err := os.WriteFile(filepath.Join(root, "two", "config.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	models, errs := newShelf(t).Read(root)
	if len(models) != 1 || len(errs) != 1 {
		t.Fatalf("%d models and the errors %v, want one of each", len(models), errs)
	}
	about := models[0].About()
	if about.Name != "maker/one" || about.Context != 32 || about.Tokenizer != filepath.Join(root, "maker", "one") || models[0].Text() == nil {
		t.Errorf("got %+v", about)
	}
	itself, errs := newShelf(t).Read(filepath.Join(root, "maker", "one"))
	if len(itself) != 1 || len(errs) != 0 || itself[0].About().Name != "one" {
		t.Errorf("a folder that is a model itself gave %v and %v", itself, errs)
	}
}

func TestTrainingLeavesTheModelAsItIs(t *testing.T) {
	m := newShelf(t).Tiny()
	before := slices.Clone(m.model.Embed.Data)
	x, err := m.Train(t.Context(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x.(*local.Trainer).Model().Embed.Data[0]++
	if !slices.Equal(before, m.model.Embed.Data) {
		t.Error("training moved the base model")
	}
}
