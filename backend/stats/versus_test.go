package stats

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// By hand. First arm: differences 1, 2, 3 have mean 2, s = 1, half = 4.302653 / sqrt(3) = 2.484138; all alike in sign: p = 2/8 = 0.25, the
// floor. Second: 3, 4, -1, 2, with a gap: mean 2; sums at least as far from zero as 8: +8 (none flipped), 10 (-1 turned), and both
// negatives: p = 4/16 = 0.25. Third: no pair. Holm over two: the smaller times 2 = 0.5, the other max(0.5, 0.25) = 0.5.
func TestComparisonsWithABaseAreCorrectedAndCounted(t *testing.T) {
	nan := math.NaN()
	got := Versus([][]float64{{1, 2, 3}, {3, 4, nan, -1, 2}, {nan, nan}}, 0.05)
	near(t, "mean", float64(got[0].Mean), 2, 1e-12)
	near(t, "half", got[0].Half(), 2.484138, 1e-6)
	for i, want := range []Comparison{{P: 0.25, Holm: 0.5, Floor: 0.25, Above: 3}, {P: 0.25, Holm: 0.5, Floor: 0.125, Above: 3, Below: 1}} {
		g := got[i]
		if g.P != want.P || g.Holm != want.Holm || g.Floor != want.Floor || g.Above != want.Above || g.Below != want.Below || g.Corrected != 2 || !g.Exact {
			t.Errorf("comparison %d: got %+v, want %+v", i, g, want)
		}
	}
	if none := got[2]; none.N != 0 || !math.IsNaN(float64(none.P)) || !math.IsNaN(float64(none.Holm)) {
		t.Errorf("without a pair: got %+v", none)
	}
}

func TestFivePairsOfOneComparisonStayAtTheirFloor(t *testing.T) {
	got := Versus([][]float64{{0.1, 0.2, 0.1, 0.3, 0.2}}, 0.05)[0]
	if got.P != 0.0625 || got.Holm != 0.0625 || got.Floor != 0.0625 || got.Corrected != 1 {
		t.Errorf("got %+v, want p, its correction and its floor 0.0625", got)
	}
}

// Pairs share what their seed brings: the interval of the difference must hold 95 times in 100 all the same, and be narrower than that
// of unpaired runs. 4,000 data sets a number of seeds; three standard errors are 0.0103.
func TestPairedIntervalsHoldTheDifferenceAsOftenAsTheySay(t *testing.T) {
	const repeats, truth = 4000, 0.25
	for _, seeds := range []int{3, 5, 10} {
		stream, held := rng.New(11, "paired"), 0
		d := make([]float64, seeds)
		for range repeats {
			for i := range d {
				shared := 2 * stream.Normal()
				base, arm := shared+0.3*stream.Normal(), truth+shared+0.3*stream.Normal()
				d[i] = arm - base
			}
			if c := Student(d, 0.05); c.Low <= truth && truth <= c.High {
				held++
			}
		}
		near(t, "coverage", float64(held)/repeats, 0.95, 0.0105)
	}
}

// Four arms that all equal the base, 10 pairs each: some corrected p at or below 0.05 in at most 5 data sets of 100; without the
// correction about 4 times as often. 400 data sets: three standard errors are 0.033.
func TestHolmKeepsManyComparisonsFromFindingWhatIsNotThere(t *testing.T) {
	const repeats = 400
	stream, corrected, plain := rng.New(12, "holm"), 0, 0
	some := func(c []Comparison, p func(Comparison) lab.Float) int {
		if slices.ContainsFunc(c, func(c Comparison) bool { return p(c) <= 0.05 }) {
			return 1
		}
		return 0
	}
	for range repeats {
		arms := make([][]float64, 4)
		for a := range arms {
			for range 10 {
				arms[a] = append(arms[a], stream.Normal())
			}
		}
		c := Versus(arms, 0.05)
		corrected += some(c, func(c Comparison) lab.Float { return c.Holm })
		plain += some(c, func(c Comparison) lab.Float { return c.P })
	}
	if rate := float64(corrected) / repeats; rate > 0.05+0.033 {
		t.Errorf("corrected: %v of the data sets show a difference, want at most 0.05", rate)
	}
	if rate := float64(plain) / repeats; rate < 0.12 {
		t.Errorf("uncorrected: %v of the data sets show a difference; the test has no power", rate)
	}
}

