package wmar

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/arcade"
)

// examiner has the tasks with their yardsticks, and rollouts that no agent learns from. Episodes and rollouts depend on the seed of the run
// alone: they are the same in every arm.
type examiner struct {
	worlds       []*arcade.World // [N] of as many environments as an evaluation has episodes
	tasks        []arcade.Knobs
	episodes     int
	seed         uint64
	best, chance []float64           // [N] returns of the planner and of random actions
	held         []*replay.Sequences // [N]
	windows      replay.Windows
}

// heldRollouts is the number of rollouts of each task on which the model is scored.
const heldRollouts = 8

func newExaminer(tasks []arcade.Knobs, episodes int, seed uint64) (*examiner, error) {
	e := &examiner{tasks: tasks, episodes: episodes, seed: rng.New(seed, "exam").Uint64()}
	for _, k := range tasks {
		w, err := arcade.New(k, min(episodes, 64))
		if err != nil {
			return nil, err
		}
		e.worlds = append(e.worlds, w)
	}
	for i := range tasks {
		best, err := e.reference(context.Background(), i, world.Oracle, 0)
		if err != nil {
			return nil, err
		}
		chance, err := e.reference(context.Background(), i, world.Random, 0)
		if err != nil {
			return nil, err
		}
		e.best, e.chance = append(e.best, best.Return), append(e.chance, chance.Return)
	}
	return e, nil
}

// skill is a return on task i on the scale of 0 for random actions and 1 for the planner.
func (e *examiner) skill(i int, mean float64) float64 {
	return (mean - e.chance[i]) / (e.best[i] - e.chance[i])
}

// reference lets a yardstick play task i.
func (e *examiner) reference(ctx context.Context, i int, name string, keep int) (exam.Result, error) {
	p, err := e.worlds[i].Reference(name, e.seed)
	if err != nil {
		return exam.Result{}, err
	}
	return e.sitting(i, p, keep).Run(ctx)
}

func (e *examiner) sitting(i int, p world.Policy, keep int) *exam.Exam {
	return &exam.Exam{World: e.worlds[i], Policy: p, Seed: e.seed, Episodes: e.episodes, Split: fmt.Sprintf("task %d", i+1), Keep: keep}
}

// hold records rollouts of every task, by a player that follows the planner in half of its steps.
func (e *examiner) hold(length int) error {
	for i, k := range e.tasks {
		w, err := arcade.New(k, heldRollouts)
		if err != nil {
			return err
		}
		q := replay.NewSequences(heldRollouts, length, arcade.Obs, 0, 0)
		best, err := w.Reference(world.Oracle, 0)
		if err != nil {
			return err
		}
		record(w, best, rng.New(e.seed, fmt.Sprintf("held/%d", i)), q, length)
		e.held = append(e.held, q)
	}
	return nil
}

// record plays length steps in every environment of a world and stores them, one rollout for each.
func record(w *arcade.World, best world.Policy, chance *rng.Stream, q *replay.Sequences, length int) {
	n, o, acts := w.Size(), arcade.Obs, len(w.Spec().Actions)
	obs, before, reward := make([]float32, n*o), make([]float32, n*o), make([]float32, n)
	done, fresh, actions := make([]bool, n), make([]bool, n), make([]int32, n)
	rec := replay.NewRecorder(n, length, length, o, 0, 0, false, func(_ int, s *replay.Sequence) { q.Add(s) })
	w.Reset(chance.Uint64(), obs)
	for b := range fresh {
		fresh[b] = true
	}
	for range length {
		best.Act(obs, fresh, actions)
		for b := range actions {
			if chance.Bool(0.5) {
				actions[b] = int32(chance.IntN(acts))
			}
		}
		copy(before, obs)
		w.Step(actions, obs, reward, done)
		for b := range n {
			over := done[b] && w.Over(b)
			rec.Step(b, before[b*o:(b+1)*o], fresh[b], nil, actions[b], nil, reward[b], over, done[b] && !over, obs[b*o:(b+1)*o])
		}
		copy(fresh, done)
	}
}

// nll scores a model on the held rollouts of task i. Its latents come from a stream of their own, the same at every evaluation.
func (e *examiner) nll(m *model, i int) losses {
	q := e.held[i]
	e.windows.At = grow(e.windows.At, q.Len())
	for s := range e.windows.At {
		e.windows.At[s] = replay.Window{Slot: s}
	}
	q.Gather(q.Steps(), &e.windows)
	return m.score(&e.windows, q.Steps(), rng.New(e.seed, fmt.Sprintf("score/%d", i)))
}

