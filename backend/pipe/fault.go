package pipe

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

const quoted = 200 // bytes of a line that an error shows

// end brings the process to its end and keeps what make says of it for all later calls; make gets the process's last lines.
func (p *Process) end(grace time.Duration, make func(last string) error) error {
	p.finish(grace)
	p.broken = make(lastLines(p.tail.last()))
	return p.broken
}

// died is for a process that stopped talking: it gets the time to end by itself, so that its exit status is its own.
func (p *Process) died(verb, what string) error {
	return p.end(p.options.Grace, func(last string) error {
		return lab.Errorf(lab.Unavailable, "the outside program %s %s and did not answer %q (%s); %s", Show(p.command), what, verb, p.cmd.ProcessState, last).
			WithHint("mend what its last lines say, see that the command runs in a terminal, then run again: what was finished is kept")
	})
}

func (p *Process) hung(verb string) error {
	return p.end(0, func(last string) error {
		return lab.Errorf(lab.Unavailable, "the outside program %s did not answer %q within %v and was killed; %s", Show(p.command), verb, p.options.Timeout, last).
			WithHint("raise the knob timeout where it needs longer, and see that it flushes each reply; then run again: what was finished is kept")
	})
}

func (p *Process) lied(verb string, what error) error {
	return p.end(0, func(last string) error {
		return lab.Errorf(lab.Invalid, "the outside program %s answered %q with what it may not: %w; %s", Show(p.command), verb, what, last).
			WithHint("mend the program: docs/line-protocol.md says what %q is answered with; what is meant for people goes to stderr", verb)
	})
}

// refused is the error that the process itself named; the process goes on.
func (p *Process) refused(verb string, r *refusal) error {
	code := lab.Unavailable
	if r.Code == string(lab.Invalid) {
		code = lab.Invalid
	}
	e := lab.Errorf(code, "the outside program %s refused %q: %s; %s", Show(p.command), verb, printable(r.Message), lastLines(p.tail.last()))
	if r.Hint != "" {
		return e.WithHint("%s", printable(r.Hint))
	}
	return e.WithHint("see what the program says, mend it or what it was asked, then run again")
}

func cancelled(command []string, verb string, err error) error {
	return lab.Errorf(lab.Cancelled, "asking the outside program %s for %q was stopped: %w", Show(command), verb, err)
}

func closed(command []string) error {
	return lab.Errorf(lab.Cancelled, "the outside program %s is closed", Show(command))
}

func lastLines(lines []string) string {
	if len(lines) == 0 {
		return "it wrote nothing to stderr"
	}
	return "its last lines:\n  " + strings.Join(lines, "\n  ")
}

// quote shows the beginning of a line as a quoted text.
func quote(text []byte) string {
	if len(text) <= quoted {
		return strconv.Quote(string(text))
	}
	return fmt.Sprintf("%q and %d bytes more", text[:quoted], len(text)-quoted)
}
