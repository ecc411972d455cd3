package wire

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/llm"
)

// Paths of the calls that sample.
const (
	PathCreateSamplingSession = "create_sampling_session" // POST CreateSamplingSessionRequest, CreateSamplingSessionReply
	PathSamplers              = "samplers/"               // GET samplers/ID, SamplerReply
	PathSample                = "asample"                 // POST SampleRequest, future of SampleReply
)

// CreateSamplingSessionRequest fixes what is sampled from: exactly one of BaseModel and ModelPath.
type CreateSamplingSessionRequest struct {
	Type         string `json:"type,omitempty"`
	SessionID    string `json:"session_id" wire:"required"`
	SessionSeqID int64  `json:"sampling_session_seq_id" wire:"required"`
	BaseModel    string `json:"base_model,omitempty"`
	ModelPath    string `json:"model_path,omitempty"`
}

// CreateSamplingSessionReply names it.
type CreateSamplingSessionReply struct {
	Type              string `json:"type,omitempty"`
	SamplingSessionID string `json:"sampling_session_id" wire:"required"`
}

// SamplerReply describes a sampling session.
type SamplerReply struct {
	SamplerID string `json:"sampler_id" wire:"required"`
	BaseModel string `json:"base_model"`
	ModelPath string `json:"model_path,omitempty"`
}

// SampleRequest asks for continuations of a prompt.
type SampleRequest struct {
	Type              string         `json:"type,omitempty"`
	SamplingSessionID string         `json:"sampling_session_id,omitempty"`
	SeqID             *int64         `json:"seq_id,omitempty"` // from 0 in each sampling session
	BaseModel         string         `json:"base_model,omitempty"`
	ModelPath         string         `json:"model_path,omitempty"`
	NumSamples        *int           `json:"num_samples,omitempty"` // 1
	Prompt            ModelInput     `json:"prompt" wire:"required"`
	Params            SamplingParams `json:"sampling_params" wire:"required"`
	PromptLogprobs    bool           `json:"prompt_logprobs,omitempty"`
	TopKPrompt        int            `json:"topk_prompt_logprobs,omitempty"`
}

// SamplingParams says how tokens are drawn; what is nil has the protocol's default.
type SamplingParams struct {
	MaxTokens   *int     `json:"max_tokens,omitempty"`  // as many as the context has room for
	Temperature *float64 `json:"temperature,omitempty"` // 1
	TopP        *float64 `json:"top_p,omitempty"`       // 1
	TopK        *int     `json:"top_k,omitempty"`       // -1
	Seed        *Seed    `json:"seed,omitempty"`        // the server draws one
	Stop        *Stop    `json:"stop,omitempty"`
}

// Seed is 64 bits, which some write as a negative number.
type Seed uint64

// UnmarshalJSON reads both.
func (s *Seed) UnmarshalJSON(raw []byte) error {
	if unsigned, err := strconv.ParseUint(string(raw), 10, 64); err == nil {
		*s = Seed(unsigned)
		return nil
	}
	signed, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return bad("seed is %s, want a whole number of 64 bits", raw)
	}
	*s = Seed(signed)
	return nil
}

// Stop ends continuations: behind one of these texts, or behind one of these tokens.
type Stop struct {
	Texts  []string
	Tokens []int32
}

// MarshalJSON always writes a list: not every server takes a bare text.
func (s Stop) MarshalJSON() ([]byte, error) {
	if s.Tokens != nil {
		return json.Marshal(s.Tokens)
	}
	if s.Texts == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(s.Texts)
}

// UnmarshalJSON reads a text, a list of texts or a list of tokens.
func (s *Stop) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*s = Stop{Texts: []string{text}}
		return nil
	}
	*s = Stop{}
	if json.Unmarshal(raw, &s.Texts) == nil {
		return nil
	}
	if json.Unmarshal(raw, &s.Tokens) != nil {
		return bad("stop is %.60s, want a text, a list of texts or a list of token ids", raw)
	}
	s.Texts = nil
	return nil
}

// NewSampleRequest writes a request. The protocol knows stop texts or stop tokens, not both and no sequences of tokens; other requests
// are errors of code invalid. It always draws at least one token: who asked for none throws it away (SampleReply.Reply does).
func NewSampleRequest(session string, seq int64, r *llm.Request) (SampleRequest, error) {
	stop, err := newStop(&r.Sampling)
	if err != nil {
		return SampleRequest{}, err
	}
	topP, topK, seed, most := r.TopP, r.TopK, Seed(r.Seed), max(1, r.MaxTokens)
	if topP == 0 {
		topP = 1
	}
	if topK <= 0 {
		topK = -1
	}
	return SampleRequest{
		SamplingSessionID: session, SeqID: &seq, NumSamples: &r.N, Prompt: Tokens(r.Prompt), PromptLogprobs: r.PromptLogprobs,
		Params: SamplingParams{&most, &r.Temperature, &topP, &topK, &seed, stop},
	}, nil
}

func newStop(s *llm.Sampling) (*Stop, error) {
	if len(s.Stop) == 0 && len(s.StopText) == 0 {
		return nil, nil
	}
	if len(s.Stop) > 0 && len(s.StopText) > 0 {
		return nil, bad("a request has stop tokens and stop texts, and a service takes one of the two")
	}
	stop := &Stop{Texts: s.StopText}
	for _, sequence := range s.Stop {
		if len(sequence) != 1 {
			return nil, bad("a stop sequence has %d tokens, and a service takes single tokens or texts", len(sequence))
		}
		stop.Tokens = append(stop.Tokens, sequence[0])
	}
	return stop, nil
}

