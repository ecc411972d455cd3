package pipe

import (
	"context"
	"encoding/json"

	"github.com/loci-lab/loci/backend/lab"
)

// hello is the first reply: the version, and the fields of rest.
type hello struct {
	version int
	rest    any
}

// greet sends the first request. A version that is not ours is told before anything else that may be wrong.
func (p *Process) greet(ctx context.Context) error {
	in := p.options.Greeting
	if in == nil {
		in = NewGreeting("")
	}
	return p.Call(ctx, "hello", in, &hello{rest: p.options.Hello})
}

// UnmarshalJSON takes the version out and reads the rest strictly.
func (h *hello) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	if err := json.Unmarshal(fields["version"], &h.version); err != nil || h.version != Version {
		return lab.Errorf(lab.Invalid, "version is %s, want %d", fields["version"], Version)
	}
	delete(fields, "version")
	rest, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	if h.rest == nil {
		return strict(rest, &nothing{})
	}
	return strict(rest, h.rest)
}

// Check implements Checker.
func (h *hello) Check() error {
	if c, ok := h.rest.(Checker); ok {
		return c.Check()
	}
	return nil
}
