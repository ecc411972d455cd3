package schema

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Type is the type of a field as forms and docs name it.
type Type string

// The closed set of types. A list holds elements of the type without its s.
const (
	Bool    Type = "bool"
	Int     Type = "int"
	Uint    Type = "uint" // 64 bits, never negative
	Float   Type = "float"
	String  Type = "string"
	Ints    Type = "ints"
	Floats  Type = "floats"
	Strings Type = "strings"
)

// Field describes one knob, once, for forms, validation, docs and completion.
type Field struct {
	Path    string          `json:"path"` // name in the cell; a field of a nested struct has the struct's name and a slash before it
	Type    Type            `json:"type"`
	Doc     string          `json:"doc"`
	Unit    string          `json:"unit"`
	Default json.RawMessage `json:"default"` // at budget laptop
	Fast    json.RawMessage `json:"fast"`    // at budget fast, null where it is the default
	Full    json.RawMessage `json:"full"`    // at budget full, null where it is the default
	Min     *float64        `json:"min"`     // of the value, or of each element of a list
	Max     *float64        `json:"max"`
	Enum    []string        `json:"enum"`
	Paper   string          `json:"paper"` // the paper's value, where it is known
	Pitfall string          `json:"pitfall"`
	Symbol  string          `json:"symbol"`
	Group   string          `json:"group"`
	Main    bool            `json:"main"` // one of the paper's own knobs: shown first
}

// Fields lists the knobs of a kind in the order of its struct. An error is a mistake in the struct's tags.
func Fields(kind Kind) ([]Field, error) {
	if kind.New == nil {
		return nil, lab.Errorf(lab.Internal, "kind %q has no knob struct", kind.Name)
	}
	fields, err := FieldsOf(kind.New())
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "kind %q: %w", kind.Name, err)
	}
	for _, p := range kind.Presets {
		if err := p.apply(fields); err != nil {
			return nil, lab.Errorf(lab.Internal, "kind %q: %w", kind.Name, err)
		}
	}
	return fields, nil
}

// apply puts the preset in the place of the tags' defaults.
func (p Preset) apply(fields []Field) error {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Path == p.Path })
	if i < 0 {
		return lab.Errorf(lab.Internal, "preset of %q, which is no knob", p.Path)
	}
	f := &fields[i]
	for _, d := range []struct {
		text string
		to   *json.RawMessage
	}{{p.Default, &f.Default}, {p.Fast, &f.Fast}, {p.Full, &f.Full}} {
		if d.text == "" {
			continue
		}
		raw, err := f.Check(f.Path, f.read(d.text))
		if err != nil {
			return lab.Errorf(lab.Internal, "preset of %s: %w", p.Path, err)
		}
		*d.to = raw
	}
	return nil
}

// FieldsOf lists the fields of a struct (or a pointer to one) that carries the tags of this package.
func FieldsOf(knobs any) ([]Field, error) {
	t := reflect.TypeOf(knobs)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil, lab.Errorf(lab.Internal, "knobs of type %T, want a struct or a pointer to one", knobs)
	}
	return appendFields(nil, t, "")
}

func appendFields(fields []Field, t reflect.Type, prefix string) ([]Field, error) {
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		nested := sf.Type.Kind() == reflect.Struct
		switch {
		case name == "-" || (!sf.IsExported() && !sf.Anonymous):
			continue
		case nested && sf.Anonymous && name == "":
			name = prefix
		case nested && name != "":
			name = prefix + name + "/"
		case name == "":
			return nil, lab.Errorf(lab.Internal, "field %s has no json name", sf.Name)
		}
		var err error
		if nested {
			fields, err = appendFields(fields, sf.Type, name)
		} else {
			fields, err = appendField(fields, sf, prefix+name)
		}
		if err != nil {
			return nil, err
		}
	}
	return fields, nil
}

