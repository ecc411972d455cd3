package schema

import (
	"encoding/json"
	"strconv"

	"github.com/invopop/jsonschema"

	"github.com/loci-lab/loci/backend/lab"
)

// The JSON Schema is made from the same fields as everything else, with the types of invopop/jsonschema but not with its reflection,
// which reads other tags. Checks in the program use Field.Check: a validator's errors speak of keywords and pointers, ours of the value,
// the legal ones and what to write. A test holds both to the same verdicts.

// JSONSchema returns the JSON Schema (draft 2020-12) of a resolved set-up: an object with a key for each section, each of which is one of
// its kinds. Editors complete and check with it. What JSON Schema has no word for stands in keys that begin with x-: unit, symbol, paper,
// pitfall, group, main, fast, full.
func JSONSchema(title string, sections []Section) ([]byte, error) {
	root := object(title)
	root.Version = jsonschema.Version
	for _, s := range sections {
		one, err := sectionSchema(s)
		if err != nil {
			return nil, err
		}
		root.Properties.Set(s.Name, one)
	}
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "JSON Schema of %s: %w", title, err)
	}
	return out, nil
}

func object(title string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Title: title, Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
}

func sectionSchema(s Section) (*jsonschema.Schema, error) {
	out := &jsonschema.Schema{Title: s.Name}
	for _, k := range s.Kinds {
		fields, err := Fields(k)
		if err != nil {
			return nil, err
		}
		one := object(k.Name)
		one.Description, one.Required = k.Doc, []string{"kind"}
		one.Properties.Set("kind", &jsonschema.Schema{Const: k.Name})
		for _, f := range fields {
			one.Properties.Set(f.Path, f.schema())
		}
		out.OneOf = append(out.OneOf, one)
	}
	return out, nil
}

func (f Field) schema() *jsonschema.Schema {
	out := f.value()
	if f.list() {
		out = &jsonschema.Schema{Type: "array", Items: out}
	}
	out.Description, out.Default, out.Extras = f.Doc, f.Default, map[string]any{}
	for key, text := range map[string]string{"x-unit": f.Unit, "x-symbol": f.Symbol, "x-paper": f.Paper, "x-pitfall": f.Pitfall, "x-group": f.Group} {
		if text != "" {
			out.Extras[key] = text
		}
	}
	for key, raw := range map[string]json.RawMessage{"x-fast": f.Fast, "x-full": f.Full} {
		if raw != nil {
			out.Extras[key] = raw
		}
	}
	if f.Main {
		out.Extras["x-main"] = true
	}
	return out
}

// value is the schema of the value, or of each element of a list.
func (f Field) value() *jsonschema.Schema {
	names := map[Type]string{Bool: "boolean", Int: "integer", Uint: "integer", Float: "number", String: "string"}
	out := &jsonschema.Schema{Type: names[f.elem()]}
	for _, e := range f.Enum {
		out.Enum = append(out.Enum, e)
	}
	if f.Min != nil {
		out.Minimum = bound(*f.Min)
	} else if f.Type == Uint {
		out.Minimum = "0"
	}
	if f.Max != nil {
		out.Maximum = bound(*f.Max)
	}
	return out
}

func bound(v float64) json.Number { return json.Number(strconv.FormatFloat(v, 'g', -1, 64)) }
