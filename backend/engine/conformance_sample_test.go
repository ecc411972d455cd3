package engine

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/trainer/shelf"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// sampler is a sampling session of the built-in model, whose tokens are bytes.
func (k *kit) sampler() string {
	k.Helper()
	return k.post("create_sampling_session", object{"session_id": k.session(), "sampling_session_seq_id": 0, "base_model": shelf.TinyName}).want(200).text("sampling_session_id")
}

func sampleBody(sampler string, seq int, params object, more ...object) object {
	body := object{"sampling_session_id": sampler, "seq_id": seq, "num_samples": 2, "sampling_params": params,
		"prompt": object{"chunks": []object{{"type": "encoded_text", "tokens": []int{104, 101, 121}}}}}
	for _, m := range more {
		for name, v := range m {
			body[name] = v
		}
	}
	return body
}

func (k *kit) sample(body object) wire.SampleReply {
	k.Helper()
	return into[wire.SampleReply](k.done("asample", body))
}

func tokensOf(r wire.SampleReply) [][]int32 {
	var all [][]int32
	for _, s := range r.Sequences {
		all = append(all, s.Tokens)
	}
	return all
}

func sameTokens(a, b wire.SampleReply) bool {
	return slices.EqualFunc(tokensOf(a), tokensOf(b), func(x, y []int32) bool { return slices.Equal(x, y) })
}

func TestS19SamplesHaveIDsAndSeedsRepeat(t *testing.T) {
	k := newKit(t)
	id := k.sampler()
	params := object{"max_tokens": 12, "temperature": 1, "seed": 7}
	q := k.post("asample", sampleBody(id, 0, params, object{"num_samples": 3})).want(200)
	ids := q.object()["sample_sequence_ids"].([]any)
	if len(ids) != 3 || ids[0] == ids[1] || ids[1] == ids[2] {
		t.Errorf("ids %v, want 3 different ones", ids)
	}
	first := into[wire.SampleReply](k.poll(q.text("request_id")))
	if again := k.sample(sampleBody(id, 1, params, object{"num_samples": 3})); !sameTokens(first, again) {
		t.Errorf("seed 7 gave %v, then %v", tokensOf(first), tokensOf(again))
	}
	params["seed"] = 8
	if next := k.sample(sampleBody(id, 2, params)); !slices.Equal(next.Sequences[0].Tokens, first.Sequences[1].Tokens) {
		t.Errorf("the first sample of seed 8 is %v, want the second of seed 7, %v", next.Sequences[0].Tokens, first.Sequences[1].Tokens)
	}
	delete(params, "seed")
	a, b := k.sample(sampleBody(id, 3, params)), k.sample(sampleBody(id, 4, params))
	if sameTokens(a, b) {
		t.Errorf("without a seed two calls gave %v", tokensOf(a))
	}
	again := k.post("asample", sampleBody(id, 4, params)).want(200)
	if r := into[wire.SampleReply](k.poll(again.text("request_id"))); !sameTokens(r, b) {
		t.Error("a call that was sent again gave other samples")
	}
	k.post("asample", sampleBody(id, 4, object{"max_tokens": 1})).want(409)
	small := k.post("create_sampling_session", object{"session_id": k.session(), "sampling_session_seq_id": 0, "base_model": tinyName}).want(200).text("sampling_session_id")
	if n := len(k.sample(sampleBody(small, 0, object{}, object{"prompt": object{"chunks": []object{{"tokens": []int{1, 2, 3}}}}})).Sequences[0].Tokens); n != 64-3 {
		t.Errorf("without max_tokens %d tokens came, want all that the context has room for, 61", n)
	}
}

func TestS19StopTextsStopTokensAndLengthAreToldApart(t *testing.T) {
	k := newKit(t)
	id := k.sampler()
	params := object{"max_tokens": 30, "temperature": 1, "seed": 11}
	whole := k.sample(sampleBody(id, 0, params)).Sequences[0]
	if whole.Stop != llm.Length || len(whole.Tokens) != 30 {
		t.Fatalf("without a stop: %v after %d tokens", whole.Stop, len(whole.Tokens))
	}
	at := slices.IndexFunc(whole.Tokens, func(id int32) bool { return id > 32 && id < 127 && id != '"' && id != '\\' })
	stop := whole.Tokens[at]
	first := slices.Index(whole.Tokens, stop) + 1
	for name, value := range map[string]any{
		"a text": string(rune(stop)), "a list of texts": []string{"\u00ff\u00fe", string(rune(stop))}, "a list of tokens": []int32{stop},
	} {
		params["stop"] = value
		got := k.sample(sampleBody(id, 1+len(name), params)).Sequences[0]
		if got.Stop != llm.Stopped || !slices.Equal(got.Tokens, whole.Tokens[:first]) || len(got.Logprobs) != first {
			t.Errorf("%s: %v after %v, want %v", name, got.Stop, got.Tokens, whole.Tokens[:first])
		}
	}
}

