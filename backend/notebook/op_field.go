package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// setFields writes the values of keys into the text of one cell.
func setFields(d *Document, id string, fields []FieldValue) (string, error) {
	i := d.index(id)
	cell := d.Cells[i]
	if cell.Kind == Prose || !slices.Contains(FencedKinds(), cell.Kind) {
		return "", noField(id, "")
	}
	for _, f := range fields {
		var err error
		if cell.Text, err = d.setField(cell, f); err != nil {
			return "", err
		}
	}
	ps := pieces(d)
	ps[i].raw = d.Cells[i].withText(cell.Text, eol(d))
	return joined(d, ps), nil
}

// setField returns the text of a cell with one key set.
func (d *Document) setField(cell Cell, f FieldValue) (string, error) {
	path := strings.Split(f.Path, "/")
	if slices.Contains(path, "") {
		return "", noField(cell.ID, f.Path)
	}
	v, err := f.read()
	if err != nil {
		return "", err
	}
	if cell.Kind.setup() {
		return d.setKnob(cell, path, v)
	}
	return setYAML(cell.Text, eol(d), path, v)
}

func noField(cell, path string) error {
	return lab.Errorf(lab.Invalid, "cell %q has no field %q", cell, path).WithHint("name a key of a cell with fences")
}

// read reads the JSON of a value, numbers as they are written.
func (f FieldValue) read() (any, error) {
	if len(f.Value) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(f.Value))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	if _, more := dec.Token(); err != nil || !errors.Is(more, io.EOF) {
		return nil, lab.Errorf(lab.Invalid, "the value of %s is no JSON: %q", f.Path, f.Value)
	}
	return v, nil
}

// setKnob edits a set-up cell in whichever of its forms it is written.
func (d *Document) setKnob(cell Cell, path []string, v any) (string, error) {
	if len(path) != 1 {
		return "", lab.Errorf(lab.Invalid, "%s has no knob %q", cell.Kind, strings.Join(path, "/")).WithHint("knobs have no slash in their name")
	}
	y, err := readYAML(cell.Text, eol(d))
	if err != nil {
		return "", err
	}
	below := shortForm(cell.Kind, y.root)
	if path[0] == "kind" {
		return d.setKind(cell, below, v)
	}
	if below != "" {
		path = []string{below, path[0]}
	}
	return setYAML(cell.Text, eol(d), path, v)
}

// shortForm returns the world's name where it stands as the only key, with the knobs below it.
func shortForm(kind Kind, root *yaml.Node) string {
	if kind != World || root == nil || len(root.Content) != 2 || root.Content[0].Value == "kind" {
		return ""
	}
	if val := root.Content[1]; val.Kind == yaml.MappingNode || val.ShortTag() == "!!null" {
		return root.Content[0].Value
	}
	return ""
}

// setKind changes what stands in the section and takes the knobs away that the new kind does not have.
func (d *Document) setKind(cell Cell, below string, v any) (string, error) {
	name, ok := v.(string)
	section, known := d.Section(cell.Kind)
	if !ok || !known {
		return "", lab.Errorf(lab.Invalid, "%s.kind is %s, want %s", cell.Kind, schema.Show(v), oneOf(section.Names()))
	}
	kind, err := section.Find(name)
	if err != nil {
		return "", err
	}
	fields, err := schema.Fields(kind)
	if err != nil {
		return "", err
	}
	text, end := cell.Text, eol(d)
	y, err := readYAML(text, end)
	if err != nil {
		return "", err
	}
	prefix, knobs := []string{}, y.root
	if below != "" {
		prefix, knobs = []string{below}, y.root.Content[1]
	}
	var gone []string
	pairs(knobs, func(key, _ *yaml.Node) {
		if key.Value != "kind" && !slices.ContainsFunc(fields, func(f schema.Field) bool { return f.Path == key.Value }) {
			gone = append(gone, key.Value)
		}
	})
	for _, key := range gone {
		if text, err = setYAML(text, end, append(slices.Clone(prefix), key), nil); err != nil {
			return "", err
		}
	}
	if below == "" {
		return setYAML(text, end, []string{"kind"}, name)
	}
	return renameKey(text, end, name)
}

// renameKey replaces the only key of a text.
func renameKey(text, end, name string) (string, error) {
	y, err := readYAML(text, end)
	if err != nil {
		return "", err
	}
	key := y.root.Content[0]
	return text[:y.offset(key)] + render(name, true) + text[y.stop(key, key):], nil
}

func setTitle(d *Document, op *SetTitle) (string, error) {
	title := strings.TrimSpace(op.Title)
	if title == "" || strings.ContainsAny(title, "\r\n") {
		return "", lab.Errorf(lab.Invalid, "the title is %q, want one line of text", op.Title).WithHint("write one line")
	}
	f := d.Front
	if f.raw == "" {
		return "", lab.Errorf(lab.Invalid, "the file has no front matter, so it has no title").WithHint("begin the file with ---, loci: 1, title: ..., paper: ..., ---")
	}
	body, err := setYAML(f.raw[f.body:f.end], eol(d), []string{"title"}, title)
	if err != nil {
		return "", err
	}
	text := string(Print(d))
	return text[:f.body] + body + text[f.end:], nil
}
