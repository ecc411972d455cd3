package memalpha

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/chat"
)

const (
	keptEpisodes = 2 // of each evaluation go into the record whole
	sampledPart  = 4 // one in so many test instances is also written at temperature 1
)

// examination is one test: how many instances, how long, at which temperature.
type examination struct {
	name        string // of the stream that draws the instances
	instances   int
	chunks      int
	temperature float64
	keep        int // episodes that go into the record whole
}

// sit examines whoever this set-up is about on instances that depend on the run's seed alone: every arm of a seed has the same ones.
func (m *method) sit(ctx context.Context, emit lab.Emitter, x examination) (tally, error) {
	if m.setup.Kind("agent") == Reference || m.setup.Kind("memory") != Own {
		return m.sitOther(ctx, emit, x)
	}
	var seen tally
	ins := make([]*chat.Instance, x.instances)
	for i, seed := range rng.New(m.seed, "exam "+x.name).Seeds(x.instances) {
		var err error
		if ins[i], err = m.world.InstanceOf(chat.Test, seed, x.chunks); err != nil {
			return seen, err
		}
	}
	who, err := m.writer(ctx, x.temperature, rng.New(m.seed, "exam draws").Uint64())
	if err != nil {
		return seen, err
	}
	told := make([]*telling, min(x.keep, len(ins)))
	for i := range told {
		m.now.Episodes++
		told[i] = tell(m.now.Episodes, m.words, m.limit())
	}
	rollouts, err := m.play(ctx, who, ins, 1, told)
	if err != nil {
		return seen, err
	}
	for i, r := range rollouts {
		if seen.add(r); i < len(told) {
			if err := told[i].end(emit, r, m.now.Updates); err != nil {
				return seen, err
			}
		}
	}
	return seen, nil
}

// limit is the most tokens of a prompt with its response.
func (m *method) limit() int {
	if m.agent.Context > 0 {
		return m.agent.Context
	}
	return m.memory.Tokens
}

// evaluate examines at the length of training and keeps a few whole episodes.
func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	m.now.Evals++
	seen, err := m.sit(ctx, emit, examination{"evaluation", m.knobs.EvalInstances, m.chat.Chunks, 0, keptEpisodes})
	if err != nil {
		return err
	}
	return emitAll(emit, m.now.Updates, seen.examined())
}

// test examines before and after learning: more instances, drawn responses, and lengths that training never showed.
func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	n := m.knobs.TestInstances
	var values []measure
	for _, x := range []struct {
		examination
		accuracy, memory, valid string
	}{
		{examination{"test", n, m.chat.Chunks, 0, 0}, MetricTest, MetricTestMemory, MetricTestValid},
		{examination{"test", max(1, n/sampledPart), m.chat.Chunks, 1, 0}, MetricSampled, "", ""},
		{examination{"long", m.knobs.LongInstances, m.knobs.Long, 0, 0}, MetricLong, "", ""},
		{examination{"longest", m.knobs.LongInstances, m.knobs.Longest, 0, 0}, MetricLongest, MetricLongestMem, ""},
	} {
		seen, err := m.sit(ctx, emit, x.examination)
		if err != nil {
			return err
		}
		values = append(values, measure{x.accuracy, seen.accuracy()})
		if x.memory != "" {
			values = append(values, measure{x.memory, float64(seen.tokens) / float64(max(seen.rollouts, 1))})
		}
		if x.valid != "" && seen.steps > 0 {
			values = append(values, measure{x.valid, seen.r4 / float64(seen.steps)})
		}
	}
	return emitAll(emit, m.now.Updates, values)
}