// Request reads a request for a model of that context, in tokens. A seed that is not given is left at 0; the caller sees it in Params.
func (r *SampleRequest) Request(context int) (llm.Request, error) {
	prompt, err := r.Prompt.Join()
	if err != nil {
		return llm.Request{}, err
	}
	p := &r.Params
	out := llm.Request{Prompt: prompt, N: or(r.NumSamples, 1), PromptLogprobs: r.PromptLogprobs}
	out.Sampling = llm.Sampling{
		MaxTokens: or(p.MaxTokens, context-len(prompt)), Temperature: or(p.Temperature, 1), TopP: or(p.TopP, 1),
		TopK: max(0, or(p.TopK, -1)), Seed: uint64(or(p.Seed, 0)),
	}
	if p.Stop != nil {
		out.StopText = p.Stop.Texts
		for _, id := range p.Stop.Tokens {
			out.Stop = append(out.Stop, []int32{id})
		}
	}
	return out, nil
}

func or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

// SampleReply has the continuations.
type SampleReply struct {
	Sequences      []Sequence `json:"sequences" wire:"required"`
	PromptLogprobs Logprobs   `json:"prompt_logprobs,omitempty"` // [T], NaN where there is none
	TopKPrompt     *TopK      `json:"topk_prompt_logprobs,omitempty"`
	CacheHits      int64      `json:"prompt_cache_hit_tokens,omitempty"` // tokens
}

// Sequence is one of them.
type Sequence struct {
	Stop     llm.StopReason `json:"stop_reason" wire:"required"`
	Tokens   []int32        `json:"tokens" wire:"required"`
	Logprobs []float32      `json:"logprobs,omitempty"`
}

// Logprobs are log-probabilities in nats; NaN travels as null.
type Logprobs []float32

// MarshalJSON writes them.
func (l Logprobs) MarshalJSON() ([]byte, error) {
	out := make([]*float32, len(l))
	for i := range l {
		if l[i] == l[i] {
			out[i] = &l[i]
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads them.
func (l *Logprobs) UnmarshalJSON(raw []byte) error {
	var values []*float32
	if err := json.Unmarshal(raw, &values); err != nil {
		return err
	}
	if *l = nil; values == nil {
		return nil
	}
	*l = make(Logprobs, len(values))
	for i, value := range values {
		(*l)[i] = or(value, float32(math.NaN()))
	}
	return nil
}

// NewSampleReply writes a reply.
func NewSampleReply(r *llm.Reply) SampleReply {
	out := SampleReply{Sequences: make([]Sequence, len(r.Sequences)), PromptLogprobs: r.Prompt}
	for i, s := range r.Sequences {
		out.Sequences[i] = Sequence{s.Stop, s.Tokens, s.Logprobs}
		if s.Tokens == nil {
			out.Sequences[i].Tokens = []int32{}
		}
	}
	return out
}

// Reply reads what a service gave for a request. What does not fit is an error of code unavailable: the service is wrong.
func (s *SampleReply) Reply(r *llm.Request) (llm.Reply, error) {
	if len(s.Sequences) != r.N {
		return llm.Reply{}, wrong("%d continuations came back for %d that were asked for", len(s.Sequences), r.N)
	}
	out := llm.Reply{Sequences: make([]llm.Sequence, r.N)}
	for i := range s.Sequences {
		if r.MaxTokens == 0 {
			out.Sequences[i].Stop = llm.Length
			continue
		}
		if err := s.Sequences[i].check(r.MaxTokens); err != nil {
			return llm.Reply{}, wrongAt(err, "continuation %d", i)
		}
		out.Sequences[i] = llm.Sequence{Tokens: s.Sequences[i].Tokens, Logprobs: s.Sequences[i].Logprobs, Stop: s.Sequences[i].Stop}
	}
	if !r.PromptLogprobs {
		return out, nil
	}
	if len(s.PromptLogprobs) != len(r.Prompt) || len(r.Prompt) == 0 {
		return llm.Reply{}, wrong("%d log-probabilities came back for a prompt of %d tokens", len(s.PromptLogprobs), len(r.Prompt))
	}
	out.Prompt = append([]float32{float32(math.NaN())}, s.PromptLogprobs[1:]...)
	for i, lp := range out.Prompt[1:] {
		if lp != lp || lp > 0 {
			return llm.Reply{}, wrong("the log-probability of token %d of the prompt is %v", i+1, lp)
		}
	}
	return out, nil
}

func (s *Sequence) check(most int) error {
	if s.Stop != llm.Stopped && s.Stop != llm.Length {
		return bad("stop_reason is %q, want %q or %q", s.Stop, llm.Stopped, llm.Length)
	}
	if len(s.Tokens) > most {
		return bad("%d tokens, want at most %d", len(s.Tokens), most)
	}
	if len(s.Logprobs) != len(s.Tokens) {
		return bad("%d log-probabilities for %d tokens", len(s.Logprobs), len(s.Tokens))
	}
	for i, lp := range s.Logprobs {
		if lp != lp || lp > 1e-3 {
			return bad("the log-probability of token %d is %v", i, lp)
		}
		if s.Tokens[i] < 0 {
			return bad("token %d is %d", i, s.Tokens[i])
		}
	}
	return nil
}
