package engine

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// sampleBatch is how many calls are decoded together.
const sampleBatch = 64

// samplingSession is what a client samples from.
type samplingSession struct {
	id      string
	session string
	source  *source
	follows string // model whose newest inflight weights are sampled, "" for fixed ones
	clones  int64  // copies of the client that asked for a number
}

// sampleJob is one call that samples.
type sampleJob struct {
	future  *future
	request llm.Request
	hide    int // log-probabilities of the prompt, from its beginning, that were not asked for
	sampler llm.Sampler
}

// openSampling makes a sampling session and returns its id.
func (s *Server) openSampling(sessionID string, seq int64, src *source) (string, error) {
	x, err := s.session(sessionID)
	if err != nil {
		return "", err
	}
	id := fmt.Sprintf("%s:sample:%d", sessionID, seq)
	if _, exists := s.samplers[id]; exists || seq < 0 {
		return "", lab.Errorf(lab.Invalid, "sampling_session_seq_id is %d, want one that is new", seq)
	}
	s.samplers[id] = &samplingSession{id: id, session: sessionID, source: src}
	x.samplers = append(x.samplers, id)
	src.users++
	return id, nil
}

func (s *Server) closeSampling(id string) {
	if x, ok := s.samplers[id]; ok {
		delete(s.samplers, id)
		s.release(x.source)
	}
}

func (s *Server) createSampling(c *call, q *wire.CreateSamplingSessionRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := fmt.Sprintf("sampling_session_seq_id %d of session %s", q.SessionSeqID, q.SessionID)
	if answer, known, err := s.calls.again(key, c.digest); known || err != nil {
		return answer, err
	}
	if _, err := s.session(q.SessionID); err != nil {
		return nil, err
	}
	src, err := s.sourceOf(q.BaseModel, q.ModelPath)
	if err != nil {
		return nil, err
	}
	id, err := s.openSampling(q.SessionID, q.SessionSeqID, src)
	if err != nil {
		return nil, err
	}
	answer := wire.CreateSamplingSessionReply{Type: wire.PathCreateSamplingSession, SamplingSessionID: id}
	s.calls.accept(key, c.digest, id, answer)
	return answer, nil
}

func (s *Server) samplingSession(id string) (*samplingSession, error) {
	x, ok := s.samplers[id]
	if !ok {
		return nil, lab.Errorf(lab.NotFound, "no sampling session %.100q", id).WithHint("make one with create_sampling_session")
	}
	if owner, ok := s.sessions[x.session]; ok {
		owner.last = time.Now()
	}
	return x, nil
}

