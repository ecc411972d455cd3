package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
)

func (c *cli) doctorCommand() *cobra.Command {
	var repair bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check this computer, the data folder and every record; --repair mends what can be mended",
		Example: "  loci doctor\n  loci doctor --repair", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error { return c.doctor(ctx, e, repair) })
		},
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "cut damaged records back to their whole part (the damaged file is kept) and read all records into the library again")
	return cmd
}

func (c *cli) doctor(ctx context.Context, e *env, repair bool) error {
	t := c.table("what", "state")
	note := func(what, state string) {
		t.AppendRow(table.Row{what, state})
		if c.json {
			_ = c.print(map[string]string{"type": "check", "what": what, "state": state})
		}
	}
	note("program", fmt.Sprintf("%s %s, %s", Version, Commit, runtime.Version()))
	note("machine", run.Machine())
	note("kernel", fmt.Sprintf("%s in use, available %v", e.kernel, num.Families()))
	note("data folder", e.cfg.Home)
	note("library", "whole")
	damaged, err := e.checkRecords(note, repair)
	if err != nil {
		return err
	}
	if repair {
		r, err := e.store.Rebuild(ctx, filepath.Join(e.cfg.Home, "runs"))
		if err != nil {
			return err
		}
		note("rebuilt", fmt.Sprintf("%+v", r))
	}
	c.render(t)
	if damaged > 0 && !repair {
		fmt.Fprintf(c.err, "%d records are damaged\n   do: loci doctor --repair\n", damaged)
		return exit(exitError)
	}
	return nil
}

// checkRecords reads every record of the data folder and returns how many are damaged.
func (e *env) checkRecords(note func(what, state string), repair bool) (damaged int, err error) {
	files, err := filepath.Glob(filepath.Join(e.cfg.Home, "runs", "*", "*", run.RecordFile))
	if err != nil {
		return 0, err
	}
	ended, bytes := 0, int64(0)
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			bytes += info.Size()
		}
		r, err := record.Open(f)
		if err != nil {
			note(f, err.Error())
			damaged++
			continue
		}
		if r.Ended() {
			ended++
		}
		if d := r.Damage(); d != nil {
			damaged++
			note(f, fmt.Sprint(d))
			if repair {
				got, err := record.Repair(f)
				if err != nil {
					return damaged, err
				}
				note(f, fmt.Sprintf("repaired: %+v", got))
			}
		}
		if err := r.Close(); err != nil {
			return damaged, err
		}
	}
	note("records", fmt.Sprintf("%d, of which %d ended and %d are damaged; %.1f MB", len(files), ended, damaged, float64(bytes)/1e6))
	return damaged, nil
}
