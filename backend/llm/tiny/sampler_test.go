package tiny

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

var _ llm.Sampler = (*Sampler)(nil)

func sample(t testing.TB, s *Sampler, requests ...llm.Request) []llm.Reply {
	t.Helper()
	replies, err := s.Sample(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	return replies
}

func TestLogprobsAreThoseOfTheSlowModel(t *testing.T) {
	for name, shape := range shapes() {
		for _, family := range num.Families() {
			for _, lora := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/adapters %v", name, family, lora), func(t *testing.T) {
					m := newModel(shape)
					if lora {
						adapt(m)
					}
					s := New(newCore(t, family, 2), m, nil)
					r := llm.Request{Prompt: randomTokens(rng.New(1, "p"), shape.Vocab, 41), N: 2, PromptLogprobs: true, Sampling: llm.Sampling{MaxTokens: 15, Temperature: 1.3}}
					checkReply(t, m, r, sample(t, s, r)[0])
				})
			}
		}
	}
}

// checkReply compares all log-probabilities of a reply with those of the slow model.
func checkReply(t *testing.T, m *nn.Decoder, r llm.Request, got llm.Reply) {
	t.Helper()
	for _, q := range got.Sequences {
		if len(q.Tokens) != r.MaxTokens || len(q.Logprobs) != r.MaxTokens || q.Stop != llm.Length {
			t.Fatalf("%d tokens, %d log-probabilities, stopped by %q, want %d by length", len(q.Tokens), len(q.Logprobs), q.Stop, r.MaxTokens)
		}
		all := append(slices.Clone(r.Prompt), q.Tokens...)
		want := slow(m, all)
		near := func(what string, i int, got float32) {
			if w := want[i-1][all[i]]; !(math.Abs(float64(got)-w) <= 1e-5*(1+math.Abs(w))) {
				t.Errorf("%s %d: log-probability %v, want %v", what, i, got, w)
			}
		}
		if !math.IsNaN(float64(got.Prompt[0])) {
			t.Errorf("the first token of the prompt has log-probability %v, want NaN", got.Prompt[0])
		}
		for i := 1; i < len(r.Prompt); i++ {
			near("token of the prompt", i, got.Prompt[i])
		}
		for i, p := range q.Logprobs {
			near("token", len(r.Prompt)+i, p)
		}
	}
}

func TestLogprobsAreThoseOfAForwardPass(t *testing.T) {
	for name, shape := range shapes() {
		for _, lora := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/adapters %v", name, lora), func(t *testing.T) {
				m := newModel(shape)
				if lora {
					adapt(m)
				}
				core := newCore(t, "", 2)
				r := llm.Request{Prompt: randomTokens(rng.New(4, "p"), shape.Vocab, 33), N: 3, PromptLogprobs: true, Sampling: llm.Sampling{MaxTokens: 20, Temperature: 1}}
				got := sample(t, New(core, m, nil), r)[0]
				for _, q := range got.Sequences {
					all := append(slices.Clone(r.Prompt), q.Tokens...)
					row := nn.Row{Tokens: all}
					for i, id := range all[1:] {
						row.Reads = append(row.Reads, nn.Read{At: i, Target: id})
					}
					packs, places := nn.PackRows([]nn.Row{row}, 0)
					want := m.Logprobs(num.NewTape(core), packs[0]).Data
					for i, p := range append(slices.Clone(got.Prompt[1:]), q.Logprobs...) {
						if w := want[places[0][i].Read]; math.Abs(float64(p-w)) > 1e-5*(1+math.Abs(float64(w))) {
							t.Errorf("token %d: log-probability %v, the forward pass says %v", i+1, p, w)
						}
					}
				}
			})
		}
	}
}

func TestADecoderWithHooksIsRefused(t *testing.T) {
	m := newModel(shapes()["llama, tied"])
	m.Hooks = []nn.Hook{func(_ *num.Tape, _ int, x *num.Tensor, _ *nn.Pack) *num.Tensor { return x }}
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "hooks") {
			t.Errorf("got %v, want a panic that names the hooks", v)
		}
	}()
	New(newCore(t, "go", 1), m, nil)
}

