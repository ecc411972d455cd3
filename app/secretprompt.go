package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"

	"github.com/loci-lab/loci/backend/lab"
)

// passphraseVariable holds the passphrase of the encrypted file where nobody can be asked.
const passphraseVariable = "LOCI_PASSPHRASE"

// readSecret reads a value from what is sent to the program, or asks for it where that is a terminal.
func (c *cli) readSecret(ctx context.Context, name string) (lab.Secret, error) {
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return prompt(ctx, f, c.err, "Value of "+name+" (not shown): ")
	}
	text, err := io.ReadAll(io.LimitReader(c.in, secretLimit+3)) // a value that is too long is seen to be so
	if err != nil {
		return lab.Secret{}, lab.Errorf(lab.Unavailable, "standard input cannot be read: %w", err).WithHint("run the command in a terminal, which asks")
	}
	return lab.NewSecret(withoutLineEnd(string(text))), nil
}

// withoutLineEnd drops the one line end that echo and editors add.
func withoutLineEnd(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

// askPassphrase returns LOCI_PASSPHRASE, or asks at the terminal: twice for a fresh file.
func askPassphrase(ctx context.Context, fresh bool) (lab.Secret, error) {
	if p := os.Getenv(passphraseVariable); p != "" {
		return lab.NewSecret(p), nil
	}
	if err := askedAtPage(ctx, fresh); err != nil {
		return lab.Secret{}, err
	}
	in, out, err := terminal()
	if err != nil {
		return lab.Secret{}, lab.Errorf(lab.Unavailable, "the encrypted file of secrets wants its passphrase, and there is no terminal to ask at: %w", err).
			WithHint("set %s, or run the command in a terminal", passphraseVariable)
	}
	defer in.Close()
	defer out.Close()
	pass, err := prompt(ctx, in, out, "Passphrase of the encrypted file (not shown): ")
	if err != nil || !fresh {
		return pass, err
	}
	again, err := prompt(ctx, in, out, "The same again: ")
	if err != nil {
		return lab.Secret{}, err
	}
	if again.Reveal() != pass.Reveal() {
		return lab.Secret{}, lab.Errorf(lab.Invalid, "the two passphrases differ, nothing was kept").WithHint("try again")
	}
	return pass, nil
}

// terminal opens the terminal itself: standard input may carry the value.
func terminal() (in, out *os.File, err error) {
	inName, outName := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		inName, outName = "CONIN$", "CONOUT$"
	}
	if in, err = os.OpenFile(inName, os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile(outName, os.O_RDWR, 0); err != nil {
		return nil, nil, errors.Join(err, in.Close())
	}
	return in, out, nil
}

// prompt reads a line that the terminal does not show. Reading knows no context, so a prompt that was stopped gives the terminal its
// echo back and leaves the reader to the end of the program.
func prompt(ctx context.Context, in *os.File, out io.Writer, text string) (lab.Secret, error) {
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return lab.Secret{}, lab.Errorf(lab.Unavailable, "the terminal cannot be asked: %w", err).WithHint("send the value to standard input and set %s", passphraseVariable)
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	fmt.Fprint(out, text)
	go func() {
		b, err := term.ReadPassword(fd)
		read <- line{b, err}
	}()
	select {
	case l := <-read:
		fmt.Fprintln(out)
		if l.err != nil {
			return lab.Secret{}, lab.Errorf(lab.Cancelled, "nothing was typed: %w", l.err)
		}
		return lab.NewSecret(string(l.text)), nil
	case <-ctx.Done():
		err := term.Restore(fd, before)
		fmt.Fprintln(out)
		return lab.Secret{}, lab.Errorf(lab.Cancelled, "stopped at the prompt, nothing was kept: %w", errors.Join(ctx.Err(), err))
	}
}
