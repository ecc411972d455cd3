package web

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/series"
	"github.com/loci-lab/loci/backend/stats"
)

// Columns of pictures. A page draws at most mostColumns in a frame; a picture of many lines gets fewer for each, never fewer than
// fewestColumns, and never more than fit side by side on a screen.
const (
	mostColumns   = 12_000
	fewestColumns = 64
	wideColumns   = 1_600
	runColumns    = 768 // of a run's chart, which is one of several side by side
)

// picture is a finished chart with what the page must know beside it.
type picture struct {
	chart.Chart
	cell     string
	stale    string // made with other settings: which
	recorded string // made elsewhere: where and when
	early    bool
	moves    bool     // its x axis can be zoomed
	keys     []string // of the runs in it
}

// wire puts a picture into the form of the contract.
func (p picture) wire() Chart {
	out := Chart{
		Cell: p.cell, Option: p.Option, Series: []ChartSeries{}, Sentence: p.Sentence, Table: Table{p.Table.Columns, p.Table.Rows}.tidy(),
		Stale: p.stale, Recorded: p.recorded, Early: p.early, Points: p.Points, Caption: p.Caption,
	}
	if p.moves && p.Window.To > p.Window.From {
		out.Window = &Span{From: p.Window.From, To: p.Window.To}
	}
	for _, s := range p.Series {
		xy := XY(s.XY)
		if xy == nil {
			xy = XY{}
		}
		out.Series = append(out.Series, ChartSeries{Index: s.Index, Name: s.Name, Arm: s.Arm, Role: s.Role, XY: xy})
	}
	return out
}

// address names a chart cell at a budget; "" is the notebook's own.
type address struct{ path, cell, budget string }

func (s *Server) chart(r *http.Request) (any, error) {
	q := r.URL.Query()
	b, err := budget(q.Get("budget"))
	if err != nil {
		return nil, err
	}
	v, err := lensOf(q)
	if err != nil {
		return nil, err
	}
	p, err := s.draw(r.Context(), address{q.Get("path"), q.Get("cell"), b}, v)
	if err != nil {
		return nil, err
	}
	return p.wire(), nil
}

func (s *Server) runChart(r *http.Request) (any, error) {
	q := r.URL.Query()
	v, err := lensOf(q)
	if err != nil {
		return nil, err
	}
	p, err := s.drawRun(r.Context(), runMetric{r.PathValue("key"), q.Get("metric"), q.Get("seeds") == "all"}, v)
	if err != nil {
		return nil, err
	}
	return p.wire(), nil
}

// cellData is what a chart cell draws.
type cellData struct {
	doc    *notebook.Document
	spec   notebook.Chart
	metric lab.MetricSpec
	data   gathered
	arms   []chart.Arm
	keys   []string
	place  int // of the arm of a run's chart
}

// cellData gathers what a chart cell draws; its arms come with fill.
func (s *Server) cellData(ctx context.Context, a address) (cellData, error) {
	doc, err := s.notebooks.document(a.path)
	if err != nil {
		return cellData{}, err
	}
	c := cellData{doc: doc}
	if c.spec, err = chartCell(doc, a.cell); err != nil {
		return cellData{}, err
	}
	plan, err := s.known(ctx, a.path, a.budget)
	if err != nil {
		return cellData{}, err
	}
	if c.data, err = s.gather(ctx, a.path, plan); err != nil {
		return cellData{}, err
	}
	c.metric, c.keys = specOf(doc.Paper(), c.spec.Metric), keysOf(plan.Runs)
	return c, nil
}

// fill reads the values of a chart cell. The caller holds the lock of the curves until it has drawn them.
func (s *Server) fill(c *cellData) { c.arms = s.curves.arms(c.doc, c.spec, c.data) }

// draw makes the picture of a chart cell.
func (s *Server) draw(ctx context.Context, a address, v lens) (picture, error) {
	c, err := s.cellData(ctx, a)
	if err != nil {
		return picture{}, err
	}
	return s.drawCell(a.cell, c, v)
}

// drawCell makes the picture of what was gathered for a chart cell.
func (s *Server) drawCell(id string, c cellData, v lens) (picture, error) {
	s.curves.mu.Lock()
	defer s.curves.mu.Unlock()
	s.fill(&c)
	var err error
	p := picture{cell: id, stale: c.data.stale, recorded: c.data.recorded, early: c.data.early, keys: c.keys}
	ask := chart.Curves{Metric: c.metric, Title: c.spec.Title, Dark: v.dark, Arms: c.arms}
	switch {
	case c.spec.Kind == "bar":
		p.Chart, err = chart.Final(chart.Finals{Metric: c.metric, Title: c.spec.Title, Dark: v.dark, Arms: ends(c.arms)})
	case c.spec.Kind == "matrix":
		p.Chart, err = chart.HeatMap(matrix(c.arms, c.metric, c.spec.Title, v.dark))
	case c.spec.X == "cases":
		ask.Arms, ask.Metric.XUnit = overCases(c.arms)
		ask.Columns = columns(ask.Arms)
		p.Chart, err = chart.Learning(ask)
	default:
		p.moves = true
		p.Chart, err = chart.Learning(v.over(ask, c.spec.Smoothing, c.data.early, wideColumns))
	}
	return p, err
}

func keysOf(runs []sched.RunInfo) []string {
	keys := make([]string, len(runs))
	for i, r := range runs {
		keys[i] = r.Key
	}
	return keys
}

