// Package series keeps the raw points of one metric of one run and answers, for any part of the x axis, with as few points as a
// picture can show and without losing an extreme.
//
// Above the raw points stands a tree: a node holds the places of the least and the greatest value and of a gap among four nodes below
// it. Only whole nodes are built, so a point once appended changes nothing that was there.
package series

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
)

const fan = 4 // children of a node

// Series is an append-only list of points with x that never falls. NaN values are gaps. The zero value is an empty series. It is not
// safe for use by several goroutines while one of them appends.
type Series struct {
	xs     []int64
	ys     []float64
	levels [][]extremes // levels[k] holds whole nodes over fan^(k+1) points
}

// extremes are values and their places in the list; a place is -1 for none. The values stand here too, since looking them up by
// place would miss the cache at every node.
type extremes struct {
	low, high        float64
	least, most, gap int32
}

// none is what no points come to.
func none() extremes {
	return extremes{low: math.Inf(1), high: math.Inf(-1), least: -1, most: -1, gap: -1}
}

// Append adds a point. x must not be below the last one.
func (s *Series) Append(x int64, y float64) error {
	if n := len(s.xs); n > 0 && x < s.xs[n-1] {
		return lab.Errorf(lab.Invalid, "x = %d comes after x = %d, want x that does not fall", x, s.xs[n-1])
	}
	if len(s.xs) == math.MaxInt32 {
		return lab.Errorf(lab.Budget, "the series has %d points, want no more", len(s.xs))
	}
	s.xs, s.ys = append(s.xs, x), append(s.ys, y)
	for level, n := 0, len(s.xs); n%fan == 0; level, n = level+1, n/fan {
		if level == len(s.levels) {
			s.levels = append(s.levels, nil)
		}
		node := none()
		for child := n - fan; child < n; child++ {
			s.merge(&node, level, child)
		}
		s.levels[level] = append(s.levels[level], node)
	}
	return nil
}

// Of makes a series of points. It returns the error of Append.
func Of(xs []int64, ys []float64) (*Series, error) {
	s := new(Series)
	for i := range xs {
		if err := s.Append(xs[i], ys[i]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Len is the number of points, gaps included.
func (s *Series) Len() int { return len(s.xs) }

// At returns point i.
func (s *Series) At(i int) (x int64, y float64) { return s.xs[i], s.ys[i] }

// Points returns all points. They belong to the series: read only, and valid as they are whatever is appended later.
func (s *Series) Points() (xs []int64, ys []float64) { return s.xs, s.ys }

// merge adds node i of a level; level 0 is the points themselves.
func (s *Series) merge(into *extremes, level, i int) {
	if level == 0 {
		into.addPoint(int32(i), s.ys[i])
		return
	}
	into.addNode(&s.levels[level-1][i])
}

// addPoint adds a point. Of equal values the earlier stays, whatever the order in which they come.
func (e *extremes) addPoint(i int32, y float64) {
	if y != y { // a NaN
		e.gap = earlier(e.gap, i)
		return
	}
	if y < e.low || y == e.low && i < e.least || e.least < 0 {
		e.low, e.least = y, i
	}
	if y > e.high || y == e.high && i < e.most || e.most < 0 {
		e.high, e.most = y, i
	}
}

func (e *extremes) addNode(n *extremes) {
	if n.low < e.low || n.low == e.low && n.least >= 0 && (e.least < 0 || n.least < e.least) {
		e.low, e.least = n.low, n.least
	}
	if n.high > e.high || n.high == e.high && n.most >= 0 && (e.most < 0 || n.most < e.most) {
		e.high, e.most = n.high, n.most
	}
	e.gap = earlier(e.gap, n.gap)
}

// earlier is the smaller of two places, where -1 is none.
func earlier(a, b int32) int32 {
	if uint32(b) < uint32(a) {
		return b
	}
	return a
}

// over returns the extremes of the points lo <= i < hi: it takes the odd ones at both ends of a level and climbs with the rest.
func (s *Series) over(lo, hi int) extremes {
	out := none()
	for level := 0; lo < hi; level++ {
		for ; lo < hi && lo%fan != 0; lo++ {
			s.merge(&out, level, lo)
		}
		for ; lo < hi && hi%fan != 0; hi-- {
			s.merge(&out, level, hi-1)
		}
		lo, hi = lo/fan, hi/fan
	}
	return out
}

// Range returns the least and the greatest value in a window, NaN where it holds none.
func (s *Series) Range(w Window) (least, most float64) {
	lo := s.Place(w.From)
	return s.Extremes(lo, s.search(lo, w.To, 1))
}

// Place returns the first place in the list whose x is at least the given one; Len where there is none.
func (s *Series) Place(x int64) int { return s.search(0, x, 1) }

// Extremes returns the least and the greatest value of the points lo <= i < hi, NaN where there is none.
func (s *Series) Extremes(lo, hi int) (least, most float64) {
	e := s.over(lo, hi)
	if e.least < 0 {
		return math.NaN(), math.NaN()
	}
	return e.low, e.high
}

// search returns the first place at or after from whose x is at least the given one. It looks in steps that begin with the given one,
// at least 1, and double: the end of the next column is about as far as that of the last.
func (s *Series) search(from int, x int64, step int) int {
	lo, hi := from, from
	for hi < len(s.xs) && s.xs[hi] < x {
		lo = hi + 1
		hi += step
		step *= 2
	}
	hi = min(hi, len(s.xs))
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); s.xs[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
