package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

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
	// Two columns and no row struct: a series may have a million rows.
	rows, err := s.readers.QueryContext(ctx, "SELECT x, value FROM metrics WHERE run = ? AND name = ? ORDER BY seq", id, metric)
	if err != nil {
		return nil, nil, sqlError(err, "metric %q of run %q cannot be read", metric, key)
	}
	defer rows.Close()
	for rows.Next() {
		var x int64
		var y sql.NullFloat64
		if err := rows.Scan(&x, &y); err != nil {
			return nil, nil, sqlError(err, "metric %q of run %q cannot be read", metric, key)
		}
		xs, ys = append(xs, x), append(ys, float64(float(y)))
	}
	return xs, ys, sqlError(rows.Err(), "metric %q of run %q cannot be read", metric, key)
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
