package compare

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// Filter is a parsed filter of runs; all of its terms must hold. The zero value lets every run through.
type Filter struct{ terms []term }

// term is one word, or one condition on a field.
type term struct {
	not   bool
	field string // "" for a word
	op    string // : = != < <= > >=
	value string
	any   []string // values of : and =, of which one must match
	num   float64  // of the comparisons
	at    int      // place of the field in the text, in characters from 0
}

// FilterError is the place of what cannot be read. It stands in the chain of a lab.Error.
type FilterError struct {
	At     int    // in characters from 0
	Length int    // in characters
	Field  string // field that is unknown, else ""
	Legal  []string
}

func (e *FilterError) Error() string { return fmt.Sprintf("at character %d", e.At+1) }

// operators, the longer ones first.
var operators = []string{"!=", ">=", "<=", ":", "=", ">", "<"}

// ParseFilter reads words and conditions, apart by spaces:
//
//	kitchen "two words"       the text of title, paper, arm or case holds them, in any case of letters
//	arm:value case:n3,n5      the field is that text, or one of several; * stands for anything: arm:value*
//	lambda>0.3 seed<=5        numbers: < <= > >= = !=
//	-state:failed             a minus turns the condition round
//
// Fields are those of Fields, every knob by its last name (lambda) or its path (memory.lambda), and every metric's last value by name.
// Errors are Invalid with a *FilterError in the chain; whether a field exists is for the index to say.
func ParseFilter(text string) (Filter, error) {
	var f Filter
	runes := []rune(text)
	for at := 0; at < len(runes); {
		if runes[at] == ' ' || runes[at] == '\t' || runes[at] == '\n' {
			at++
			continue
		}
		word, end, err := cut(runes, at)
		if err != nil {
			return Filter{}, err
		}
		t, err := parseTerm(word, at)
		if err != nil {
			return Filter{}, err
		}
		f.terms = append(f.terms, t)
		at = end
	}
	return f, nil
}

// cut takes one term; spaces between quotes belong to it.
func cut(runes []rune, from int) (word string, end int, err error) {
	quoted := -1
	var b strings.Builder
	for end = from; end < len(runes); end++ {
		switch c := runes[end]; {
		case c == '"' && quoted < 0:
			quoted = end
		case c == '"':
			quoted = -1
		case quoted < 0 && (c == ' ' || c == '\t' || c == '\n'):
			return b.String(), end, nil
		}
		b.WriteRune(runes[end])
	}
	if quoted >= 0 {
		return "", 0, flaw(quoted, 1, nil, `the quote that opens at character %d is not closed`, quoted+1).WithHint(`write both quotes: "two words"`)
	}
	return b.String(), end, nil
}

func parseTerm(word string, at int) (term, error) {
	t := term{at: at}
	if rest, ok := strings.CutPrefix(word, "-"); ok && rest != "" {
		t.not, word, t.at = true, rest, at+1
	}
	place, op := operatorIn(word)
	if place < 0 {
		t.value = strings.ToLower(strings.ReplaceAll(word, `"`, ""))
		return t, nil
	}
	t.field, t.op, t.value = word[:place], op, word[place+len(op):]
	valueAt := t.at + utf8.RuneCountInString(word[:place]) + len(op)
	if t.field == "" {
		return t, flaw(t.at, len(op), nil, "%q at character %d has no field before it", op, t.at+1).WithHint("write the field first: lambda>0.3")
	}
	if t.value == "" {
		return t, flaw(valueAt, 1, nil, "%q at character %d has no value behind it", t.field+op, t.at+1).WithHint("write the value without a space: %s%s0.3", t.field, op)
	}
	return t, t.read(valueAt)
}

// operatorIn finds the first operator outside quotes, -1 where there is none.
func operatorIn(word string) (int, string) {
	quoted := false
	for i := range len(word) {
		if word[i] == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		for _, op := range operators {
			if strings.HasPrefix(word[i:], op) {
				return i, op
			}
		}
	}
	return -1, ""
}

// read takes the value apart.
func (t *term) read(at int) error {
	t.num = math.NaN()
	if n, err := strconv.ParseFloat(t.value, 64); err == nil && !math.IsNaN(n) {
		t.num = n
	}
	switch t.op {
	case "<", "<=", ">", ">=":
		if math.IsNaN(t.num) {
			return flaw(at, utf8.RuneCountInString(t.value), nil, "%q at character %d is no number, and %s wants one", t.value, at+1, t.op).
				WithHint("write a number, or %s:%s for a text", t.field, t.value)
		}
	default:
		for _, v := range strings.Split(t.value, ",") {
			t.any = append(t.any, strings.ToLower(strings.ReplaceAll(v, `"`, "")))
		}
	}
	return nil
}

func flaw(at, length int, legal []string, format string, args ...any) *lab.Error {
	err := lab.Errorf(lab.Invalid, format, args...)
	err.Err = &FilterError{At: at, Length: max(length, 1), Legal: legal}
	return err
}

// Place returns where a filter cannot be read, and whether the error says so.
func Place(err error) (FilterError, bool) {
	f, ok := errors.AsType[*FilterError](err)
	if !ok {
		return FilterError{}, false
	}
	return *f, true
}

// Fields names the fields of a filter that every run has.
func Fields() []string {
	return []string{"paper", "notebook", "arm", "case", "budget", "state", "kernel", "code", "key", "error", "seed", "seconds", "done", "total"}
}

// Named lists the knobs and metrics that the filter speaks of, so that a list can show them. The fields that every run has are left out.
func (f Filter) Named() []string {
	var out []string
	seen := map[string]bool{}
	for _, name := range Fields() {
		seen[name] = true
	}
	for _, t := range f.terms {
		if t.field != "" && !seen[t.field] {
			out, seen[t.field] = append(out, t.field), true
		}
	}
	return out
}

// matches looks at one run.
func (f Filter) matches(r *Row) bool {
	for i := range f.terms {
		if f.terms[i].holds(r) == f.terms[i].not {
			return false
		}
	}
	return true
}

func (t *term) holds(r *Row) bool {
	if t.field == "" {
		return strings.Contains(r.text, t.value)
	}
	if text, ok := r.word(t.field); ok {
		return t.text(text)
	}
	if n, ok := r.count(t.field); ok {
		return t.number(n, strconv.FormatFloat(n, 'f', -1, 64))
	}
	for _, v := range r.set.named[t.field] {
		if t.number(v.Number, v.Text) {
			return true
		}
	}
	if v, ok := r.Final[strings.TrimPrefix(t.field, "metric.")]; ok {
		return t.number(float64(v), strconv.FormatFloat(float64(v), 'g', -1, 64))
	}
	return false
}

// number compares numbers where both are, else texts.
func (t *term) number(n float64, text string) bool {
	switch t.op {
	case "<":
		return n < t.num
	case "<=":
		return n <= t.num
	case ">":
		return n > t.num
	case ">=":
		return n >= t.num
	}
	if !math.IsNaN(t.num) && !math.IsNaN(n) {
		return (n == t.num) == (t.op != "!=")
	}
	return t.text(strings.ToLower(text))
}

// text compares a text in small letters.
func (t *term) text(text string) bool {
	found := false
	for _, want := range t.any {
		found = found || like(want, text)
	}
	return found == (t.op != "!=")
}

// like compares with a pattern in which * stands for anything.
func like(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for {
		part, more, again := strings.Cut(rest, "*")
		if !again {
			return strings.HasSuffix(text, part)
		}
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(part):], more
	}
}
