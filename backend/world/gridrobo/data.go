package gridrobo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Data are episodes of the scripted solver with some random actions, the same number of each task: episode e is of task e / Each.
type Data struct {
	Knobs  Knobs
	Each   int
	Body   []float32 // [episodes][Horizon+1][BodyWidth]
	Action []int32   // [episodes][Horizon]
	Reward []float32 // [episodes][Horizon]
}

// Record plays each episodes of every task; noise is the share of steps, [0, 1], with a uniform action instead of the solver's. The same
// seed gives the same data. Wrong numbers are lab.Invalid.
func Record(k Knobs, each int, noise float64, seed uint64) (*Data, error) {
	w, err := New(k, 1)
	if err != nil {
		return nil, err
	}
	if each < 1 || each > 1e5 || noise < 0 || noise > 1 {
		return nil, lab.Errorf(lab.Invalid, "%s: data of %d episodes a task with noise %v, want 1 to 100000 and 0 to 1", Name, each, noise)
	}
	n := each * k.Tasks
	d := &Data{Knobs: k, Each: each, Body: make([]float32, n*(k.Horizon+1)*BodyWidth), Action: make([]int32, n*k.Horizon), Reward: make([]float32, n*k.Horizon)}
	for e := range n {
		d.play(w, e, noise, world.EpisodeSeed(seed, e, 0))
	}
	return d, nil
}

func (d *Data) play(w *World, e int, noise float64, key uint64) {
	const mask = 1<<taskBits - 1
	one, g := &w.envs[0], int32(d.Knobs.Grid)
	w.begin(one, key&^mask|uint64(d.Task(e)))
	one.Board.write(g, d.Row(e, 0))
	for t := range d.Knobs.Horizon {
		a := one.Board.solve(g, one.task())
		if world.Unit(world.Draw(key, 1000+2*uint64(t))) < noise {
			a = int32(world.Pick(world.Draw(key, 1001+2*uint64(t)), actions))
		}
		d.Action[e*d.Knobs.Horizon+t], d.Reward[e*d.Knobs.Horizon+t] = a, w.play(one, a)
		one.Board.write(g, d.Row(e, t+1))
	}
}

// Episodes is how many there are.
func (d *Data) Episodes() int { return d.Each * d.Knobs.Tasks }

// Task of an episode.
func (d *Data) Task(e int) int { return e / d.Each }

// Row is the board before step t of episode e, or after the last one: [BodyWidth].
func (d *Data) Row(e, t int) []float32 {
	at := (e*(d.Knobs.Horizon+1) + t) * BodyWidth
	return d.Body[at : at+BodyWidth]
}

// Step returns what was done at a step and what it paid.
func (d *Data) Step(e, t int) (action int32, reward float32) {
	at := e*d.Knobs.Horizon + t
	return d.Action[at], d.Reward[at]
}

// Return is the sum of an episode's rewards.
func (d *Data) Return(e int) (sum float32) {
	for _, r := range d.Reward[e*d.Knobs.Horizon : (e+1)*d.Knobs.Horizon] {
		sum += r
	}
	return sum
}

// Observe writes what the world would have shown before step t of episode e: row [Spec().Obs].
func (d *Data) Observe(e, t int, row []float32) {
	clear(row)
	copy(row, d.Row(e, t))
	if t > 0 {
		a, r := d.Step(e, t-1)
		row[actionAt+a], row[rewardAt] = 1, r
	}
	if d.Knobs.Mode == ID {
		row[taskAt+d.Task(e)] = 1
	}
}
