package tinker

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// Sampler implements trainer.Trainer: the service keeps the weights as they are behind all calls before, for this session alone, or
// under a name where it refuses that.
func (t *Trainer) Sampler(ctx context.Context) (llm.Sampler, error) {
	m := t.model
	number := t.samplers.Add(1) - 1
	epoch := m.epoch.Load()
	id, err := m.keepForSession(ctx, number)
	if refusal(err) {
		id, err = m.keepByName(ctx, number)
	}
	if err != nil {
		return nil, err
	}
	return &Sampler{model: m, id: id, epoch: epoch, slots: make(chan struct{}, t.options.Concurrent)}, nil
}

// refusal says that the service understood and did not want to: another form of the call may do. A wrong key stays wrong.
func refusal(err error) bool {
	return err != nil && (lab.CodeOf(err) == lab.Invalid || errors.Is(err, errNoSession))
}

// errNoSession says that a service saved for a sampling session and named none.
var errNoSession = errors.New("it names no sampling session")

func (m *model) keepForSession(ctx context.Context, number int64) (string, error) {
	save := queued{what: wire.PathSaveForSampler, make: func(seq int64) (*call, error) {
		return post(wire.PathSaveForSampler, wire.SaveForSamplerRequest{Type: wire.PathSaveForSampler, ModelID: m.id, SeqID: seq, SessionSeqID: &number})
	}}
	return start(ctx, m, 1, []queued{save}, func(answers []*answer) (string, error) {
		reply, err := read[wire.SaveForSamplerReply](m.link, wire.PathSaveForSampler, answers[0])
		if err == nil && reply.SamplingSessionID == "" {
			garbled := m.garbled(wire.PathSaveForSampler, errNoSession)
			garbled.Err = errNoSession
			err = garbled
		}
		return reply.SamplingSessionID, err
	}).Wait(ctx)
}

func (m *model) keepByName(ctx context.Context, number int64) (string, error) {
	name := "loci-" + rand.Text()
	save := queued{what: wire.PathSaveForSampler, make: func(seq int64) (*call, error) {
		c, err := post(wire.PathSaveForSampler, wire.SaveForSamplerRequest{Type: wire.PathSaveForSampler, ModelID: m.id, SeqID: seq, Path: name})
		if err == nil {
			c.taken = func(ctx context.Context) (*answer, error) {
				return m.find(ctx, wire.SamplerSegment, wire.SamplerCheckpoint, name)
			}
		}
		return c, err
	}}
	path, err := start(ctx, m, 1, []queued{save}, func(answers []*answer) (string, error) {
		reply, err := read[wire.SaveForSamplerReply](m.link, wire.PathSaveForSampler, answers[0])
		if err == nil && reply.Path == "" {
			err = m.garbled(wire.PathSaveForSampler, lab.Errorf(lab.Invalid, "it names no path"))
		}
		return reply.Path, err
	}).Wait(ctx)
	if err != nil {
		return "", err
	}
	c, err := post(wire.PathCreateSamplingSession, wire.CreateSamplingSessionRequest{
		Type: wire.PathCreateSamplingSession, SessionID: m.session.id, SessionSeqID: number, ModelPath: path,
	})
	if err != nil {
		return "", err
	}
	a, err := m.submit(ctx, m.jitter, wire.PathCreateSamplingSession, c)
	if err != nil {
		return "", err
	}
	reply, err := read[wire.CreateSamplingSessionReply](m.link, wire.PathCreateSamplingSession, a)
	return reply.SamplingSessionID, err
}

// Sampler samples from weights that a service keeps. Several goroutines may use it.
type Sampler struct {
	model *model
	id    string // of the sampling session
	epoch int64
	seq   atomic.Int64  // of the next request, from 0
	slots chan struct{} // one for each request under way; the others wait
}

var _ llm.Sampler = (*Sampler)(nil)

// String leaves everything secret out.
func (s *Sampler) String() string { return "tinker.Sampler(" + s.id + ")" }

