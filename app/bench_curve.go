package app

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
)

// curveRows is how many points of a learning curve a table shows at most, the last always.
const curveRows = 10

// writeCurves prints a table of the learning curves that have steps, bench by bench.
func writeCurves(w io.Writer, all []measure) {
	for i := 0; i < len(all); {
		var curves []measure
		bench := all[i].Bench
		for ; i < len(all) && all[i].Bench == bench; i++ {
			if len(all[i].CurveSteps) > 0 {
				curves = append(curves, all[i])
			}
		}
		if len(curves) > 0 {
			writeCurve(w, bench, curves)
		}
	}
}

// writeCurve prints curves of the same steps side by side.
func writeCurve(w io.Writer, bench string, curves []measure) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	header := table.Row{"steps"}
	for _, c := range curves {
		header = append(header, c.Name, "seconds")
	}
	t.AppendHeader(header)
	steps := curves[0].CurveSteps
	for _, u := range spread(len(steps), curveRows) {
		row := table.Row{number(float64(steps[u]))}
		for _, c := range curves {
			row = append(row, fmt.Sprintf("%.3f", c.Curve[u]), number(c.CurveSeconds[u]))
		}
		t.AppendRow(row)
	}
	t.SetCaption("%s: learning curves, mean return of the episodes that ended in each rollout", bench)
	t.Render()
}

// spread is at most that many indices of n >= 1 things, evenly apart, the last among them.
func spread(n, most int) (at []int) {
	for i := range min(n, most) {
		at = append(at, (i+1)*n/min(n, most)-1)
	}
	return at
}
