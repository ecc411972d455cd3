package tinker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

func row() rl.Datum {
	return rl.Datum{Input: []int32{5, 6, 7}, Targets: []int32{6, 7, 8}, Weights: []float32{0, 1, 1}}
}

func policyRow() rl.Datum {
	return rl.Datum{Input: []int32{5, 6, 7}, Targets: []int32{6, 7, 8}, Logprobs: []float32{0, -1, -1}, Advantages: []float32{0, 1.5, 1.5}}
}

// exchange makes the whole of the protocol's minimal exchange and checks what comes back.
func exchange(t *testing.T, tr *Trainer) {
	t.Helper()
	ctx := t.Context()
	ce := rl.Loss{Name: rl.CrossEntropy}
	fwd, step := tr.ForwardBackward(ctx, []rl.Datum{row()}, ce), tr.OptimStep(ctx, trainer.NewAdam(1e-4))
	out, err := fwd.Wait(ctx)
	// weights 0, 1, 1 and log-probabilities -1: losses 0, 1, 1 and their sum 2
	if err != nil || out.Metrics[trainer.LossSum] != 2 || !reflect.DeepEqual(out.Rows[0].Loss, []float32{0, 1, 1}) {
		t.Fatalf("output is %+v, %v", out, err)
	}
	if _, err := step.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	sampler, err := tr.Sampler(ctx)
	if err != nil {
		t.Fatal(err)
	}
	replies, err := sampler.Sample(ctx, []llm.Request{{Prompt: []int32{5, 6}, N: 2, Sampling: llm.Sampling{MaxTokens: 2, Temperature: 1, Seed: 7, StopText: []string{"\n"}}}})
	// the last token 6, plus 1 and 2, plus the seed 7; the second sample has the next seed
	if err != nil || !reflect.DeepEqual(replies[0].Sequences[0].Tokens, []int32{14, 15}) || !reflect.DeepEqual(replies[0].Sequences[1].Tokens, []int32{15, 16}) {
		t.Fatalf("replies are %+v, %v", replies, err)
	}
	out, err = tr.ForwardBackward(ctx, []rl.Datum{policyRow()}, rl.Loss{Name: rl.PPO, Config: map[string]float64{rl.ClipLow: 0.8, rl.ClipHigh: 1.2}}).Wait(ctx)
	// on-policy: the ratio is 1 and the loss -1.5 at two positions
	if err != nil || math.Abs(out.Metrics[trainer.LossSum]+3) > 1e-6 {
		t.Fatalf("output is %+v, %v", out, err)
	}
	if _, err := tr.OptimStep(ctx, trainer.NewAdam(1e-4)).Wait(ctx); err != nil {
		t.Fatal(err)
	}
	var state bytes.Buffer
	if err := tr.Snapshot(&state); err != nil {
		t.Fatal(err)
	}
	if err := tr.Restore(&state); err != nil {
		t.Fatal(err)
	}
}

// want is what the exchange must have done at the service, once each. SkyRL refuses the sampler's first, unnamed form.
func want(skyrl bool) []string {
	head := []string{"create_model", "forward_backward 1", "optim_step 2", "save_weights_for_sampler 3"}
	tail := []string{"asample 0", "forward_backward 4", "optim_step 5", "save_weights 6", "create_model", "load_weights 1"}
	if skyrl {
		head = append(head, "save_weights_for_sampler 4")
		tail = []string{"asample 0", "forward_backward 5", "optim_step 6", "save_weights 7", "create_model", "load_weights 1"}
	}
	return append(head, tail...)
}

func TestTheWholeExchangeRunsAgainstBothKindsOfService(t *testing.T) {
	for _, skyrl := range []bool{false, true} {
		t.Run(fmt.Sprintf("skyrl %v", skyrl), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(skyrl)
				f.slow = 2
				tr := open(t, f)
				exchange(t, tr)
				if got := f.log(); !slices.Equal(got, want(skyrl)) {
					t.Errorf("the service did\n%v, want\n%v", got, want(skyrl))
				}
				name := map[bool]string{false: Loci, true: SkyRL}[skyrl]
				if got := tr.Profile().Name; got != name {
					t.Errorf("profile is %q, want %q", got, name)
				}
				if err := tr.Close(); err != nil {
					t.Error(err)
				}
				if f.beats < 10 {
					t.Errorf("%d signs of life in minutes of waiting", f.beats)
				}
			})
		})
	}
}

