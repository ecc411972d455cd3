package notebook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Problem is one thing that is wrong with a notebook, with its place.
type Problem struct {
	File   string   `json:"file"`
	Line   int      `json:"line"`
	Column int      `json:"column"` // in characters, from 1
	Cell   string   `json:"cell"`   // id, "" outside of cells
	Msg    string   `json:"msg"`    // lower case, quotes the value, lists the legal ones
	Value  string   `json:"value"`  // the offending value
	Legal  []string `json:"legal"`
	Hint   string   `json:"hint"` // an imperative
}

// String writes the problem as a user sees it: file, line, column and message, the hint on a second line.
func (p Problem) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Msg)
	if p.Hint != "" {
		text += "\n\t" + p.Hint
	}
	return text
}

// Lab returns the problem as an error of code invalid.
func (p Problem) Lab() *lab.Error {
	return &lab.Error{Code: lab.Invalid, Msg: fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Msg), Hint: p.Hint}
}

// Err joins problems into one error of code invalid: the message is the first, and says how many more there are. nil for none.
func Err(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	err := problems[0].Lab()
	if more := len(problems) - 1; more > 0 {
		err.Msg += fmt.Sprintf(" (and %d more)", more)
	}
	return err
}

// ExprError is what a Vocabulary returns when it can point into an expression or a bound.
type ExprError struct {
	Offset int      // bytes from the start of the text
	Value  string   // the offending word
	Legal  []string // legal words, where there is such a list
	Err    error    // the message; a lab.Error keeps its hint
}

func (e *ExprError) Error() string { return e.Err.Error() }

func (e *ExprError) Unwrap() error { return e.Err }

// problemOf turns an error about one field into a problem without a place.
func problemOf(err error) Problem {
	p := Problem{Msg: err.Error(), Hint: lab.HintOf(err)}
	if e, ok := errors.AsType[*lab.Error](err); ok {
		p.Msg = e.Msg
	}
	if f, ok := errors.AsType[*schema.FieldError](err); ok {
		p.Value, p.Legal = f.Value, f.Legal
	}
	if e, ok := errors.AsType[*ExprError](err); ok {
		p.Value, p.Legal = e.Value, e.Legal
	}
	return p
}

// sorted brings problems into the order of the file and drops what was found twice.
func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(problems, func(a, b Problem) bool {
		return a.Line == b.Line && a.Column == b.Column && a.Msg == b.Msg
	})
}

func oneOf(names []string) string { return "one of " + strings.Join(names, ", ") }

// nearHint proposes the name that was probably meant.
func nearHint(wrote string, legal []string) string {
	if near, ok := schema.Nearest(wrote, legal); ok {
		return "write " + near
	}
	return "choose " + oneOf(legal)
}
