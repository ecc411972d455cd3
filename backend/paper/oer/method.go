package oer

import (
	"context"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
)

// method is one agent that meets the tasks one after another. A unit of Advance is a run of updates between two reports; the last one of
// a task also chooses its buffer and examines all tasks so far.
type method struct {
	world    PointMassKnobs
	knobs    Knobs
	agent    agent
	seed     uint64
	core     *num.Core
	data     []*dataset // [N]
	examiner *examiner

	pi      *td3bc.Actor // the continual actor, one head a task: what is examined
	opt     *nn.Adam
	tape    *num.Tape
	draws   *rng.Stream // which transitions an update reads
	ewc     *consolidation
	batch   *td3bc.Batch
	stage   *stage
	recall  *recall
	clone   td3bc.Squared
	buffers [][]pick // [tasks so far]
	now     count
}

// agent is the set-up's agent, whichever its kind.
type agent struct {
	kind  string
	width int
	BufferKnobs
	ewc    EWCKnobs
	policy string // of a reference
}

// count is where the run stands; it is kept in checkpoints.
type count struct {
	Task   int       // present task, from 0; N when all are done
	Update int       // updates of the critics in this task
	Fresh  []float64 // a_nn, skill on each task right after it was learned
	Book   exam.Book
}

// stage is what lives as long as one task: critics, and in the paper's method the actor that learns the task. With all data at once it
// holds the critics of all tasks and lives as long as the run.
type stage struct {
	learners []*td3bc.Learner
	mu       *td3bc.Actor // nil where pi itself learns
	muOpt    *nn.Adam
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
	return m, nil
}

func (m *method) build(setup lab.Setup) error {
	if err := setup.Section("world", &m.world); err != nil {
		return err
	}
	if err := setup.Section("rl", &m.knobs); err != nil {
		return err
	}
	if err := m.agent.read(setup); err != nil {
		return err
	}
	var err error
	if m.examiner, err = newExaminer(m.world, m.knobs.EvalEpisodes, rng.New(m.seed, "examinations").Uint64()); err != nil || m.agent.kind == Reference {
		return err
	}
	for goal := range m.world.Goals {
		d, err := newDataset(m.world, goal, m.seed)
		if err != nil {
			return err
		}
		m.data = append(m.data, d)
	}
	m.pi = td3bc.NewActor(rng.New(m.seed, "weights"), "pi", obsWidth, actWidth, m.world.Goals, m.hidden())
	m.opt, m.tape, m.draws = nn.NewAdam(m.pi.Params()), num.NewTape(m.core), rng.New(m.seed, "draws")
	m.batch = td3bc.NewBatch(m.knobs.Batch, obsWidth, actWidth)
	if m.agent.kind == EWC {
		m.ewc = newConsolidation(m.agent.ewc, m.pi)
	}
	m.enter()
	return nil
}

// read takes the agent's section.
func (a *agent) read(setup lab.Setup) (err error) {
	a.kind, a.Select = setup.Kind("agent"), Nothing
	switch a.kind {
	case Dual, Single:
		err = setup.Section("agent", &a.BufferKnobs)
		a.width = a.BufferKnobs.Width
	case EWC:
		err = setup.Section("agent", &a.ewc)
		a.width = a.ewc.Width
	case MultiTask:
		var k MultiTaskKnobs
		err = setup.Section("agent", &k)
		a.width = k.Width
	case Reference:
		var k ReferenceKnobs
		err = setup.Section("agent", &k)
		a.policy = k.Policy
	default:
		err = lab.Errorf(lab.Internal, "agent kind %q is unknown here", a.kind)
	}
	return err
}

func (m *method) hidden() []int { return []int{m.agent.width, m.agent.width} }