func TestTheEndOfATextStopsUnlessNoStopIsWanted(t *testing.T) {
	k := newKit(t, func(c *Config) {
		s := newShelf(t)
		ends := make([]int32, 17) // every token ends a text, so that one comes at once
		for i := range ends {
			ends[i] = int32(i)
		}
		c.Bases = []Base{s.Put(shelf.About{Name: tinyName, Ends: ends}, tinyModel(), nil)}
	})
	id := k.post("create_sampling_session", object{"session_id": k.session(), "sampling_session_seq_id": 0, "base_model": tinyName}).want(200).text("sampling_session_id")
	prompt := object{"prompt": object{"chunks": []object{{"tokens": []int{1}}}}}
	if s := k.sample(sampleBody(id, 0, object{"max_tokens": 5}, prompt)).Sequences[0]; s.Stop != llm.Stopped || len(s.Tokens) != 1 {
		t.Errorf("got %v after %v", s.Stop, s.Tokens)
	}
	if s := k.sample(sampleBody(id, 1, object{"max_tokens": 5, "stop": []int{}}, prompt)).Sequences[0]; s.Stop != llm.Length || len(s.Tokens) != 5 {
		t.Errorf("with an empty list of stops: %v after %v", s.Stop, s.Tokens)
	}
}

func TestS20LogprobsOfSamplesAreThoseOfAForwardPass(t *testing.T) {
	k := newKit(t)
	for _, rank := range []int{0, 3} {
		c := k.clientIn(k.session(), 0, rank)
		c.train(2)
		id := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "sampling_session_seq_id": 0}).text("sampling_session_id")
		prompt := []int{5, 9, 2, 2}
		body := sampleBody(id, 0, object{"max_tokens": 20, "seed": 3}, object{"prompt_logprobs": true, "prompt": object{"chunks": []object{{"tokens": prompt}}}})
		raw := k.done("asample", body)
		reply := into[wire.SampleReply](raw)
		if first := raw.object()["prompt_logprobs"].([]any)[0]; first != nil {
			t.Errorf("prompt_logprobs[0] is %v, want null", first)
		}
		for _, s := range reply.Sequences {
			whole := slices.Clone(prompt)
			for _, id := range s.Tokens {
				whole = append(whole, int(id))
			}
			want := c.forward(row(1, whole...)).Rows[0]["logprobs"].Floats
			got := append(slices.Clone([]float32(reply.PromptLogprobs[1:])), s.Logprobs...)
			for i := range want {
				if !near(float64(got[i]), float64(want[i]), 1e-4) {
					t.Errorf("rank %d: log-probability %d is %v sampled and %v in a forward pass", rank, i, got[i], want[i])
				}
			}
		}
		q := k.post("asample", sampleBody(id, 1, object{"max_tokens": 1}, object{"prompt_logprobs": true, "prompt_logprobs_last_n": 2, "prompt": object{"chunks": []object{{"tokens": prompt}}}})).want(200)
		b, err := wire.DecodeSample(k.poll(q.text("request_id"), "Accept", wire.Protobuf).want(200).body)
		if err != nil {
			t.Fatal(err)
		}
		for i, lp := range b.PromptLogprobs {
			if math.IsNaN(float64(lp)) != (i < 2) {
				t.Errorf("of the last 2 log-probabilities of the prompt %v came", b.PromptLogprobs)
			}
		}
	}
}