func TestWhatGoesWrongOnTheWayHasNoDoubleEffect(t *testing.T) {
	for name, what := range map[string]fault{"lost requests": lostAsk, "lost replies": lostTell, "duplicates": twice, "429": busy, "503": broken, "408": late} {
		for _, skyrl := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, skyrl %v", name, skyrl), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(skyrl)
					f.spoil = func(path string, n int) fault {
						loose := skyrl && slices.Contains([]string{"asample", "load_weights", "create_model"}, path)
						if n%2 == 1 || path == "client/dynamic_config" || skyrl && what == twice || loose && what == lostTell {
							return fine // SkyRL itself would do these twice
						}
						return what
					}
					tr := open(t, f)
					exchange(t, tr)
					got := f.log()
					if skyrl && what == lostTell {
						got = slices.Compact(got) // the refused unnamed save is no effect
					}
					if !slices.Equal(got, want(skyrl)) {
						t.Errorf("the service did\n%v, want\n%v", got, want(skyrl))
					}
					_ = tr.Close()
				})
			})
		}
	}
}

func TestSubmissionsKeepTheirOrderWhateverTheyWaitFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.spoil = func(path string, n int) fault {
			if path == "forward_backward" && n < 3 {
				return broken // the first submission waits; later ones must not overtake it
			}
			return fine
		}
		tr := open(t, f)
		var futures []*trainer.Future[trainer.Output]
		var steps []*trainer.Future[trainer.Metrics]
		for range 3 {
			futures = append(futures, tr.ForwardBackward(t.Context(), []rl.Datum{row()}, rl.Loss{Name: rl.CrossEntropy}))
			steps = append(steps, tr.OptimStep(t.Context(), trainer.NewAdam(1)))
		}
		for i := range futures {
			if _, err := steps[2-i].Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := futures[2-i].Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{"create_model", "forward_backward 1", "optim_step 2", "forward_backward 3", "optim_step 4", "forward_backward 5", "optim_step 6"}
		if got := f.log(); !slices.Equal(got, want) {
			t.Errorf("the service did %v", got)
		}
		_ = tr.Close()
	})
}

func TestALargeBatchTravelsInPiecesAndComesBackWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false) // pieces of 2 rows
		tr := open(t, f)
		data := []rl.Datum{row(), row(), row(), row(), row()}
		out, err := tr.ForwardBackward(t.Context(), data, rl.Loss{Name: rl.CrossEntropy}).Wait(t.Context())
		if err != nil || len(out.Rows) != 5 || out.Metrics[trainer.LossSum] != 10 || out.Metrics["rows:sum"] != 5 {
			t.Errorf("output is %+v, %v", out, err)
		}
		if got := f.log(); !slices.Equal(got, []string{"create_model", "forward_backward 1", "forward_backward 2", "forward_backward 3"}) {
			t.Errorf("the service did %v", got)
		}
		_ = tr.Close()
	})
}

func TestALargeBatchThatFailsInPartEndsTheTrainer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		n := 0
		f.result = func(path string, _ []byte) []byte {
			if n++; path == "forward_backward" && n == 3 {
				return []byte(`{"error":"out of memory","category":"server"}`)
			}
			return nil
		}
		tr := open(t, f)
		_, err := tr.ForwardBackward(t.Context(), []rl.Datum{row(), row(), row()}, rl.Loss{Name: rl.CrossEntropy}).Wait(t.Context())
		if lab.CodeOf(err) != lab.Unavailable || err == nil || !strings.Contains(err.Error(), "out of memory") {
			t.Errorf("error is %v", err)
		}
		if _, err := tr.OptimStep(t.Context(), trainer.NewAdam(1)).Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "an earlier call was lost") {
			t.Errorf("a step behind half a gradient gives %v", err)
		}
		_ = tr.Close()
	})
}

func TestAWrongAnswerIsAnErrorThatSaysSo(t *testing.T) {
	cases := map[string]struct {
		body  string
		code  lab.Code
		wants string
	}{
		"no JSON":             {`<html>hello</html>`, lab.Unavailable, "cannot be used"},
		"an empty body":       {``, lab.Unavailable, "cannot be used"},
		"missing fields":      {`{"metrics":{}}`, lab.Unavailable, `lacks "loss_fn_outputs"`},
		"too few rows":        {`{"loss_fn_outputs":[],"metrics":{}}`, lab.Unavailable, "0 rows came back for 1"},
		"a short row":         {`{"loss_fn_outputs":[{"logprobs":{"data":[-1],"dtype":"float32"}}],"metrics":{}}`, lab.Unavailable, "logprobs has 1 entries, want 3"},
		"NaN":                 {`{"loss_fn_outputs":[{"logprobs":{"data":[NaN,1,1],"dtype":"float32"}}],"metrics":{}}`, lab.Unavailable, "cannot be used"},
		"a failure of ours":   {`{"error":"the context is too short","category":"user"}`, lab.Invalid, "the context is too short"},
		"a failure of theirs": {`{"error":"key ` + testKey + `","category":"server"}`, lab.Unavailable, "failed at the training service"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				f.result = func(path string, _ []byte) []byte {
					if path == "forward_backward" {
						return []byte(c.body)
					}
					return nil
				}
				tr := open(t, f)
				_, err := tr.ForwardBackward(t.Context(), []rl.Datum{row()}, rl.Loss{Name: rl.CrossEntropy}).Wait(t.Context())
				if err == nil || lab.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.wants) || lab.HintOf(err) == "" {
					t.Errorf("error is %v (%v, hint %q), want %q of code %v", err, lab.CodeOf(err), lab.HintOf(err), c.wants, c.code)
				}
				noKey(t, err)
				_ = tr.Close()
			})
		})
	}
}

