// Package connect joins the parts of a paper's language model, as the notebook's `model:` says: the warm start and the trainer that takes it
// further, in this process or on a training service; or an endpoint, whose model answers and cannot be trained.
package connect

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/openai"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/trainer/tinker"
)

// The rungs: Tiny is our own engine; a training service is written "service NAME", a model endpoint "endpoint NAME".
const (
	Tiny     = "tiny"
	service  = "service "
	endpoint = "endpoint "
)

// Model is the language model of one run. It is used by one goroutine.
type Model struct {
	Warm  *base.Maker     // nil on an endpoint, which has no warm start
	Train trainer.Trainer // nil until the warm start is done, and on an endpoint

	core    *num.Core
	traces  base.Source
	rung    string
	bench   lab.Bench
	adapt   local.Options
	words   *llm.Words
	context int            // tokens
	client  *openai.Client // of an endpoint, once it was asked for
	began   bool           // Train is there, or was when the state was kept
}

// New prepares a model on that rung; "" is Tiny. Nothing is computed and no connection is made before Warm parts are asked for. On an
// endpoint, words and context are those of the spec, and nothing else of it counts.
func New(core *num.Core, rung string, bench lab.Bench, spec base.Spec, source base.Source, adapt local.Options) (*Model, error) {
	m := &Model{core: core, traces: source, rung: rung, bench: bench, adapt: adapt, context: spec.Shape.Context}
	var err error
	switch {
	case strings.HasPrefix(rung, endpoint):
		m.words, err = llm.NewWords(spec.Words)
	case rung == "" || rung == Tiny || strings.HasPrefix(rung, service):
		if m.Warm, err = base.New(core, bench, spec, source); err == nil {
			m.words = m.Warm.Words()
		}
	default:
		err = lab.Errorf(lab.Invalid, "model is %q, want %q, %q or %q", rung, Tiny, endpoint+"NAME", service+"NAME").
			WithHint("edit model in the run cell; `loci target add` sets up endpoints and services")
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Frozen tells whether the model cannot be trained: it is behind an endpoint. There is no warm start and no trainer then.
func (m *Model) Frozen() bool { return m.Warm == nil }

// WantsTraining is an error of code invalid on a model that cannot be trained: for a paper that is about training weights, and would show
// nothing without.
func (m *Model) WantsTraining(paper string) error {
	if !m.Frozen() {
		return nil
	}
	return lab.Errorf(lab.Invalid, "model is %q, and %s trains the weights of its model, which an endpoint does not allow, want %q or %q", m.rung, paper, Tiny, service+"NAME").
		WithHint("set model: tiny in the run cell")
}

// Advance does part of the warm start, from 1, of so many; the last opens the trainer. On an endpoint there is nothing to do but to see
// that it is set up.
func (m *Model) Advance(ctx context.Context, part, of int) error {
	if m.Frozen() {
		_, err := m.Chat()
		return err
	}
	if err := m.Warm.To(ctx, m.Warm.Steps()*part/of); err != nil || part < of {
		return err
	}
	return m.open(ctx)
}

// open makes the trainer. A Model that failed has none: a nil pointer in an interface would be closed as one.
func (m *Model) open(ctx context.Context) error {
	if m.Train != nil {
		return nil
	}
	if name, ok := strings.CutPrefix(m.rung, service); ok {
		t, err := m.connect(ctx, name)
		if err != nil {
			return err
		}
		m.Train = t
	} else {
		t, err := local.New(m.core, m.Warm.Model().Clone(), m.Warm.Words(), m.adapt)
		if err != nil {
			return err
		}
		m.Train = t
	}
	m.began = true
	return nil
}

func (m *Model) connect(ctx context.Context, name string) (*tinker.Trainer, error) {
	if m.bench.Service == nil {
		return nil, lab.Errorf(lab.Invalid, "service %q cannot be reached from here: no services are set up", name).WithHint("add one with `loci target add %s --service URL`", name)
	}
	s, err := m.bench.Service(name)
	if err != nil {
		return nil, err
	}
	model := s.BaseModel
	if model == "" {
		model = m.Warm.Key
	}
	return tinker.Open(ctx, tinker.Options{URL: s.URL, Key: s.Key, BaseModel: model, Rank: s.Rank, Profile: s.Profile})
}

// Supervise is one supervised step on n fresh examples, of which the first is number at behind those of the warm start: the control that
// spends an update on more imitation. It returns the loss, in nats a trained token, and the number of these tokens.
func (m *Model) Supervise(ctx context.Context, at uint64, n int, rate, clip float64) (loss, tokens float64, err error) {
	if err := m.WantsTraining("imitation"); err != nil {
		return 0, 0, err
	}
	data, tokens, err := base.Batch(m.traces, m.Warm.Spec.Examples()+at, n)
	if err != nil {
		return 0, 0, err
	}
	out, err := trainer.Imitate(ctx, m.Train, data, rate, clip)
	return out.Metrics[trainer.LossSum], tokens, err
}

// Tokenizer is the one of the spec's words, on every rung.
func (m *Model) Tokenizer() llm.Tokenizer { return m.words }

// Snapshot keeps the trainer's state. Before the trainer is there it keeps nothing: the warm start keeps itself in the cache, and a kept
// state must not depend on whether it was there already. An endpoint has no state: its answers are in its cache.
func (m *Model) Snapshot(w io.Writer) error {
	parts := []rl.Part{{Name: "began", State: rl.JSON(&m.began)}}
	if m.began {
		parts = append(parts, rl.Part{Name: "trainer", State: m.Train})
	}
	return rl.WriteParts(w, parts...)
}

// Restore brings the state back. It finishes the warm start first where the cache lost it.
func (m *Model) Restore(r io.Reader) error {
	var began bool
	if err := rl.ReadParts(r, rl.Part{Name: "began", State: rl.JSON(&began)}); err != nil || !began {
		return err
	}
	if m.Frozen() {
		return lab.Errorf(lab.Invalid, "the kept state is of a model that was trained, and model is %q", m.rung).WithHint("set model to what the run began with, or begin it anew")
	}
	if err := m.Advance(context.Background(), 1, 1); err != nil {
		return err
	}
	return rl.ReadParts(r, rl.Part{Name: "trainer", State: m.Train})
}

// Close ends trainer and warm start.
func (m *Model) Close() error {
	var err error
	if m.Warm != nil {
		err = m.Warm.Close()
	}
	if m.client != nil {
		err = errors.Join(err, m.client.Close())
	}
	if m.Train != nil {
		err = errors.Join(err, m.Train.Close())
	}
	return err
}
