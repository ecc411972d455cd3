package chart

import "math"

// cross marks a missing value.
const cross = "path://M0,2L2,0L5,3L8,0L10,2L7,5L10,8L8,10L5,7L2,10L0,8L3,5Z"

// mostMarks bounds the crosses of one arm; with more, every so many-th is drawn, the first among them.
const mostMarks = 200

// marks adds what lines cannot show: a cross at each gap, at the height of the line's last value before it, and the values that stand
// alone between gaps.
func (d *drawing) marks(a Arm, lines [][]float64) {
	var gaps, alone []float64
	for _, xy := range lines {
		g, s := marksOf(xy)
		gaps, alone = append(gaps, g...), append(alone, s...)
	}
	spot := func(symbol string, size int) patch {
		return patch{"z": 4, "silent": true, "showSymbol": true, "symbol": symbol, "symbolSize": size, "lineStyle": patch{"opacity": 0},
			"tooltip": patch{"show": false}}
	}
	if len(gaps) > 0 {
		d.add(a, RoleGap, 0, every(gaps, mostMarks), spot(cross, 8))
	}
	if len(alone) > 0 {
		d.add(a, RolePoint, 0, every(alone, mostMarks), spot(shapeOf(a.Place), 6))
	}
}

// marksOf finds the gaps of a line and its values without a neighbour. Of a line with one point only the shape of its arm shows it.
func marksOf(xy []float64) (gaps, alone []float64) {
	missing := func(i int) bool { return i < 0 || i >= len(xy) || math.IsNaN(xy[i+1]) || math.IsInf(xy[i+1], 0) }
	height := math.NaN()
	for i := 0; i < len(xy) && math.IsNaN(height); i += 2 { // a gap at the beginning stands at the height of what follows
		if !missing(i) {
			height = xy[i+1]
		}
	}
	for i := 0; i < len(xy); i += 2 {
		switch {
		case missing(i) && !math.IsNaN(height):
			gaps = append(gaps, xy[i], height)
		case missing(i): // nothing but gaps: there is no height
		default:
			height = xy[i+1]
			if len(xy) > 2 && missing(i-2) && missing(i+2) {
				alone = append(alone, xy[i], height)
			}
		}
	}
	return gaps, alone
}

// every thins points to at most so many, evenly.
func every(xy []float64, most int) []float64 {
	step := (len(xy)/2 + most - 1) / most
	if step <= 1 {
		return xy
	}
	var out []float64
	for i := 0; i < len(xy); i += 2 * step {
		out = append(out, xy[i], xy[i+1])
	}
	return out
}
