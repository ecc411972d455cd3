package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// uiPatience is how long one round over all screens may take.
const uiPatience = 5 * time.Minute

// uiFound is one line of what the browser measured.
type uiFound struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit"`
	Values []float64 `json:"values"`
	Limit  float64   `json:"limit"` // of interface.md, at the 95th percentile
	Note   string    `json:"note"`
}

// benchUI opens the pages in headless Chromium on a made-up library of the sizes of interface.md, and times what a person waits for. Each
// value is the 95th percentile; the limits are those of the document, for two cores.
func benchUI(ctx context.Context, l *benchLab) ([]measure, error) {
	script := filepath.Join("frontend", "e2e", "bench.mjs")
	if _, err := os.Stat(script); err != nil {
		return nil, lab.Errorf(lab.NotFound, "%q is not here: the pages are measured from the project's folder: %w", script, err).WithHint("change to the project's folder, and run make build first")
	}
	home, err := os.MkdirTemp(uiTemp(), "loci-bench-")
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "no temporary folder can be made: %w", err).WithHint("free space on the disk")
	}
	defer func() { _ = os.RemoveAll(home) }() // a leftover in the temporary folder harms nobody
	l.say("making up a library of %d points, %d steps, %d entries and %d runs", uiPoints, uiSteps, uiEntries, uiRuns)
	if err := largeLibrary(ctx, home); err != nil {
		return nil, err
	}
	found, err := uiMeasure(ctx, l, script, home)
	var all []measure
	for _, f := range found {
		m := measure{Name: f.Name, Unit: f.Unit, Rounds: []float64{atShare(f.Values, 0.95)}, Note: f.Note, Threads: l.threads}
		if f.Limit > 0 {
			m.Limit = atMost(f.Limit)
		}
		all = append(all, m)
	}
	return all, err
}

// uiTemp prefers memory to a disk: thousands of runs are written one by one, and none is worth a sync.
func uiTemp() string {
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		return shared
	}
	return ""
}

// atShare returns the value below which that share of all lies.
func atShare(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return quantile(slices.Sorted(slices.Values(values)), share)
}

// uiMeasure serves the folder by this very program and lets the browser measure.
func uiMeasure(ctx context.Context, l *benchLab, script, home string) (found []uiFound, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "the path of this program is not known: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, uiPatience)
	defer cancel()
	serve := exec.CommandContext(ctx, self, "serve", "--home", home)
	serve.Cancel = func() error { return serve.Process.Signal(os.Interrupt) }
	serve.WaitDelay = 5 * time.Second
	said, err := serve.StderrPipe()
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "no pipe to %q: %w", self, err)
	}
	if err := serve.Start(); err != nil {
		return nil, lab.Errorf(lab.Unavailable, "%q cannot be started: %w", self, err)
	}
	defer func() {
		cancel()
		_ = serve.Wait() // it was told to stop
	}()
	address, err := addressIn(said)
	if err != nil {
		return nil, err
	}
	browser := exec.CommandContext(ctx, "node", script)
	browser.Env = append(os.Environ(), "LOCI_URL="+address, "LOCI_SERIES="+uiSeriesKey, "LOCI_EPISODE="+uiEpisodeKey, "LOCI_BANK="+uiBankKey)
	browser.Stderr = os.Stderr
	lines, err := browser.StdoutPipe()
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "no pipe to node: %w", err)
	}
	if err := browser.Start(); err != nil {
		return nil, lab.Errorf(lab.Unavailable, "node cannot be started: %w", err).WithHint("install Node.js, then npm ci in frontend")
	}
	for scan := bufio.NewScanner(lines); scan.Scan(); {
		var f uiFound
		if json.Unmarshal(scan.Bytes(), &f) == nil && f.Name != "" {
			l.say("  %s: %d values", f.Name, len(f.Values))
			found = append(found, f)
		}
	}
	if err := browser.Wait(); err != nil {
		return found, lab.Errorf(lab.Unavailable, "the browser's measuring failed: %w", err).WithHint("install Chromium (build/setup install) and the front end's packages (npm ci in frontend)")
	}
	if len(found) == 0 {
		return nil, errors.New("the browser measured nothing")
	}
	return found, nil
}
