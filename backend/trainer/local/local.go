// Package local trains a decoder in this process. It computes each call at once, in the goroutine that makes it, so every future that it
// returns is done.
package local

import (
	"context"
	"slices"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/tiny"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
)

// Options say what of a model is trained and how. The zero value trains all weights.
type Options struct {
	Rank  int     // of the adapters (LoRA); 0 trains all weights
	Alpha float64 // the adapters' factor is Alpha/Rank; 0 is 32, as training services have it
	Seed  uint64  // of the adapters' and the value head's first weights
	// What adapters are put on; none of them set means all.
	Attention, MLP, Unembed bool
	// PackTokens bounds the tokens that go through the model together, and so the memory; 0 is 2048. It moves results by rounding.
	PackTokens int
	// Lean leaves out of ForwardBackward the positions that move nothing: their log-probabilities in the output are NaN. It saves the
	// head's work at prompts, and the whole of rows without an advantage.
	Lean bool
	// ValueHead adds a linear value of each position on top of the last hidden state. Passes with ppo_critic compute it in place of
	// log-probabilities, and train it together with the model below it.
	ValueHead bool
	Folder    string      // where Save keeps checkpoints and a failing batch is left; "" for nowhere
	Lock      sync.Locker // held during each call, for trainers and samplers of several goroutines on one core; nil makes one
}

const (
	usualPack  = 2048
	usualAlpha = 32
)

// Trainer implements trainer.Trainer.
type Trainer struct {
	options Options
	core    *num.Core
	tok     llm.Tokenizer
	lock    sync.Locker

	model  *nn.Decoder
	value  *num.Tensor   // [D] of the value head, nil without one
	params []*num.Tensor // that are trained
	adam   *nn.Adam
	tape   *num.Tape
	used   bool // some call was made, so Load comes too late
}

var _ trainer.Trainer = (*Trainer)(nil)

// New returns a trainer of a copy of the model, into whose weights adapters that it has are merged. tok may be nil; its samplers then know no texts. The core must not be used by others
// during a call, but by those that hold the same Lock.
func New(core *num.Core, model *nn.Decoder, tok llm.Tokenizer, o Options) (*Trainer, error) {
	if o.Rank < 0 || o.Rank > model.Shape.Width {
		return nil, lab.Errorf(lab.Invalid, "rank of the adapters is %d, want 0 (no adapters) to %d", o.Rank, model.Shape.Width)
	}
	if o.PackTokens < 0 || o.Alpha < 0 {
		return nil, lab.Errorf(lab.Invalid, "pack of %d tokens and alpha %v, want neither below 0", o.PackTokens, o.Alpha)
	}
	o = o.resolved()
	t := &Trainer{options: o, core: core, tok: tok, lock: o.Lock, model: model.Merged(), tape: num.NewTape(core)}
	if o.Rank > 0 {
		t.model.AddLoRA(rng.New(o.Seed, "adapters"), nn.LoRAOptions{Rank: o.Rank, Alpha: o.Alpha, Attention: o.Attention, MLP: o.MLP, Head: o.Unembed})
	}
	t.params = slices.Clone(t.model.Params())
	if o.ValueHead {
		t.value = num.NewParam("value", model.Shape.Width) // zero at first: values of 0
		t.params = append(t.params, t.value)
	}
	t.adam = nn.NewAdam(t.params)
	return t, nil
}

func (o Options) resolved() Options {
	if o.PackTokens == 0 {
		o.PackTokens = usualPack
	}
	if o.Alpha == 0 && o.Rank > 0 {
		o.Alpha = usualAlpha
	}
	if !o.Attention && !o.MLP && !o.Unembed {
		o.Attention, o.MLP, o.Unembed = true, true, true
	}
	if o.Lock == nil {
		o.Lock = new(sync.Mutex)
	}
	return o
}

// Model is the model that is being trained, with its adapters. It changes with each step; who keeps it takes a copy.
func (t *Trainer) Model() *nn.Decoder { return t.model }

// Options are those given, with the defaults filled in.
func (t *Trainer) Options() Options { return t.options }

// Profile implements trainer.Trainer.
func (t *Trainer) Profile() trainer.Profile {
	losses := rl.Losses()
	if t.value == nil {
		losses = slices.DeleteFunc(losses, func(name string) bool { return name == rl.PPOCritic })
	}
	return trainer.Profile{
		Name: "local", Reduction: "sum", Losses: losses, Snapshots: true,
		AdamFields: []string{"learning_rate", "beta1", "beta2", "eps", "weight_decay", "grad_clip_norm"},
	}
}

// Sampler implements trainer.Trainer: a sampler of a copy of the weights.
func (t *Trainer) Sampler(ctx context.Context) (llm.Sampler, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	return &sampler{tiny.New(t.core, t.model.Merged(), t.tok), t.lock}, nil
}

// sampler takes its turn on the core.
type sampler struct {
	*tiny.Sampler
	lock sync.Locker
}

// Sample implements llm.Sampler.
func (s *sampler) Sample(ctx context.Context, requests []llm.Request) ([]llm.Reply, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.Sampler.Sample(ctx, requests)
}

// Close implements trainer.Trainer. The core stays its owner's.
func (t *Trainer) Close() error { return nil }
