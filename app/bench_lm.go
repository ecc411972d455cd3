package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/tiny"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// lmShape is the model of the benches: its gated inner width of 352 has about as many weights as one of 512 without a gate.
func lmShape() nn.DecoderShape {
	return nn.DecoderShape{Vocab: 512, Width: 128, Layers: 4, Heads: 4, KVHeads: 4, HeadDim: 32, Inner: 352, Context: 256, Theta: 1e4, Eps: 1e-5, Tied: true}
}

// lmFlops counts operations of matrix products for one token forward, scores with so many keys on average included. Training takes three
// times as many.
func lmFlops(s nn.DecoderShape, keys float64) float64 {
	d, wide := float64(s.Width), float64(s.Heads*s.HeadDim)
	block := d*(wide+2*float64(s.KVHeads*s.HeadDim)) + wide*d + 3*d*float64(s.Inner) + 2*wide*keys
	return 2 * (float64(s.Layers)*block + d*float64(s.Vocab))
}

// lmPeer is the same model in PyTorch.
type lmPeer struct{ *peer }

// lmWork is what the script reads: Times times a batch of rows of Length tokens, continued by Tokens where they are decoded.
type lmWork struct {
	Shape  nn.DecoderShape `json:"shape"`
	Batch  int             `json:"batch"`
	Length int             `json:"length"`
	Tokens int             `json:"tokens"`
	Times  int             `json:"times"`
}

// lmRun is what the script prints.
type lmRun struct {
	Tokens  int     `json:"tokens"`
	Seconds float64 `json:"seconds"`
	Torch   string  `json:"torch"`
	Threads int     `json:"threads"`
	Form    string  `json:"form"` // eager or compiled
	SGEMM   float64 `json:"sgemm_gflops"`
}

func (r lmRun) rate() float64 { return float64(r.Tokens) / r.Seconds }

func (r lmRun) describe(how string) string {
	return fmt.Sprintf("peer: PyTorch %s on the CPU, %s, %d threads; %s", r.Torch, r.Form, r.Threads, how)
}

// findLMPeer returns the peer after it has shown that it computes what our model does, or nil where there is none, and says so.
func findLMPeer(ctx context.Context, bench string, l *benchLab) (*lmPeer, error) {
	p, why := lookForPeer(peerRoots(), "lm.py")
	if p == nil {
		l.say("%s: no comparison with PyTorch: %s\n   do: run build/bench/setup in the source folder of Loci", bench, why)
		return nil, nil
	}
	trace, err := lmTrace(ctx, l.kernels)
	if err != nil {
		return nil, err
	}
	if _, err := p.call(ctx, trace, "--check"); err != nil {
		return nil, err
	}
	return &lmPeer{p}, nil
}

// run lets the peer do one round of the work, "--train" or "--decode".
func (p *lmPeer) run(ctx context.Context, kind string, w lmWork, threads, seed int) (lmRun, error) {
	text, err := json.Marshal(w)
	if err != nil {
		return lmRun{}, lab.Errorf(lab.Internal, "work cannot be written: %w", err)
	}
	out, err := p.call(ctx, text, kind, "--threads", strconv.Itoa(threads), "--seed", strconv.Itoa(seed))
	if err != nil {
		return lmRun{}, err
	}
	r, err := parseLM(out)
	if err == nil && r.Threads != threads {
		return r, lab.Errorf(lab.Internal, "the peer ran on %d threads, want %d", r.Threads, threads)
	}
	return r, err
}

// parseLM reads what the script printed.
func parseLM(out []byte) (lmRun, error) {
	var r lmRun
	if err := json.Unmarshal(out, &r); err != nil {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, which is no result: %w", clip(string(out)), err)
	}
	if r.Tokens <= 0 || r.Seconds <= 0 || r.Torch == "" || r.Threads <= 0 || r.Form == "" || r.SGEMM <= 0 {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, want tokens, seconds, torch, threads, form and sgemm_gflops", clip(string(out)))
	}
	return r, nil
}

