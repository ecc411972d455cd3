package spatiallyawaretransformer

import (
	"context"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/course"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// method is one memory in one world. A unit of Advance is some updates, and the evaluation where one is due; the last unit is the test.
type method struct {
	knobs  TrainKnobs
	setup  lab.Setup
	policy string // reference that plays, "" for a trained agent
	seed   uint64
	core   *num.Core
	agent  *agent
	lesson *lesson
	course *course.Course
}

// agent is what is trained: the reader, and the allocator where the rule is learned.
type agent struct {
	knobs     AgentKnobs
	visits    bool
	reader    *reader
	allocator *allocator // nil where the rule is given
}

// New makes the memory that the set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	core, err := exam.Core(bench)
	if err != nil {
		return nil, err
	}
	m := &method{core: core, seed: seed, setup: setup}
	if err := m.build(); err != nil {
		core.Close()
		return nil, err
	}
	m.course = &course.Course{Updates: m.knobs.Updates, Evaluations: m.knobs.Evaluations, Batch: m.knobs.Batch,
		Parameters: m.parameters, Update: m.update, Evaluate: m.evaluate, Test: m.test}
	return m, nil
}

// newStage makes the world of the set-up with that many environments; loop is after how many steps its dances begin again.
func newStage(setup lab.Setup, envs int) (s *ballet.Stage, loop int, err error) {
	kind, err := schema.Section{Name: "world", Kinds: ballet.Worlds()}.Find(setup.Kind("world"))
	if err != nil {
		return nil, 0, err
	}
	knobs := kind.New()
	if err := setup.Section("world", knobs); err != nil {
		return nil, 0, err
	}
	loop = visitSteps
	if k, ok := knobs.(*ballet.RoomsKnobs); ok {
		loop = k.Loop()
	}
	s, err = ballet.New(knobs, envs)
	return s, loop, err
}

func (m *method) build() error {
	if err := m.setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	stage, loop, err := newStage(m.setup, m.knobs.Batch)
	if err != nil {
		return err
	}
	if m.setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		err := m.setup.Section("agent", &k)
		m.policy, m.knobs.Updates = k.Policy, 0
		return err
	}
	a := &agent{visits: stage.Spec().Name == ballet.Visits}
	if err := m.setup.Section("agent", &a.knobs); err != nil {
		return err
	}
	spec, s := stage.Spec(), rng.New(m.seed, "weights")
	a.reader = newReader(s, a.knobs, stage.Layout, spec.Horizon, loop, len(spec.Actions))
	if a.knobs.Rule == AMA {
		if !a.visits {
			return lab.Errorf(lab.Invalid, "agent.rule is %q in world %s, which has no tasks", a.knobs.Rule, spec.Name).WithHint("set world kind %s, or a fixed rule", ballet.Visits)
		}
		a.allocator = newAllocator(s)
	}
	m.agent = a
	m.lesson = newLesson(m.core, a, m.knobs, stage, m.seed)
	return nil
}

func (a *agent) params() []*num.Tensor {
	ps := a.reader.params()
	if a.allocator != nil {
		ps = append(ps, a.allocator.net.Params()...)
	}
	return ps
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

// Advance trains for some updates, and examines and tests where that is due: package course has the order.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	return m.course.Advance(ctx, emit)
}

// episodes is the x axis: episodes of training so far.
func (m *method) episodes() int64 { return m.course.Episodes() }

func (m *method) parameters() []exam.Value {
	if m.agent == nil {
		return nil
	}
	return []exam.Value{{Name: MetricParameters, Value: float64(nn.Count(m.agent.params()))}}
}

func (m *method) update(ctx context.Context, number int) ([]exam.Value, error) {
	l, err := m.lesson.update(ctx, number)
	return l.values(m.agent.allocator != nil), err
}

// lesson trains on batches of whole episodes.
type lesson struct {
	knobs   TrainKnobs
	core    *num.Core
	agent   *agent
	params  []*num.Tensor
	opt     *nn.Adam
	tape    *num.Tape
	chance  *rng.Stream
	keeping keeping
	stage   *ballet.Stage
	class   *course.Class
}

func newLesson(core *num.Core, a *agent, k TrainKnobs, stage *ballet.Stage, seed uint64) *lesson {
	l := &lesson{knobs: k, core: core, agent: a, params: a.params(), tape: num.NewTape(core), chance: rng.New(seed, "rules"), stage: stage,
		keeping: keeping{knobs: a.knobs, visits: a.visits, places: stage.Layout.Places}}
	l.opt = nn.NewAdam(l.params)
	l.class = course.NewClass(stage, rng.New(seed, "episodes").Uint64())
	return l
}

// learned is what an update tells.
type learned struct{ right, loss, regret, eps, norm float64 }

func (l learned) values(bandit bool) []exam.Value {
	vs := []exam.Value{{Name: MetricTrain, Value: l.right}, {Name: MetricLoss, Value: l.loss}, {Name: MetricGradNorm, Value: l.norm}}
	if bandit {
		vs = append(vs, exam.Value{Name: MetricRegret, Value: l.regret}, exam.Value{Name: MetricEpsilon, Value: l.eps})
	}
	return vs
}

