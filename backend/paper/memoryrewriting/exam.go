package memoryrewriting

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

// examEnvs environments are examined side by side; every environment plays the same number of episodes.
const examEnvs = 64

// keptEpisodes of each evaluation go into the record with all their steps: those of the first environments.
const keptEpisodes = 2

// exam examines an agent with greedy actions, in mazes that depend on the run's seed alone: every arm of a seed walks the same ones.
type exam struct {
	setup lab.Setup
	seed  uint64
	knobs PPOKnobs
	play  func(world.Tensor) (player, error)
	fork  *lab.Fork // nil but in a fork
}

// player is whoever is examined: a trained agent or a reference.
type player interface {
	// evaluate plays the first perEnv episodes of every environment; hooks as in rl.Evaluate.
	evaluate(ctx context.Context, seed uint64, perEnv int, h rl.Hooks) error
	// sizes tells what environment b carries (numbers in use) and sees (steps of history) at step t of its episode.
	sizes(b, t int) (memory, context int)
	// note adds to a kept step what the player knows of its last decision in environment b.
	note(b int, s *lab.Step)
	// act changes the action that was chosen in environment b, before it is played.
	act(b int, action int32)
	// reward is what environment b paid for its last action.
	reward(b int) float32
	// carried returns the numbers that environment b carries, nil for a reference.
	carried(b int) []float32
}

func newExam(setup lab.Setup, seed uint64, knobs PPOKnobs) (*exam, error) {
	if _, err := newWorld(setup, examEnvs); err != nil {
		return nil, err
	}
	return &exam{setup: setup, seed: rng.New(seed, "exam").Uint64(), knobs: knobs}, nil
}

// evaluate examines the agent in mazes as in training and emits what it found, with a few whole episodes.
func (e *exam) evaluate(ctx context.Context, emit lab.Emitter, now *count) error {
	w, err := newWorld(e.setup, examEnvs)
	if err != nil {
		return err
	}
	s := &session{world: w, keep: keptEpisodes, split: "eval", first: now.Episodes + 1}
	if err := e.run(ctx, s, e.knobs.EvalEpisodes); err != nil {
		return err
	}
	if err := emitAll(emit, now.Steps, s.tally.measures()); err != nil {
		return err
	}
	return s.emitKept(emit, now)
}

// test examines the finished agent at every number of corridors and reads out what it carries. Mazes other than an Endless T-Maze
// are tested as they are.
func (e *exam) test(ctx context.Context, emit lab.Emitter, now *count) error {
	own, err := newWorld(e.setup, examEnvs)
	if err != nil {
		return err
	}
	s := &session{world: own, keep: 2 * keptEpisodes, split: "test", first: now.Episodes + 1, gates: true, probe: true}
	if err := e.run(ctx, s, e.knobs.TestEpisodes); err != nil {
		return err
	}
	values := append(s.tally.measures(), s.probes()...)
	if err := emitAll(emit, now.Steps, values); err != nil {
		return err
	}
	for k, n := range s.tally.passed {
		if err := emitAll(emit, int64(k), []measure{{MetricPassed, float64(n) / float64(s.tally.episodes)}}); err != nil {
			return err
		}
	}
	if err := s.emitKept(emit, now); err != nil {
		return err
	}
	m, ok := own.(*maze.Endless)
	if !ok {
		return nil
	}
	return e.testOthers(ctx, emit, now, m.Knobs())
}

// testOthers examines the agent at each number of corridors, also at the one it was trained at, in mazes of their own seed.
func (e *exam) testOthers(ctx context.Context, emit lab.Emitter, now *count, knobs maze.EndlessKnobs) error {
	for _, n := range tests() {
		knobs.Corridors = n
		w, err := maze.NewEndless(knobs, examEnvs)
		if err != nil {
			return err
		}
		s := &session{world: w, split: fmt.Sprintf("n%d", n)}
		if err := e.run(ctx, s, e.knobs.TestEpisodes); err != nil {
			return err
		}
		values := []measure{{testMetric(MetricSuccess, n), s.tally.success()}, {testMetric(MetricJunction, n), s.tally.accuracy()}}
		if err := emitAll(emit, now.Steps, values); err != nil {
			return err
		}
	}
	return nil
}

