package app

import (
	"context"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/chat"
	"github.com/loci-lab/loci/backend/world/house"
)

const (
	worldTime       = 400 * time.Millisecond
	worldWant       = 100_000 // steps a second on one core
	episodesPerLook = 64      // between two looks at the clock
	worldBenchRules = 1       // seed of a world's rules
)

// textBench is a text world whose speed is measured.
type textBench struct {
	name string
	make func() (world.Text, error)
}

func textBenches() []textBench {
	of := func(variant string) func() (world.Text, error) {
		return func() (world.Text, error) {
			var k house.Knobs
			if err := defaults(&k); err != nil {
				return nil, err
			}
			k.Variant = variant
			return house.New(k, worldBenchRules)
		}
	}
	return []textBench{
		{"house, hidden rules", of(house.HiddenRules)},
		{"house, exact ids", of(house.ExactIDs)},
		{"house, habits", of(house.Habits)},
		{"chat", chatBench},
	}
}

func chatBench() (world.Text, error) {
	var k chat.Knobs
	if err := defaults(&k); err != nil {
		return nil, err
	}
	return chat.New(k)
}

// benchWorlds plays text worlds with their oracle on one core: every observation is put into words, every answer is read.
func benchWorlds(ctx context.Context, l *benchLab) ([]measure, error) {
	var out []measure
	for _, b := range textBenches() {
		m := measure{Name: b.name, Unit: "steps/s", Threads: 1, Limit: atLeast(worldWant)}
		err := l.inRounds(ctx, func(int) error {
			rate, err := worldRate(b.make)
			m.Rounds = append(m.Rounds, rate)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// worldRate returns steps a second.
func worldRate(build func() (world.Text, error)) (float64, error) {
	w, err := build()
	if err != nil {
		return 0, err
	}
	who, err := w.Reference(world.Oracle, 1)
	if err != nil {
		return 0, err
	}
	steps, seed, start := 0, uint64(0), time.Now()
	for time.Since(start) < worldTime {
		for range episodesPerLook {
			n, err := playedThrough(w, who, seed)
			if err != nil {
				return 0, err
			}
			steps, seed = steps+n, seed+1
		}
	}
	return float64(steps) / time.Since(start).Seconds(), nil
}

// playedThrough plays a training episode and returns its steps.
func playedThrough(w world.Text, who world.Speaker, seed uint64) (int, error) {
	d, err := w.Start(w.Splits()[0], seed)
	if err != nil {
		return 0, err
	}
	for n := 1; ; n++ {
		if d.Read() == "" {
			return 0, lab.Errorf(lab.Internal, "world %q says nothing at step %d of episode %d", w.Spec().Name, n, seed)
		}
		if d.Act(who.Answer(d)).Done {
			return n, nil
		}
	}
}
