package shell

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Local runs scripts on this computer.
type Local struct{}

// patience is how long a script's output is waited for after the script was ended.
const patience = 5 * time.Second

// Run does what Shell.Run says.
func (Local) Run(ctx context.Context, script string, in io.Reader, out io.Writer) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Stdin, cmd.Stdout, cmd.WaitDelay = in, out, patience
	var said tail
	cmd.Stderr = &said
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return &Exit{Status: e.ExitCode(), Stderr: said.String()}
	}
	if errors.Is(err, exec.ErrNotFound) {
		return lab.Errorf(lab.Unavailable, "this computer has no program sh").WithHint("run with target: here, which needs none")
	}
	if err != nil {
		return lab.Errorf(lab.Unavailable, "sh cannot be started on this computer: %w", err)
	}
	return nil
}

// Title is the place in words.
func (Local) Title() string { return "this computer" }

// Close does nothing.
func (Local) Close() error { return nil }
