package chart

import (
	"fmt"
	"math"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// Course asks for the course of a few numbers that hold from one point to the next, such as the size of a bank. The points are few and
// stand in the option itself.
type Course struct {
	Title   string
	Caption string
	Dark    bool
	XName   string // with its unit
	YName   string
	Lines   []CourseLine
	At      float64 // x of the moment that is looked at; NaN for none
	AtName  string
	End     float64 // x to which the last values hold; NaN for the last point
}

// CourseLine is one of them.
type CourseLine struct {
	Name  string
	Place int       // in the row of arm colours
	XY    []float64 // interleaved
	Low   []float64 // [points] lower edge of a band, nil for none
	High  []float64 // [points]
}

// Steps draws the course of numbers as steps: between two points a number is what it was at the first.
func Steps(c Course) (Chart, error) {
	p, line := paletteOf(c.Dark), charts.NewLine()
	out := Chart{Caption: c.Caption, Table: Table{Columns: []string{c.XName, "what", c.YName}}}
	patches := []patch{}
	for _, l := range c.Lines {
		out.Points += int64(len(l.XY) / 2)
		for _, one := range c.series(l) {
			line.AddSeries(l.Name, nil)
			patches = append(patches, one)
		}
		for i := 0; i+1 < len(l.XY); i += 2 {
			out.Table.Rows = append(out.Table.Rows, []string{exact(l.XY[i]), l.Name, exact(l.XY[i+1])})
		}
	}
	if len(patches) > 0 && !math.IsNaN(c.At) {
		patches[0]["markLine"] = patch{"symbol": "none", "silent": true, "animation": false, "label": patch{"formatter": c.AtName, "color": p.text, "position": "insideEndTop"},
			"lineStyle": patch{"color": p.text, "type": "dashed", "width": 1}, "data": []any{patch{"xAxis": c.At}}}
	}
	out.Sentence = c.sentence()
	line.SetGlobalOptions(append(look(c.Title, out.Caption, p),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Name: c.XName, NameLocation: "middle", NameGap: 28}),
		charts.WithYAxisOpts(opts.YAxis{Type: "value", Name: c.YName, Scale: opts.Bool(true)}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(len(c.Lines) > 1), Top: "0", Right: "8"}))...)
	var err error
	out.Option, err = finish(line, patch{"yAxis": nameAtLeft(), "xAxis": []patch{{"minInterval": 1, "scale": true}}}, patches)
	return out, err
}

// series are a band, where there is one, and the line.
func (c Course) series(l CourseLine) []patch {
	colour := ArmColour(l.Place, c.Dark)
	draw := func(value func(i int) float64) []any {
		data := []any{}
		for i := 0; i+1 < len(l.XY); i += 2 {
			data = append(data, []any{l.XY[i], number(value(i / 2))})
		}
		if n := len(l.XY); n > 0 && c.End > l.XY[n-2] {
			data = append(data, []any{c.End, number(value(n/2 - 1))})
		}
		return data
	}
	out := []patch{}
	if l.Low != nil {
		quiet := patch{"color": colour, "opacity": 0}
		out = append(out,
			patch{"data": draw(func(i int) float64 { return l.Low[i] }), "step": "end", "stack": l.Name, "symbol": "none", "lineStyle": quiet, "tooltip": patch{"show": false}, "animation": false},
			patch{"data": draw(func(i int) float64 { return l.High[i] - l.Low[i] }), "step": "end", "stack": l.Name, "symbol": "none", "lineStyle": quiet,
				"areaStyle": patch{"color": colour, "opacity": 0.16}, "tooltip": patch{"show": false}, "animation": false})
	}
	return append(out, patch{"data": draw(func(i int) float64 { return l.XY[2*i+1] }), "step": "end", "animation": false, "showSymbol": len(l.XY) <= 60, "symbolSize": 5,
		"lineStyle": patch{"color": colour, "width": 2, "type": dash(l.Place)}, "itemStyle": patch{"color": colour}})
}

func (c Course) sentence() string {
	text := ""
	for _, l := range c.Lines {
		n := len(l.XY)
		if n == 0 {
			continue
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s goes from %s to %s", l.Name, short(l.XY[1]), short(l.XY[n-1]))
	}
	if text == "" {
		return "No value yet."
	}
	return text + "."
}

// Tally asks for counts by name as lying bars.
type Tally struct {
	Title   string
	Caption string
	Dark    bool
	What    string // that is counted
	Names   []string
	Counts  []int
}

// Bars draws the counts, the first name on top.
func (t Tally) Bars() (Chart, error) {
	p, bar := paletteOf(t.Dark), charts.NewBar()
	out := Chart{Caption: t.Caption, Table: Table{Columns: []string{"name", t.What}}, Sentence: "Nothing yet."}
	data := []any{}
	for i, name := range t.Names {
		data = append(data, t.Counts[i])
		out.Table.Rows = append(out.Table.Rows, []string{name, fmt.Sprint(t.Counts[i])})
		out.Points += int64(t.Counts[i])
	}
	if out.Points > 0 {
		out.Sentence = fmt.Sprintf("%s has most %s: %d of %d.", t.Names[0], t.What, t.Counts[0], out.Points)
	}
	bar.AddSeries(t.What, nil)
	bar.SetGlobalOptions(append(look(t.Title, t.Caption, p),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Name: t.What, NameLocation: "middle", NameGap: 28}),
		charts.WithYAxisOpts(opts.YAxis{Type: "category", Inverse: opts.Bool(true), Data: t.Names}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}))...)
	var err error
	out.Option, err = finish(bar, patch{"xAxis": []patch{{"minInterval": 1}}}, []patch{{"data": data, "animation": false, "barMaxWidth": 22,
		"label": patch{"show": true, "position": "right", "color": p.text}, "itemStyle": patch{"color": ArmColour(0, t.Dark)}}})
	return out, err
}
