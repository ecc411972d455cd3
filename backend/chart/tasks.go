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

// Tasks asks for what arms come to over tasks and seeds.
type Tasks struct {
	Metric    lab.MetricSpec
	Title     string
	Dark      bool
	Names     []string // tasks
	Arms      []Scored
	Resamples int // of the bootstrap; 0 is stats.LiveResamples
}

// Scored is an arm with its scores.
type Scored struct {
	Arm    Arm         // its runs are not read
	Scores [][]float64 // [tasks][seeds], last values; NaN is missing
}

// Aggregates draws the interquartile mean of every arm over tasks x seeds with the 95 % interval of a stratified bootstrap, and every task's
// mean as a point.
func Aggregates(a Tasks) (Chart, error) {
	line, names, patches := charts.NewLine(), []string{}, []patch{}
	out := Chart{Table: Table{Columns: []string{"arm", "IQM", "low", "high", "scores"}}, Caption: a.caption("interquartile mean")}
	for _, name := range a.Names {
		if name != "" {
			out.Table.Columns = append(out.Table.Columns, "mean in "+name)
		}
	}
	intervals := make([]stats.Interval, len(a.Arms))
	for i, arm := range a.Arms {
		intervals[i] = a.banded(stats.IQMInterval(arm.Scores, alpha, a.resamples(), stats.BootstrapStream(a.Metric.Name)))
		e := Ends{Arm: arm.Arm}
		row := []string{arm.Arm.Label(), exact(float64(intervals[i].Mean)), exact(float64(intervals[i].Low)), exact(float64(intervals[i].High)), fmt.Sprint(intervals[i].N)}
		for t, scores := range arm.Scores {
			if a.Names[t] != "" {
				e.Values = append(e.Values, stats.Mean(scores))
				row = append(row, exact(stats.Mean(scores)))
			}
		}
		out.Table.Rows = append(out.Table.Rows, row)
		out.Points += int64(intervals[i].N)
		names = append(names, arm.Arm.Label())
		for _, p := range finalSeries(e, intervals[i], i, a.Dark) {
			line.AddSeries(arm.Arm.Label(), nil)
			patches = append(patches, p)
		}
	}
	out.Sentence = a.sentence(intervals)
	line.SetGlobalOptions(append(look(a.Title, out.Caption, paletteOf(a.Dark)),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Name: "IQM of " + axisName(a.Metric.Name, a.Metric.Unit), NameLocation: "middle", NameGap: 28, Scale: opts.Bool(true)}),
		charts.WithYAxisOpts(opts.YAxis{Type: "category", Inverse: opts.Bool(true), Data: names}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}))...)
	var err error
	out.Option, err = finish(line, patch{"xAxis": []patch{{"boundaryGap": []string{"5%", "5%"}}}}, patches)
	return out, err
}

func (a Tasks) resamples() int {
	if a.Resamples > 0 {
		return a.Resamples
	}
	return stats.LiveResamples
}

// seeds are the fewest and the most of a task.
func (a Tasks) seeds() (few, many int) {
	few = math.MaxInt
	for _, arm := range a.Arms {
		for _, scores := range arm.Scores {
			few, many = min(few, len(scores)), max(many, len(scores))
		}
	}
	return few, many
}

// banded takes the ends off where tasks have too few seeds to show any spread.
func (a Tasks) banded(i stats.Interval) stats.Interval {
	if few, _ := a.seeds(); few < fewest {
		i.Low, i.High = lab.Float(math.NaN()), lab.Float(math.NaN())
	}
	return i
}

// caption counts tasks and seeds and names the interval.
func (a Tasks) caption(what string) string {
	few, many := a.seeds()
	if many == 0 {
		return "no scores yet"
	}
	seeds := plural(many, "seed")
	if few < many {
		seeds = fmt.Sprintf("%d to %s", few, seeds)
	}
	text := fmt.Sprintf("%s over %s x %s, last values as measured", what, plural(len(a.Names), "task"), seeds)
	if few < fewest {
		return text + fmt.Sprintf(", no interval below %d seeds a task", fewest)
	}
	return text + fmt.Sprintf(", 95 %% stratified bootstrap, %s", plural(a.resamples(), "resample"))
}

