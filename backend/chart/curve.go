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

// cell is one column: the interval over seeds of each seed's mean of raw values in it, and the extremes of all raw values in it.
type cell struct {
	stats.Interval
	least, most float64
	outside     bool // a neighbour of the window
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
	columns = int(min(int64(columns), max(w.To-w.From, 1)))
	var c curve
	inside, full := 0, 0
	values := make([]float64, len(runs))
	c.add(cursors, 0, nearest(cursors, -1, values), values)
	for i := range columns {
		end := w.Edge(i+1, columns)
		at := column(cursors, end, values)
		c.add(cursors, at.raw, at, values)
		if at.raw > 0 && end <= common {
			inside++
			if at.seen == len(runs) {
				full++
			}
		}
	}
	c.add(cursors, 0, nearest(cursors, 0, values), values)
	return c, 10*full >= 9*inside
}

// add notes a column that holds anything. Those of no raw points are the neighbours outside the window, so that lines run to its edges.
func (c *curve) add(cursors []cursor, raw int, at place, values []float64) {
	if at.raw == 0 {
		return
	}
	e := cell{Interval: stats.Student(values, alpha), least: math.NaN(), most: math.NaN(), outside: raw == 0}
	for i := range cursors {
		least, most := values[i], values[i]
		if raw > 0 {
			least, most = cursors[i].raw.Extremes(cursors[i].from, cursors[i].at)
		}
		if !(least >= e.least) && !math.IsNaN(least) {
			e.least = least
		}
		if !(most <= e.most) && !math.IsNaN(most) {
			e.most = most
		}
	}
	c.xs, c.cells = append(c.xs, at.x), append(c.cells, e)
}

// place is where a column stands: the mean place of its raw points, how many there are, and of how many runs.
type place struct {
	x         float64
	raw, seen int
}

// nearest takes each run's point before the cursor (by -1) or at it (by 0).
func nearest(cursors []cursor, by int, values []float64) place {
	var p place
	sum := 0.0
	for i, c := range cursors {
		values[i] = math.NaN()
		if at := c.at + by; at >= 0 && at < len(c.xs) {
			values[i] = c.ys[at]
			sum += float64(c.xs[at])
			p.raw, p.seen = p.raw+1, p.seen+1
		}
	}
	p.x = sum / float64(max(p.raw, 1))
	return p
}

// cursor walks over the raw points of a run; the last column was from <= i < at.
type cursor struct {
	raw      *series.Series
	xs       []int64
	ys       []float64
	from, at int
}

// cursorsOf places a cursor for each run at the start of the window; common is where the shortest run ends.
func cursorsOf(runs []Run, w series.Window) (cursors []cursor, common int64) {
	common = w.To
	for _, r := range runs {
		c := cursor{raw: r.Raw, at: r.Raw.Place(w.From)}
		c.xs, c.ys = r.Raw.Points()
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
// raw points, so that points which share an x keep it.
func column(cursors []cursor, end int64, values []float64) place {
	var p place
	sum := 0.0
	for i := range cursors {
		c := &cursors[i]
		c.from = c.at
		for c.at < len(c.xs) && c.xs[c.at] < end {
			sum += float64(c.xs[c.at])
			c.at++
		}
		values[i] = stats.Mean(c.ys[c.from:c.at])
		if n := c.at - c.from; n > 0 {
			p.raw, p.seen = p.raw+n, p.seen+1
		}
	}
	p.x = sum / float64(max(p.raw, 1))
	return p
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
	for i := len(c.cells) - 1; i >= 0 && (c.cells[i].N < most || c.cells[i].outside); i-- {
		if !c.cells[i].outside {
			x, n, shorter = c.xs[i], c.cells[i].N, true
		}
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
			if curves[k].cells[i].outside {
				continue
			}
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
