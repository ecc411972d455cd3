package web

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/series"
)

// Limits of pictures.
const (
	mostNodes  = 300
	mostDots   = 5000
	mostGrowth = 400
	mostKinds  = 8   // bars
	mostSpread = 40  // moments at which a number is looked at over the whole bank
	mostUnits  = 64  // of a state
	mostColumn = 120 // steps of a state's picture
	dotText    = 80
)

// matching are the entries that stand at the moment and pass the filter.
func (l looking) matching() []history.Standing {
	return slices.DeleteFunc(l.bank.At(l.at), func(s history.Standing) bool { return !l.bank.Match(&l.filter, s, l.at, nil) })
}

func (s *Server) memoryGraph(r *http.Request) (any, error) {
	out := MemoryGraph{Nodes: []MemoryNode{}, Lines: []MemoryLine{}}
	err := s.look(r, func(l looking) error {
		var focus *history.Standing
		if id := r.URL.Query().Get("entry"); id != "" {
			at, _, err := l.bank.Find(id, l.at)
			if err != nil {
				return err
			}
			focus = &at
		}
		g := l.bank.Graph(l.matching(), focus, l.at, mostNodes)
		out.Left = g.Left
		for _, n := range g.Nodes {
			row := l.row(n.Standing, nil)
			out.Nodes = append(out.Nodes, MemoryNode{ID: row.ID, Text: row.Text, Type: row.Type, Read: row.Read, Gone: n.Gone, X: n.X, Y: n.Y})
		}
		for _, line := range g.Lines {
			out.Lines = append(out.Lines, MemoryLine(line))
		}
		return nil
	})
	return out, err
}

// memoryMap draws a bank in two dimensions. The last few pictures are kept: the slider comes back to where it was.
func (s *Server) memoryMap(r *http.Request) (any, error) {
	var out MemoryMap
	err := s.look(r, func(l looking) error {
		key := mapKey{l.bank.Name, r.URL.Query().Get("q"), l.at}
		if kept, ok := l.maps[key]; ok {
			out = kept
			return nil
		}
		out = l.flat()
		if len(l.maps) >= 8 {
			clear(l.maps)
		}
		l.maps[key] = out
		return nil
	})
	return out, err
}

func (l looking) flat() MemoryMap {
	all := l.matching()
	m := l.bank.Map(all, mostDots)
	out := MemoryMap{Dots: []MemoryDot{}, Grid: m.Grid, Dense: m.Dense, Number: l.bank.Main()}
	for _, p := range m.Points {
		e, f := l.bank.Plain(p.Standing), l.bank.Facts(p.Standing, l.at)
		dot := MemoryDot{ID: e.ID, X: round(p.X), Y: round(p.Y), Read: f.Read, Value: lab.Float(math.NaN())}
		dot.Text, _ = cutText(e.Text, dotText)
		if v, ok := e.Numbers[out.Number]; ok {
			dot.Value = v
		}
		out.Dots = append(out.Dots, dot)
	}
	of := fmt.Sprintf("the entries' own vectors in %d dimensions", m.Width)
	if !m.Kept {
		of = fmt.Sprintf("hashed bags of the entries' words in %d dimensions", m.Width)
	}
	out.Caption = fmt.Sprintf("first two principal components of %s: %.0f %% and %.0f %% of the variance", of, 100*m.Shares[0], 100*m.Shares[1])
	if m.Dense > 0 {
		out.Caption += fmt.Sprintf("; %s entries are dots, %s more are the shading", series.Thousands(len(out.Dots)), series.Thousands(m.Dense))
	}
	return out
}