func TestGreedyTakesTheMostProbableToken(t *testing.T) {
	m := newModel(shapes()["qwen3, not tied"])
	prompt := randomTokens(rng.New(2, "p"), m.Shape.Vocab, 9)
	q := sample(t, New(newCore(t, "go", 1), m, nil), llm.Request{Prompt: prompt, N: 1, Sampling: llm.Sampling{MaxTokens: 12}})[0].Sequences[0]
	for i, id := range q.Tokens {
		all := slow(m, append(slices.Clone(prompt), q.Tokens[:i]...))
		last := all[len(all)-1]
		if best := slices.Max(last); last[id] < best-1e-6 {
			t.Fatalf("token %d is %d of log-probability %v, the best has %v", i, id, last[id], best)
		}
	}
}

// many are requests of odd sizes; some share prompts, some stop early.
func many(vocab int) []llm.Request {
	s := rng.New(3, "requests")
	var rs []llm.Request
	for i := range 17 {
		r := llm.Request{
			Prompt: randomTokens(s, vocab, 1+s.IntN(50)), N: 1 + i%4, PromptLogprobs: i%3 == 0,
			Sampling: llm.Sampling{MaxTokens: 1 + (i*5)%13, Temperature: float64(i%3) * 0.7, Seed: uint64(i), Stop: [][]int32{{int32(i)}}},
		}
		switch i % 5 {
		case 1:
			r.TopK = 7
		case 2:
			r.TopP = 0.8
		case 4:
			r.Prompt = rs[i-3].Prompt
		}
		rs = append(rs, r)
	}
	rs[6].MaxTokens = 0
	return rs
}

func TestAReplyIsTheSameToTheBitWhateverElseIsAsked(t *testing.T) {
	for name, shape := range shapes() {
		for _, family := range num.Families() {
			if family == "go" && !shape.QKNorm {
				continue // the slow family sees the shape that has everything
			}
			t.Run(name+"/"+family, func(t *testing.T) {
				m := newModel(shape)
				requests := many(shape.Vocab)
				want := sample(t, New(newCore(t, family, 1), m, nil), requests...)
				for _, workers := range []int{2, 3} {
					s := New(newCore(t, family, workers), m, nil)
					same(t, fmt.Sprintf("%d workers", workers), sample(t, s, requests...), want)
					for i := workers % 2; i < len(requests); i += 2 {
						same(t, fmt.Sprintf("request %d alone on %d workers", i, workers), sample(t, s, requests[i]), want[i:i+1])
					}
					back := slices.Clone(requests)
					slices.Reverse(back)
					got := sample(t, s, back...)
					slices.Reverse(got)
					same(t, "backwards", got, want)
				}
			})
		}
	}
}

func TestWavesChangeNoBit(t *testing.T) {
	m := newModel(shapes()["llama, tied"])
	requests := many(m.Shape.Vocab)
	s := New(newCore(t, "go", 2), m, nil)
	want := sample(t, s, requests...)
	for _, tokens := range []int{1, 200, 700} {
		s.bound = tokens * 2 * cacheFloats(m.Shape)
		if n := len(s.plan(requests, newReplies(requests))); n < 2 {
			t.Fatalf("%d waves with room for %d tokens, want several", n, tokens)
		}
		same(t, fmt.Sprintf("room for %d tokens", tokens), sample(t, s, requests...), want)
	}
}

func TestWeightsTooLargeForTheCachesChangeNoBit(t *testing.T) {
	m := newModel(shapes()["qwen3, not tied"])
	for _, family := range num.Families() {
		s := New(newCore(t, family, 2), m, nil)
		want := sample(t, s, many(m.Shape.Vocab)...)
		s.w.head, s.w.headRows = m.Head.Data, true // as it lies
		s.lanes = s.lanes[:1]                      // all workers share each product
		same(t, family, sample(t, s, many(m.Shape.Vocab)...), want)
	}
}

