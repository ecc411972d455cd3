package rarl

import (
	"context"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
)

// method is one agent that learns from recordings. A unit of Advance is a run of updates and the examination after it.
type method struct {
	world    WorldKnobs
	knobs    Knobs
	agent    RetrievalKnobs // of the agent without a store, only the width
	kind     string
	policy   string // of a reference
	seed     uint64
	core     *num.Core
	examiner *examiner
	store    *store
	learner  *learner
	now      count
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Update int
	Book   exam.Book
}

// New makes the agent that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{core: core, seed: seed}
	if err := m.build(setup); err != nil {
		core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup) (err error) {
	if err := setup.Section("world", &m.world); err != nil {
		return err
	}
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if err := m.read(setup); err != nil {
		return err
	}
	if m.examiner, err = newExaminer(m.world.Knobs, m.knobs.EvalEpisodes, m.seed); err != nil || m.kind == Reference {
		return err
	}
	spec := m.examiner.world.Spec()
	if m.store, err = newStore(&m.world, m.knobs.Gamma, spec.Obs, m.seed); err != nil {
		return err
	}
	m.learner = newLearner(m.core, &m.knobs, m.agent, m.kind == Retrieval, m.store, m.store.obs, len(spec.Actions), m.seed)
	return nil
}

// read takes the agent's section.
func (m *method) read(setup lab.Setup) error {
	m.kind = setup.Kind("agent")
	switch m.kind {
	case Retrieval:
		if err := setup.Section("agent", &m.agent); err != nil {
			return err
		}
		return m.agent.fits(&m.world, &m.knobs)
	case DQN:
		var k DQNKnobs
		err := setup.Section("agent", &k)
		m.agent = RetrievalKnobs{Width: k.Width, Content: Own}
		return err
	case Reference:
		var k ReferenceKnobs
		err := setup.Section("agent", &k)
		m.policy = k.Policy
		return err
	}
	return lab.Errorf(lab.Internal, "agent kind %q is unknown here", m.kind)
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

// Advance learns until the next examination is due, and examines.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if m.kind == Reference {
		err := m.reference(ctx, emit)
		if err == nil {
			m.now.Update = m.knobs.Updates
		}
		return m.progress(), err
	}
	if m.now.Update == 0 {
		if err := exam.Emit(emit, 0, exam.Value{Name: MetricData, Value: m.dataSkill()}); err != nil {
			return m.progress(), err
		}
	}
	mean, err := m.learn(ctx)
	if err != nil {
		return m.progress(), err
	}
	if err := m.report(emit, mean); err != nil {
		return m.progress(), err
	}
	return m.progress(), m.examine(ctx, emit)
}

func (m *method) progress() lab.Progress {
	return lab.Progress{Done: int64(m.now.Update), Total: int64(m.knobs.Updates), Unit: "updates"}
}

// learn does the updates up to the next report and returns their means.
func (m *method) learn(ctx context.Context) (mean learned, err error) {
	each := (m.knobs.Updates + m.knobs.Reports - 1) / m.knobs.Reports
	end := min(m.now.Update+each, m.knobs.Updates)
	for n := float64(end - m.now.Update); m.now.Update < end; m.now.Update++ {
		u, err := m.learner.update(ctx)
		if err != nil {
			return mean, err
		}
		mean.TD += u.TD / n
		mean.Value += u.Value / n
		mean.KL += u.KL / n
		mean.Auxiliary += u.Auxiliary / n
		mean.Named += u.Named / n
	}
	return mean, nil
}

// report emits what training looks like from inside.
func (m *method) report(emit lab.Emitter, mean learned) error {
	values := []exam.Value{{Name: MetricLoss, Value: mean.TD}, {Name: MetricValue, Value: mean.Value}}
	if m.kind == Retrieval {
		values = append(values, exam.Value{Name: MetricKL, Value: mean.KL}, exam.Value{Name: MetricAuxiliary, Value: mean.Auxiliary},
			exam.Value{Name: MetricNamed, Value: mean.Named})
	}
	return exam.Emit(emit, int64(m.now.Update), values...)
}

// dataSkill is what the recordings come to on the scale of the solver.
func (m *method) dataSkill() (mean float64) {
	d := m.store.data
	for e := range d.Episodes() {
		mean += float64(d.Return(e)) / m.examiner.solver[d.Task(e)] / float64(d.Episodes())
	}
	return mean
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }

func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}}
	if m.learner != nil {
		parts = append(parts, rl.Part{Name: "learner", State: m.learner})
	}
	return parts
}
