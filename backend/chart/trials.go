package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/loci-lab/loci/backend/lab"
)

// Trials asks for the pictures of a sweep: points that were tried, and what came of them.
type Trials struct {
	Metric lab.MetricSpec
	Title  string
	Dark   bool
	Knobs  []Knob
	Points []Trial
}

// Knob is one axis of a sweep.
type Knob struct {
	Name string
	Log  bool // its numbers are drawn from ratios
}

// Trial is one point of a sweep on one arm.
type Trial struct {
	Arm    Arm     // its runs are not read
	Values []any   // [knobs] numbers, texts and truth values
	Score  float64 // mean of last values; NaN where there is none
	State  string  // in a word: complete, dropped, waiting, incomplete, failed
	Whole  bool    // every run of it is done and nothing better took its place
	Best   bool    // of its arm
}

// scored tells whether the point has a value of the metric.
func (t Trial) scored() bool { return !math.IsNaN(t.Score) }

// dashOf says by its line how a point stands: drawn through, dashed for what went no further, dotted for what has no value.
func (t Trial) dashOf() string {
	switch {
	case !t.scored():
		return "dotted"
	case !t.Whole:
		return "dashed"
	}
	return "solid"
}

// Parallel draws every point as a line through its values and its score: parallel coordinates.
func (s Trials) Parallel() (Chart, error) {
	p, parallel, patches := paletteOf(s.Dark), charts.NewParallel(), []patch{}
	out := Chart{Points: int64(len(s.Points)), Table: s.table(), Sentence: s.sentence(), Caption: s.caption(
		"a line for each point; drawn through: complete, dashed: others went on in its place, dotted: no value yet, thick: best of its arm")}
	for _, t := range s.drawn() {
		width, opacity := 1.5, 0.55
		if t.Best {
			width, opacity = max(6-2*float64(s.order(t)), 2.5), 1
		}
		parallel.AddSeries(t.Arm.Label(), nil)
		patches = append(patches, patch{"id": t.id(), "data": []any{patch{"name": t.id(), "value": s.line(t)}}, "animation": false, "smooth": false, "z": zOf(t),
			"lineStyle": patch{"color": ArmColour(t.Arm.Place, s.Dark), "width": width, "opacity": opacity, "type": t.dashOf()}})
	}
	parallel.SetGlobalOptions(append(look(s.Title, out.Caption, p),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(s.several()), Top: "0", Right: "8"}))...)
	var err error
	top, left := 44, 48
	if s.several() {
		top, left = 64, 72 // the legend above, the names of the arms beside
	}
	out.Option, err = finish(parallel, patch{"legend": patch{"data": labels(s.arms())}, "parallelAxis": s.axes(),
		"parallel": patch{"left": left, "right": 88, "top": top, "bottom": 28, "parallelAxisDefault": patch{"nameTruncate": patch{"maxWidth": 170}}}}, patches)
	return out, err
}

// several tells whether there is more than one arm: then the first axis names it, so that colour is not alone in telling them apart.
func (s Trials) several() bool { return len(s.arms()) > 1 }

// axes are the arm where there are several, the knobs, and the metric.
func (s Trials) axes() []any {
	var out []any
	if s.several() {
		arm := knobAxis{name: "arm", kind: "category", names: labels(s.arms())}.option(0)
		arm["axisLabel"] = patch{"align": "right", "margin": -8, "width": 56, "overflow": "truncate"} // beside the lines, not below them
		out = append(out, arm)
	}
	for k := range s.Knobs {
		out = append(out, s.axis(k).option(len(out)))
	}
	return append(out, patch{"dim": len(out), "name": axisName(s.Metric.Name, s.Metric.Unit), "type": "value", "scale": true})
}

// order is the place of a point's arm among those of the sweep. The best points of arms may be the same: those that are drawn later are
// smaller, so that the others show round them.
func (s Trials) order(t Trial) int {
	return slices.IndexFunc(s.arms(), func(a Arm) bool { return a.Label() == t.Arm.Label() })
}

// Slice draws the score of every point over one of its values, the other values left aside.
func (s Trials) Slice(k int) (Chart, error) {
	p, scatter, patches := paletteOf(s.Dark), charts.NewScatter(), []patch{}
	without := 0
	x := s.axis(k)
	for _, t := range s.drawn() {
		if !t.scored() {
			without++
			continue
		}
		colour, size := ArmColour(t.Arm.Place, s.Dark), 9
		style := patch{"color": colour, "borderColor": colour, "borderWidth": 1.5, "opacity": 0.8}
		if !t.Whole {
			style["color"] = p.ground
		}
		label := patch{"show": false}
		if t.Best {
			size, style["borderColor"] = max(20-6*s.order(t), 11), p.text
			label = patch{"show": true, "formatter": "best", "position": s.inward(), "color": p.text}
		}
		scatter.AddSeries(t.Arm.Label(), nil)
		patches = append(patches, patch{"id": t.id(), "data": []any{patch{"name": t.id(), "value": []any{x.place(t.Values[k]), number(t.Score)}}}, "animation": false,
			"symbol": shapeOf(t.Arm.Place), "symbolSize": size, "itemStyle": style, "label": label, "labelLayout": patch{"hideOverlap": true}, "z": zOf(t)})
	}
	note := "a mark for each point; filled: complete, hollow: others went on in its place, large: best of its arm"
	if without > 0 {
		note += fmt.Sprintf("; %d without a value are not drawn", without)
	}
	out := Chart{Points: int64(len(s.Points) - without), Table: s.table(), Sentence: s.sentence(), Caption: s.caption(note)}
	scatter.SetGlobalOptions(lookMarks(s.Title, out.Caption, x.kind, s.Knobs[k].Name, s.Metric, s.several(), p)...)
	top := patch{"legend": patch{"data": labels(s.arms())}, "yAxis": nameAtLeft()}
	if x.kind == "category" {
		top["xAxis"] = []patch{{"data": x.names}}
	}
	var err error
	out.Option, err = finish(scatter, top, patches)
	return out, err
}