// same compares replies by their bits.
func same(t *testing.T, what string, got, want []llm.Reply) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d replies, want %d", what, len(got), len(want))
	}
	for i := range want {
		if len(got[i].Sequences) != len(want[i].Sequences) || !sameBits(got[i].Prompt, want[i].Prompt) {
			t.Fatalf("%s: reply %d differs in its prompt or number of sequences", what, i)
		}
		for j, w := range want[i].Sequences {
			g := got[i].Sequences[j]
			if !slices.Equal(g.Tokens, w.Tokens) || !sameBits(g.Logprobs, w.Logprobs) || g.Stop != w.Stop {
				t.Fatalf("%s: sequence %d of reply %d is %v, want %v", what, j, i, g, w)
			}
		}
	}
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }) && (a == nil) == (b == nil)
}

func TestSampleIOfASeedIsTheFirstOfSeedPlusI(t *testing.T) {
	m := newModel(shapes()["llama, tied"])
	s := New(newCore(t, "go", 2), m, nil)
	r := llm.Request{Prompt: []int32{3, 1, 4}, N: 5, Sampling: llm.Sampling{MaxTokens: 8, Temperature: 1, Seed: 70}}
	group := sample(t, s, r)[0].Sequences
	same(t, "again", sample(t, s, r), []llm.Reply{{Sequences: group}})
	different := false
	for i := range group {
		r.N, r.Seed = 1, 70+uint64(i)
		if got := sample(t, s, r)[0].Sequences[0]; !reflect.DeepEqual(got, group[i]) {
			t.Errorf("sample 0 of seed %d is %v, sample %d of seed 70 %v", r.Seed, got, i, group[i])
		}
		different = different || !slices.Equal(group[i].Tokens, group[0].Tokens)
	}
	if !different {
		t.Error("all seeds gave the same tokens")
	}
}

// words is a tokenizer whose token i is the letter a+i.
type words struct{ size int }

func (w words) Encode(string) ([]int32, error) { return nil, errors.New("not needed") }
func (w words) Size() int                      { return w.size }
func (w words) End() int32                     { return -1 }
func (w words) Decode(ids []int32) (string, error) {
	var text strings.Builder
	for _, id := range ids {
		if id < 0 || int(id) >= w.size {
			return "", fmt.Errorf("id %d of %d", id, w.size)
		}
		text.WriteByte('a' + byte(id))
	}
	return text.String(), nil
}

func TestAContinuationEndsWhereItShould(t *testing.T) {
	shape := shapes()["one head for keys"]
	m := newModel(shape)
	s := New(newCore(t, "go", 1), m, words{20}) // the vocabulary is padded beyond the tokenizer's
	free := llm.Request{Prompt: []int32{5, 6}, N: 1, Sampling: llm.Sampling{MaxTokens: 30, Temperature: 1, Seed: 2}}
	all := sample(t, s, free)[0].Sequences[0].Tokens
	at := slices.IndexFunc(all[3:], func(id int32) bool { return id < 20 }) + 3 // a token with a text
	text, _ := words{20}.Decode(all[at : at+1])
	first := func(stop ...int32) int { // tokens up to the end of the first place where stop stands
		for n := len(stop); n <= len(all); n++ {
			if slices.Equal(all[n-len(stop):n], stop) {
				return n
			}
		}
		return -1
	}
	for name, c := range map[string]struct {
		edit func(r *llm.Request)
		want int
		stop llm.StopReason
	}{
		"at its length":            {func(r *llm.Request) { r.MaxTokens = 7 }, 7, llm.Length},
		"behind a token":           {func(r *llm.Request) { r.Stop = [][]int32{{all[4]}} }, first(all[4]), llm.Stopped},
		"behind three tokens":      {func(r *llm.Request) { r.Stop = [][]int32{{0, 0, 0, 0}, all[4:7]} }, first(all[4:7]...), llm.Stopped},
		"behind a text":            {func(r *llm.Request) { r.StopText = []string{"zz", text} }, first(all[at]), llm.Stopped},
		"by the first of two":      {func(r *llm.Request) { r.Stop = [][]int32{all[8:12], all[2:4]} }, first(all[2:4]...), llm.Stopped},
		"by a stop on the last":    {func(r *llm.Request) { r.MaxTokens = 7; r.Stop = [][]int32{all[3:7]} }, 7, llm.Stopped},
		"not by its prompt's end":  {func(r *llm.Request) { r.MaxTokens = 3; r.Stop = [][]int32{{6, all[0]}} }, 3, llm.Length},
		"where nothing stops it":   {func(r *llm.Request) { r.Stop, r.StopText = [][]int32{{1, 1, 1, 1, 1}}, []string{"zz"} }, 30, llm.Length},
		"after a single token too": {func(r *llm.Request) { r.Stop = [][]int32{{all[0]}} }, 1, llm.Stopped},
	} {
		t.Run(name, func(t *testing.T) {
			r := free
			c.edit(&r)
			got := sample(t, s, r)[0].Sequences[0]
			if len(got.Tokens) != c.want || got.Stop != c.stop || !slices.Equal(got.Tokens, all[:c.want]) || len(got.Logprobs) != c.want {
				t.Errorf("got %v, want the first %d of %v by %s", got, c.want, all, c.stop)
			}
		})
	}
}