func TestBadSamplingIsRefusedAtOnce(t *testing.T) {
	k := newKit(t)
	id := k.sampler()
	ok := object{"max_tokens": 3}
	for name, c := range map[string]struct {
		params, more object
		want         int
	}{
		"no such session":          {ok, object{"sampling_session_id": "x"}, 404},
		"no session at all":        {ok, object{"sampling_session_id": ""}, 400},
		"a prompt without a token": {ok, object{"prompt": object{"chunks": []object{}}}, 400},
		"a token that is unknown":  {ok, object{"prompt": object{"chunks": []object{{"tokens": []int{256}}}}}, 400},
		"an image":                 {ok, object{"prompt": object{"chunks": []object{{"type": "image"}}}}, 400},
		"a prompt too long":        {ok, object{"prompt": object{"chunks": []object{{"tokens": make([]int, 2000)}}}}, 400},
		"no sample":                {ok, object{"num_samples": 0}, 400},
		"too many samples":         {ok, object{"num_samples": 100000}, 400},
		"a temperature below 0":    {object{"max_tokens": 1, "temperature": -1}, nil, 400},
		"top_p above 1":            {object{"max_tokens": 1, "top_p": 2}, nil, 400},
		"tokens below 0":           {object{"max_tokens": -1}, nil, 400},
		"an empty stop":            {object{"max_tokens": 1, "stop": ""}, nil, 400},
		"a stop that is a number":  {object{"max_tokens": 1, "stop": 7}, nil, 422},
		"top-k of the prompt":      {ok, object{"topk_prompt_logprobs": 3}, 400},
		"top-k of samples":         {ok, object{"topk_sample_logprobs": 3}, 400},
		"targets at the prompt":    {ok, object{"target_prompt_logprobs": object{"data": []int{1}, "dtype": "int64"}}, 400},
		"alternatives":             {ok, object{"prompt_alt_tokens_k": 1}, 400},
		"last_n without logprobs":  {ok, object{"prompt_logprobs_last_n": 1}, 400},
		"no params":                {nil, object{"sampling_params": nil}, 422},
	} {
		if r := k.post("asample", sampleBody(id, 50, c.params, c.more)); r.code != c.want {
			t.Errorf("%s: status %d, want %d: %s", name, r.code, c.want, r.body)
		}
	}
	k.post("create_sampling_session", object{"session_id": "x", "sampling_session_seq_id": 0, "base_model": tinyName}).want(404)
	session := k.session()
	for want, q := range map[int]object{404: {"base_model": "x"}, 400: {}} {
		q["session_id"], q["sampling_session_seq_id"] = session, 0
		k.post("create_sampling_session", q).want(want)
	}
	k.get("samplers/none").want(404)
}

func TestManyCallsAreDecodedTogetherAndGetWhatTheyWouldGetAlone(t *testing.T) {
	k := newKit(t)
	id := k.sampler()
	alone := k.sample(sampleBody(id, 0, object{"max_tokens": 9, "seed": 5}))
	var ids []string
	for i := range 2 * sampleBatch {
		ids = append(ids, k.post("asample", sampleBody(id, 1+i, object{"max_tokens": 9, "seed": 5 + 2*(i%3)})).want(200).text("request_id"))
	}
	for i, request := range ids {
		if got := into[wire.SampleReply](k.poll(request)); i%3 == 0 && !sameTokens(got, alone) {
			t.Errorf("call %d gave %v, alone %v", i, tokensOf(got), tokensOf(alone))
		}
	}
}

func TestSamplingWithoutASessionOfItsOwn(t *testing.T) {
	k := newKit(t)
	body := sampleBody("", 0, object{"max_tokens": 4, "seed": 5}, object{"base_model": shelf.TinyName})
	a, b := k.sample(body), k.sample(sampleBody(k.sampler(), 0, object{"max_tokens": 4, "seed": 5}))
	if !sameTokens(a, b) {
		t.Errorf("got %v, want %v", tokensOf(a), tokensOf(b))
	}
}

func TestCopiesOfASamplingClientGetNumbersOfTheirOwn(t *testing.T) {
	k := newKit(t)
	id := k.sampler()
	for want := range 2 {
		if n := k.post("join_sampling_session", object{"sampling_session_id": id}).want(200).object()["client_counter"]; n != float64(want+1) {
			t.Errorf("copy %d got the number %v", want, n)
		}
	}
	k.post("join_sampling_session", object{"sampling_session_id": "x"}).want(404)
	far := k.sample(sampleBody(id, 1_000_000_000_000_000_000, object{"max_tokens": 1}))
	if len(far.Sequences) != 2 {
		t.Errorf("got %v", far)
	}
}

func FuzzNoBodyMakesAServersMistake(f *testing.F) {
	for _, s := range []string{`{}`, `{"session_id":"x"}`, `{"model_id":"x","seq_id":-1}`, `[]`, `{"sampling_params":{"stop":[1,"a"]},"prompt":{"chunks":[{"tokens":[1]}]}}`, strings.Repeat("[", 100)} {
		f.Add(s)
	}
	paths := []string{"create_session", "create_model", "forward_backward", "forward", "optim_step", "save_weights", "load_weights", "save_weights_for_sampler",
		"weights_info", "create_sampling_session", "asample", "retrieve_future", "get_info", "unload_model", "sessions/x/finish"}
	f.Fuzz(func(t *testing.T, body string) {
		k := newKit(t)
		for _, path := range paths {
			if r := k.post(path, []byte(body)); r.code >= 500 {
				t.Errorf("%s: status %d: %s", path, r.code, r.body)
			}
			if r := k.post(path, []byte(body), "Content-Type", wire.Protobuf); r.code >= 500 {
				t.Errorf("%s in protobuf: status %d: %s", path, r.code, r.body)
			}
		}
	})
}
