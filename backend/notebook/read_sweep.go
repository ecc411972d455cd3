package notebook

import (
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/schema"
)

// sweepHead is the part of a sweep whose keys are fixed: those under over are paths.
type sweepHead struct {
	Name     string   `json:"name" doc:"name of the sweep"`
	Kind     string   `json:"kind" doc:"grid: every combination; random: so many points drawn; halving: points drawn, and the best of each rung with more of a resource" default:"grid" enum:"grid,random,halving" main:"true"`
	Arms     []string `json:"arms" doc:"arms that are tuned, each for itself; all when empty"`
	Seeds    string   `json:"seeds" doc:"seeds of every point, 0 to 99; those of the run cell when empty"`
	Metric   string   `json:"metric" doc:"metric that ranks the points by the mean of its last values; when empty the one of the first chart (kind: halving has to name it)"`
	Samples  int      `json:"samples" doc:"points that are drawn (kind: random and halving); more of them keep those that were drawn before" min:"0" max:"1000"`
	Eta      int      `json:"eta" doc:"one of so many points goes on to the next rung, with so many times the resource (kind: halving)" default:"3" min:"2" max:"10"`
	Resource string   `json:"resource" doc:"path of the knob of which later rungs have more, for example rl.steps (kind: halving)"`
	First    float64  `json:"first" doc:"value of that knob in the first rung (kind: halving)" min:"0"`
	Last     float64  `json:"last" doc:"value of that knob in the last rung (kind: halving)" min:"0"`
}

// sweepKeys are the keys that belong to some kinds of sweep, and the kinds that cannot do without.
func sweepKeys() []struct {
	key    string
	of     []string
	needed bool
} {
	halving := []string{HalvingSweep}
	return []struct {
		key    string
		of     []string
		needed bool
	}{
		{"samples", []string{RandomSweep, HalvingSweep}, true}, {"eta", halving, false}, {"resource", halving, true}, {"first", halving, true}, {"last", halving, true},
	}
}

func (c *cellReader) sweep(root *yaml.Node) *Sweep {
	c.need(root, SweepKind)
	fields, err := schema.FieldsOf(new(sweepHead))
	if err != nil {
		c.errorf(root, "", "report this", nil, "%v", err)
		return nil
	}
	values, ok := c.record(root, "the sweep cell", fields, "over")
	if n := child(root, "name"); n != nil && n.Kind == yaml.ScalarNode {
		ok = c.goodName(n, "the sweep") && ok
	}
	over := child(root, "over")
	var head sweepHead
	if !ok || over == nil || !c.fill(root, values, &head) {
		return nil
	}
	s := &Sweep{Name: head.Name, Kind: head.Kind, Arms: head.Arms, Seeds: head.Seeds, Metric: head.Metric, Samples: head.Samples, Eta: head.Eta,
		Resource: head.Resource, First: head.First, Last: head.Last, at: c.pos(root), cell: c.id,
		resource: c.pos(child(root, "resource")), from: c.pos(child(root, "first")), to: c.pos(child(root, "last"))}
	c.checkRows(root, s.Arms, nil)
	c.checkHead(root, s)
	if over.Kind != yaml.MappingNode || len(over.Content) == 0 {
		c.errorf(over, over.Value, "write over: {memory.lambda: [0, 0.5]}", nil, "over is %s, want paths with lists of values", describe(over))
		return nil
	}
	c.axes(over, s)
	c.p.later(func() { c.settle(root, s) })
	return s
}

