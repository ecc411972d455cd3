package notebook

import (
	"fmt"
	"math"
	"strconv"

	"github.com/loci-lab/loci/backend/rng"
)

const (
	mostWhole = 1 << 53 // whole numbers up to here are exact
	mostSteps = 1 << 20 // values that a range with a step may have
	tries     = 1000    // draws for each point that is wanted, before the values count as used up
)

// draw returns n different points, or fewer where the axes have no more. Every axis has a stream of its own, named after the paper, the sweep
// and the knob, so that the same file has the same points on every computer, a greater n only adds points, and another axis moves no value
// of this one.
func (s Sweep) draw(paper string, n int) [][]pick {
	streams := make([]*rng.Stream, len(s.Over))
	for i, axis := range s.Over {
		streams[i] = rng.New(0, "sweep/"+paper+"/"+s.Name+"/"+axis.Path)
	}
	seen := map[string]bool{}
	var out [][]pick
	for range tries * n {
		if len(out) == n {
			break
		}
		p, name := make([]pick, len(s.Over)), ""
		for i, axis := range s.Over {
			p[i] = axis.draw(streams[i])
			name += fmt.Sprintf("%v|", p[i].value)
		}
		if !seen[name] {
			seen[name] = true
			out = append(out, p)
		}
	}
	return out
}

// draw takes one value of the axis: each of a list is equally likely.
func (a Axis) draw(from *rng.Stream) pick {
	if a.Range != nil {
		return pick{number(a.Range.draw(from)), a.at[0]}
	}
	i := from.IntN(len(a.Values))
	return pick{a.Values[i], a.at[i]}
}

// draw takes one number of the range.
func (r Range) draw(from *rng.Stream) float64 {
	switch {
	case r.Step > 0:
		return r.tidy(r.From+float64(from.IntN(r.steps()))*r.Step, r.Step/1e6)
	case r.whole && r.Scale == "log":
		// Half a step more on either side gives both ends as much as their neighbours.
		return r.within(math.Round(between(r.From-0.5, r.To+0.5, from.Float64())))
	case r.whole:
		return r.From + float64(from.IntN(int(r.To-r.From)+1))
	case r.Scale == "log":
		return r.within(digits(between(r.From, r.To, from.Float64())))
	}
	return r.tidy(r.From+from.Float64()*(r.To-r.From), (r.To-r.From)/1e4)
}

// between is the value at a share of the way from low to high, counted in ratios; low > 0.
func between(low, high, share float64) float64 {
	return math.Exp(math.Log(low) + share*(math.Log(high)-math.Log(low)))
}

// steps is the number of values of a range with a step.
func (r Range) steps() int { return int(math.Floor((r.To-r.From)/r.Step*(1+1e-12))) + 1 }

// digits keeps four digits that count. What mathematical functions of two computers differ in lies far behind them, so that both draw the
// same value, and a reader can write it down.
func digits(v float64) float64 {
	out, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil {
		return v // what was just written can be read
	}
	return out
}

// tidy rounds to decimals as fine as that, so that 0.1 + 2 * 0.1 is 0.3.
func (r Range) tidy(v, fine float64) float64 {
	decimals := -int(math.Floor(math.Log10(fine)))
	out, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', min(max(decimals, 0), 300), 64), 64)
	if err != nil {
		return r.within(v)
	}
	return r.within(out)
}

// within keeps what rounding moved inside the ends.
func (r Range) within(v float64) float64 { return min(max(v, r.From), r.To) }