// chartCell returns what a chart cell asks for.
func chartCell(doc *notebook.Document, id string) (notebook.Chart, error) {
	c, ok := doc.Cell(id)
	if !ok || c.Kind != notebook.ChartKind {
		var ids []string
		for _, c := range doc.Cells {
			if c.Kind == notebook.ChartKind {
				ids = append(ids, c.ID)
			}
		}
		return notebook.Chart{}, lab.Errorf(lab.NotFound, "notebook %q has no chart %q, want one of %q", doc.File, id, ids)
	}
	spec, ok := c.Value.(*notebook.Chart)
	if !ok {
		return notebook.Chart{}, lab.Errorf(lab.Invalid, "chart %q is broken", id).WithHint("see the problems of the cell")
	}
	return *spec, nil
}

// specOf describes a metric; one that the paper does not describe has its name alone.
func specOf(paper, metric string) lab.MetricSpec {
	if p, err := catalog.Find(paper); err == nil {
		if m, ok := p.Metric(metric); ok {
			return m
		}
	}
	return lab.MetricSpec{Name: metric}
}

// columns shares the columns of a frame between the lines of a picture. They are a multiple of 64, so that they can be joined in pairs
// again and again.
func columns(arms []chart.Arm) int {
	lines := 0
	for _, a := range arms {
		lines += len(a.Runs) + 3 // mean and both ends of its band
	}
	return min(max(mostColumns/max(lines, 1), fewestColumns), wideColumns) &^ (fewestColumns - 1)
}

// ends takes the last value of every run.
func ends(arms []chart.Arm) []chart.Ends {
	out := []chart.Ends{}
	for _, a := range arms {
		e := chart.Ends{Arm: a}
		for _, r := range a.Runs {
			_, y := r.Raw.At(r.Raw.Len() - 1)
			e.Seeds, e.Values = append(e.Seeds, r.Seed), append(e.Values, y)
		}
		out = append(out, e)
	}
	return out
}

// numbered finds the numbers in the name of a case: n5, len-10.
var numbered = regexp.MustCompile(`\d+`)

// overCases turns the last values of each arm into a line over its cases. Cases that differ in one number stand at that number; others
// stand one after the other, and the name of the axis says which is which.
func overCases(arms []chart.Arm) ([]chart.Arm, string) {
	var cases []string
	for _, a := range arms {
		if !slices.Contains(cases, a.Case) {
			cases = append(cases, a.Case)
		}
	}
	places, unit := casePlaces(cases)
	slices.SortStableFunc(cases, func(a, b string) int { return int(places[a] - places[b]) })
	out, seeds := []chart.Arm{}, map[string]map[uint64]*series.Series{}
	for _, c := range cases {
		for _, a := range arms {
			if a.Case != c {
				continue
			}
			if seeds[a.Name] == nil {
				seeds[a.Name] = map[uint64]*series.Series{}
				out = append(out, chart.Arm{Name: a.Name, Place: a.Place % armRow})
			}
			for _, r := range a.Runs {
				line := seeds[a.Name][r.Seed]
				if line == nil {
					line = new(series.Series)
					seeds[a.Name][r.Seed] = line
				}
				_, y := r.Raw.At(r.Raw.Len() - 1)
				_ = line.Append(places[c], y) // places rise: cases are sorted by them
			}
		}
	}
	for i := range out {
		for _, seed := range sortedSeeds(seeds[out[i].Name]) {
			out[i].Runs = append(out[i].Runs, chart.Run{Seed: seed, Raw: seeds[out[i].Name][seed]})
		}
	}
	return out, unit
}

func sortedSeeds(m map[uint64]*series.Series) []uint64 {
	var out []uint64
	for seed := range m {
		out = append(out, seed)
	}
	slices.Sort(out)
	return out
}

// casePlaces gives every case its x.
func casePlaces(cases []string) (places map[string]int64, unit string) {
	places = map[string]int64{}
	frames := map[string]bool{}
	seen := map[int64]bool{}
	for _, c := range cases {
		found := numbered.FindAllString(c, -1)
		frames[numbered.ReplaceAllString(c, "#")] = true
		if len(found) == 1 {
			n, err := strconv.ParseInt(found[0], 10, 53)
			if err == nil && !seen[n] {
				places[c], seen[n] = n, true
			}
		}
	}
	if len(frames) == 1 && len(places) == len(cases) {
		for frame := range frames {
			unit = "case " + strings.ReplaceAll(frame, "#", "x")
		}
		return places, unit
	}
	var legend []string
	for i, c := range cases {
		places[c] = int64(i + 1)
		legend = append(legend, strconv.Itoa(i+1)+" = "+c)
	}
	return places, "case: " + strings.Join(legend, ", ")
}

// matrix puts the mean last values into a grid of arms against cases.
func matrix(arms []chart.Arm, metric lab.MetricSpec, title string, dark bool) chart.Grid {
	g := chart.Grid{Title: title, Dark: dark, Value: metric.Name, XName: "case", YName: "arm"}
	if metric.Unit != "" {
		g.Value += " (" + metric.Unit + ")"
	}
	for _, a := range arms {
		if !slices.Contains(g.X, a.Case) {
			g.X = append(g.X, a.Case)
		}
		if !slices.Contains(g.Y, a.Name) {
			g.Y = append(g.Y, a.Name)
		}
	}
	g.Cells = gaps(len(g.Y), len(g.X))
	for _, e := range ends(arms) {
		if len(e.Values) > 0 {
			g.Cells[slices.Index(g.Y, e.Arm.Name)][slices.Index(g.X, e.Arm.Case)] = stats.Mean(e.Values)
			g.N = max(g.N, len(e.Values))
		}
	}
	return g
}
