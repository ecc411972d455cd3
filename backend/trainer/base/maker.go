package base

import (
	"context"
	"errors"
	"io"
	"math"
	"path/filepath"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
)

const (
	points = 40  // places of the curve
	keep   = 100 // steps between two checkpoints of a base that is being made
)

// Maker makes one base, or takes it from the cache. It is used by one goroutine.
type Maker struct {
	Spec   Spec
	Key    string
	source Source
	core   *num.Core
	owns   bool // the core is closed with the maker
	cache  cache
	lock   io.Closer // held while the base is being made

	words  *llm.Words
	model  *nn.Decoder    // once made
	train  *local.Trainer // while it is being made
	step   int
	kept   int  // steps that the last checkpoint has
	torn   bool // a step was begun and did not return: what is there is half of it
	curve  []Point
	loss   float64 // since the last point
	tokens float64
}

// New prepares a base. Nothing is trained or read before To. The core is used by To alone; bench names the cache.
func New(core *num.Core, bench lab.Bench, spec Spec, source Source) (*Maker, error) {
	if err := spec.Shape.Check(); err != nil {
		return nil, lab.Errorf(lab.Invalid, "tiny model: %w", err)
	}
	words, err := llm.NewWords(spec.Words)
	if err != nil {
		return nil, err
	}
	if words.Size() != spec.Shape.Vocab {
		return nil, lab.Errorf(lab.Internal, "tiny model has a vocabulary of %d, its tokenizer %d", spec.Shape.Vocab, words.Size())
	}
	key, err := spec.Key(core.K.Name, bench.Code)
	if err != nil {
		return nil, err
	}
	m := &Maker{Spec: spec, Key: key, source: source, core: core, words: words}
	if bench.Cache != "" {
		m.cache.dir = filepath.Join(bench.Cache, "bases")
	}
	return m, nil
}

// Open is New with a core of the maker's own, on the kernel family and threads of the bench.
func Open(bench lab.Bench, spec Spec, source Source) (*Maker, error) {
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	core := num.NewCore(kernels, bench.Threads)
	m, err := New(core, bench, spec, source)
	if err != nil {
		core.Close()
		return nil, err
	}
	m.owns = true
	return m, nil
}

// Steps is the number of supervised steps of the whole base, Step how many have been done.
func (m *Maker) Steps() int { return m.Spec.Knobs.Steps }

// Step is how many supervised steps have been done.
func (m *Maker) Step() int {
	if m.model != nil {
		return m.Steps()
	}
	return m.step
}

// Model is the finished base, nil before; it stays as it is.
func (m *Maker) Model() *nn.Decoder { return m.model }

// Words is the tokenizer of the base.
func (m *Maker) Words() *llm.Words { return m.words }

// Curve is the curve of learning, whole once the base is finished.
func (m *Maker) Curve() []Point { return m.curve }

// Dir is the model folder of the finished base, "" where nothing is kept.
func (m *Maker) Dir() string { return m.cache.folder(m.Key) }

// To trains until so many steps are done. A base that is in the cache is finished at once. While another process or run makes the same
// base, To waits for it. An error of ctx leaves the base to be continued.
func (m *Maker) To(ctx context.Context, step int) error {
	step = min(step, m.Steps())
	if m.model != nil || m.train != nil && m.step >= step && step < m.Steps() {
		return nil
	}
	if m.train == nil {
		if err := m.begin(ctx); err != nil || m.model != nil {
			return err
		}
	}
	for m.step < step {
		if err := m.advance(ctx); err != nil {
			return err
		}
	}
	if m.step == m.Steps() {
		return m.finish()
	}
	return nil
}

// begin takes the base from the cache, or the lock and the last checkpoint.
func (m *Maker) begin(ctx context.Context) (err error) {
	if done, err := m.cached(); done || err != nil {
		return err
	}
	if m.lock, err = m.cache.lock(ctx, m.Key); err != nil {
		return err
	}
	if done, err := m.cached(); done || err != nil { // made while we waited
		return errors.Join(err, m.release())
	}
	model := nn.NewDecoder(rng.New(m.Spec.Seed, "base weights"), m.Spec.Shape)
	if m.train, err = local.New(m.core, model, m.words, local.Options{}); err != nil {
		return errors.Join(err, m.release())
	}
	if err := m.cache.resume(m); err != nil {
		m.train = nil
		return errors.Join(err, m.release())
	}
	return nil
}

