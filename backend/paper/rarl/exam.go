package rarl

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/gridrobo"
)

// keptEpisodes of the last examination are recorded step by step, one for each of the first tasks.
const keptEpisodes = 3

// examiner plays all tasks in the same fresh episodes for every arm of a seed, and knows what the scripted solver gets on them.
type examiner struct {
	world  *gridrobo.World
	seed   uint64
	solver []float64 // [tasks] mean return
}

func newExaminer(k gridrobo.Knobs, episodes int, seed uint64) (*examiner, error) {
	w, err := gridrobo.New(k, k.Tasks*episodes)
	if err != nil {
		return nil, err
	}
	e := &examiner{world: w, seed: rng.New(seed, "examinations").Uint64() >> 1}
	policy, err := w.Reference(world.Oracle, 0)
	if err != nil {
		return nil, err
	}
	s, err := e.sit(context.Background(), &exam.Exam{Policy: policy})
	e.solver = s.returns
	return e, err
}

// sitting is what one policy came to.
type sitting struct {
	exam.Result
	returns []float64 // [tasks] mean
}

// sit plays one episode in every environment; the caller fills in who plays and what is told of it.
func (e *examiner) sit(ctx context.Context, x *exam.Exam) (s sitting, err error) {
	tasks := e.world.Knobs().Tasks
	s.returns = make([]float64, tasks)
	x.World, x.Seed, x.Episodes, x.Split = e.world, e.seed, e.world.Size(), "eval"
	x.End = func(_ int, in world.Info) {
		s.returns[gridrobo.TaskOf(in.Seed)] += float64(in.Return) * float64(tasks) / float64(e.world.Size())
	}
	s.Result, err = x.Run(ctx)
	return s, err
}

// skill of each task, and the mean.
func (e *examiner) skill(s sitting) (each []float64, mean float64) {
	for t, r := range s.returns {
		each = append(each, r/e.solver[t])
		mean += r / e.solver[t] / float64(len(s.returns))
	}
	return each, mean
}

// grades are what an examination is reported as.
func (e *examiner) grades(s sitting) (values []exam.Value) {
	each, mean := e.skill(s)
	families := gridrobo.Families()
	sum, n := make([]float64, len(families)), make([]float64, len(families))
	for t, x := range each {
		sum[t%len(families)] += x
		n[t%len(families)]++
	}
	values = []exam.Value{{Name: MetricSkill, Value: mean}, {Name: MetricSuccess, Value: s.Success}, {Name: MetricReturn, Value: s.Return},
		{Name: MetricMemory, Value: s.Memory}, {Name: MetricContext, Value: s.Context}}
	for f := range families {
		if n[f] > 0 {
			values = append(values, exam.Value{Name: skillOf(f), Value: sum[f] / n[f]})
		}
	}
	return values
}

// player draws retrieval batches of the content for an examination. Their chance depends on the run's seed and the update alone.
func (m *method) player(content, purpose string) *player {
	return newPlayer(m.core, m.learner.fast, m.store, rng.New(m.seed, purpose), content, m.examiner.world.Size(), m.knobs.Groups)
}

// examine plays the fast net greedily. The last examination keeps episodes, and swaps the store once more with the weights as they are.
func (m *method) examine(ctx context.Context, emit lab.Emitter) error {
	p := m.player(m.agent.Content, "retrieval batches of examinations")
	last := m.now.Update == m.knobs.Updates
	s, own, paid, err := m.look(ctx, p, last)
	if err != nil {
		return err
	}
	values := m.examiner.grades(s)
	if p.last != nil {
		values = append(values, exam.Value{Name: MetricOwn, Value: own}, exam.Value{Name: MetricPaid, Value: paid})
	}
	if last && p.last != nil && m.world.Tasks > 1 {
		swapped, err := m.examiner.sit(ctx, &exam.Exam{Policy: m.player(Wrong, "swapped retrieval batches")})
		if err != nil {
			return err
		}
		_, skill := m.examiner.skill(swapped)
		values = append(values, exam.Value{Name: MetricSwapped, Value: skill})
	}
	if err := exam.Emit(emit, int64(m.now.Update), values...); err != nil {
		return err
	}
	return m.now.Book.Result(emit, int64(m.now.Update), s.Result)
}

// look plays and measures what the queries read: own is the share from recordings of the task, paid the nats.
func (m *method) look(ctx context.Context, p *player, keep bool) (s sitting, own, paid float64, err error) {
	x, steps := &exam.Exam{Policy: p}, 0.0
	if keep {
		x.Keep = min(keptEpisodes, m.world.Tasks)
	}
	teller := &teller{player: p, store: m.store, last: m.world.Horizon - 1}
	x.Events, x.Note = teller.events, func(b int, step *lab.Step) { m.note(p, b, step) }
	if m.learner.fast.look != nil {
		x.Sizes = func(int, int) (int, int) {
			n := p.memory.states()
			return n * 2 * m.agent.Summary, n + 1
		}
		x.Step = func(b, _ int, _ int32, _ float32) {
			own += p.ownShare(b, b%m.world.Tasks, m.store.data.Task)
			paid += p.paid(b)
			steps++
		}
	}
	s, err = m.examiner.sit(ctx, x)
	return s, own / max(steps, 1), paid / max(steps, 1), err
}

// note writes the values of the actions, and what was paid for looking up, to a kept step.
func (m *method) note(p *player, b int, step *lab.Step) {
	step.Numbers = map[string]lab.Float{}
	for a, name := range m.examiner.world.Spec().Actions {
		step.Numbers["value of "+name] = exam.Short(p.q[b*p.net.actions+a])
	}
	if p.last != nil {
		step.Numbers["nats paid"] = exam.Short(float32(p.paid(b)))
		step.Numbers["read from own task"] = exam.Short(float32(p.ownShare(b, b%m.world.Tasks, m.store.data.Task)))
	}
}

// reference plays a yardstick.
func (m *method) reference(ctx context.Context, emit lab.Emitter) error {
	p, err := m.examiner.world.Reference(m.policy, m.examiner.seed)
	if err != nil {
		return err
	}
	s, err := m.examiner.sit(ctx, &exam.Exam{Policy: p, Keep: min(keptEpisodes, m.world.Tasks)})
	if err != nil {
		return err
	}
	if err := exam.Emit(emit, int64(m.now.Update), m.examiner.grades(s)...); err != nil {
		return err
	}
	return m.now.Book.Result(emit, int64(m.now.Update), s.Result)
}