// Context implements llm.Sampler.
func (s *Sampler) Context() int { return s.model.context }

// Sample implements llm.Sampler. The first request that fails ends the others.
func (s *Sampler) Sample(ctx context.Context, requests []llm.Request) ([]llm.Reply, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	bounded, cancel := s.model.with(ctx)
	defer cancel()
	replies := make([]llm.Reply, len(requests))
	var group sync.WaitGroup
	var once sync.Once
	var failed error
	for i := range requests {
		if !s.slot(bounded) {
			break
		}
		seq := s.seq.Add(1) - 1
		group.Go(func() {
			defer func() { <-s.slots }()
			reply, err := s.one(bounded, seq, &requests[i])
			if err != nil {
				once.Do(func() { failed = err; cancel() })
			}
			replies[i] = reply
		})
	}
	group.Wait()
	if failed == nil && bounded.Err() != nil {
		failed = bounded.Err()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if failed != nil {
		return nil, s.model.closedOr(ctx, failed)
	}
	return replies, nil
}

// slot waits for a slot and says whether there is one; not once ctx has ended.
func (s *Sampler) slot(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case s.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// usable refuses weights that a service without snapshots has replaced by newer ones.
func (s *Sampler) usable() error {
	if s.model.life.Err() != nil {
		return lab.Errorf(lab.Cancelled, "the trainer was closed")
	}
	if s.model.profile.Snapshots || s.model.epoch.Load() == s.epoch {
		return s.model.ended()
	}
	return lab.Errorf(lab.Invalid, "training went on behind this sampler, and the training service at %s (%s) keeps no older weights",
		s.model.host, s.model.profile.Name).WithHint("make a new sampler after each step, or take a service that keeps snapshots")
}

// resubmissions is how often a sample that the service lost is asked for anew.
const resubmissions = 2

// one asks for one request's continuations.
func (s *Sampler) one(ctx context.Context, seq int64, r *llm.Request) (llm.Reply, error) {
	m := s.model
	if err := r.Check(m.context, 1<<31-1); err != nil {
		return llm.Reply{}, err
	}
	for n := 0; ; n++ {
		a, err := s.ask(ctx, seq, r)
		if errors.Is(err, errLost) && n < resubmissions {
			seq = s.seq.Add(1) - 1
			continue
		}
		if err != nil {
			return llm.Reply{}, err
		}
		return m.readSample(a, r)
	}
}

func (s *Sampler) ask(ctx context.Context, seq int64, r *llm.Request) (*answer, error) {
	m := s.model
	narrow := *r
	if isSkyRL(m.profile.Name) {
		narrow.Seed &= 1<<31 - 1 // its samplers take seeds of 31 bits
	}
	request, err := wire.NewSampleRequest(s.id, seq, &narrow)
	if err != nil {
		return nil, err
	}
	request.Type = "sample"
	c, err := post(wire.PathSample, request)
	if err != nil {
		return nil, err
	}
	a, err := m.submit(ctx, m.jitter, wire.PathSample, c)
	if err != nil {
		return nil, err
	}
	reply, err := read[wire.Queued](m.link, wire.PathSample, a)
	if err != nil {
		return nil, err
	}
	if reply.RequestID == "" {
		return nil, m.garbled(wire.PathSample, lab.Errorf(lab.Invalid, "it has no request_id"))
	}
	return m.await(ctx, m.jitter, wire.PathSample, reply.RequestID, !m.plain())
}

// readSample reads and checks a result.
func (m *model) readSample(a *answer, r *llm.Request) (llm.Reply, error) {
	var form wire.SampleReply
	var err error
	if isProto(a) {
		form, err = wire.DecodeSample(a.body)
	} else {
		form, err = wire.Decode[wire.SampleReply](a.body)
	}
	if err != nil {
		return llm.Reply{}, m.garbled(wire.PathSample, err)
	}
	reply, err := form.Reply(r)
	if err != nil {
		return llm.Reply{}, m.garbled(wire.PathSample, err)
	}
	return reply, nil
}
