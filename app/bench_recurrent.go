package app

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/loci-lab/loci/backend/agent"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/popgym"
)

const (
	recurrentWant  = 20  // times sb3-contrib that the median must reach with the notebook's network
	recurrentLarge = 256 // units of sb3-contrib's own default, compared without a limit
	recurrentSeeds = 3   // learning runs of each side at most
)

// recurrentSetting is one network and number of threads, and what its rounds found.
type recurrentSetting struct {
	work         *recurrentWork
	threads      int
	limit        *limit
	ours, theirs []recurrentRun
}

// benchRecurrent trains the LSTM of notebook popgym.md by recurrent PPO on RepeatPrevious, here and in sb3-contrib in turn, from new weights
// each time: short runs for the speed, long ones for both learning curves.
func benchRecurrent(ctx context.Context, l *benchLab) ([]measure, error) {
	settings, err := recurrentSettings(l)
	if err != nil {
		return nil, err
	}
	p, err := findRecurrentPeer(ctx, l)
	if err != nil {
		return nil, err
	}
	var out []measure
	for _, s := range settings {
		if err := l.inRounds(ctx, func(r int) error { return s.round(ctx, l, p, r) }); err != nil {
			return nil, err
		}
		out = append(out, s.speed(p)...)
	}
	learned, err := recurrentLearning(ctx, l, p)
	return append(out, learned...), err
}

// recurrentSettings are the notebook's network on one thread and on all that were asked for, and a large one on one thread.
func recurrentSettings(l *benchLab) (all []*recurrentSetting, err error) {
	add := func(updates, threads int, limit *limit) *recurrentWork {
		w, e := newRecurrentWork(updates)
		if e != nil {
			err = e
		}
		all = append(all, &recurrentSetting{work: w, threads: threads, limit: limit})
		return w
	}
	add(l.updates, 1, atLeast(recurrentWant))
	if l.threads > 1 {
		add(l.updates, l.threads, atLeast(recurrentWant))
	}
	if w := add(max(1, l.updates/4), 1, nil); err == nil {
		w.agent.Width = recurrentLarge
	}
	return all, err
}

// recurrentLearning lets both sides learn for long, seed by seed, on one thread: with so small a network the peer is no faster on two.
func recurrentLearning(ctx context.Context, l *benchLab, p *recurrentPeer) ([]measure, error) {
	if l.learn == 0 {
		return nil, nil
	}
	w, err := newRecurrentWork(l.learn)
	if err != nil {
		return nil, err
	}
	s := &recurrentSetting{work: w, threads: 1}
	for seed := range min(l.rounds, recurrentSeeds) {
		if err := s.round(ctx, l, p, seed); err != nil {
			return nil, err
		}
	}
	return s.learning(p), nil
}

// round runs both sides once.
func (s *recurrentSetting) round(ctx context.Context, l *benchLab, p *recurrentPeer, seed int) error {
	ours, err := s.work.run(ctx, l.kernels, s.threads, uint64(seed))
	if err != nil {
		return err
	}
	s.ours = append(s.ours, ours)
	if p == nil {
		return nil
	}
	theirs, err := p.run(ctx, s.work, s.threads, seed)
	if err != nil {
		return err
	}
	if err := sameSize(ours.Parameters, theirs.Parameters); err != nil {
		return err
	}
	s.theirs = append(s.theirs, theirs)
	l.say("ppo-recurrent: %d updates, width %d, %d threads, seed %d: %s s here, %s s with sb3-contrib; last return %s and %s", s.work.updates,
		s.work.agent.Width, s.threads, seed, number(ours.Seconds), number(theirs.Seconds), number(ours.last()), number(theirs.last()))
	return nil
}

// recurrentWork is the work of both sides: the LSTM of notebook popgym.md and its PPO, on RepeatPrevious.
type recurrentWork struct {
	rl      rl.PPOKnobs
	agent   agent.LSTMKnobs
	task    popgym.Knobs
	updates int
}

