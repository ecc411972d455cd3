package schema

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Find returns the kind of that name. "" is the first kind of the section.
func (s Section) Find(kind string) (Kind, error) {
	if kind == "" && len(s.Kinds) > 0 {
		return s.Kinds[0], nil
	}
	for _, k := range s.Kinds {
		if k.Name == kind {
			return k, nil
		}
	}
	names := s.Names()
	return Kind{}, unknown(s.Name+".kind", kind, names, "%s has no kind %s, want one of %s", s.Name, strconv.Quote(kind), Quoted(names))
}

// Names lists the kinds of the section.
func (s Section) Names() []string {
	names := make([]string, len(s.Kinds))
	for i, k := range s.Kinds {
		names[i] = k.Name
	}
	return names
}

func unknown(path, wrote string, legal []string, format string, args ...any) *lab.Error {
	err := lab.Errorf(lab.Invalid, format, args...)
	err.Err = &FieldError{Path: path, Value: wrote, Legal: legal, Name: true, Index: -1}
	if near, ok := Nearest(wrote, legal); ok {
		return err.WithHint("write %s", near)
	}
	return err.WithHint("choose one of %s", strings.Join(legal, ", "))
}

// Defaults returns the value of every knob of a kind at a budget when nobody sets it, as JSON by name.
func Defaults(kind Kind, budget string) (map[string]json.RawMessage, error) {
	if err := checkBudget(budget); err != nil {
		return nil, err
	}
	fields, err := Fields(kind)
	if err != nil {
		return nil, err
	}
	values := make(map[string]json.RawMessage, len(fields))
	for _, f := range fields {
		values[f.Path] = f.At(budget)
	}
	return values, nil
}

func checkBudget(budget string) error {
	if slices.Contains(lab.Budgets(), budget) {
		return nil
	}
	return unknown("run.budget", budget, lab.Budgets(), "budget is %q, want one of %s", budget, Quoted(lab.Budgets()))
}

// Resolve fills in every knob of one section: what is given, else the default of the budget. The result is canonical JSON, so that
// equal set-ups have equal bytes: "kind" first, then the knobs in the order of the struct, numbers in one form, no spaces. Bounds and
// enums are checked first, then the struct's Validate. Errors are lab.Error of code invalid with a FieldError inside where one knob is
// at fault.
func Resolve(section Section, kind string, given map[string]any, budget string) (json.RawMessage, error) {
	if err := checkBudget(budget); err != nil {
		return nil, err
	}
	k, err := section.Find(kind)
	if err != nil {
		return nil, err
	}
	fields, err := Fields(k)
	if err != nil {
		return nil, err
	}
	if errs := wrongKnobs(section, k, fields, given); len(errs) > 0 {
		return nil, errs[0]
	}
	out, err := write(section, k, fields, given, budget)
	if err != nil {
		return nil, err
	}
	return out, validate(section, k, out)
}

// Problems returns everything that is wrong with the given knobs one by one, in alphabetical order of their names: unknown names, wrong
// types, values out of bounds. Each error is a lab.Error with a FieldError inside. What only the struct as a whole can tell is left to
// Resolve.
func Problems(section Section, kind string, given map[string]any) []error {
	k, err := section.Find(kind)
	if err != nil {
		return []error{err}
	}
	fields, err := Fields(k)
	if err != nil {
		return []error{err}
	}
	return wrongKnobs(section, k, fields, given)
}

func wrongKnobs(section Section, k Kind, fields []Field, given map[string]any) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Path == name })
		if i < 0 {
			errs = append(errs, unknownKnob(section, k, fields, name))
		} else if _, err := fields[i].Check(section.Name+"."+name, given[name]); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// unknownKnob knows that people write a paper's symbol where the knob has a name.
