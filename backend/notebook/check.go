package notebook

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// later keeps a check until every cell is read.
func (p *parser) later(check func()) { p.late = append(p.late, check) }

// armNames lists the arms that the file names; false while the arms cell is broken, so that one slip is not reported once per use.
func (p *parser) armNames() ([]string, bool) {
	if p.broken(string(ArmsKind)) {
		return nil, false
	}
	var names []string
	for _, a := range p.doc.Arms() {
		names = append(names, a.Name)
	}
	return names, true
}

// caseNames lists the full names of the cases, false while the cases cell is broken.
func (p *parser) caseNames() ([]string, bool) {
	if p.broken(string(CasesKind)) {
		return nil, false
	}
	var names []string
	for _, k := range p.doc.Cases() {
		names = append(names, k.Name)
	}
	return names, true
}

// each calls f for every element of a list in the file, or for the one value that stands for a list of one.
func each(n *yaml.Node, f func(n *yaml.Node)) {
	switch {
	case n == nil:
	case n.Kind == yaml.ScalarNode:
		f(n)
	case n.Kind == yaml.SequenceNode:
		for _, e := range n.Content {
			each(e, f)
		}
	}
}

// checkRows checks the keys arms and cases that many cells have.
func (c *cellReader) checkRows(root *yaml.Node, arms, cases []string) {
	c.p.later(func() {
		if len(arms) > 0 {
			c.checkArms(child(root, "arms"))
		}
		if len(cases) > 0 {
			c.checkCases(child(root, "cases"))
		}
	})
}

func (c *cellReader) checkArms(n *yaml.Node) {
	legal, ok := c.p.armNames()
	if !ok {
		return
	}
	each(n, func(n *yaml.Node) {
		if !slices.Contains(legal, n.Value) {
			c.errorf(n, n.Value, nearHint(n.Value, legal), legal, "there is no arm %q, want %s", n.Value, oneOf(legal))
		}
	})
}

func (c *cellReader) checkCases(n *yaml.Node) {
	full, ok := c.p.caseNames()
	if !ok {
		return
	}
	legal := conditions(full)
	each(n, func(n *yaml.Node) {
		if slices.Contains(legal, n.Value) {
			return
		}
		if len(full) == 1 && full[0] == "" {
			c.errorf(n, n.Value, "delete it, or write a cases cell", nil, "there is no case %q, the notebook has no cases", n.Value)
			return
		}
		c.errorf(n, n.Value, nearHint(n.Value, legal), legal, "there is no case %q, want %s", n.Value, oneOf(legal))
	})
}

// conditions lists the names by which cases can be meant: full names, and the names of the conditions they are made of.
func conditions(full []string) []string {
	var parts []string
	for _, name := range full {
		for part := range strings.SplitSeq(name, "+") {
			if part != "" && !slices.Contains(parts, part) && !slices.Contains(full, part) {
				parts = append(parts, part)
			}
		}
	}
	var out []string
	for _, name := range full {
		if name != "" {
			out = append(out, name)
		}
	}
	return append(out, parts...)
}

func (c *cellReader) checkMetrics(n *yaml.Node) {
	if c.p.doc.sections == nil {
		return
	}
	var legal []string
	for _, m := range c.p.doc.vocab.Metrics(c.p.doc.Front.Paper) {
		legal = append(legal, m.Name)
	}
	each(n, func(n *yaml.Node) {
		if !slices.Contains(legal, n.Value) {
			c.errorf(n, n.Value, nearHint(n.Value, legal), legal, "there is no metric %q, want %s", n.Value, oneOf(legal))
		}
	})
}

func (c *cellReader) checkView(root *yaml.Node, v *View) {
	if v.Arm != "" {
		c.checkArms(child(root, "arm"))
	}
	full, ok := c.p.caseNames()
	if v.Case != "" && ok && !slices.Contains(full, v.Case) {
		n := child(root, "case")
		c.errorf(n, n.Value, nearHint(n.Value, full), full, "there is no case %q, want %s", n.Value, oneOf(full))
	}
}

func (c *cellReader) checkExprs(n *yaml.Node, exprs []string) {
	arms, ok := c.p.armNames()
	cases, ok2 := c.p.caseNames()
	if !ok || !ok2 || c.p.doc.sections == nil {
		return
	}
	for i, expr := range exprs {
		if err := c.p.doc.vocab.CheckExpr(c.p.doc.Front.Paper, expr, arms, cases); err != nil {
			c.inText(n, i, err)
		}
	}
}

// checkPlans resolves every arm in every case as a run would, and puts what is wrong at the word in the file that caused it.
func (p *parser) checkPlans() {
	d := p.doc
	if d.sections == nil || p.broken(string(ArmsKind)) || p.broken(string(CasesKind)) {
		return
	}
	done := map[string]bool{}
	cases := d.Cases()
	if p.affordable(string(ArmsKind), d.Arms()[0].at, len(d.Arms())*len(cases)) {
		for _, arm := range d.Arms() {
			p.checkArm(arm, cases, done)
		}
	}
	for _, c := range d.Cells {
		if s, ok := c.Value.(*Sweep); ok && !p.broken(c.ID) {
			p.checkSweep(c.ID, *s, cases, done)
		}
	}
}

// checkSweep resolves every point of a sweep, those of a halving sweep with the least and with the most of its resource.
func (p *parser) checkSweep(cell string, s Sweep, cases []Case, done map[string]bool) {
	d := p.doc
	rungs := []int{0}
	if s.Kind == HalvingSweep {
		rungs = append(rungs, s.lastRung())
	}
	if !p.affordable(cell, s.at, len(s.points)*len(d.tuned(s))*len(cases)) {
		return
	}
	for _, rung := range rungs {
		for _, arm := range d.sweepArms(s, rung, d.entrants(s)) {
			p.checkArm(arm, cases, done)
		}
	}
}

// maxPairs bounds arms times cases, and the same for a sweep.
const maxPairs = 10000

// affordable refuses more pairs of arm and case than anybody could run.
func (p *parser) affordable(cell string, at Pos, pairs int) bool {
	if pairs > maxPairs {
		p.at(cell, at, Problem{Msg: fmt.Sprintf("arms and cases make %d pairs, want at most %d", pairs, maxPairs), Hint: "use fewer arms, cases or values"})
	}
	return pairs <= maxPairs
}

func (p *parser) checkArm(arm Arm, cases []Case, done map[string]bool) {
	for _, k := range cases {
		if !arm.In(k.Name) {
			continue
		}
		mixed, clash := p.doc.mix(arm, k, nil)
		if clash != nil && !done[fmt.Sprint(clash.Line, clash.Column)] {
			done[fmt.Sprint(clash.Line, clash.Column)] = true // once, not once per case
			p.at(clash.Cell, Pos{clash.Line, clash.Column}, *clash)
		}
		for _, m := range mixed {
			if p.broken(m.section.Name) {
				continue
			}
			if key := m.key(); !done[key] {
				done[key] = true
				p.checkMix(m, arm, k)
			}
		}
	}
}

func (p *parser) at(cell string, at Pos, q Problem) {
	q.File, q.Cell, q.Line, q.Column = p.doc.File, cell, at.Line, at.Column
	p.problems = append(p.problems, q)
}
