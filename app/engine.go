package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/engine"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/trainer/shelf"
	"github.com/loci-lab/loci/backend/web"
)

// engineFlags say what the training engine lends out, and where.
type engineFlags struct {
	addr    string
	models  []string // folders of models, or folders that have such below them
	folder  string   // of checkpoints
	hosts   []string
	silence time.Duration
	hideKey bool // the key is not printed
}

func (c *cli) engineCommand() *cobra.Command {
	group := &cobra.Command{Use: "engine", Short: "The training engine: models of this computer for any client of the training protocol", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var f engineFlags
	serve := &cobra.Command{
		Use:   "serve",
		Short: "Serve models for training and sampling, and print how a client reaches them",
		Long: "Serve models for training and sampling over the training protocol, and print how a client reaches them.\n\n" +
			"The model " + shelf.TinyName + " is always there: random weights, 256 tokens that are bytes. LOCI_ENGINE_KEY sets the key that\n" +
			"clients send (tml- and at least 16 characters); without it a random one is made.",
		Example: "  loci engine serve\n  loci engine serve --addr 127.0.0.1:8000 --models ~/models/tiny",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("threads") {
				c.cfg.Threads = runtime.NumCPU()
			}
			return c.engineServe(cmd.Context(), f)
		},
	}
	serve.Flags().StringVar(&f.addr, "addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	serve.Flags().StringArrayVar(&f.models, "models", nil, "folder of a model, or a folder with models below it; may be repeated (default: bases in the data folder)")
	serve.Flags().StringVar(&f.folder, "folder", "", "where checkpoints are kept (default: engine in the data folder)")
	serve.Flags().StringArrayVar(&f.hosts, "host", nil, "another name under which this server may be addressed; may be repeated")
	serve.Flags().DurationVar(&f.silence, "silence", 5*time.Minute, "a session without a sign of life for longer ends, and its models with it; negative: never")
	serve.Flags().BoolVar(&f.hideKey, "hide-key", false, "do not print the key, for a log that others may read")
	group.AddCommand(serve)
	return group
}

func (c *cli) engineServe(ctx context.Context, f engineFlags) error {
	log := slog.New(slog.NewTextHandler(c.err, nil))
	kernels, err := num.Family(c.cfg.Kernel)
	if err != nil {
		return lab.Errorf(lab.Invalid, "%w", err)
	}
	core := num.NewCore(kernels, c.cfg.Threads)
	defer core.Close()
	bases, err := c.bases(shelf.New(core), f.models, log)
	if err != nil {
		return err
	}
	s, err := c.newEngine(f, bases, log)
	if err != nil {
		return err
	}
	l, err := web.Listen(ctx, f.addr)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	key := s.Key()
	if f.hideKey {
		key = "[secret]"
	}
	c.sayEngine(l, key, bases)
	return errors.Join(serveEngine(ctx, l, s, log), s.Close())
}

func (c *cli) newEngine(f engineFlags, bases []engine.Base, log *slog.Logger) (*engine.Server, error) {
	key := os.Getenv("LOCI_ENGINE_KEY")
	if key == "" {
		key = engine.NewKey()
	}
	if f.folder == "" {
		f.folder = filepath.Join(c.cfg.Home, "engine")
	}
	return engine.New(engine.Config{Bases: bases, Folder: f.folder, Key: key, Hosts: f.hosts, Log: log, Limits: engine.Limits{Silence: f.silence}})
}

// bases reads the models that are lent out. A folder that the user named must hold a model; those below it that cannot be read are
// told and passed over.
func (c *cli) bases(s *shelf.Shelf, folders []string, log *slog.Logger) ([]engine.Base, error) {
	named := len(folders) > 0
	if !named {
		folders = []string{filepath.Join(c.cfg.Home, "bases")}
	}
	bases := []engine.Base{s.Tiny()}
	for _, folder := range folders {
		if _, err := os.Stat(folder); err != nil && !named {
			continue
		}
		models, errs := s.Read(folder)
		if len(models) == 0 && named {
			return nil, errors.Join(append(errs, lab.Errorf(lab.Invalid, "no model in %q", folder).WithHint("name a folder that holds config.json, model.safetensors and tokenizer.json"))...)
		}
		for _, err := range errs {
			log.Warn("a model is passed over", "error", err)
		}
		for _, m := range models {
			if slices.ContainsFunc(bases, func(b engine.Base) bool { return b.About().Name == m.About().Name }) {
				return nil, lab.Errorf(lab.Conflict, "two models have the name %q", m.About().Name).WithHint("name one folder above both, or rename one")
			}
			bases = append(bases, m)
		}
	}
	return bases, nil
}

// sayEngine prints what a client needs, in the form that a shell takes.
func (c *cli) sayEngine(l *web.Listener, key string, bases []engine.Base) {
	for _, b := range bases {
		about := b.About()
		fmt.Fprintf(c.err, "model %s: %s, context %d\n", about.Name, about.Arch, about.Context)
	}
	fmt.Fprintf(c.err, "export TINKER_BASE_URL=%s\nexport TINKER_API_KEY=%s\n", l.Base(), key)
	if !l.Loopback() {
		fmt.Fprintln(c.err, "This address can be reached from other computers, and what travels is not encrypted: prefer a tunnel to 127.0.0.1.")
	}
	fmt.Fprintln(c.err, "Press Ctrl+C to stop; checkpoints are kept, models in training are not.")
}

// serveEngine answers until ctx ends. Questions for results that are held then are cut: clients ask again.
func serveEngine(ctx context.Context, l *web.Listener, s *engine.Server, log *slog.Logger) error {
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l.Listener) }()
	select {
	case err := <-served:
		return lab.Errorf(lab.Unavailable, "the training engine at %s ended: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	_ = srv.Close()
	<-served
	return nil
}
