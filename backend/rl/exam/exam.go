// Package exam is what papers on tensor worlds share between a network and a record: the numeric core of a run, metrics, numbered
// episodes, and examinations of whoever plays.
package exam

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
)

// Core returns the workers of a run on the bench's kernel family. The caller closes it.
func Core(bench lab.Bench) (*num.Core, error) {
	kernels, err := num.Family(bench.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", bench.Kernel, err).WithHint("leave LOCI_KERNEL empty to take the best")
	}
	return num.NewCore(kernels, bench.Threads), nil
}

// Value is a metric's value before it has a place on the x axis.
type Value struct {
	Name  string
	Value float64
}

// Emit writes metrics at one place of the x axis, in the given order.
func Emit(emit lab.Emitter, x int64, values ...Value) error {
	for _, v := range values {
		if err := emit.Emit(lab.Metric{Name: v.Name, X: x, Value: lab.Float(v.Value)}); err != nil {
			return err
		}
	}
	return nil
}

// Short rounds to four decimals: pictures need no more, and records stay small.
func Short(x float32) lab.Float { return lab.Float(math.Round(float64(x)*1e4) / 1e4) }

// Exam is an examination: every environment of a world plays the same number of whole episodes.
type Exam struct {
	World    world.Tensor
	Policy   world.Policy // a reference, or a trained agent that acts greedily
	Seed     uint64       // of the episodes: the same in every arm of a seed, so that arms are compared on equal tasks
	Episodes int          // played in all, rounded up to the same number for each environment
	Split    string       // of the kept episodes: eval, test
	Keep     int          // the first episodes of the first Keep environments are returned with all their steps

	// Sizes tells what environment b carries (numbers in use) and how many steps of history it sees at step t of its episode;
	// nil stands for an agent that carries nothing and sees the present step.
	Sizes func(b, t int) (memory, context int)
	// Note adds to a kept step what the policy knows of its last decision in environment b. It may be nil.
	Note func(b int, s *lab.Step)
	// Events returns what else happened at a kept step, such as operations of a memory; they follow the step. It may be nil.
	Events func(b, t int) []lab.Event
	// Step hears of every counted step of every environment after its reward is known. It may be nil.
	Step func(b, t int, action int32, reward float32)
	// End hears of every counted episode. It may be nil.
	End func(b int, info world.Info)
}

// Result is what an examination came to: means over its episodes, but for the sizes, whose means are over steps.
type Result struct {
	Episodes int
	Success  float64 // share of episodes
	Return   float64 // undiscounted
	Steps    float64
	Memory   float64
	Context  float64
	Kept     []Kept
}

// Kept is an episode with all its steps, in order, each with what else happened at it.
type Kept struct {
	Episode lab.Episode
	Steps   []lab.Step
	Events  [][]lab.Event // [step]
}

// Run plays the examination. It looks at ctx once a step.
func (e *Exam) Run(ctx context.Context) (Result, error) {
	b := e.World.Size()
	s := &sitting{Exam: e, kept: make([]Kept, min(e.Keep, b)), step: make([]int, b), left: make([]int, b),
		obs: make([]float32, b*e.World.Spec().Obs), fresh: make([]bool, b), actions: make([]int32, b), reward: make([]float32, b), done: make([]bool, b)}
	perEnv := (e.Episodes + b - 1) / b
	for i := range b {
		s.left[i], s.fresh[i] = perEnv, true
	}
	e.World.Reset(e.Seed, s.obs)
	e.Policy.Reset()
	for s.result.Episodes < perEnv*b {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		s.play()
	}
	return s.means(), nil
}

// sitting is an examination under way.
type sitting struct {
	*Exam
	obs     []float32 // [B][O]
	fresh   []bool    // [B]
	actions []int32   // [B]
	reward  []float32 // [B]
	done    []bool    // [B]
	step    []int     // [B] step of the present episode
	left    []int     // [B] episodes that still count
	steps   int
	kept    []Kept
	result  Result
}

func (s *sitting) play() {
	s.Policy.Act(s.obs, s.fresh, s.actions)
	for b := range s.step {
		if s.left[b] > 0 {
			s.before(b)
		}
	}
	s.World.Step(s.actions, s.obs, s.reward, s.done)
	copy(s.fresh, s.done)
	for b := range s.step {
		if s.left[b] > 0 {
			s.after(b)
		}
	}
}

