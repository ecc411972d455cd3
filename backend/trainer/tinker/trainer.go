package tinker

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// Trainer is a model at a training service. One goroutine makes its calls, as trainer.Trainer says.
type Trainer struct {
	options  Options
	model    *model
	models   int64        // made in this session
	samplers atomic.Int64 // sampling sessions asked for in this session
}

var _ trainer.Trainer = (*Trainer)(nil)

// Open connects to the service and makes the model. The first model at a service may take minutes; ctx ends the wait. Errors have the
// code unavailable (nobody answers, or not as the protocol says), invalid (what was asked for is wrong) or that of ctx.
func Open(ctx context.Context, o Options) (*Trainer, error) {
	u, err := o.check()
	if err != nil {
		return nil, err
	}
	if o.Concurrent == 0 {
		o.Concurrent = usualConcurrent
	}
	if o.Stream == nil {
		o.Stream = rng.New(o.Seed, "tinker/retries/"+rand.Text()) // clients of one seed must not come back together
	}
	s, err := connect(ctx, &o, u, &jitter{stream: o.Stream})
	if err != nil {
		return nil, err
	}
	t := &Trainer{options: o, models: 1}
	if t.model, err = newModel(ctx, s, &o, 0); err != nil {
		s.close()
		return nil, err
	}
	return t, nil
}

// String leaves the key out.
func (t *Trainer) String() string {
	return fmt.Sprintf("tinker.Trainer(%s at %s)", t.model.id, t.model.host)
}

// GoString leaves the key out, too.
func (t *Trainer) GoString() string { return t.String() }

// Profile implements trainer.Trainer.
func (t *Trainer) Profile() trainer.Profile { return t.model.profile }

// Forward implements trainer.Trainer.
func (t *Trainer) Forward(ctx context.Context, data []rl.Datum, loss rl.Loss) *trainer.Future[trainer.Output] {
	return t.pass(ctx, data, loss, true)
}

// ForwardBackward implements trainer.Trainer. Large batches travel in several calls. If one of them fails after another has added its
// gradient, the trainer is of no more use, and the error says so.
func (t *Trainer) ForwardBackward(ctx context.Context, data []rl.Datum, loss rl.Loss) *trainer.Future[trainer.Output] {
	return t.pass(ctx, data, loss, false)
}

func (t *Trainer) pass(ctx context.Context, data []rl.Datum, loss rl.Loss, forwardOnly bool) *trainer.Future[trainer.Output] {
	m := t.model
	if err := t.checkRows(data, loss); err != nil {
		return trainer.Ready(trainer.Output{}, err)
	}
	m.pending = m.pending || !forwardOnly
	parts := chunks(data, m.config.MaxChunkLen, m.config.MaxChunkBytes, m.plain())
	calls := make([]queued, len(parts))
	for i, part := range parts {
		calls[i] = passCall(m.id, part, loss, forwardOnly)
	}
	return start(ctx, m, len(calls), calls, func(answers []*answer) (trainer.Output, error) {
		outputs := make([]trainer.Output, len(answers))
		for i, a := range answers {
			var err error
			if outputs[i], err = m.readOutput(a, parts[i], loss); err != nil {
				return trainer.Output{}, m.halfDone(!forwardOnly, err)
			}
		}
		return merge(outputs), nil
	})
}

func (t *Trainer) checkRows(data []rl.Datum, loss rl.Loss) error {
	if len(data) == 0 {
		return lab.Errorf(lab.Invalid, "no rows to train on, want at least 1")
	}
	if losses := t.model.profile.Losses; !slices.Contains(losses, loss.Name) {
		return lab.Errorf(lab.Invalid, "the training service at %s does not know the loss %q, want one of %q", t.model.host, loss.Name, losses).
			WithHint("take one of these losses, or another service")
	}
	for i := range data {
		if own := data[i].Low != nil || data[i].High != nil; own && isSkyRL(t.model.profile.Name) {
			return lab.Errorf(lab.Invalid, "row %d has bounds of the ratio for each token, and SkyRL at %s would pass over them", i, t.model.host).
				WithHint("set the bounds in the loss's numbers, or take another service")
		}
	}
	return nil
}

