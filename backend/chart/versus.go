package chart

import (
	"fmt"
	"math"
	"strings"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
)

// Differences asks for arms against a base arm, pair by pair.
type Differences struct {
	Metric lab.MetricSpec
	Title  string
	Dark   bool
	Base   string // label of the base
	Arms   []Against
}

// Against is one arm with its differences to the base.
type Against struct {
	Arm    Arm       // its runs are not read
	Base   string    // label of the arm that it is set against, where that is not the base: the base's arm in the same case
	Seeds  []uint64  // [S] of the pairs
	Values []float64 // [S] arm - base
}

// Versus draws for every arm the mean difference to the base with its 95 % Student t interval over pairs (from three on), every pair as a
// point, and a line where there is none. The table has the exact sign-flip p, corrected by Holm for all arms of the picture, and its floor.
func Versus(d Differences) (Chart, error) {
	differences := make([][]float64, len(d.Arms))
	for i, a := range d.Arms {
		differences[i] = a.Values
	}
	compared := stats.Versus(differences, alpha)
	line, names, patches := charts.NewLine(), []string{}, []patch{}
	out := Chart{Table: Table{Columns: []string{"arm", "against", "difference", "low", "high", "pairs", "above", "p", "p (Holm)", "least p", "differences"}}}
	for i, a := range d.Arms {
		e := Ends{Arm: a.Arm, Seeds: a.Seeds, Values: a.Values}
		names = append(names, a.Arm.Label())
		out.Points += int64(compared[i].N)
		out.Table.Rows = append(out.Table.Rows, d.row(a, compared[i]))
		for _, p := range finalSeries(e, compared[i].Interval, i, d.Dark) {
			line.AddSeries(a.Arm.Label(), nil)
			patches = append(patches, p)
		}
	}
	if len(patches) > 0 {
		patches[0]["markLine"] = patch{"silent": true, "symbol": "none", "label": patch{"show": false}, "animation": false,
			"lineStyle": patch{"color": paletteOf(d.Dark).muted, "type": "solid", "width": 1}, "data": []any{patch{"xAxis": 0}}}
	}
	out.Caption, out.Sentence = d.caption(compared), d.sentence(compared)
	axis := d.Metric
	axis.Name = "difference in " + d.Metric.Name + " to " + d.Base
	line.SetGlobalOptions(append(look(d.Title, out.Caption, paletteOf(d.Dark)),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Name: axisName(axis.Name, axis.Unit), NameLocation: "middle", NameGap: 28}),
		charts.WithYAxisOpts(opts.YAxis{Type: "category", Inverse: opts.Bool(true), Data: names}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}))...)
	var err error
	out.Option, err = finish(line, patch{"xAxis": []patch{{"boundaryGap": []string{"5%", "5%"}}},
		"yAxis": []patch{{"axisLine": patch{"onZero": false}}}}, patches)
	return out, err
}

func (d Differences) row(a Against, c stats.Comparison) []string {
	values := []string{}
	for k, v := range a.Values {
		values = append(values, fmt.Sprintf("%d:%s", a.Seeds[k], exact(v)))
	}
	low, high := ends(c.Interval)
	return []string{a.Arm.Label(), d.against(a), exact(float64(c.Mean)), low, high, fmt.Sprint(c.N), fmt.Sprint(c.Above), exact(float64(c.P)),
		exact(float64(c.Holm)), exact(float64(c.Floor)), strings.Join(values, " ")}
}

func (d Differences) against(a Against) string {
	if a.Base != "" {
		return a.Base
	}
	return d.Base
}

func (d Differences) caption(compared []stats.Comparison) string {
	few, many, counted, inexact := math.MaxInt, 0, 0, false
	for _, c := range compared {
		if c.N > 0 {
			few, many, counted = min(few, c.N), max(many, c.N), c.Corrected
			inexact = inexact || !c.Exact
		}
	}
	if counted == 0 {
		return "no pair of runs with the same seed yet"
	}
	text := plural(many, "pair")
	if few < many {
		text = fmt.Sprintf("%d to %s", few, text)
	}
	text += " of the same seed"
	if many >= fewest {
		text += ", 95 % Student t interval over pairs, each arm by itself"
	} else {
		text += fmt.Sprintf(", no interval below %d", fewest)
	}
	how := "exact sign-flip p"
	if inexact {
		how = "sign-flip p from 100,000 draws above 20 pairs"
	}
	text += "; " + how
	if counted > 1 {
		text += fmt.Sprintf(", corrected by Holm for %d comparisons", counted)
	}
	return text + fmt.Sprintf("; %s cannot go below p = %.3g", plural(few, "pair"), math.Min(1, math.Ldexp(2, -few)))
}

// sentence tells of every arm, six at most.
func (d Differences) sentence(compared []stats.Comparison) string {
	var parts []string
	for i, c := range compared {
		if c.N == 0 {
			continue
		}
		text := fmt.Sprintf("%s is %s", d.Arms[i].Arm.Label(), d.direction(c, d.against(d.Arms[i])))
		if c.N >= fewest {
			text += fmt.Sprintf(", %s to %s", signed(float64(c.Low)), signed(float64(c.High)))
		}
		text += fmt.Sprintf(", above it in %d of %s", c.Above, plural(c.N, "pair"))
		if c.Corrected > 1 {
			text += fmt.Sprintf(" (p = %.3g, corrected %.3g)", float64(c.P), float64(c.Holm))
		} else {
			text += fmt.Sprintf(" (p = %.3g)", float64(c.P))
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "No arm has a run of the same seed as " + d.Base + " yet."
	}
	if more := len(parts) - 6; more > 0 {
		parts = append(parts[:6], fmt.Sprintf("%d more in the table", more))
	}
	return strings.Join(parts, "; ") + "."
}

func (d Differences) direction(c stats.Comparison, base string) string {
	switch {
	case c.Mean > 0:
		return short(float64(c.Mean)) + " above " + base
	case c.Mean < 0:
		return short(-float64(c.Mean)) + " below " + base
	}
	return "level with " + base
}

// signed writes a difference with its sign.
func signed(v float64) string {
	if v > 0 {
		return "+" + short(v)
	}
	return short(v)
}
