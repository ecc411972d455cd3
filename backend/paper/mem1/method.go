// Package mem1 is MEM1 (arXiv 2506.15841v2): an agent that rewrites an internal state every turn, loses everything else, and learns by
// reinforcement with a reward for the task alone what to keep. doc.md says what is kept, what is dropped, and lists the deviations.
package mem1

import (
	"context"
	"embed"
	"errors"
	"io"
	"io/fs"
	"math"

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
	"github.com/loci-lab/loci/backend/world/hop"
)

//go:embed prompts
var promptFiles embed.FS

// warmParts is how many units of work the warm start is divided into.
const warmParts = 20

// method is one agent in one set-up.
type method struct {
	knobs  RLKnobs
	player player
	world  *hop.World
	core   *num.Core
	model  *connect.Model  // nil for a reference
	who    *ReferenceKnobs // nil for a model
	act    *llm.Prompt     // for an endpoint
	asks   *rng.Stream     // draws the episodes of training
	exam   *exam
	now    count
}

// count is where the method stands.
type count struct {
	Warm     int   // parts of the warm start done
	Updates  int   // updates done
	Evals    int   // evaluations done
	Tests    int   // tests of the end done
	Episodes int64 // episodes put into the record
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
	var k hop.Knobs
	if err := errors.Join(setup.Section("rl", &m.knobs), setup.Section("world", &k)); err != nil {
		return err
	}
	if m.world, err = hop.New(k); err != nil {
		return err
	}
	if m.player.words, err = words(); err != nil {
		return err
	}
	m.asks = rng.New(seed, "episodes")
	m.exam = &exam{knobs: &m.knobs, world: k, player: &m.player, seed: rng.New(seed, "exam").Uint64()}
	if setup.Kind("agent") == Reference {
		m.who = new(ReferenceKnobs)
		m.knobs.Updates, m.now.Warm = 0, warmParts
		return setup.Section("agent", m.who)
	}
	return m.connect(setup, bench)
}

// connect prepares the model on its rung.
func (m *method) connect(setup lab.Setup, bench lab.Bench) error {
	var agent AgentKnobs
	spec, source, err := warmStart(setup)
	if err := errors.Join(err, setup.Section("agent", &agent)); err != nil {
		return err
	}
	if m.player.contexts, err = newContexts(agent.Template, m.player.words); err != nil {
		return err
	}
	folder, err := fs.Sub(promptFiles, "prompts")
	if err != nil {
		return err
	}
	prompts, err := llm.ReadPrompts(folder)
	if err != nil {
		return err
	}
	m.act = prompts["act"]
	m.model, err = connect.New(m.core, setup.Model, bench, spec, source, local.Options{})
	return err
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
	return lab.Progress{Done: int64(m.now.Warm + m.now.Updates + m.now.Tests), Total: int64(warmParts + m.knobs.Updates + len(tested())), Unit: "updates"}
}

// Advance does a part of the warm start, one update with the evaluation that is due, or one test of the end.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	var err error
	switch {
	case m.now.Warm < warmParts:
		err = m.warm(ctx, emit)
	case m.now.Updates < m.knobs.Updates:
		err = m.update(ctx, emit)
	case m.now.Tests < len(tested()):
		err = m.test(ctx, emit)
	}
	return m.progress(), err
}

// warm does a part of the warm start; behind the last one the model is examined as it stands. An endpoint has none.
func (m *method) warm(ctx context.Context, emit lab.Emitter) error {
	if err := m.model.Advance(ctx, m.now.Warm+1, warmParts); err != nil {
		return err
	}
	m.now.Warm++
	if m.now.Warm < warmParts {
		return nil
	}
	if !m.model.Frozen() {
		for _, p := range m.model.Warm.Curve() {
			if err := emit.Emit(lab.Metric{Name: MetricWarmLoss, X: int64(p.Step), Value: lab.Float(p.Loss)}); err != nil {
				return err
			}
		}
		if err := emitAll(emit, 0, []measure{{MetricParameters, float64(nn.Count(m.model.Warm.Model().Weights()))}}); err != nil {
			return err
		}
	}
	return m.evaluate(ctx, emit)
}

func (m *method) sampler(ctx context.Context) (llm.Sampler, error) {
	return m.model.Sampler(ctx, m.act)
}

func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	s, err := m.sampler(ctx)
	if err != nil {
		return err
	}
	m.now.Evals++
	return m.exam.evaluate(ctx, emit, s, &m.now)
}

// test does the next test of the end: more episodes, of one number of questions.
func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	n := tested()[m.now.Tests]
	if m.who != nil {
		if err := m.exam.measureReference(ctx, emit, *m.who, n, m.now.Tests == 0); err != nil {
			return err
		}
		m.now.Tests++
		return nil
	}
	s, err := m.sampler(ctx)
	if err != nil {
		return err
	}
	if err := m.exam.test(ctx, emit, s, n, &m.now); err != nil {
		return err
	}
	m.now.Tests++
	return nil
}

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

