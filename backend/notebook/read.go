package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/schema"
)

// choice reads a set-up cell: "kind: NAME" and knobs, or, for a world, its name with the knobs below it. Knobs are checked later, with
// the arms and cases that change them.
func (c *cellReader) choice(root *yaml.Node, kind Kind) *Choice {
	section, ok := c.p.doc.Section(kind)
	if !ok {
		if c.p.doc.sections != nil {
			c.noSection(kind)
		}
		return nil
	}
	name, at, knobs := c.chosen(root, kind, section)
	if name == "" {
		return nil
	}
	if _, err := section.Find(name); err != nil {
		c.report(at, problemOf(err))
		return nil
	}
	choice := &Choice{Kind: name, Knobs: map[string]any{}, at: at, places: map[string]Pos{}, names: map[string]Pos{}}
	pairs(knobs, func(key, val *yaml.Node) {
		if key.Value == "kind" {
			return
		}
		v, good := value(val)
		if !good {
			c.errorf(val, "", "give "+key.Value+" a value", nil, "%s.%s is %s, want a value", kind, key.Value, describe(val))
		}
		if !good {
			return
		}
		choice.Knobs[key.Value], choice.places[key.Value], choice.names[key.Value] = v, c.pos(val), c.pos(key)
	})
	for _, err := range schema.Problems(section, name, choice.Knobs) {
		c.report(choice.place(c, err), problemOf(err))
	}
	return choice
}

// place points at the knob that an error is about.
func (ch *Choice) place(c *cellReader, err error) Pos {
	f, ok := errors.AsType[*schema.FieldError](err)
	if !ok {
		return ch.at
	}
	_, knob, _ := strings.Cut(f.Path, ".")
	from := ch.places
	if f.Name {
		from = ch.names
	}
	if at, ok := from[knob]; ok {
		return at
	}
	return ch.at
}

func (c *cellReader) noSection(kind Kind) {
	var legal []string
	for _, s := range c.p.doc.sections {
		legal = append(legal, s.Name)
	}
	c.errorf(nil, string(kind), "delete the cell", legal, "paper %s has no section %q, want %s", c.p.doc.Front.Paper, kind, oneOf(legal))
}

// chosen finds the kind and the mapping of its knobs.
func (c *cellReader) chosen(root *yaml.Node, kind Kind, section schema.Section) (string, Pos, *yaml.Node) {
	if n := child(root, "kind"); n != nil {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			c.errorf(n, n.Value, "write kind: "+strings.Join(section.Names(), " or "), section.Names(), "kind is %s, want %s", describe(n), oneOf(section.Names()))
			return "", Pos{}, nil
		}
		return n.Value, c.pos(n), root
	}
	if kind == World && len(root.Content) == 2 {
		key, val := root.Content[0], root.Content[1]
		if val.Kind == yaml.MappingNode || val.ShortTag() == "!!null" {
			return key.Value, c.pos(key), val
		}
	}
	if len(section.Kinds) == 1 {
		return section.Kinds[0].Name, c.pos(root), root
	}
	c.errorf(root, "", "add a line kind: "+strings.Join(section.Names(), " or "), section.Names(), "the %s cell has no kind, want %s", kind, oneOf(section.Names()))
	return "", Pos{}, nil
}

// overrides reads "path: value" pairs. Paths must begin with a section; whether the knob exists depends on the kinds that arms and cases
// choose together.
func (c *cellReader) overrides(n *yaml.Node, what string, skip ...string) []Override {
	var out []Override
	pairs(n, func(key, val *yaml.Node) {
		if slices.Contains(skip, key.Value) {
			return
		}
		if !c.goodPath(key) {
			return
		}
		v, ok := value(val)
		if !ok {
			c.errorf(val, "", "write "+key.Value+": followed by a value", nil, "%s of %s is %s, want a value", key.Value, what, describe(val))
			return
		}
		out = append(out, Override{Path: key.Value, Value: v, name: c.pos(key), at: c.pos(val), cell: c.id, by: what})
	})
	return out
}