// evaluate plays all tasks, scores the model on all, reports, and closes the task where its end is reached.
func (m *method) evaluate(ctx context.Context, emit lab.Emitter, end bool) error {
	x := m.now.Steps
	row, values := make([]float64, m.world.Tasks), []exam.Value{}
	var total exam.Result
	for i := range row {
		r, err := m.sit(ctx, i, end || m.now.Evals == 0)
		if err != nil {
			return err
		}
		row[i] = m.exam.skill(i, r.Return)
		values = append(values, exam.Value{Name: nth(MetricSkill, i), Value: row[i]})
		n := float64(m.world.Tasks)
		total.Success, total.Return = total.Success+r.Success/n, total.Return+r.Return/n
		total.Memory, total.Context = total.Memory+r.Memory/n, total.Context+r.Context/n
		if err := m.book.Result(emit, x, r); err != nil {
			return err
		}
	}
	values = append(values, exam.Value{Name: MetricSuccess, Value: total.Success}, exam.Value{Name: MetricReturn, Value: total.Return},
		exam.Value{Name: MetricMemory, Value: total.Memory}, exam.Value{Name: MetricContext, Value: total.Context})
	if m.now.Evals == 0 || m.knobs.Steps > 0 { // an untrained agent stays at one place of the axis
		if err := exam.Emit(emit, x, append(values, m.report()...)...); err != nil {
			return err
		}
	}
	m.now.Since = sums{}
	m.now.Evals++
	if m.now.Evals == 1 || end {
		return m.close(emit, row)
	}
	return nil
}

// sit examines whoever plays on task i.
func (m *method) sit(ctx context.Context, i int, keep bool) (exam.Result, error) {
	kept := 0
	if keep {
		kept = 1
	}
	l := m.learn
	if l == nil {
		return m.exam.reference(ctx, i, m.plays, kept)
	}
	w := m.exam.worlds[i]
	g := &greedy{m: l.model, b: l.behaviour, c: newCarrier(l.model, w.Size())}
	e := m.exam.sitting(i, g, kept)
	carried := m.agent.State + m.agent.latent()
	e.Sizes = func(_, t int) (int, int) { return carried, t + 1 }
	s := newSketch(l.model, w, g)
	e.Note = s.note
	if i == 0 && keep {
		e.Events = func(_, t int) []lab.Event {
			if t > 0 {
				return nil
			}
			return l.stores.tell()
		}
	}
	return e.Run(ctx)
}

// report is what training and stores came to since the last evaluation.
func (m *method) report() (values []exam.Value) {
	l := m.learn
	if l == nil || m.knobs.Steps == 0 {
		return nil
	}
	for i := range m.world.Tasks {
		values = append(values, exam.Value{Name: nth(MetricNLL, i), Value: m.exam.nll(l.model, i).nll()})
	}
	recent, long := l.stores.uses()
	for i := range m.world.Tasks {
		if recent && l.stores.book.Added > 0 {
			values = append(values, exam.Value{Name: nth(MetricRecent, i), Value: shares(l.stores.book.Recent, m.world.Tasks)[i]})
		}
		if long && l.stores.book.Added > 0 {
			values = append(values, exam.Value{Name: nth(MetricLong, i), Value: shares(l.stores.book.Long, m.world.Tasks)[i]})
		}
	}
	values = append(values, exam.Value{Name: MetricHeld, Value: float64(l.stores.held())})
	s := m.now.Since
	if s.N > 0 {
		mean := s.Model.over(s.N)
		values = append(values, exam.Value{Name: MetricPlanes, Value: mean.Planes}, exam.Value{Name: MetricKL, Value: mean.KL},
			exam.Value{Name: MetricRewardLoss, Value: mean.Reward}, exam.Value{Name: MetricGoes, Value: mean.Goes})
	}
	if s.M > 0 {
		values = append(values, exam.Value{Name: MetricImagined, Value: s.Taught.Return / s.M}, exam.Value{Name: MetricEntropy, Value: s.Taught.Entropy / s.M},
			exam.Value{Name: MetricCritic, Value: s.Taught.Critic / s.M})
	}
	if s.Steps > 0 {
		values = append(values, exam.Value{Name: MetricReward, Value: s.Reward / s.Steps})
	}
	return values
}

// close takes the row p_{.,k} into the matrix, reports what it means, and moves on to the next task.
func (m *method) close(emit lab.Emitter, row []float64) error {
	m.now.Matrix = append(m.now.Matrix, row)
	k := len(m.now.Matrix) - 1
	var values []exam.Value
	for i, p := range row {
		values = append(values, exam.Value{Name: nth(MetricAfter, i), Value: p})
	}
	if k > 0 {
		values = append(values, exam.Value{Name: MetricAverage, Value: average(m.now.Matrix, k)}, exam.Value{Name: MetricFresh, Value: row[k-1]},
			exam.Value{Name: MetricTransfer, Value: m.now.Matrix[k-1][k-1]})
	}
	if k > 1 {
		values = append(values, exam.Value{Name: MetricForgetting, Value: forgetting(m.now.Matrix, k)})
	}
	if err := exam.Emit(emit, int64(k), values...); err != nil {
		return err
	}
	if k == 0 || k == m.world.Tasks {
		return nil
	}
	m.now.Task++
	m.now.Cycles, m.now.Model, m.now.Actor = 0, 0, 0
	if m.learn != nil {
		m.begin()
	}
	return nil
}

// average is mean_i p_{i,k} over the tasks that were learned so far: row k of p [k][i].
func average(p [][]float64, k int) (a float64) {
	for i := range k {
		a += p[k][i] / float64(k)
	}
	return a
}

// forgetting is F = mean_{i<k} ( max_{i<=j<=k} p_{i,j} - p_{i,k} ): what was lost of each earlier task since it was at its best.
func forgetting(p [][]float64, k int) (f float64) {
	for i := range k - 1 {
		top := p[i+1][i]
		for j := i + 2; j <= k; j++ {
			top = max(top, p[j][i])
		}
		f += (top - p[k][i]) / float64(k-1)
	}
	return f
}
