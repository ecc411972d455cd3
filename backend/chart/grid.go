package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// Grid asks for a heat map: train-n by test-n, or forget gates by step.
type Grid struct {
	Title  string
	Dark   bool
	Value  string      // what a cell is, with its unit
	XName  string      // of the columns, with its unit
	YName  string      // of the rows
	X      []string    // columns
	Y      []string    // rows, from the top
	Cells  [][]float64 // [rows][columns]; NaN is a gap
	Low    float64     // of the scale; with High equal to Low the least and greatest cell
	High   float64
	Signed bool // differences: blue below zero, orange above, the scale even on both sides
	N      int  // seeds behind a cell, 0 when it is no mean
}

// HeatMap draws the grid. Cells of a small one carry their numbers.
func HeatMap(g Grid) (Chart, error) {
	const mostNumbers = 150
	p := paletteOf(g.Dark)
	low, high := g.scale()
	colours := p.scale
	if g.Signed {
		colours = p.between
	}
	data := []any{}
	for y, row := range g.Cells {
		for x, v := range row {
			data = append(data, []any{x, y, number(v)})
		}
	}
	hm := charts.NewHeatMap()
	hm.AddSeries(g.Value, nil)
	out := Chart{Points: int64(len(data)), Sentence: g.sentence(), Table: g.table(), Caption: g.caption()}
	hm.SetGlobalOptions(append(look(g.Title, out.Caption, p),
		charts.WithXAxisOpts(opts.XAxis{Type: "category", Name: g.XName, NameLocation: "middle", NameGap: 28, Data: g.X}),
		charts.WithYAxisOpts(opts.YAxis{Type: "category", Name: g.YName, Inverse: opts.Bool(true), Data: g.Y}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}),
		charts.WithVisualMapOpts(opts.VisualMap{Type: "continuous", Orient: "vertical", Right: "8", Top: "center",
			InRange: &opts.VisualMapInRange{Color: colours}, TextStyle: &opts.TextStyle{Color: p.muted}}))...)
	numbers := patch{"data": data, "animation": false, "label": patch{"show": len(data) <= mostNumbers}, "itemStyle": patch{"borderColor": p.ground, "borderWidth": 1}}
	option, err := finish(hm, patch{"yAxis": nameAtLeft()}, []patch{numbers})
	if err == nil {
		out.Option, err = withScale(option, low, high)
	}
	return out, err
}

// scale is the range of the colours.
func (g Grid) scale() (low, high float64) {
	low, high = g.Low, g.High
	if low == high {
		low, high = math.Inf(1), math.Inf(-1)
		g.each(func(_, _ int, v float64) { low, high = min(low, v), max(high, v) })
	}
	if low > high { // nothing but gaps
		low, high = 0, 1
	}
	if g.Signed {
		high = max(math.Abs(low), math.Abs(high))
		low = -high
	}
	return low, high
}

// each visits the cells that are no gaps.
func (g Grid) each(visit func(x, y int, v float64)) {
	for y, row := range g.Cells {
		for x, v := range row {
			if !math.IsNaN(v) {
				visit(x, y, v)
			}
		}
	}
}

func (g Grid) caption() string {
	if g.N == 0 {
		return g.Value
	}
	return g.Value + ", mean over " + plural(g.N, "seed")
}

func (g Grid) sentence() string {
	lowX, lowY, highX, highY := -1, -1, -1, -1
	g.each(func(x, y int, v float64) {
		if lowX < 0 || v < g.Cells[lowY][lowX] {
			lowX, lowY = x, y
		}
		if highX < 0 || v > g.Cells[highY][highX] {
			highX, highY = x, y
		}
	})
	if lowX < 0 {
		return "No value of " + g.Value + " yet."
	}
	place := func(x, y int) string {
		return fmt.Sprintf("%s at %s %s, %s %s", short(g.Cells[y][x]), g.YName, g.Y[y], g.XName, g.X[x])
	}
	return fmt.Sprintf("%s is greatest with %s and least with %s.", g.Value, place(highX, highY), place(lowX, lowY))
}

func (g Grid) table() Table {
	t := Table{Columns: append([]string{g.YName + " \\ " + g.XName}, g.X...)}
	for y, row := range g.Cells {
		cells := []string{g.Y[y]}
		for _, v := range row {
			cells = append(cells, exact(v))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// Bars asks for a histogram: the same bins for every arm.
type Bars struct {
	Title  string
	Dark   bool
	XName  string // what the bins are of, with its unit
	Bins   []string
	Arms   []Arm       // their runs are not read
	Counts [][]float64 // [arms][bins]
	Shares bool        // draw each arm's counts as shares of its sum
}

// Histogram draws the bins of every arm side by side.
func Histogram(b Bars) (Chart, error) {
	p, yName := paletteOf(b.Dark), "count"
	if b.Shares {
		yName = "share"
	}
	heights, counted := b.heights()
	bar, patches := charts.NewBar(), []patch{}
	for k, arm := range b.Arms {
		bar.AddSeries(arm.Label(), nil)
		patches = append(patches, patch{"data": heights[k], "animation": false, "itemStyle": patch{"color": ArmColour(arm.Place, b.Dark),
			"borderColor": p.text, "borderWidth": 1, "borderType": dash(arm.Place)}})
	}
	out := Chart{Points: int64(counted), Caption: plural(counted, "episode"), Sentence: b.sentence(heights), Table: b.table(heights, yName)}
	bar.SetGlobalOptions(append(look(b.Title, out.Caption, p),
		charts.WithXAxisOpts(opts.XAxis{Type: "category", Name: b.XName, NameLocation: "middle", NameGap: 28}),
		charts.WithYAxisOpts(opts.YAxis{Type: "value", Name: yName}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(len(b.Arms) > 1), Top: "0", Right: "8"}))...)
	bar.SetXAxis(b.Bins)
	var err error
	out.Option, err = finish(bar, patch{"yAxis": nameAtLeft()}, patches)
	return out, err
}

// heights are what is drawn, [arms][bins], and the number of everything that was counted.
func (b Bars) heights() (heights [][]float64, counted int) {
	for _, counts := range b.Counts {
		sum := 0.0
		for _, n := range counts {
			sum += n
		}
		row := slices.Clone(counts)
		for i := range row {
			if b.Shares && sum > 0 {
				row[i] /= sum
			}
		}
		heights, counted = append(heights, row), counted+int(sum)
	}
	return heights, counted
}

func (b Bars) table(heights [][]float64, yName string) Table {
	t := Table{Columns: []string{b.XName}}
	for _, arm := range b.Arms {
		t.Columns = append(t.Columns, arm.Label()+" "+yName)
	}
	for i, bin := range b.Bins {
		row := []string{bin}
		for k := range b.Arms {
			row = append(row, exact(heights[k][i]))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (b Bars) sentence(heights [][]float64) string {
	text := ""
	for k, arm := range b.Arms {
		best := -1
		for i, h := range heights[k] {
			if h > 0 && (best < 0 || h > heights[k][best]) {
				best = i
			}
		}
		if best < 0 {
			continue
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s is most often at %s (%s)", arm.Label(), b.Bins[best], strconv.FormatFloat(heights[k][best], 'g', 3, 64))
	}
	if text == "" {
		return "No episode yet."
	}
	return text + "."
}
