package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
)

// MetricRow is one metric event of a run's record.
type MetricRow struct {
	Name  string
	Seq   int64 // of the event
	X     int64
	Value lab.Float
}

// AddMetrics adds rows in one transaction. Rows whose sequence number is there already are passed over.
func (s *Store) AddMetrics(ctx context.Context, key string, rows []MetricRow) error {
	return s.write(ctx, fmt.Sprintf("metrics of run %q cannot be added", key), func(tx *sql.Tx) error {
		r, err := findRun(ctx, tx, key)
		if err != nil {
			return err
		}
		return addMetrics(ctx, tx, r.id, rows)
	})
}

func addMetrics(ctx context.Context, tx *sql.Tx, run int64, rows []MetricRow) error {
	if len(rows) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO metrics (run, name, seq, x, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, m := range rows {
		if _, err := stmt.ExecContext(ctx, run, m.Name, m.Seq, m.X, real64(m.Value)); err != nil {
			return err
		}
	}
	return nil
}

// real64 makes a column value; SQLite has no NaN and keeps NULL for it.
func real64(f lab.Float) any {
	if math.IsNaN(float64(f)) {
		return nil
	}
	return float64(f)
}

// float is the inverse of real64.
func float(v sql.NullFloat64) lab.Float {
	if !v.Valid {
		return lab.Float(math.NaN())
	}
	return lab.Float(v.Float64)
}

// Values returns one metric of a run in the order of its record: xs [N] in the metric's x unit and ys [N]; both are empty when the
// run has no such metric. not-found without the run.
func (s *Store) Values(ctx context.Context, key, metric string) (xs []int64, ys []float64, err error) {
	id, err := s.runID(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	var first, last sql.NullInt64
	row := s.readers.QueryRowContext(ctx, "SELECT min(seq), max(seq) FROM metrics WHERE run = ? AND name = ?", id, metric)
	if err := row.Scan(&first, &last); err != nil {
		return nil, nil, sqlError(err, "metric %q of run %q cannot be read", metric, key)
	}
	if !first.Valid {
		return nil, nil, nil
	}
	xs, ys, err = s.valuesIn(ctx, id, metric, first.Int64, last.Int64+1)
	return xs, ys, sqlError(err, "metric %q of run %q cannot be read", metric, key)
}

// longSeries is the number of events over which a series is read by two connections at once, half by half: a chart of a million points
// waits for nothing else as long.
const longSeries = 100_000

// valuesIn reads the rows from one sequence number up to another.
func (s *Store) valuesIn(ctx context.Context, run int64, metric string, from, to int64) (xs []int64, ys []float64, err error) {
	if to-from <= longSeries {
		return s.valuesOf(ctx, run, metric, from, to)
	}
	middle := from + (to-from)/2
	var moreX []int64
	var moreY []float64
	var moreErr error
	var other sync.WaitGroup
	other.Go(func() { moreX, moreY, moreErr = s.valuesOf(ctx, run, metric, middle, to) })
	xs, ys, err = s.valuesOf(ctx, run, metric, from, middle)
	other.Wait()
	return append(xs, moreX...), append(ys, moreY...), errors.Join(err, moreErr)
}

// valuesOf reads rows into two columns and no row struct. Columns are taken as the driver gives them: database/sql converts into typed
// destinations by reflection, which took a third of the time.
func (s *Store) valuesOf(ctx context.Context, run int64, metric string, from, to int64) (xs []int64, ys []float64, err error) {
	rows, err := s.readers.QueryContext(ctx, "SELECT x, value FROM metrics WHERE run = ? AND name = ? AND seq >= ? AND seq < ? ORDER BY seq",
		run, metric, from, to)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var x, y any
	for rows.Next() {
		if err := rows.Scan(&x, &y); err != nil {
			return nil, nil, err
		}
		at, whole := x.(int64)
		if !whole {
			return nil, nil, lab.Errorf(lab.Internal, "column x holds a %T", x)
		}
		value, ok := y.(float64)
		if !ok {
			value = math.NaN() // NULL, as real64 writes it
		}
		xs, ys = append(xs, at), append(ys, value)
	}
	return xs, ys, rows.Err()
}

// MetricsAfter returns the rows of one metric behind a sequence number: for charts that hold the ones before.
func (s *Store) MetricsAfter(ctx context.Context, key, metric string, seq int64) ([]MetricRow, error) {
	id, err := s.runID(ctx, key)
	if err != nil {
		return nil, err
	}
	rows, err := all(ctx, s.readers, scanMetric,
		"SELECT name, seq, x, value FROM metrics WHERE run = ? AND name = ? AND seq > ? ORDER BY seq", id, metric, seq)
	return rows, sqlError(err, "metric %q of run %q cannot be read", metric, key)
}

func scanMetric(rows *sql.Rows) (MetricRow, error) {
	var m MetricRow
	var v sql.NullFloat64
	err := rows.Scan(&m.Name, &m.Seq, &m.X, &v)
	m.Value = float(v)
	return m, err
}

// MetricNames returns the metrics that a run has values of, in the order of the alphabet.
func (s *Store) MetricNames(ctx context.Context, key string) ([]string, error) {
	id, err := s.runID(ctx, key)
	if err != nil {
		return nil, err
	}
	// Jumps from name to name over the primary key; DISTINCT would read every row.
	names, err := all(ctx, s.readers, scanString, `WITH RECURSIVE names (name) AS (
			SELECT min(name) FROM metrics WHERE run = ?1
			UNION ALL
			SELECT (SELECT min(name) FROM metrics WHERE run = ?1 AND name > names.name) FROM names WHERE names.name IS NOT NULL
		) SELECT name FROM names WHERE name IS NOT NULL ORDER BY name`, id)
	return names, sqlError(err, "metrics of run %q cannot be read", key)
}

func scanString(rows *sql.Rows) (string, error) {
	var v string
	return v, rows.Scan(&v)
}

func (s *Store) runID(ctx context.Context, key string) (int64, error) {
	var id int64
	err := s.readers.QueryRowContext(ctx, "SELECT id FROM runs WHERE key = ?", key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, notFound("run", key)
	}
	return id, sqlError(err, "run %q cannot be read", key)
}
