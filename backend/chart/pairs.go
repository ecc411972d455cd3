package chart

import (
	"fmt"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/loci-lab/loci/backend/stats"
)

// Pairs asks for the returns of paired replays: the same random numbers in both of a pair.
type Pairs struct {
	Title   string
	Changed []float64 // with the change
	Same    []float64 // without it
	Name    string    // of the change: "without 41"
	Dark    bool
}

// PairsOf draws every pair as two points, one above the other, joined by a line where they differ. The numbers stand in the option itself.
func PairsOf(p Pairs) (Chart, error) {
	line := charts.NewLine()
	i := stats.Paired(p.Changed, p.Same, alpha)
	out := Chart{Points: int64(2 * len(p.Changed)), Caption: fmt.Sprintf("%d pairs, each with random numbers of its own; lines join pairs that differ", len(p.Changed)),
		Table: Table{Columns: []string{"pair", "as it was", p.Name, "difference"}}}
	out.Sentence = fmt.Sprintf("%s: %.3g on average over %d pairs", p.Name, float64(i.Mean), i.N)
	if i.N >= fewest {
		out.Sentence += fmt.Sprintf(", 95 %% t interval %.3g to %.3g", float64(i.Low), float64(i.High))
	}
	var same, changed, joined []any
	for k := range p.Changed {
		out.Table.Rows = append(out.Table.Rows, []string{fmt.Sprint(k + 1), exact(p.Same[k]), exact(p.Changed[k]), exact(p.Changed[k] - p.Same[k])})
		same, changed = append(same, []any{k + 1, number(p.Same[k])}), append(changed, []any{k + 1, number(p.Changed[k])})
		if p.Same[k] != p.Changed[k] {
			joined = append(joined, []any{k + 1, number(p.Same[k])}, []any{k + 1, number(p.Changed[k])}, []any{k + 1, nil})
		}
	}
	for _, name := range []string{"differ", "as it was", p.Name} {
		line.AddSeries(name, nil)
	}
	patches := []patch{
		{"data": joined, "symbol": "none", "animation": false, "connectNulls": false, "lineStyle": patch{"color": ArmColour(5, p.Dark), "width": 1, "opacity": 0.6}},
		points(same, "emptyCircle", 12, ArmColour(0, p.Dark)),
		points(changed, "diamond", 8, ArmColour(1, p.Dark)),
	}
	line.SetGlobalOptions(append(look(p.Title, out.Caption, paletteOf(p.Dark)),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Name: "pair", NameLocation: "middle", NameGap: 28}),
		charts.WithYAxisOpts(opts.YAxis{Type: "value", Name: "return", Scale: opts.Bool(true)}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(true), Data: []string{"as it was", p.Name}}))...)
	var err error
	out.Option, err = finish(line, patch{"xAxis": []patch{{"min": 0, "max": len(p.Changed) + 1, "minInterval": 1}}, "yAxis": []patch{{"boundaryGap": []string{"10%", "10%"}}}}, patches)
	return out, err
}

// points are a series of points that no line joins.
func points(data []any, symbol string, size int, colour string) patch {
	return patch{"data": data, "symbol": symbol, "symbolSize": size, "showSymbol": true, "animation": false,
		"itemStyle": patch{"color": colour}, "lineStyle": patch{"opacity": 0}}
}
