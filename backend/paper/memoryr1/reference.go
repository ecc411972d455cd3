package memoryr1

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/chat"
)

// reference lets a yardstick of the world go through the test conversations and answer the questions that the world itself asks there.
func (m *method) reference(ctx context.Context, emit lab.Emitter) error {
	var k ReferenceKnobs
	if err := m.setup.Section("agent", &k); err != nil {
		return err
	}
	speaker, err := m.world.world.Reference(k.Policy, rng.New(m.seed, "reference").Uint64())
	if err != nil {
		return err
	}
	numbers := map[string]float64{}
	for _, seed := range rng.New(m.seed, "exam").Seeds(m.knobs.TestTalks) {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, err := m.world.world.Start(splitTest, seed)
		if err != nil {
			return err
		}
		for done := false; !done; {
			done = d.Act(speaker.Answer(d)).Done
		}
		for name, n := range d.Info().Numbers {
			numbers[name] += n
		}
	}
	asked := func(kind chat.QuestionKind) float64 { return numbers["asked_"+string(kind)] }
	right := func(kind chat.QuestionKind) float64 { return numbers["right_"+string(kind)] }
	single, list := chat.AskCurrent, chat.AskList
	return m.emitAll(emit, []measure{
		{MetricEM, (right(single) + right(list)) / max(asked(single)+asked(list), 1)},
		{MetricEMSingle, right(single) / max(asked(single), 1)}, {MetricEMList, right(list) / max(asked(list), 1)}})
}
