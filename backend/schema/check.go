package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// FieldError is the cause of an error of this package that concerns one knob. It lets a caller that knows the file point at the very
// word.
type FieldError struct {
	Path  string   // as users write it, for example memory.lambda
	Value string   // the offending value, or the offending name
	Legal []string // legal values or names, or one range in words
	Name  bool     // the name is wrong, not the value
	Index int      // element of a list that is wrong, -1 for the whole value
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("%s: %s, want %s", e.Path, e.Value, strings.Join(e.Legal, ", "))
}

// largest is the largest whole number that survives a JSON reader with 64-bit floats.
const largest = 1 << 53

// Check returns the canonical JSON of a value that somebody gave the field, or a lab.Error with a FieldError inside. path is the name
// that the error uses. Legal Go types are those of YAML and JSON readers: bool, int, int64, uint64, float64, json.Number, string, and
// []any, []int, []float64, []string of them. A whole float such as 1e6 is a whole number.
func (f Field) Check(path string, value any) (json.RawMessage, error) {
	if !f.list() {
		return f.checkOne(path, value, -1)
	}
	elems, ok := elements(value)
	if !ok {
		return nil, f.wrong(path, value, -1, "a list of "+plural(f.elem()))
	}
	out := []byte{'['}
	for i, e := range elems {
		raw, err := f.checkOne(path, e, i)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, raw...)
	}
	return append(out, ']'), nil
}

func elements(value any) ([]any, bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case []string:
		return anys(v), true
	case []int:
		return anys(v), true
	case []float64:
		return anys(v), true
	}
	return nil, false
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

func (f Field) checkOne(path string, value any, index int) (json.RawMessage, error) {
	t := f.elem()
	switch t {
	case Bool:
		if b, ok := value.(bool); ok {
			return strconv.AppendBool(nil, b), nil
		}
		return nil, f.wrong(path, value, index, "true or false")
	case String:
		if s, ok := value.(string); ok {
			return f.checkText(path, s, index)
		}
		return nil, f.wrong(path, value, index, f.textLegal()...)
	}
	v, ok := float(value)
	if ok && t != Float && v != math.Trunc(v) {
		ok = false
	}
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, f.wrong(path, value, index, "a "+singular(t))
	}
	if !f.within(v) {
		return nil, f.wrong(path, value, index, f.Range())
	}
	return canonical(t, value, v, func() error { return f.wrong(path, value, index, f.Range()) })
}

// canonical writes a number in its one form: 1e6 in a whole-number field is 1000000. Whole numbers written as such keep all 64 bits.
func canonical(t Type, value any, v float64, tooLarge func() error) (json.RawMessage, error) {
	if t == Float {
		return json.Marshal(v)
	}
	switch n := value.(type) {
	case int:
		return strconv.AppendInt(nil, int64(n), 10), nil
	case int64:
		return strconv.AppendInt(nil, n, 10), nil
	case uint64:
		if t == Int && n > math.MaxInt64 {
			return nil, tooLarge()
		}
		return strconv.AppendUint(nil, n, 10), nil
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return strconv.AppendInt(nil, i, 10), nil
		}
		if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil && t == Uint {
			return strconv.AppendUint(nil, u, 10), nil
		}
	}
	if math.Abs(v) > largest {
		return nil, tooLarge()
	}
	return strconv.AppendInt(nil, int64(v), 10), nil
}

func float(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, true
	case json.Number:
		v, err := n.Float64()
		return v, err == nil
	}
	return 0, false
}

func (f Field) within(v float64) bool {
	return !(f.Min != nil && v < *f.Min) && !(f.Max != nil && v > *f.Max) && !(f.Type == Uint && v < 0)
}

func (f Field) checkText(path, s string, index int) (json.RawMessage, error) {
	if f.Enum != nil && !slices.Contains(f.Enum, s) {
		return nil, f.wrong(path, s, index, f.Enum...)
	}
	return json.Marshal(s)
}

func (f Field) textLegal() []string {
	if f.Enum != nil {
		return f.Enum
	}
	return []string{"a text"}
}

// Range says in words which numbers are legal: "0 to 1", "1 or more".
func (f Field) Range() string {
	lo, hi := f.Min, f.Max
	if zero := 0.0; lo == nil && f.Type == Uint {
		lo = &zero
	}
	switch {
	case lo != nil && hi != nil:
		return fmt.Sprintf("%s to %s", short(*lo), short(*hi))
	case lo != nil:
		return short(*lo) + " or more"
	case hi != nil:
		return short(*hi) + " or less"
	case f.elem() == Float:
		return "a number"
	}
	return "a whole number of 64 bits"
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// wrong makes the error for a value that the field does not take.
func (f Field) wrong(path string, value any, index int, legal ...string) error {
	cause := &FieldError{Path: path, Value: Show(value), Legal: legal, Index: index}
	where := path
	if index >= 0 {
		where = fmt.Sprintf("%s[%d]", path, index)
	}
	err := &lab.Error{Code: lab.Invalid, Err: cause, Msg: fmt.Sprintf("%s is %s, want %s", where, Show(value), f.want(legal))}
	if text, ok := value.(string); ok && f.Enum != nil {
		if near, ok := Nearest(text, f.Enum); ok {
			return err.WithHint("write %s", near)
		}
	}
	return err.WithHint("give %s %s", where, f.want(legal))
}

func (f Field) want(legal []string) string {
	if f.Enum == nil {
		return strings.Join(legal, ", ")
	}
	return "one of " + Quoted(legal)
}

// Show writes a value as it should be quoted in a message.
func Show(value any) string {
	switch v := value.(type) {
	case nil:
		return "empty"
	case string:
		return strconv.Quote(v)
	case json.Number:
		return v.String()
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value) // NaN and the infinities
	}
	return string(raw)
}

// Quoted lists names for a message.
func Quoted(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(n)
	}
	return strings.Join(quoted, ", ")
}

func singular(t Type) string {
	switch t {
	case Int, Uint:
		return "whole number"
	case Float:
		return "number"
	}
	return string(t)
}

func plural(t Type) string {
	if t == String {
		return "texts"
	}
	return singular(t) + "s"
}