// passCall is a forward pass, as protobuf and as JSON.
func passCall(model string, data []rl.Datum, loss rl.Loss, forwardOnly bool) queued {
	q := queued{what: wire.PathForwardBackward, proto: true}
	if forwardOnly {
		q.what = wire.PathForward
	}
	q.make = func(seq int64) (*call, error) {
		request := wire.NewTrainRequest(model, seq, data, loss, forwardOnly)
		return &call{method: http.MethodPost, path: wire.PathForwardBackward, kind: wire.Protobuf, body: wire.EncodeTrain(&request), id: rand.Text()}, nil
	}
	q.json = func(seq int64) (*call, error) {
		return post(q.what, wire.NewTrainRequest(model, seq, data, loss, forwardOnly))
	}
	return q
}

// readOutput reads and checks a result. Where the service leaves the total loss or the losses of cross entropy out, they are computed
// here from its log-probabilities.
func (m *model) readOutput(a *answer, data []rl.Datum, loss rl.Loss) (trainer.Output, error) {
	var form wire.Output
	var err error
	if isProto(a) {
		form, err = wire.DecodeOutput(a.body)
	} else {
		form, err = wire.Decode[wire.Output](a.body)
	}
	if err != nil {
		return trainer.Output{}, m.garbled(loss.Name, err)
	}
	out, err := form.Output(data, loss.Name)
	if err != nil {
		return out, m.garbled(loss.Name, err)
	}
	_, given := out.Metrics[trainer.LossSum]
	sum := 0.0
	for i := range data {
		if given && out.Rows[i].Loss != nil || out.Rows[i].Logprobs == nil {
			continue
		}
		part, elementwise, err := loss.Eval(&data[i], out.Rows[i].Logprobs, nil)
		if err != nil {
			return out, err
		}
		if sum += part; out.Rows[i].Loss == nil {
			out.Rows[i].Loss = elementwise
		}
	}
	if !given {
		out.Metrics[trainer.LossSum] = sum
	}
	return out, nil
}

// OptimStep implements trainer.Trainer.
func (t *Trainer) OptimStep(ctx context.Context, adam trainer.Adam) *trainer.Future[trainer.Metrics] {
	m := t.model
	for _, v := range []float64{adam.LearningRate, adam.Beta1, adam.Beta2, adam.Eps, adam.WeightDecay, adam.GradClipNorm} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return trainer.Ready[trainer.Metrics](nil, lab.Errorf(lab.Invalid, "a number of the optimiser is %v, want a finite one", v))
		}
	}
	m.pending = false
	m.epoch.Add(1)
	step := queued{what: wire.PathOptimStep, make: func(seq int64) (*call, error) {
		return post(wire.PathOptimStep, wire.OptimStepRequest{Type: wire.PathOptimStep, ModelID: m.id, SeqID: seq, Adam: wire.NewAdamParams(adam)})
	}}
	return start(ctx, m, 1, []queued{step}, func(answers []*answer) (trainer.Metrics, error) {
		reply, err := read[wire.OptimStepReply](m.link, wire.PathOptimStep, answers[0])
		if reply.Metrics == nil {
			reply.Metrics = map[string]float64{}
		}
		return reply.Metrics, err
	})
}

// Close ends waits and goroutines, then lets the service free model and session, for a few seconds at most.
func (t *Trainer) Close() error {
	m := t.model
	if m.life.Err() != nil {
		return nil
	}
	m.end()
	m.tell(wire.PathUnload, wire.UnloadRequest{Type: wire.PathUnload, ModelID: m.id})
	m.close()
	return nil
}
