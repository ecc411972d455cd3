package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/store"
)

func (c *cli) listCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the papers of this build", Example: "  loci list --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			t := c.table("paper", "title", "memory", "world", "notebook")
			for _, p := range catalog.Papers() {
				if c.json {
					if err := c.print(p.Card); err != nil {
						return err
					}
					continue
				}
				t.AppendRow(table.Row{p.Card.Slug, p.Card.Title, p.Card.Form + ", " + p.Card.Control, p.Card.World, "experiments/" + p.Card.Notebook})
			}
			c.render(t)
			return nil
		},
	}
}

// table makes a table with that header; render prints it unless the output is for machines.
func (c *cli) table(header ...string) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(cells(header))
	return t
}

func (c *cli) render(t table.Writer) {
	if !c.json {
		fmt.Fprintln(c.out, t.Render())
	}
}

func (c *cli) runsCommand() *cobra.Command {
	var f store.RunFilter
	var inBin bool
	cmd := &cobra.Command{
		Use: "runs", Short: "List the runs of this computer, newest first",
		Example: "  loci runs --paper memory-rewriting --text lstm --limit 20", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				if inBin {
					return c.listBin(ctx, e, f.Limit)
				}
				return c.runs(ctx, e, f)
			})
		},
	}
	cmd.Flags().StringVar(&f.Paper, "paper", "", "only runs of this paper")
	cmd.Flags().StringVar(&f.Text, "text", "", "only runs with this text in paper, notebook, arm, case, key or error")
	cmd.Flags().IntVar(&f.Limit, "limit", 50, "how many at most; 0 is all")
	cmd.Flags().BoolVar(&inBin, "bin", false, "the deleted runs, which wait in the bin")
	return cmd
}

func (c *cli) runs(ctx context.Context, e *env, f store.RunFilter) error {
	runs, total, err := e.store.FindRuns(ctx, f)
	if err != nil {
		return err
	}
	t := c.table("key", "paper", "arm", "case", "seed", "budget", "state", "done", "seconds", "started")
	for _, r := range runs {
		if c.json {
			if err := c.print(r); err != nil {
				return err
			}
			continue
		}
		t.AppendRow(table.Row{r.Key, r.Paper, r.Arm, r.Case, r.Seed, r.Budget, r.State, fmt.Sprintf("%d of %d %s", r.Done, r.Total, r.Unit),
			fmt.Sprintf("%.1f", r.Seconds), r.Started.Local().Format(time.DateTime)})
	}
	c.render(t)
	if !c.json {
		fmt.Fprintf(c.out, "%d of %d runs\n", len(runs), total)
	}
	return nil
}

func (c *cli) showCommand() *cobra.Command {
	var kinds []string
	cmd := &cobra.Command{
		Use: "show RUN", Short: "Show one run: what it was, how it ended, its last values; with --json every event",
		Example: "  loci show 4f1c\n  loci show 4f1c --json --kind metric", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				r, err := e.find(ctx, args[0])
				if err != nil {
					return err
				}
				if c.json {
					return c.events(e, r, kinds)
				}
				return c.show(r)
			})
		},
	}
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "with --json: only events of these kinds")
	return cmd
}

// find returns the run whose key begins with that text.
func (e *env) find(ctx context.Context, key string) (store.Run, error) {
	runs, _, err := e.store.FindRuns(ctx, store.RunFilter{Text: key, Forks: true, Limit: 1000})
	if err != nil {
		return store.Run{}, err
	}
	return onlyRun(runs, key, "`loci runs` lists the keys")
}

// findBinned returns the run in the bin whose key begins with that text.
func (e *env) findBinned(ctx context.Context, key string) (store.Run, error) {
	found, _, err := e.store.FindBin(ctx, time.Time{}, 0, 0)
	if err != nil {
		return store.Run{}, err
	}
	runs := make([]store.Run, len(found))
	for i, b := range found {
		runs[i] = b.Run
	}
	return onlyRun(runs, key, "`loci runs --bin` lists the deleted runs")
}

