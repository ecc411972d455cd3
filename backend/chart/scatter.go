package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-echarts/go-echarts/v2/charts"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
)

// Costs asks for what arms reach against what they spend.
type Costs struct {
	Metric lab.MetricSpec // of the y axis
	Cost   lab.MetricSpec // of the x axis: tokens, context, money, seconds
	Title  string
	Dark   bool
	Arms   []Spent
}

// Spent is an arm with both values of every seed; a seed that lacks one is not drawn.
type Spent struct {
	Arm   Arm // its runs are not read
	Seeds []uint64
	Costs []float64 // [S]
	Gains []float64 // [S]
}

// Scatter draws every seed as a point in the shape and colour of its arm, small, and the arm's means large.
func Scatter(c Costs) (Chart, error) {
	scatter, patches := charts.NewScatter(), []patch{}
	out := Chart{Table: Table{Columns: []string{"arm", "mean " + axisName(c.Cost.Name, c.Cost.Unit), "mean " + axisName(c.Metric.Name, c.Metric.Unit), "seeds", "values"}}}
	arms := make([]Arm, len(c.Arms))
	for i, s := range c.Arms {
		arms[i] = s.Arm
		seeds, row := s.points()
		out.Points += int64(len(seeds))
		out.Table.Rows = append(out.Table.Rows, row)
		colour, shape := ArmColour(s.Arm.Place, c.Dark), shapeOf(s.Arm.Place)
		mean := []any{}
		if len(seeds) > 0 {
			x, y := s.means()
			mean = []any{[]any{number(x), number(y)}}
		}
		style := patch{"color": colour, "borderColor": paletteOf(c.Dark).text, "borderWidth": 1, "borderType": dash(s.Arm.Place)}
		for _, p := range []patch{
			{"id": s.Arm.Label() + "/seeds", "data": seeds, "symbol": shape, "symbolSize": 7, "itemStyle": patch{"color": colour, "opacity": 0.55}},
			{"id": s.Arm.Label() + "/mean", "data": mean, "symbol": shape, "symbolSize": 15, "itemStyle": style, "z": 3,
				"label": patch{"show": len(c.Arms) <= 6, "formatter": "{a}", "position": "right", "color": paletteOf(c.Dark).text}, "labelLayout": patch{"hideOverlap": true}},
		} {
			p["animation"] = false
			scatter.AddSeries(s.Arm.Label(), nil)
			patches = append(patches, p)
		}
	}
	out.Caption = "a small point for every seed, a large one for the mean of the arm; last values, no interval"
	out.Sentence = c.sentence()
	scatter.SetGlobalOptions(lookMarks(c.Title, out.Caption, "value", axisName(c.Cost.Name, c.Cost.Unit), c.Metric, len(c.Arms) > 1, paletteOf(c.Dark))...)
	var err error
	out.Option, err = finish(scatter, patch{"legend": patch{"data": labels(arms)}, "yAxis": nameAtLeft()}, patches)
	return out, err
}

// points are the seeds that have both values, and the row of the table.
func (s Spent) points() (points []any, row []string) {
	points = []any{}
	values := []string{}
	for i := range s.Seeds {
		if x, y := s.Costs[i], s.Gains[i]; !math.IsNaN(x) && !math.IsNaN(y) {
			points = append(points, []any{x, y})
			values = append(values, fmt.Sprintf("%d:%s/%s", s.Seeds[i], exact(x), exact(y)))
		}
	}
	x, y := s.means()
	return points, []string{s.Arm.Label(), exact(x), exact(y), fmt.Sprint(len(points)), strings.Join(values, " ")}
}

// means of the seeds that have both values.
func (s Spent) means() (x, y float64) {
	var xs, ys []float64
	for i := range s.Seeds {
		if !math.IsNaN(s.Costs[i]) && !math.IsNaN(s.Gains[i]) {
			xs, ys = append(xs, s.Costs[i]), append(ys, s.Gains[i])
		}
	}
	return stats.Mean(xs), stats.Mean(ys)
}

// sentence names the arms that no other one beats in both: nobody reaches more for less.
func (c Costs) sentence() string {
	var best []string
	for i, s := range c.Arms {
		x, y := s.means()
		if math.IsNaN(x) {
			continue
		}
		beaten := slices.ContainsFunc(c.Arms, func(o Spent) bool {
			ox, oy := o.means()
			if c.Metric.Better == "lower" {
				return ox <= x && oy <= y && (ox < x || oy < y)
			}
			return ox <= x && oy >= y && (ox < x || oy > y)
		})
		if !beaten {
			best = append(best, fmt.Sprintf("%s (%s for %s)", c.Arms[i].Arm.Label(), short(y), short(x)))
		}
	}
	switch len(best) {
	case 0:
		return fmt.Sprintf("No run has both %s and %s yet.", c.Metric.Name, c.Cost.Name)
	case 1:
		return fmt.Sprintf("No arm reaches more %s for less %s than %s.", c.Metric.Name, c.Cost.Name, best[0])
	}
	return fmt.Sprintf("More %s costs more %s along %s; every other arm is beaten in both.", c.Metric.Name, c.Cost.Name, strings.Join(best, ", "))
}
