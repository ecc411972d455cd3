package reasoningbank

import (
	"bytes"
	"context"
	"errors"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/shop"
)

// heldOut is the split of a test's episodes in the record.
const heldOut = "held-out"

// Clocks of what is not in the stream: no task of it comes so far.
const (
	testClock  = 1 << 40
	probeClock = 1 << 41
)

// probeTasks is the number of goals that the actor's skill is measured on.
const probeTasks = 60

// probe does goals on sites that are neither the run's nor those of the warm start, with right advice in the prompt and without. An actor that
// does not follow advice has no use for any memory.
func (m *method) probe(ctx context.Context, emit lab.Emitter) error {
	who, err := m.player(ctx)
	if err != nil {
		return err
	}
	names := []string{MetricUnadvised, MetricAdvised}
	var values []measure
	for kind, name := range names {
		won := 0
		for i := range probeTasks {
			home := m.shop.Sited(world.Draw(m.keys.test, uint64(i)) &^ foreign)
			goal := m.stream[i%len(m.stream)]
			s := sitting{goal: goal, clock: probeClock + uint64(i), n: 1}
			if kind == 1 {
				s.notes = []string{advices(home, goal)}
			}
			done, err := who.play(ctx, home, []sitting{s}, m.temper, world.Draw(m.keys.test, probeClock+uint64(i)))
			if err = errors.Join(err, failed(done)); err != nil {
				return err
			}
			won += btoi(done[0][0].info.Success)
		}
		values = append(values, measure{name, float64(won) / probeTasks})
	}
	return emitAll(emit, 0, values)
}

// copied is a second memory with the same content, whose operations nobody keeps: some memories change by being read.
func (m *method) copied() (mem.Memory, error) {
	twin, err := m.open(&mem.Log{}, rng.New(0, "memory/test"))
	if err != nil {
		return nil, err
	}
	var state bytes.Buffer
	if err := m.memory.Snapshot(&state); err != nil {
		return nil, err
	}
	return twin, twin.Restore(&state)
}

// advices is all that there is to know about a goal on a site.
func advices(home *shop.World, g shop.Goal) string {
	var all []advice
	for at, option := range home.Right(g.Class) {
		all = append(all, advice{g.Class, at, option})
	}
	return written(all)
}

// finish tries further goals with the memory as it stands, which learns nothing from them, and looks whether the actor is as it was.
func (m *method) finish(ctx context.Context, emit lab.Emitter) error {
	who, err := m.player(ctx)
	if err != nil {
		return err
	}
	var won ratio
	memory, err := m.copied()
	if err != nil {
		return err
	}
	for i, g := range m.test {
		s := sitting{goal: g, clock: testClock + uint64(i), number: m.now.Episodes + 1, n: 1}
		if s.reading, err = memory.Read(ctx, m.query(g.Sentence, len(m.stream))); err != nil {
			return err
		}
		done, err := who.play(ctx, m.shop, []sitting{s}, m.temper, world.Draw(m.keys.test, testClock+uint64(i)))
		if err = errors.Join(err, failed(done)); err != nil {
			return err
		}
		won.add(float64(btoi(done[0][0].info.Success)))
		if i < m.knobs.Kept {
			if err := m.show(emit, &done[0][0], heldOut, true, 0); err != nil {
				return err
			}
		}
	}
	if v := won.mean(); !math.IsNaN(v) {
		if err := emitAll(emit, m.now.Tasks, []measure{{MetricHeldOut, v}}); err != nil {
			return err
		}
	}
	return m.unchanged(emit)
}
