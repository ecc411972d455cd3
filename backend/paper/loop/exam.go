package loop

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/tool"
)

// keptEpisodes of each evaluation go into the record whole.
const keptEpisodes = 2

// variants is the number of tasks of one scenario: the world's seeds 3i, 3i+1 and 3i+2.
const variants = 3

// exam examines on tasks that depend on the run's seed alone: every arm of a seed meets the same ones.
type exam struct {
	m    *method
	seed uint64
}

// items are n tasks, rounded up to whole scenarios.
func (e *exam) items(name string, n int) (items []uint64) {
	for _, s := range rng.New(e.seed, name).Seeds((n + variants - 1) / variants) {
		for v := range uint64(variants) {
			items = append(items, s>>13*variants+v) // below 2^53, as the world's own seeds
		}
	}
	return items
}

// sitting says how one examination is done.
type sitting struct {
	name, split string
	n           int
	temperature float64
	kept        int
	episode     int64
}

func (e *exam) sit(ctx context.Context, sampler llm.Sampler, s sitting) (t tally, groups []rl.Group, traces []*trace, err error) {
	groups, traces, err = e.m.play(ctx, sampler, game{split: s.split, items: e.items(s.name, s.n), attempts: 1, temperature: s.temperature,
		seed: rng.New(e.seed, "draws").Uint64(), kept: s.kept, episode: s.episode})
	if err != nil {
		return t, nil, nil, err
	}
	for i, tr := range traces {
		t.add(tr, &groups[i].Trajectories[0])
	}
	return t, groups, traces, nil
}

// evaluate examines with the most probable tokens and keeps a few whole episodes.
func (e *exam) evaluate(ctx context.Context, emit lab.Emitter, sampler llm.Sampler, now *count) error {
	t, groups, traces, err := e.sit(ctx, sampler, sitting{name: "eval", split: tool.Test, n: e.m.knobs.EvalTasks, kept: keptEpisodes, episode: now.Episodes + 1})
	if err != nil {
		return err
	}
	values := append([]measure{{MetricSuccess, t.all.value()}, {MetricContext, float64(t.peak) / float64(max(t.all.whole, 1))}, {MetricMemory, 0}}, t.byScenario()...)
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

// test examines before and after learning: more tasks, drawn answers, and the scenarios that training does not have.
func (e *exam) test(ctx context.Context, emit lab.Emitter, sampler llm.Sampler, now *count) error {
	n := e.m.knobs.TestTasks
	t, _, _, err := e.sit(ctx, sampler, sitting{name: "test", split: tool.Test, n: n})
	if err != nil {
		return err
	}
	values := finals(&t)
	if t, _, _, err = e.sit(ctx, sampler, sitting{name: "test", split: tool.Test, n: n, temperature: 1}); err != nil {
		return err
	}
	values = append(values, measure{MetricSampled, t.all.value()}, measure{MetricTestDocs, t.docs.mean()}, measure{MetricTestBlind, t.blind.mean()},
		measure{MetricTestEarly, t.early.value()})
	contexts := t.byTurn
	if t, _, _, err = e.sit(ctx, sampler, sitting{name: "challenge", split: tool.Challenge, n: n / 2}); err != nil {
		return err
	}
	if err := emitAll(emit, now.Updates, append(values, measure{MetricChallenge, t.all.value()})); err != nil || now.Updates < e.m.knobs.Updates {
		return err
	}
	for turn := range contexts { // of the last test
		if err := emitAll(emit, turn+1, []measure{{MetricByTurn, contexts[turn].mean()}}); err != nil {
			return err
		}
	}
	return nil
}

func finals(t *tally) []measure {
	return []measure{{MetricTest, t.all.value()}, {MetricScenario, t.scenarios()}, {MetricHard, t.hard.value()}, {MetricEasy, t.easy.value()},
		{MetricReward, t.reward.mean()}, {MetricUntouched, t.harm.value()}}
}

// keep puts an attempt into the record: at each step the very tokens that the model had before it, what it said, and what the database
// looked like.
func (e *exam) keep(emit lab.Emitter, t *trace, played *rl.Trajectory, now *count) error {
	now.Episodes++
	for i := range played.Segments {
		s, seg := &t.steps[i], &played.Segments[i]
		said, err := e.m.words.Decode(seg.Tokens)
		if err != nil {
			return lab.Errorf(lab.Internal, "what the model wrote: %w", err)
		}
		blocks, err := e.blocks(t, seg.Context)
		if err != nil {
			return err
		}
		if err := emit.Emit(lab.Context{Episode: now.Episodes, T: i, Limit: e.m.knobs.limit(seg), Blocks: blocks}); err != nil {
			return err
		}
		state := make([]lab.Float, len(seg.Logprobs))
		for j, p := range seg.Logprobs {
			state[j] = lab.Float(p)
		}
		if err := emit.Emit(lab.Step{Episode: now.Episodes, T: i, Saw: s.saw, Action: said, Reward: lab.Float(s.reward), Done: s.done, Scene: s.scene, State: state,
			Numbers: map[string]lab.Float{"tokens": lab.Float(len(seg.Context))}}); err != nil {
			return err
		}
	}
	return emit.Emit(lab.Episode{ID: now.Episodes, Split: "eval", Seed: t.info.Seed, X: int64(now.Updates), Steps: len(played.Segments), Return: lab.Float(played.Reward),
		Success: t.info.Success, Why: t.info.Why, Memory: 0, Context: lab.Float(played.Peak()), Detail: true})
}

// limit is the most tokens that a step may have: what stands before it and the longest answer.
func (k *RLKnobs) limit(s *rl.Segment) int { return len(s.Context) + k.Answer }

// blocks are the task and what was said and done since, as the model read them.
func (e *exam) blocks(t *trace, context []int32) ([]lab.Block, error) {
	task, err := e.m.words.Encode(t.steps[0].saw)
	if err != nil {
		return nil, err
	}
	blocks := []lab.Block{{Name: "task", Text: t.steps[0].saw, Tokens: context[:len(task)], Count: len(task)}}
	if rest := context[len(task):]; len(rest) > 0 {
		text, err := e.m.words.Decode(rest)
		if err != nil {
			return nil, lab.Errorf(lab.Internal, "what the model read: %w", err)
		}
		blocks = append(blocks, lab.Block{Name: "history", Text: text, Tokens: rest, Count: len(rest)})
	}
	return blocks, nil
}

// measureReference plays the examination's tasks with a yardstick of the world.
func (e *exam) measureReference(ctx context.Context, emit lab.Emitter, r ReferenceKnobs, now *count) error {
	who, err := e.m.world.Reference(r.Policy, e.seed)
	if err != nil {
		return err
	}
	var values []measure
	for _, s := range []sitting{{name: "test", split: tool.Test, n: e.m.knobs.TestTasks}, {name: "challenge", split: tool.Challenge, n: e.m.knobs.TestTasks / 2}} {
		var t tally
		for _, item := range e.items(s.name, s.n) {
			d, err := e.m.world.Begin(s.split, item)
			if err != nil {
				return err
			}
			tr := &trace{Episode: d}
			for !d.Over() {
				tr.Act(who.Answer(d))
			}
			tr.Info()
			t.add(tr, &rl.Trajectory{Reward: float64(tr.info.Return)})
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if s.split == tool.Challenge {
			values = append(values, measure{MetricChallenge, t.all.value()})
			continue
		}
		values = append(append(values, finals(&t)...), measure{MetricSuccess, t.all.value()}, measure{MetricContext, 0}, measure{MetricMemory, 0})
	}
	return emitAll(emit, now.Updates, values)
}
