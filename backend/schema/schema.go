// Package schema describes everything a notebook can configure: Go structs with documented, bounded fields, and the one JSON Schema
// that is generated from them and serves the forms, the validation, the command line's docs and completion.
package schema

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
}

// Section is one configurable cell of a notebook: world, agent, memory or rl.
type Section struct {
	Name  string
	Kinds []Kind
}