func appendField(fields []Field, sf reflect.StructField, path string) ([]Field, error) {
	typ, ok := typeOf(sf.Type)
	if !ok {
		return nil, lab.Errorf(lab.Internal, "field %s is a %s, want one of bool, int, int64, uint64, float64, string, or a slice of int, float64 or string", path, sf.Type)
	}
	tag := sf.Tag
	f := Field{Path: path, Type: typ, Doc: tag.Get("doc"), Unit: tag.Get("unit"), Paper: tag.Get("paper"),
		Pitfall: tag.Get("pitfall"), Symbol: tag.Get("symbol"), Group: tag.Get("group"), Main: tag.Get("main") == "true"}
	if enum := tag.Get("enum"); enum != "" {
		f.Enum = strings.Split(enum, ",")
	}
	for _, b := range []struct {
		tag string
		to  **float64
	}{{"min", &f.Min}, {"max", &f.Max}} {
		text, ok := tag.Lookup(b.tag)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, lab.Errorf(lab.Internal, "field %s: tag %s is %q, want a number", path, b.tag, text)
		}
		*b.to = &v
	}
	return withDefaults(fields, f, tag)
}

// withDefaults reads the three tags that hold values. They obey the same bounds as what users write.
func withDefaults(fields []Field, f Field, tag reflect.StructTag) ([]Field, error) {
	for _, d := range []struct {
		tag string
		to  *json.RawMessage
	}{{"default", &f.Default}, {"fast", &f.Fast}, {"full", &f.Full}} {
		text, ok := tag.Lookup(d.tag)
		if !ok && d.tag != "default" {
			continue
		}
		if !ok {
			f.Default = f.zero()
			continue
		}
		raw, err := f.Check(f.Path, f.read(text))
		if err != nil {
			return nil, lab.Errorf(lab.Internal, "field %s: tag %s: %w", f.Path, d.tag, err)
		}
		*d.to = raw
	}
	return append(fields, f), nil
}

func typeOf(t reflect.Type) (Type, bool) {
	switch t.Kind() {
	case reflect.Bool:
		return Bool, true
	case reflect.Int, reflect.Int64:
		return Int, true
	case reflect.Uint64:
		return Uint, true
	case reflect.Float64:
		return Float, true
	case reflect.String:
		return String, true
	case reflect.Slice:
		elem, ok := typeOf(t.Elem())
		if ok && (elem == Int || elem == Float || elem == String) {
			return elem + "s", true
		}
	}
	return "", false
}

// list tells whether the field holds several values.
func (f Field) list() bool { return strings.HasSuffix(string(f.Type), "s") }

// elem is the type of one element of a list, or of the value itself.
func (f Field) elem() Type { return Type(strings.TrimSuffix(string(f.Type), "s")) }

// At returns the value that the field has at a budget when nobody sets it.
func (f Field) At(budget string) json.RawMessage {
	switch {
	case budget == "fast" && f.Fast != nil:
		return f.Fast
	case budget == "full" && f.Full != nil:
		return f.Full
	}
	return f.Default
}

// zeroFits checks the value that a field without a default tag has. An empty text fits every enum: it means that nothing was chosen.
func (f Field) zeroFits() error {
	if string(f.Default) != "0" {
		return nil
	}
	_, err := f.Check(f.Path, 0)
	return err
}

func (f Field) zero() json.RawMessage {
	switch f.Type {
	case Bool:
		return json.RawMessage("false")
	case String:
		return json.RawMessage(`""`)
	case Ints, Floats, Strings:
		return json.RawMessage("[]")
	}
	return json.RawMessage("0")
}

// read turns the text of a tag into the value that a notebook would give: elements of a list stand between commas.
func (f Field) read(text string) any {
	if !f.list() {
		return scalar(f.Type, text)
	}
	values := []any{}
	if text == "" {
		return values
	}
	for part := range strings.SplitSeq(text, ",") {
		values = append(values, scalar(f.elem(), strings.TrimSpace(part)))
	}
	return values
}

// scalar reads a text as a value of that type; what cannot be read stays a text, so that Check names it.
func scalar(t Type, text string) any {
	switch t {
	case Bool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case Int:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i
		}
		return number(text)
	case Uint:
		if u, err := strconv.ParseUint(text, 10, 64); err == nil {
			return u
		}
		return number(text)
	case Float:
		return number(text)
	}
	return text
}

func number(text string) any {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v
	}
	return text
}

// Read turns a text, as the command line has it, into a value of the field: elements of a list stand between commas.
func (f Field) Read(text string) any { return f.read(text) }
