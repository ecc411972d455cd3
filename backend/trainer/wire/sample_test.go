package wire

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

func TestASampleRequestComesBackAsItWasSent(t *testing.T) {
	cases := map[string]llm.Request{
		"texts stop it":   {Prompt: []int32{5, 6}, N: 2, Sampling: llm.Sampling{MaxTokens: 32, Temperature: 1, TopP: 1, Seed: 7, StopText: []string{"\n", "END"}}},
		"tokens stop it":  {Prompt: []int32{5}, N: 1, Sampling: llm.Sampling{MaxTokens: 1, TopK: 3, TopP: 0.5, Seed: math.MaxUint64, Stop: [][]int32{{2}, {3}}}},
		"prompt logprobs": {Prompt: []int32{5, 6}, N: 1, PromptLogprobs: true, Sampling: llm.Sampling{MaxTokens: 4, TopP: 1}},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			sent, err := NewSampleRequest("s", 3, &want)
			if err != nil {
				t.Fatal(err)
			}
			body, err := Encode(sent)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode[SampleRequest](body)
			if err != nil {
				t.Fatal(err)
			}
			if request, err := got.Request(100); err != nil || !reflect.DeepEqual(request, want) {
				t.Errorf("got %+v, %v, want %+v", request, err, want)
			}
			if *got.SeqID != 3 || got.SamplingSessionID != "s" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWhatIsLeftOutHasTheDefaultsOfTheProtocol(t *testing.T) {
	r, err := Decode[SampleRequest]([]byte(`{"prompt":{"chunks":[{"type":"encoded_text","tokens":[1]},{"tokens":[2]}]},"sampling_params":{"stop":"x","seed":-1}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Request(10)
	want := llm.Request{Prompt: []int32{1, 2}, N: 1, Sampling: llm.Sampling{MaxTokens: 8, Temperature: 1, TopP: 1, Seed: math.MaxUint64, StopText: []string{"x"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestStopSequencesThatTheProtocolDoesNotKnowAreRefused(t *testing.T) {
	for wants, s := range map[string]llm.Sampling{
		"has 2 tokens":               {Stop: [][]int32{{1, 2}}},
		"stop tokens and stop texts": {Stop: [][]int32{{1}}, StopText: []string{"a"}},
	} {
		if _, err := NewSampleRequest("s", 0, &llm.Request{Sampling: s}); err == nil || !strings.Contains(err.Error(), wants) {
			t.Errorf("error is %v, want %q", err, wants)
		}
	}
	if _, err := Decode[SampleRequest]([]byte(`{"prompt":{"chunks":[]},"sampling_params":{"stop":{"a":1}}}`)); err == nil {
		t.Error("a stop that is an object is read")
	}
}

func reply() llm.Reply {
	return llm.Reply{
		Sequences: []llm.Sequence{{Tokens: []int32{7, 8}, Logprobs: []float32{-0.3, -1.1}, Stop: llm.Stopped},
			{Tokens: []int32{9}, Logprobs: []float32{-0.5}, Stop: llm.Length}},
		Prompt: []float32{float32(math.NaN()), -0.5},
	}
}

func TestASampleReplyComesBackAsItWasSent(t *testing.T) {
	want := reply()
	sent := NewSampleReply(&want)
	body, err := Encode(sent)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `"prompt_logprobs":[null,-0.5]`) {
		t.Errorf("JSON is %s", body)
	}
	fromJSON, err := Decode[SampleReply](body)
	if err != nil {
		t.Fatal(err)
	}
	fromProto, err := DecodeSample(EncodeSample(&sent))
	if err != nil {
		t.Fatal(err)
	}
	request := llm.Request{Prompt: []int32{5, 6}, N: 2, PromptLogprobs: true, Sampling: llm.Sampling{MaxTokens: 3}}
	for form, got := range map[string]SampleReply{"JSON": fromJSON, "protobuf": fromProto} {
		back, err := got.Reply(&request)
		if err != nil {
			t.Fatal(form, err)
		}
		if !reflect.DeepEqual(back.Sequences, want.Sequences) || back.Prompt[0] == back.Prompt[0] || back.Prompt[1] != -0.5 {
			t.Errorf("%s: got %+v", form, back)
		}
	}
}

// The fixture was written by the protocol's own protobuf classes; the second sequence has no log-probabilities.
func TestASampleReplyOfAnotherWriterIsRead(t *testing.T) {
	s, err := DecodeSample(fixture(t, "sample.pb"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Sequence{{llm.Stopped, []int32{7, 8}, []float32{-0.3, -1.1}}, {llm.Length, []int32{9}, nil}}
	if !reflect.DeepEqual(s.Sequences, want) || s.CacheHits != 3 || len(s.PromptLogprobs) != 2 || s.PromptLogprobs[1] != -0.5 {
		t.Errorf("got %+v", s)
	}
	top := TopK{2, []int32{0, 0, 4, 5}, []float32{-99999, -99999, -1, -2}}
	if !reflect.DeepEqual(*s.TopKPrompt, top) {
		t.Errorf("top-k is %+v", s.TopKPrompt)
	}
	body, err := json.Marshal(top)
	if err != nil || string(body) != "[null,[[4,-1],[5,-2]]]" {
		t.Errorf("JSON is %s, %v", body, err)
	}
	var again TopK
	if err := json.Unmarshal(body, &again); err != nil || !reflect.DeepEqual(again, top) {
		t.Errorf("top-k comes back as %+v, %v", again, err)
	}
}

func TestAWrongSampleIsNamed(t *testing.T) {
	cases := map[string]struct {
		change func(*SampleReply)
		wants  string
	}{
		"one too few":          {func(s *SampleReply) { s.Sequences = s.Sequences[:1] }, "1 continuations came back for 2"},
		"an unknown reason":    {func(s *SampleReply) { s.Sequences[0].Stop = "tired" }, `continuation 0: stop_reason is "tired"`},
		"too long":             {func(s *SampleReply) { s.Sequences[1].Tokens = make([]int32, 4) }, "continuation 1: 4 tokens, want at most 3"},
		"no log-probabilities": {func(s *SampleReply) { s.Sequences[0].Logprobs = nil }, "0 log-probabilities for 2 tokens"},
		"not a number":         {func(s *SampleReply) { s.Sequences[0].Logprobs[1] = float32(math.NaN()) }, "token 1 is NaN"},
		"more than certain":    {func(s *SampleReply) { s.Sequences[0].Logprobs[1] = 1 }, "token 1 is 1"},
		"a negative token":     {func(s *SampleReply) { s.Sequences[0].Tokens[1] = -1 }, "token 1 is -1"},
		"prompt too short":     {func(s *SampleReply) { s.PromptLogprobs = s.PromptLogprobs[:1] }, "1 log-probabilities came back for a prompt of 2"},
		"prompt without one":   {func(s *SampleReply) { s.PromptLogprobs[1] = float32(math.NaN()) }, "token 1 of the prompt is NaN"},
	}
	request := llm.Request{Prompt: []int32{5, 6}, N: 2, PromptLogprobs: true, Sampling: llm.Sampling{MaxTokens: 3}}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			given := reply()
			s := NewSampleReply(&given)
			c.change(&s)
			_, err := s.Reply(&request)
			if err == nil || !strings.Contains(err.Error(), c.wants) || lab.CodeOf(err) != lab.Unavailable {
				t.Errorf("error is %v, want %q of code unavailable", err, c.wants)
			}
		})
	}
}

func TestATokenThatNobodyAskedForIsThrownAway(t *testing.T) {
	request := llm.Request{Prompt: []int32{5, 6}, N: 2, PromptLogprobs: true}
	given := reply()
	s := NewSampleReply(&given)
	got, err := s.Reply(&request)
	if err != nil || len(got.Sequences) != 2 || got.Sequences[0].Tokens != nil || got.Prompt[1] != -0.5 {
		t.Errorf("got %+v, %v", got, err)
	}
}
