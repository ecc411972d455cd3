package rl

import (
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Baseline says what the reward of an attempt is held against.
type Baseline string

// The baselines.
const (
	GroupNormal Baseline = "grpo"    // mean and standard deviation of the group
	GroupMean   Baseline = "dr-grpo" // mean of the group
	LeaveOneOut Baseline = "rloo"    // mean of the others of the group
	NoBaseline  Baseline = "none"    // nothing
)

// Baselines are all of them.
func Baselines() []Baseline { return []Baseline{GroupNormal, GroupMean, LeaveOneOut, NoBaseline} }

// Check returns an error of code invalid for a name that is no baseline.
func (b Baseline) Check() error { return legal("baseline", b, Baselines()) }

// legal is an error of code invalid where value is none of those.
func legal[T ~string](what string, value T, all []T) error {
	names := make([]string, len(all))
	for i, v := range all {
		if v == value {
			return nil
		}
		names[i] = string(v)
	}
	return lab.Errorf(lab.Invalid, "%s is %q, want one of %s", what, string(value), strings.Join(names, ", "))
}

// groupEps keeps the division by a standard deviation finite. Rewards closer together than groupSame count as equal.
const (
	groupEps  = 1e-6
	groupSame = 1e-9
)

// Advantages writes the advantages of the rewards [G] of one group. It returns false, and zeros, where the group teaches nothing: its
// rewards are all the same, or it has a single one and is held against itself.
//
//	grpo     (r - mean) / (std + 1e-6), std of the population      arXiv 2402.03300v3, sec. 4.1.2
//	dr-grpo   r - mean                                             arXiv 2503.20783v2, sec. 3.2
//	rloo      r - mean of the others = (r - mean) G/(G-1)          arXiv 2402.14740v2, leave-one-out REINFORCE
//	none      r
func (b Baseline) Advantages(reward, advantage []float64) (teaches bool) {
	if b == NoBaseline {
		copy(advantage, reward)
		return len(reward) > 0
	}
	clear(advantage)
	mean, std := meanStd(reward)
	if spread(reward) <= groupSame {
		return false
	}
	scale := 1.0
	switch b {
	case GroupNormal:
		scale = 1 / (std + groupEps)
	case LeaveOneOut:
		scale = float64(len(reward)) / float64(len(reward)-1)
	}
	for i, r := range reward {
		advantage[i] = (r - mean) * scale
	}
	return true
}

func meanStd(x []float64) (mean, std float64) {
	n := float64(max(len(x), 1))
	for _, v := range x {
		mean += v
	}
	mean /= n
	for _, v := range x {
		std += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(std / n)
}

// spread is the distance between the largest and the smallest, 0 of nothing.
func spread(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	lo, hi := x[0], x[0]
	for _, v := range x {
		lo, hi = min(lo, v), max(hi, v)
	}
	return hi - lo
}

// LengthRule says by what the loss of an attempt is divided, so that the plain sum of the training protocol becomes a mean.
type LengthRule string

// The rules. N is the number of attempts that did not fail, n the number of trained tokens of an attempt.
const (
	PerTrace    LengthRule = "trace"    // N n: short attempts weigh as much as long ones (GRPO, arXiv 2402.03300v3, eq. 3)
	PerConstant LengthRule = "constant" // N times the most tokens that an attempt may have (Dr. GRPO, arXiv 2503.20783v2, sec. 3.2)
	PerToken    LengthRule = "token"    // sum of n over all attempts that did not fail (DAPO, arXiv 2503.14476v2, sec. 3.3)
	NoLength    LengthRule = "none"     // 1: the plain sum
)

// LengthRules are all of them.
func LengthRules() []LengthRule { return []LengthRule{PerTrace, PerConstant, PerToken, NoLength} }

// Check returns an error of code invalid for a name that is no rule.
func (r LengthRule) Check() error { return legal("length rule", r, LengthRules()) }

// Scales are the factors of attempts of those numbers of trained tokens; most is the largest number that an attempt may have, which
// PerConstant alone reads. An attempt without trained tokens has factor 0.
func (r LengthRule) Scales(lengths []int, most int) []float64 {
	total, scales := 0, make([]float64, len(lengths))
	for _, n := range lengths {
		total += n
	}
	for i, n := range lengths {
		switch {
		case n == 0:
		case r == PerTrace:
			scales[i] = 1 / float64(len(lengths)*n)
		case r == PerConstant:
			scales[i] = 1 / float64(len(lengths)*most)
		case r == PerToken:
			scales[i] = 1 / float64(total)
		default:
			scales[i] = 1
		}
	}
	return scales
}

// Credit turns groups of attempts into training rows.
type Credit struct {
	Baseline Baseline
	Length   LengthRule
	Most     int // trained tokens that an attempt may have at most, for PerConstant
}

// Credited is what became of groups. Advantages and Scales are [P][G]: 0 where an attempt failed or its group teaches nothing.
type Credited struct {
	Advantages [][]float64
	Scales     [][]float64 // by which each token's advantage is to be multiplied
	Skipped    int         // groups that teach nothing
	Failed     int         // attempts that failed
	Reward     float64     // mean over the attempts that did not fail, NaN where there is none
}

// Check returns an error of code invalid that says what is wrong.
func (c Credit) Check() error {
	if err := c.Baseline.Check(); err != nil {
		return err
	}
	if c.Length == PerConstant && c.Most < 1 {
		return lab.Errorf(lab.Invalid, "most tokens of an attempt is %d, want at least 1 with length rule %q", c.Most, PerConstant)
	}
	return c.Length.Check()
}

// Of computes advantages and factors. Failed attempts count nowhere.
func (c Credit) Of(groups []Group) (Credited, error) {
	if err := c.Check(); err != nil {
		return Credited{}, err
	}
	out := Credited{Reward: math.NaN()}
	var lengths []int
	sum := 0.0
	for g := range groups {
		advantages, n, teaches := c.group(&groups[g])
		if out.Advantages = append(out.Advantages, advantages); !teaches {
			out.Skipped++
		}
		out.Failed += len(advantages) - n
		for i := range groups[g].Trajectories {
			if t := &groups[g].Trajectories[i]; t.Err == nil {
				lengths, sum = append(lengths, t.Trained()), sum+t.Reward
			}
		}
	}
	if len(lengths) > 0 {
		out.Reward = sum / float64(len(lengths))
	}
	out.Scales = spreadOut(groups, c.Length.Scales(lengths, c.Most))
	return out, nil
}

// group returns the advantages of one group's attempts, 0 where they failed, and how many did not.
func (c Credit) group(g *Group) (advantages []float64, n int, teaches bool) {
	var rewards []float64
	for i := range g.Trajectories {
		if g.Trajectories[i].Err == nil {
			rewards = append(rewards, g.Trajectories[i].Reward)
		}
	}
	whole := make([]float64, len(rewards))
	teaches = c.Baseline.Advantages(rewards, whole)
	return spreadOut([]Group{*g}, whole)[0], len(rewards), teaches
}

// spreadOut lays numbers of the attempts that did not fail, in order, out as [P][G] with 0 for the others.
func spreadOut(groups []Group, x []float64) [][]float64 {
	out, at := make([][]float64, len(groups)), 0
	for g := range groups {
		out[g] = make([]float64, len(groups[g].Trajectories))
		for i := range out[g] {
			if groups[g].Trajectories[i].Err == nil {
				out[g][i] = x[at]
				at++
			}
		}
	}
	return out
}

// Rows makes the training rows of all groups, group after group, each token with its attempt's advantage times its factor. Attempts
// whose product is 0 give none: they would move nothing.
func (c Credit) Rows(groups []Group) ([]Datum, Credited, error) {
	credited, err := c.Of(groups)
	if err != nil {
		return nil, credited, err
	}
	var all []Datum
	for g := range groups {
		for i := range groups[g].Trajectories {
			a := credited.Advantages[g][i] * credited.Scales[g][i]
			if a == 0 {
				continue
			}
			rows, err := Rows(&groups[g].Trajectories[i], a)
			if err != nil {
				return nil, credited, err
			}
			all = append(all, rows...)
		}
	}
	return all, credited, nil
}
