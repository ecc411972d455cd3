package memact

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/hop"
)

// keptEpisodes of each evaluation go into the record whole.
const keptEpisodes = 2

// asked are test episodes of so many questions that depend on the run's seed alone: every arm of a seed has the same ones.
func (m *method) asked(name string, w *hop.World, n int) []item {
	items := make([]item, n)
	for i, seed := range rng.New(m.seed, "exam "+name).Seeds(n) {
		items[i] = item{world: w, split: hop.Test, seed: seed >> 11, tool: m.tool()}
	}
	return items
}

// sit lets whoever this set-up is about play the items, once each.
func (m *method) sit(ctx context.Context, items []item, heat float64) (played, error) {
	if m.model == nil {
		return m.speak(items)
	}
	sampler, err := m.model.Sampler(ctx, m.prompt)
	if err != nil {
		return played{}, err
	}
	p := party{k: &m.memory, words: m.words, sampler: sampler, heat: heat, seed: rng.New(m.seed, "exam draws").Uint64(), fork: m.fork}
	return p.play(ctx, items, 1)
}

// evaluate examines on episodes of the training numbers of questions, with the most probable tokens, and keeps a few whole.
func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	m.now.Evals++
	items := m.asked("evaluation", m.training, m.knobs.EvalEpisodes)
	for i := range min(keptEpisodes, len(items)) {
		m.now.Episodes++
		items[i].log = tell(m.now.Episodes, m.words, m.memory.Limit)
	}
	out, err := m.sit(ctx, items, 0)
	if err != nil {
		return err
	}
	var seen tally
	for i := range items {
		d, t := out.desks[i][0], &out.groups[i].Trajectories[0]
		if t.Err != nil {
			return t.Err
		}
		seen.add(d)
		if items[i].log != nil {
			if err := items[i].log.end(emit, d, t, m.now.Updates); err != nil {
				return err
			}
		}
	}
	return exam.Emit(emit, int64(m.now.Updates), seen.examined()...)
}

// test examines at the end of the run, for each number of questions apart.
func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	for n := m.hop.Least; n <= m.hop.Most; n++ {
		items := m.asked("test", m.sized[n], m.knobs.TestEpisodes)
		greedy, err := m.sum(ctx, items, 0)
		if err != nil {
			return err
		}
		values := greedy.tested()
		if m.model != nil && !m.model.Frozen() {
			sampled, err := m.sum(ctx, items, 1)
			if err != nil {
				return err
			}
			values = append(values, exam.Value{Name: MetricSampledBy, Value: ratio(sampled.success, sampled.episodes)})
		}
		if err := exam.Emit(emit, int64(n), values...); err != nil {
			return err
		}
	}
	return nil
}

func (m *method) sum(ctx context.Context, items []item, heat float64) (seen tally, err error) {
	out, err := m.sit(ctx, items, heat)
	if err != nil {
		return seen, err
	}
	for i := range out.desks {
		if err := out.groups[i].Trajectories[0].Err; err != nil {
			return seen, err
		}
		seen.add(out.desks[i][0])
	}
	return seen, nil
}

// speak plays the items by a yardstick, at the same desk and under the same limit; full memory has no limit.
func (m *method) speak(items []item) (out played, err error) {
	k := m.memory
	if m.policy == fullMemory {
		k.Limit = 0
	}
	for i, it := range items {
		quest, err := it.world.Episode(it.split, it.seed)
		if err != nil {
			return out, err
		}
		d, err := newDesk(&k, it.tool, m.words, quest)
		if err != nil {
			return out, err
		}
		d.log = it.log
		who, err := m.yardstick(it.world, rng.New(m.seed, "yardstick").Uint64()+uint64(i))
		if err != nil {
			return out, err
		}
		t := rl.Trajectory{}
		for turns := 0; d.info.Why == "" && turns < mostTurns(it.world); turns++ {
			t.Segments = append(t.Segments, rl.Segment{Context: d.h.ids()})
			o := d.Act(who(d))
			t.Segments[turns].Tokens, t.Reward = d.h.records[len(d.h.records)-1].Own, t.Reward+o.Reward
		}
		out.groups, out.desks = append(out.groups, rl.Group{Item: it.seed, Trajectories: []rl.Trajectory{t}}), append(out.desks, []*desk{d})
	}
	return out, nil
}
