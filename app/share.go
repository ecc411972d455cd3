package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	account "os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/bundle"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/web"
)

// readOnly is what everybody reads who opens a shared file.
const readOnly = "Opened for reading. Nothing was run."

// sharing is what the pages' server needs to export and import.
func (e *env) sharing() web.Sharing {
	return web.Sharing{Secrets: e.knownSecrets, Names: whoAndWhere(e.cfg.Home), Uses: e.uses, Commit: Commit,
		Index: func(ctx context.Context, record string) error { _, err := e.store.IndexRecord(ctx, record); return err }}
}

// knownSecrets reads the value of every stored secret: an export searches for them.
func (e *env) knownSecrets(ctx context.Context) ([]bundle.Known, error) {
	all, err := e.secrets.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]bundle.Known, 0, len(all))
	for _, k := range all {
		value, err := e.secrets.Get(ctx, k.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, bundle.Known{Name: k.Name, Value: value})
	}
	return out, nil
}

// whoAndWhere is what shared files leave out unless it is wanted.
func whoAndWhere(data string) bundle.Names {
	n := bundle.Names{Data: data}
	if home, err := os.UserHomeDir(); err == nil {
		n.Home = home
	}
	if u, err := account.Current(); err == nil {
		n.User = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		n.Machine = host
	}
	return n
}

// uses tells which target and which secret a rung needs, by name; both are "" for the built-in one.
func (c *cli) uses(model string) (name, secret string) {
	kind, name, _ := strings.Cut(model, " ")
	all, err := target.Read(c.targetsPath())
	switch {
	case kind != "service" && kind != "endpoint":
		return "", ""
	case err != nil:
		return name, ""
	case kind == "service":
		if s, err := all.Service(name); err == nil {
			secret = s.Secret
		}
	default:
		if s, err := all.Endpoint(name); err == nil {
			secret = s.Secret
		}
	}
	return name, secret
}

// shareFlags choose what is shared.
type shareFlags struct {
	out     string
	detail  string
	weights bool
	req     web.ShareRequest
}

func (f *shareFlags) flags(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVarP(&f.out, "out", "o", "", "file to write; empty is the notebook's name in this folder")
	fs.StringVar(&f.req.Budget, "budget", "", "fast, laptop or full; empty is what the notebook says")
	fs.StringVar(&f.req.Seeds, "seeds", "", "seeds, for example 0-4 or 100,103; empty is what the notebook says")
	fs.StringVar(&f.detail, "detail", "", "results, or a list of episodes, memory, weights; empty is episodes,memory")
	fs.StringVar(&f.req.Author, "author", "", "name to put on it; empty leaves it out")
	fs.BoolVar(&f.req.Names, "names", false, "keep paths of the home folder, and user and machine names")
	fs.StringSliceVar(&f.req.Without, "without", nil, "runs to leave out, as runs/KEY")
}

func (c *cli) exportCommand() *cobra.Command {
	var f shareFlags
	cmd := &cobra.Command{
		Use: "export NOTEBOOK", Short: "Write what a notebook has to show into one .loci file",
		Long: "Writes notebook, results and the records of finished and unfinished runs into one file that `loci open` opens. It runs nothing.\n" +
			"Sizes are told first. Every part is searched for stored secrets and for what looks like a key; a find stops the export.\n" +
			"docs/sharing.md says what is in the file.",
		Example: "  loci export experiments/memrl.md -o memrl.loci\n  loci export experiments/memrl.md --detail results --author \"Ada Lovelace\"\n  loci export notebooks/mine.md --weights --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.req.Form = "loci"
			return c.share(cmd.Context(), args[0], f, bundle.Suffix)
		},
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&f.weights, "weights", false, "share checkpoints, too")
	return cmd
}

func (c *cli) reportCommand() *cobra.Command {
	var f shareFlags
	cmd := &cobra.Command{
		Use: "report NOTEBOOK", Short: "Write what a notebook has to show into one HTML page that opens from disk, with the network off",
		Long: "Writes one page with the notebook, its verdicts, every chart with its raw values, and episodes and memory to step through.\n" +
			"It needs no server and asks nobody for anything. Above 100 MB it holds fewer episodes and says which.",
		Example: "  loci report experiments/memrl.md -o memrl.html\n  loci report experiments/memrl.md --budget fast --detail results",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.req.Form = "page"
			return c.share(cmd.Context(), args[0], f, ".html")
		},
	}
	f.flags(cmd)
	return cmd
}

// share writes a notebook into a file.
func (c *cli) share(ctx context.Context, notebookFile string, f shareFlags, end string) error {
	var err error
	if f.req.Detail, err = bundle.ParseDetail(f.detail); err != nil {
		return err
	}
	f.req.Detail.Weights = f.req.Detail.Weights || f.weights
	if f.out == "" {
		f.out = strings.TrimSuffix(filepath.Base(notebookFile), filepath.Ext(notebookFile)) + end
	}
	if s := f.req.Seeds; s != "" {
		if !strings.ContainsAny(s, "-,") {
			f.req.Seeds = s + "-" + s // a single number is that seed here, not a count as in a notebook
		}
		if _, err := notebook.ParseSeeds(f.req.Seeds); err != nil {
			return err
		}
	}
	return c.withEnv(ctx, func(ctx context.Context, e *env) error { return c.shareFrom(ctx, e, notebookFile, f) })
}

