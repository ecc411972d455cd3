package hcam

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
	"github.com/loci-lab/loci/backend/world/ballet"
)

// method is one agent that watches ballets. A unit of Advance is some updates, and the evaluation where one is due; the last unit is the
// tests.
type method struct {
	knobs  TrainKnobs
	world  ballet.BalletKnobs
	policy string // reference that plays, "" for a trained agent
	seed   uint64
	core   *num.Core
	agent  *agent
	lesson *lesson
	course *course.Course
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
	m.course = &course.Course{Updates: m.knobs.Updates, Evaluations: m.knobs.Evaluations, Batch: m.knobs.Batch,
		Parameters: m.parameters, Update: m.update, Evaluate: m.evaluate, Test: m.test}
	return m, nil
}

func (m *method) build(setup lab.Setup) error {
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if err := setup.Section("world", &m.world); err != nil {
		return err
	}
	stage, err := ballet.NewBallet(m.world, 1)
	if err != nil {
		return err
	}
	if setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		err := setup.Section("agent", &k)
		m.policy, m.knobs.Updates = k.Policy, 0
		return err
	}
	if m.agent, err = newAgent(setup, stage.Spec(), rng.New(m.seed, "weights")); err != nil {
		return err
	}
	m.lesson, err = newLesson(m.core, m.agent, m.knobs, m.world, m.seed)
	return err
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
	return l.values(), err
}

// lesson trains: REINFORCE with a learned baseline. An episode has one decision, its last step, so an update is one pass over whole
// episodes forward and one backward.
type lesson struct {
	knobs  TrainKnobs
	core   *num.Core
	agent  *agent
	params []*num.Tensor
	opt    *nn.Adam
	tape   *num.Tape
	chance *rng.Stream
	pairs  *class // two dancers of a mirror pair, short delay
	short  *class // as in full, short delay
	full   *class
	loss   rl.PPOLoss
}

// class is a batch of ballets of one size.
type class struct {
	*course.Class
	stage *ballet.Stage
}

func newLesson(core *num.Core, a *agent, k TrainKnobs, w ballet.BalletKnobs, seed uint64) (*lesson, error) {
	l := &lesson{knobs: k, core: core, agent: a, params: a.params(), tape: num.NewTape(core), chance: rng.New(seed, "actions")}
	l.opt = nn.NewAdam(l.params)
	// One decision an episode and one step on it: the ratio of PPO stays 1 and its loss is that of REINFORCE with a baseline.
	l.loss.Knobs = rl.PPOKnobs{Clip: 0.2, Value: k.Value, Entropy: k.Entropy}
	var err error
	if l.full, err = newClass(w, k.Batch, rng.New(seed, "ballets").Uint64()); err != nil {
		return nil, err
	}
	w.Delay = k.WarmDelay
	if l.short, err = newClass(w, k.Batch, rng.New(seed, "short ballets").Uint64()); err != nil {
		return nil, err
	}
	w.Dancers, w.Among = 2, "pair"
	l.pairs, err = newClass(w, k.Batch, rng.New(seed, "pairs").Uint64())
	return l, err
}

func newClass(w ballet.BalletKnobs, batch int, seed uint64) (*class, error) {
	stage, err := ballet.NewBallet(w, batch)
	if err != nil {
		return nil, err
	}
	return &class{course.NewClass(stage, seed), stage}, nil
}

// learned is what an update tells.
type learned struct{ reward, entropy, value, rebuilt, norm float64 }

func (l learned) values() []exam.Value {
	return []exam.Value{{Name: MetricReward, Value: l.reward}, {Name: MetricEntropy, Value: l.entropy}, {Name: MetricValueLoss, Value: l.value},
		{Name: MetricRebuilt, Value: l.rebuilt}, {Name: MetricGradNorm, Value: l.norm}}
}

