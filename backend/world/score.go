package world

import "context"

// Score is what a policy came to over whole episodes.
type Score struct {
	Episodes int
	Success  float64 // share of episodes, [0, 1]
	Return   float64 // mean undiscounted return of an episode
	Steps    float64 // mean length of an episode
}

// Evaluate plays the first ceil(episodes/B) episodes of every environment under a seed. Equal counts matter: taking episodes as they
// end would favour short ones, which in most worlds are failures. It returns ctx.Err() when cancelled.
func Evaluate(ctx context.Context, v Vec, p Policy, seed uint64, episodes int) (Score, error) {
	size := v.Size()
	obs, reward := make([]float32, size*v.Spec().Obs), make([]float32, size)
	done, fresh, actions := make([]bool, size), make([]bool, size), make([]int32, size)
	each := (episodes + size - 1) / size
	left, open := make([]int, size), size
	for b := range left {
		left[b], fresh[b] = each, true
	}
	var sum Score
	v.Reset(seed, obs)
	p.Reset()
	for open > 0 && each > 0 {
		if err := ctx.Err(); err != nil {
			return Score{}, err
		}
		p.Act(obs, fresh, actions)
		v.Step(actions, obs, reward, done)
		copy(fresh, done)
		for b, ended := range done {
			if !ended || left[b] == 0 {
				continue
			}
			sum.add(v.Info(b))
			if left[b]--; left[b] == 0 {
				open--
			}
		}
	}
	return sum.mean(), nil
}

func (s *Score) add(in Info) {
	s.Episodes++
	s.Return += float64(in.Return)
	s.Steps += float64(in.Steps)
	if in.Success {
		s.Success++
	}
}

func (s Score) mean() Score {
	if n := float64(s.Episodes); n > 0 {
		s.Success, s.Return, s.Steps = s.Success/n, s.Return/n, s.Steps/n
	}
	return s
}
