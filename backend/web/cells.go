package web

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/schema"
)

// view shows a document as the pages see it, without what only the open notebook knows.
func view(doc *notebook.Document, render func(string) string) Notebook {
	n := Notebook{Title: doc.Title(), Paper: doc.Paper(), Cells: []Cell{}, Problems: []Problem{}, Metrics: metricsOf(doc.Paper())}
	for _, c := range doc.Cells {
		n.Cells = append(n.Cells, cellOf(doc, c, render))
	}
	for _, p := range doc.Problems() {
		n.Problems = append(n.Problems, problem(p))
	}
	return n
}

func problem(p notebook.Problem) Problem {
	legal := p.Legal
	if legal == nil {
		legal = []string{}
	}
	return Problem{Line: p.Line, Column: p.Column, Cell: p.Cell, Msg: p.Msg, Value: p.Value, Legal: legal, Hint: p.Hint}
}

// cellOf shows one cell with its form.
func cellOf(doc *notebook.Document, c notebook.Cell, render func(string) string) Cell {
	out := Cell{
		ID: c.ID, Kind: string(c.Kind), Name: c.Name, Source: c.Text, Value: json.RawMessage("null"), Kinds: []string{}, Fields: []FormField{},
		Line: c.Span.First, Hash: c.Hash(),
	}
	if c.Kind == notebook.Prose {
		out.HTML = render(c.Text)
		return out
	}
	said := parsed(c.Text)
	if c.Value != nil {
		out.Value = asJSON(said)
	}
	if section, ok := doc.Section(c.Kind); ok {
		out.Kinds = section.Names()
		out.Choice = chosen(doc, c, section)
		out.Fields = setupFields(doc, out.Choice, section, said)
		return out
	}
	fields, err := notebook.Fields(c.Kind)
	if err != nil {
		return out // a kind without fields of its own
	}
	out.Fields = form(fields, said, func(f schema.Field) json.RawMessage { return f.Default })
	if note, ok := c.Value.(*notebook.Note); ok {
		out.HTML = render(note.Text)
	}
	return out
}

// chosen is the kind of a set-up cell; of a broken cell, too, where its text says it.
func chosen(doc *notebook.Document, c notebook.Cell, section schema.Section) string {
	if choice, ok := doc.Choice(c.Kind); ok && choice.Kind != "" {
		return choice.Kind
	}
	if said := at(parsed(c.Text), "kind"); said != nil && slices.Contains(section.Names(), said.Value) {
		return said.Value
	}
	if said := parsed(c.Text); said != nil && len(said.Content) == 2 && slices.Contains(section.Names(), said.Content[0].Value) {
		return said.Content[0].Value
	}
	if k, err := section.Find(""); err == nil {
		return k.Name
	}
	return ""
}

func setupFields(doc *notebook.Document, choice string, section schema.Section, said *yaml.Node) []FormField {
	kind, err := section.Find(choice)
	if err != nil {
		return []FormField{}
	}
	fields, err := schema.Fields(kind)
	if err != nil {
		return []FormField{} // a test of the paper finds this
	}
	budget := doc.Run().Budget
	return form(fields, knobs(said, choice), func(f schema.Field) json.RawMessage { return f.At(budget) })
}

// knobs finds the node that holds a set-up cell's knobs: below the kind's name, or beside the key kind.
func knobs(said *yaml.Node, choice string) *yaml.Node {
	if below := at(said, choice); below != nil && below.Kind == yaml.MappingNode {
		return below
	}
	return said
}

// form joins the description of fields with what the file says.
func form(fields []schema.Field, said *yaml.Node, fallback func(schema.Field) json.RawMessage) []FormField {
	out := []FormField{}
	for _, f := range fields {
		node := said
		for part := range strings.SplitSeq(f.Path, "/") {
			node = at(node, part)
		}
		value := fallback(f)
		if node != nil {
			value = asJSON(node)
		}
		if f.Enum == nil {
			f.Enum = []string{}
		}
		out = append(out, FormField{Field: f, Value: orNull(value), Set: node != nil})
	}
	return out
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

// parsed reads the YAML of a cell, nil where it cannot be read: the document's problems say why.
func parsed(text string) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// at returns the value of a key, nil where there is none.
func at(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// mostDeep bounds nesting; notebooks have at most four levels.
const mostDeep = 32

// asJSON writes what the file says with its keys in the order of the file: arms keep their places, and with them their colours.
func asJSON(n *yaml.Node) json.RawMessage {
	var out bytes.Buffer
	writeJSON(&out, n, mostDeep)
	return out.Bytes()
}

func writeJSON(out *bytes.Buffer, n *yaml.Node, depth int) {
	switch {
	case n == nil || depth == 0:
		out.WriteString("null")
	case n.Kind == yaml.MappingNode:
		out.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			comma(out, i)
			writeText(out, n.Content[i].Value)
			out.WriteByte(':')
			writeJSON(out, n.Content[i+1], depth-1)
		}
		out.WriteByte('}')
	case n.Kind == yaml.SequenceNode:
		out.WriteByte('[')
		for i, c := range n.Content {
			comma(out, i)
			writeJSON(out, c, depth-1)
		}
		out.WriteByte(']')
	default:
		writeScalar(out, n)
	}
}

func comma(out *bytes.Buffer, i int) {
	if i > 0 {
		out.WriteByte(',')
	}
}

func writeText(out *bytes.Buffer, s string) {
	b, err := json.Marshal(s)
	if err != nil {
		b = []byte(`""`) // a string can always be written
	}
	out.Write(b)
}

// writeScalar writes a number, bool, null or text; what JSON has no number for (.nan, .inf, dates) stays text.
func writeScalar(out *bytes.Buffer, n *yaml.Node) {
	var v any
	if n.Kind != yaml.ScalarNode || n.Decode(&v) != nil {
		writeText(out, n.Value)
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		writeText(out, n.Value)
		return
	}
	out.Write(b)
}