func (s *Server) showSampler(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.samplingSession(c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return wire.SamplerReply{SamplerID: x.id, BaseModel: x.source.base.About().Name, ModelPath: x.source.path}, nil
}

// joinRequest and joinReply give copies of a sampling client numbers of their own, so that their calls do not collide.
type joinRequest struct {
	SamplingSessionID string `json:"sampling_session_id" wire:"required"`
}

type joinReply struct {
	Counter int64 `json:"client_counter"`
}

func (s *Server) join(_ *call, q *joinRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.samplingSession(q.SamplingSessionID)
	if err != nil {
		return nil, err
	}
	x.clones++
	return joinReply{x.clones}, nil
}

// sampleRequest adds what newer clients may ask for.
type sampleRequest struct {
	wire.SampleRequest
	TopKSample   int   `json:"topk_sample_logprobs"`
	Targets      any   `json:"target_prompt_logprobs"`
	Alternatives int   `json:"prompt_alt_tokens_k"`
	LastN        *int  `json:"prompt_logprobs_last_n"`
	Stability    *bool `json:"record_stability_info"`
}

// unsupported refuses what would otherwise be left out without a word.
func (q *sampleRequest) unsupported() error {
	for _, f := range []struct {
		name string
		set  bool
	}{{"topk_prompt_logprobs", q.TopKPrompt != 0}, {"topk_sample_logprobs", q.TopKSample != 0}, {"target_prompt_logprobs", q.Targets != nil},
		{"prompt_alt_tokens_k", q.Alternatives != 0}} {
		if f.set {
			return lab.Errorf(lab.Invalid, "%s is not supported by this server", f.name).WithHint("leave it out; prompt_logprobs and a forward call give log-probabilities of chosen tokens")
		}
	}
	return nil
}

func (s *Server) sample(c *call, q *sampleRequest) (any, error) {
	if err := q.unsupported(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	src, key, err := s.sampled(c, q)
	if err != nil {
		return nil, err
	}
	j, err := s.newSample(q, src.base)
	if err != nil {
		return nil, err
	}
	first := func(f *future) error { j.future = f; s.whenOpen(src, j); return nil }
	answer, err := s.once(c, key, "", first)
	queued, ok := answer.(wire.Queued)
	if err != nil || !ok || len(queued.Sequences) > 0 {
		return answer, err
	}
	for i := range j.request.N {
		queued.Sequences = append(queued.Sequences, fmt.Sprintf("%s-%d", queued.RequestID, i))
	}
	s.calls.accept(key, c.digest, string(queued.RequestID), queued)
	return queued, nil
}

// sampled is what a call samples from, and what it is remembered by.
func (s *Server) sampled(c *call, q *sampleRequest) (*source, string, error) {
	if q.SamplingSessionID == "" {
		src, err := s.sourceOf(q.BaseModel, q.ModelPath)
		return src, c.idempotentKey(), err
	}
	x, err := s.samplingSession(q.SamplingSessionID)
	if err != nil {
		return nil, "", err
	}
	if q.SeqID == nil {
		return x.source, c.idempotentKey(), nil
	}
	return x.source, fmt.Sprintf("seq_id %d of sampling session %s", *q.SeqID, x.id), nil
}

// newSample reads and checks a request, so that what is wrong with it is said at once and cannot spoil a batch.
func (s *Server) newSample(q *sampleRequest, base Base) (*sampleJob, error) {
	about := base.About()
	r, err := q.Request(about.Context)
	if err != nil {
		return nil, err
	}
	if q.Params.Seed == nil {
		r.Seed = rand.Uint64()
	}
	if endsText(q.Params.Stop) {
		for _, end := range about.Ends {
			r.Stop = append(r.Stop, []int32{end})
		}
	}
	if err := r.Check(about.Context, about.Vocab); err != nil {
		return nil, err
	}
	switch {
	case r.N > s.limits.Samples:
		return nil, lab.Errorf(lab.Invalid, "num_samples is %d, want 1 to %d", r.N, s.limits.Samples)
	case len(r.StopText) > 0 && base.Text() == nil:
		return nil, lab.Errorf(lab.Invalid, "stop text %.100q needs a tokenizer, and model %q has none", r.StopText[0], about.Name).WithHint("give stop as token ids")
	case slices.Contains(r.StopText, ""):
		return nil, lab.Errorf(lab.Invalid, "a stop text is empty, want at least 1 character")
	case q.LastN != nil && (!q.PromptLogprobs || *q.LastN < 1 || *q.LastN >= len(r.Prompt)):
		return nil, lab.Errorf(lab.Invalid, "prompt_logprobs_last_n is %d, want 1 to %d, with prompt_logprobs", *q.LastN, len(r.Prompt)-1)
	}
	j := &sampleJob{request: r}
	if q.LastN != nil {
		j.hide = len(r.Prompt) - *q.LastN
	}
	return j, nil
}

// endsText tells whether the end of a text stops a continuation, too: unless the caller asks for no stop at all, by an empty list.
func endsText(stop *wire.Stop) bool { return stop == nil || len(stop.Texts)+len(stop.Tokens) > 0 }

func (s *Server) queueSample(src *source, j *sampleJob) {
	j.sampler = src.sampler
	s.sampling.add(&job{queue: src.key, load: j, run: s.decode, drop: func() {
		s.futures.finish(j.future, result{}, lab.Errorf(lab.NotFound, "the call was dropped, because its session ended"))
	}})
}

// decode samples for the calls of one source together. It runs in the sampling lane.
func (s *Server) decode(ctx context.Context, batch []*job) {
	for len(batch) > 0 {
		sampler := batch[0].load.(*sampleJob).sampler
		n := slices.IndexFunc(batch, func(j *job) bool { return j.load.(*sampleJob).sampler != sampler })
		if n < 0 {
			n = len(batch)
		}
		s.decodeWith(ctx, sampler, batch[:n])
		batch = batch[n:]
	}
}

func (s *Server) decodeWith(ctx context.Context, sampler llm.Sampler, batch []*job) {
	requests := make([]llm.Request, len(batch))
	begun := make([]*future, len(batch))
	for i, j := range batch {
		requests[i], begun[i] = j.load.(*sampleJob).request, j.load.(*sampleJob).future
	}
	s.begin(begun...)
	var replies []llm.Reply
	_, err := guarded(ctx, func(ctx context.Context) (r result, err error) {
		replies, err = sampler.Sample(ctx, requests)
		return r, err
	})
	if err != nil && len(batch) > 1 { // one of them is at fault; the others must not suffer
		for i := range batch {
			s.decodeWith(ctx, sampler, batch[i:i+1])
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, j := range batch {
		x := j.load.(*sampleJob)
		if err != nil {
			s.futures.finish(x.future, result{}, err)
		} else {
			s.futures.finish(x.future, sampleResult(replies[i], x.hide), nil)
		}
	}
}

func sampleResult(r llm.Reply, hide int) result {
	for i := range min(hide, len(r.Prompt)) {
		r.Prompt[i] = float32(math.NaN())
	}
	o := wire.NewSampleReply(&r)
	size := int64(512 + 4*len(r.Prompt))
	for _, q := range r.Sequences {
		size += 8 * int64(len(q.Tokens))
	}
	return result{json: o, proto: func() []byte { return wire.EncodeSample(&o) }, bytes: size}
}
