package slearl

import (
	"context"
	"errors"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/house"
)

// keptEpisodes of each evaluation go into the record whole.
const keptEpisodes = 2

// exam examines on held-out tasks that depend on the run's seed alone: every arm of a seed meets the same ones.
type exam struct {
	knobs  *RLKnobs
	player *player
	seed   uint64
	writer *writer
}

// sitting says how one examination is done.
type sitting struct {
	n           int
	temperature float64
	hints       bool
	kept        int
}

func (e *exam) items(n int) []uint64 { return rng.New(e.seed, "tasks").Seeds(n) }

// sit plays held-out tasks. Readings change nothing that is kept.
func (e *exam) sit(ctx context.Context, sampler llm.Sampler, s sitting, ready bool, episode int64) (t tally, groups []rl.Group, traces []*trace, err error) {
	t.writer = e.writer
	e.player.events.exam = true
	defer func() { e.player.events.exam, e.player.events.reads = false, false }()
	resume, err := e.player.memory.rest()
	if err != nil {
		return t, nil, nil, err
	}
	groups, traces, err = e.player.play(ctx, sampler, game{split: house.Test, items: e.items(s.n), attempts: 1, temperature: s.temperature,
		seed: rng.New(e.seed, "draws").Uint64(), hints: s.hints && ready, kept: s.kept, episode: episode})
	if err != nil {
		return t, nil, nil, err
	}
	for i, tr := range traces {
		t.add(tr, &groups[i].Trajectories[0])
	}
	return t, groups, traces, errors.Join(resume(), e.player.keepAltered(ctx, s.kept, episode))
}

// evaluate examines with the most probable tokens and keeps a few whole episodes.
func (e *exam) evaluate(ctx context.Context, emit lab.Emitter, sampler llm.Sampler, now *count, ready bool) error {
	s := sitting{n: e.knobs.EvalQuestions, hints: true, kept: keptEpisodes}
	t, groups, traces, err := e.sit(ctx, sampler, s, ready, now.Episodes+1)
	if err != nil {
		return err
	}
	fit, trend := t.fit()
	values := []measure{{MetricSuccess, t.all.value()}, {MetricContext, float64(t.tokens) / float64(max(t.steps, 1))},
		{MetricMemory, float64(e.player.memory.size())}, {MetricHints, float64(t.hints) / float64(max(t.steps, 1))}}
	if t.hints > 0 {
		values = append(values, measure{MetricFit, fit}, measure{MetricFitTrend, trend})
	}
	if err := emitAll(emit, now.Updates, values); err != nil {
		return err
	}
	for i := range min(keptEpisodes, len(traces)) {
		if err := e.keep(emit, traces[i], &groups[i].Trajectories[0], now); err != nil {
			return err
		}
	}
	return nil
}

// test examines before and after learning: more tasks, drawn actions, and without hints.
func (e *exam) test(ctx context.Context, emit lab.Emitter, sampler llm.Sampler, now *count, ready bool) error {
	n := e.knobs.TestQuestions
	t, _, _, err := e.sit(ctx, sampler, sitting{n: n, hints: e.knobs.TestHints}, ready, 0)
	if err != nil {
		return err
	}
	values := finals(&t)
	if t, _, _, err = e.sit(ctx, sampler, sitting{n: n, hints: e.knobs.TestHints, temperature: 1}, ready, 0); err != nil {
		return err
	}
	values = append(values, measure{MetricSampled, t.all.value()})
	if t, _, _, err = e.sit(ctx, sampler, sitting{n: n}, ready, 0); err != nil {
		return err
	}
	return emitAll(emit, now.Updates, append(values, measure{MetricBare, t.all.value()}))
}

func finals(t *tally) []measure {
	return []measure{{MetricTest, t.all.value()}, {MetricTwo, t.two.value()}, {MetricLong, t.long.value()}, {MetricShort, t.short.value()}}
}

// keep puts an attempt into the record: at each step the very tokens that the model had before it, what it said, and what it looked like.
func (e *exam) keep(emit lab.Emitter, t *trace, played *rl.Trajectory, now *count) error {
	now.Episodes++
	for i := range t.steps {
		s, seg := &t.steps[i], &played.Segments[i]
		said, err := e.player.words.Decode(seg.Tokens)
		if err != nil {
			return lab.Errorf(lab.Internal, "what the model wrote: %w", err)
		}
		if err := emit.Emit(lab.Context{Episode: now.Episodes, T: i, Limit: len(seg.Context) + actionWords, Blocks: e.blocks(s, seg.Context)}); err != nil {
			return err
		}
		state := make([]lab.Float, len(seg.Logprobs))
		for j, p := range seg.Logprobs {
			state[j] = lab.Float(p)
		}
		if err := emit.Emit(lab.Step{Episode: now.Episodes, T: i, Saw: s.saw, Action: said, Reward: lab.Float(s.reward), Done: s.done, Scene: s.scene, State: state,
			Numbers: map[string]lab.Float{"hints": lab.Float(len(s.hints))}}); err != nil {
			return err
		}
	}
	return emit.Emit(lab.Episode{ID: now.Episodes, Split: "eval", Seed: t.info.Seed, X: int64(now.Updates), Steps: t.info.Steps, Return: lab.Float(t.earned()),
		Success: t.info.Success, Why: t.info.Why, Memory: lab.Float(e.player.memory.size()), Context: lab.Float(played.Peak()), Detail: true})
}

// blocks are the hints and the observation, as the model read them.
func (e *exam) blocks(s *step, context []int32) []lab.Block {
	own, err := e.player.words.Encode(s.saw)
	if err != nil || len(own) > len(context) {
		own = context
	}
	n := len(context) - len(own)
	blocks := []lab.Block{{Name: "task", Text: s.saw, Tokens: context[n:], Count: len(own)}}
	if n > 0 {
		blocks = append([]lab.Block{{Name: "memory", Text: strings.Join(s.hints, "\n"), Tokens: context[:n], Count: n, Entries: s.read.IDs()}}, blocks...)
	}
	return blocks
}

// measureReference plays the examination's tasks with a yardstick of the world, after practice on tasks of training.
func (e *exam) measureReference(ctx context.Context, r ReferenceKnobs, n int) (t tally, err error) {
	who, err := e.player.world.Reference(r.Policy, e.seed)
	if err != nil {
		return t, err
	}
	one := func(split string, item uint64) (*trace, error) {
		d, err := e.player.world.Start(split, item)
		if err != nil {
			return nil, err
		}
		tr := &trace{Recalling: d.(world.Recalling), penalty: e.knobs.Invalid}
		for !tr.info.Success && tr.info.Why == "" {
			tr.steps = append(tr.steps, step{saw: d.Read()})
			tr.Act(who.Answer(d))
		}
		return tr, ctx.Err()
	}
	if r.Policy == world.FullMemory {
		for _, item := range rng.New(e.seed, "practice").Seeds(r.Practice) {
			if _, err := one(house.Train, item); err != nil {
				return t, err
			}
		}
	}
	for _, item := range e.items(n) {
		tr, err := one(house.Test, item)
		if err != nil {
			return t, err
		}
		t.add(tr, &rl.Trajectory{})
	}
	return t, nil
}