// advance does one supervised step on fresh examples.
func (m *Maker) advance(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	k := m.Spec.Knobs
	data, weight, err := Batch(m.source, uint64(m.step)*uint64(k.Batch), k.Batch)
	if err != nil {
		return err
	}
	m.torn = true
	loss, err := m.batch(ctx, data)
	m.torn = false
	if err != nil {
		return err
	}
	m.step, m.loss, m.tokens = m.step+1, m.loss+loss*weight, m.tokens+weight
	if m.step*points/k.Steps > (m.step-1)*points/k.Steps {
		m.curve = append(m.curve, Point{m.step, m.loss / math.Max(m.tokens, 1)})
		m.loss, m.tokens = 0, 0
	}
	if m.step%keep == 0 && m.step < k.Steps {
		return m.cache.keep(m)
	}
	return nil
}

// batch moves the weights by a batch and returns its loss. A pass that was done is always followed by its step, even when ctx ends
// between them: else the gradient would be there twice once the base is continued.
func (m *Maker) batch(ctx context.Context, data []rl.Datum) (float64, error) {
	k := m.Spec.Knobs
	out, err := m.train.ForwardBackward(ctx, data, rl.Loss{Name: rl.CrossEntropy}).Wait(ctx)
	if err == nil {
		adam := trainer.NewAdam(k.Rate * Schedule(m.step, k.Steps))
		adam.Eps, adam.GradClipNorm = 1e-8, 1
		whole := context.WithoutCancel(ctx)
		_, err = m.train.OptimStep(whole, adam).Wait(whole)
	}
	if err == nil || ctx.Err() != nil {
		return out.Metrics[trainer.LossSum], err
	}
	return 0, lab.Errorf(lab.CodeOf(err), "warm start, step %d of %d: %w", m.step+1, k.Steps, err).
		WithHint("make agent.warm_rate %v smaller; the steps before are kept", k.Rate)
}

// Batch returns n examples from one on, weighted so that their loss is the mean over all trained tokens, and the number of these.
func Batch(source Source, first uint64, n int) (data []rl.Datum, tokens float64, err error) {
	data = make([]rl.Datum, n)
	for i := range data {
		if data[i], err = source(first + uint64(i)); err != nil {
			return nil, 0, err
		}
		tokens += sum(data[i].Weights)
	}
	for i := range data {
		for j := range data[i].Weights {
			data[i].Weights[j] = float32(float64(data[i].Weights[j]) / max(tokens, 1))
		}
	}
	return data, tokens, nil
}

// Schedule is the share of the highest learning rate at a step, from 0.
func Schedule(step, steps int) float64 {
	warm := max(steps/20, 1)
	switch {
	case step < warm:
		return float64(step+1) / float64(warm)
	case step < steps/2:
		return 1
	}
	return 1 - 0.9*float64(step-steps/2)/float64(max(steps-steps/2, 1))
}

func sum(x []float32) (s float64) {
	for _, v := range x {
		s += float64(v)
	}
	return s
}

// finish takes the trained weights as the base and puts it into the cache.
func (m *Maker) finish() error {
	model := m.train.Model().Clone()
	if err := m.cache.put(m, model); err != nil {
		return err // what was trained stays, and can be put again
	}
	m.model = model
	err := errors.Join(m.train.Close(), m.release())
	m.train = nil
	return err
}

// Close gives the lock back. Of a base that is not finished it keeps a checkpoint, from which the next maker continues.
func (m *Maker) Close() error {
	var err error
	if m.train != nil {
		if m.step > m.kept && !m.torn {
			err = m.cache.keep(m)
		}
		err = errors.Join(err, m.train.Close())
		m.train = nil
	}
	if m.owns {
		m.core.Close()
		m.owns = false
	}
	return errors.Join(err, m.release())
}

func (m *Maker) release() error {
	if m.lock == nil {
		return nil
	}
	err := m.lock.Close()
	m.lock = nil
	return err
}
