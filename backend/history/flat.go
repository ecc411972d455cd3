package history

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Map is a bank in two dimensions: the first two principal components of the vectors of its entries.
type Map struct {
	Points []Dot
	Grid   [][]int    // [Rows][Columns], how many of the entries that are no points lie there; nil where all are points
	Dense  int        // entries in the grid
	Kept   bool       // made of the vectors that the record keeps; else of hashed bags of words
	Width  int        // D of the vectors
	Shares [2]float64 // of the variance, of the two components
}

// Dot is an entry in the map, in the unit square.
type Dot struct {
	Standing
	X, Y float64
}

// Columns and Rows of the grid of a map.
const (
	MapColumns = 48
	MapRows    = 32
)

// hashWidth is D of a hashed bag of words.
const hashWidth = 128

// sparse is a vector: the places that are not zero, and what stands there.
type sparse struct {
	at []int32
	x  []float32
}

// Map projects entries. At most so many become points, chosen evenly in the order of their writing; the rest is counted on the grid. The
// result hangs on the entries alone.
func (b *Bank) Map(all []Standing, most int) Map {
	vectors, kept, width := b.vectors(all)
	m := Map{Kept: kept, Width: width}
	if len(all) == 0 {
		return m
	}
	each := (len(all) + most - 1) / most
	sample := []sparse{}
	for i := 0; i < len(all); i += each {
		sample = append(sample, vectors[i])
	}
	_, axes, shares := components(sample, width)
	m.Shares = shares
	xs, ys := make([]float64, len(all)), make([]float64, len(all))
	for i, v := range vectors {
		xs[i], ys[i] = v.along(axes[0]), v.along(axes[1]) // the mean moves all alike
	}
	fit(xs)
	fit(ys)
	if each > 1 {
		m.Grid = make([][]int, MapRows)
		for r := range m.Grid {
			m.Grid[r] = make([]int, MapColumns)
		}
	}
	for i, s := range all {
		if i%each == 0 {
			m.Points = append(m.Points, Dot{s, xs[i], ys[i]})
			continue
		}
		m.Grid[min(int(ys[i]*MapRows), MapRows-1)][min(int(xs[i]*MapColumns), MapColumns-1)]++
		m.Dense++
	}
	return m
}

// vectors are those that are kept where every entry has one of the same width, else hashed bags of words.
func (b *Bank) vectors(all []Standing) (out []sparse, kept bool, width int) {
	kept = len(all) > 0
	for _, s := range all {
		v := &b.slots[s.slot].versions[s.version]
		if len(v.vector) == 0 || width > 0 && len(v.vector) != width {
			kept = false
			break
		}
		width = len(v.vector)
	}
	out = make([]sparse, len(all))
	for i, s := range all {
		v := &b.slots[s.slot].versions[s.version]
		if kept {
			out[i] = dense(v.vector)
		} else {
			out[i] = bag(v.low)
		}
	}
	if !kept {
		width = hashWidth
	}
	return out, kept, width
}

func dense(x []float32) sparse {
	var s sparse
	for i, v := range x {
		if v != 0 && v == v {
			s.at, s.x = append(s.at, int32(i)), append(s.x, v)
		}
	}
	return s
}

// bag is a hashed bag of the words of a text in lower case, of unit length; the sign of a word comes of its hash, too.
func bag(low string) sparse {
	var sums [hashWidth]float32
	for _, w := range strings.FieldsFunc(low, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		h := fnv.New64a()
		_, _ = h.Write([]byte(w))
		sum := h.Sum64()
		if sum>>63 == 1 {
			sums[sum%hashWidth]--
		} else {
			sums[sum%hashWidth]++
		}
	}
	length := float32(0)
	for _, x := range sums {
		length += x * x
	}
	s := dense(sums[:])
	for i := range s.x {
		s.x[i] /= float32(math.Sqrt(float64(length)))
	}
	return s
}

// along is the product of a vector with an axis.
func (s sparse) along(axis []float64) float64 {
	sum := 0.0
	for i, at := range s.at {
		sum += float64(s.x[i]) * axis[at]
	}
	return sum
}

func product(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// powers is how often the axes are multiplied by the covariance: the two leading ones stand apart well before.
const powers = 40

// components are the mean and the first two principal axes of vectors, by power iteration from fixed starts, the second kept at right
// angles to the first. The largest part of an axis is positive. shares are the parts of the variance along them.
func components(all []sparse, width int) (mean []float64, axes [2][]float64, shares [2]float64) {
	mean = make([]float64, width)
	total := 0.0
	for _, s := range all {
		for i, at := range s.at {
			mean[at] += float64(s.x[i]) / float64(len(all))
			total += float64(s.x[i]) * float64(s.x[i])
		}
	}
	for _, x := range mean {
		total -= x * x * float64(len(all))
	}
	for k := range axes {
		axis := make([]float64, width)
		for i := range axis {
			axis[i] = math.Sin(float64(i+1) * float64(k+1)) // no direction of note: nothing is at right angles to it by design
		}
		var spread float64
		for range powers {
			apart(axis, axes[:k])
			unit(axis)
			axis, spread = spreadAlong(all, mean, axis)
		}
		apart(axis, axes[:k])
		unit(axis)
		upright(axis)
		axes[k] = axis
		if total > 1e-12 {
			shares[k] = min(max(spread/total, 0), 1)
		}
	}
	return mean, axes, shares
}

// spreadAlong multiplies an axis of unit length by the covariance; spread is the sum of the squares along it.
func spreadAlong(all []sparse, mean, axis []float64) (next []float64, spread float64) {
	next = make([]float64, len(axis))
	sum, middle := 0.0, product(mean, axis)
	for _, s := range all {
		c := s.along(axis) - middle
		spread += c * c
		sum += c
		for i, at := range s.at {
			next[at] += c * float64(s.x[i])
		}
	}
	for i := range next {
		next[i] -= sum * mean[i]
	}
	return next, spread
}

// apart takes the parts of other axes out of one.
func apart(axis []float64, others [][]float64) {
	for _, o := range others {
		dot := product(axis, o)
		for i := range axis {
			axis[i] -= dot * o[i]
		}
	}
}

// unit gives an axis unit length; one of no length points along the first place.
func unit(axis []float64) {
	sum := product(axis, axis)
	if sum < 1e-24 {
		clear(axis)
		axis[0] = 1
		return
	}
	for i := range axis {
		axis[i] /= math.Sqrt(sum)
	}
}

func upright(axis []float64) {
	largest := slices.MaxFunc(axis, func(a, b float64) int {
		return cmp.Compare(math.Abs(a), math.Abs(b))
	})
	if largest < 0 {
		for i := range axis {
			axis[i] = -axis[i]
		}
	}
}