// inward is the side of a best point that faces the other points: above it the axis has its name.
func (s Trials) inward() string {
	if s.Metric.Better == "lower" {
		return "top"
	}
	return "bottom"
}

// zOf puts the best of an arm in front.
func zOf(t Trial) int {
	if t.Best {
		return 4
	}
	return 2
}

// drawn are the points with the best of each arm last, so that nothing covers them.
func (s Trials) drawn() []Trial {
	out := slices.Clone(s.Points)
	slices.SortStableFunc(out, func(a, b Trial) int { return zOf(a) - zOf(b) }) // the arms stay in their order
	return out
}

// arms are the arms of the points, each once.
func (s Trials) arms() (out []Arm) {
	for _, t := range s.Points {
		if !slices.ContainsFunc(out, func(a Arm) bool { return a.Label() == t.Arm.Label() }) {
			out = append(out, t.Arm)
		}
	}
	return out
}

// id names the point: lstm, 0.001, 64 (dropped).
func (t Trial) id() string {
	parts := []string{t.Arm.Label()}
	for _, v := range t.Values {
		parts = append(parts, fmt.Sprint(v))
	}
	return strings.Join(parts, ", ") + " (" + t.State + ")"
}

// line are the places of a point on all axes, its score last.
func (s Trials) line(t Trial) []any {
	var out []any
	if s.several() {
		out = append(out, t.Arm.Label())
	}
	for k := range s.Knobs {
		out = append(out, s.axis(k).place(t.Values[k]))
	}
	return append(out, number(t.Score))
}

// knobAxis is how a knob's values lie on an axis.
type knobAxis struct {
	name  string
	kind  string   // value, log, category
	names []string // of a category
}

// wide is the ratio of the ends from which on an axis of numbers goes by ratios.
const wide = 30

// axis finds how a knob's values lie: numbers by their size, anything else in a row.
func (s Trials) axis(k int) knobAxis {
	a := knobAxis{name: s.Knobs[k].Name, kind: "value"}
	low, high := math.Inf(1), math.Inf(-1)
	for _, t := range s.Points {
		if name := fmt.Sprint(t.Values[k]); !slices.Contains(a.names, name) {
			a.names = append(a.names, name)
		}
		v, ok := float(t.Values[k])
		if !ok {
			a.kind = "category"
		}
		low, high = min(low, v), max(high, v)
	}
	if a.kind == "value" && low > 0 && (s.Knobs[k].Log || high/low >= wide) {
		a.kind = "log"
	}
	return a
}

// place is where a value lies on the axis.
func (a knobAxis) place(v any) any {
	if x, ok := float(v); ok && a.kind != "category" {
		return number(x)
	}
	return fmt.Sprint(v)
}

func (a knobAxis) option(dim int) patch {
	out := patch{"dim": dim, "name": a.name, "type": a.kind}
	if a.kind == "category" {
		out["data"] = a.names
	} else {
		out["scale"] = true
	}
	return out
}

// float is a value as a number.
func float(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return 0, false
}

func (s Trials) caption(text string) string {
	if s.Metric.Better == "" {
		return text
	}
	return text + "; " + s.Metric.Better + " " + s.Metric.Name + " is better"
}

// sentence names the best point of every arm.
func (s Trials) sentence() string {
	var parts []string
	for _, t := range s.Points {
		if !t.Best {
			continue
		}
		var at []string
		for k, v := range t.Values {
			at = append(at, s.Knobs[k].Name+" "+fmt.Sprint(v))
		}
		parts = append(parts, fmt.Sprintf("%s is best with %s: %s %s", t.Arm.Label(), strings.Join(at, ", "), s.Metric.Name, short(t.Score)))
	}
	if len(parts) == 0 {
		return "No point of this sweep is complete yet."
	}
	return strings.Join(parts, "; ") + "."
}

func (s Trials) table() Table {
	t := Table{Columns: []string{"arm"}}
	for _, k := range s.Knobs {
		t.Columns = append(t.Columns, k.Name)
	}
	t.Columns = append(t.Columns, axisName(s.Metric.Name, s.Metric.Unit), "point")
	for _, p := range s.Points {
		row := []string{p.Arm.Label()}
		for _, v := range p.Values {
			row = append(row, fmt.Sprint(v))
		}
		state := p.State
		if p.Best {
			state += ", best"
		}
		t.Rows = append(t.Rows, append(row, exact(p.Score), state))
	}
	return t
}
