package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/series"
)

// Curves asks for learning curves of one metric.
type Curves struct {
	Metric  lab.MetricSpec
	Title   string
	Dark    bool
	Arms    []Arm
	Columns int            // pixel columns of the picture, at least 1; 0 is 800
	Window  *series.Window // part of the x axis; nil shows everything
	Live    bool           // the axis grows by doubling, so that drawn columns stay
	Smooth  int            // trailing window in points; 0 and 1 are off
}

// Arm is one curve: an arm in a case, with its runs.
type Arm struct {
	Name  string
	Case  string // "" where the notebook has none or the picture has one
	Place int    // of the arm in the row of arms, from 0: it chooses colour and dash
	Runs  []Run
}

// Run is the raw metric of one seed.
type Run struct {
	Seed uint64
	Raw  *series.Series
	Key  string // of the run; charts pass it on and read nothing from it
}

// Label names the curve.
func (a Arm) Label() string {
	if a.Case == "" {
		return a.Name
	}
	return a.Name + ", " + a.Case
}

const (
	alpha       = 0.05 // every band and interval of a picture is at 95 %
	fewest      = 3    // seeds below which there is no band
	mostLines   = 12   // seeds up to which each has its line
	usualWidth  = 800
	tableLength = 60
)

// Learning makes learning curves: for every arm the mean over seeds as a line, the 95 % Student t band from three seeds on, every seed
// as a thin line up to twelve and the envelope from least to greatest above that. With smoothing, mean and band come from smoothed
// runs and the raw ones stay behind at 25 %.
func Learning(c Curves) (Chart, error) {
	if c.Columns <= 0 {
		c.Columns = usualWidth
	}
	w := c.window()
	p := paletteOf(c.Dark)
	d := drawing{chart: Chart{Points: c.points()}, line: charts.NewLine(), dark: c.Dark, smooth: c.Smooth > 1}
	curves := make([]curve, len(c.Arms))
	for i, arm := range c.Arms {
		shown := smoothed(arm.Runs, c.Smooth)
		curves[i] = means(shown, w, c.Columns)
		d.arm(arm, shown, curves[i], w, c.Columns)
	}
	d.chart.Caption = c.caption(curves) + "; " + d.drawn.Caption()
	d.chart.Sentence = endSentence(c.Metric, c.Arms)
	d.chart.Table = curveTable(c, curves)
	d.line.SetGlobalOptions(append(look(c.Title, d.chart.Caption, p),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Name: c.Metric.XUnit, NameLocation: "middle", NameGap: 28}),
		charts.WithYAxisOpts(opts.YAxis{Type: "value", Name: c.yName(), Scale: opts.Bool(true)}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(len(c.Arms) > 1), Top: "0", Right: "8"}),
		charts.WithDataZoomOpts(opts.DataZoom{Type: "inside"}))...)
	top := patch{"legend": patch{"data": labels(c.Arms), "icon": "roundRect"}, "yAxis": nameAtLeft()}
	switch {
	case w.To <= w.From:
	case c.Window != nil: // what lies at its end is outside
		top["xAxis"] = []patch{{"min": w.From, "max": w.To - 1}}
	case c.Live:
		top["xAxis"] = []patch{{"min": w.From, "max": w.To}}
	}
	d.chart.Window = w
	var err error
	d.chart.Option, err = finish(d.line, top, d.patches)
	return d.chart, err
}

func labels(arms []Arm) []string {
	out := []string{}
	for _, a := range arms {
		if !slices.Contains(out, a.Label()) {
			out = append(out, a.Label())
		}
	}
	return out
}

func (c Curves) window() series.Window {
	if c.Window != nil {
		return *c.Window
	}
	var w series.Window
	first := true
	for _, arm := range c.Arms {
		for _, r := range arm.Runs {
			if r.Raw.Len() == 0 {
				continue
			}
			whole := r.Raw.Whole()
			if first {
				w, first = whole, false
			}
			w.From, w.To = min(w.From, whole.From), max(w.To, whole.To)
		}
	}
	if c.Live && !first {
		return series.Live(min(0, w.From), w.To-1, c.Columns)
	}
	return w
}

func (c Curves) points() int64 {
	n := 0
	for _, arm := range c.Arms {
		for _, r := range arm.Runs {
			n += r.Raw.Len()
		}
	}
	return int64(n)
}

func (c Curves) yName() string {
	name := axisName(c.Metric.Name, c.Metric.Unit)
	if c.Smooth > 1 {
		name += fmt.Sprintf(", mean of the last %d points", c.Smooth)
	}
	return name
}

// caption says how many seeds and what the band is.
func (c Curves) caption(curves []curve) string {
	few, many := math.MaxInt, 0
	for _, arm := range c.Arms {
		few, many = min(few, len(arm.Runs)), max(many, len(arm.Runs))
	}
	text := "no runs yet"
	switch {
	case many == 0:
		return text
	case few == many:
		text = plural(many, "seed")
	default:
		text = fmt.Sprintf("%d to %s", few, plural(many, "seed"))
	}
	if many >= fewest {
		text += ", band: 95 % Student t over seeds"
	} else {
		text += fmt.Sprintf(", no band below %d", fewest)
	}
	for i, cu := range curves {
		if x, n, shorter := cu.thins(); shorter {
			text += fmt.Sprintf("; %s: n = %d from %s on", c.Arms[i].Label(), n, series.Thousands(int(x)))
		}
	}
	if c.Smooth > 1 {
		text += fmt.Sprintf("; smoothed over %d points, raw behind", c.Smooth)
	} else {
		text += "; no smoothing"
	}
	return text
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return series.Thousands(n) + " " + noun + "s"
}

