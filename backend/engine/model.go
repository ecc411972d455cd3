package engine

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// model is one in training.
type model struct {
	id         string
	session    string
	base       Base
	run        run // what is kept of it on disk
	order      order
	unnumbered bool            // a training call without a number was accepted
	live       trainer.Trainer // read and written by the training lane alone; nil until it is made
}

// model finds one, and notes that its client is there.
func (s *Server) model(id string) (*model, error) {
	m, ok := s.models[id]
	if !ok {
		return nil, lab.Errorf(lab.NotFound, "no model %.100q", id).WithHint("make one with create_model; models end with their sessions and with unload_model")
	}
	if x, ok := s.sessions[m.session]; ok {
		x.last = time.Now()
	}
	m.run.LastRequest = time.Now()
	return m, nil
}

func (s *Server) base(name string) (Base, error) {
	b, ok := s.bases[name]
	if !ok {
		return nil, lab.Errorf(lab.NotFound, "no base model %.200q, want one of %s", name, strings.Join(slices.Sorted(maps.Keys(s.bases)), ", ")).
			WithHint("put a model folder below the folder that --models names, and start the server again")
	}
	return b, nil
}

// maxRank bounds the adapters' rank: beyond it they are larger than what they adapt.
const maxRank = 1024

func readLoRA(q *wire.LoRA) (LoRA, error) {
	if q == nil || q.Rank == 0 {
		return LoRA{MLP: true, Attention: true, Head: true}, nil
	}
	l := LoRA{Rank: q.Rank, MLP: or(q.TrainMLP, true), Attention: or(q.TrainAttn, true), Head: or(q.TrainUnembed, true), Seed: uint64(or(q.Seed, 0))}
	switch {
	case q.Rank < 0 || q.Rank > maxRank:
		return l, lab.Errorf(lab.Invalid, "rank is %d, want 0 (all weights) to %d", q.Rank, maxRank)
	case !l.MLP && !l.Attention && !l.Head:
		return l, lab.Errorf(lab.Invalid, "train_mlp, train_attn and train_unembed are all false, want at least one true")
	}
	return l, nil
}

func or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

func checkOptimizer(o *wire.Optimizer) error {
	if o != nil && o.Type != "" && o.Type != "adamw" {
		return lab.Errorf(lab.Invalid, "optimizer_config has the type %.100q, want adamw", o.Type)
	}
	return nil
}

func (s *Server) createModel(c *call, q *wire.CreateModelRequest) (any, error) {
	if err := checkOptimizer(q.Optimizer); err != nil {
		return nil, err
	}
	lora, err := readLoRA(q.LoRA)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	base, err := s.base(q.BaseModel)
	if err != nil {
		return nil, err
	}
	return s.newModel(c, q.SessionID, q.ModelSeqID, base, run{Base: q.BaseModel, LoRA: lora, Meta: q.UserMetadata}, nil)
}

// loading is what a new model begins with in place of its base model's weights.
type loading struct {
	path, folder string
	optimizer    bool
}

// newModel queues the making of a model, once for each number in a session.
func (s *Server) newModel(c *call, sessionID string, seq int64, base Base, r run, from *loading) (any, error) {
	x, err := s.session(sessionID)
	if err != nil {
		return nil, err
	}
	r.ID = fmt.Sprintf("%s:train:%d", sessionID, seq)
	return s.once(c, "model_seq_id "+r.ID, r.ID, func(f *future) error {
		if _, exists := s.models[r.ID]; exists || seq < 0 {
			return lab.Errorf(lab.Invalid, "model_seq_id is %d, want one that is new", seq)
		}
		if len(s.models) >= s.limits.Models {
			return lab.Errorf(lab.Budget, "%d models are in training, the most there may be", len(s.models)).WithHint("end one with unload_model, or finish its session")
		}
		r.LastRequest = time.Now()
		m := &model{id: r.ID, session: sessionID, base: base, run: r, order: newOrder()}
		s.models[r.ID] = m
		x.models = append(x.models, r.ID)
		s.training.add(s.compute(r.ID, f, func(ctx context.Context) (result, error) { return s.make(ctx, m, from) }))
		return nil
	})
}

// make builds the model. It runs in the training lane.
func (s *Server) make(ctx context.Context, m *model, from *loading) (result, error) {
	live, err := m.run.LoRA.train(ctx, m.base, s.disk.passing())
	if err == nil && from != nil {
		if _, err = live.Load(ctx, from.folder, from.optimizer).Wait(ctx); err != nil {
			_ = live.Close() // the first error says why
		}
	}
	if err == nil {
		err = s.disk.putRun(s.runOf(m))
	}
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.forgetModel(m, lab.Errorf(lab.NotFound, "the model could not be made: %w", err))
		return result{}, err
	}
	m.live = live
	if from != nil {
		return jsonResult(wire.LoadReply{Type: wire.PathLoad, Path: from.path, ModelID: m.id}), nil
	}
	return jsonResult(wire.CreateModelReply{Type: wire.PathCreateModel, ModelID: m.id}), nil
}

