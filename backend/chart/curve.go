package chart

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/series"
	"github.com/loci-lab/loci/backend/stats"
)

// curve holds what seeds come to, column by column of the x axis.
type curve struct {
	xs    []float64
	cells []cell
}

// cell is one column: the interval over seeds of each seed's mean of raw values in it, and the extremes over seeds.
type cell struct {
	stats.Interval
	least, most float64
}

// means cuts the window into columns and takes, for each, the mean over seeds from raw values. Where few columns hold a value of
// every seed (the seeds log at different x) columns are joined in pairs until most do.
func means(runs []Run, w series.Window, columns int) curve {
	const coarsest = 32
	for {
		c, full := meansOf(runs, w, columns)
		if full || columns/2 < coarsest {
			return c
		}
		columns /= 2
	}
}

// meansOf also says whether nine in ten of the columns, up to the end of the shortest run, hold every seed.
func meansOf(runs []Run, w series.Window, columns int) (curve, bool) {
	cursors, common := cursorsOf(runs, w)
	span := max(w.To-w.From, 1)
	columns = int(min(int64(columns), span))
	var c curve
	inside, full := 0, 0
	values := make([]float64, len(runs))
	for i := range columns {
		end := w.From + int64(math.Ceil(float64(span)*float64(i+1)/float64(columns)))
		x, raw, seen := column(cursors, end, values)
		if raw == 0 {
			continue
		}
		c.xs, c.cells = append(c.xs, x), append(c.cells, cellOf(values))
		if end <= common {
			inside++
			if seen == len(runs) {
				full++
			}
		}
	}
	return c, 10*full >= 9*inside
}

// cursor walks over the raw points of a run.
type cursor struct {
	xs []int64
	ys []float64
	at int
}

// cursorsOf places a cursor for each run at the start of the window; common is where the shortest run ends.
func cursorsOf(runs []Run, w series.Window) (cursors []cursor, common int64) {
	common = w.To
	for _, r := range runs {
		c := cursor{}
		c.xs, c.ys = r.Raw.Points()
		for c.at < len(c.xs) && c.xs[c.at] < w.From {
			c.at++
		}
		cursors = append(cursors, c)
		if n := len(c.xs); n > 0 {
			common = min(common, c.xs[n-1]+1)
		} else {
			common = w.From
		}
	}
	return cursors, common
}

// column moves the cursors to x = end and leaves each run's mean over the way in values, NaN without one. x is the mean place of the
// raw points, so that points which share an x keep it; seen counts the runs with a raw point.
func column(cursors []cursor, end int64, values []float64) (x float64, raw, seen int) {
	sum := 0.0
	for i := range cursors {
		c := &cursors[i]
		from := c.at
		for c.at < len(c.xs) && c.xs[c.at] < end {
			sum += float64(c.xs[c.at])
			c.at++
		}
		values[i] = stats.Mean(c.ys[from:c.at])
		if c.at > from {
			raw, seen = raw+c.at-from, seen+1
		}
	}
	return sum / float64(max(raw, 1)), raw, seen
}

func cellOf(values []float64) cell {
	out := cell{Interval: stats.Student(values, alpha), least: math.NaN(), most: math.NaN()}
	for _, v := range values {
		if !(v >= out.least) && !math.IsNaN(v) {
			out.least = v
		}
		if !(v <= out.most) && !math.IsNaN(v) {
			out.most = v
		}
	}
	return out
}

// mean is the line of means; a column in which no seed has a value is a gap.
func (c curve) mean() []float64 {
	xy := make([]float64, 0, 2*len(c.xs))
	for i, cell := range c.cells {
		xy = append(xy, c.xs[i], float64(cell.Mean))
	}
	return xy
}

// band is the lower end of the interval and its height, gaps where fewer than three seeds have a value.
func (c curve) band() (low, height []float64) {
	return c.pair(func(e cell) (float64, float64) {
		if e.N < fewest {
			return math.NaN(), math.NaN()
		}
		return float64(e.Low), float64(e.High)
	})
}

// envelope is the least value over seeds and the height up to the greatest.
func (c curve) envelope() (low, height []float64) {
	return c.pair(func(e cell) (float64, float64) { return e.least, e.most })
}

func (c curve) pair(ends func(cell) (low, high float64)) (low, height []float64) {
	for i, e := range c.cells {
		a, b := ends(e)
		low, height = append(low, c.xs[i], a), append(height, c.xs[i], b-a)
	}
	return low, height
}

// thins says from which x on how many seeds are left, where some end before others.
func (c curve) thins() (x float64, n int, shorter bool) {
	most := 0
	for _, e := range c.cells {
		most = max(most, e.N)
	}
	for i := len(c.cells) - 1; i >= 0 && c.cells[i].N < most; i-- {
		x, n, shorter = c.xs[i], c.cells[i].N, true
	}
	return x, n, shorter
}

// curveTable has a row for each x at which any arm has a column, at most sixty, evenly chosen, the last among them.
func curveTable(c Curves, curves []curve) Table {
	t := Table{Columns: []string{axisName("x", c.Metric.XUnit)}}
	rows := map[float64][]string{}
	var xs []float64
	for k, arm := range c.Arms {
		label := arm.Label()
		t.Columns = append(t.Columns, label, label+" low", label+" high", label+" n")
		for i, x := range curves[k].xs {
			if rows[x] == nil {
				rows[x] = make([]string, 4*len(c.Arms))
				xs = append(xs, x)
			}
			e := curves[k].cells[i]
			low, high := ends(e.Interval)
			copy(rows[x][4*k:], []string{exact(float64(e.Mean)), low, high, fmt.Sprint(e.N)})
		}
	}
	for _, x := range chosen(xs, tableLength) {
		t.Rows = append(t.Rows, append([]string{exact(x)}, rows[x]...))
	}
	return t
}

// endSentence says where the leading arm ends and in how many seeds it stands beyond the next.
func endSentence(spec lab.MetricSpec, arms []Arm) string {
	var named []Ends
	for _, a := range arms {
		e := Ends{Arm: a}
		for _, r := range a.Runs {
			if n := r.Raw.Len(); n > 0 {
				_, y := r.Raw.At(n - 1)
				e.Seeds, e.Values = append(e.Seeds, r.Seed), append(e.Values, y)
			}
		}
		named = append(named, e)
	}
	return sentence(spec, named)
}
