package pipe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// request is a line to the process.
type request struct {
	ID   int64  `json:"id"`
	Verb string `json:"verb"`
	In   any    `json:"in"`
}

// reply is a line from it: either Out or Error.
type reply struct {
	ID    *int64          `json:"id"`
	Out   json.RawMessage `json:"out"`
	Error *refusal        `json:"error"`
}

// refusal is how a process says no and goes on.
type refusal struct {
	Code    string `json:"code"` // invalid, or unavailable and everything else
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// Checker is what a reply may be to say what is wrong with it beyond its shape.
type Checker interface{ Check() error }

// nothing stands for no fields, in either direction.
type nothing struct{}

// Call sends one request and waits for its reply. in becomes an object (nil: one without fields); out is a pointer that takes the reply,
// which may have no field besides its own, and is asked to Check itself where it can. nil takes a reply without fields.
//
// An error object is returned with the code that it names, and the process can be called again. After any other error the process is
// gone, and all later calls return the same error: lab.Unavailable when it ended or did not answer in time, lab.Invalid when it
// answered what it may not, lab.Cancelled (with ctx.Err() inside) when ctx ended meanwhile. All of them quote its last lines.
func (p *Process) Call(ctx context.Context, verb string, in, out any) error {
	select {
	case <-p.turn:
	case <-ctx.Done():
		return cancelled(p.command, verb, ctx.Err())
	}
	defer p.release()
	if p.broken != nil {
		return p.broken
	}
	if err := ctx.Err(); err != nil {
		return cancelled(p.command, verb, err)
	}
	if in == nil {
		in = nothing{}
	}
	if out == nil {
		out = &nothing{}
	}
	return p.call(ctx, verb, in, out)
}

// Refuse ends the process because of what it answered to verb and returns the error of that, as Call would have done.
func (p *Process) Refuse(verb, format string, args ...any) error {
	<-p.turn
	defer p.release()
	if p.broken != nil {
		return p.broken
	}
	return p.lied(verb, lab.Errorf(lab.Invalid, format, args...))
}

func (p *Process) call(ctx context.Context, verb string, in, out any) error {
	p.id++
	text, err := json.Marshal(request{p.id, verb, in})
	if err != nil {
		return lab.Errorf(lab.Internal, "request %q cannot be written: %w", verb, err)
	}
	if len(text) > p.options.Limit {
		return lab.Errorf(lab.Invalid, "request %q to %s has %d bytes, want at most %d", verb, Show(p.command), len(text), p.options.Limit).
			WithHint("keep texts and states smaller: a line of the protocol has at most %d bytes", p.options.Limit)
	}
	answer, err := p.exchange(ctx, verb, append(text, '\n'))
	if err != nil {
		return err
	}
	refused, err := decode(answer, p.id, out)
	if err != nil {
		return p.lied(verb, err)
	}
	if refused != nil {
		return p.refused(verb, refused)
	}
	return nil
}

// exchange writes a line and waits until it is written and a line came back.
func (p *Process) exchange(ctx context.Context, verb string, text []byte) (answer []byte, err error) {
	written := make(chan error, 1)
	p.work.Go(func() {
		_, err := p.in.Write(text)
		written <- err
	})
	late := time.NewTimer(p.options.Timeout)
	defer late.Stop()
	lines, wrote := p.lines, false
	for lines != nil || !wrote {
		select {
		case err := <-written:
			if err != nil {
				return nil, p.died(verb, "reads no more")
			}
			wrote = true
		case l := <-lines:
			if l.err != nil {
				return nil, p.mute(verb, l.err)
			}
			answer, lines = l.text, nil
		case <-late.C:
			return nil, p.hung(verb)
		case <-ctx.Done():
			return nil, p.end(0, func(string) error { return cancelled(p.command, verb, ctx.Err()) })
		case <-p.closing:
			return nil, p.end(0, func(string) error { return closed(p.command) })
		}
	}
	return answer, nil
}

// mute tells why no line came.
func (p *Process) mute(verb string, err error) error {
	switch {
	case errors.Is(err, errTooLong):
		return p.lied(verb, lab.Errorf(lab.Invalid, "a line is longer than %d bytes", p.options.Limit))
	case errors.Is(err, errTorn):
		return p.died(verb, "stopped in the middle of a line")
	case errors.Is(err, io.EOF):
		return p.died(verb, "writes no more")
	}
	return p.died(verb, err.Error())
}

// decode reads a reply to request id into out. A refusal is returned where the reply is one; an error is a lie.
func decode(text []byte, id int64, out any) (*refusal, error) {
	if !utf8.Valid(text) {
		return nil, lab.Errorf(lab.Invalid, "the line %s is not UTF-8", quote(text))
	}
	var r reply
	if err := strict(text, &r); err != nil {
		return nil, lab.Errorf(lab.Invalid, "the line %s is no reply: %w", quote(text), err)
	}
	switch {
	case r.ID == nil || *r.ID != id:
		return nil, lab.Errorf(lab.Invalid, "the reply %s has another id, want %d", quote(text), id)
	case r.Error != nil && r.Out == nil && r.Error.Message != "":
		return r.Error, nil
	case r.Error != nil || r.Out == nil:
		return nil, lab.Errorf(lab.Invalid, "the reply %s must have either out or an error with a message", quote(text))
	}
	if c := bytes.TrimLeft(r.Out, " \t\r"); c[0] != '{' {
		return nil, lab.Errorf(lab.Invalid, "out is %s, want an object", quote(r.Out))
	}
	if err := strict(r.Out, out); err != nil {
		return nil, lab.Errorf(lab.Invalid, "out is %s: %w", quote(r.Out), err)
	}
	if c, ok := out.(Checker); ok {
		return nil, c.Check()
	}
	return nil, nil
}

// strict reads one JSON value and nothing behind it. A field that is not known is an error: it would be a misspelt one, silently zero.
func strict(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more stands behind the object")
	}
	return nil
}