func unknownKnob(section Section, k Kind, fields []Field, name string) error {
	legal := paths(fields)
	err := unknown(section.Name+"."+name, name, legal, "%s %s has no knob %s, want one of %s", section.Name, strconv.Quote(k.Name), strconv.Quote(name), Quoted(legal))
	if len(legal) == 0 {
		err.Msg = lab.Errorf(lab.Invalid, "%s %q has no knob %q, it has none at all", section.Name, k.Name, name).Msg
		return err.WithHint("delete %s", name)
	}
	for _, f := range fields {
		if f.Symbol != "" && f.Symbol == name {
			return err.WithHint("write %s (the paper's %s)", f.Path, f.Symbol)
		}
	}
	return err
}

func paths(fields []Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Path
	}
	return out
}

func write(section Section, k Kind, fields []Field, given map[string]any, budget string) (json.RawMessage, error) {
	var out bytes.Buffer
	out.WriteString(`{"kind":` + strconv.Quote(k.Name))
	for _, f := range fields {
		raw := f.At(budget)
		if v, ok := given[f.Path]; ok {
			var err error
			if raw, err = f.Check(section.Name+"."+f.Path, v); err != nil {
				return nil, err
			}
		}
		out.WriteString("," + strconv.Quote(f.Path) + ":")
		out.Write(raw)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// validate asks the struct what no single bound can say.
func validate(section Section, k Kind, resolved json.RawMessage) error {
	knobs := k.New()
	setup := lab.Setup{Sections: map[string]json.RawMessage{section.Name: resolved}}
	if err := setup.Section(section.Name, knobs); err != nil {
		return lab.Errorf(lab.Internal, "%s %q: the knob struct does not take its own knobs: %w", section.Name, k.Name, err)
	}
	v, ok := knobs.(interface{ Validate() error })
	if !ok {
		return nil
	}
	err := v.Validate()
	if err == nil {
		return nil
	}
	if e, ok := err.(*lab.Error); ok {
		return e
	}
	return lab.Errorf(lab.Invalid, "%s %q: %w", section.Name, k.Name, err)
}

// Lookup finds the knob that a path such as "memory.lambda" names, where chosen says which kind each section has (a section that is
// missing there has its first kind). "memory.kind" is a knob too: a text with the kinds as its enum.
func Lookup(sections []Section, chosen map[string]string, path string) (Section, Field, error) {
	name, knob, _ := strings.Cut(path, ".")
	i := slices.IndexFunc(sections, func(s Section) bool { return s.Name == name })
	if i < 0 {
		return Section{}, Field{}, unknownPath(sections, chosen, path)
	}
	section := sections[i]
	if knob == "kind" {
		return section, kindField(section), nil
	}
	kind, err := section.Find(chosen[name])
	if err != nil {
		return section, Field{}, err
	}
	fields, err := Fields(kind)
	if err != nil {
		return section, Field{}, err
	}
	j := slices.IndexFunc(fields, func(f Field) bool { return f.Path == knob })
	if j < 0 {
		return section, Field{}, unknownPath(sections, chosen, path)
	}
	return section, fields[j], nil
}

func kindField(s Section) Field {
	first := json.RawMessage(`""`)
	if len(s.Kinds) > 0 {
		first = json.RawMessage(strconv.Quote(s.Kinds[0].Name))
	}
	return Field{Path: "kind", Type: String, Doc: "what stands in this section", Enum: s.Names(), Default: first, Main: true}
}

// Paths lists all legal paths for the chosen kinds, in the order of sections and structs.
func Paths(sections []Section, chosen map[string]string) []string {
	var out []string
	for _, s := range sections {
		out = append(out, s.Name+".kind")
		kind, err := s.Find(chosen[s.Name])
		if err != nil {
			continue
		}
		fields, err := Fields(kind)
		if err != nil {
			continue
		}
		for _, f := range fields {
			out = append(out, s.Name+"."+f.Path)
		}
	}
	return out
}

func unknownPath(sections []Section, chosen map[string]string, path string) error {
	legal := Paths(sections, chosen)
	return unknown(path, path, legal, "nothing is called %q, want one of %s", path, strings.Join(legal, ", "))
}