// before sees what environment b shows and what was decided on it.
func (s *sitting) before(b int) {
	memory, context := s.sizes(b)
	s.result.Memory += float64(memory)
	s.result.Context += float64(context)
	s.steps++
	if !s.keeps(b) {
		return
	}
	k, scene := &s.kept[b], s.World.Scene(b)
	step := lab.Step{T: s.step[b], Saw: s.World.Saw(b), Action: s.World.Spec().Actions[s.actions[b]], Scene: &scene}
	if s.Note != nil {
		s.Note(b, &step)
	}
	var events []lab.Event
	if s.Events != nil {
		events = s.Events(b, s.step[b])
	}
	k.Steps, k.Events = append(k.Steps, step), append(k.Events, events)
	k.Episode.Memory, k.Episode.Context = lab.Float(memory), lab.Float(context)
}

func (s *sitting) after(b int) {
	if s.Step != nil {
		s.Step(b, s.step[b], s.actions[b], s.reward[b])
	}
	if s.keeps(b) {
		s.kept[b].Steps[s.step[b]].Reward = Short(s.reward[b])
	}
	s.step[b]++
	if s.done[b] {
		s.end(b)
	}
}

func (s *sitting) end(b int) {
	info := s.World.Info(b)
	s.result.Episodes++
	s.result.Return += float64(info.Return)
	s.result.Steps += float64(info.Steps)
	if info.Success {
		s.result.Success++
	}
	if s.keeps(b) {
		k := &s.kept[b]
		k.Steps[len(k.Steps)-1].Done = true
		k.Episode = lab.Episode{Split: s.Split, Seed: info.Seed, Steps: info.Steps, Return: lab.Float(info.Return), Success: info.Success,
			Why: info.Why, Memory: k.Episode.Memory, Context: k.Episode.Context, Detail: true}
	}
	if s.End != nil {
		s.End(b, info)
	}
	s.step[b] = 0
	s.left[b]--
}

// keeps tells whether the present episode of environment b is kept: its first, in the first environments.
func (s *sitting) keeps(b int) bool { return b < len(s.kept) && !s.kept[b].Episode.Detail }

func (s *sitting) sizes(b int) (memory, context int) {
	if s.Sizes == nil {
		return 0, 1
	}
	return s.Sizes(b, s.step[b])
}

func (s *sitting) means() Result {
	r, n := s.result, float64(s.result.Episodes)
	r.Success, r.Return, r.Steps = r.Success/n, r.Return/n, r.Steps/n
	r.Memory, r.Context = r.Memory/float64(s.steps), r.Context/float64(s.steps)
	r.Kept = s.kept
	return r
}

// Book numbers the episodes of a run and counts those whose steps were left out. It is kept in checkpoints through rl.JSON.
type Book struct {
	Episodes int64 // numbers given so far
	Unseen   int   // episodes since the last one that was kept
}

// State is the book as a part of a checkpoint.
func (k *Book) State() lab.Snapshotter { return rl.JSON(k) }

// Skip counts episodes that are not kept.
func (k *Book) Skip(n int) { k.Unseen += n }

// Keep writes an episode behind its steps, each with what else happened at it. X is the place of the episode on the x axis.
func (k *Book) Keep(emit lab.Emitter, x int64, kept Kept) error {
	k.Episodes++
	for t, step := range kept.Steps {
		step.Episode = k.Episodes
		if err := emit.Emit(step); err != nil {
			return err
		}
		if t >= len(kept.Events) {
			continue
		}
		for _, ev := range kept.Events[t] {
			if err := emit.Emit(k.placed(ev, step.T)); err != nil {
				return err
			}
		}
	}
	e := kept.Episode
	e.ID, e.X, e.Omitted = k.Episodes, x, k.Unseen
	k.Unseen = 0
	return emit.Emit(e)
}

// placed gives an event of a step the number of its episode.
func (k *Book) placed(ev lab.Event, t int) lab.Event {
	switch e := ev.(type) {
	case lab.Memory:
		e.Episode, e.T = k.Episodes, t
		return e
	case lab.Context:
		e.Episode, e.T = k.Episodes, t
		return e
	default:
		return ev
	}
}

// Result writes the kept episodes of an examination and counts the others.
func (k *Book) Result(emit lab.Emitter, x int64, r Result) error {
	k.Skip(r.Episodes - len(r.Kept))
	for _, kept := range r.Kept {
		if err := k.Keep(emit, x, kept); err != nil {
			return err
		}
	}
	return nil
}
