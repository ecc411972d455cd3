package bandit

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// References beyond those of package world.
const (
	Thompson      = "thompson"       // draws a mean for each arm from its posterior and takes the best; also the full-memory reference
	Greedy        = "greedy"         // the best posterior mean: exploitation alone
	EpsilonGreedy = "epsilon-greedy" // the best sample mean, and any arm in one pull out of ten; every arm once at first
)

// Epsilon is the share of random pulls of the epsilon-greedy reference.
const Epsilon = 0.1

// References lists all of them.
func References() []string { return append(world.References(), Thompson, Greedy, EpsilonGreedy) }

// Reference returns a reference. All but the oracle go by the observations alone, and are told when the arms are drawn anew.
func (w *Bandit) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &oracle{w}, nil
	case world.Random:
		return world.Uniform(w.knobs.Arms, seed), nil
	case world.MemoryFree:
		return fixed{}, nil
	case world.FullMemory, Thompson:
		return newCounting(w, seed, (*counting).thompson), nil
	case Greedy:
		return newCounting(w, seed, (*counting).posteriorMeans), nil
	case EpsilonGreedy:
		return newCounting(w, seed, (*counting).sampleMeans), nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", Name, name, References()).WithHint("set agent.policy to one of these")
}

// oracle reads the means.
type oracle struct{ w *Bandit }

func (p *oracle) Reset() {}

func (p *oracle) Act(_ []float32, _ []bool, actions []int32) {
	for b := range actions {
		actions[b] = int32(p.w.best(&p.w.blocks[b]))
	}
}

// fixed pulls the first arm for ever: without memory no arm is better than another.
type fixed struct{}

func (fixed) Reset() {}

func (fixed) Act(_ []float32, _ []bool, actions []int32) { clear(actions) }

// counting keeps count and sum of the rewards of each arm and chooses by a score.
type counting struct {
	w      *Bandit
	seed   uint64
	drawn  uint64
	counts []float64 // [B][K]
	sums   []float64 // [B][K]
	scores []float32 // [B][K] of the last Act
	score  func(p *counting, counts, sums []float64, scores []float32)
}

func newCounting(w *Bandit, seed uint64, score func(*counting, []float64, []float64, []float32)) *counting {
	n := len(w.blocks) * w.knobs.Arms
	return &counting{w: w, seed: seed, counts: make([]float64, n), sums: make([]float64, n), scores: make([]float32, n), score: score}
}

func (p *counting) Reset() {
	p.drawn = 0
	clear(p.counts)
	clear(p.sums)
}

// Scores are what the arms of environment b were worth in the last Act, [K].
func (p *counting) Scores(b int) []float32 {
	k := p.w.knobs.Arms
	return p.scores[b*k : b*k+k]
}

func (p *counting) Act(obs []float32, fresh []bool, actions []int32) {
	k, o := p.w.knobs.Arms, p.w.spec.Obs
	for b := range actions {
		counts, sums, row := p.counts[b*k:b*k+k], p.sums[b*k:b*k+k], obs[b*o:b*o+o]
		if fresh[b] || p.w.blocks[b].Since == 0 {
			clear(counts)
			clear(sums)
		} else {
			for a, pulled := range row[:k] {
				if pulled == 1 {
					counts[a]++
					sums[a] += float64(row[k])
				}
			}
		}
		scores := p.Scores(b)
		p.score(p, counts, sums, scores)
		best := 0
		for a, s := range scores {
			if s > scores[best] {
				best = a
			}
		}
		actions[b] = int32(best)
	}
}

// Posterior returns mean and standard deviation of an arm's mean after count rewards of that sum: precision 1/Prior^2 + count/Noise^2,
// mean = (sum/Noise^2) / precision.
func (k Knobs) Posterior(count, sum float64) (mean, deviation float64) {
	noise := k.Noise * k.Noise
	precision := 1/(k.Prior*k.Prior) + count/noise
	return sum / noise / precision, 1 / math.Sqrt(precision)
}

func (p *counting) thompson(counts, sums []float64, scores []float32) {
	for a := range scores {
		mean, deviation := p.w.knobs.Posterior(counts[a], sums[a])
		scores[a] = float32(mean + deviation*normal(p.seed, p.drawn))
		p.drawn++
	}
}

func (p *counting) posteriorMeans(counts, sums []float64, scores []float32) {
	for a := range scores {
		mean, _ := p.w.knobs.Posterior(counts[a], sums[a])
		scores[a] = float32(mean)
	}
}

// sampleMeans puts arms not tried yet first.
func (p *counting) sampleMeans(counts, sums []float64, scores []float32) {
	random := world.Unit(world.Draw(p.seed, 2*p.drawn)) < Epsilon
	arm := world.Pick(world.Draw(p.seed, 2*p.drawn+1), len(scores))
	p.drawn++
	for a := range scores {
		switch {
		case counts[a] == 0:
			scores[a] = math.MaxFloat32
		case random && a == arm:
			scores[a] = math.MaxFloat32 / 2
		default:
			scores[a] = float32(sums[a] / counts[a])
		}
	}
}