// forgetModel drops a model and everything that waits for it.
func (s *Server) forgetModel(m *model, why error) {
	delete(s.models, m.id)
	m.order.giveUp(why)
	s.training.clear(m.id)
	if x, ok := s.sessions[m.session]; ok {
		x.models = slices.DeleteFunc(x.models, func(id string) bool { return id == m.id })
	}
}

// unload drops a model; its memory is free when done is called.
func (s *Server) unload(id string, done func()) {
	m, ok := s.models[id]
	if !ok {
		return
	}
	s.forgetModel(m, lab.Errorf(lab.NotFound, "the model %.100q was unloaded", id))
	s.training.add(&job{queue: id, drop: done, run: func(context.Context, []*job) {
		s.free(m, s.runOf(m))
		done()
	}})
}

// runOf is what is kept of a model, read by a lane.
func (s *Server) runOf(m *model) run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.run
}

// free closes a model. It runs in the training lane, or after it has ended.
func (s *Server) free(m *model, r run) {
	if m.live != nil {
		if err := m.live.Close(); err != nil {
			s.cfg.Log.Error("a model could not be closed", "model", m.id, "error", err)
		}
		m.live = nil
	}
	if err := s.disk.putRun(r); err != nil { // the time of its last request
		s.cfg.Log.Error("a run could not be kept", "model", m.id, "error", err)
	}
}

func (s *Server) unloadModel(c *call, q *wire.UnloadRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.once(c, c.idempotentKey(), q.ModelID, func(f *future) error {
		if _, err := s.model(q.ModelID); err != nil {
			return err
		}
		s.unload(q.ModelID, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.futures.finish(f, jsonResult(wire.UnloadReply{Type: wire.PathUnload, ModelID: q.ModelID}), nil)
		})
		return nil
	})
}

// infoReply adds what newer clients read.
type infoReply struct {
	wire.GetInfoReply
	Optimizer wire.Optimizer `json:"optimizer_config"`
}

func (s *Server) getInfo(_ *call, q *wire.GetInfoRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.model(q.ModelID)
	if err != nil {
		return nil, err
	}
	about := m.base.About()
	return infoReply{wire.GetInfoReply{
		Type: wire.PathGetInfo, ModelID: m.id, IsLoRA: m.run.LoRA.Rank > 0, LoRARank: m.run.LoRA.Rank, ModelName: about.Name,
		ModelData: wire.ModelData{Arch: about.Arch, ModelName: about.Name, TokenizerID: about.Tokenizer},
	}, wire.Optimizer{Type: "adamw"}}, nil
}

// once queues a call and answers with its future; the same call under the same key gets the first answer again.
func (s *Server) once(c *call, key, modelID string, queue func(*future) error) (any, error) {
	if answer, known, err := s.calls.again(key, c.digest); known || err != nil {
		return answer, err
	}
	f, err := s.futures.add(int64(len(c.body)))
	if err != nil {
		return nil, err
	}
	if err := queue(f); err != nil {
		s.futures.forget(f)
		return nil, err
	}
	answer := wire.Queued{RequestID: wire.RequestID(f.id), ModelID: modelID}
	s.calls.accept(key, c.digest, f.id, answer)
	return answer, nil
}

// compute makes a job that settles a future with what work returns.
func (s *Server) compute(queue string, f *future, work func(context.Context) (result, error)) *job {
	return &job{
		queue: queue,
		run: func(ctx context.Context, _ []*job) {
			s.begin(f)
			r, err := guarded(ctx, work)
			if err != nil && lab.CodeOf(err) == lab.Internal {
				s.cfg.Log.Error("a queued call failed", "queue", queue, "error", err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.futures.finish(f, r, err)
		},
		drop: func() {
			s.futures.finish(f, result{}, lab.Errorf(lab.NotFound, "the call was dropped, because its model or session ended"))
		},
	}
}

// guarded turns a panic of the numeric core into an error: one bad call must not end the server.
func guarded(ctx context.Context, work func(context.Context) (result, error)) (r result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = lab.Errorf(lab.Internal, "panic: %v\n%s", p, debug.Stack())
		}
	}()
	return work(ctx)
}

func jsonResult(v any) result { return result{json: v, bytes: 512} }
