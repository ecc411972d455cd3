package engine

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// saveRequest adds what newer clients send.
type saveRequest struct {
	wire.SaveRequest
	Meta map[string]any `json:"user_metadata"`
}

func (s *Server) saveWeights(c *call, q *saveRequest) (any, error) {
	at, bad := ttl(q.TTL)
	name := q.Path
	if name == "" {
		name = fmt.Sprintf("call-%d-%s", q.SeqID, newID()[:6])
	}
	if bad == nil {
		bad = checkName(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.train(c, q.ModelID, q.SeqID, func(ctx context.Context, m *model) (result, error) {
		if bad != nil {
			return result{}, bad
		}
		k := checkpoint{Run: m.id, Kind: trainingKind, Name: name, Expires: at, Meta: q.Meta}
		if err := s.keep(ctx, m, k, q.Overwrite); err != nil {
			return result{}, err
		}
		return jsonResult(wire.SaveReply{Type: wire.PathSave, Path: k.path()}), nil
	})
}

// keep saves a model as a checkpoint. It runs in the training lane.
func (s *Server) keep(ctx context.Context, m *model, k checkpoint, replace bool) error {
	if s.disk.has(k.path()) && !replace {
		return errNameTaken(k) // before the work of saving
	}
	folder, err := s.saved(ctx, m)
	if err != nil {
		return err
	}
	k.Time = now()
	if err := s.disk.put(k, folder, replace); err != nil {
		_ = os.RemoveAll(folder)
		return err
	}
	return nil
}

// saved writes a model into a folder that does not outlive this process.
func (s *Server) saved(ctx context.Context, m *model) (string, error) {
	return m.live.Save(ctx, newID()).Wait(ctx)
}

// loadRequest adds the form in which newer clients make a model from a checkpoint: a session and a number in place of a model.
type loadRequest struct {
	wire.LoadRequest
	SessionID  string          `json:"session_id"`
	ModelSeqID *int64          `json:"model_seq_id"`
	BaseModel  string          `json:"base_model"`
	Meta       map[string]any  `json:"user_metadata"`
	Config     *wire.Optimizer `json:"optimizer_config"`
	Token      string          `json:"weights_access_token"`
}

func (s *Server) loadWeights(c *call, q *loadRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.SessionID != "" && q.ModelSeqID != nil {
		return s.createByLoad(c, q)
	}
	m, err := s.model(q.ModelID)
	if err != nil {
		return nil, err
	}
	_, again := s.calls.byKey[seqKey(m.id, q.SeqID)]
	if !again && (q.SeqID > 1 || m.begun()) {
		return nil, s.refused(m, q.SeqID, lab.Errorf(lab.Invalid, "load_weights with seq_id %d comes after other calls of the model, want it first, with seq_id 1", q.SeqID).
			WithHint("make a new model and load into it"))
	}
	if _, _, _, err := s.loadable(q.Path); err != nil {
		return nil, s.refused(m, q.SeqID, err)
	}
	return s.train(c, q.ModelID, q.SeqID, func(ctx context.Context, m *model) (result, error) {
		r, folder, _, err := s.loadable(q.Path)
		if err == nil {
			err = fits(r, m.run.Base, m.run.LoRA)
		}
		if err != nil {
			return result{}, err
		}
		if _, err := m.live.Load(ctx, folder, q.Optimizer).Wait(ctx); err != nil {
			return result{}, err
		}
		return jsonResult(wire.LoadReply{Type: wire.PathLoad, Path: q.Path, ModelID: m.id}), nil
	})
}

// loadable finds a checkpoint by its path.
func (s *Server) loadable(path string) (run, string, checkpoint, error) {
	if _, err := parsePath(path); err != nil {
		return run{}, "", checkpoint{}, err
	}
	k, r, folder, err := s.disk.find(path)
	return r, folder, k, err
}

// fits refuses a checkpoint of another base model or of other adapters.
func fits(from run, base string, b LoRA) error {
	a := from.LoRA
	a.Seed, b.Seed = 0, 0
	if from.Base != base || a != b {
		return lab.Errorf(lab.Invalid, "the checkpoint is of base model %q with adapters %+v, and the model is of %q with %+v", from.Base, a, base, b).
			WithHint("make the model with what weights_info says of the checkpoint")
	}
	return nil
}

func (s *Server) createByLoad(c *call, q *loadRequest) (any, error) {
	if err := checkOptimizer(q.Config); err != nil {
		return nil, err
	}
	r, folder, _, err := s.loadable(q.Path)
	if err != nil {
		return nil, err
	}
	if q.BaseModel != "" && q.BaseModel != r.Base {
		return nil, lab.Errorf(lab.Invalid, "base_model is %.200q, and the checkpoint is of %q", q.BaseModel, r.Base)
	}
	base, err := s.base(r.Base)
	if err != nil {
		return nil, err
	}
	return s.newModel(c, q.SessionID, *q.ModelSeqID, base, run{Base: r.Base, LoRA: r.LoRA, Meta: q.Meta}, &loading{q.Path, folder, q.Optimizer})
}

// saveForSamplerRequest adds what newer clients send: an inflight sampler follows the model, a snapshot stays.
type saveForSamplerRequest struct {
	wire.SaveForSamplerRequest
	Kind string         `json:"kind"`
	Meta map[string]any `json:"user_metadata"`
}

func (q *saveForSamplerRequest) check() error {
	switch {
	case q.Kind != "" && q.Kind != "snapshot" && q.Kind != "inflight":
		return lab.Errorf(lab.Invalid, "kind is %.100q, want snapshot or inflight", q.Kind)
	case (q.Path == "") == (q.SessionSeqID == nil):
		return lab.Errorf(lab.Invalid, "path is %.300q and sampling_session_seq_id %v, want one of the two", q.Path, or(q.SessionSeqID, -1))
	case q.Path != "":
		return checkName(q.Path)
	}
	return nil
}

func (s *Server) saveForSampler(c *call, q *saveForSamplerRequest) (any, error) {
	bad := q.check()
	at, err := ttl(q.TTL)
	if bad == nil {
		bad = err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.train(c, q.ModelID, q.SeqID, func(ctx context.Context, m *model) (result, error) {
		switch {
		case bad != nil:
			return result{}, bad
		case q.Path == "":
			return s.snapshot(ctx, m, *q.SessionSeqID, q.Kind == "inflight")
		}
		k := checkpoint{Run: m.id, Kind: samplerKind, Name: q.Path, Expires: at, Meta: q.Meta}
		if err := s.keep(ctx, m, k, false); err != nil {
			return result{}, err
		}
		return jsonResult(wire.SaveForSamplerReply{Type: wire.PathSaveForSampler, Path: k.path()}), nil
	})
}

// snapshot makes a sampling session of the weights as they are now, without a checkpoint. It runs in the training lane. The weights
// are written to disk all the same: a long training makes thousands of snapshots, and few of them are sampled at a time.
func (s *Server) snapshot(ctx context.Context, m *model, seq int64, inflight bool) (result, error) {
	folder, err := s.saved(ctx, m)
	if err != nil {
		return result{}, err
	}
	sampler, err := m.live.Sampler(ctx)
	if err != nil {
		_ = os.RemoveAll(folder)
		return result{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	src := &source{key: folder, base: m.base, run: m.run, folder: folder, passing: true, sampler: sampler, used: time.Now()}
	s.sources[src.key] = src
	id, err := s.openSampling(m.session, seq, src)
	if err != nil {
		s.dropSource(src)
		return result{}, err
	}
	if inflight {
		s.follow(m, src)
		s.samplers[id].follows = m.id
	}
	s.evict()
	return jsonResult(wire.SaveForSamplerReply{Type: wire.PathSaveForSampler, SamplingSessionID: id}), nil
}

// follow lets the model's earlier inflight samplers sample from its newest weights.
func (s *Server) follow(m *model, src *source) {
	for _, x := range s.samplers {
		if x.follows == m.id && x.source != src {
			s.release(x.source)
			x.source = src
			src.users++
		}
	}
}

// weightsReply adds what newer clients read.
type weightsReply struct {
	wire.WeightsInfoReply
	Optimizer wire.Optimizer `json:"optimizer_config"`
}

func (s *Server) weightsInfo(_ *call, q *wire.WeightsInfoRequest) (any, error) {
	r, _, _, err := s.loadable(q.Path)
	if err != nil {
		return nil, err
	}
	reply := wire.WeightsInfoReply{BaseModel: r.Base, IsLoRA: r.LoRA.Rank > 0}
	if reply.IsLoRA {
		reply.LoRARank, reply.TrainMLP, reply.TrainAttn, reply.TrainUnembed = &r.LoRA.Rank, &r.LoRA.MLP, &r.LoRA.Attention, &r.LoRA.Head
	}
	return weightsReply{reply, wire.Optimizer{Type: "adamw"}}, nil
}

// now is the time as it is kept with checkpoints.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
