package memo

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn/summary"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tmaze"
)

// examTrials are played side by side; keptTrials of the test go into the record with all their steps and memory operations.
const (
	examTrials = 64
	keptTrials = 2
)

// bench examines an agent, with greedy actions in the T-Maze and drawn ones in a dark room, in trials that depend on the run's seed alone: every arm of a seed plays the same ones.
type bench struct {
	core      *num.Core
	setup     lab.Setup
	agent     *agent // nil for a reference
	reference string
	seed      uint64
	knobs     *PPOKnobs
}

// sitting is one examination: a world, who plays in it, and what is to be looked at.
type sitting struct {
	exam   exam.Exam
	arena  *arena
	player *player // nil for a reference
	tally  tally
}

// sit prepares an examination. The trials of a split are the same in every evaluation of a run.
func (b *bench) sit(split string, trials, corridor int, change func(*summary.Rule)) (*sitting, error) {
	w, err := newArena(b.setup, examTrials, corridor)
	if err != nil {
		return nil, err
	}
	s := &sitting{arena: w}
	s.exam = exam.Exam{World: w.Tensor, Seed: rng.New(rng.New(b.seed, "exam").Uint64(), split).Uint64(), Episodes: trials, Split: split}
	s.exam.End = func(e int, info world.Info) { s.tally.add(w, e, info) }
	if b.agent == nil {
		s.exam.Policy, err = w.Reference(b.reference, rng.New(b.seed, "reference").Uint64())
		return s, err
	}
	rule := b.agent.rule
	if change != nil {
		change(&rule)
	}
	s.player = newPlayer(b.core, b.agent, w, rule)
	if w.begins >= 0 { // a search that always takes the most probable step may walk in circles
		s.player.draw = rng.New(rng.New(b.seed, "exam actions").Uint64(), split)
	}
	s.exam.Policy, s.exam.Sizes = s.player, s.player.sizes
	return s, nil
}

// evaluate examines the agent in trials as in training.
func (b *bench) evaluate(ctx context.Context, emit lab.Emitter, now *count) error {
	s, err := b.sit("eval", b.knobs.EvalTrials, 0, nil)
	if err != nil {
		return err
	}
	return b.finish(ctx, emit, now, s)
}

// finish runs an examination and emits what it came to.
func (b *bench) finish(ctx context.Context, emit lab.Emitter, now *count, s *sitting) error {
	r, err := s.exam.Run(ctx)
	if err != nil {
		return err
	}
	values := append(s.tally.values(), exam.Value{Name: MetricMemory, Value: r.Memory}, exam.Value{Name: MetricContext, Value: r.Context})
	if err := exam.Emit(emit, now.Steps, values...); err != nil {
		return err
	}
	return now.Book.Result(emit, now.Steps, r)
}

// test examines the finished agent once more and looks inside; then with other segment lengths, and in other corridors.
func (b *bench) test(ctx context.Context, emit lab.Emitter, now *count) error {
	s, err := b.sit("test", b.knobs.TestTrials, 0, nil)
	if err != nil {
		return err
	}
	s.exam.Keep = keptTrials
	var look *looker
	if s.player != nil {
		look = newLooker(s)
	}
	if err := b.finish(ctx, emit, now, s); err != nil || look == nil {
		return err
	}
	if err := look.emit(emit); err != nil {
		return err
	}
	if err := b.segments(ctx, emit, now, s.tally.success()); err != nil {
		return err
	}
	return b.lengths(ctx, emit, now)
}

// segments examines the agent with segments a quarter shorter and longer than trained.
func (b *bench) segments(ctx context.Context, emit lab.Emitter, now *count, trained float64) error {
	l := b.agent.rule.Segment
	if l < 2 {
		return nil
	}
	quarter := max(1, int(math.Round(float64(l)/4)))
	var success [2]float64
	for i, length := range []int{l - quarter, l + quarter} {
		s, err := b.sit("test", b.knobs.TestTrials, 0, func(r *summary.Rule) { r.Segment = length })
		if err != nil {
			return err
		}
		if success[i], err = b.only(ctx, now, s); err != nil {
			return err
		}
	}
	return exam.Emit(emit, now.Steps, exam.Value{Name: MetricShorter, Value: success[0]}, exam.Value{Name: MetricLonger, Value: success[1]},
		exam.Value{Name: MetricFall, Value: trained - (success[0]+success[1])/2})
}

// lengths examines the agent in shorter and longer corridors.
func (b *bench) lengths(ctx context.Context, emit lab.Emitter, now *count) error {
	var k tmaze.Knobs
	if b.setup.Kind("world") != tmaze.Name {
		return nil
	}
	if err := b.setup.Section("world", &k); err != nil {
		return err
	}
	for _, c := range corridors(k.Corridor) {
		s, err := b.sit("length", b.knobs.EvalTrials, c, nil)
		if err != nil {
			return err
		}
		success, err := b.only(ctx, now, s)
		if err != nil {
			return err
		}
		if err := exam.Emit(emit, int64(c), exam.Value{Name: MetricLength, Value: success}); err != nil {
			return err
		}
	}
	return nil
}

// only plays an examination for its success.
func (b *bench) only(ctx context.Context, now *count, s *sitting) (float64, error) {
	r, err := s.exam.Run(ctx)
	now.Book.Skip(r.Episodes)
	return r.Success, err
}
