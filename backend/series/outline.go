package series

import "math"

// Outline thins a series to at most most points by the largest triangles that neighbours span (LTTB: Steinarsson, "Downsampling Time
// Series for Visual Representation", University of Iceland 2013, section 4.2). The first and the last point stay, and gaps are left
// out. It keeps the shape and loses close opposite spikes, so it is for pictures under 200 pixels only, which say "outline".
func (s *Series) Outline(most int) (xy []float64) {
	var at []int
	for i, y := range s.ys {
		if !math.IsNaN(y) && !math.IsInf(y, 0) {
			at = append(at, i)
		}
	}
	if len(at) > most && most >= 3 {
		at = s.triangles(at, most)
	}
	for _, i := range at {
		xy = append(xy, float64(s.xs[i]), s.ys[i])
	}
	return xy
}

// triangles chooses the points: those between the ends are cut into most-2 buckets by place, and of each the one stays that spans the
// largest triangle with the point chosen before it and the mean of the next bucket.
func (s *Series) triangles(at []int, most int) []int {
	bucket := func(k int) (lo, hi int) { // bucket k of 1 to most-2; bucket most-1 is the last point alone
		if k == most-1 {
			return len(at) - 1, len(at)
		}
		return 1 + (k-1)*(len(at)-2)/(most-2), 1 + k*(len(at)-2)/(most-2)
	}
	out := []int{at[0]}
	for k := 1; k < most-1; k++ {
		lo, hi := bucket(k + 1)
		mx, my := 0.0, 0.0
		for _, i := range at[lo:hi] {
			mx, my = mx+float64(s.xs[i])/float64(hi-lo), my+s.ys[i]/float64(hi-lo)
		}
		lo, hi = bucket(k)
		out = append(out, s.largest(out[len(out)-1], at[lo:hi], mx, my))
	}
	return append(out, at[len(at)-1])
}

// largest is the candidate that spans the largest triangle with point from and the place (mx, my).
func (s *Series) largest(from int, candidates []int, mx, my float64) int {
	fx, fy := float64(s.xs[from]), s.ys[from]
	best, area := candidates[0], -1.0
	for _, i := range candidates {
		if a := math.Abs((fx-mx)*(s.ys[i]-fy) - (fx-float64(s.xs[i]))*(my-fy)); a > area {
			best, area = i, a
		}
	}
	return best
}
