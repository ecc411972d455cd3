package engine

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/shelf"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// train puts a call of a model in its order and queues it. The number (seq) names the call; 0 is none.
func (s *Server) train(c *call, id string, seq int64, work func(context.Context, *model) (result, error)) (any, error) {
	m, err := s.model(id)
	if err != nil {
		return nil, err
	}
	key := c.idempotentKey()
	if seq > 0 {
		key = seqKey(id, seq)
	}
	return s.once(c, key, id, func(f *future) error {
		if err := m.order.check(int(seq)); err != nil {
			return err
		}
		if seq <= 0 {
			m.unnumbered = true
		}
		j := s.compute(id, f, func(ctx context.Context) (result, error) { return work(ctx, m) })
		m.order.arrive(int(seq), held{
			start: func() { s.training.add(j) },
			fail:  func(err error) { s.futures.finish(f, result{}, err) },
		})
		m.order.watch(s.limits.Gap, func() { s.gapOver(m) })
		return nil
	})
}

// seqKey is what a numbered call of a model is remembered by.
func seqKey(id string, seq int64) string { return fmt.Sprintf("seq_id %d of model %s", seq, id) }

// begun tells whether a training call of the model has had its turn.
func (m *model) begun() bool { return m.unnumbered || m.order.next > 1 }

// gapOver fails what waited in vain for a missing call.
func (s *Server) gapOver(m *model) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.order.giveUp(lab.Errorf(lab.Invalid, "call %d of the model did not come within %v, and later ones waited for it", m.order.next, s.limits.Gap).
		WithHint("send every seq_id from 1 on, without a gap"))
}

func (s *Server) forwardBackward(c *call) (any, error) { return s.pass(c, true) }

func (s *Server) forward(c *call) (any, error) { return s.pass(c, false) }

// pass queues a forward pass, with gradient unless the call or its body says otherwise. A body that cannot be read is refused; what
// is wrong with its values is the call's result, so that the calls after it keep their turns.
func (s *Server) pass(c *call, backward bool) (any, error) {
	q, err := readTrain(c)
	if err != nil {
		return nil, err
	}
	backward = backward && !q.ForwardOnly
	data, loss, bad := q.Rows()
	weigh(data, loss)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.train(c, q.ModelID, q.SeqID, func(ctx context.Context, m *model) (result, error) {
		if bad == nil {
			bad = checkRows(data, m.base.About())
		}
		if bad != nil {
			return result{}, bad
		}
		pass := m.live.Forward
		if backward {
			pass = m.live.ForwardBackward
		}
		out, err := pass(ctx, data, loss).Wait(ctx)
		if err != nil {
			return result{}, err
		}
		return outputResult(out, data), nil
	})
}

// weigh gives rows of cross entropy that name no weights the weight 1 everywhere.
func weigh(data []rl.Datum, loss rl.Loss) {
	for i := range data {
		if d := &data[i]; loss.Name == rl.CrossEntropy && d.Weights == nil {
			d.Weights = slices.Repeat([]float32{1}, len(d.Targets))
		}
	}
}

func readTrain(c *call) (q wire.TrainRequest, err error) {
	switch k := c.kind(); k {
	case wire.Protobuf:
		q, err = wire.DecodeTrain(c.body)
	case wire.JSON:
		q, err = wire.Decode[wire.TrainRequest](c.body)
	default:
		return q, status{lab.Errorf(lab.Invalid, "content type %.100q, want %q or %q", k, wire.Protobuf, wire.JSON), http.StatusUnsupportedMediaType}
	}
	if err != nil {
		return q, unreadable(err)
	}
	return q, nil
}

// checkRows refuses what a model of that kind cannot read, before anything is computed.
func checkRows(data []rl.Datum, about shelf.About) error {
	if len(data) == 0 {
		return lab.Errorf(lab.Invalid, "the batch has no row, want at least 1")
	}
	for i := range data {
		if n := len(data[i].Input); n > about.Context {
			return lab.Errorf(lab.Invalid, "row %d has %d tokens, and the model's context is %d", i, n, about.Context)
		}
		for _, ids := range [][]int32{data[i].Input, data[i].Targets} {
			for t, id := range ids {
				if id < 0 || int(id) >= about.Vocab {
					return lab.Errorf(lab.Invalid, "row %d has token %d at %d, want 0 to %d", i, id, t, about.Vocab-1)
				}
			}
		}
	}
	return nil
}

func outputResult(out trainer.Output, data []rl.Datum) result {
	o := wire.NewOutput(out, data)
	size := int64(512)
	for _, row := range out.Rows {
		size += 4 * int64(len(row.Logprobs)+len(row.Loss))
	}
	return result{json: o, proto: func() []byte { return wire.EncodeOutput(&o) }, bytes: size}
}

// stepRequest adds the form in which newer clients name another optimiser.
type stepRequest struct {
	wire.OptimStepRequest
	Other *struct {
		Type string `json:"type"`
		wire.AdamParams
	} `json:"optimizer_params"`
}

func (q *stepRequest) adam() (trainer.Adam, error) {
	if q.Other == nil {
		return q.Adam.Adam()
	}
	if t := q.Other.Type; t != "adamw" && t != "" {
		return trainer.Adam{}, lab.Errorf(lab.Invalid, "optimizer_params has the type %.100q, want adamw", t)
	}
	return q.Other.AdamParams.Adam()
}

func (s *Server) optimStep(c *call, q *stepRequest) (any, error) {
	adam, bad := q.adam()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.train(c, q.ModelID, q.SeqID, func(ctx context.Context, m *model) (result, error) {
		if bad != nil {
			return result{}, bad
		}
		metrics, err := m.live.OptimStep(ctx, adam).Wait(ctx)
		if metrics == nil {
			metrics = trainer.Metrics{}
		}
		return jsonResult(wire.OptimStepReply{Type: wire.PathOptimStep, Metrics: metrics}), err
	})
}

// refused gives up the number of a training call that is answered with an error at once: those after it must not wait for it.
func (s *Server) refused(m *model, seq int64, err error) error {
	if seq > 0 && m.order.check(int(seq)) == nil {
		m.order.skip(int(seq))
	}
	return err
}
