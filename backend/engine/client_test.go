package engine

import (
	"bytes"
	"context"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/trainer/tinker"
)

// both opens the same model twice: through client, network and server, and in this process.
func both(t *testing.T, rank int) (far *tinker.Trainer, near *local.Trainer) {
	t.Helper()
	web := httptest.NewServer(newKit(t).server)
	t.Cleanup(web.Close)
	far, err := tinker.Open(t.Context(), tinker.Options{URL: web.URL, Key: lab.NewSecret(testKey), BaseModel: tinyName, Rank: rank, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	core := num.NewCore(num.Go(), 1)
	t.Cleanup(core.Close)
	if near, err = local.New(core, tinyModel(), nil, local.Options{Rank: rank, Seed: 5}); err != nil {
		t.Fatal(err)
	}
	return far, near
}

// supervised makes steps of cross entropy, of three rows in one batch, and returns everything that came back.
func supervised(ctx context.Context, t *testing.T, tr trainer.Trainer, steps int) (all []trainer.Output) {
	t.Helper()
	data := []rl.Datum{
		{Input: []int32{1, 2, 3}, Targets: []int32{2, 3, 4}, Weights: []float32{0, 1, 0.5}},
		{Input: []int32{5, 6}, Targets: []int32{6, 7}, Weights: []float32{1, -0.25}},
		{Input: []int32{8}, Targets: []int32{9}, Weights: []float32{2}},
	}
	for range steps {
		pass := tr.ForwardBackward(ctx, data, rl.Loss{Name: rl.CrossEntropy})
		step := tr.OptimStep(ctx, trainer.Adam{LearningRate: 0.01, Beta1: 0.8, Beta2: 0.9, Eps: 1e-8, WeightDecay: 0.1, GradClipNorm: 0.5})
		out, err := pass.Wait(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := step.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		all = append(all, out)
	}
	return all
}

// reinforced samples, rewards the third token of the vocabulary, and trains on what was sampled. It returns what was drawn and what
// came back.
func reinforced(ctx context.Context, t *testing.T, tr trainer.Trainer, steps int) (drawn []llm.Reply, all []trainer.Output) {
	t.Helper()
	for n := range steps {
		sampler, err := tr.Sampler(ctx)
		if err != nil {
			t.Fatal(err)
		}
		prompt := []int32{1, 2, 3}
		replies, err := sampler.Sample(ctx, []llm.Request{{Prompt: prompt, N: 3, PromptLogprobs: true,
			Sampling: llm.Sampling{MaxTokens: 4, Temperature: 1, TopP: 1, Seed: uint64(7 + 10*n)}}})
		if err != nil {
			t.Fatal(err)
		}
		replies[0].Prompt = replies[0].Prompt[1:] // the first is NaN, which equals nothing
		drawn = append(drawn, replies...)
		var data []rl.Datum
		for _, s := range replies[0].Sequences {
			data = append(data, policyRow(prompt, s))
		}
		out, err := tr.ForwardBackward(ctx, data, rl.Loss{Name: rl.PPO, Config: map[string]float64{rl.ClipLow: 0.8, rl.ClipHigh: 1.2}}).Wait(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.OptimStep(ctx, trainer.NewAdam(0.02)).Wait(ctx); err != nil {
			t.Fatal(err)
		}
		all = append(all, out)
	}
	return drawn, all
}

func policyRow(prompt []int32, s llm.Sequence) rl.Datum {
	whole := append(append([]int32(nil), prompt...), s.Tokens...)
	n, from := len(whole)-1, len(prompt)-1
	d := rl.Datum{Input: whole[:n], Targets: whole[1:], Logprobs: make([]float32, n), Advantages: make([]float32, n)}
	for i, token := range s.Tokens {
		d.Logprobs[from+i] = s.Logprobs[i]
		d.Advantages[from+i] = -0.5
		if token%3 == 0 {
			d.Advantages[from+i] = 1
		}
	}
	return d
}

func TestALoopThroughClientAndServerIsTheLoopInThisProcess(t *testing.T) {
	for name, rank := range map[string]int{"all weights": 0, "adapters": 4} {
		t.Run(name+", supervised", func(t *testing.T) {
			far, near := both(t, rank)
			got, want := supervised(t.Context(), t, far, 3), supervised(t.Context(), t, near, 3)
			for i := range want {
				if !reflect.DeepEqual(got[i].Rows, want[i].Rows) || got[i].Metrics[trainer.LossSum] != want[i].Metrics[trainer.LossSum] {
					t.Fatalf("step %d: got %+v, want %+v", i, got[i], want[i])
				}
			}
			if got[0].Metrics[trainer.LossSum] == got[2].Metrics[trainer.LossSum] {
				t.Error("the loss did not move, so the test shows nothing")
			}
		})
		t.Run(name+", reinforced", func(t *testing.T) {
			far, near := both(t, rank)
			gotDrawn, got := reinforced(t.Context(), t, far, 3)
			wantDrawn, want := reinforced(t.Context(), t, near, 3)
			if !reflect.DeepEqual(gotDrawn, wantDrawn) {
				t.Errorf("drew %+v, want %+v", gotDrawn, wantDrawn)
			}
			for i := range want {
				if !reflect.DeepEqual(got[i].Rows, want[i].Rows) {
					t.Fatalf("step %d: got %+v, want %+v", i, got[i], want[i])
				}
			}
		})
	}
}

func TestAStateKeptAtTheServerGoesOnAsIfNothingHadHappened(t *testing.T) {
	far, _ := both(t, 4)
	supervised(t.Context(), t, far, 2)
	var state bytes.Buffer
	if err := far.Snapshot(&state); err != nil {
		t.Fatal(err)
	}
	want := supervised(t.Context(), t, far, 2)
	if err := far.Restore(&state); err != nil {
		t.Fatal(err)
	}
	if got := supervised(t.Context(), t, far, 2); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if name := far.Profile().Name; name != tinker.Loci {
		t.Errorf("profile is %q", name)
	}
}

func TestASamplerMadeThroughTheClientStaysAsItWas(t *testing.T) {
	far, _ := both(t, 0)
	sampler, err := far.Sampler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request := []llm.Request{{Prompt: []int32{1, 2}, N: 1, Sampling: llm.Sampling{MaxTokens: 6}}}
	before, err := sampler.Sample(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	supervised(t.Context(), t, far, 3)
	after, err := sampler.Sample(t.Context(), request)
	if err != nil || !reflect.DeepEqual(after, before) {
		t.Errorf("got %+v, %v, want %+v", after, err, before)
	}
}
