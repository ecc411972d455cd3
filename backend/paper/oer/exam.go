package oer

import (
	"context"
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
)

// examiner plays the tasks with greedy policies, in episodes that depend on the run's seed alone: every arm of a seed starts from the
// same places, and so do the two yardsticks that returns are measured by.
type examiner struct {
	knobs        PointMassKnobs
	episodes     int
	seed         uint64
	worlds       []control.World // [N]
	best, chance []float64       // [N] returns of the scripted controller and of uniform actions
}

func newExaminer(k PointMassKnobs, episodes int, seed uint64) (*examiner, error) {
	e := &examiner{knobs: k, episodes: episodes, seed: seed}
	for n := range k.Goals {
		w, err := control.New(k.task(n), episodes)
		if err != nil {
			return nil, err
		}
		e.worlds = append(e.worlds, w)
		best, err := e.yardstick(w, world.Oracle)
		if err != nil {
			return nil, err
		}
		chance, err := e.yardstick(w, world.Random)
		if err != nil {
			return nil, err
		}
		e.best, e.chance = append(e.best, best), append(e.chance, chance)
	}
	return e, nil
}

// yardstick is the mean return of a reference.
func (e *examiner) yardstick(w control.World, name string) (float64, error) {
	p, err := w.Reference(name, e.seed)
	if err != nil {
		return 0, err
	}
	s, err := control.Evaluate(context.Background(), w, p, e.seed, e.episodes)
	return s.Return, err
}

// skill is a return on task n on the scale of 0 for uniform actions and 1 for the scripted controller.
func (e *examiner) skill(n int, mean float64) float64 {
	return (mean - e.chance[n]) / (e.best[n] - e.chance[n])
}

// sitting is what one policy came to on one task.
type sitting struct {
	task    int
	mean    float64   // return
	success float64   // share of episodes
	visited []float32 // [episodes*horizon][obsWidth] states in which the policy acted
	kept    []exam.Kept
}

// play lets a policy play one episode from every start; the first keep of them come back step by step.
func (e *examiner) play(ctx context.Context, task int, p control.Policy, keep int) (*sitting, error) {
	w, s := e.worlds[task], &sitting{task: task, kept: make([]exam.Kept, keep)}
	obs, act := make([]float32, e.episodes*obsWidth), make([]float32, e.episodes*actWidth)
	reward, done := make([]float32, e.episodes), make([]bool, e.episodes)
	w.Reset(e.seed, obs)
	p.Reset()
	for range e.knobs.Horizon { // the point mass has no other end
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.Act(obs, nil, act)
		s.visited = append(s.visited, obs...)
		for b := range keep {
			scene := w.Scene(b)
			s.kept[b].Steps = append(s.kept[b].Steps, lab.Step{T: len(s.kept[b].Steps), Saw: w.Saw(b), Action: pushed(act[b*actWidth:]), Scene: &scene,
				Numbers: map[string]lab.Float{"push_x": exam.Short(act[b*actWidth]), "push_y": exam.Short(act[b*actWidth+1])}})
		}
		w.Step(act, obs, reward, done)
		for b := range keep {
			step := &s.kept[b].Steps[len(s.kept[b].Steps)-1]
			step.Reward, step.Done = exam.Short(reward[b]), done[b]
		}
	}
	s.sum(w)
	return s, nil
}

func (s *sitting) sum(w control.World) {
	n := float64(w.Size())
	for b := range w.Size() {
		in := w.Info(b)
		s.mean += float64(in.Return) / n
		if in.Success {
			s.success += 1 / n
		}
		if b < len(s.kept) {
			s.kept[b].Episode = lab.Episode{Seed: in.Seed, Steps: in.Steps, Return: exam.Short(in.Return), Success: in.Success, Why: in.Why, Context: 1, Detail: true}
		}
	}
}

func pushed(a []float32) string { return fmt.Sprintf("push (%+.2f, %+.2f)", a[0], a[1]) }

// greedy plays one head of an actor.
type greedy struct {
	actor *td3bc.Actor
	head  int
	tape  *num.Tape
	obs   *num.Tensor
}

func newGreedy(core *num.Core, a *td3bc.Actor, head int) *greedy {
	return &greedy{actor: a, head: head, tape: num.NewTape(core)}
}

// Reset implements control.Policy.
func (g *greedy) Reset() {}

// Act implements control.Policy.
func (g *greedy) Act(obs []float32, _ []bool, actions []float32) {
	if g.obs == nil || g.obs.Len() != len(obs) {
		g.obs = num.New("obs", len(obs)/obsWidth, obsWidth)
	}
	copy(g.obs.Data, obs)
	g.tape.Reset()
	copy(actions, g.actor.Record(g.tape, g.obs, g.head).Data)
}

