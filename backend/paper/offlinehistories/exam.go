package offlinehistories

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/stitch"
)

// examEnvs environments are examined side by side.
const examEnvs = 64

// evaluate emits the losses since the last evaluation, the held-out measures, and an examination with greedy actions.
func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	if m.learn != nil {
		if err := exam.Emit(emit, m.now.Updates, m.now.Sums.means(m.learn)...); err != nil {
			return err
		}
		if err := m.look(emit); err != nil {
			return err
		}
	}
	if err := m.examine(ctx, emit); err != nil {
		return err
	}
	m.now.Evals++
	m.now.Sums = sums{}
	return nil
}

// means lists the losses that the learner has, means over the updates since the last evaluation.
func (s sums) means(l *learner) []exam.Value {
	vs := []exam.Value{{Name: MetricParameters, Value: float64(nn.Count(l.params()))}}
	if s.N == 0 {
		return vs
	}
	n := float64(s.N)
	vs = append(vs, exam.Value{Name: MetricRewardLoss, Value: s.Reward / n}, exam.Value{Name: MetricNext, Value: s.Next / n})
	if l.agent.Method == CQL {
		vs = append(vs, exam.Value{Name: MetricTD, Value: s.TD / n}, exam.Value{Name: MetricCQL, Value: s.CQL / n})
	} else {
		vs = append(vs, exam.Value{Name: MetricClone, Value: s.Clone / n})
	}
	if l.agent.Bisim > 0 {
		vs = append(vs, exam.Value{Name: MetricTrainJ, Value: s.J / n})
	}
	return vs
}

// look measures the latent space on the held-out trajectories; the last one is also drawn.
func (m *method) look(emit lab.Emitter) error {
	j, z := m.held.measure(m.learn)
	vs := append([]exam.Value{{Name: MetricJ, Value: j.J}, {Name: MetricScaled, Value: j.scaled()}}, m.held.distances(z).measures()...)
	if err := exam.Emit(emit, m.now.Updates, vs...); err != nil || !m.last() {
		return err
	}
	steps := m.held.pictures(z)
	return m.book.Keep(emit, m.now.Updates, exam.Kept{Steps: steps, Episode: lab.Episode{Split: "latent", Seed: m.seed, Steps: len(steps), Success: true,
		Why: lab.EndTerminal, Memory: lab.Float(m.learn.net.carried()), Context: 1, Detail: true}})
}

// examine plays evaluation episodes that depend on the seed of the run alone.
func (m *method) examine(ctx context.Context, emit lab.Emitter) error {
	maze, err := stitch.New(m.world.Knobs, examEnvs)
	if err != nil {
		return err
	}
	maze.Detail(true)
	e := &exam.Exam{World: maze, Seed: rng.New(m.seed, "exam").Uint64(), Episodes: m.knobs.EvalEpisodes, Split: "eval"}
	if m.last() || m.now.Evals == 0 {
		e.Keep = 3
	}
	carried := 0
	if m.learn == nil {
		if e.Policy, err = maze.Reference(m.plays, rng.New(m.seed, "exam reference").Uint64()); err != nil {
			return err
		}
	} else {
		p := newPlayer(m.learn, maze)
		e.Policy, e.Note, carried = p, p.note, m.learn.net.carried()
	}
	e.Sizes = func(_, _ int) (int, int) { return carried, 1 }
	var from [2]mean
	e.End = func(b int, info world.Info) {
		start, success := maze.StartOf(b)
		if success {
			from[start].add(1)
		} else {
			from[start].add(0)
		}
	}
	r, err := e.Run(ctx)
	if err != nil {
		return err
	}
	if err := exam.Emit(emit, m.now.Updates, exam.Value{Name: MetricSuccess, Value: r.Success}, exam.Value{Name: MetricSuccessA, Value: from[stitch.StartA].of()},
		exam.Value{Name: MetricSuccessB, Value: from[stitch.StartB].of()}, exam.Value{Name: MetricReturn, Value: r.Return},
		exam.Value{Name: MetricMemory, Value: r.Memory}, exam.Value{Name: MetricContext, Value: r.Context}); err != nil {
		return err
	}
	return m.book.Result(emit, m.now.Updates, r)
}
