package stats

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// SignFlipResult is the outcome of a sign-flip test.
type SignFlipResult struct {
	P     lab.Float `json:"p"`     // two-sided; NaN without a pair
	Floor lab.Float `json:"floor"` // smallest p that so many pairs can give: 2 / 2^n; five pairs cannot go below 0.0625
	N     int       `json:"n"`     // pairs
	Exact bool      `json:"exact"` // all arrangements were counted
}

// Sizes of the sign-flip test: up to mostExact pairs all arrangements are counted, above it draws of them are made.
const (
	mostExact = 20
	draws     = 100_000
)

// SignFlip tests whether differences d are symmetric about zero: p is the share of the 2^n assignments of signs whose sum is at least
// as far from zero as the observed one (Fisher, The Design of Experiments, 1935, section 21). NaN are left out. Above 20 pairs it
// draws 100,000 assignments from the stream and counts the observed one with them; up to 20 the stream may be nil.
func SignFlip(d []float64, stream *rng.Stream) SignFlipResult {
	d = present(d)
	n := len(d)
	res := SignFlipResult{P: lab.Float(math.NaN()), Floor: lab.Float(math.Min(1, math.Ldexp(2, -n))), N: n, Exact: n <= mostExact}
	if n == 0 {
		return res
	}
	sum, size := 0.0, 0.0
	for _, v := range d {
		sum, size = sum+v, size+math.Abs(v)
	}
	limit := math.Abs(sum) - 1e-12*size // sums that are equal but for rounding are equal
	if !res.Exact {
		res.Floor = lab.Float(1.0 / (draws + 1))
		res.P = lab.Float(float64(1+drawn(d, limit, stream)) / (draws + 1))
		return res
	}
	res.P = lab.Float(math.Ldexp(float64(flips(d, 0, limit)), -n))
	return res
}

// flips counts the assignments of signs to d whose sum, added to sum, is at least limit away from zero.
func flips(d []float64, sum, limit float64) int {
	if len(d) == 0 {
		if math.Abs(sum) >= limit {
			return 1
		}
		return 0
	}
	return flips(d[1:], sum+d[0], limit) + flips(d[1:], sum-d[0], limit)
}

func drawn(d []float64, limit float64, stream *rng.Stream) int {
	hits := 0
	for range draws {
		sum := 0.0
		for _, v := range d {
			if stream.Uint64()>>63 == 0 {
				v = -v
			}
			sum += v
		}
		if math.Abs(sum) >= limit {
			hits++
		}
	}
	return hits
}
