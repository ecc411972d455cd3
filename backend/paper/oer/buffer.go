package oer

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
)

// pick is one transition of a buffer and why it was chosen.
type pick struct {
	Index int32   // in its data set
	State float64 // squared distance of its state to where the policy would go, in units of the data's spread
	Act   float64 // squared distance of its action to the policy's there
	Score float64 // of rules that rank: reward, or error of the critic
	T     int32   // step of the model's rollout
}

// byModel is MBES, the buffer building of arXiv 2305.13804 as far as it was readable:
//
//	repeat until |B_n| is full: start at the first state of a trajectory of D_n; for H steps
//	  s^ = f_n(s, mu_n(s))                                             where the learned policy would go
//	  i  = argmin over transitions not yet taken  |s_i - s^|^2 + kappa |a_i - mu_n(s_i)|^2
//	  B_n gets (s_i, a_i, r_i, s'_i);  s = s_i                         from a real state, so that errors of the model do not add up
//
// mu is the policy as it is at the end of the task: choosing earlier would keep data for a policy that is no more.
func byModel(ctx context.Context, d *dataset, f *forward, act policy, learned []float32, capacity int, k BufferKnobs, s *rng.Stream) ([]pick, error) {
	taken, apart := make([]bool, d.len()), make([]float64, d.len())
	for i := range apart {
		for c, a := range d.action(i) {
			e := float64(a - learned[i*actWidth+c])
			apart[i] += e * e
		}
	}
	var picks []pick
	for len(picks) < capacity {
		now := d.state(int(d.starts[s.IntN(len(d.starts))]))
		for t := 0; t < k.Rollout && len(picks) < capacity; t++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			said := f.next(now, act(now))
			p := d.closest(said[:], apart, k.Kappa, taken)
			p.T = int32(t)
			taken[p.Index] = true
			picks = append(picks, p)
			now = d.state(int(p.Index))
		}
	}
	return picks, nil
}

// closest is the nearest transition that was not taken.
func (d *dataset) closest(s []float32, apart []float64, kappa float64, taken []bool) (p pick) {
	least := math.Inf(1)
	for i, gone := range taken {
		if gone || kappa*apart[i] >= least {
			continue
		}
		state := d.apart(s, d.state(i))
		if e := state + kappa*apart[i]; e < least {
			least, p = e, pick{Index: int32(i), State: state, Act: apart[i]}
		}
	}
	return p
}

// evenly draws transitions without putting any back.
func evenly(d *dataset, capacity int, s *rng.Stream) (picks []pick) {
	order := make([]int, d.len())
	s.Perm(order)
	for _, i := range order[:capacity] {
		picks = append(picks, pick{Index: int32(i)})
	}
	return picks
}

// highest keeps the transitions of the highest scores, the earlier of equals.
func highest(scores []float32, capacity int) (picks []pick) {
	for i, s := range scores {
		picks = append(picks, pick{Index: int32(i), Score: float64(s)})
	}
	slices.SortStableFunc(picks, func(a, b pick) int { return cmp.Compare(b.Score, a.Score) })
	return picks[:capacity]
}

// surprises are the critic's errors over a whole data set.
func surprises(d *dataset, l *td3bc.Learner) []float32 {
	all := make([]float32, d.len())
	size := l.Knobs.Batch
	b, gaps := td3bc.NewBatch(size, obsWidth, actWidth), make([]float32, size)
	for at := 0; at < d.len(); at += size {
		for i := range size {
			d.put(b, i, min(at+i, d.len()-1))
		}
		l.Gap(b, gaps)
		copy(all[at:], gaps)
	}
	return all
}

// capacity is how many transitions are kept of a data set.
func (k BufferKnobs) capacity(d *dataset) int {
	return min(max(int(math.Round(k.Buffer*float64(d.len()))), 1), d.len())
}

// shift is the mean distance from states that a policy visits to the nearest state of a buffer, in units of the data's spread: how well
// the buffer covers the policy's way.
func (d *dataset) shift(visited []float32, picks []pick) float64 {
	n, sum := len(visited)/obsWidth, 0.0
	for i := range n {
		least := math.Inf(1)
		for _, p := range picks {
			least = min(least, d.apart(visited[i*obsWidth:(i+1)*obsWidth], d.state(int(p.Index))))
		}
		sum += math.Sqrt(least)
	}
	return sum / float64(n)
}

// stray is the other direction: the mean distance from states of a buffer to the nearest state that the policy visits, how much of the
// buffer lies off the policy's way.
func (d *dataset) stray(visited []float32, picks []pick) float64 {
	sum := 0.0
	for _, p := range picks {
		least := math.Inf(1)
		for at := 0; at < len(visited); at += obsWidth {
			least = min(least, d.apart(visited[at:at+obsWidth], d.state(int(p.Index))))
		}
		sum += math.Sqrt(least)
	}
	return sum / float64(len(picks))
}
