// Package delethink is the Markovian Thinker (arXiv 2510.06557v1): a language model thinks in chunks of fixed size, each of which begins with
// the question and the last tokens of the chunk before, and learns by reinforcement to write what it will need where it is carried over.
// doc.md says what is kept, what is dropped, and lists the deviations.
package delethink

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
	knobs RLKnobs
	world *mathworld.Arithmetic
	words *llm.Words
	core  *num.Core
	model *connect.Model // nil for a reference
	who   *reference     // nil for a model
	asks  *rng.Stream    // draws the questions of training
	drawn uint64         // seed of the draws of evaluations
	exam  *exam
	now   count
}

// count is where the method stands.
type count struct {
	Warm     int   // parts of the warm start done
	Updates  int   // updates done
	Evals    int   // evaluations done
	Episodes int64 // episodes put into the record
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
	var k mathworld.ArithmeticKnobs
	if err := errors.Join(setup.Section("rl", &m.knobs), setup.Section("world", &k)); err != nil {
		return err
	}
	if m.world, err = mathworld.NewArithmetic(k); err != nil {
		return err
	}
	if m.words, err = llm.NewWords(m.world.Spec().Words); err != nil {
		return err
	}
	m.asks, m.drawn = rng.New(seed, "questions"), rng.New(seed, "draws").Uint64()
	m.exam = &exam{knobs: m.knobs, world: k, words: m.words, seed: rng.New(seed, "exam").Uint64()}
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
	case m.who != nil:
		if err = m.evaluate(ctx, emit); err == nil {
			err = m.test(ctx, emit)
		}
		m.now.Tested = err == nil
	default:
		if m.knobs.Updates > 0 {
			err = m.test(ctx, emit)
		}
		m.now.Tested = err == nil
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

// answerer is the model as it stands, or the yardstick.
func (m *method) answerer(ctx context.Context) (answerer, error) {
	if m.who != nil {
		return *m.who, nil
	}
	s, err := m.model.Train.Sampler(ctx)
	return thinker{s, m.how, func() *rng.Stream { return rng.New(m.drawn, "evaluation") }}, err
}

// update is one step of algorithm 1 of arXiv 2510.06557v1: think about a batch of questions in chunks, reward whole traces, and move the
// policy by the chunks, each with its own prompt. Behind it comes the evaluation that is due.
func (m *method) update(ctx context.Context, emit lab.Emitter) (err error) {
	var seen []measure
	if m.knobs.Extra {
		seen, err = m.supervise(ctx)
	} else {
		seen, err = m.reinforce(ctx)
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

func (m *method) reinforce(ctx context.Context) ([]measure, error) {
	sampler, err := m.model.Train.Sampler(ctx)
	if err != nil {
		return nil, err
	}
	seeds := m.asks.Seeds(m.knobs.Questions)
	qs, err := questions(m.world, m.words, mathworld.Train, seeds)
	if err != nil {
		return nil, err
	}
	queries := make([][]int32, len(qs))
	for i, q := range qs {
		queries[i] = q.ids
	}
	groups, err := think(ctx, sampler, queries, m.knobs.Group, m.knobs.template(), m.how(m.knobs.Temperature), seeds)
	if err != nil {
		return nil, err
	}
	var seen tally
	for i := range groups {
		for g := range groups[i].Trajectories {
			if err := seen.grade(qs[i], &groups[i].Trajectories[g], m.words); err != nil {
				return nil, err
			}
		}
	}
	for part := range m.knobs.Minibatches {
		if err := m.learn(ctx, rl.Share(groups, part, m.knobs.Minibatches), part == 0, &seen); err != nil {
			return nil, err
		}
	}
	return seen.trained(), nil
}

// learn moves the policy by some groups (sec. 3.2):
//
//	J = 1/G sum_g 1/len(g) sum over chunks l, tokens t of min(rho A_g, clip(rho, 1 - eps_low, 1 + eps_high) A_g),   A_g = (R_g - mean) / std
//
// len(g) counts all tokens of the trace; every chunk of it has the trace's advantage and is a row with its own prompt.
func (m *method) learn(ctx context.Context, groups []rl.Group, first bool, seen *tally) error {
	data, credited, err := m.credit(groups)
	if err != nil {
		return err
	}
	seen.groups, seen.flat = seen.groups+len(groups), seen.flat+credited.Skipped
	if len(data) == 0 {
		return nil // every group teaches nothing
	}
	out, err := trainer.Learn(ctx, m.model.Train, data, m.knobs.GRPOKnobs)
	if first && err == nil {
		seen.gap = trainer.LargestGap(data, out)
	}
	return err
}

// credit makes the rows. Normalised by chunk, a chunk's tokens are divided by its own length and by the number of chunks of all attempts.
func (m *method) credit(groups []rl.Group) ([]rl.Datum, rl.Credited, error) {
	c := rl.Credit{Baseline: rl.GroupNormal, Length: rl.PerTrace}
	if m.knobs.Normalise == "trace" {
		return c.Rows(groups)
	}
	credited, err := c.Of(groups)
	if err != nil {
		return nil, credited, err
	}
	chunks, all := 0, []rl.Datum(nil)
	for i := range groups {
		for g := range groups[i].Trajectories {
			chunks += len(groups[i].Trajectories[g].Segments)
		}
	}
	for i := range groups {
		for g, a := range credited.Advantages[i] {
			t := &groups[i].Trajectories[g]
			rows, err := rl.RowsBy(t, func(s, _ int) float64 { return a / float64(chunks*len(t.Segments[s].Tokens)) })
			if err != nil || a == 0 {
				continue
			}
			all = append(all, rows...)
		}
	}
	return all, credited, nil
}

// supervise is the control: in the place of an update, one supervised step on as many fresh traces as an update has attempts.
func (m *method) supervise(ctx context.Context) ([]measure, error) {
	n := m.knobs.Questions * m.knobs.Group
	loss, tokens, err := m.model.Supervise(ctx, uint64(m.now.Updates*n), n, m.knobs.Rate, m.knobs.GradClip)
	return []measure{{MetricLoss, loss}, {MetricTrainTokens, tokens / float64(n)}}, err
}

// how says how thoughts are drawn: they end behind the end token.
func (m *method) how(temperature float64) llm.Sampling {
	return llm.Sampling{Temperature: temperature, Stop: [][]int32{{m.words.End()}}}
}

// parts is the whole state.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "questions", State: rl.Stream(m.asks)}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	return parts
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