func (a Tasks) sentence(intervals []stats.Interval) string {
	var parts []string
	for i, one := range intervals {
		if one.N == 0 {
			continue
		}
		text := fmt.Sprintf("%s has an IQM of %s", a.Arms[i].Arm.Label(), short(float64(one.Mean)))
		if !math.IsNaN(float64(one.Low)) {
			text += fmt.Sprintf(", %s to %s", short(float64(one.Low)), short(float64(one.High)))
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "No value of " + a.Metric.Name + " yet."
	}
	if more := len(parts) - 6; more > 0 {
		parts = append(parts[:6], fmt.Sprintf("%d more in the table", more))
	}
	return strings.Join(parts, "; ") + "."
}

// thresholds of a profile.
const thresholds = 41

// Profiles draws, for every arm, the share of tasks x seeds whose score is above each threshold, with the 95 % band of a stratified bootstrap:
// an arm whose line lies above another's everywhere is better whatever threshold one asks for.
func Profiles(a Tasks) (Chart, error) {
	p := paletteOf(a.Dark)
	taus := a.thresholds()
	d := drawing{chart: Chart{Caption: a.caption("share of scores above the threshold") + ", threshold by threshold", Table: Table{Columns: []string{"threshold"}}},
		line: charts.NewLine(), dark: a.Dark}
	lines := make([][]stats.Interval, len(a.Arms))
	arms := make([]Arm, len(a.Arms))
	for i, arm := range a.Arms {
		arms[i] = arm.Arm
		lines[i] = stats.Profile(arm.Scores, taus, alpha, a.resamples(), stats.BootstrapStream(a.Metric.Name))
		for k := range lines[i] {
			lines[i][k] = a.banded(lines[i][k])
		}
		d.profile(arm.Arm, taus, lines[i])
		d.chart.Table.Columns = append(d.chart.Table.Columns, arm.Arm.Label(), arm.Arm.Label()+" low", arm.Arm.Label()+" high")
	}
	for k, tau := range taus {
		row := []string{exact(tau)}
		for i := range lines {
			row = append(row, exact(float64(lines[i][k].Mean)), exact(float64(lines[i][k].Low)), exact(float64(lines[i][k].High)))
		}
		d.chart.Table.Rows = append(d.chart.Table.Rows, row)
	}
	d.chart.Sentence = a.profileSentence(taus, lines)
	d.line.SetGlobalOptions(append(look(a.Title, d.chart.Caption, p),
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Name: "threshold of " + axisName(a.Metric.Name, a.Metric.Unit), NameLocation: "middle", NameGap: 28, Scale: opts.Bool(true)}),
		charts.WithYAxisOpts(opts.YAxis{Type: "value", Name: "share of tasks x seeds above", Max: 1}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(len(a.Arms) > 1), Top: "0", Right: "8"}))...)
	var err error
	d.chart.Option, err = finish(d.line, patch{"legend": patch{"data": labels(arms), "icon": "roundRect"}, "yAxis": nameAtLeft()}, d.patches)
	return d.chart, err
}

// profile draws one arm as steps: the share changes only at a score.
func (d *drawing) profile(arm Arm, taus []float64, line []stats.Interval) {
	mean, low, height := []float64{}, []float64{}, []float64{}
	for k, tau := range taus {
		mean = append(mean, tau, float64(line[k].Mean))
		low, height = append(low, tau, float64(line[k].Low)), append(height, tau, float64(line[k].High-line[k].Low))
	}
	if len(line) > 0 {
		d.chart.Points += int64(line[0].N)
		if !math.IsNaN(float64(line[0].Low)) {
			d.area(arm, RoleLow, RoleBand, low, height, 0.18)
		}
	}
	style := meanLine(arm, d.dark, mean)
	style["endLabel"] = patch{"show": false} // every line ends at no share: the names would cover each other
	d.add(arm, RoleMean, 0, mean, style)
}

// thresholds go evenly from a little below the least score to the greatest.
func (a Tasks) thresholds() []float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, arm := range a.Arms {
		for _, scores := range arm.Scores {
			for _, v := range scores {
				if !math.IsNaN(v) {
					low, high = min(low, v), max(high, v)
				}
			}
		}
	}
	if low > high {
		return nil
	}
	if a.Metric.Unit == "share" {
		low, high = min(low, 0), max(high, 1)
	}
	low -= (high - low) / (thresholds - 1)
	out := make([]float64, thresholds)
	for i := range out {
		out[i] = low + (high-low)*float64(i)/(thresholds-1)
	}
	out[thresholds-1] = high
	return out
}

// profileSentence names the arm that lies above all others everywhere, where there is one.
func (a Tasks) profileSentence(taus []float64, lines [][]stats.Interval) string {
	if len(taus) == 0 || len(lines) == 0 {
		return "No value of " + a.Metric.Name + " yet."
	}
	for i := range lines {
		above, beyond := true, false
		for k := range taus {
			for j := range lines {
				ahead := float64(lines[i][k].Mean - lines[j][k].Mean)
				above, beyond = above && ahead >= -1e-9, beyond || ahead > 1e-9 // but for rounding
			}
		}
		if above && beyond {
			return fmt.Sprintf("%s has at least as large a share above every threshold as each other arm.", a.Arms[i].Arm.Label())
		}
	}
	if len(lines) == 1 {
		return fmt.Sprintf("%s has a share of %s above %s.", a.Arms[0].Arm.Label(), short(float64(lines[0][len(taus)/2].Mean)), short(taus[len(taus)/2]))
	}
	return "The lines cross: which arm is better depends on the threshold."
}