func TestAContinuationEndsWithTheContext(t *testing.T) {
	m := newModel(shapes()["one head for keys"])
	s := New(newCore(t, "go", 1), m, nil)
	r := llm.Request{Prompt: randomTokens(rng.New(1, "p"), 33, 60), N: 2, Sampling: llm.Sampling{MaxTokens: 1000, Temperature: 1}}
	for _, q := range sample(t, s, r)[0].Sequences {
		if len(q.Tokens) != s.Context()-60 || q.Stop != llm.Length {
			t.Errorf("%d tokens by %s, want %d by length", len(q.Tokens), q.Stop, s.Context()-60)
		}
	}
}

func TestAPromptAloneIsRead(t *testing.T) {
	m := newModel(shapes()["llama, tied"])
	s := New(newCore(t, "go", 2), m, nil)
	prompt := randomTokens(rng.New(1, "p"), 61, 96) // all of the context
	got := sample(t, s, llm.Request{Prompt: prompt, N: 3, PromptLogprobs: true}, llm.Request{Prompt: prompt[:1], N: 1, PromptLogprobs: true})
	want := slow(m, prompt)
	for i := 1; i < len(prompt); i++ {
		if d := float64(got[0].Prompt[i]) - want[i-1][prompt[i]]; math.Abs(d) > 2e-5 {
			t.Errorf("token %d: %v, want %v", i, got[0].Prompt[i], want[i-1][prompt[i]])
		}
	}
	if len(got[0].Sequences) != 3 || got[0].Sequences[0].Tokens != nil || len(got[1].Prompt) != 1 {
		t.Errorf("got %d sequences, the first %v, and %d log-probabilities of one token", len(got[0].Sequences), got[0].Sequences[0], len(got[1].Prompt))
	}
}

func TestRequestsThatCannotBeServedAreInvalid(t *testing.T) {
	m := newModel(shapes()["one head for keys"])
	s := New(newCore(t, "go", 1), m, nil)
	for name, c := range map[string]struct {
		edit func(r *llm.Request)
		want string
	}{
		"no prompt":                {func(r *llm.Request) { r.Prompt = nil }, "no token"},
		"no samples":               {func(r *llm.Request) { r.N = 0 }, "0 samples"},
		"nothing to do":            {func(r *llm.Request) { r.MaxTokens = 0 }, "max_tokens is 0"},
		"negative length":          {func(r *llm.Request) { r.MaxTokens, r.PromptLogprobs = -1, true }, "max_tokens is -1"},
		"negative temperature":     {func(r *llm.Request) { r.Temperature = -1 }, "temperature is -1"},
		"temperature not a number": {func(r *llm.Request) { r.Temperature = math.NaN() }, "temperature is NaN"},
		"temperature too high":     {func(r *llm.Request) { r.Temperature = 101 }, "temperature is 101"},
		"top-p above one":          {func(r *llm.Request) { r.TopP = 1.5 }, "top_p is 1.5"},
		"a prompt without room":    {func(r *llm.Request) { r.Prompt = make([]int32, 64) }, "64 tokens"},
		"a prompt too long":        {func(r *llm.Request) { r.Prompt, r.MaxTokens, r.PromptLogprobs = make([]int32, 65), 0, true }, "65 tokens"},
		"a token above all":        {func(r *llm.Request) { r.Prompt = []int32{1, 33} }, "token 1 of the prompt is 33"},
		"a negative token":         {func(r *llm.Request) { r.Prompt = []int32{-1} }, "token 0 of the prompt is -1"},
		"an empty stop":            {func(r *llm.Request) { r.Stop = [][]int32{{1}, {}} }, "stop sequence 1 is empty"},
		"an empty stop text":       {func(r *llm.Request) { r.StopText = []string{""} }, "stop text 0 is empty"},
		"a text without tokenizer": {func(r *llm.Request) { r.StopText = []string{"end"} }, `"end" needs a tokenizer`},
	} {
		t.Run(name, func(t *testing.T) {
			r := llm.Request{Prompt: []int32{1}, N: 1, Sampling: llm.Sampling{MaxTokens: 1}}
			good := r
			c.edit(&r)
			_, err := s.Sample(t.Context(), []llm.Request{good, r})
			if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one of code invalid with %q", err, c.want)
			}
		})
	}
	if got := sample(t, s); len(got) != 0 {
		t.Errorf("no request got %d replies", len(got))
	}
}

