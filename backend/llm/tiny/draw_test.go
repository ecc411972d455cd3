package tiny

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Probabilities by hand. Logits are logarithms of 1, 4, 2, 2, 1 (tenths), so at temperature 1 the tokens have .1 .4 .2 .2 .1.
func TestTokensComeWithTheProbabilitiesOfTheRule(t *testing.T) {
	logits := []float32{0, float32(math.Log(4)), float32(math.Log(2)), float32(math.Log(2)), 0}
	root := 2*1 + 2 + 2*math.Sqrt2 // of the square roots 1, 2, 1.41, 1.41, 1
	for name, c := range map[string]struct {
		s    llm.Sampling
		want []float64
	}{
		"temperature 1":                  {llm.Sampling{Temperature: 1}, []float64{.1, .4, .2, .2, .1}},
		"temperature 2: square roots":    {llm.Sampling{Temperature: 2}, []float64{1 / root, 2 / root, math.Sqrt2 / root, math.Sqrt2 / root, 1 / root}},
		"temperature 1/2: squares of 26": {llm.Sampling{Temperature: .5}, []float64{1. / 26, 16. / 26, 4. / 26, 4. / 26, 1. / 26}},
		"greedy":                         {llm.Sampling{}, []float64{0, 1, 0, 0, 0}},
		"colder than float32 can divide": {llm.Sampling{Temperature: 1e-40}, []float64{0, 1, 0, 0, 0}},
		"top 1":                          {llm.Sampling{Temperature: 1, TopK: 1}, []float64{0, 1, 0, 0, 0}},
		"top 2: of equals the lower id":  {llm.Sampling{Temperature: 1, TopK: 2}, []float64{0, 4. / 6, 2. / 6, 0, 0}},
		"top 4: of equals the lower id":  {llm.Sampling{Temperature: 1, TopK: 4}, []float64{1. / 9, 4. / 9, 2. / 9, 2. / 9, 0}},
		"top 5 of 5":                     {llm.Sampling{Temperature: 1, TopK: 5}, []float64{.1, .4, .2, .2, .1}},
		"top-p .39: the first reaches":   {llm.Sampling{Temperature: 1, TopP: .39}, []float64{0, 1, 0, 0, 0}},
		"top-p .5: two are needed":       {llm.Sampling{Temperature: 1, TopP: .5}, []float64{0, 4. / 6, 2. / 6, 0, 0}},
		"top-p .85: four are needed":     {llm.Sampling{Temperature: 1, TopP: .85}, []float64{1. / 9, 4. / 9, 2. / 9, 2. / 9, 0}},
		"top-p .95: all are needed":      {llm.Sampling{Temperature: 1, TopP: .95}, []float64{.1, .4, .2, .2, .1}},
		"top-p 1":                        {llm.Sampling{Temperature: 1, TopP: 1}, []float64{.1, .4, .2, .2, .1}},
		// Of the three left, .5 .25 .25, two reach .7; with all five it would have taken three.
		"top 3, then top-p .7": {llm.Sampling{Temperature: 1, TopK: 3, TopP: .7}, []float64{0, 4. / 6, 2. / 6, 0, 0}},
		// 16 of 26 are .62.
		"temperature 1/2, then top-p .6": {llm.Sampling{Temperature: .5, TopP: .6}, []float64{0, 1, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			const n = 40_000
			var c2 chooser
			k, counts, chance := num.Go(), make([]float64, 5), rng.New(11, name)
			for range n {
				counts[c2.choose(&k, logits, &c.s, chance.Float64())]++
			}
			for id, want := range c.want {
				// Four and a half standard errors; a token of probability 0 never comes.
				if got := counts[id] / n; math.Abs(got-want) > 4.5*math.Sqrt(want*(1-want)/n) {
					t.Errorf("token %d came with share %v, want %v", id, got, want)
				}
			}
		})
	}
}

func TestTheLowestOfEqualTokensIsTheGreedyOne(t *testing.T) {
	k := num.Go()
	if got := best(&k, []float32{-3, 2, 1, 2, 2}); got != 1 {
		t.Errorf("token %d, want 1", got)
	}
}

func TestATokenOfALargeVocabularyIsTheOneAtItsShare(t *testing.T) {
	// Over several blocks of sums: token i of 1000 has probability 1/1000, so u = (i + .5)/1000 draws it.
	logits := make([]float32, 1000)
	for _, family := range num.Families() {
		k, err := num.Family(family)
		if err != nil {
			t.Fatal(err)
		}
		var c chooser
		for i := range logits {
			if got := c.choose(&k, logits, &llm.Sampling{Temperature: 1}, (float64(i)+.5)/1000); got != int32(i) {
				t.Fatalf("%s: token %d, want %d", family, got, i)
			}
		}
	}
}

func FuzzATokenIsAlwaysLegal(f *testing.F) {
	seed := func(temperature, p, u float64, k int, logits ...float32) {
		var b []byte
		for _, x := range logits {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
		f.Add(b, temperature, k, p, u)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	seed(1, 0, 0.999999999, 0, 1, 2, 3)
	seed(1, 0.9, 0.5, 2, nan, 1, inf)
	seed(1e-38, 0, 0.5, 0, -inf, -inf)
	seed(1, 0.5, 0.5, 0, nan)
	seed(100, 1e-300, 0, -3, inf, inf, -inf, 3e38, -3e38)
	f.Fuzz(func(t *testing.T, raw []byte, temperature float64, k int, p, u float64) {
		logits := make([]float32, min(len(raw)/4, 2000))
		for i := range logits {
			logits[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		r := llm.Request{Prompt: []int32{0}, N: 1, Sampling: llm.Sampling{MaxTokens: 1, Temperature: temperature, TopK: k, TopP: p}}
		if len(logits) == 0 || r.Check(8, len(logits)) != nil || !(u >= 0 && u < 1) {
			return
		}
		kernels := num.Go()
		var c chooser
		id := c.choose(&kernels, logits, &r.Sampling, u)
		if id < 0 || int(id) >= len(logits) {
			t.Fatalf("token %d of %d", id, len(logits))
		}
		finite := !slices.ContainsFunc(logits, func(x float32) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 1) })
		if x := float64(logits[id]); finite && math.IsInf(x, -1) && slices.Max(logits) > float32(math.Inf(-1)) {
			t.Fatalf("token %d is impossible", id)
		}
	})
}
