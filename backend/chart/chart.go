// Package chart turns metrics into finished ECharts options without their points, and says beside each picture what it shows: a
// sentence, a table with the same numbers, a caption with the number of seeds, the smoothing and the thinning.
package chart

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/series"
	"github.com/loci-lab/loci/backend/stats"
)

// Chart is a picture with its twins.
type Chart struct {
	Option   json.RawMessage // ECharts option; the series that Series lists have no data in it
	Series   []Series        // what travels apart from the option
	Sentence string
	Caption  string // seeds, interval, smoothing, thinning
	Table    Table
	Points   int64         // raw points behind the picture
	Window   series.Window // part of the x axis that it shows; empty where the axis is no number
}

// The roles of a series.
const (
	RoleMean        = "mean"
	RoleLow         = "low"  // lower end of the interval, drawn without a line
	RoleBand        = "band" // height of the interval above RoleLow, on which it is stacked
	RoleSeed        = "seed" // one run
	RoleEnvelopeLow = "envelope-low"
	RoleEnvelope    = "envelope" // from least to greatest raw value over seeds, stacked in the same way
	RoleGap         = "gap"      // where a value is missing: a cross beside the line that stops there
	RolePoint       = "point"    // a value alone between gaps, which no line would show
)

// Series says what fills the series of that index in the option.
type Series struct {
	Index int
	Name  string // label of the arm, shared by all its series: the legend hides them together
	Arm   string
	Case  string
	Seed  uint64 // of RoleSeed
	Role  string
	XY    []float64 // interleaved x0, y0, x1, y1, ...; NaN is a gap
}

// Table is the twin of a picture.
type Table struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// renderer is what the charts of go-echarts have in common.
type renderer interface {
	Validate()
	JSON() map[string]any
}

// patch holds what ECharts knows and go-echarts does not, for one series.
type patch map[string]any

// finish makes the option: what go-echarts built, with the patches laid over its series one by one and the top laid over the whole.
func finish(r renderer, top patch, series []patch) (json.RawMessage, error) {
	r.Validate()
	text, err := json.Marshal(r.JSON())
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "chart option: %w", err)
	}
	var option map[string]any
	if err := json.Unmarshal(text, &option); err != nil {
		return nil, lab.Errorf(lab.Internal, "chart option: %w", err)
	}
	delete(option, "toolbox") // the page has its own buttons
	lay(option, top)
	layList(option["series"], series)
	if option["series"] == nil {
		option["series"] = []any{}
	}
	out, err := json.Marshal(option)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "chart option: %w", err)
	}
	return out, nil
}

// withScale sets the range of the colours: go-echarts leaves out a zero and rounds to single precision.
func withScale(option json.RawMessage, low, high float64) (json.RawMessage, error) {
	var m map[string]any
	if err := json.Unmarshal(option, &m); err != nil {
		return nil, lab.Errorf(lab.Internal, "chart option: %w", err)
	}
	lay(m, patch{"visualMap": []patch{{"min": low, "max": high}}})
	return json.Marshal(m)
}

// lay writes the patch over the object: objects within objects are joined, a list of patches is laid over the list that is there.
func lay(into map[string]any, p patch) {
	for key, value := range p {
		if list, ok := value.([]patch); ok {
			layList(into[key], list)
			continue
		}
		inner, isPatch := value.(patch)
		if !isPatch {
			into[key] = value
			continue
		}
		there, ok := into[key].(map[string]any)
		if !ok {
			there = map[string]any{}
			into[key] = there
		}
		lay(there, inner)
	}
}

func layList(there any, list []patch) {
	objects, _ := there.([]any)
	for i, object := range objects {
		if one, ok := object.(map[string]any); ok && i < len(list) {
			lay(one, list[i])
		}
	}
}

// nameAtLeft keeps the name of the y axis, which stands above it, from running out of the picture.
func nameAtLeft() []patch { return []patch{{"nameTextStyle": patch{"align": "left"}}} }

// look are the options that every picture shares.
func look(title, caption string, p palette) []charts.GlobalOpts {
	return []charts.GlobalOpts{
		charts.WithAnimation(false),
		charts.WithColorsOpts(opts.Colors(p.arms[:])),
		charts.WithTitleOpts(opts.Title{Title: title, Subtitle: caption, TitleStyle: &opts.TextStyle{Color: p.text},
			SubtitleStyle: &opts.TextStyle{Color: p.muted}}),
		charts.WithGridOpts(opts.Grid{Left: "8", Right: "96", Top: "64", Bottom: "40", ContainLabel: opts.Bool(true)}),
	}
}

// lookMarks are the options of a picture of marks in a field: an x axis of some type, and the metric upwards.
func lookMarks(title, caption, xType, xName string, metric lab.MetricSpec, several bool, p palette) []charts.GlobalOpts {
	return append(look(title, caption, p),
		charts.WithXAxisOpts(opts.XAxis{Type: xType, Name: xName, NameLocation: "middle", NameGap: 28, Scale: opts.Bool(true)}),
		charts.WithYAxisOpts(opts.YAxis{Type: "value", Name: axisName(metric.Name, metric.Unit), Scale: opts.Bool(true)}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(several), Top: "0", Right: "8"}))
}

// axisName is a name with its unit.
func axisName(name, unit string) string {
	if unit == "" || unit == name {
		return name
	}
	return name + " (" + unit + ")"
}

// short writes a number as a reader wants it: three digits that count; a gap as a dash.
func short(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case v != 0 && math.Abs(v) < 1e-4, math.Abs(v) >= 1e7:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case math.Abs(v) >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case math.Abs(v) >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case math.Abs(v) < 0.1 && v != 0:
		return strconv.FormatFloat(v, 'f', 4, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// exact writes a number as it is; a gap is empty, as in a table.
func exact(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// ends are the two ends of an interval as a table shows them: empty below three seeds, as in the picture.
func ends(i stats.Interval) (low, high string) {
	if i.N < fewest {
		return "", ""
	}
	return exact(float64(i.Low)), exact(float64(i.High))
}

// number is a JSON value; ECharts reads "-" as a gap.
func number(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return v
}
