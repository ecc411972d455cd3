package compare

import (
	"math"
	"strings"
)

// word returns a field that is text, in small letters, and whether there is such a field.
func (r *Row) word(field string) (string, bool) {
	switch field {
	case "paper":
		return strings.ToLower(r.Paper), true
	case "notebook":
		return strings.ToLower(r.Notebook), true
	case "arm":
		return strings.ToLower(r.Arm), true
	case "case":
		return strings.ToLower(r.Case), true
	case "budget":
		return r.Budget, true
	case "state":
		return string(r.State), true
	case "kernel":
		return r.Kernel, true
	case "code":
		return r.Code, true
	case "key":
		return r.Key, true
	case "error":
		return strings.ToLower(r.Error), true
	}
	return "", false
}

// count returns a field that is a number, and whether there is such a field.
func (r *Row) count(field string) (float64, bool) {
	switch field {
	case "seed":
		return float64(r.Seed), true
	case "seconds":
		return r.Seconds, true
	case "done":
		return float64(r.Done), true
	case "total":
		return float64(r.Total), true
	}
	return 0, false
}

// Named is the value of a knob or of a metric's last value by its name, "" as text and NaN where the run has none.
func (r *Row) Named(name string) (text string, n float64) {
	if values := r.set.named[name]; len(values) > 0 {
		return values[0].Text, values[0].Number
	}
	if v, ok := r.Final[strings.TrimPrefix(name, "metric.")]; ok {
		return "", float64(v)
	}
	return "", math.NaN()
}

// sortKey is what a run is sorted by: a number where there is one, else a text. NaN and "" have no value.
func (r *Row) sortKey(by string) (n float64, text string) {
	if by == "started" {
		return float64(r.Started.UnixMilli()), ""
	}
	if text, ok := r.word(by); ok {
		return 0, text
	}
	if n, ok := r.count(by); ok {
		return n, ""
	}
	text, n = r.Named(by)
	if !math.IsNaN(n) {
		return n, ""
	}
	if text == "" {
		return math.NaN(), ""
	}
	return math.Inf(1), text // behind the numbers
}
