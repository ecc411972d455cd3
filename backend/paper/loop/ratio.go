package loop

import (
	"math"

	"github.com/loci-lab/loci/backend/rl"
)

// attempt is one attempt as it is learned from: its row, and the numbers that hold for all of its tokens. A row is the whole interaction,
// since nothing of it is ever taken out of the context.
type attempt struct {
	row       rl.Datum
	advantage float64
	tokens    int // |a|: those that the model wrote
	passed    bool
	reward    float64
}

// span is a stretch of trained tokens of a row, [from, to).
type span struct{ from, to int }

// turns are the stretches of tokens that the model wrote in one go: between two of them stands what the world replied.
func turns(d *rl.Datum) (list []span) {
	for t := 0; t < len(d.Weights); t++ {
		if d.Weights[t] == 0 {
			continue
		}
		from := t
		for t < len(d.Weights) && d.Weights[t] != 0 {
			t++
		}
		list = append(list, span{from, t})
	}
	return list
}

// units are what the ratio is taken over: tokens, turns, or all turns together.
func units(d *rl.Datum, by string) (list [][]span) {
	all := turns(d)
	switch by {
	case ByTrajectory:
		return [][]span{all}
	case ByTurn:
		for _, s := range all {
			list = append(list, []span{s})
		}
		return list
	}
	for _, s := range all {
		for t := s.from; t < s.to; t++ {
			list = append(list, []span{{t, t + 1}})
		}
	}
	return list
}

// logRatio is the sum over a unit of log pi - log old, and the number of its tokens.
func logRatio(unit []span, now, old []float32) (sum float64, n int) {
	for _, s := range unit {
		for t := s.from; t < s.to; t++ {
			sum += float64(now[t]) - float64(old[t])
			n++
		}
	}
	return sum, n
}

// slopes writes the derivative of the objective of one attempt by the log-probability of each of its tokens, arXiv 2502.01600v3, sec. 4:
//
//	J = 1/|a| sum over tokens t of min(rho_u A, g(A)),   u the unit that t is in,   rho_u = exp(sum over u of log pi - log old)
//	g(A) = A (1 + eps) for A > 0, A / (1 + eps) for A < 0
//	dJ / d log pi_t = |u| / |a| rho_u A   where rho_u A < g(A), else 0
//
// With whole trajectories J is min(rho A, g(A)). now, old and slope [N] are aligned with the row.
func slopes(a *attempt, by string, now []float32, low, high float64, slope []float32) {
	clear(slope)
	for _, unit := range units(&a.row, by) {
		sum, n := logRatio(unit, now, a.row.Logprobs)
		rho := math.Exp(sum)
		if a.advantage > 0 && rho >= high || a.advantage < 0 && rho <= low {
			continue
		}
		for _, s := range unit {
			for t := s.from; t < s.to; t++ {
				slope[t] = float32(float64(n) / float64(a.tokens) * rho * a.advantage)
			}
		}
	}
}
