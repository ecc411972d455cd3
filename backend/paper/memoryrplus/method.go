// Package memoryrplus is Memory-R+ (arXiv 2504.02273v1): group-relative policy optimisation of a small language model whose rewards come in
// part out of a memory of its own answers: be like what worked, be unlike what failed. doc.md says what is kept, what is dropped, and lists
// the deviations.
package memoryrplus

import (
	"context"
	"errors"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/connect"
	"github.com/loci-lab/loci/backend/trainer/local"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// warmParts is how many units of work the warm start is divided into.
const warmParts = 20

// method is one agent in one set-up.
type method struct {
	knobs  RLKnobs
	world  *mathworld.Words
	words  *llm.Words
	core   *num.Core
	model  *connect.Model // nil for a reference
	who    *reference     // nil for a model
	asks   *rng.Stream    // draws the questions of training
	drawn  uint64         // seed of the draws of evaluations
	memory *memory
	encode encoder
	exam   *exam
	now    count
}

// count is where the method stands.
type count struct {
	Warm     int     // parts of the warm start done
	Updates  int     // updates done
	Evals    int     // evaluations done
	Episodes int64   // episodes put into the record
	Length   float64 // of responses before learning, tokens
	Correct  float64 // of the test questions before learning
	Format   float64 // reward for format before learning
	Tested   bool
}

// New makes the method that a set-up describes.
func New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	m := &method{core: num.NewCore(kernels, bench.Threads)}
	if err := m.build(setup, seed, bench); err != nil {
		m.core.Close()
		return nil, err
	}
	return m, nil
}

func (m *method) build(setup lab.Setup, seed uint64, bench lab.Bench) (err error) {
	var k mathworld.WordKnobs
	if err := errors.Join(setup.Section("rl", &m.knobs), setup.Section("world", &k)); err != nil {
		return err
	}
	if m.world, err = mathworld.NewWords(k); err != nil {
		return err
	}
	if m.words, err = llm.NewWords(m.world.Spec().Words); err != nil {
		return err
	}
	m.asks, m.drawn = rng.New(seed, "questions"), rng.New(seed, "draws").Uint64()
	m.memory = newMemory(m.knobs)
	m.exam = &exam{knobs: m.knobs, world: m.world, words: m.words, seed: rng.New(seed, "exam").Uint64()}
	if setup.Kind("agent") == Reference {
		var r ReferenceKnobs
		m.knobs.Updates, m.now.Warm = 0, warmParts
		err := setup.Section("agent", &r)
		m.who = &reference{r.Policy, m.words, m.drawn}
		return err
	}
	spec, source, err := warmStart(setup)
	if err != nil {
		return err
	}
	if m.model, err = connect.New(m.core, setup.Model, bench, spec, source, local.Options{}); err != nil {
		return err
	}
	return m.model.WantsTraining(setup.Paper)
}

// Base is the warm start of a set-up; nil where there is none.
func Base(setup lab.Setup, bench lab.Bench) (*base.Maker, error) {
	if setup.Kind("agent") == Reference {
		return nil, nil
	}
	spec, source, err := warmStart(setup)
	if err != nil {
		return nil, err
	}
	return base.Open(bench, spec, source)
}

// Close ends the trainer and its workers.
func (m *method) Close() (err error) {
	if m.model != nil {
		err = m.model.Close()
	}
	m.core.Close()
	return err
}

func (m *method) progress() lab.Progress {
	p := lab.Progress{Done: int64(m.now.Warm + m.now.Updates), Total: int64(warmParts + m.knobs.Updates + 1), Unit: "updates"}
	if m.now.Tested {
		p.Done = p.Total
	}
	return p
}

// Advance does a part of the warm start, one update with the evaluation that is due, or the test at the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	var err error
	switch {
	case m.now.Warm < warmParts:
		err = m.warm(ctx, emit)
	case m.now.Updates < m.knobs.Updates:
		err = m.update(ctx, emit)
	default:
		err = m.finish(ctx, emit)
	}
	return m.progress(), err
}

// warm does a part of the warm start; behind the last one the model is examined as it stands.
func (m *method) warm(ctx context.Context, emit lab.Emitter) error {
	if err := m.model.Advance(ctx, m.now.Warm+1, warmParts); err != nil {
		return err
	}
	m.now.Warm++
	if m.now.Warm < warmParts {
		return nil
	}
	if err := m.prepare(); err != nil {
		return err
	}
	for _, p := range m.model.Warm.Curve() {
		if err := emit.Emit(lab.Metric{Name: MetricWarmLoss, X: int64(p.Step), Value: lab.Float(p.Loss)}); err != nil {
			return err
		}
	}
	if err := emitAll(emit, 0, []measure{{MetricParameters, float64(nn.Count(m.model.Warm.Model().Weights()))}}); err != nil {
		return err
	}
	if err := m.evaluate(ctx, emit); err != nil {
		return err
	}
	return m.test(ctx, emit)
}

// prepare makes what rests on the finished warm start.
func (m *method) prepare() (err error) {
	m.encode, err = newEncoder(m.knobs.Encoder, m.core, m.model.Warm.Model(), m.words)
	return err
}

// finish examines for the last time. An agent that learned nothing was tested already.
func (m *method) finish(ctx context.Context, emit lab.Emitter) error {
	if m.who != nil {
		if err := m.evaluate(ctx, emit); err != nil {
			return err
		}
	}
	if m.who != nil || m.knobs.Updates > 0 {
		if err := m.test(ctx, emit); err != nil {
			return err
		}
	}
	m.now.Tested = true
	return nil
}

