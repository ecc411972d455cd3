package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/settings"
	"github.com/loci-lab/loci/backend/store"
	"github.com/loci-lab/loci/backend/web"
	"github.com/loci-lab/loci/experiments"
)

// env is an open data folder with everything that works on it.
type env struct {
	cfg      Config
	kernel   string // family that is used
	log      *slog.Logger
	store    *store.Store
	settings *settings.Book
	test     web.TestTarget
	services web.Services
	hub      *hub.Hub
	owner    *sched.Owner
	shipped  fs.FS
	recorded *recorded
	secrets  *secretStore
	uses     func(model string) (target, secret string)                    // what a rung needs, by name
	imported func(done web.ImportDone, offer web.ImportOffer, path string) // tells the person what was taken in
}

// withEnv opens the data folder, does f, and closes it again, waiting for all runs.
func (c *cli) withEnv(ctx context.Context, f func(context.Context, *env) error) error {
	e, err := c.openEnv(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, e), e.close())
}

func (c *cli) openEnv(ctx context.Context) (*env, error) {
	kernels, err := num.Family(c.cfg.Kernel)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "kernel family %q cannot be used: %w", c.cfg.Kernel, err).
			WithHint("use one of %q, or leave LOCI_KERNEL and --kernel empty", num.Families())
	}
	e := &env{cfg: c.cfg, kernel: kernels.Name, shipped: experiments.Files, recorded: newRecorded(experiments.Files)}
	e.log = slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	opened := store.Opened{}
	e.store, opened, err = store.Open(ctx, c.cfg.Home, store.Options{Records: filepath.Join(c.cfg.Home, "runs")})
	if err != nil {
		return nil, err
	}
	if opened.Broken != "" {
		fmt.Fprintf(c.err, "The library was damaged (%s). It was put aside as %s and made anew from the records of the runs.\n", opened.Cause, opened.Broken)
	}
	// The lock of the data folder is ours, so whoever had these runs under way is gone.
	if _, err := e.store.InterruptRuns(ctx); err != nil {
		return nil, errors.Join(err, e.store.Close())
	}
	if e.settings, err = openSettings(ctx, e.store, c.err); err != nil {
		return nil, errors.Join(err, e.store.Close())
	}
	c.takeSettings(e.settings)
	e.cfg = c.cfg
	e.hub, e.secrets = hub.New(), c.secrets()
	e.test, e.services = c.pageTest(e), pageServices{c, e}
	e.uses, e.imported = c.uses, c.sayImported
	secrets := notedSecrets{e.secrets, e.store}
	e.owner = sched.New(sched.Config{Home: c.cfg.Home, Store: e.store, Hub: e.hub, Papers: papers{}, Expect: e.expect,
		Bench: lab.Bench{Kernel: kernels.Name, Threads: max(c.cfg.Threads, 1), Cache: c.cfg.Home, Data: c.dataFile, Allow: c.allowProgram,
			Service: c.serviceFinder(ctx, secrets), Endpoint: capped(c.endpointFinder(ctx, secrets), e.settings)}, Kernel: kernels.Name, Workers: c.cfg.Jobs, Commit: Commit,
		Machine: run.Machine(), Log: e.log, Disk: sched.Disk{Free: e.diskFree, Floor: diskFloor(e.settings)},
		Places: c.siteFinder(ctx, secrets), Prices: c.servicePrice, Named: c.relays.behind, Vocabulary: vocabulary{}})
	return e, nil
}

// expect is the first estimate of a run's time, from the results that ship.
func (e *env) expect(setup lab.Setup, arm, kase string) (seconds float64, basis string, ok bool) {
	return e.recorded.expect(e.kernel, setup, arm, kase)
}

func (e *env) close() error {
	e.owner.Close()
	e.hub.Close()
	return e.store.Close()
}

// shippedName returns the name under which a notebook ships, when the file is not there but its name is one of ours: `loci open
// experiments/memory-rewriting.md` works from any folder.
func (e *env) shippedName(file string) (string, bool) {
	if _, err := os.Stat(file); err == nil {
		return "", false
	}
	name := filepath.Base(file)
	if _, err := fs.Stat(e.shipped, name); err != nil {
		return "", false
	}
	return "experiments/" + name, true
}

// load reads a notebook and refuses one with problems, all of which it lists.
func (e *env) load(file string) (*notebook.Document, error) {
	var doc *notebook.Document
	if _, ok := e.shippedName(file); ok {
		src, err := fs.ReadFile(e.shipped, filepath.Base(file))
		if err != nil {
			return nil, lab.Errorf(lab.Internal, "notebook %q cannot be read: %w", file, err)
		}
		doc, _ = notebook.Parse(file, src, vocabulary{})
	} else {
		var err error
		if doc, err = notebook.Load(file, vocabulary{}); err != nil {
			return nil, err
		}
	}
	return doc, problems(doc.Problems())
}

// problems joins what is wrong with a notebook into one error that lists all of it, a line each.
func problems(all []notebook.Problem) error {
	if len(all) < 2 {
		return notebook.Err(all)
	}
	lines := make([]string, len(all))
	for i, p := range all {
		lines[i] = strings.ReplaceAll(p.String(), "\n\t", "\n   do: ")
	}
	return lab.Errorf(lab.Invalid, "%d things are wrong with the notebook, and nothing was run:\n%s", len(all), strings.Join(lines, "\n")).
		WithHint("mend the first; others may follow from it")
}
