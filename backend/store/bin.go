package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Binned is a run in the bin, and since when.
type Binned struct {
	Run   Run
	Since time.Time
}

// BinRun puts a run into the bin: no list shows it any more, and nothing of it is lost. One that is there already stays as it is.
// not-found when there is no such run.
func (s *Store) BinRun(ctx context.Context, key string) error {
	return s.write(ctx, fmt.Sprintf("run %q cannot be put into the bin", key), func(tx *sql.Tx) error {
		r, err := findRun(ctx, tx, key)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO bin (run, at_ms) VALUES (?, ?) ON CONFLICT (run) DO NOTHING", r.id, ms(s.now()))
		return err
	})
}

// RestoreRun takes a run out of the bin. not-found when there is no such run, or it is not in the bin.
func (s *Store) RestoreRun(ctx context.Context, key string) error {
	return s.deleteOne(ctx, "run in the bin", key, "DELETE FROM bin WHERE run = (SELECT id FROM runs WHERE key = ?)", key)
}

// IsBinned tells whether a run is in the bin; one that does not exist is not.
func (s *Store) IsBinned(ctx context.Context, key string) (bool, error) {
	n, err := one(ctx, s.readers, scanWhole, "SELECT count(*) FROM bin JOIN runs ON runs.id = bin.run WHERE runs.key = ?", key)
	return n > 0, sqlError(err, "the bin cannot be read")
}

// FindBin returns what was put into the bin before that time, the oldest first; the zero time means all.
func (s *Store) FindBin(ctx context.Context, before time.Time, limit, offset int) (found []Binned, total int, err error) {
	if before.IsZero() {
		before = time.UnixMilli(1 << 52)
	}
	total64, err := one(ctx, s.readers, scanWhole, "SELECT count(*) FROM bin WHERE at_ms < ?", ms(before))
	if err != nil {
		return nil, 0, sqlError(err, "the bin cannot be counted")
	}
	type place struct {
		key   string
		since int64
	}
	scan := func(rows *sql.Rows) (p place, err error) { return p, rows.Scan(&p.key, &p.since) }
	places, err := all(ctx, s.readers, scan, "SELECT runs.key, bin.at_ms FROM bin JOIN runs ON runs.id = bin.run WHERE bin.at_ms < ? ORDER BY bin.at_ms, bin.run"+page(limit, offset), ms(before))
	if err != nil {
		return nil, 0, sqlError(err, "the bin cannot be read")
	}
	for _, p := range places {
		r, err := s.FindRun(ctx, p.key)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, Binned{r, at(p.since)})
	}
	return found, int(total64), nil
}

func scanWhole(rows *sql.Rows) (n int64, err error) { return n, rows.Scan(&n) }
