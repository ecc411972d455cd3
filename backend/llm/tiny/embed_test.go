package tiny

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

func TestEmbeddingsAreOfUnitLengthAndHangOnTheirOwnTextAlone(t *testing.T) {
	words, err := llm.NewWords([]string{"red", "blue", "mug"})
	if err != nil {
		t.Fatal(err)
	}
	kernels, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	core := num.NewCore(kernels, 1)
	defer core.Close()
	shape := nn.DecoderShape{Vocab: words.Size(), Width: 16, Layers: 1, Heads: 2, KVHeads: 2, HeadDim: 8, Inner: 24, Context: 4, Theta: 10000, Eps: 1e-6, Tied: true}
	e := NewEmbedder(core, nn.NewDecoder(rng.New(1, "embed"), shape), words)
	all, err := e.Embed(t.Context(), []string{"red mug", "blue mug", "", "red mug", "red mug red mug blue"})
	if err != nil || len(all) != 5 {
		t.Fatal(len(all), err)
	}
	cosine := func(a, b []float32) (sum float64) {
		for i := range a {
			sum += float64(a[i]) * float64(b[i])
		}
		return sum
	}
	if got := cosine(all[0], all[0]); math.Abs(got-1) > 1e-6 {
		t.Errorf("the square of the length is %v", got)
	}
	if got := cosine(all[0], all[3]); math.Abs(got-1) > 1e-6 || cosine(all[0], all[1]) > 0.999 || cosine(all[2], all[2]) != 0 {
		t.Errorf("equal texts have %v, others %v, an empty one %v", got, cosine(all[0], all[1]), all[2])
	}
	alone, err := e.Embed(t.Context(), []string{"blue mug"})
	if err != nil || cosine(alone[0], all[1]) < 1-1e-6 {
		t.Errorf("alone it is another one, %v", err)
	}
	if _, err := e.Embed(t.Context(), []string{"green mug"}); err == nil {
		t.Error("an unknown word is embedded")
	}
}
