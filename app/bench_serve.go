package app

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	servePatience = 20 * time.Second
	serveWant     = 300 // milliseconds
)

// benchServe starts this very program with `serve` on an empty data folder and asks for the first page as a browser does.
func benchServe(ctx context.Context, l *benchLab) ([]measure, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "the path of this program is not known: %w", err)
	}
	m := measure{Name: "start to first page", Unit: "ms", Threads: 1, Limit: atMost(serveWant)}
	err = l.inRounds(ctx, func(int) error {
		t, err := firstPage(ctx, self)
		m.Rounds = append(m.Rounds, float64(t)/float64(time.Millisecond))
		return err
	})
	return []measure{m}, err
}

// firstPage returns the time from the start of the process until the first page was read to its end.
func firstPage(ctx context.Context, program string) (t time.Duration, err error) {
	home, err := os.MkdirTemp("", "loci-bench-")
	if err != nil {
		return 0, lab.Errorf(lab.Unavailable, "no temporary folder can be made: %w", err).WithHint("free space on the disk")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	ctx, cancel := context.WithTimeout(ctx, servePatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "serve")
	cmd.Env = append(os.Environ(), "LOCI_HOME="+home)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	said, err := cmd.StderrPipe()
	if err != nil {
		return 0, lab.Errorf(lab.Internal, "no pipe to %q: %w", program, err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, lab.Errorf(lab.Unavailable, "%q cannot be started: %w", program, err)
	}
	address, err := addressIn(said)
	if err == nil {
		err = openPage(ctx, address)
	}
	t = time.Since(start)
	cancel()
	_, _ = io.Copy(io.Discard, said) // until the program has ended, as the pipe demands
	_ = cmd.Wait()                   // it was told to stop: how it did so is not measured
	return t, err
}

var addressPattern = regexp.MustCompile(`https?://\S+`)

// addressIn reads what a starting server says until it has named its address.
func addressIn(r io.Reader) (string, error) {
	var said []string
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if a := addressPattern.FindString(lines.Text()); a != "" {
			return a, nil
		}
		said = append(said, lines.Text())
	}
	return "", lab.Errorf(lab.Unavailable, "the server ended without an address; it said %q", strings.Join(said, "; ")).
		WithHint("try `loci serve` by hand")
}

// openPage logs in and reads the page to which that leads.
func openPage(ctx context.Context, address string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return lab.Errorf(lab.Internal, "no cookie jar: %w", err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return lab.Errorf(lab.Internal, "address %q cannot be asked: %w", address, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return lab.Errorf(lab.Unavailable, "the first page did not come: %w", err)
	}
	page, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return lab.Errorf(lab.Unavailable, "the first page broke off: %w", err)
	}
	if resp.StatusCode != http.StatusOK || !strings.Contains(strings.ToLower(string(page)), "<html") {
		return lab.Errorf(lab.Unavailable, "the first page has status %d and %d bytes, want 200 and HTML", resp.StatusCode, len(page)).
			WithHint("build the program with its pages: `make build`, then bin/loci bench serve")
	}
	return nil
}