func (c *cellReader) goodPath(key *yaml.Node) bool {
	d := c.p.doc
	if d.sections == nil {
		return true // the paper is unknown, which was said before
	}
	head, knob, dotted := strings.Cut(key.Value, ".")
	if _, ok := d.Section(Kind(head)); ok && dotted && knob != "" {
		return true
	}
	_, _, err := schema.Lookup(d.sections, d.chosenKinds(), key.Value)
	c.report(c.pos(key), problemOf(err))
	return false
}

// chosenKinds says which kind each set-up cell chose.
func (d *Document) chosenKinds() map[string]string {
	kinds := map[string]string{}
	for _, s := range d.sections {
		if ch, ok := d.Choice(Kind(s.Name)); ok {
			kinds[s.Name] = ch.Kind
		}
	}
	return kinds
}

// named calls f for every name of a mapping whose values are mappings; an empty value counts as an empty mapping.
func (c *cellReader) named(n *yaml.Node, what string, f func(key, val *yaml.Node)) {
	if len(n.Content) == 0 {
		c.errorf(n, "", "write a name, a colon and {}", nil, "there is no %s here, want at least one", what)
	}
	if len(n.Content) > 2*most {
		c.errorf(n, "", "keep fewer", nil, "there are %d of %s here, want at most %d", len(n.Content)/2, what, most)
		return
	}
	pairs(n, func(key, val *yaml.Node) {
		if !c.goodName(key, "the "+what) {
			return
		}
		if val.Kind != yaml.MappingNode && val.ShortTag() != "!!null" {
			c.errorf(val, val.Value, "write "+key.Value+": {path: value}", nil, "%s %q is %s, want overrides such as {memory.lambda: 0}", what, key.Value, describe(val))
			return
		}
		f(key, val)
	})
}

func (c *cellReader) arms(root *yaml.Node) *Arms {
	out := new(Arms)
	c.named(root, "arm", func(key, val *yaml.Node) {
		arm := Arm{Name: key.Value, at: c.pos(key), Set: c.overrides(val, fmt.Sprintf("arm %q", key.Value), "only")}
		if only := child(val, "only"); only != nil {
			arm.Only = c.texts(only, "only", "cases in which the arm runs")
			c.p.later(func() { c.checkCases(only) })
		}
		out.Arms = append(out.Arms, arm)
	})
	return out
}

func (c *cellReader) cases(root *yaml.Node) *Cases {
	out := new(Cases)
	seen := map[string]Pos{}
	total := 1
	c.named(root, "group", func(key, val *yaml.Node) {
		g := Group{Name: key.Value}
		c.named(val, "case", func(key, val *yaml.Node) {
			if before, ok := seen[key.Value]; ok {
				c.errorf(key, key.Value, "rename one of the two", nil, "case %q stands here and on line %d, names are unique over all groups", key.Value, before.Line)
			}
			seen[key.Value] = c.pos(key)
			g.Cases = append(g.Cases, Case{Name: key.Value, at: c.pos(key), Set: c.overrides(val, fmt.Sprintf("case %q", key.Value))})
		})
		out.Groups = append(out.Groups, g)
		if total *= max(1, len(g.Cases)); total > most {
			c.errorf(key, key.Value, "use fewer groups or fewer cases", nil, "the groups up to here cross to %d cases, want at most %d", total, most)
			total = 1
		}
	})
	return out
}

// texts reads a list of texts, or one text.
func (c *cellReader) texts(n *yaml.Node, key, doc string) []string {
	raw, ok := c.checked(n, schema.Field{Path: key, Type: schema.Strings, Doc: doc})
	if !ok {
		return nil
	}
	var out []string
	if err := json.Unmarshal(raw.(json.RawMessage), &out); err != nil {
		c.errorf(n, "", "write a list of texts", nil, "%s cannot be read: %v", key, err)
	}
	return out
}
