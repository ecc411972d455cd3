package app

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

const (
	mazeBatch    = 64
	mazeTime     = 400 * time.Millisecond
	mazeWant     = 20e6 // steps a second on two cores
	mazeWantOn   = 2
	stepsPerLook = 1024 // batches of steps between two looks at the clock
)

// benchMaze steps mazes with random actions that are drawn inside the loop; observations are written and ended episodes start anew.
func benchMaze(ctx context.Context, l *benchLab) ([]measure, error) {
	var out []measure
	for _, cores := range []int{1, mazeWantOn} {
		if cores > runtime.NumCPU() {
			l.say("maze: left out on %d cores, this computer has %d", cores, runtime.NumCPU())
			continue
		}
		m := measure{Name: "endless t-maze, n=5, l=5", Unit: "steps/s", Threads: cores}
		if cores == mazeWantOn {
			m.Limit = atLeast(mazeWant)
		}
		err := l.inRounds(ctx, func(int) error {
			rate, err := mazeRate(cores)
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

// mazeRate returns steps a second of one batch a core, cores at once.
func mazeRate(cores int) (float64, error) {
	rates, errs := make([]float64, cores), make([]error, cores)
	var all sync.WaitGroup
	for i := range cores {
		all.Go(func() { rates[i], errs[i] = mazeRateOnOne(uint64(i)) })
	}
	all.Wait()
	sum := 0.0
	for i, r := range rates {
		if errs[i] != nil {
			return 0, errs[i]
		}
		sum += r
	}
	return sum, nil
}

func mazeRateOnOne(seed uint64) (float64, error) {
	knobs, err := benchMazeKnobs()
	if err != nil {
		return 0, err
	}
	m, err := maze.NewEndless(knobs, mazeBatch)
	if err != nil {
		return 0, err
	}
	policy := world.Uniform(len(m.Spec().Actions), seed)
	obs, actions := make([]float32, mazeBatch*m.Spec().Obs), make([]int32, mazeBatch)
	reward, done := make([]float32, mazeBatch), make([]bool, mazeBatch)
	m.Reset(seed, obs)
	policy.Reset()
	steps, start := 0, time.Now()
	for time.Since(start) < mazeTime {
		for range stepsPerLook {
			policy.Act(obs, done, actions)
			m.Step(actions, obs, reward, done)
		}
		steps += stepsPerLook * mazeBatch
	}
	return float64(steps) / time.Since(start).Seconds(), nil
}