func smoothed(runs []Run, window int) []Run {
	if window <= 1 {
		return runs
	}
	out := make([]Run, len(runs))
	for i, r := range runs {
		out[i] = Run{Seed: r.Seed, Raw: r.Raw.Smooth(window), Key: r.Key}
	}
	return out
}

// drawing collects the series of a line chart, option and points in step.
type drawing struct {
	chart   Chart
	line    *charts.Line
	patches []patch
	dark    bool
	smooth  bool
	drawn   series.Thinned // of all runs together; without points
}

// arm draws what lies behind first: band, seeds or envelope, then the mean. shown are the runs as they are drawn, smoothed perhaps; a
// lone one is its own line, with its extremes.
func (d *drawing) arm(a Arm, shown []Run, c curve, w series.Window, columns int) {
	if len(shown) >= fewest {
		low, band := c.band()
		d.area(a, RoleLow, RoleBand, low, band, 0.18)
	}
	line := c.mean()
	var behind [][]float64
	for _, r := range a.Runs {
		if len(a.Runs) > mostLines {
			d.count(series.Thinned{Points: r.Raw.Place(w.To) - r.Raw.Place(w.From), Columns: columns}, r.Raw.Len())
			continue
		}
		t := r.Raw.Thin(w, columns)
		d.count(t, r.Raw.Len())
		behind = append(behind, t.XY)
	}
	switch {
	case len(a.Runs) > mostLines:
		raw := c
		if d.smooth {
			raw = means(a.Runs, w, columns)
		}
		low, height := raw.envelope()
		d.area(a, RoleEnvelopeLow, RoleEnvelope, low, height, map[bool]float64{true: 0.25, false: 0.10}[d.smooth])
		behind = [][]float64{line}
	case len(a.Runs) == 1 && d.smooth:
		line = shown[0].Raw.Thin(w, columns).XY
		fallthrough
	case len(a.Runs) > 1:
		for i, r := range a.Runs {
			d.add(a, RoleSeed, r.Seed, behind[i], thinLine(a, d.dark, d.smooth))
		}
	case len(a.Runs) == 1:
		line = behind[0]
	}
	d.add(a, RoleMean, 0, line, meanLine(a, d.dark, line))
	d.marks(a, append(behind, line))
}

// count adds what was drawn of one run.
func (d *drawing) count(t series.Thinned, all int) {
	if d.drawn.Columns == 0 {
		d.drawn.Exact = true
	}
	d.drawn.Points += t.Points
	d.drawn.Outside += all - t.Points
	d.drawn.Columns = max(d.drawn.Columns, t.Columns)
	d.drawn.Exact = d.drawn.Exact && t.Exact
}

// area stacks a height on a lower end. ECharts stacks lines on a value axis by place in the list, which both share.
func (d *drawing) area(a Arm, lowRole, highRole string, low, height []float64, opacity float64) {
	base := func(role string) patch {
		return patch{"stack": d.id(a, highRole, 0), "stackStrategy": "all", "silent": true, "z": 1,
			"lineStyle": patch{"opacity": 0}, "tooltip": patch{"show": false}, "id": d.id(a, role, 0)}
	}
	d.add(a, lowRole, 0, low, base(lowRole))
	fill := base(highRole)
	fill["areaStyle"] = patch{"color": ArmColour(a.Place, d.dark), "opacity": opacity}
	d.add(a, highRole, 0, height, fill)
}

func (d *drawing) id(a Arm, role string, seed uint64) string {
	parts := []string{a.Name, a.Case, role}
	if role == RoleSeed {
		parts = append(parts, strconv.FormatUint(seed, 10))
	}
	return strings.Join(parts, "/")
}

func thinLine(a Arm, dark, behind bool) patch {
	opacity := 0.4
	if behind {
		opacity = 0.25
	}
	return patch{"silent": true, "z": 2, "tooltip": patch{"show": false},
		"lineStyle": patch{"color": ArmColour(a.Place, dark), "width": 1, "opacity": opacity, "type": dash(a.Place)}}
}

// fewPoints is how many points of a line are still drawn one by one.
const fewPoints = 40

// meanLine is the line in front. While its points are few each has the shape of its arm, so that one alone is seen, too.
func meanLine(a Arm, dark bool, xy []float64) patch {
	colour := ArmColour(a.Place, dark)
	return patch{"z": 3, "showSymbol": len(xy) <= 2*fewPoints, "symbol": shapeOf(a.Place), "symbolSize": 6, "lineStyle": patch{"color": colour, "width": 2, "type": dash(a.Place)},
		"endLabel": patch{"show": true, "formatter": "{a}", "color": paletteOf(dark).text, "distance": 6},
		"emphasis": patch{"focus": "series"}}
}

func dash(place int) any {
	if d := ArmDash(place); d != nil {
		return d
	}
	return "solid"
}

// add puts a series into the option without data, and its points beside it.
func (d *drawing) add(a Arm, role string, seed uint64, xy []float64, p patch) {
	p["itemStyle"] = patch{"color": ArmColour(a.Place, d.dark)} // of the legend, which takes the first series of the name
	p["id"], p["animation"], p["dimensions"], p["data"] = d.id(a, role, seed), false, []string{"x", "y"}, []any{}
	if _, set := p["showSymbol"]; !set {
		p["showSymbol"] = false
	}
	for i := 1; i < len(xy); i += 2 {
		if math.IsInf(xy[i], 0) {
			xy[i] = math.NaN() // no axis reaches it: a gap, with its mark
		}
	}
	d.line.AddSeries(a.Label(), nil)
	d.patches = append(d.patches, p)
	d.chart.Series = append(d.chart.Series, Series{Index: len(d.chart.Series), Name: a.Label(), Arm: a.Name, Case: a.Case, Seed: seed, Role: role, XY: xy})
}
