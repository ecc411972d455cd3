package memoryvla

import (
	"context"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/clone"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/control"
	"github.com/loci-lab/loci/backend/world/desk"
)

// method is one agent at the desk. The first unit of Advance examines it as it starts, every further one is a pass over the
// demonstrations, with an examination where one is due.
type method struct {
	knobs CloneKnobs
	desk  desk.Knobs
	seed  uint64
	core  *num.Core

	net       *network // nil for a reference
	reference string   // "" for an agent
	demos     *demos
	learner   *clone.Learner
	loss      clone.Squared
	shuffle   *rng.Stream
	chance    *rng.Stream // of random eviction in training
	batch     batch
	order     []int

	now   count
	book  exam.Book
	log   mem.Log
	banks [2]*mem.Bank // what the record knows of the banks of kept episodes, perceptual and cognitive
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Passes   int // over the demonstrations
	Examined bool
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{core: core, seed: seed}
	for i, name := range bankNames() {
		m.banks[i] = mem.NewBank(name, &m.log, nil)
	}
	if err := m.build(setup); err != nil {
		core.Close()
		return nil, err
	}
	return m, nil
}

// bankNames are the two streams.
func bankNames() [2]string { return [2]string{"perceptual", "cognitive"} }

func (m *method) build(setup lab.Setup) error {
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if err := setup.Section("world", &m.desk); err != nil {
		return err
	}
	if _, err := desk.New(m.desk, 1); err != nil {
		return err
	}
	if setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		if err := setup.Section("agent", &k); err != nil {
			return err
		}
		m.reference, m.knobs.Epochs = k.Policy, 0
		return nil
	}
	var k VLAKnobs
	if err := setup.Section("agent", &k); err != nil {
		return err
	}
	if err := k.Validate(); err != nil {
		return err
	}
	m.net = newNetwork(rng.New(m.seed, "weights"), k, m.knobs.Chunk, m.desk.Horizon())
	m.learner = clone.NewLearner(m.core, m.net.params(), clone.Knobs{LearningRate: m.knobs.LearningRate, MaxGradNorm: m.knobs.MaxGradNorm})
	m.shuffle, m.chance = rng.New(m.seed, "minibatches"), rng.New(m.seed, "evictions")
	return nil
}

// teach makes the demonstrations of a pass. They follow from the run's seed and the number of the pass, so that a checkpoint need not
// keep them.
func (m *method) teach() (err error) {
	if m.demos != nil && !m.knobs.Fresh {
		return nil
	}
	s := rng.New(m.seed, "demonstrations")
	if m.knobs.Fresh {
		s = rng.New(m.seed, fmt.Sprintf("demonstrations of pass %d", m.now.Passes))
	}
	if m.demos, err = demonstrate(m.desk, m.knobs.Demos, m.knobs.Chunk, m.knobs.Noise, s); err != nil {
		return err
	}
	return m.demos.check()
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Passes), Total: int64(m.knobs.Epochs) + 1, Unit: "passes"}
	if m.now.Examined {
		p.Done++
	}
	return p
}

// Advance examines the agent as it starts, then imitates: a pass over all demonstrations in an order drawn anew.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if !m.now.Examined {
		if m.net != nil {
			if err := exam.Emit(emit, 0, exam.Value{Name: MetricParameters, Value: float64(nn.Count(m.net.params()))}); err != nil {
				return m.progress(), err
			}
		}
		if err := m.examine(ctx, emit); err != nil {
			return m.progress(), err
		}
		m.now.Examined = true
		return m.progress(), nil
	}
	loss, err := m.pass(ctx)
	if err != nil {
		return m.progress(), err
	}
	m.now.Passes++
	if err := exam.Emit(emit, int64(m.now.Passes), exam.Value{Name: MetricLoss, Value: loss}); err != nil {
		return m.progress(), err
	}
	if m.now.Passes%m.knobs.Every == 0 || m.now.Passes == m.knobs.Epochs {
		err = m.examine(ctx, emit)
	}
	return m.progress(), err
}

// pass makes one gradient step on each minibatch of whole episodes: chunks of actions against the teacher's, squared error over those that
// the episode still has, the learning rate falling to zero along a line over all passes.
func (m *method) pass(ctx context.Context) (mean float64, err error) {
	if err := m.teach(); err != nil {
		return 0, err
	}
	m.order = make([]int, m.knobs.Demos)
	m.shuffle.Perm(m.order)
	n := (m.knobs.Demos + m.knobs.Batch - 1) / m.knobs.Batch
	for i := range n {
		m.learner.Rate = m.knobs.LearningRate * (1 - (float64(m.now.Passes)+float64(i)/float64(n))/float64(m.knobs.Epochs))
		which := m.order[i*m.knobs.Demos/n : (i+1)*m.knobs.Demos/n]
		m.demos.gather(&m.batch, which)
		s, err := m.learner.Step(ctx, func(t *num.Tape) (*num.Tensor, clone.Stats) {
			y := m.net.whole(t, m.batch.obs, m.demos.steps, len(which), m.batch.frames, m.chance)
			return m.loss.Record(t, view(t, y, len(m.batch.mask), actDim), m.batch.target, m.batch.mask)
		})
		if err != nil {
			return mean, err
		}
		mean += s.Loss / float64(n)
	}
	return mean, nil
}

// player is whoever is examined at a desk.
func (m *method) player(w *desk.Desk) (control.Policy, *actor, error) {
	if m.net == nil {
		p, err := w.Reference(m.reference, m.seed)
		return p, nil, err
	}
	a := newActor(m.core, m.net, w.Size(), rng.New(m.seed, "evictions in examinations"))
	return a, a, nil
}

// parts are the state between two units.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "book", State: m.book.State()}}
	for i, name := range bankNames() {
		parts = append(parts, rl.Part{Name: name, State: m.banks[i]})
	}
	if m.net != nil {
		parts = append(parts, rl.Part{Name: "learner", State: m.learner}, rl.Part{Name: "minibatches", State: rl.Stream(m.shuffle)},
			rl.Part{Name: "evictions", State: rl.Stream(m.chance)})
	}
	return parts
}

// Snapshot keeps the whole state between two units; demonstrations follow from the seed and are made again.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