// checkHead checks that the sweep has the keys of its kind and no others.
func (c *cellReader) checkHead(root *yaml.Node, s *Sweep) {
	for _, k := range sweepKeys() {
		n := child(root, k.key)
		switch mine := slices.Contains(k.of, s.Kind); {
		case n != nil && !mine:
			c.errorf(n, n.Value, "delete the line, or write kind: "+strings.Join(k.of, " or kind: "), nil, "%s belongs to kind: %s, this sweep is kind: %s", k.key, strings.Join(k.of, " and "), s.Kind)
		case n == nil && mine && k.needed:
			c.errorf(nil, "", "add a line "+k.key+": ...", nil, "the sweep cell has no %s, which kind: %s needs", k.key, s.Kind)
		}
	}
	if s.Kind == HalvingSweep && child(root, "metric") == nil {
		c.errorf(nil, "", "add a line metric: ...", nil, "the sweep cell has no metric, by which kind: halving decides what goes on")
	}
	if n := child(root, "samples"); n != nil && s.Kind != GridSweep && s.Samples < 1 {
		c.errorf(n, n.Value, "write samples: 9", nil, "samples is %d, want 1 to %d", s.Samples, most)
	}
	if n := child(root, "seeds"); n != nil {
		c.checkSeeds(n, s.Seeds)
	}
}

func (c *cellReader) checkSeeds(n *yaml.Node, text string) {
	seeds, err := ParseSeeds(text)
	if err != nil {
		c.report(c.pos(n), problemOf(err))
	}
	if i := slices.IndexFunc(seeds, func(seed uint64) bool { return seed >= firstVerdict }); i >= 0 {
		c.errorf(n, n.Value, "write seeds: 0-4", nil, "the sweep would run on seed %d, want 0 to %d: claims are judged on seeds from %d on", seeds[i], firstVerdict-1, firstVerdict)
	}
}

// axes reads what stands under over. A grid is every combination of lists; the other kinds draw from lists and ranges.
func (c *cellReader) axes(over *yaml.Node, s *Sweep) {
	total := 1
	pairs(over, func(key, val *yaml.Node) {
		if total *= max(1, len(val.Content)); total > most && s.Kind == GridSweep {
			c.errorf(key, key.Value, "try fewer values, or write kind: random", nil, "the sweep has %d combinations up to here, want at most %d", total, most)
			total = 1
		}
		total = min(total, most) // of a kind that draws, any number of combinations will do
		s.Over = append(s.Over, c.axis(key, val, s.Kind))
	})
}

func (c *cellReader) axis(key, val *yaml.Node, kind string) Axis {
	a := Axis{Path: key.Value, name: c.pos(key), cell: c.id}
	if val.Kind == yaml.MappingNode && len(val.Content) > 0 {
		if kind == GridSweep {
			c.errorf(val, "", "write "+key.Value+": [0, 0.5], or kind: random", nil, "%s of over is a range, from which only kind: random and halving draw; want a list of values", key.Value)
			return a
		}
		return c.ranged(key, val, a)
	}
	if val.Kind != yaml.SequenceNode || len(val.Content) == 0 {
		hint := "write " + key.Value + ": [0, 0.5]"
		if kind != GridSweep {
			hint += ", or {from: 0, to: 0.5}"
		}
		c.errorf(val, val.Value, hint, nil, "%s of over is %s, want a list of values", key.Value, describe(val))
		return a
	}
	if !c.goodPath(key) {
		return a
	}
	for _, n := range val.Content {
		v, ok := value(n)
		if !ok {
			c.errorf(n, "", "write one value", nil, "%s of over holds %s, want a value", key.Value, describe(n))
			continue
		}
		a.Values, a.at = append(a.Values, v), append(a.at, c.pos(n))
	}
	return a
}

// ranged reads {from: 0.001, to: 0.1, scale: log}.
func (c *cellReader) ranged(key, val *yaml.Node, a Axis) Axis {
	fields, err := schema.FieldsOf(new(Range))
	if err != nil {
		c.errorf(val, "", "report this", nil, "%v", err)
		return a
	}
	for _, need := range []string{"from", "to"} {
		if child(val, need) == nil {
			c.errorf(val, "", "write "+key.Value+": {from: 0.001, to: 0.1, scale: log}", nil, "the range of %s has no %s", key.Value, need)
			return a
		}
	}
	values, ok := c.record(val, "the range of "+key.Value, fields)
	r := new(Range)
	if !ok || !c.fill(val, values, r) || !c.goodPath(key) {
		return a
	}
	a.Range, a.at = r, []Pos{c.pos(val)}
	c.checkRange(key.Value, val, r)
	return a
}

