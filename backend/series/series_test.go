package series

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// noise makes n points; every gap-th is NaN where gap is above zero, and some x stand twice.
func noise(t testing.TB, n, gap int) *Series {
	t.Helper()
	s, r, x := new(Series), rand.New(rand.NewPCG(1, uint64(n))), int64(-5)
	for i := range n {
		x += r.Int64N(4)
		y := r.NormFloat64()
		if gap > 0 && i%gap == gap-1 {
			y = math.NaN()
		}
		if err := s.Append(x, y); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestTheTreeFindsWhatALoopFinds(t *testing.T) {
	for _, n := range []int{0, 1, 3, 4, 5, 16, 63, 257, 1000} {
		s := noise(t, n, 7)
		r := rand.New(rand.NewPCG(2, 2))
		for range 300 {
			lo, hi := r.IntN(n+1), r.IntN(n+1)
			if got, want := s.over(min(lo, hi), max(lo, hi)), slowly(s, min(lo, hi), max(lo, hi)); got != want {
				t.Fatalf("%d points, %d to %d: got %+v, want %+v", n, lo, hi, got, want)
			}
		}
	}
}

func slowly(s *Series, lo, hi int) extremes {
	out := none()
	for i := lo; i < hi; i++ {
		y := s.ys[i]
		if math.IsNaN(y) && out.gap < 0 {
			out.gap = int32(i)
		}
		if !math.IsNaN(y) && (out.least < 0 || y < s.ys[out.least]) {
			out.low, out.least = y, int32(i)
		}
		if !math.IsNaN(y) && (out.most < 0 || y > s.ys[out.most]) {
			out.high, out.most = y, int32(i)
		}
	}
	return out
}

func TestAColumnKeepsFirstLastExtremesAndAGap(t *testing.T) {
	s, err := Of([]int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, []float64{5, 9, math.NaN(), 1, 6, 4, 7, 2, 2, 2, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	got := s.Thin(Window{0, 12}, 2)
	want := []float64{0, 5, 1, 9, 2, math.NaN(), 3, 1, 5, 4, 6, 7, 7, 2, 11, 3}
	if !slices.EqualFunc(got.XY, want, same) || !slices.Equal(got.Counts, []int{6, 6}) || got.Exact || got.Most != 6 || got.Points != 12 {
		t.Errorf("got %+v, want %v", got, want)
	}
	if c := got.Caption(); c != "12 points in 2 columns, extremes kept" {
		t.Errorf("caption %q", c)
	}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestColumnsOfFourPointsOrFewerShowThePointsThemselves(t *testing.T) {
	s, dense := new(Series), noise(t, 1000, 9)
	var want []float64
	for i := range dense.Len() {
		_, y := dense.At(i)
		if err := s.Append(int64(i/2*7), y); err != nil {
			t.Fatal(err)
		}
		want = append(want, float64(i/2*7), y)
	}
	got := s.Thin(s.Whole(), 600)
	if !got.Exact || !slices.EqualFunc(got.XY, want, same) || got.Caption() != "1,000 points" {
		t.Errorf("%s, %d numbers, exact %v", got.Caption(), len(got.XY), got.Exact)
	}
}

func TestAClippedViewTakesItsNeighboursAndSaysWhatLiesOutside(t *testing.T) {
	s, err := Of([]int64{0, 10, 20, 30, 40}, []float64{0, 1, 2, 3, 4})
	if err != nil {
		t.Fatal(err)
	}
	got := s.Thin(Window{10, 30}, 50)
	if !slices.Equal(got.XY, []float64{0, 0, 10, 1, 20, 2, 30, 3}) || got.Points != 2 || got.Caption() != "2 points, 3 outside the view" {
		t.Errorf("got %+v, %s", got, got.Caption())
	}
	if empty := s.Thin(Window{25, 25}, 50); empty.Points != 0 || len(empty.XY) != 4 {
		t.Errorf("empty window: %+v", empty)
	}
	if nothing := new(Series).Thin(Window{}, 50); len(nothing.XY) != 0 {
		t.Errorf("empty series: %+v", nothing)
	}
}

func TestOneSpikeAmongAMillionPointsShowsAtEveryZoom(t *testing.T) {
	const n, at = 1_000_000, 637_219
	s := new(Series)
	for i := range n {
		y := math.Sin(float64(i) / 1000)
		if i == at {
			y = 50
		}
		if err := s.Append(int64(i), y); err != nil {
			t.Fatal(err)
		}
	}
	for span := int64(n); span >= 4; span /= 2 {
		for _, columns := range []int{1, 7, 200, 1600, 2000} {
			from := max(0, at-span/3)
			if got := s.Thin(Window{from, from + span}, columns); !hasPoint(got.XY, at, 50) {
				t.Errorf("the spike is lost in %d columns over %d points", columns, span)
			}
		}
	}
}

func hasPoint(xy []float64, x, y float64) bool {
	for i := 0; i < len(xy); i += 2 {
		if xy[i] == x && xy[i+1] == y {
			return true
		}
	}
	return false
}

// columnsOf groups what was drawn by column.
func columnsOf(got Thinned, w Window) [][]float64 {
	out := make([][]float64, got.Columns)
	width := (w.To - w.From) / int64(got.Columns)
	for i := 0; i < len(got.XY); i += 2 {
		c := (int64(got.XY[i]) - w.From) / width
		out[c] = append(out[c], got.XY[i], got.XY[i+1])
	}
	return out
}

func TestAnOldColumnNeverChangesButForJoiningInPairs(t *testing.T) {
	const columns = 16
	full, s := noise(t, 3000, 11), new(Series)
	var before [][]float64
	var last Window
	doubled := 0
	for i := range full.Len() {
		x, y := full.At(i)
		if err := s.Append(x, y); err != nil {
			t.Fatal(err)
		}
		w := Live(-5, x, columns)
		now := columnsOf(s.Thin(w, columns), w)
		if x >= w.To || x < w.From {
			t.Fatalf("x = %d lies outside %+v", x, w)
		}
		done := int((x - w.From) * columns / (w.To - w.From)) // columns before this one are full
		switch {
		case w == last:
			for c := range done {
				if !slices.EqualFunc(now[c], before[c], same) {
					t.Fatalf("column %d changed at x = %d", c, x)
				}
			}
		case i > 0:
			doubled++
			for c := range columns / 2 { // the new column's points are among those of the two old ones
				joined := append(slices.Clone(before[2*c]), before[2*c+1]...)
				if c < done && !within(now[c], joined) {
					t.Fatalf("column %d at x = %d is not made of two old ones", c, x)
				}
			}
		}
		before, last = now, w
	}
	if doubled < 5 {
		t.Errorf("the axis doubled %d times, the test needs more", doubled)
	}
}

func within(part, whole []float64) bool {
	for i := 0; i < len(part); i += 2 {
		found := false
		for j := 0; j < len(whole); j += 2 {
			found = found || part[i] == whole[j] && same(part[i+1], whole[j+1])
		}
		if !found {
			return false
		}
	}
	return true
}

func TestEdgesHoldForHugeAxes(t *testing.T) {
	s, err := Of([]int64{math.MinInt64 / 2, 0, math.MaxInt64/2 - 1}, []float64{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Thin(s.Whole(), 2000); got.Points != 3 || !got.Exact {
		t.Errorf("got %d points", got.Points)
	}
	if w := Live(0, math.MaxInt64/4, 2000); w.To <= math.MaxInt64/4 {
		t.Errorf("live window ends at %d", w.To)
	}
}

func TestXMustNotFall(t *testing.T) {
	s := new(Series)
	if err := s.Append(5, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(4, 1); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("got %v", err)
	}
	if s.Len() != 1 {
		t.Error("a refused point was kept")
	}
}

// By hand: means of 1; 1,3; 3,5; then a gap; 10; 10,20.
func TestSmoothingTrailsAndKeepsGaps(t *testing.T) {
	s, err := Of([]int64{0, 1, 2, 3, 4, 5}, []float64{1, 3, 5, math.NaN(), 10, 20})
	if err != nil {
		t.Fatal(err)
	}
	_, ys := s.Smooth(2).Points()
	if !slices.EqualFunc(ys, []float64{1, 2, 4, math.NaN(), 10, 15}, same) {
		t.Errorf("got %v", ys)
	}
	_, ys = s.Smooth(1).Points()
	if !slices.EqualFunc(ys, s.ys, same) {
		t.Errorf("a window of one changes values: %v", ys)
	}
	long := noise(t, 5000, 0)
	_, ys = long.Smooth(100).Points()
	for i := 99; i < len(ys); i += 37 {
		if want := total(long.ys[i-99:i+1]) / 100; math.Abs(ys[i]-want) > 1e-12 {
			t.Fatalf("mean at %d is %v, want %v", i, ys[i], want)
		}
	}
}

func TestExportsReadBackToTheSameBits(t *testing.T) {
	s, err := Of([]int64{0, 5, 7, 9}, []float64{0.1, math.NaN(), 1.0 / 3, math.Inf(1)})
	if err != nil {
		t.Fatal(err)
	}
	all := []Labelled{{Metric: "success", Arm: `lstm, "clamped"`, Case: "n5+l10", Seed: 104, Raw: s}}
	var text, lines bytes.Buffer
	if err := WriteCSV(&text, all, Window{5, 10}); err != nil {
		t.Fatal(err)
	}
	if err := WriteJSONL(&lines, all, s.Whole()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v, %v", rows, err)
	}
	value, err := strconv.ParseFloat(rows[2][5], 64)
	if err != nil || value != 1.0/3 || rows[1][5] != "NaN" || rows[2][1] != `lstm, "clamped"` || strings.Join(rows[2][2:5], " ") != "n5+l10 104 7" {
		t.Errorf("got %v", rows)
	}
	i := 0
	for scan := bufio.NewScanner(&lines); scan.Scan(); i++ {
		var row Row
		if err := json.Unmarshal(scan.Bytes(), &row); err != nil || !same(float64(row.Value), s.ys[i]) || row.X != s.xs[i] {
			t.Errorf("line %d: %+v, %v", i, row, err)
		}
	}
	if i != 4 {
		t.Errorf("%d lines, want 4", i)
	}
}

func TestRangeIsThatOfTheWindow(t *testing.T) {
	s, err := Of([]int64{0, 1, 2, 3}, []float64{9, 1, math.NaN(), 4})
	if err != nil {
		t.Fatal(err)
	}
	if lo, hi := s.Range(Window{1, 4}); lo != 1 || hi != 4 {
		t.Errorf("got %v to %v", lo, hi)
	}
	if lo, _ := s.Range(Window{2, 3}); !math.IsNaN(lo) {
		t.Errorf("got %v of a gap", lo)
	}
}

func BenchmarkTwoThousandColumnsOfAMillionPoints(b *testing.B) {
	s := noise(b, 1_000_000, 0)
	for b.Loop() {
		s.Thin(s.Whole(), 2000)
	}
}
