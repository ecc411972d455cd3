package chart

import (
	"fmt"
	"math"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
)

// Finals asks for one value a seed of every arm, usually the last of a metric.
type Finals struct {
	Metric lab.MetricSpec
	Title  string
	Dark   bool
	Arms   []Ends
}

// Final draws for every arm its mean, the 95 % Student t interval over seeds from three seeds on, and every seed as a point. The
// numbers are few and stand in the option itself.
func Final(f Finals) (Chart, error) {
	line := charts.NewLine()
	names, patches := []string{}, []patch{}
	out := Chart{Table: Table{Columns: []string{"arm", "case", "mean", "low", "high", "seeds", "values"}}}
	for _, e := range f.Arms {
		i := stats.Student(e.Values, alpha)
		names = append(names, e.Arm.Label())
		out.Points += int64(i.N)
		out.Table.Rows = append(out.Table.Rows, finalRow(e, i))
		for _, p := range finalSeries(e, i, len(names)-1, f.Dark) {
			line.AddSeries(e.Arm.Label(), nil)
			patches = append(patches, p)
		}
	}
	out.Caption = "mean, 95 % Student t interval over seeds (from 3 seeds on), every seed as a point"
	out.Sentence = sentence(f.Metric, f.Arms)
	line.SetGlobalOptions(append(look(f.Title, out.Caption, paletteOf(f.Dark)),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Name: axisName(f.Metric.Name, f.Metric.Unit), NameLocation: "middle", NameGap: 28, Scale: opts.Bool(true)}),
		charts.WithYAxisOpts(opts.YAxis{Type: "category", Inverse: opts.Bool(true), Data: names}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}))...)
	var err error
	out.Option, err = finish(line, patch{"xAxis": []patch{{"boundaryGap": []string{"5%", "5%"}}}}, patches)
	return out, err
}

func finalRow(e Ends, i stats.Interval) []string {
	values := ""
	for k, v := range e.Values {
		if k > 0 {
			values += " "
		}
		values += fmt.Sprintf("%d:%s", e.Seeds[k], exact(v))
	}
	low, high := ends(i)
	return []string{e.Arm.Name, e.Arm.Case, exact(float64(i.Mean)), low, high, fmt.Sprint(i.N), values}
}

// finalSeries are the interval, the seeds and the mean of the arm in that row.
func finalSeries(e Ends, i stats.Interval, row int, dark bool) []patch {
	colour, shape := ArmColour(e.Arm.Place, dark), shapeOf(e.Arm.Place)
	at := func(v float64) []any { return []any{number(v), row} }
	seeds := []any{}
	for _, v := range e.Values {
		if !math.IsNaN(v) {
			seeds = append(seeds, at(v))
		}
	}
	interval := []any{}
	if i.N >= fewest {
		interval = []any{at(float64(i.Low)), at(float64(i.High))}
	}
	style := patch{"color": colour}
	base := func(role string, data []any, symbol string, size int, opacity float64) patch {
		return patch{"id": e.Arm.Name + "/" + e.Arm.Case + "/" + role, "data": data, "symbol": symbol, "symbolSize": size, "showSymbol": true,
			"animation": false, "itemStyle": style, "lineStyle": patch{"color": colour, "width": 2, "opacity": opacity}}
	}
	faint := base("seeds", seeds, "emptyCircle", 6, 0)
	faint["itemStyle"] = patch{"color": colour, "opacity": 0.6}
	mean := []any{}
	if i.N > 0 {
		mean = []any{at(float64(i.Mean))}
	}
	return []patch{base("interval", interval, "rect", 3, 1), faint, base("mean", mean, shape, 11, 0)}
}

// shapeOf is the shape of an arm's points, so that colour never stands alone.
func shapeOf(place int) string {
	shapes := []string{"circle", "rect", "triangle", "diamond", "roundRect", "pin"}
	return shapes[(place%len(shapes)+len(shapes))%len(shapes)]
}