// onlyRun returns the one run whose key begins with that text.
func onlyRun(runs []store.Run, key, hint string) (store.Run, error) {
	runs = slices.DeleteFunc(runs, func(r store.Run) bool { return len(r.Key) < len(key) || r.Key[:len(key)] != key })
	switch len(runs) {
	case 1:
		return runs[0], nil
	case 0:
		return store.Run{}, lab.Errorf(lab.NotFound, "no run has a key that begins with %q", key).WithHint("%s", hint)
	}
	return store.Run{}, lab.Errorf(lab.Invalid, "%d runs have a key that begins with %q", len(runs), key).WithHint("give more of the key")
}

func (c *cli) show(r store.Run) error {
	fmt.Fprintf(c.out, "%s\n%s, arm %s, case %s, seed %d, budget %s\n", r.Key, r.Paper, r.Arm, r.Case, r.Seed, r.Budget)
	fmt.Fprintf(c.out, "%s, %d of %d %s in %.1f s, kernel %s, %s\nrecord %s\n", r.State, r.Done, r.Total, r.Unit, r.Seconds, r.Kernel, r.Machine, r.Record)
	if r.Error != "" {
		fmt.Fprintf(c.out, "error: %s\n   do: %s\n", r.Error, r.Hint)
	}
	t := c.table("metric", "last value")
	for _, name := range sortedKeys(r.Final) {
		t.AppendRow(table.Row{name, fmt.Sprintf("%.6g", float64(r.Final[name]))})
	}
	c.render(t)
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// events prints the record's events, one JSON object a line.
func (c *cli) events(e *env, r store.Run, kinds []string) error {
	for _, k := range kinds {
		if !slices.Contains(lab.Kinds(), lab.Kind(k)) {
			return lab.Errorf(lab.Invalid, "event kind %q is unknown, want one of %v", k, lab.Kinds())
		}
	}
	return run.Events(filepath.Join(e.owner.Folder(r.Key), run.RecordFile), func(ev lab.Event) (bool, error) {
		if len(kinds) > 0 && !slices.Contains(kinds, string(ev.Kind())) {
			return true, nil
		}
		return true, c.print(map[string]any{"kind": ev.Kind(), "event": ev})
	})
}

func (c *cli) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff RUN RUN", Short: "Compare two runs: set-up, last values, and the first event in which their records differ",
		Example: "  loci diff 4f1c 9a02", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				a, err := e.find(ctx, args[0])
				if err != nil {
					return err
				}
				b, err := e.find(ctx, args[1])
				if err != nil {
					return err
				}
				return c.diff(e, a, b)
			})
		},
	}
}

func (c *cli) diff(e *env, a, b store.Run) error {
	t := c.table("", a.Key, b.Key)
	row := func(name string, x, y any) {
		if fmt.Sprint(x) == fmt.Sprint(y) {
			return
		}
		t.AppendRow(table.Row{name, x, y})
	}
	row("arm", a.Arm, b.Arm)
	row("case", a.Case, b.Case)
	row("seed", a.Seed, b.Seed)
	row("code", a.Code, b.Code)
	row("kernel", a.Kernel, b.Kernel)
	for _, s := range sortedKeys(a.Setup.Sections) {
		row(s, string(a.Setup.Sections[s]), string(b.Setup.Sections[s]))
	}
	for _, m := range sortedKeys(a.Final) {
		row(m, a.Final[m], b.Final[m])
	}
	d, err := record.Equal(filepath.Join(e.owner.Folder(a.Key), run.RecordFile), filepath.Join(e.owner.Folder(b.Key), run.RecordFile))
	if err != nil {
		return err
	}
	text := "the records are equal but for times"
	if d != nil {
		text = d.String()
	}
	if c.json {
		return c.print(map[string]any{"type": "diff", "a": a, "b": b, "records_equal": d == nil, "first_difference": text})
	}
	c.render(t)
	fmt.Fprintln(c.out, text)
	return nil
}
