package spatiallyawaretransformer

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// examEnvs environments are examined side by side.
const examEnvs = 64

// result is what an examination came to.
type result struct {
	exam.Result
	right, all [4]float64 // by task
	player     *player    // nil for a reference
	tasks      bool       // the world has tasks
}

// examine plays whole episodes. They depend on the run's seed and the split alone, so that every arm of a seed sees the same.
func (m *method) examine(ctx context.Context, split string, episodes, keep int) (*result, error) {
	stage, _, err := newStage(m.setup, examEnvs)
	if err != nil {
		return nil, err
	}
	r := &result{tasks: stage.Layout.Told > 0}
	e := exam.Exam{World: stage, Seed: rng.New(m.seed, "exam "+split).Uint64(), Episodes: episodes, Split: split, Keep: keep}
	if m.agent == nil {
		if e.Policy, err = stage.Reference(m.policy, m.seed); err != nil {
			return nil, err
		}
	} else {
		r.player = newPlayer(m.core, m.agent, stage, rng.New(m.seed, "exam rules "+split))
		e.Policy, e.Note, e.Events, e.Sizes = r.player, r.player.note, r.player.events, r.player.sizes
	}
	e.End = func(b int, info world.Info) {
		if _, task, _ := stage.Asked(b); r.tasks {
			r.all[task]++
			if info.Success {
				r.right[task]++
			}
		}
	}
	r.Result, err = e.Run(ctx)
	return r, err
}

func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	r, err := m.examine(ctx, "eval", m.knobs.EvalEpisodes, 1)
	if err != nil {
		return err
	}
	if err := exam.Emit(emit, m.episodes(), append(r.values(), m.allocated()...)...); err != nil {
		return err
	}
	return m.course.Now.Book.Result(emit, m.episodes(), r.Result)
}

func (r *result) values() []exam.Value {
	vs := []exam.Value{{Name: MetricAccuracy, Value: r.accuracy()}, {Name: MetricMemory, Value: r.Memory}, {Name: MetricContext, Value: r.Context}}
	if r.player != nil {
		vs = append(vs, exam.Value{Name: MetricStored, Value: float64(r.player.stored) / float64(r.player.asked)})
	}
	return vs
}

// accuracy is the mean over tasks, so that a rule is not favoured by the draw of tasks; without tasks, over questions.
func (r *result) accuracy() float64 {
	if !r.tasks {
		return r.Success
	}
	sum, n := 0.0, 0.0
	for i, all := range r.all {
		if all > 0 {
			sum += r.right[i] / all
			n++
		}
	}
	return sum / n
}

// allocated tells what the allocator expects and how many tasks it gives their designed rule.
func (m *method) allocated() (vs []exam.Value) {
	if m.agent == nil || m.agent.allocator == nil {
		return nil
	}
	right := 0
	q := m.expected()
	n := len(ballet.Rules())
	for task := range ballet.Tasks() {
		if rl.Best(q.Data[task*n:(task+1)*n]) == task {
			right++
		}
	}
	return []exam.Value{{Name: MetricDesigned, Value: float64(right)}}
}

// expected is q [task][rule].
func (m *method) expected() *num.Tensor {
	tasks := make([]int, len(ballet.Tasks()))
	for i := range tasks {
		tasks[i] = i
	}
	return m.agent.allocator.values(num.NewTape(m.core), tasks)
}

// test examines the finished memory and tells the accuracy of each task and the expected reward of each task and rule.
func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	r, err := m.examine(ctx, "test", m.knobs.TestEpisodes, 3)
	if err != nil {
		return err
	}
	if err := exam.Emit(emit, m.episodes(), r.values()...); err != nil {
		return err
	}
	for i := range ballet.Tasks() {
		if r.all[i] == 0 {
			continue
		}
		if err := exam.Emit(emit, int64(i+1), exam.Value{Name: MetricTask, Value: r.right[i] / r.all[i]}); err != nil {
			return err
		}
	}
	if m.agent != nil && m.agent.allocator != nil {
		q := m.expected()
		for i, v := range q.Data {
			if err := exam.Emit(emit, int64(i%q.Last()+1), exam.Value{Name: valueOf(i / q.Last()), Value: float64(v)}); err != nil {
				return err
			}
		}
	}
	return m.course.Now.Book.Result(emit, m.episodes(), r.Result)
}