func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	who, err := m.answerer(ctx)
	if err != nil {
		return err
	}
	m.now.Evals++
	return m.exam.evaluate(ctx, emit, who, &m.now)
}

func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	who, err := m.answerer(ctx)
	if err != nil {
		return err
	}
	return m.exam.test(ctx, emit, who, &m.now)
}

// answerer is the model as it stands, or the yardstick. The memory is not there: it shapes rewards alone.
func (m *method) answerer(ctx context.Context) (answerer, error) {
	if m.who != nil {
		return *m.who, nil
	}
	s, err := m.model.Train.Sampler(ctx)
	return responder{s, m.words, m.drawn}, err
}

func (m *method) update(ctx context.Context, emit lab.Emitter) (err error) {
	var seen []measure
	if m.knobs.Extra {
		seen, err = m.supervise(ctx)
	} else {
		seen, err = m.reinforce(ctx, emit)
	}
	if err != nil {
		return err
	}
	m.now.Updates++
	if err := emitAll(emit, m.now.Updates, seen); err != nil || m.now.Updates*m.knobs.Evaluations < m.now.Evals*m.knobs.Updates {
		return err
	}
	return m.evaluate(ctx, emit)
}

// reinforce is one update (algorithm 1 of arXiv 2504.02273v1): draw a group of responses to each question, pay each response with the help
// of the memory, and move the policy by the rewards normalised in their group.
func (m *method) reinforce(ctx context.Context, emit lab.Emitter) ([]measure, error) {
	sampler, err := m.model.Train.Sampler(ctx)
	if err != nil {
		return nil, err
	}
	qs, err := m.ask()
	if err != nil {
		return nil, err
	}
	groups, err := respond(ctx, sampler, qs, m.knobs.Group, m.how(m.knobs.Temperature))
	if err != nil {
		return nil, err
	}
	seen := tally{groups: len(groups)}
	for i := range groups {
		if err := m.pay(emit, &qs[i], &groups[i], i, &seen); err != nil {
			return nil, err
		}
	}
	for part := range m.knobs.Minibatches {
		if err := m.learn(ctx, rl.Share(groups, part, m.knobs.Minibatches), part == 0, &seen); err != nil {
			return nil, err
		}
	}
	return append(seen.trained(), measure{MetricMemory, float64(m.memory.Success.size() + m.memory.Failure.size())}), nil
}

// pay rewards the responses of one group in the order in which they were drawn: each finds in the stores what came before it.
func (m *method) pay(emit lab.Emitter, q *question, g *rl.Group, at int, seen *tally) error {
	parts := make([]paid, len(g.Trajectories))
	for i := range g.Trajectories {
		t := &g.Trajectories[i]
		a, err := m.answer(q, t)
		if err != nil {
			return err
		}
		parts[i] = m.memory.pay(a, m.now.Updates)
		t.Reward, t.Why = parts[i].total(), lab.EndTerminal
		seen.add(a, parts[i])
		if err := m.memory.tell(emit, q, a, parts[i], m.now.Updates, at, i); err != nil {
			return err
		}
	}
	seen.group(parts)
	return nil
}

func (m *method) answer(q *question, t *rl.Trajectory) (*answer, error) {
	said, err := m.words.Decode(t.Segments[0].Tokens)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "what the model wrote: %w", err)
	}
	a := &answer{grading: q.Grade(said), tokens: t.Length()}
	a.question.Text, a.response.Text = q.Question, a.grading.Reasoning
	if a.question.vector, err = m.encode(a.question.Text); err != nil {
		return nil, err
	}
	a.response.vector, err = m.encode(a.response.Text)
	return a, err
}

// learn moves the policy by some groups: advantage = (reward - mean of the group) / its standard deviation, clipped ratio, no divergence term.
func (m *method) learn(ctx context.Context, groups []rl.Group, first bool, seen *tally) error {
	data, _, err := rl.Credit{Baseline: rl.GroupNormal, Length: rl.PerTrace}.Rows(groups)
	if err != nil || len(data) == 0 {
		return err
	}
	out, err := trainer.Learn(ctx, m.model.Train, data, m.knobs.GRPOKnobs)
	if first && err == nil {
		seen.gap = trainer.LargestGap(data, out)
	}
	return err
}

// supervise is the control: in the place of an update, one supervised step on as many fresh traces as an update has responses.
func (m *method) supervise(ctx context.Context) ([]measure, error) {
	n := m.knobs.Questions * m.knobs.Group
	loss, tokens, err := m.model.Supervise(ctx, uint64(m.now.Updates*n), n, m.knobs.Rate, m.knobs.GradClip)
	return []measure{{MetricLoss, loss}, {MetricTrainLen, tokens / float64(n)}}, err
}

// how says how responses are drawn: they end behind the end token.
func (m *method) how(temperature float64) llm.Sampling {
	return sampling(m.words, temperature)
}

// parts is the whole state.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "questions", State: rl.Stream(m.asks)}, {Name: "memory", State: rl.JSON(m.memory)}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	return parts
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error {
	if err := rl.ReadParts(r, m.parts()...); err != nil || m.model == nil || m.model.Train == nil {
		return err
	}
	if err := m.prepare(); err != nil {
		return err
	}
	return errors.Join(m.memory.Success.encode(m.encode), m.memory.Failure.encode(m.encode))
}
