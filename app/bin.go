package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/settings"
	"github.com/loci-lab/loci/backend/store"
)

// bin is the bin as pages reach it: the owner moves runs, the library lists them.
type bin struct {
	*sched.Owner
	*store.Store
}

// binPause is how often the bin is looked at for what is old enough.
const binPause = time.Hour

// emptyBin removes deleted runs that have waited long enough, now and every hour until ctx ends.
func (e *env) emptyBin(ctx context.Context) {
	tick := time.NewTicker(binPause)
	defer tick.Stop()
	for {
		days := int(e.settings.Number(settings.BinDays))
		if n, err := e.owner.EmptyBin(ctx, time.Now().AddDate(0, 0, -days)); err != nil && ctx.Err() == nil {
			e.log.Warn("the bin could not be emptied", "removed", n, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *cli) deleteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delete RUN...", Short: "Put runs into the bin; `loci restore` takes them out again",
		Long:    "Puts runs into the bin. No list shows them any more, and a notebook that wants one runs it again. Their records stay until they have\nwaited for the days that Settings, Limits, Bin says. Recorded results that ship with Loci are no runs and cannot be deleted.",
		Example: "  loci delete 4f1c\n  loci runs --bin", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				return c.moveRuns(ctx, e, args, "deleted", e.find, e.owner.Bin)
			})
		},
	}
}

func (c *cli) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore RUN...", Short: "Take runs out of the bin, as they were", Example: "  loci restore 4f1c", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				return c.moveRuns(ctx, e, args, "restored", e.findBinned, e.owner.Restore)
			})
		},
	}
}

// moveRuns finds all runs first, so that a slip of the finger moves none.
func (c *cli) moveRuns(ctx context.Context, e *env, names []string, did string, find func(context.Context, string) (store.Run, error), move func(context.Context, string) error) error {
	var runs []store.Run
	var errs []error
	for _, name := range names {
		r, err := find(ctx, name)
		runs, errs = append(runs, r), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return errs[firstError(errs)]
	}
	for _, r := range runs {
		if err := move(ctx, r.Key); err != nil {
			return err
		}
		if c.json {
			if err := c.print(map[string]string{"type": did, "key": r.Key}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(c.err, "Run %s (%s, seed %d) is %s.\n", r.Key, r.Arm, r.Seed, did)
	}
	return nil
}

func firstError(errs []error) int {
	for i, err := range errs {
		if err != nil {
			return i
		}
	}
	return 0
}

// listBin prints what is in the bin.
func (c *cli) listBin(ctx context.Context, e *env, limit int) error {
	found, total, err := e.store.FindBin(ctx, time.Time{}, limit, 0)
	if err != nil {
		return err
	}
	days := int(e.settings.Number(settings.BinDays))
	t := c.table("key", "paper", "arm", "case", "seed", "budget", "deleted", "removed")
	for _, b := range found {
		gone := b.Since.AddDate(0, 0, days)
		if c.json {
			if err := c.print(map[string]any{"type": "deleted", "key": b.Run.Key, "paper": b.Run.Paper, "arm": b.Run.Arm, "case": b.Run.Case, "seed": b.Run.Seed,
				"since": b.Since, "gone": gone}); err != nil {
				return err
			}
			continue
		}
		t.AppendRow(table.Row{b.Run.Key, b.Run.Paper, b.Run.Arm, b.Run.Case, b.Run.Seed, b.Run.Budget, b.Since.Local().Format(time.DateTime), gone.Local().Format(time.DateOnly)})
	}
	if !c.json {
		c.render(t)
		fmt.Fprintf(c.out, "%d of %d deleted runs\n", len(found), total)
	}
	return nil
}
