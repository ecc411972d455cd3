package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// Rebuilt says what Rebuild read.
type Rebuilt struct {
	Runs     int
	Events   int
	Problems []RecordProblem // records that could not be read, or not to their end
}

// RecordProblem is a record that could not be read.
type RecordProblem struct {
	Path string
	Err  error
}

// Rebuild reads all records below a folder into the library. A record that cannot be read is reported and passed over. Of several
// records of one run the one that ended as done counts, else the newest.
func (s *Store) Rebuild(ctx context.Context, folder string) (Rebuilt, error) {
	var out Rebuilt
	paths, err := recordsBelow(folder)
	if err != nil {
		return out, diskError(err, "folder of records %q cannot be read", folder)
	}
	best, keys := map[string]candidate{}, map[string]string{}
	for _, path := range paths {
		c, err := consider(path)
		if err != nil {
			out.Problems = append(out.Problems, RecordProblem{Path: path, Err: err})
			continue
		}
		keys[path] = c.key
		if old, ok := best[c.key]; c.key != "" && (!ok || c.better(old)) {
			best[c.key] = c
		}
	}
	for _, path := range paths { // in the order of paths, so that two rebuilds are alike
		if c, ok := best[keys[path]]; !ok || c.path != path {
			continue
		}
		indexed, err := s.IndexRecord(ctx, path)
		out.Events += indexed.Events
		if lab.CodeOf(err) == lab.Invalid {
			out.Problems = append(out.Problems, RecordProblem{Path: path, Err: err})
		} else if err != nil {
			return out, err
		}
		out.Runs++
	}
	return out, nil
}

// recordsBelow lists the records in a folder and its folders, without those that Repair put aside.
func recordsBelow(folder string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) && path == folder {
				return filepath.SkipAll // nothing was ever run
			}
			return err
		}
		if d.Type().IsRegular() && !strings.Contains(d.Name(), ".broken-") && record.IsRecord(path) {
			out = append(out, path)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

// candidate is a record that may stand for a run.
type candidate struct {
	path    string
	key     string
	started time.Time
}

func consider(path string) (candidate, error) {
	first, _, err := firstEvent(path)
	if err != nil || first == nil {
		return candidate{}, err
	}
	return candidate{path: path, key: first.start.Key, started: first.at}, nil
}

// better looks at the ends only where two records compete, which is rare.
func (c candidate) better(than candidate) bool {
	a, b := endedWell(c.path), endedWell(than.path)
	if a != b {
		return a
	}
	return c.started.After(than.started)
}

func endedWell(path string) bool {
	r, err := record.Open(path)
	if err != nil {
		return false
	}
	defer r.Close()
	if !r.Ended() {
		return false
	}
	f, err := r.At(r.Len() - 1)
	if err != nil {
		return false
	}
	ev, err := f.Event()
	end, ok := ev.(lab.End)
	return err == nil && ok && end.Status == lab.StatusDone
}

// Salvaged counts the rows without records that a damaged database still gave.
type Salvaged struct {
	Looks    int
	States   int
	Settings int
	Lost     []string // tables that could not be read to their end
}

// renew puts the damaged database aside and fills a new one.
func (s *Store) renew(ctx context.Context, cause error, records string, report *Opened) error {
	if err := s.closePools(); err != nil {
		return sqlError(err, "damaged library %q cannot be closed", s.path)
	}
	broken, err := putAside(s.path)
	if err != nil {
		return err
	}
	report.Broken, report.Cause = broken, cause.Error()
	if err := errors.Join(s.openPools(ctx), s.migrate(ctx)); err != nil {
		return err
	}
	if report.Salvaged, err = s.salvage(ctx, broken); err != nil || records == "" {
		return err
	}
	report.Rebuilt, err = s.Rebuild(ctx, records)
	return err
}

// putAside renames the database and its companions to the first free name PATH.broken-N.
func putAside(path string) (string, error) {
	for n := 1; n < 1000; n++ {
		broken := fmt.Sprintf("%s.broken-%d", path, n)
		if fileExists(broken) {
			continue
		}
		for _, end := range []string{"-wal", "-shm", ""} {
			if err := os.Rename(path+end, broken+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", diskError(err, "damaged library %q cannot be put aside", path)
			}
		}
		return broken, nil
	}
	return "", lab.Errorf(lab.Unavailable, "damaged library %q cannot be put aside: 999 names are taken", path).
		WithHint("remove old %s.broken-* files", path)
}

// salvage copies looks, states and settings out of a damaged database, row by row as far as they can be read.
func (s *Store) salvage(ctx context.Context, broken string) (Salvaged, error) {
	var out Salvaged
	old, err := sql.Open("sqlite3", source(broken, "mode=ro&_query_only=on&_busy_timeout=5000"))
	if err != nil {
		return out, sqlError(err, "damaged library %q cannot be opened", broken)
	}
	defer old.Close()
	for _, t := range []struct {
		name    string
		columns []string
		count   *int
	}{
		{"looks", []string{"notebook", "claim", "bound", "seeds", "first_ms", "extended"}, &out.Looks},
		{"notebook_states", []string{"path", "revision", "text", "at_ms", "why"}, &out.States},
		{"settings", []string{"name", "value", "changed_ms"}, &out.Settings},
	} {
		rows, readErr := readable(ctx, old, t.name, t.columns)
		if readErr != nil {
			out.Lost = append(out.Lost, t.name)
		}
		err := s.write(ctx, fmt.Sprintf("rows of %q cannot be kept", broken), func(tx *sql.Tx) error {
			n, err := insertReadable(ctx, tx, t.name, t.columns, rows)
			*t.count = n
			return err
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// readable returns the rows up to the first that cannot be read, and that error.
func readable(ctx context.Context, q querier, table string, columns []string) ([][]any, error) {
	var out [][]any
	rows, err := q.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+table+" ORDER BY rowid")
	if table == "settings" { // it has no rowid
		rows, err = q.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+table+" ORDER BY name")
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		values := make([]any, len(columns))
		to := make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return out, err
		}
		out = append(out, values)
	}
	return out, rows.Err()
}

// insertReadable inserts the rows that the new tables accept: a damaged page may hold anything.
func insertReadable(ctx context.Context, tx *sql.Tx, table string, columns []string, rows [][]any) (int, error) {
	insert := "INSERT OR IGNORE INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
	kept := 0
	for _, row := range rows {
		if _, err := tx.ExecContext(ctx, insert, row...); err != nil {
			if lab.CodeOf(sqlError(err, "row")) != lab.Invalid && lab.CodeOf(sqlError(err, "row")) != lab.Internal {
				return kept, err // the disk, not the row
			}
			continue
		}
		kept++
	}
	return kept, nil
}