// enter begins the present task: fresh critics, and a fresh learning actor where there are two.
func (m *method) enter() {
	task := m.now.Task
	m.recall = newRecall(m.data, m.buffers, m.knobs.Batch)
	if m.agent.kind == MultiTask {
		if m.stage == nil {
			m.stage = &stage{}
			for n := range m.data {
				m.stage.learners = append(m.stage.learners, td3bc.New(m.core, m.knobs.Knobs, m.pi, n, obsWidth, m.hidden(), rng.New(m.seed, of("critics", n))))
			}
		}
		return
	}
	s := rng.New(m.seed, of("critics", task))
	if m.agent.kind != Dual {
		m.stage = &stage{learners: []*td3bc.Learner{td3bc.New(m.core, m.knobs.Knobs, m.pi, task, obsWidth, m.hidden(), s)}}
		return
	}
	mu := td3bc.NewActor(rng.New(m.seed, of("mu", task)), "mu", obsWidth, actWidth, 1, m.hidden())
	m.stage = &stage{mu: mu, muOpt: nn.NewAdam(mu.Params()),
		learners: []*td3bc.Learner{td3bc.New(m.core, m.knobs.Knobs, mu, 0, obsWidth, m.hidden(), s)}}
}

// Close frees the workers.
func (m *method) Close() error { m.core.Close(); return nil }

// Advance learns until the next report is due. The order of steps: learn task n on D_n alone, clone, choose B_n, examine.
func (m *method) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	if m.agent.kind == Reference {
		return m.reference(ctx, emit)
	}
	losses, err := m.learn(ctx)
	if err != nil {
		return m.progress(), err
	}
	if err := m.report(emit, losses); err != nil {
		return m.progress(), err
	}
	if m.now.Update < m.knobs.Updates {
		return m.progress(), nil
	}
	if err := m.finish(ctx, emit); err != nil {
		return m.progress(), err
	}
	m.now.Task, m.now.Update = m.now.Task+1, 0
	if m.now.Task < m.world.Goals {
		m.enter()
	}
	return m.progress(), nil
}

func (m *method) progress() lab.Progress {
	done, total := m.now.Task*m.knobs.Updates+m.now.Update, m.world.Goals*m.knobs.Updates
	if m.agent.kind == Reference {
		done, total = m.now.Task, m.world.Goals
	}
	return lab.Progress{Done: int64(done), Total: int64(total), Unit: "updates"}
}

// losses are means over the updates between two reports.
type losses struct {
	critic, clone float64
	n, clones     float64
}

// learn does the updates up to the next report.
func (m *method) learn(ctx context.Context) (all losses, err error) {
	each := (m.knobs.Updates + m.knobs.Reports - 1) / m.knobs.Reports
	for end := min(m.now.Update+each, m.knobs.Updates); m.now.Update < end; m.now.Update++ {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		if err := m.update(&all); err != nil {
			return all, err
		}
	}
	return all, nil
}

// update is one step of the critics on D_n and, every Delay-th time, one of the actors. Every kind of agent gives pi the same number of
// steps: one for each that a learning actor takes.
func (m *method) update(all *losses) error {
	task, l := m.now.Task, m.stage.learners[0]
	if m.agent.kind == MultiTask {
		task = m.now.Update / m.knobs.Delay % m.world.Goals
		l = m.stage.learners[task]
	}
	m.data[task].fill(m.batch, m.draws)
	loss, err := l.Criticise(m.batch)
	if err != nil {
		return err
	}
	all.critic += loss
	all.n++
	if m.now.Update%m.knobs.Delay != m.knobs.Delay-1 {
		return nil
	}
	if m.stage.mu != nil {
		all.clone += m.dual(l, task)
	} else {
		all.clone += m.single(l)
	}
	all.clones++
	l.Follow()
	return nil
}

// dual is DBC (dual behaviour cloning). mu_n learns the task from D_n alone, and pi clones both worlds:
//
//	L(mu) = E_Dn [ -lambda Q_n(s, mu(s)) + |mu(s) - a|^2 ]
//	L(pi) = E_Dn |pi(s,n) - mu_n(s)|^2 + w (1/(n-1)) sum_{j<n} E_Bj |pi(s,j) - a|^2
func (m *method) dual(l *td3bc.Learner, task int) float64 {
	m.tape.Reset()
	value, behaviour := l.Loss(m.tape, m.batch)
	value.Gradient()[0] = 1
	m.tape.Backward(behaviour)
	m.stage.muOpt.Step(&m.core.K, m.knobs.LearningRate)

	m.tape.Reset()
	taught := m.stage.mu.Record(m.tape, m.batch.Obs, 0)
	loss := m.clone.Record(m.tape, m.pi.Record(m.tape, m.batch.Obs, task), taught.Data, nil)
	if old := m.recall.record(m.tape, m.pi, m.draws); old != nil {
		old.Gradient()[0] = float32(m.agent.Weight)
	}
	m.tape.Backward(loss)
	m.opt.Step(&m.core.K, m.knobs.LearningRate)
	return float64(loss.Data[0])
}