// By hand: task one {0, 1}, task two {1, 1, 1, 0.5}. Above 0: 1/2 and 4/4, mean 0.75. Above 0.5: 1/2 and 3/4, mean 0.625. Above 1: none.
func TestProfileCountsTasksAlike(t *testing.T) {
	nan := math.NaN()
	got := Profile([][]float64{{0, nan, 1}, {1, 1, 1, 0.5}, {nan}}, []float64{-1, 0, 0.5, 1}, 0.05, LiveResamples, rng.New(0, "profile"))
	for i, want := range []float64{1, 0.75, 0.625, 0} {
		near(t, "share", float64(got[i].Mean), want, 1e-12)
		if got[i].N != 6 || got[i].Low > got[i].Mean || got[i].High < got[i].Mean {
			t.Errorf("threshold %d: got %+v", i, got[i])
		}
	}
	if got[0].Low != 1 || got[3].High != 0 {
		t.Errorf("where all are above or none, draws cannot differ: %+v, %+v", got[0], got[3])
	}
}

func TestProfileOfSingleScoresHasNoInterval(t *testing.T) {
	got := Profile([][]float64{{1}, {0}}, []float64{0.5}, 0.05, LiveResamples, rng.New(0, "profile"))
	if got[0].Mean != 0.5 || !math.IsNaN(float64(got[0].Low)) {
		t.Errorf("got %+v, want 0.5 without an interval", got[0])
	}
	if none := Profile(nil, []float64{0}, 0.05, 10, rng.New(0, "profile")); !math.IsNaN(float64(none[0].Mean)) {
		t.Errorf("of nothing: %+v", none)
	}
}

// slowShare is the same share written as one reads it: count, divide, average.
func slowShare(scores [][]float64, tau float64) float64 {
	sum, tasks := 0.0, 0
	for _, task := range scores {
		above, n := 0, 0
		for _, v := range task {
			if math.IsNaN(v) {
				continue
			}
			n++
			if v > tau {
				above++
			}
		}
		if n > 0 {
			sum, tasks = sum+float64(above)/float64(n), tasks+1
		}
	}
	return sum / float64(tasks)
}

func TestProfileAgreesWithItsSlowReference(t *testing.T) {
	stream := rng.New(4, "profile")
	for range 50 {
		scores := make([][]float64, 1+stream.IntN(5))
		for m := range scores {
			for range 1 + stream.IntN(7) {
				scores[m] = append(scores[m], stream.Normal())
			}
		}
		taus := []float64{-1, -0.2, 0, 0.3, 1}
		for i, got := range Profile(scores, taus, 0.05, 20, stream) {
			near(t, "share", float64(got.Mean), slowShare(scores, taus[i]), 1e-12)
		}
	}
}

// 200 data sets of 4 tasks by 3, 5 and 10 seeds: the true share above zero of a standard normal is one half. With few seeds a bootstrap
// holds too seldom (arXiv 2108.13264, figure A.17), which the bounds show.
func TestProfileIntervalsHoldTheTruthAboutAsOftenAsTheySay(t *testing.T) {
	for _, c := range []struct {
		seeds       int
		least, most float64
	}{{3, 0.75, 1}, {5, 0.82, 1}, {10, 0.86, 1}} {
		stream, held := rng.New(6, "coverage"), 0
		for range 200 {
			scores := make([][]float64, 4)
			for task := range scores {
				for range c.seeds {
					scores[task] = append(scores[task], stream.Normal())
				}
			}
			if i := Profile(scores, []float64{0}, 0.05, 300, stream)[0]; i.Low <= 0.5 && 0.5 <= i.High {
				held++
			}
		}
		if rate := float64(held) / 200; rate < c.least || rate > c.most {
			t.Errorf("%d seeds: held %v of the times, want %v to %v", c.seeds, rate, c.least, c.most)
		}
	}
}