// examine plays all tasks so far with pi and reports a_mn, m tasks learned. The last examination keeps an episode of each task.
func (m *method) examine(ctx context.Context, emit lab.Emitter) error {
	learned := m.now.Task + 1
	skills, last := []float64{}, learned == m.world.Goals
	success, returns := 0.0, 0.0
	for n := range learned {
		keep := 0
		if last {
			keep = 1
		}
		s, err := m.examiner.play(ctx, n, newGreedy(m.core, m.pi, n), keep)
		if err != nil {
			return err
		}
		skills = append(skills, m.examiner.skill(n, s.mean))
		success += s.success / float64(learned)
		returns += s.mean / float64(learned)
		if err := m.write(emit, "eval", s, nil); err != nil {
			return err
		}
	}
	m.now.Fresh = append(m.now.Fresh, skills[m.now.Task])
	values := append(m.scores(skills), exam.Value{Name: MetricSuccess, Value: success}, exam.Value{Name: MetricReturn, Value: returns},
		exam.Value{Name: MetricMemory, Value: m.carried()}, exam.Value{Name: MetricContext, Value: 1})
	return exam.Emit(emit, int64(learned), values...)
}

// scores are what follows from the row m of the matrix a_mn.
func (m *method) scores(skills []float64) (values []exam.Value) {
	mean, forgot := 0.0, 0.0
	for n, a := range skills {
		mean += a / float64(len(skills))
		if n < len(skills)-1 {
			forgot += (m.now.Fresh[n] - a) / float64(len(skills)-1)
		}
		values = append(values, exam.Value{Name: skillOf(n), Value: a})
	}
	values = append(values, exam.Value{Name: MetricPerformance, Value: mean}, exam.Value{Name: MetricFresh, Value: skills[len(skills)-1]})
	if len(skills) > 1 {
		values = append(values, exam.Value{Name: MetricForgetting, Value: forgot})
	}
	return values
}

// carried is how many numbers are kept for the sake of old tasks: states and actions of buffers, or what the penalty needs. Acting
// itself carries nothing from step to step.
func (m *method) carried() float64 {
	n := 0
	for _, b := range m.buffers {
		n += len(b) * (obsWidth + actWidth)
	}
	if m.ewc != nil {
		for _, p := range m.pi.Params() {
			n += 2 * p.Len()
		}
	}
	if m.agent.kind == MultiTask {
		for _, d := range m.data {
			n += d.len() * (2*obsWidth + actWidth + 1)
		}
	}
	return float64(n)
}

// reference plays a yardstick on all tasks.
func (m *method) reference(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	for n := range m.world.Goals {
		p, err := m.examiner.worlds[n].Reference(m.agent.policy, m.examiner.seed)
		if err != nil {
			return m.progress(), err
		}
		s, err := m.examiner.play(ctx, n, p, 1)
		if err != nil {
			return m.progress(), err
		}
		m.now.Fresh = append(m.now.Fresh, m.examiner.skill(n, s.mean))
		values := append(m.scores(m.now.Fresh), exam.Value{Name: MetricSuccess, Value: s.success}, exam.Value{Name: MetricReturn, Value: s.mean},
			exam.Value{Name: MetricMemory, Value: 0}, exam.Value{Name: MetricContext, Value: 1})
		if err := exam.Emit(emit, int64(n+1), values...); err != nil {
			return m.progress(), err
		}
		if err := m.write(emit, "eval", s, nil); err != nil {
			return m.progress(), err
		}
		m.now.Task++
	}
	return m.progress(), nil
}

// report emits what training looks like from inside.
func (m *method) report(emit lab.Emitter, l losses) error {
	values := []exam.Value{{Name: MetricCriticLoss, Value: l.critic / l.n}}
	if l.clone > 0 {
		values = append(values, exam.Value{Name: MetricCloneLoss, Value: l.clone / l.clones})
	}
	if degrees, ok := m.angle(); ok {
		values = append(values, exam.Value{Name: MetricAngle, Value: degrees})
	}
	for _, v := range values {
		if math.IsNaN(v.Value) || math.IsInf(v.Value, 0) {
			return lab.Errorf(lab.Internal, "%s is %v", v.Name, v.Value).WithHint("lower rl.learning_rate")
		}
	}
	return exam.Emit(emit, int64(m.now.Task*m.knobs.Updates+m.now.Update), values...)
}
