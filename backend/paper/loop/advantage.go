package loop

import (
	"math"

	"github.com/loci-lab/loci/backend/rl"
)

// advantages are those of the attempts at one task (arXiv 2502.01600v3, sec. 4; algorithm 1):
//
//	leave-one-out   A_i = R_i - 1/(K-1) sum over j != i of R_j = K/(K-1) (R_i - mean R)
//	normal          A_i = (R_i - mean R) / (std R + 1e-6)
//
// All are 0 where the rewards are equal.
func advantages(how string, reward []float64) []float64 {
	a := make([]float64, len(reward))
	b := rl.LeaveOneOut
	if how == Normal {
		b = rl.GroupNormal
	}
	b.Advantages(reward, a)
	return a
}

// attempts are those of the groups that can be learned from: none that failed, and with their advantages.
func attempts(groups []rl.Group, how string) (list []attempt, flat int, err error) {
	for g := range groups {
		var mine []attempt
		var reward []float64
		for i := range groups[g].Trajectories {
			t := &groups[g].Trajectories[i]
			rows, err := rl.Rows(t, 0)
			if err != nil {
				return nil, flat, err
			}
			if len(rows) != 1 {
				continue // it failed, or it ended before the model said a word
			}
			mine = append(mine, attempt{row: rows[0], tokens: t.Trained(), reward: t.Reward, passed: passed(t)})
			reward = append(reward, t.Reward)
		}
		same := true
		for i, a := range advantages(how, reward) {
			mine[i].advantage = a
			same = same && a == 0
		}
		if same {
			flat++
		}
		list = append(list, mine...)
	}
	return list, flat, nil
}

// passed says whether all tests of an attempt held: its reward is their share.
func passed(t *rl.Trajectory) bool { return t.Reward > 1-1e-9 }

// kept are the places of the attempts that are learned from: those whose advantage is not tiny; of rejection, those that passed; with a
// critic, all.
func kept(k *RLKnobs, list []attempt) (at []int) {
	for i := range list {
		switch {
		case k.Learner == Rejection && list[i].passed, k.Learner == Critic,
			k.Learner == Policy && (math.Abs(list[i].advantage) >= k.Least || k.KL > 0 && list[i].advantage == 0):
			at = append(at, i)
		}
	}
	return at
}
