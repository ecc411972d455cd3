package offlinehistories

import (
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/world/stitch"
)

// dataset is a fixed set of trajectories as the encoder gets them.
type dataset struct {
	walks []stitch.Trajectory
	store *replay.Sequences
	in    int     // numbers of one input
	mean  float64 // of the rewards of a step
	scale float64 // their standard deviation
	steps int     // longest trajectory
}

func worldOf(setup lab.Setup) (k WorldKnobs, err error) {
	err = setup.Section("world", &k)
	return k, err
}

// newDataset walks n trajectories and, where best is below 1, keeps that share of them with the largest returns.
func newDataset(k WorldKnobs, sees string, n int, best float64, seed uint64) (*dataset, error) {
	k.DataKnobs.Trajectories = n
	walks, err := stitch.Collect(k.Knobs, k.DataKnobs, seed)
	if err != nil {
		return nil, err
	}
	if keep := max(int(float64(n)*best+0.5), 1); keep < n {
		slices.SortStableFunc(walks, func(a, b stitch.Trajectory) int {
			switch {
			case a.Return > b.Return:
				return -1
			case a.Return < b.Return:
				return 1
			}
			return 0
		})
		walks = walks[:keep]
	}
	d := &dataset{walks: walks, steps: k.Horizon, in: inputs(sees, len(walks[0].Obs[0]))}
	d.store = replay.NewSequences(len(walks), d.steps, d.in, 0, 0)
	for i := range walks {
		d.store.Add(d.sequence(&walks[i], sees))
	}
	d.rewards()
	return d, nil
}

// rewards finds mean and deviation of the rewards: the latent model predicts them normalised, so that they weigh against latent distances.
func (d *dataset) rewards() {
	var sum, square, n float64
	for _, w := range d.walks {
		for _, r := range w.Reward {
			sum, square, n = sum+float64(r), square+float64(r)*float64(r), n+1
		}
	}
	d.mean = sum / n
	d.scale = math.Sqrt(max(square/n-d.mean*d.mean, 1e-6))
}

// normal writes the rewards of a batch, normalised.
func (d *dataset) normal(reward, out []float32) []float32 {
	out = out[:0]
	for _, r := range reward {
		out = append(out, float32((float64(r)-d.mean)/d.scale))
	}
	return out
}

// acts is the number of actions of the maze.
const acts = 4

// inputs is the width of one input of the encoder: an observation with the action before it, or a true state, one-hot.
func inputs(sees string, obs int) int {
	if sees == State {
		return stitch.States
	}
	return obs + acts
}

// fill writes one input: previous is -1 at the start.
func fill(x []float32, sees string, obs []float32, previous int32, truth int) {
	clear(x)
	if sees == State {
		x[truth] = 1
		return
	}
	if copy(x, obs); previous >= 0 {
		x[len(obs)+int(previous)] = 1
	}
}

// sequence is a trajectory as the store takes it. Running out of time counts as an end.
func (d *dataset) sequence(w *stitch.Trajectory, sees string) *replay.Sequence {
	t := len(w.Action)
	s := &replay.Sequence{Steps: t, Obs: make([]float32, (t+1)*d.in), Fresh: make([]bool, t+1), Action: w.Action, Reward: w.Reward,
		Terminal: make([]bool, t), Cut: make([]bool, t)}
	s.Fresh[0], s.Terminal[t-1] = true, true
	previous := int32(-1)
	for i := range w.Obs {
		fill(s.Obs[i*d.in:(i+1)*d.in], sees, w.Obs[i], previous, w.Truth[i])
		if i < t {
			previous = w.Action[i]
		}
	}
	return s
}

// all fills w with the whole set, in order.
func (d *dataset) all(w *replay.Windows) {
	w.At = w.At[:0]
	for i := range d.walks {
		w.At = append(w.At, replay.Window{Slot: i})
	}
	d.store.Gather(d.steps, w)
}