// update is one step of learning:
//
//	watch; forward; act; L = -(R - b) log pi(a) + value (b - R)^2 / 2 - entropy H + reconstruction CE(move | encoded step); step of Adam
func (l *lesson) update(ctx context.Context, number int) (learned, error) {
	if err := ctx.Err(); err != nil {
		return learned{}, err
	}
	c := l.class(number)
	c.Watch()
	l.tape.Reset()
	f := l.agent.forward(l.tape, c.Obs, true)
	batch := l.act(c, f.out)
	loss, stats := l.loss.Record(l.tape, f.out, batch)
	out := learned{reward: mean(c.Reward), entropy: stats.Entropy, value: stats.Value}
	out.rebuilt = l.rebuild(c, f.moves)
	l.tape.Backward(loss)
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

// class is what update number is about: in the first part of the training, pairs and short ballets by turns.
func (l *lesson) class(number int) *class {
	switch {
	case float64(number) >= l.knobs.Warm*float64(l.knobs.Updates):
		return l.full
	case number%2 == 0:
		return l.pairs
	}
	return l.short
}

// act answers every question by chance as the policy says and returns what the loss needs to know.
func (l *lesson) act(c *class, out *num.Tensor) *rl.Minibatch {
	n, b := l.agent.actions, len(c.Actions)
	m := &rl.Minibatch{Action: c.Actions, LogProb: make([]float32, b), Value: make([]float32, b), Advantage: make([]float32, b), Return: c.Reward}
	p := make([]float32, n)
	for i := range b {
		row := out.Data[i*(n+1) : (i+1)*(n+1)]
		lse := rl.Probabilities(row[:n], p)
		c.Actions[i] = int32(l.chance.Categorical(p))
		m.LogProb[i], m.Value[i] = float32(float64(row[c.Actions[i]])-lse), row[n]
	}
	c.Answer()
	for i := range b {
		m.Advantage[i] = c.Reward[i] - m.Value[i]
	}
	return m
}

// rebuild adds the gradient of the reconstruction to that of its logits [T][B][9] and returns the loss: the mean over steps at which
// somebody is in sight of -log softmax(logits)[move].
func (l *lesson) rebuild(c *class, logits *num.Tensor) float64 {
	o, at := c.Obs.Last(), c.stage.Layout.Move()
	grad, p := logits.Gradient(), make([]float32, ballet.Moves)
	count := 0
	for i := range logits.Rows() {
		if rl.Best(c.Obs.Data[i*o+at:i*o+at+ballet.Moves]) > 0 || c.Obs.Data[i*o+at] == 1 {
			count++
		}
	}
	sum, scale := 0.0, l.knobs.Reconstruction/float64(max(count, 1))
	for i := range logits.Rows() {
		move := rl.Best(c.Obs.Data[i*o+at : i*o+at+ballet.Moves])
		if c.Obs.Data[i*o+at+move] == 0 {
			continue
		}
		row := logits.Data[i*ballet.Moves : (i+1)*ballet.Moves]
		sum += rl.Probabilities(row, p) - float64(row[move])
		for j, pj := range p {
			grad[i*ballet.Moves+j] += float32(scale * float64(pj))
		}
		grad[i*ballet.Moves+move] -= float32(scale)
	}
	return sum / float64(max(count, 1))
}

func mean(x []float32) (m float64) {
	for _, v := range x {
		m += float64(v) / float64(len(x))
	}
	return m
}

// parts are the state between two units. Evaluations begin anew each time and keep nothing.
func (m *method) parts() []rl.Part {
	ps := []rl.Part{{Name: "count", State: rl.JSON(&m.course.Now)}}
	if m.lesson == nil {
		return ps
	}
	l := m.lesson
	return append(ps, rl.Part{Name: "weights", State: rl.Weights(l.params, l.opt)}, rl.Part{Name: "actions", State: rl.Stream(l.chance)},
		rl.Part{Name: "pairs", State: l.pairs}, rl.Part{Name: "short", State: l.short}, rl.Part{Name: "full", State: l.full})
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