// single gives one actor everything: the loss of the task, the cloning of buffers where it has some, the penalty where it is held.
func (m *method) single(l *td3bc.Learner) float64 {
	m.tape.Reset()
	value, behaviour := l.Loss(m.tape, m.batch)
	value.Gradient()[0] = 1
	clone := 0.0
	if old := m.recall.record(m.tape, m.pi, m.draws); old != nil {
		old.Gradient()[0] = float32(m.agent.Weight)
		clone = float64(old.Data[0])
	}
	m.tape.Backward(behaviour)
	if m.ewc != nil {
		m.ewc.pull()
	}
	m.opt.Step(&m.core.K, m.knobs.LearningRate)
	return clone
}

// finish ends a task: its buffer is chosen by the policy as it is now, and all tasks so far are examined.
func (m *method) finish(ctx context.Context, emit lab.Emitter) error {
	learned, err := m.examiner.play(ctx, m.now.Task, m.learned(), 1)
	if err != nil {
		return err
	}
	if err := m.keep(ctx, emit, learned); err != nil {
		return err
	}
	if m.ewc != nil {
		m.ewc.add(m.core, m.pi, m.now.Task, m.data[m.now.Task], m.draws)
	}
	return m.examine(ctx, emit)
}

// learned is the policy that was learned from D_n, before or without cloning.
func (m *method) learned() *greedy {
	if m.stage.mu != nil {
		return newGreedy(m.core, m.stage.mu, 0)
	}
	return newGreedy(m.core, m.pi, m.now.Task)
}

// choose builds B_n.
func (m *method) choose(ctx context.Context) (picks []pick, f *forward, err error) {
	task, d := m.now.Task, m.data[m.now.Task]
	a, head := m.pi, task
	if m.stage.mu != nil {
		a, head = m.stage.mu, 0
	}
	s := rng.New(m.seed, of("buffer", task))
	switch size := m.agent.capacity(d); m.agent.Select {
	case ByModel:
		if f, err = newForward(ctx, m.core, d, m.knobs, m.agent.Model, s); err == nil {
			picks, err = byModel(ctx, d, f, policyOf(m.core, a, head), d.actions(m.core, a, head), size, m.agent.BufferKnobs, s)
		}
	case Uniform:
		picks = evenly(d, size, s)
	case ByReward:
		picks = highest(d.reward, size)
	case BySurprise:
		picks = highest(surprises(d, m.stage.learners[0]), size)
	}
	return picks, f, err
}

// parts are the state of the present task between two units. Data sets are made again from the seed.
func (m *method) parts() []rl.Part {
	if m.agent.kind == Reference {
		return nil
	}
	parts := []rl.Part{{Name: "pi", State: rl.Weights(m.pi.Params(), m.opt)}, {Name: "draws", State: rl.Stream(m.draws)}}
	for n, l := range m.stage.learners {
		parts = append(parts, l.Parts(of("learner", n))...)
	}
	if m.stage.mu != nil {
		parts = append(parts, rl.Part{Name: "mu", State: rl.Weights(m.stage.mu.Params(), m.stage.muOpt)})
	}
	if m.ewc != nil {
		parts = append(parts, m.ewc.part())
	}
	return parts
}

// front are the parts that say which task the others are of.
func (m *method) front() []rl.Part {
	return []rl.Part{{Name: "count", State: rl.JSON(&m.now)}, {Name: "buffers", State: rl.JSON(&m.buffers)}}
}

// Snapshot keeps the whole state between two units.
func (m *method) Snapshot(w io.Writer) error {
	return rl.WriteParts(w, append(m.front(), m.parts()...)...)
}

// Restore reads what Snapshot wrote, into a method of the same set-up.
func (m *method) Restore(r io.Reader) error {
	if err := rl.ReadParts(r, m.front()...); err != nil {
		return err
	}
	if m.agent.kind != Reference && m.now.Task < m.world.Goals {
		m.enter()
	}
	return rl.ReadParts(r, m.parts()...)
}
