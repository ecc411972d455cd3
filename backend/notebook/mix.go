package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// source says which word of the file set something.
type source struct {
	cell     string // id
	what     string // arm "lstm", case "n5", the agent cell
	name, at Pos
}

// mixed is one section of one run before its defaults are filled in: the set-up cell, changed by the case, then by the arm.
type mixed struct {
	section schema.Section
	kind    string
	given   map[string]any
	from    map[string]source // by knob, "kind" included
	last    source            // of the change that came last
}

// mix lays the changes of a case, of an arm and of the caller over the set-up cells, a section each in the paper's order. A case and an
// arm (or two conditions) that set the same path contradict each other: that is a problem, because neither order would be obvious.
func (d *Document) mix(arm Arm, k Case, extra []Override) ([]mixed, *Problem) {
	out := make([]mixed, len(d.sections))
	for i, s := range d.sections {
		out[i] = d.base(s)
	}
	setBy := map[string]source{}
	lay := func(set []Override, mayRepeat bool) *Problem {
		for _, o := range set {
			from := source{cell: o.cell, what: o.by, name: o.name, at: o.at}
			if before, ok := setBy[o.Path]; ok && !mayRepeat {
				return &Problem{Cell: from.cell, Line: o.name.Line, Column: o.name.Column, Value: o.Path,
					Msg:  fmt.Sprintf("%s sets %s, which %s on line %d sets too", o.by, o.Path, before.what, before.name.Line),
					Hint: "set " + o.Path + " in one of the two, or keep the arm out of the case with only:"}
			}
			setBy[o.Path] = from
			change(out, o, from)
		}
		return nil
	}
	if p := lay(k.Set, false); p != nil {
		return nil, p
	}
	if p := lay(arm.Set, false); p != nil {
		return nil, p
	}
	return out, lay(extra, true)
}

// base starts a section with what its set-up cell says; a section without a cell has its first kind.
func (d *Document) base(s schema.Section) mixed {
	m := mixed{section: s, given: map[string]any{}, from: map[string]source{}}
	if len(s.Kinds) > 0 {
		m.kind = s.Kinds[0].Name
	}
	ch, ok := d.Choice(Kind(s.Name))
	if !ok {
		return m
	}
	what := "the " + s.Name + " cell"
	m.kind = ch.Kind
	m.from["kind"] = source{s.Name, what, ch.at, ch.at}
	m.last = m.from["kind"]
	for name, v := range ch.Knobs {
		m.given[name] = v
		m.from[name] = source{s.Name, what, ch.names[name], ch.places[name]}
	}
	return m
}

func change(out []mixed, o Override, from source) {
	head, knob, _ := strings.Cut(o.Path, ".")
	i := slices.IndexFunc(out, func(m mixed) bool { return m.section.Name == head })
	if i < 0 {
		return // paths were checked when they were read
	}
	m := &out[i]
	m.from[knob], m.last = from, from
	if knob != "kind" {
		m.given[knob] = o.Value
	} else if name, ok := o.Value.(string); ok && name != "" {
		m.choose(name)
	} else {
		m.kind = schema.Show(o.Value)
	}
}

// choose takes another kind than the set-up cell's. Knobs of that cell which belong to its own kind and not to the new one are left
// behind with it; one that neither has is a slip of the pen and stays, to be found.
func (m *mixed) choose(kind string) {
	was, now := m.knobs(m.kind), m.knobs(kind)
	for knob, from := range m.from {
		if now != nil && from.cell == m.section.Name && was[knob] && !now[knob] {
			delete(m.given, knob)
			delete(m.from, knob)
		}
	}
	m.kind = kind
}

// knobs are the names of a kind's knobs, nil of one that the section does not have.
func (m *mixed) knobs(kind string) map[string]bool {
	k, err := m.section.Find(kind)
	if err != nil {
		return nil
	}
	fields, err := schema.Fields(k)
	if err != nil {
		return nil
	}
	names := map[string]bool{}
	for _, f := range fields {
		names[f.Path] = true
	}
	return names
}

// key is equal for sections that resolve alike and whose values come from the same words.
func (m mixed) key() string {
	raw, err := json.Marshal(m.given)
	if err != nil {
		return fmt.Sprintf("%s/%s/%v", m.section.Name, m.kind, m.given)
	}
	return m.section.Name + "/" + m.kind + "/" + string(raw)
}

// errors lists what is wrong with the section: each knob by itself first, then what only the whole can tell, at any budget.
func (m mixed) errors(budgets ...string) []error {
	if errs := schema.Problems(m.section, m.kind, m.given); len(errs) > 0 {
		return errs
	}
	for _, b := range budgets {
		if _, err := schema.Resolve(m.section, m.kind, m.given, b); err != nil {
			return []error{err}
		}
	}
	return nil
}

// explain puts an error at the word that caused it.
func (m mixed) explain(err error) (source, Problem) {
	q := problemOf(err)
	f, ok := errors.AsType[*schema.FieldError](err)
	if !ok {
		return m.last, q
	}
	_, knob, _ := strings.Cut(f.Path, ".")
	from, known := m.from[knob]
	if !known {
		return m.last, q
	}
	if knob == "kind" || !f.Name {
		from.name = from.at
	}
	return from, q
}

func (p *parser) checkMix(m mixed, arm Arm, k Case) {
	for _, err := range m.errors(lab.Budgets()...) {
		from, q := m.explain(err)
		if from.cell == "" {
			from = source{at: Pos{1, 1}, name: Pos{1, 1}}
		}
		if _, single := errors.AsType[*schema.FieldError](err); !single && from.cell != m.section.Name {
			q.Msg += fmt.Sprintf(" (arm %q", arm.Name)
			if k.Name != "" {
				q.Msg += fmt.Sprintf(", case %q", k.Name)
			}
			q.Msg += ")"
		}
		p.at(from.cell, from.name, q)
	}
}