// steps is a context that ends after it was asked so many times.
type steps struct {
	context.Context
	left int
}

func (c *steps) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestACancelledCallEndsBetweenSteps(t *testing.T) {
	m := newModel(shapes()["one head for keys"])
	s := New(newCore(t, "go", 1), m, nil)
	r := llm.Request{Prompt: []int32{1, 2}, N: 3, Sampling: llm.Sampling{MaxTokens: 20, Temperature: 1}}
	want := sample(t, s, r)
	for _, n := range []int{0, 1, 5, 19} {
		ctx := &steps{t.Context(), n}
		if _, err := s.Sample(ctx, []llm.Request{r}); !errors.Is(err, context.Canceled) || ctx.left != -1 {
			t.Errorf("cancelled at look %d: error %v, %d more looks, want the context's error at once", n, err, -1-ctx.left)
		}
	}
	same(t, "after cancelled calls", sample(t, s, r), want)
}

func TestSeveralGoroutinesMaySample(t *testing.T) {
	m := newModel(shapes()["llama, tied"])
	s := New(newCore(t, "go", 2), m, nil)
	requests := many(m.Shape.Vocab)
	want := sample(t, s, requests...)
	var wg sync.WaitGroup
	got := make([][]llm.Reply, 4)
	for i := range got {
		wg.Go(func() { got[i], _ = s.Sample(t.Context(), requests[i:i+3]) })
	}
	wg.Wait()
	for i := range got {
		same(t, fmt.Sprintf("goroutine %d", i), got[i], want[i:i+3])
	}
}

func TestSamplingLeavesTheModelAlone(t *testing.T) {
	m := newModel(shapes()["qwen3, not tied"])
	adapt(m)
	var before [][]float32
	for _, w := range m.Weights() {
		before = append(before, slices.Clone(w.Data))
	}
	sample(t, New(newCore(t, "go", 2), m, nil), many(m.Shape.Vocab)...)
	for i, w := range m.Weights() {
		if !sameBits(w.Data, before[i]) {
			t.Errorf("%s changed", w.Name)
		}
	}
}

func TestAStepAllocatesNothing(t *testing.T) {
	m := newModel(shapes()["qwen3, not tied"])
	for _, workers := range []int{1, 2} {
		s := New(newCore(t, "go", workers), m, nil)
		allocations := func(tokens int) float64 {
			r := []llm.Request{{Prompt: []int32{1, 2, 3}, N: 5, Sampling: llm.Sampling{MaxTokens: tokens, Temperature: 1, TopK: 20, TopP: 0.9}}}
			return testing.AllocsPerRun(5, func() { sample(t, s, r...) })
		}
		allocations(60) // buffers grow
		if few, more := allocations(10), allocations(60); more > few {
			t.Errorf("%d workers: %v allocations for 10 tokens, %v for 60", workers, few, more)
		}
	}
}

func TestCacheBytesCountsKeysAndValues(t *testing.T) {
	// 3 layers x 2 heads x 16 numbers x keys and values x 4 bytes
	if got := CacheBytes(shapes()["qwen3, not tied"]); got != 768 {
		t.Errorf("%d bytes a token, want 768", got)
	}
}
