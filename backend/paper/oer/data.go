package oer

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/control"
)

// Widths of the point mass.
const (
	obsWidth = 4
	actWidth = 2
)

// dataset is D_n: M transitions in the order in which they were played.
type dataset struct {
	obs, next []float32 // [M][obsWidth]
	act       []float32 // [M][actWidth]
	reward    []float32 // [M]
	starts    []int32   // first transition of each episode
	mean, std [obsWidth]float64
	returns   float64 // mean over episodes
}

func (d *dataset) len() int { return len(d.reward) }

func (d *dataset) state(i int) []float32  { return d.obs[i*obsWidth : (i+1)*obsWidth] }
func (d *dataset) action(i int) []float32 { return d.act[i*actWidth : (i+1)*actWidth] }

// behaviour is one of the controllers that wrote the data: it pushes towards a goal with these gains.
type behaviour struct {
	share, gain, damp float64
	wrong             bool // goes to another goal
}

// behaviours are the four controllers; the first has the gains of the oracle.
func (k PointMassKnobs) behaviours() [4]behaviour {
	return [4]behaviour{{k.Right, 4, 1.6, false}, {k.Weak, 0.3, 0.4, false}, {k.Overshoot, 4, -0.2, false}, {k.Wrong, 4, 1.6, true}}
}

// newDataset plays one task with the four controllers in their shares, with noise on their actions. Noisy actions are cut to their bounds
// before they are written, so that the data hold what was played.
func newDataset(k PointMassKnobs, goal int, seed uint64) (*dataset, error) {
	w, err := control.New(k.task(goal), 1)
	if err != nil {
		return nil, err
	}
	s, d := rng.New(seed, "data "+string(rune('0'+goal))), &dataset{}
	obs := make([]float32, obsWidth)
	w.Reset(s.Uint64(), obs)
	episodes := max(k.Transitions/k.Horizon, 4)
	for e := range episodes {
		d.episode(w, k, k.controller(goal, (float64(e)+0.5)/float64(episodes), s), obs, s)
		d.returns += float64(w.Info(0).Return) / float64(episodes)
	}
	d.measure()
	return d, nil
}

// controller is the one whose share holds the place, in [0, 1), of an episode among all.
func (k PointMassKnobs) controller(goal int, place float64, s *rng.Stream) func(obs, act []float32) {
	all := k.behaviours()
	at := 0
	for at < len(all)-1 && place >= all[at].share {
		place -= all[at].share
		at++
	}
	if all[at].wrong && k.Goals > 1 {
		goal = (goal + 1 + s.IntN(k.Goals-1)) % k.Goals
	}
	x, y := k.task(goal).Place()
	return func(obs, act []float32) { control.PointController(obs, act, x, y, all[at].gain, all[at].damp) }
}

// episode plays one episode and leaves the first observation of the next in obs.
func (d *dataset) episode(w control.World, k PointMassKnobs, play func(obs, act []float32), obs []float32, s *rng.Stream) {
	act, reward, done := make([]float32, actWidth), make([]float32, 1), make([]bool, 1)
	d.starts = append(d.starts, int32(d.len()))
	for !done[0] {
		play(obs, act)
		for i, a := range act {
			a = min(max(a, -1), 1) + float32(k.Noise*s.Normal())
			act[i] = min(max(a, -1), 1)
		}
		d.obs = append(d.obs, obs...)
		w.Step(act, obs, reward, done)
		d.act, d.reward = append(d.act, act...), append(d.reward, reward[0])
		if done[0] {
			d.next = append(d.next, w.Last(0)...)
		} else {
			d.next = append(d.next, obs...)
		}
	}
}

// measure finds mean and spread of each number of the state.
func (d *dataset) measure() {
	n := float64(d.len())
	for i := range d.len() {
		for c, x := range d.state(i) {
			d.mean[c] += float64(x) / n
		}
	}
	for i := range d.len() {
		for c, x := range d.state(i) {
			e := float64(x) - d.mean[c]
			d.std[c] += e * e / n
		}
	}
	for c := range d.std {
		d.std[c] = max(math.Sqrt(d.std[c]), 1e-6)
	}
}

// apart is the squared distance of two states in units of the data's spread: else place or velocity would dominate.
func (d *dataset) apart(a, b []float32) (sum float64) {
	for c := range obsWidth {
		e := float64(a[c]-b[c]) / d.std[c]
		sum += e * e
	}
	return sum
}

// fill draws a batch evenly. The time limit is no end of the task: the goal goes on paying.
func (d *dataset) fill(b *td3bc.Batch, s *rng.Stream) {
	for i := range b.Reward {
		d.put(b, i, s.IntN(d.len()))
	}
}

// put copies transition k into row i of a batch.
func (d *dataset) put(b *td3bc.Batch, i, k int) {
	copy(b.Obs.Data[i*obsWidth:(i+1)*obsWidth], d.state(k))
	copy(b.Next.Data[i*obsWidth:(i+1)*obsWidth], d.next[k*obsWidth:(k+1)*obsWidth])
	copy(b.Action.Data[i*actWidth:(i+1)*actWidth], d.action(k))
	b.Reward[i] = d.reward[k]
}

// actions returns what an actor's head does in every state of the data, [M][actWidth].
func (d *dataset) actions(core *num.Core, a *td3bc.Actor, head int) []float32 {
	tape, x := num.NewTape(core), num.New("states", d.len(), obsWidth)
	copy(x.Data, d.obs)
	return a.Record(tape, x, head).Data
}