// checkRange checks what the bounds of single fields cannot say.
func (c *cellReader) checkRange(path string, n *yaml.Node, r *Range) {
	from, to, step := child(n, "from"), child(n, "to"), child(n, "step")
	switch {
	case !(r.From < r.To):
		c.errorf(to, to.Value, "write a greater to, or a list with one value", nil, "to of %s is %v, want more than from, which is %v", path, r.To, r.From)
	case r.Scale == "log" && r.From <= 0:
		c.errorf(from, from.Value, "begin above 0, or write scale: linear", nil, "from of %s is %v, want more than 0 with scale: log", path, r.From)
	case step != nil && r.Scale == "log":
		c.errorf(step, step.Value, "delete step, or write scale: linear", nil, "step of %s stands beside scale: log, which has no steps", path)
	case step != nil && !(r.Step > 0 && r.Step <= r.To-r.From):
		c.errorf(step, step.Value, "write a smaller step", nil, "step of %s is %v, want more than 0 and at most to - from, which is %.4g", path, r.Step, r.To-r.From)
	case step != nil && (r.To-r.From)/r.Step > mostSteps:
		c.errorf(step, step.Value, "write a greater step, or leave it out", nil, "step of %s makes more than %d values", path, mostSteps)
	case math.IsInf(r.To-r.From, 0):
		c.errorf(to, to.Value, "write smaller numbers", nil, "the range of %s is wider than numbers go", path)
	}
}

// settle does what needs every cell of the file: it finds the points.
func (c *cellReader) settle(root *yaml.Node, s *Sweep) {
	if n := child(root, "metric"); n != nil {
		c.checkJudge(n, s)
	}
	over := child(root, "over")
	for i := range s.Over {
		if s.Over[i].Range != nil {
			c.checkWhole(child(over, s.Over[i].Path), &s.Over[i])
		}
	}
	if s.Kind == HalvingSweep {
		c.checkHalving(root, s)
	}
	if c.p.broken(c.id) {
		return
	}
	if s.Kind == GridSweep {
		s.points = s.cross()
		return
	}
	s.points = s.draw(c.p.doc.Front.Paper, s.Samples)
	if n := child(root, "samples"); len(s.points) < s.Samples {
		c.errorf(n, n.Value, "write fewer samples, or more values", nil, "samples is %d, but over has only %d different points", s.Samples, len(s.points))
	}
}

// checkJudge wants a metric of which one direction is better.
func (c *cellReader) checkJudge(n *yaml.Node, s *Sweep) {
	if c.p.doc.sections == nil || s.Metric == "" {
		return
	}
	if _, ok := c.p.doc.Judge(*s); ok {
		return
	}
	var legal []string
	for _, m := range c.p.doc.vocab.Metrics(c.p.doc.Front.Paper) {
		if m.Better != "" {
			legal = append(legal, m.Name)
		}
	}
	c.errorf(n, n.Value, nearHint(n.Value, legal), legal, "points cannot be ranked by metric %q, want %s", n.Value, oneOf(legal))
}