// lmTruth is a small model of ours and what it says: the peer with these weights must say the same.
type lmTruth struct {
	Shape          nn.DecoderShape `json:"shape"`
	Weights        [][]float32     `json:"weights"` // as Decoder.Weights lists them
	Tokens         [][]int32       `json:"tokens"`  // [B][T]
	Logprobs       [][]float32     `json:"logprobs"`
	Greedy         [][]int32       `json:"greedy"` // what follows at temperature 0
	GreedyLogprobs [][]float32     `json:"greedy_logprobs"`
}

// lmTrace lets a small model with grouped heads read and continue a few rows.
func lmTrace(ctx context.Context, k num.Kernels) ([]byte, error) {
	shape := nn.DecoderShape{Vocab: 40, Width: 24, Layers: 2, Heads: 4, KVHeads: 2, HeadDim: 6, Inner: 20, Context: 32, Theta: 1e4, Eps: 1e-5, Tied: true}
	core := num.NewCore(k, 1)
	defer core.Close()
	m := nn.NewDecoder(rng.New(1, "bench model"), shape)
	truth := lmTruth{Shape: shape, Tokens: randomRows(1, shape.Vocab, 3, 12)}
	for _, w := range m.Weights() {
		truth.Weights = append(truth.Weights, w.Data)
	}
	var ask []llm.Request
	for _, row := range truth.Tokens {
		ask = append(ask, llm.Request{Prompt: row, N: 1, PromptLogprobs: true, Sampling: llm.Sampling{MaxTokens: 10}})
	}
	replies, err := tiny.New(core, m, nil).Sample(ctx, ask)
	if err != nil {
		return nil, err
	}
	for _, r := range replies {
		truth.Logprobs = append(truth.Logprobs, r.Prompt[1:]) // nothing comes before the first token
		truth.Greedy, truth.GreedyLogprobs = append(truth.Greedy, r.Sequences[0].Tokens), append(truth.GreedyLogprobs, r.Sequences[0].Logprobs)
	}
	text, err := json.Marshal(truth)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "trace cannot be written: %w", err)
	}
	return text, nil
}

// randomRows draws rows of tokens.
func randomRows(seed uint64, vocab, rows, tokens int) [][]int32 {
	s := rng.New(seed, "tokens")
	all := make([][]int32, rows)
	for i := range all {
		all[i] = make([]int32, tokens)
		for j := range all[i] {
			all[i][j] = int32(s.IntN(vocab))
		}
	}
	return all
}

// lmTable gathers the rounds of one kind of work.
type lmTable struct {
	name                                string // what is done, behind which side does it
	how                                 string // the form of the peer
	flops                               float64
	ours, theirs, peaks, shares, theirP []float64
	peer                                lmRun
}

// add takes the rates of a round, tokens a second, and the peak of products measured in it.
func (t *lmTable) add(ours float64, theirs lmRun, peak float64) {
	peak = max(peak, theirs.SGEMM) // of two measured peaks the higher one is nearer the truth
	t.ours, t.peaks, t.shares = append(t.ours, ours), append(t.peaks, peak), append(t.shares, t.flops*ours/1e9/peak)
	if theirs.Tokens > 0 {
		t.theirs, t.theirP, t.peer = append(t.theirs, theirs.rate()), append(t.theirP, theirs.SGEMM), theirs
	}
}

func (t *lmTable) measures(least *limit) []measure {
	out := []measure{
		{Name: "Loci" + t.name, Unit: "tokens/s", Rounds: t.ours},
		{Name: "matrix peak" + t.name, Unit: "GFLOP/s", Rounds: t.peaks},
		{Name: "Loci, share of the matrix peak" + t.name, Unit: "share", Rounds: t.shares,
			Note: "the peak is the best matrix product measured in the same round, ours or PyTorch's; only products count as work"},
	}
	if len(t.theirs) > 0 {
		out = append(out,
			measure{Name: "PyTorch" + t.name, Unit: "tokens/s", Rounds: t.theirs, Note: t.peer.describe(t.how)},
			measure{Name: "PyTorch, matrix product alone" + t.name, Unit: "GFLOP/s", Rounds: t.theirP},
			measure{Name: "Loci against PyTorch" + t.name, Unit: "times", Rounds: ratios(t.ours, t.theirs), Limit: least})
	}
	return out
}

// onThreads says how many threads all measures used.
func onThreads(threads int, all []measure) []measure {
	all = slices.Clone(all)
	for i := range all {
		all[i].Threads = threads
	}
	return all
}