func (c *cli) shareFrom(ctx context.Context, e *env, notebookFile string, f shareFlags) (err error) {
	name, err := e.named(notebookFile)
	if err != nil {
		return err
	}
	pages, err := e.pages([]string{name})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pages.Close()) }()
	sizes, runs, err := pages.Sizes(ctx, name, f.req)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, "%d runs: results %s, episodes %s, memory history %s, weights %s. Sharing %s.\n",
		runs, size(sizes.Results), size(sizes.Episodes), size(sizes.Memory), size(sizes.Weights), f.req.Detail)
	b := newBar(c.err)
	leftOut, err := pages.Export(ctx, name, f.req, f.out, b.bytes)
	b.end()
	if err != nil {
		return err
	}
	info, err := os.Stat(f.out)
	if err != nil {
		return lab.Errorf(lab.Unavailable, "%q was written and cannot be found: %w", f.out, err)
	}
	for _, line := range leftOut {
		fmt.Fprintln(c.err, line)
	}
	if c.json {
		return c.print(map[string]any{"type": "shared", "file": f.out, "bytes": info.Size(), "form": f.req.Form, "runs": runs, "detail": f.req.Detail, "left_out": append([]string{}, leftOut...)})
	}
	fmt.Fprintf(c.err, "Wrote %s, %s.\n", f.out, size(info.Size()))
	return nil
}

// bytes shows how much was read.
func (b *bar) bytes(done, total int64, part string) {
	if total > 0 {
		b.draw(float64(done)/float64(total), filepath.Base(filepath.Dir(part))+"/"+filepath.Base(part))
	}
}

// size says bytes as people do.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

func (c *cli) importCommand() *cobra.Command {
	return &cobra.Command{
		Use: "import FILE", Short: "Take a .loci file in for reading: its notebook and its runs; nothing is run",
		Long: "Checks every part of the file against its hash, puts the notebook into your own folder and the runs beside yours, marked as imported.\n" +
			"A run that is here already is never touched.",
		Example: "  loci import shared.loci\n  loci import shared.loci --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				_, err := c.importFile(ctx, e, args[0])
				return err
			})
		},
	}
}

// importFile takes a file in, says what was in it and returns the notebook's path.
func (c *cli) importFile(ctx context.Context, e *env, name string) (path string, err error) {
	pages, err := e.pages(nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, pages.Close()) }()
	b := newBar(c.err)
	done, offer, err := pages.Import(ctx, name, b.bytes)
	b.end()
	if err != nil {
		return "", err
	}
	path = filepath.Join(e.cfg.Home, filepath.FromSlash(done.Path))
	if c.json {
		return path, c.print(map[string]any{"type": "imported", "notebook": path, "title": offer.Title, "added": done.Kept.Added, "same": done.Kept.Same,
			"conflicts": done.Kept.Conflicts, "wants": offer.Wants})
	}
	c.sayImported(done, offer, path)
	return path, nil
}

func (c *cli) sayImported(done web.ImportDone, offer web.ImportOffer, path string) {
	by := ""
	if offer.Author != "" {
		by = " by " + printable(offer.Author)
	}
	fmt.Fprintf(c.err, "%s\n%s%s, made on %s. %s\n", readOnly, printable(offer.Title), by, printable(offer.Made.Machine), printable(offer.Sentence))
	fmt.Fprintf(c.err, "Notebook %s; %d runs added, %d were here already.\n", path, len(done.Kept.Added), len(done.Kept.Same))
	if len(done.Kept.Conflicts) > 0 {
		fmt.Fprintf(c.err, "These runs are here with other results, and yours were kept: %s.\n", strings.Join(done.Kept.Conflicts, ", "))
	}
	for _, w := range []struct {
		what  string
		names []string
	}{{"targets", offer.Wants.Targets}, {"secrets", offer.Wants.Secrets}, {"data", offer.Wants.Data}, {"programs", offer.Wants.Program}} {
		if len(w.names) > 0 {
			fmt.Fprintf(c.err, "To run it, it wants these %s: %s.\n", w.what, printable(strings.Join(w.names, ", ")))
		}
	}
}

// printable keeps a stranger's text from moving the cursor of a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// opened returns the name under which the pages know a file that is to be opened; an experiment file is taken in for reading first.
func (e *env) opened(ctx context.Context, file string) (string, error) {
	if strings.ToLower(filepath.Ext(file)) != bundle.Suffix {
		return e.named(file)
	}
	pages, err := e.pages(nil)
	if err != nil {
		return "", err
	}
	done, offer, err := pages.Import(ctx, file, nil)
	if err = errors.Join(err, pages.Close()); err != nil {
		return "", err
	}
	e.imported(done, offer, filepath.Join(e.cfg.Home, filepath.FromSlash(done.Path)))
	return done.Path, nil
}