// checkWhole finds out what the knob of a range takes.
func (c *cellReader) checkWhole(n *yaml.Node, a *Axis) {
	f, ok := c.p.doc.knob(a.Path)
	if !ok {
		return // every run would say so, and the plans are checked after this
	}
	switch f.Type {
	case schema.Float:
		c.checkEnds(n, a, f)
	case schema.Int, schema.Uint:
		a.Range.whole = true
		for _, v := range []struct {
			key string
			is  float64
		}{{"from", a.Range.From}, {"to", a.Range.To}, {"step", a.Range.Step}} {
			if at := child(n, v.key); v.is != math.Trunc(v.is) || math.Abs(v.is) > mostWhole {
				c.errorf(at, at.Value, "write a whole number", nil, "%s of %s is %v, but the knob takes whole numbers", v.key, a.Path, v.is)
				return
			}
		}
		c.checkEnds(n, a, f)
	default:
		c.errorf(n, "", "write "+a.Path+": [...]", nil, "%s takes no number, so that nothing can be drawn from a range of it; want a list of values", a.Path)
	}
}

// checkEnds wants both ends of a range within the bounds of its knob.
func (c *cellReader) checkEnds(n *yaml.Node, a *Axis, f schema.Field) {
	for key, v := range map[string]float64{"from": a.Range.From, "to": a.Range.To} {
		if _, err := f.Check(a.Path, number(v)); err != nil {
			c.report(c.pos(child(n, key)), problemOf(err))
		}
	}
}

// knob describes the knob at a path: that of the kind which its set-up cell chose, else that of the first kind which has it.
func (d *Document) knob(path string) (schema.Field, bool) {
	head, name, _ := strings.Cut(path, ".")
	section, ok := d.Section(Kind(head))
	if !ok {
		return schema.Field{}, false
	}
	if _, f, err := schema.Lookup(d.sections, d.chosenKinds(), path); err == nil {
		return f, true
	}
	for _, kind := range section.Kinds {
		fields, err := schema.Fields(kind)
		if err != nil {
			continue
		}
		if i := slices.IndexFunc(fields, func(f schema.Field) bool { return f.Path == name }); i >= 0 {
			return fields[i], true
		}
	}
	return schema.Field{}, false
}

// checkHalving checks the rungs: the resource grows, and at least one point reaches the last.
func (c *cellReader) checkHalving(root *yaml.Node, s *Sweep) {
	resource, first, last := child(root, "resource"), child(root, "first"), child(root, "last")
	if resource == nil || first == nil || last == nil || !c.goodPath(resource) || c.p.broken(c.id) {
		return
	}
	f, known := c.p.doc.knob(s.Resource)
	s.wholeness = f.Type == schema.Int || f.Type == schema.Uint
	switch {
	case known && !s.wholeness && f.Type != schema.Float:
		c.errorf(resource, resource.Value, "name a number, for example the steps of training", nil, "the resource %s takes no number", s.Resource)
		return
	case slices.ContainsFunc(s.Over, func(a Axis) bool { return a.Path == s.Resource }):
		c.errorf(resource, resource.Value, "take it out of over", nil, "%s is the resource and stands in over, too", s.Resource)
		return
	case s.First <= 0:
		c.errorf(first, first.Value, "write what the shortest runs get", nil, "first is %v, want more than 0", s.First)
		return
	case s.wholeness && s.First != math.Trunc(s.First):
		c.errorf(first, first.Value, "write a whole number", nil, "first is %v, but %s takes whole numbers", s.First, s.Resource)
		return
	case s.wholeness && s.Last != math.Trunc(s.Last):
		c.errorf(last, last.Value, "write a whole number", nil, "last is %v, but %s takes whole numbers", s.Last, s.Resource)
		return
	case s.Last <= s.First:
		c.errorf(last, last.Value, "write more than first", nil, "last is %v, want more than first, which is %v", s.Last, s.First)
		return
	}
	need := 1
	for range s.lastRung() {
		if need *= s.Eta; need > most {
			break
		}
	}
	if n := child(root, "samples"); n != nil && s.Samples < need {
		c.errorf(n, n.Value, "write more samples, a greater first or a smaller last", nil,
			"samples is %d, want at least %d: with eta %d and %d rungs one of %d points reaches the last", s.Samples, need, s.Eta, s.lastRung()+1, need)
	}
}
