// Package compare finds runs by a typed filter and puts arms side by side: what differs in their set-ups, what cannot be compared and why,
// and which values form pairs. It computes no picture and reads no record.
//
// An arm is the runs of one paper with the same name, case, budget, set-up, code and kernel family: seeds alone tell them apart.
package compare

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Value is a setting as it stands in a set-up.
type Value struct {
	Text   string  // without quotes; lists as JSON
	Number float64 // NaN where it is none; true is 1, false is 0
}

// Knobs are the settings of a set-up by path, for example memory.lambda; "model" is the rung.
type Knobs map[string]Value

// readKnobs takes a set-up apart. What cannot be read has no knobs.
func readKnobs(setup string) (Knobs, lab.Setup) {
	var s lab.Setup
	if json.Unmarshal([]byte(setup), &s) != nil {
		return Knobs{}, lab.Setup{}
	}
	k := Knobs{}
	if s.Model != "" {
		k["model"] = Value{Text: s.Model, Number: math.NaN()}
	}
	for section, raw := range s.Sections {
		k.put(section, raw)
	}
	return k, s
}

// put adds a value; the fields of an object stand each by itself.
func (k Knobs) put(path string, raw json.RawMessage) {
	var fields map[string]json.RawMessage
	if len(raw) > 0 && raw[0] == '{' && json.Unmarshal(raw, &fields) == nil {
		for name, value := range fields {
			k.put(path+"."+name, value)
		}
		return
	}
	k[path] = valueOf(raw)
}

func valueOf(raw json.RawMessage) Value {
	text := string(bytes.TrimSpace(raw))
	v := Value{Text: text, Number: math.NaN()}
	switch text {
	case "true":
		v.Number = 1
	case "false":
		v.Number = 0
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		v.Number = n
	}
	var s string
	if json.Unmarshal(raw, &s) == nil && text != "null" {
		v.Text = s
	}
	return v
}

// last is the last part of a path: memory.lambda is also called lambda.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// Column is a setting in which arms differ.
type Column struct {
	Path   string   `json:"path"`
	Values []string `json:"values"` // one an arm; "" where the arm has no such setting
}

// Changed lists the settings in which the arms differ, in the order of the alphabet. A setting that only some kinds have counts where two
// arms that have it differ: without a memory there is no memory.lambda, and memory.kind says so already.
func Changed(arms []Arm) []Column {
	paths := map[string]bool{}
	for _, a := range arms {
		for path := range a.Knobs {
			paths[path] = true
		}
	}
	out := []Column{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		c := Column{Path: path, Values: make([]string, len(arms))}
		differs, first := false, ""
		for i, a := range arms {
			v, ok := a.Knobs[path]
			c.Values[i] = v.Text
			if ok && first == "" {
				first = v.Text
			}
			differs = differs || ok && v.Text != first
		}
		if differs {
			out = append(out, c)
		}
	}
	return out
}
