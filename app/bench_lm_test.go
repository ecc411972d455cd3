package app

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/tiny"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

func bestKernels(t *testing.T) num.Kernels {
	t.Helper()
	k, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// smallShape is quick to train.
func smallShape() nn.DecoderShape {
	return nn.DecoderShape{Vocab: 20, Width: 8, Layers: 1, Heads: 2, KVHeads: 2, HeadDim: 4, Inner: 12, Context: 256, Theta: 1e4, Eps: 1e-5, Tied: true}
}

// By hand: 128*512 of the head and, a layer, 4*128*128 + 3*128*352 of weights and 2*128*64 of scores and what they weigh; two operations each.
func TestOperationsOfATokenAreCounted(t *testing.T) {
	if got, want := lmFlops(lmShape(), 64), 2*(65536+4*(65536+135168+16384.0)); got != want {
		t.Errorf("operations of a token are %v, want %v", got, want)
	}
	w := lmWork{Shape: lmShape(), Batch: 1, Length: 64, Tokens: 32}
	reading := lmFlops(w.Shape, 32) - 2*128*512
	if got, want := w.flops(), lmFlops(w.Shape, 80)+2*reading; got != want {
		t.Errorf("operations of a decoded token with its two of the prompt are %v, want %v", got, want)
	}
}

func TestLanguageModelBenchesDoTheirWorkOnASmallModel(t *testing.T) {
	k, w := bestKernels(t), lmWork{Shape: smallShape(), Batch: 3, Length: 10, Tokens: 5, Times: 1}
	if rate, err := lmTrain(t.Context(), k, w, 2, 1); err != nil || !(rate > 0) {
		t.Errorf("training: %v tokens/s, %v", rate, err)
	}
	if rate, err := lmDecode(t.Context(), k, w, 2, 1); err != nil || !(rate > 0) {
		t.Errorf("decoding: %v tokens/s, %v", rate, err)
	}
	if s, u, err := grpoUpdate(t.Context(), k, w.Shape, 2, 1); err != nil || s <= 0 || u <= 0 {
		t.Errorf("an update of GRPO: %v and %v, %v", s, u, err)
	}
}

func TestSamplesBecomeRowsThatReadTheirReplies(t *testing.T) {
	ask := []llm.Request{{Prompt: []int32{1, 2, 3}}}
	replies := []llm.Reply{{Sequences: []llm.Sequence{{Tokens: []int32{4, 5}, Logprobs: []float32{-1, -2}}, {Tokens: []int32{6}, Logprobs: []float32{-3}}}}}
	rows := grpoRows(ask, replies)
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2", len(rows))
	}
	a, b := rows[0], rows[1]
	if !slices.Equal(a.Input, []int32{1, 2, 3, 4}) || !slices.Equal(a.Targets, []int32{2, 3, 4, 5}) || !slices.Equal(a.Weights, []float32{0, 0, 1, 1}) ||
		!slices.Equal(a.Logprobs, []float32{0, 0, -1, -2}) || !slices.Equal(a.Advantages, []float32{0, 0, 1, 1}) {
		t.Errorf("the first row is %+v", a)
	}
	if !slices.Equal(b.Input, []int32{1, 2, 3}) || !slices.Equal(b.Targets, []int32{2, 3, 6}) || !slices.Equal(b.Advantages, []float32{0, 0, -1}) {
		t.Errorf("the second row is %+v", b)
	}
}

func TestALineIsFitted(t *testing.T) {
	if slope, off := fitLine([]float64{1, 2, 4}, []float64{5, 7, 11}); math.Abs(slope-2) > 1e-12 || off > 1e-12 {
		t.Errorf("a line of slope 2 gives %v, off by %v", slope, off)
	}
	if slope, off := fitLine([]float64{-1, 0, 1}, []float64{0, 3, 0}); slope != 0 || math.Abs(off-2.0/3) > 1e-12 {
		t.Errorf("a tent gives %v, off by %v of its height, want 0 and 2/3", slope, off)
	}
}

