// Package lab holds the nouns of Loci and the contracts between its packages: errors, events, methods, set-ups. It does no I/O and
// imports nothing of Loci, so that every other package may import it.
package lab

import (
	"errors"
	"fmt"
)

// Code classes an error by what a caller may do about it.
type Code string

const (
	Invalid     Code = "invalid"     // the input is wrong; the message quotes the value and lists the legal ones
	NotFound    Code = "not-found"   // the named thing does not exist
	Conflict    Code = "conflict"    // somebody else holds or changed it
	Cancelled   Code = "cancelled"   // the user or the owner asked to stop
	Budget      Code = "budget"      // a limit of time, memory or money was reached
	Unavailable Code = "unavailable" // a machine, service or file cannot be reached just now
	Internal    Code = "internal"    // a mistake of ours
)

// Error is what a user may see: Msg says what is wrong (lower case, no full stop, the offending value quoted, the legal ones
// listed), Hint says what to do next as an imperative. Err is the cause, for the log.
type Error struct {
	Code Code
	Msg  string
	Hint string
	Err  error
}

// Errorf makes an Error; a %w verb in the format keeps its operand as the cause.
func Errorf(code Code, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Msg: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// WithHint returns the error with an imperative that the user can follow.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

func (e *Error) Error() string { return e.Msg }

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, &Error{Code: c}) match any error of that code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Msg == "" && t.Code == e.Code
}

// CodeOf returns the code of the outermost Error in the chain; Internal when there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// HintOf returns the hint of the outermost Error in the chain that has one.
func HintOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
