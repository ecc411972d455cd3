package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
)

// openFlags say what to open and how.
type openFlags struct {
	file    string
	run     string // budget to run at once, "" runs nothing
	browser bool   // never the window
	nothing bool   // print the address only
	addr    string
}

func (c *cli) openCommand() *cobra.Command {
	var f openFlags
	cmd := &cobra.Command{
		Use:     "open [FILE]",
		Short:   "Open a notebook, or an experiment file for reading, in the window, or in the browser where there is no window",
		Example: "  loci open experiments/memory-rewriting.md\n  loci open experiments/memory-rewriting.md --run fast\n  loci open shared.loci",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.file = args[0]
			}
			return c.open(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVar(&f.run, "run", "", "run the notebook at this budget at once: fast, laptop, full")
	cmd.Flags().BoolVar(&f.browser, "browser", false, "use the browser even where there is a window")
	cmd.Flags().StringVar(&f.addr, "addr", "127.0.0.1:0", "address to listen on")
	return cmd
}

func (c *cli) serveCommand() *cobra.Command {
	f := openFlags{browser: true, nothing: true}
	var open bool
	cmd := &cobra.Command{
		Use:     "serve [FILE]",
		Short:   "Serve the pages on this computer and print their address",
		Example: "  loci serve --addr 127.0.0.1:7878\n  loci serve --open experiments/memory-rewriting.md",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.file = args[0]
			}
			f.nothing = !open
			return c.open(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVar(&f.addr, "addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	cmd.Flags().BoolVar(&open, "open", false, "open the browser, too")
	cmd.Flags().StringVar(&f.run, "run", "", "run the notebook at this budget at once: fast, laptop, full")
	return cmd
}

// open shows the pages: in this program's own window where it was built with one, else in the window program beside it, else in
// the browser.
func (c *cli) open(ctx context.Context, f openFlags) error {
	if !f.browser && !hasWindow {
		if window := windowProgram(); window != "" && displayed() {
			return c.handOver(ctx, window, f)
		}
	}
	e, err := c.openEnv(ctx)
	if lab.CodeOf(err) == lab.Conflict && f.run == "" {
		return c.handToRunning(ctx, f, err)
	}
	if err != nil {
		return err
	}
	return errors.Join(c.present(ctx, e, f), e.close())
}

// present serves the pages until the window is closed or ctx ends.
func (c *cli) present(ctx context.Context, e *env, f openFlags) error {
	var w *desktop
	if hasWindow && !f.browser {
		w = newDesktop(e)
	}
	s, err := e.serve(ctx, f, w)
	if err != nil {
		return err
	}
	if w != nil {
		return w.run(ctx, s)
	}
	fmt.Fprintf(c.err, "Loci is at %s\n", s.address)
	if !f.nothing {
		browse(c, s.once())
	}
	fmt.Fprintln(c.err, "Press Ctrl+C to stop; runs that are under way are kept and continue next time.")
	return s.wait(ctx)
}

// handOver starts the window program with the same wishes and waits for it.
func (c *cli) handOver(ctx context.Context, window string, f openFlags) error {
	args := []string{"open", "--home", c.cfg.Home}
	if f.run != "" {
		args = append(args, "--run", f.run)
	}
	if f.file != "" {
		args = append(args, f.file)
	}
	cmd := exec.CommandContext(ctx, window, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, c.out, c.err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit(max(e.ExitCode(), exitError))
		}
		return lab.Errorf(lab.Unavailable, "the window program %q cannot be started: %w", window, err).WithHint("use `loci open --browser`")
	}
	return nil
}

// windowProgram finds loci-desktop beside this program or on PATH; "" where there is none.
func windowProgram() string {
	name := "loci-desktop"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(self), name); executable(beside) {
			return beside
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

// displayed tells whether a window could be shown at all.
func displayed() bool {
	return runtime.GOOS != "linux" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// browse opens the system's browser. Where there is none the user is told to open the address by hand.
func browse(c *cli, address string) {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	if !displayed() {
		fmt.Fprintln(c.err, "No display here: open the address in a browser of this computer.")
		return
	}
	if err := exec.Command(name, args...).Start(); err != nil {
		fmt.Fprintf(c.err, "No browser could be started (%v): open the address by hand.\n", err)
	}
}