// round leaves what a screen can show.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// memoryChart draws one of the pictures under the table.
func (s *Server) memoryChart(r *http.Request) (any, error) {
	q := r.URL.Query()
	dark := q.Get("dark") == "1"
	var c chart.Chart
	var err error
	if q.Get("of") == "episodes" {
		err = s.pasts.with(r.PathValue("key"), func(p *past) error {
			c, err = episodeSizes(p.run.Episodes(), dark)
			return err
		})
	} else {
		err = s.look(r, func(l looking) error {
			switch q.Get("of") {
			case "size":
				c, err = l.sizes(dark)
			case "reads":
				c, err = l.reads(dark)
			case "number":
				c, err = l.number(q.Get("entry"), q.Get("number"), dark)
			default:
				err = lab.Errorf(lab.Invalid, "picture %q is unknown, want one of size, reads, number, episodes", q.Get("of"))
			}
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return picture{Chart: c, cell: "memory " + q.Get("of")}.wire(), nil
}

// axis chooses what the x axis of a picture counts: episodes where there are several and they follow each other, else memory events.
func (l looking) axis() (name string, x func(p MemoryPlace) float64) {
	marks := l.run.Marks(1 << 30)
	rising := slices.IsSortedFunc(marks, func(a, b history.Mark) int { return cmp.Compare(a.Episode, b.Episode) })
	if len(marks) > 2 && rising {
		return "episode", func(p MemoryPlace) float64 { return float64(p.Episode) }
	}
	return "memory events", func(p MemoryPlace) float64 { return float64(p.Moment) }
}

// here is the x of the moment that is looked at.
func (l looking) here(x func(MemoryPlace) float64) float64 {
	if l.at == 0 {
		return math.NaN()
	}
	return x(l.place(l.at))
}

func (l looking) sizes(dark bool) (chart.Chart, error) {
	name, x := l.axis()
	xy := []float64{}
	newest := l.run.Moments()
	growth := l.bank.Growth(newest, mostGrowth)
	for _, p := range growth {
		at, y := x(l.place(p.Moment)), float64(p.Tokens)
		if n := len(xy); n > 0 && xy[n-2] == at { // one point an episode: its last
			xy[n-1] = y
			continue
		}
		xy = append(xy, at, y)
	}
	caption := "size behind every operation"
	if l.bank.Events() > mostGrowth {
		caption = fmt.Sprintf("%s of %s operations, each value as it stood there", series.Thousands(len(growth)), series.Thousands(l.bank.Events()))
	}
	return chart.Steps(chart.Course{Title: "size", Caption: caption, Dark: dark, XName: name, YName: "tokens", At: l.here(x), AtName: "here", End: x(l.place(newest)),
		Lines: []chart.CourseLine{{Name: "tokens", XY: xy}}})
}

func (l looking) reads(dark bool) (chart.Chart, error) {
	t := chart.Tally{Title: "reads by type", Dark: dark, What: "reads", Caption: "times that entries were read and used, up to this moment"}
	counts := l.bank.ReadsByType(l.at)
	for _, c := range counts[:min(len(counts), mostKinds)] {
		if c.Name == "" {
			c.Name = "entries"
		}
		t.Names, t.Counts = append(t.Names, c.Name), append(t.Counts, c.Count)
	}
	if len(counts) > mostKinds {
		t.Caption += fmt.Sprintf("; %d more types", len(counts)-mostKinds)
	}
	return t.Bars()
}

// number draws a number of one entry over its life, or of all entries of the bank: least, mean and most.
func (l looking) number(entry, number string, dark bool) (chart.Chart, error) {
	if number == "" {
		number = l.bank.Main()
	}
	name, x := l.axis()
	c := chart.Course{Title: number, Dark: dark, XName: name, YName: number, At: l.here(x), AtName: "here", End: x(l.place(l.run.Moments()))}
	if entry != "" {
		at, stands, err := l.bank.Find(entry, l.at)
		if err != nil {
			return chart.Chart{}, err
		}
		line := chart.CourseLine{Name: "entry " + entry, Place: 1}
		for _, v := range l.bank.Course(at, number) {
			line.XY = append(line.XY, x(l.place(v.Moment)), v.Value)
		}
		if !stands {
			c.End = math.NaN()
		}
		c.Caption, c.Lines = number+" of this entry", []chart.CourseLine{line}
		return chart.Steps(c)
	}
	line := chart.CourseLine{Name: "mean " + number, Place: 1, Low: []float64{}, High: []float64{}}
	newest := l.run.Moments()
	moments := []int{}
	for i := range mostSpread {
		moments = append(moments, (i+1)*newest/mostSpread)
	}
	for _, sp := range l.bank.Spreads(number, slices.Compact(moments)) {
		line.XY = append(line.XY, x(placeOf(sp.Place)), sp.Mean)
		line.Low, line.High = append(line.Low, sp.Least), append(line.High, sp.Most)
	}
	c.Caption, c.Lines = "mean over the entries that stand, with the least and the greatest", []chart.CourseLine{line}
	return chart.Steps(c)
}

// episodeSizes is the size of a memory at the end of each training episode: all that is known where no operation was recorded.
func episodeSizes(episodes []lab.Episode, dark bool) (chart.Chart, error) {
	line := chart.CourseLine{Name: "memory"}
	for _, e := range episodes {
		if e.Split == "train" || e.Split == "" {
			line.XY = append(line.XY, float64(e.ID), float64(e.Memory))
		}
	}
	if len(line.XY) == 0 {
		for _, e := range episodes {
			line.XY = append(line.XY, float64(e.ID), float64(e.Memory))
		}
	}
	return chart.Steps(chart.Course{Title: "memory size", Dark: dark, XName: "episode", YName: "entries, or numbers carried", At: math.NaN(), End: math.NaN(),
		Caption: "size of the memory at the end of an episode, as the run reported it", Lines: []chart.CourseLine{line}})
}

// memoryWeights shows the state of an agent at a kept step, in the picture of its episode. Steps that were not kept have none: the answer is
// the nearest that has one.
func (s *Server) memoryWeights(r *http.Request) (any, error) {
	var out MemoryWeights
	err := s.pasts.with(r.PathValue("key"), func(p *past) error {
		states := p.run.States()
		if len(states) == 0 {
			return lab.Errorf(lab.NotFound, "run %q kept no step with the state of its agent", p.key)
		}
		at, err := momentOf(r.URL.Query().Get("at"), len(states)-1)
		if err != nil {
			return err
		}
		if text := r.URL.Query().Get("moment"); text != "" {
			if at, err = momentOf(text, p.run.Moments()); err != nil {
				return err
			}
			at = snap(states, p.run.Place(at))
		}
		out, err = p.weights(states, at, r.URL.Query().Get("dark") == "1")
		return err
	})
	return out, err
}

// snap is the last kept step at or before a place of the record, the first one where there is none.
func snap(states []history.State, at history.Place) int {
	found := 0
	for i, s := range states {
		if s.Episode < at.Episode || s.Episode == at.Episode && s.T <= at.T {
			found = i
		}
	}
	return found
}

func (p *past) weights(states []history.State, at int, dark bool) (MemoryWeights, error) {
	first, last := at, at
	for first > 0 && states[first-1].Episode == states[at].Episode && states[first-1].T < states[first].T {
		first--
	}
	for last+1 < len(states) && states[last+1].Episode == states[at].Episode && states[last+1].T > states[last].T {
		last++
	}
	out := MemoryWeights{Place: MemoryPlace{Moment: at, Episode: states[at].Episode, Step: states[at].T}, First: first, Last: last, Kept: len(states), Values: []lab.Float{}}
	from := max(first, min(at-mostColumn/2, last-mostColumn+1))
	columns := [][]lab.Float{}
	g := chart.Grid{Title: "state", Dark: dark, Value: "value", XName: "step", YName: "unit", Signed: true}
	for i := from; i <= last && i < from+mostColumn; i++ {
		step, err := p.step(states[i].Seq)
		if err != nil {
			return out, err
		}
		columns = append(columns, step.State)
		g.X = append(g.X, strconv.Itoa(step.T))
		if i == at {
			out.Saw, out.Action, out.Values = step.Saw, step.Action, step.State
		}
	}
	stateRows(&g, columns)
	c, err := chart.HeatMap(g)
	out.Chart = picture{Chart: c, cell: "memory weights"}.wire()
	return out, err
}

// stateRows writes states as the rows of a grid, a unit a row; only the first units of a wide state are drawn.
func stateRows(g *chart.Grid, columns [][]lab.Float) {
	width := 0
	for _, c := range columns {
		width = max(width, len(c))
	}
	low := math.Inf(1)
	for u := range min(width, mostUnits) {
		row := make([]float64, len(columns))
		for i, c := range columns {
			row[i] = math.NaN()
			if u < len(c) {
				row[i] = float64(c[u])
				low = min(low, row[i])
			}
		}
		g.Y = append(g.Y, strconv.Itoa(u))
		g.Cells = append(g.Cells, row)
	}
	g.Signed = low < 0 // gates lie between 0 and 1: one scale from light to dark
	if width > mostUnits {
		g.YName = fmt.Sprintf("unit (the first %d of %d)", mostUnits, width)
	}
}