func newRecurrentWork(updates int) (*recurrentWork, error) {
	w := &recurrentWork{updates: updates}
	if err := defaults(&w.rl); err != nil {
		return nil, err
	}
	if err := defaults(&w.agent); err != nil {
		return nil, err
	}
	if err := defaults(&w.task); err != nil {
		return nil, err
	}
	w.task.Task, w.task.Difficulty = popgym.RepeatPrevious, popgym.Easy
	w.rl.Envs, w.rl.Rollout, w.rl.Epochs, w.rl.Minibatches, w.rl.LearningRate = 64, 64, 4, 4, 0.001
	w.rl.ValueClip = 0 // both sides can do without; with it they would differ
	return w, nil
}

// steps of environments in the updates that count.
func (w *recurrentWork) steps() int { return w.updates * w.rl.Rollout * w.rl.Envs }

// recurrentRun is what one run of one side came to.
type recurrentRun struct {
	Steps      int       `json:"steps"`
	Seconds    float64   `json:"seconds"` // of the updates that count; of processor time on one thread, of the clock on several
	Threads    int       `json:"threads"`
	Parameters int       `json:"parameters"`
	Curve      []float64 `json:"curve"` // mean return of the episodes that ended in each rollout, the warm-up first
	At         []float64 `json:"at"`    // seconds from the first step of all to the end of each update
}

// last is the mean return of the last rollout.
func (r recurrentRun) last() float64 { return r.Curve[len(r.Curve)-1] }

// reached returns the seconds after which a rollout first had that mean return, NaN where none had.
func (r recurrentRun) reached(level float64) float64 {
	for u, mean := range r.Curve {
		if mean >= level {
			return r.At[u]
		}
	}
	return math.NaN()
}

// policy is the agent `lstm` of a notebook.
func (w *recurrentWork) policy(seed uint64, obs, actions int) *rl.ActorCritic {
	s, h := rng.New(seed, "weights"), w.agent.Width
	memory := nn.NewLSTM(s, "memory", h, h, w.agent.ForgetBias, false)
	return rl.NewActorCritic(s, nn.NewMLP(s, "encoder", obs, []int{h}, num.Tanh), memory, actions)
}

// run trains from new weights: one update of warm-up, then those that count.
func (w *recurrentWork) run(ctx context.Context, k num.Kernels, threads int, seed uint64) (recurrentRun, error) {
	core := num.NewCore(k, threads)
	defer core.Close()
	tasks, err := popgym.New(w.task, w.rl.Envs)
	if err != nil {
		return recurrentRun{}, err
	}
	policy := w.policy(seed, tasks.Spec().Obs, len(tasks.Spec().Actions))
	actor := rl.NewActor(core, policy, tasks, rng.New(seed, "actions"))
	learner := rl.NewLearner(core, policy, w.rl, rng.New(seed, "shuffle"))
	rollout := rl.NewRollout(actor, w.rl.Rollout)
	actor.Reset(seed)
	r := recurrentRun{Steps: w.steps(), Threads: threads, Parameters: nn.Count(policy.Params())}
	clock := stopwatch(threads)
	for u := range w.updates + 1 {
		var got meanReturn
		if err := rl.Collect(ctx, actor, rollout, rl.Hooks{End: got.add}); err != nil {
			return r, err
		}
		if _, err := learner.Update(ctx, rollout); err != nil {
			return r, fmt.Errorf("update %d: %w", u, err)
		}
		r.Curve, r.At = append(r.Curve, got.mean()), append(r.At, clock().Seconds())
	}
	r.Seconds = r.At[w.updates] - r.At[0]
	return r, nil
}

// stopwatch returns a function that tells the time since now: processor time on one thread, so that other programs move it little, else
// that of the clock.
func stopwatch(threads int) func() time.Duration {
	if threads == 1 {
		start := processorTime()
		return func() time.Duration { return processorTime() - start }
	}
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
