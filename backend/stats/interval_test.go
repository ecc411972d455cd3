package stats

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/rng"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %v, want %v within %v", what, got, want, tol)
	}
}

// The sleep of ten patients under two drugs (Student 1908), as R's documentation of t.test prints it: differences with t = 4.0621 and
// the 95 % interval 0.7001142 to 2.4598858.
func TestStudentGivesTheIntervalOfStudentsOwnData(t *testing.T) {
	first := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	second := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	i := Paired(second, first, 0.05)
	near(t, "mean", float64(i.Mean), 1.58, 1e-12)
	near(t, "low", float64(i.Low), 0.7001142, 5e-8)
	near(t, "high", float64(i.High), 2.4598858, 5e-8)
	near(t, "t", float64(i.Mean)/(float64(i.SD)/math.Sqrt(10)), 4.0621, 5e-5)
}

// Quantiles of Student's t as printed in every table (Fisher and Yates, table III).
func TestQuantilesOfStudentsTAreThoseOfTheTables(t *testing.T) {
	for _, c := range []struct {
		p    float64
		df   int
		want float64
	}{{0.975, 1, 12.7062}, {0.975, 2, 4.3027}, {0.975, 4, 2.7764}, {0.975, 9, 2.2622}, {0.9875, 4, 3.4954}, {0.8, 4, 0.9410}} {
		near(t, "t", tQuantile(c.p, c.df), c.want, 5e-5)
	}
}

// By hand: 1, 2, 3 have mean 2 and s = 1; t(0.975, 2) = 4.302653; half = 4.302653 / sqrt(3) = 2.484138.
func TestStudentLeavesOutWhatIsMissing(t *testing.T) {
	i := Student([]float64{1, math.NaN(), 2, 3}, 0.05)
	near(t, "half", i.Half(), 2.484138, 1e-6)
	if i.N != 3 || i.Mean != 2 {
		t.Errorf("got %+v, want mean 2 of 3", i)
	}
}

func TestEqualValuesHaveThePointAsTheirInterval(t *testing.T) {
	i := Student([]float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 0.05)
	if i.Low != 0.1 || i.High != 0.1 || i.Mean != 0.1 || i.SD != 0 {
		t.Errorf("got %+v, want the point 0.1", i)
	}
}

func TestOneValueOrNoneHasNoInterval(t *testing.T) {
	one, none := Student([]float64{3}, 0.05), Student([]float64{math.NaN()}, 0.05)
	if one.Mean != 3 || !math.IsNaN(float64(one.Low)) || !math.IsNaN(float64(one.High)) {
		t.Errorf("one value: %+v", one)
	}
	if none.N != 0 || !math.IsNaN(float64(none.Mean)) {
		t.Errorf("no value: %+v", none)
	}
}

// 6,000 samples of a normal: the true mean must be inside 95 % of the intervals, within three standard errors (0.0084). With 1.96
// standard errors in place of t, three seeds would hold about 80 times in 100.
func TestIntervalsHoldTheMeanAsOftenAsTheySay(t *testing.T) {
	const repeats = 6000
	for _, seeds := range []int{3, 5, 10} {
		stream, held, short := rng.New(1, "coverage"), 0, 0
		xs := make([]float64, seeds)
		for range repeats {
			for i := range xs {
				xs[i] = 2 + 0.3*stream.Normal()
			}
			i := Student(xs, 0.05)
			if i.Low <= 2 && 2 <= i.High {
				held++
			}
			if math.Abs(float64(i.Mean)-2) <= 1.96*float64(i.SD)/math.Sqrt(float64(seeds)) {
				short++
			}
		}
		near(t, "coverage", float64(held)/repeats, 0.95, 0.0085)
		if seeds == 3 {
			near(t, "coverage of 1.96 standard errors", float64(short)/repeats, 0.81, 0.02)
		}
	}
}

// Cohen (1988) and R's power.t.test(delta = 0.5, power = 0.8, type = "paired") give 33.37, so 34; delta = 0.8 gives 14.30, so 15.
func TestSeedsNeededAgreesWithPublishedSampleSizes(t *testing.T) {
	for _, c := range []struct {
		distance, sd float64
		want         int
	}{{0.5, 1, 34}, {0.8, 1, 15}, {0.05, 0.1, 34}, {0, 1, 0}, {math.NaN(), 1, 0}, {1e-6, 1, 0}, {1, 0, 2}} {
		if got := SeedsNeeded(c.distance, c.sd, 0.05); got != c.want {
			t.Errorf("distance %v, sd %v: %d seeds, want %d", c.distance, c.sd, got, c.want)
		}
	}
}