// update is one step of learning (arXiv 2402.15160v1, the adaptive memory allocator):
//
//	choose a rule for each episode's task; watch, keep; answer; L = CE(answer) + regret (R - q[rule])^2 with R = -CE; step of Adam
func (l *lesson) update(ctx context.Context, number int) (out learned, err error) {
	if err := ctx.Err(); err != nil {
		return out, err
	}
	l.class.Watch()
	l.tape.Reset()
	out.eps = epsilon(l.knobs, number)
	rules, chosen, q := l.rules(out.eps)
	all := make([]kept, l.knobs.Batch)
	for e := range all {
		all[e] = l.keeping.episode(l.agent.reader.told(l.class.Obs, e), rules[e], l.chance.Float64)
	}
	logits, _, _ := l.agent.reader.forward(l.tape, l.class.Obs, all)
	reward := make([]float64, len(all))
	out.loss, out.right = l.answer(logits, reward)
	if q != nil {
		out.regret = learn(q, chosen, reward, l.knobs.Regret)
	}
	l.tape.BackwardFrom(logits, l.gradientOf(logits))
	l.class.Answer()
	out.norm = nn.ClipNorm(&l.core.K, l.params, l.knobs.MaxGradNorm)
	if math.IsNaN(out.norm) || math.IsInf(out.norm, 0) {
		return out, lab.Errorf(lab.Internal, "norm of the gradient is %g after %d updates", out.norm, number).WithHint("lower rl.learning_rate")
	}
	rate := l.knobs.LearningRate
	if l.knobs.Anneal {
		rate *= 1 - float64(number)/float64(l.knobs.Updates)
	}
	l.opt.Step(&l.core.K, rate)
	return out, nil
}

// epsilon falls along a line from 1 to its end over the first part of the training.
func epsilon(k TrainKnobs, number int) float64 {
	done := float64(number) / (k.Explore * float64(k.Updates))
	return max(k.Epsilon, 1-(1-k.Epsilon)*done)
}

// rules gives every episode of the batch its rule; chosen and q are those of the allocator, nil where there is none.
func (l *lesson) rules(eps float64) (rules []string, chosen []int, q *num.Tensor) {
	tasks := make([]int, l.knobs.Batch)
	for e := range tasks {
		tasks[e] = taskOf(l.stage.Layout, l.class.Obs, e)
	}
	if a := l.agent.allocator; a != nil {
		q = a.values(l.tape, tasks)
		chosen = a.choose(q, eps, l.chance)
	}
	for e, task := range tasks {
		rules = append(rules, ruleFor(l.agent.knobs.Rule, task, e, chosen, l.chance))
	}
	return rules, chosen, q
}

// ruleFor names the rule of episode e.
func ruleFor(rule string, task, e int, chosen []int, chance *rng.Stream) string {
	switch rule {
	case AMA:
		return ballet.Rules()[chosen[e]]
	case Designed:
		return ballet.Rules()[task]
	case Any:
		return ballet.Rules()[chance.IntN(len(ballet.Rules()))]
	}
	return rule
}

// taskOf reads the task of episode e from its first observation; 0 in a world without tasks.
func taskOf(l ballet.Layout, obs *num.Tensor, e int) int {
	if l.Told == 0 {
		return 0
	}
	return rl.Best(obs.Data[e*obs.Last()+l.Tell() : e*obs.Last()+l.Tell()+l.Told])
}

// answer compares the most probable answers with the right ones, which become the actions, and fills the reward of each episode, -CE.
func (l *lesson) answer(logits *num.Tensor, reward []float64) (loss, right float64) {
	n := logits.Last()
	p := make([]float32, n)
	for e := range reward {
		row := logits.Data[e*n : (e+1)*n]
		lse, target := rl.Probabilities(row, p), int(l.stage.Script(e).Answer)
		reward[e] = float64(row[target]) - lse
		loss -= reward[e] / float64(len(reward))
		l.class.Actions[e] = int32(target)
		if rl.Best(row) == target {
			right += 1 / float64(len(reward))
		}
	}
	return loss, right
}

// gradientOf is that of the mean cross-entropy by the logits, (softmax - one) / B.
func (l *lesson) gradientOf(logits *num.Tensor) []float32 {
	n := logits.Last()
	g := make([]float32, logits.Len())
	for e, target := range l.class.Actions {
		row := g[e*n : (e+1)*n]
		rl.Probabilities(logits.Data[e*n:(e+1)*n], row)
		row[target]--
		for j := range row {
			row[j] /= float32(len(l.class.Actions))
		}
	}
	return g
}

// parts are the state between two units. Evaluations begin anew each time and keep nothing.
func (m *method) parts() []rl.Part {
	ps := []rl.Part{{Name: "count", State: rl.JSON(&m.course.Now)}}
	if m.lesson == nil {
		return ps
	}
	l := m.lesson
	return append(ps, rl.Part{Name: "weights", State: rl.Weights(l.params, l.opt)}, rl.Part{Name: "rules", State: rl.Stream(l.chance)}, rl.Part{Name: "world", State: l.class})
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