// reinforce is one update (sec. 3.2 of arXiv 2506.15841v2): play, reward the right answers and nothing else, and move the policy by what every
// turn wrote, given the context that the turn had.
func (m *method) reinforce(ctx context.Context) ([]measure, error) {
	sampler, err := m.sampler(ctx)
	if err != nil {
		return nil, err
	}
	items := m.asks.Seeds(m.knobs.Questions)
	groups, traces, err := m.player.play(ctx, sampler, game{world: m.world, split: hop.Train, items: items, attempts: m.knobs.Group, temperature: m.knobs.Temperature, seed: m.asks.Uint64()})
	if err != nil {
		return nil, err
	}
	var seen tally
	for i, t := range traces {
		seen.add(t, &groups[i/m.knobs.Group].Trajectories[i%m.knobs.Group])
	}
	values := append(seen.trained(groups), measure{MetricProbe, probe(groups, traces)})
	if m.model.Frozen() {
		return values, nil
	}
	for part := range m.knobs.Minibatches {
		gaps, err := m.learn(ctx, rl.Share(groups, part, m.knobs.Minibatches), tracesOf(traces, groups, part, m.knobs.Minibatches))
		if err != nil {
			return nil, err
		}
		if part == 0 {
			values = append(values, gaps...)
		}
	}
	return values, nil
}

// tracesOf are the traces of rl.Share.
func tracesOf(traces []*trace, groups []rl.Group, part, of int) []*trace {
	size := len(traces) / max(len(groups), 1)
	return traces[part*len(groups)/of*size : (part+1)*len(groups)/of*size]
}

// learn moves the policy by some groups: the clipped loss over turns, each a row with its own context, every token with the advantage of its
// attempt divided by the length of the attempt. Stitched, the rows are whole histories that the policy did not see.
//
//	A_g = (R_g - mean) / std;   rho = pi(y_t | context of its turn) / pi_old(y_t | context of its turn)
func (m *method) learn(ctx context.Context, groups []rl.Group, traces []*trace) ([]measure, error) {
	if m.knobs.Credit == Stitched {
		groups = stitch(groups, traces)
	}
	data, _, err := rl.Credit{Baseline: rl.GroupNormal, Length: rl.PerTrace}.Rows(groups)
	if err != nil || len(data) == 0 {
		return nil, err // no rows: every group teaches nothing
	}
	out, err := trainer.Learn(ctx, m.model.Train, data, m.knobs.GRPOKnobs)
	if err != nil {
		return nil, err
	}
	return []measure{{MetricGap, trainer.LargestGap(data, out)}, {MetricRatio, meanGap(data, out)}}, nil
}

// stitch makes every attempt one sequence.
func stitch(groups []rl.Group, traces []*trace) []rl.Group {
	out, at := make([]rl.Group, len(groups)), 0
	for i := range groups {
		out[i].Item = groups[i].Item
		for j := range groups[i].Trajectories {
			var now [][]int32
			for _, s := range traces[at].steps {
				now = append(now, s.now)
			}
			out[i].Trajectories = append(out[i].Trajectories, stitched(&groups[i].Trajectories[j], now))
			at++
		}
	}
	return out
}

// meanGap is the mean over the trained tokens of |log pi - log pi_old|, nats: 0 right behind the draw where the contexts are the right ones.
func meanGap(data []rl.Datum, out trainer.Output) float64 {
	sum, n := 0.0, 0
	for i := range data {
		for t, w := range data[i].Weights {
			if w != 0 && i < len(out.Rows) && t < len(out.Rows[i].Logprobs) {
				sum, n = sum+math.Abs(float64(data[i].Logprobs[t])-float64(out.Rows[i].Logprobs[t])), n+1
			}
		}
	}
	return sum / math.Max(float64(n), 1)
}

// supervise is the control: in the place of an update, one supervised step on as many fresh rows as an update has at most.
func (m *method) supervise(ctx context.Context) ([]measure, error) {
	n := m.knobs.Questions * m.knobs.Group * m.turns()
	loss, _, err := m.model.Supervise(ctx, uint64(m.now.Updates*n), n, m.knobs.Rate, m.knobs.GradClip)
	return []measure{{MetricLoss, loss}}, err
}

// turns is the number of rows that an attempt makes on average: its turns, or one where nothing is pruned.
func (m *method) turns() int {
	if m.player.contexts.whole {
		return 1
	}
	k := m.world.Knobs()
	return (k.Least+k.Most)/2 + 1
}

// parts is the whole state.
func (m *method) parts() []rl.Part {
	parts := []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "episodes", State: rl.Stream(m.asks)}}
	if m.model != nil {
		parts = append(parts, rl.Part{Name: "model", State: m.model})
	}
	return parts
}

// Snapshot implements lab.Snapshotter.
func (m *method) Snapshot(w io.Writer) error { return rl.WriteParts(w, m.parts()...) }

// Restore implements lab.Snapshotter.
func (m *method) Restore(r io.Reader) error { return rl.ReadParts(r, m.parts()...) }
