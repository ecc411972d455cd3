package series

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// Window is a part of the x axis: From <= x < To.
type Window struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Whole is the window that holds every point; empty for an empty series.
func (s *Series) Whole() Window {
	if len(s.xs) == 0 {
		return Window{}
	}
	return Window{From: s.xs[0], To: s.xs[len(s.xs)-1] + 1}
}

// Live is the window of a growing picture from first to at least last: so many columns whose width is the smallest power of two that
// suffices. So the axis grows by doubling, and then every two old columns become one new column. It panics for columns below 1.
func Live(first, last int64, columns int) Window {
	if columns < 1 {
		panic("series: a picture without columns")
	}
	width := int64(1)
	for width*int64(columns) <= last-first && width < math.MaxInt64/int64(2*columns) {
		width *= 2
	}
	return Window{From: first, To: first + width*int64(columns)}
}

// Thinned is what a picture draws of a window.
type Thinned struct {
	XY      []float64 // interleaved x0, y0, x1, y1, ...; a NaN among the y is a gap
	Columns int       // columns that the window was cut into
	Counts  []int     // [Columns] raw points in each
	Most    int       // greatest of them
	Points  int       // raw points in the window
	Outside int       // raw points of the series outside of it
	Exact   bool      // nothing was left out
}

// Thin cuts the window into columns of equal width in x. Of a column it keeps the first and the last point, the least and the greatest
// value and one gap, in their order; of a column with four points or fewer, all. The nearest points outside the window come along,
// so that lines run to its edges.
func (s *Series) Thin(w Window, columns int) Thinned {
	span := max(0, w.To-w.From)
	columns = int(min(int64(max(columns, 1)), max(span, 1))) // x are whole numbers: a column narrower than one stays empty
	out := Thinned{Columns: columns, Counts: make([]int, columns), Exact: true}
	lo := s.search(0, w.From, 1)
	start, step := lo, 1
	out.XY = make([]float64, 0, min(2*(len(s.xs)-lo)+4, 10*columns+4))
	out.neighbour(s, lo-1)
	for c := range columns {
		hi := s.search(lo, w.Edge(c+1, columns), step)
		out.column(s, c, lo, hi)
		lo, step = hi, max(1, (hi-lo)/2)
	}
	out.neighbour(s, lo)
	out.Points = lo - start
	out.Outside = len(s.xs) - out.Points
	return out
}

// Edge is where column c of so many begins: From + (To - From) c / columns, rounded up so that a column holds its whole x.
func (w Window) Edge(c, columns int) int64 {
	hi, lo := bits.Mul64(uint64(max(0, w.To-w.From)), uint64(c))
	quotient, rest := bits.Div64(hi, lo, uint64(columns))
	if rest > 0 {
		quotient++
	}
	return w.From + int64(quotient)
}

func (t *Thinned) neighbour(s *Series, i int) {
	if i >= 0 && i < len(s.xs) {
		t.XY = append(t.XY, float64(s.xs[i]), s.ys[i])
	}
}

// column adds what column c keeps of the points lo <= i < hi.
func (t *Thinned) column(s *Series, c, lo, hi int) {
	n := hi - lo
	t.Counts[c], t.Most = n, max(t.Most, n)
	if n <= 4 {
		for i := lo; i < hi; i++ {
			t.neighbour(s, i)
		}
		return
	}
	e := s.over(lo, hi)
	keep := [...]int{lo, int(e.least), int(e.most), int(e.gap), hi - 1}
	slices.Sort(keep[:])
	kept, last := 0, -1
	for _, i := range keep {
		if i > last { // also leaves out the -1 of what is not there
			t.neighbour(s, i)
			last, kept = i, kept+1
		}
	}
	t.Exact = t.Exact && kept == n
}

// Caption says what was drawn: `1,000,000 points in 1,600 columns, extremes kept`, or `812 points`, and how many lie outside.
func (t Thinned) Caption() string {
	text := Thousands(t.Points) + " points"
	if t.Points == 1 {
		text = "1 point"
	}
	if !t.Exact {
		text += fmt.Sprintf(" in %s columns, extremes kept", Thousands(t.Columns))
	}
	if t.Outside > 0 {
		text += fmt.Sprintf(", %s outside the view", Thousands(t.Outside))
	}
	return text
}

// Thousands writes a number with commas.
func Thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// Smooth returns the series of trailing means over the last window points (at least 1), fewer at the start and after a gap. A gap
// stays a gap. Trailing, since then a value once drawn never changes. The raw series stays as it is, for the envelope behind.
func (s *Series) Smooth(window int) *Series {
	out := new(Series)
	begin, sum := 0, 0.0 // the mean is over begin <= j <= i
	for i, y := range s.ys {
		if math.IsNaN(y) {
			begin, sum = i+1, 0
			_ = out.Append(s.xs[i], y) // x rises as in s
			continue
		}
		sum += y
		if i-begin >= window {
			sum -= s.ys[begin]
			begin++
		}
		if (i-begin)%256 == 255 || i%window == 0 { // anew now and then: subtracting leaves rounding behind
			sum = total(s.ys[begin : i+1])
		}
		_ = out.Append(s.xs[i], sum/float64(i+1-begin))
	}
	return out
}

func total(ys []float64) float64 {
	sum := 0.0
	for _, y := range ys {
		sum += y
	}
	return sum
}