func TestMemoryGrowsWithBatchTimesLength(t *testing.T) {
	found := lmMemory(num.Go(), smallShape())
	slope, off, cache := found[0].Rounds[0], found[1].Rounds[0], found[2].Rounds[0]
	if least := 4.0 * 8 * 10; slope < least || slope > 20*least {
		t.Errorf("a token takes %v bytes of activations, want from %v", slope, least)
	}
	if off > 0.05 {
		t.Errorf("sizes are off the line by %v of the largest", off)
	}
	if want := float64(tiny.CacheBytes(smallShape())); cache != want || want != 64 {
		t.Errorf("a token takes %v bytes of cache, want 64: key and value of two heads of four numbers", cache)
	}
}

func TestTheModelOfTheCheckSaysTheSameTwice(t *testing.T) {
	text, err := lmTrace(t.Context(), bestKernels(t))
	if err != nil {
		t.Fatal(err)
	}
	var got lmTruth
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Weights) != 2+6*got.Shape.Layers || len(got.Tokens) != 3 || len(got.Logprobs) != 3 || len(got.Greedy) != 3 || got.Shape.Heads == got.Shape.KVHeads {
		t.Fatalf("%d weights, rows %d, %d, %d of a model of %+v", len(got.Weights), len(got.Tokens), len(got.Logprobs), len(got.Greedy), got.Shape)
	}
	for i, row := range got.Tokens {
		if len(row) != 12 || len(got.Logprobs[i]) != 11 || len(got.Greedy[i]) != 10 || len(got.GreedyLogprobs[i]) != 10 {
			t.Errorf("row %d has %d tokens, %d log-probabilities, %d tokens behind it", i, len(row), len(got.Logprobs[i]), len(got.Greedy[i]))
		}
	}
	again, err := lmTrace(t.Context(), bestKernels(t))
	if err != nil || string(again) != string(text) {
		t.Errorf("a second look differs, %v", err)
	}
}

func TestResultsOfTheModelInPyTorchAreReadStrictly(t *testing.T) {
	good := `{"tokens": 64, "seconds": 0.5, "torch": "2.15.0", "threads": 2, "form": "eager", "forms": {}, "sgemm_gflops": 100}`
	if r, err := parseLM([]byte(good)); err != nil || r.rate() != 128 || r.Form != "eager" {
		t.Errorf("a good line gives %+v, %v", r, err)
	}
	for _, bad := range []string{"", "warming up", `{}`, strings.Replace(good, "64", "0", 1), strings.Replace(good, "0.5", "0", 1), strings.Replace(good, `"eager"`, `""`, 1)} {
		if r, err := parseLM([]byte(bad)); lab.CodeOf(err) != lab.Internal {
			t.Errorf("%q was taken as %+v, %v", bad, r, err)
		}
	}
}

func TestRatesAreHeldAgainstTheHigherPeakAndThePeer(t *testing.T) {
	table := lmTable{name: ", batch 1", flops: 1e9}
	table.add(30, lmRun{}, 100)
	if got := table.measures(atLeast(3)); len(got) != 3 || got[2].Rounds[0] != 0.3 {
		t.Errorf("without a peer: %+v", got)
	}
	table = lmTable{name: ", batch 1", flops: 1e9}
	table.add(30, lmRun{Tokens: 20, Seconds: 2, SGEMM: 120, Form: "eager", Torch: "2", Threads: 2}, 100)
	got := onThreads(2, table.measures(atLeast(3)))
	last := got[len(got)-1]
	if len(got) != 6 || got[2].Rounds[0] != 0.25 || last.Rounds[0] != 3 || last.Limit.Median != 3 || last.Threads != 2 || last.Name != "Loci against PyTorch, batch 1" {
		t.Errorf("with a peer: %+v", got)
	}
}
