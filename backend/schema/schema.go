// Package schema describes everything a notebook can configure: Go structs with documented, bounded fields, and the one JSON Schema
// that is generated from them and serves the forms, the validation, the command line's docs and completion.
package schema

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Knob structs carry their documentation in field tags:
//
//	type Knobs struct {
//		Lambda float64 `json:"lambda" doc:"share of value in the choice" default:"0.5" min:"0" max:"1" paper:"0.5" pitfall:"..." symbol:"λ"`
//		Steps  int     `json:"steps" doc:"environment steps of training" unit:"steps" default:"1000000" fast:"40000" full:"10000000" min:"1"`
//		Regime string  `json:"regime" doc:"..." default:"fixed" enum:"fixed,uniform"`
//	}
//
// default is the value at budget laptop; fast and full replace it at those budgets. Legal kinds of fields: bool, int, int64,
// uint64, float64, string, and slices of int, float64 and string. `paper` is the paper's value where it differs or is known.
// `group` puts a knob under a heading of the form (learning, memory, world, budget); `main:"true"` marks the paper's own knobs,
// which a form shows first.

// Kind is one thing a section may hold, for example the world endless-t-maze or the agent lstm.
type Kind struct {
	Name string
	Doc  string
	New  func() any // pointer to a zero knob struct; a struct with Validate() error is asked after the bounds hold
	// Presets are defaults of this kind that differ from those in the struct's tags: a paper takes a world, or the sizes of a model,
	// that others share, and has its own.
	Presets []Preset
}

// Preset sets the defaults of one knob, each written as in a tag; "" leaves the tag's.
type Preset struct {
	Path                string
	Default, Fast, Full string
}

// Section is one configurable cell of a notebook: world, agent, memory or rl.
type Section struct {
	Name  string
	Kinds []Kind
}

// Check finds mistakes in the tags of a section's kinds: a missing doc, a name twice, a nested struct, a default that its own bounds or
// its own Validate refuse at any budget. It returns the first; a test of the catalog asks it about every section of every paper.
func (s Section) Check() error {
	for i, k := range s.Kinds {
		if k.Doc == "" {
			return lab.Errorf(lab.Internal, "%s %q has no doc", s.Name, k.Name)
		}
		if slices.Contains(s.Names()[:i], k.Name) {
			return lab.Errorf(lab.Internal, "%s has the kind %q twice", s.Name, k.Name)
		}
		if err := s.checkKind(k); err != nil {
			return err
		}
	}
	return nil
}

func (s Section) checkKind(k Kind) error {
	fields, err := Fields(k)
	if err != nil {
		return err
	}
	for i, f := range fields {
		switch {
		case f.Doc == "":
			return lab.Errorf(lab.Internal, "%s %q: knob %s has no doc", s.Name, k.Name, f.Path)
		case f.Path == "kind" || slices.Contains(paths(fields[:i]), f.Path):
			return lab.Errorf(lab.Internal, "%s %q: the name %s is taken", s.Name, k.Name, f.Path)
		case strings.ContainsAny(f.Path, "/."):
			return lab.Errorf(lab.Internal, "%s %q: knob %s is nested, want a flat struct", s.Name, k.Name, f.Path)
		}
		if err := f.zeroFits(); err != nil {
			return lab.Errorf(lab.Internal, "%s %q: knob %s has no default, and %w", s.Name, k.Name, f.Path, err)
		}
	}
	for _, budget := range lab.Budgets() {
		if _, err := Resolve(s, k.Name, nil, budget); err != nil {
			return lab.Errorf(lab.Internal, "%s %q at budget %s: its defaults are refused: %w", s.Name, k.Name, budget, err)
		}
	}
	return nil
}