// noKey fails if the key can be seen in the error, its causes or the values given.
func noKey(t *testing.T, err error, others ...any) {
	t.Helper()
	for _, v := range append(others, err, errors.Unwrap(err)) {
		for _, form := range []string{"%v", "%+v", "%#v"} {
			if text := fmt.Sprintf(form, v); strings.Contains(text, testKey) {
				t.Errorf("the key is in %q", text)
			}
		}
	}
}

func TestAServiceThatNeverAnswersEndsAsUnavailableAndTheKeyIsNowhere(t *testing.T) {
	for name, what := range map[string]fault{"no connection": lostAsk, "503": broken, "429": busy} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(false)
				f.spoil = func(path string, _ int) fault {
					if path == "optim_step" {
						return what
					}
					return fine
				}
				tr := open(t, f)
				began := time.Now()
				_, err := tr.OptimStep(t.Context(), trainer.NewAdam(1)).Wait(t.Context())
				want := tries
				if what == busy {
					want = 1 + int(patience/(2*time.Second)) // as often as its Retry-After of 2 s allows
				}
				if lab.CodeOf(err) != lab.Unavailable || lab.HintOf(err) == "" || f.count("optim_step") != want {
					t.Errorf("error is %v after %d tries and %v, want %d", err, f.count("optim_step"), time.Since(began), want)
				}
				noKey(t, err, tr, tr.model, f.options(), tr.model.link)
				_, err = tr.OptimStep(t.Context(), trainer.NewAdam(1)).Wait(t.Context())
				if err == nil || !strings.Contains(err.Error(), "an earlier call was lost") {
					t.Errorf("the call behind a lost one gives %v", err)
				}
				_ = tr.Close()
			})
		})
	}
}

func TestARetryWaitsAsLongAsTheServiceAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.spoil = func(path string, n int) fault {
			if path == "optim_step" && n == 0 {
				return busy
			}
			return fine
		}
		tr := open(t, f)
		began := time.Now()
		if _, err := tr.OptimStep(t.Context(), trainer.NewAdam(1)).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("it took %v, want the 2 s of Retry-After", took)
		}
		_ = tr.Close()
	})
}

func TestCancellingEndsAWaitAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		tr := open(t, f)
		f.slow = 1 << 30
		ctx, cancel := context.WithCancel(t.Context())
		step := tr.OptimStep(ctx, trainer.NewAdam(1))
		_ = sleep(t.Context(), 100*time.Second)
		began := time.Now()
		cancel()
		if _, err := step.Wait(t.Context()); !errors.Is(err, context.Canceled) || time.Since(began) != 0 {
			t.Errorf("error is %v after %v", err, time.Since(began))
		}
		step = tr.OptimStep(t.Context(), trainer.NewAdam(1))
		synctest.Wait()
		_ = tr.Close()
		if _, err := step.Wait(t.Context()); lab.CodeOf(err) != lab.Cancelled || err == nil {
			t.Errorf("behind Close the error is %v", err)
		}
	})
}

func TestSamplesAreAskedForWithinABoundAndTheirRepliesKeepTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.slow = 1
		o := f.options()
		o.Concurrent = 3
		tr, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		sampler, err := tr.Sampler(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		requests := make([]llm.Request, 9)
		for i := range requests {
			requests[i] = llm.Request{Prompt: []int32{int32(10 * i)}, N: 1, Sampling: llm.Sampling{MaxTokens: 1}}
		}
		began := time.Now()
		replies, err := sampler.Sample(t.Context(), requests)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range replies {
			if r.Sequences[0].Tokens[0] != int32(10*i+1) {
				t.Errorf("reply %d is %+v", i, r)
			}
		}
		if took := time.Since(began); took != 90*time.Second { // 9 requests, 3 at a time, 30 s each
			t.Errorf("it took %v", took)
		}
		if sampler.Context() != 64 {
			t.Errorf("context is %d", sampler.Context())
		}
		_ = tr.Close()
	})
}

func TestPromptLogprobsAloneGenerateNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := open(t, newFake(false))
		sampler, err := tr.Sampler(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := sampler.Sample(t.Context(), []llm.Request{{Prompt: []int32{1, 2, 3}, N: 1, PromptLogprobs: true}})
		if err != nil || len(got[0].Sequences[0].Tokens) != 0 || len(got[0].Prompt) != 3 || got[0].Prompt[0] == got[0].Prompt[0] {
			t.Errorf("got %+v, %v", got, err)
		}
		_ = tr.Close()
	})
}

func TestAnOldSamplerIsRefusedWhereTheServiceKeepsNoOldWeights(t *testing.T) {
	for _, skyrl := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tr := open(t, newFake(skyrl))
			sampler, err := tr.Sampler(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tr.OptimStep(t.Context(), trainer.NewAdam(1)).Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err = sampler.Sample(t.Context(), []llm.Request{{Prompt: []int32{1}, N: 1, Sampling: llm.Sampling{MaxTokens: 1}}})
			if skyrl != (lab.CodeOf(err) == lab.Invalid && err != nil) {
				t.Errorf("skyrl %v: error is %v", skyrl, err)
			}
			_ = tr.Close()
		})
	}
}

func TestATakenNameIsOursOnlyIfWeAskedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.names["weights/old"] = true
		f.spoil = func(path string, n int) fault {
			if path == "save_weights" && n == 1 {
				return lostTell
			}
			return fine
		}
		tr := open(t, f)
		if _, err := tr.Save(t.Context(), "old").Wait(t.Context()); lab.CodeOf(err) != lab.Conflict || err == nil {
			t.Errorf("a name that somebody else took gives %v", err)
		}
		path, err := tr.Save(t.Context(), "new").Wait(t.Context())
		if err != nil || path != "tinker://s1:train:0/weights/new" {
			t.Errorf("path is %q, %v", path, err)
		}
		_ = tr.Close()
	})
}

func TestAStepWhoseResultIsLostEndsTheTrainer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.spoil = func(path string, n int) fault {
			if path == "retrieve_future" && n > 0 {
				return gone
			}
			return fine
		}
		tr := open(t, f)
		if _, err := tr.OptimStep(t.Context(), trainer.NewAdam(1)).Wait(t.Context()); lab.CodeOf(err) != lab.Unavailable || err == nil {
			t.Errorf("error is %v", err)
		}
		if _, err := tr.Sampler(t.Context()); err == nil || !strings.Contains(err.Error(), "an earlier call was lost") {
			t.Errorf("a sampler behind a lost step gives %v", err)
		}
		_ = tr.Close()
	})
}

func TestBoundsForEachTokenAreRefusedWhereTheyWouldBePassedOver(t *testing.T) {
	for _, skyrl := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tr := open(t, newFake(skyrl))
			d := policyRow()
			d.Low, d.High = []float32{0.8, 0.8, 0.8}, []float32{1.2, 1.2, 1.2}
			_, err := tr.Forward(t.Context(), []rl.Datum{d}, rl.Loss{Name: rl.PPO}).Wait(t.Context())
			if skyrl != (err != nil && strings.Contains(err.Error(), "row 0 has bounds")) {
				t.Errorf("skyrl %v: error is %v", skyrl, err)
			}
			_ = tr.Close()
		})
	}
}

func TestMistakesAreNamedBeforeAnythingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := open(t, newFake(false))
		_, save := tr.Save(t.Context(), "a/b").Wait(t.Context())
		_, empty := tr.Forward(t.Context(), nil, rl.Loss{Name: rl.PPO}).Wait(t.Context())
		_, loss := tr.Forward(t.Context(), []rl.Datum{row()}, rl.Loss{Name: "hinge"}).Wait(t.Context())
		_, nan := tr.OptimStep(t.Context(), trainer.Adam{LearningRate: math.NaN()}).Wait(t.Context())
		_, path := tr.Load(t.Context(), "/etc/x", true).Wait(t.Context())
		tr.ForwardBackward(t.Context(), []rl.Datum{row()}, rl.Loss{Name: rl.CrossEntropy})
		_, second := tr.Load(t.Context(), "tinker://a/weights/b", true).Wait(t.Context())
		for wants, err := range map[string]error{
			`"a/b"`: save, "no rows": empty, `"hinge"`: loss, "NaN": nan, `"/etc/x"`: path, "first call": second,
			"gradients wait": tr.Snapshot(&bytes.Buffer{}), "no path": tr.Restore(strings.NewReader(`{"path":"x"}`)),
		} {
			if err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), wants) {
				t.Errorf("error is %v, want %q of code invalid", err, wants)
			}
		}
		_ = tr.Close()
	})
}