// run plays a session. The mazes of a split are the same in every evaluation of a run.
func (e *exam) run(ctx context.Context, s *session, episodes int) error {
	p, err := e.play(s.world)
	if err != nil {
		return err
	}
	s.player, s.fork = p, e.fork
	s.step = make([]int, examEnvs)
	s.steps = make([][]lab.Step, s.keep)
	s.done = make([]*lab.Episode, s.keep)
	hooks := rl.Hooks{Before: s.before, After: s.after, End: s.end}
	perEnv := (episodes + examEnvs - 1) / examEnvs
	s.perEnv = make([]int, examEnvs)
	for b := range s.perEnv {
		s.perEnv[b] = perEnv
	}
	return p.evaluate(ctx, rng.New(e.seed, s.split).Uint64(), perEnv, hooks)
}

// session is one evaluation under way.
type session struct {
	world  world.Tensor
	player player
	split  string
	keep   int   // whole first episodes of the first environments that are kept
	gates  bool  // kept steps carry the forget gates, too
	probe  bool  // what is carried at junctions is collected for the linear probes
	first  int64 // number that the first kept episode will have
	fork   *lab.Fork

	tally  tally
	step   []int // [B] step of the present episode
	perEnv []int // [B] episodes that still count
	steps  [][]lab.Step
	done   []*lab.Episode
	data   probeData
}

// before sees what each environment shows and what was decided on it.
func (s *session) before(int) {
	for b, t := range s.step {
		if s.perEnv[b] == 0 {
			continue
		}
		s.byHand(b, t)
		memory, context := s.player.sizes(b, t)
		s.tally.step(memory, context)
		if s.probe {
			s.data.add(s.world, s.player, b)
		}
		if b < s.keep && s.done[b] == nil {
			s.steps[b] = append(s.steps[b], s.kept(b, t))
		}
	}
}

// kept writes down a step of environment b before its action is played.
func (s *session) kept(b, t int) lab.Step {
	scene := s.world.Scene(b)
	step := lab.Step{T: t, Saw: s.world.Saw(b), Scene: &scene}
	s.player.note(b, &step)
	if !s.gates {
		step.State = nil
	}
	return step
}

// after learns the rewards. It comes before end.
func (s *session) after(int) {
	for b := range s.step {
		s.step[b]++
		if b < s.keep && s.done[b] == nil {
			s.steps[b][len(s.steps[b])-1].Reward = short(s.player.reward(b))
		}
	}
}

func (s *session) end(b, _ int, info world.Info) {
	s.tally.episode(s.world, b, info)
	if b < s.keep && s.done[b] == nil {
		last := &s.steps[b][len(s.steps[b])-1]
		memory, context := s.player.sizes(b, last.T)
		last.Done = true
		s.done[b] = &lab.Episode{Split: s.split, Seed: info.Seed, Steps: info.Steps, Return: lab.Float(info.Return),
			Success: info.Success, Why: info.Why, Memory: lab.Float(memory), Context: lab.Float(context), Detail: true}
	}
	s.step[b] = 0
	s.perEnv[b]--
}

// emitKept puts the kept episodes into the record, each after its steps, and says how many were not kept since the last one.
func (s *session) emitKept(emit lab.Emitter, now *count) error {
	now.Unseen += s.tally.episodes - s.keep
	for b, episode := range s.done {
		now.Episodes++
		for _, step := range s.steps[b] {
			step.Episode = now.Episodes
			if err := emit.Emit(step); err != nil {
				return err
			}
		}
		episode.ID, episode.X, episode.Omitted = now.Episodes, now.Steps, now.Unseen
		now.Unseen = 0
		if err := emit.Emit(*episode); err != nil {
			return err
		}
	}
	return nil
}
