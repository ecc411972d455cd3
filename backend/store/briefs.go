package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Mark says how a run stands, shortly: of ten thousand runs one reads which have changed in a few milliseconds.
type Mark struct {
	ID      int64
	State   State
	Done    int64
	Heard   int64 // unix milliseconds
	Seconds float64
	Stamp   int64 // other for another record of the same run
}

// RunMarks returns the marks of all runs, newest first, without forks, which would count twice for the seed of their parent, and without
// what waits in the bin.
func (s *Store) RunMarks(ctx context.Context) ([]Mark, error) {
	marks, err := all(ctx, s.readers, func(rows *sql.Rows) (m Mark, err error) {
		return m, rows.Scan(&m.ID, &m.State, &m.Done, &m.Heard, &m.Seconds, &m.Stamp)
	}, `SELECT id, state, done, heard_ms, seconds, record_stamp FROM runs WHERE parent = '' AND id NOT IN (SELECT run FROM bin)
		ORDER BY created_ms DESC, id DESC`)
	return marks, sqlError(err, "runs cannot be read")
}

// Brief is what lists and comparisons need of a run. Its set-up stays text, since many runs share one.
type Brief struct {
	ID       int64
	Key      string
	Paper    string
	Notebook string
	Arm      string
	Case     string
	Seed     uint64
	Budget   string
	Setup    string // lab.Setup as JSON
	Code     string
	Kernel   string
	State    State
	Created  time.Time
	Started  time.Time
	Heard    time.Time
	Seconds  float64
	Error    string
	Hint     string
	Done     int64
	Total    int64
	Unit     string
	Final    map[string]lab.Float
}

// RunBriefs returns the runs of those numbers, in no particular order; nil asks for all.
func (s *Store) RunBriefs(ctx context.Context, ids []int64) ([]Brief, error) {
	const columns = `SELECT id, key, paper, notebook, arm, case_name, seed, budget, setup, code, kernel, state, created_ms, started_ms, heard_ms,
		seconds, error, hint, done, total, unit, final FROM runs`
	if ids == nil {
		briefs, err := all(ctx, s.readers, scanBrief, columns+" ORDER BY id")
		return briefs, sqlError(err, "runs cannot be read")
	}
	const chunk = 500 // SQLite binds a limited number of values at once
	var out []Brief
	for from := 0; from < len(ids); from += chunk {
		var w where
		in(&w, "id", ids[from:min(from+chunk, len(ids))])
		briefs, err := all(ctx, s.readers, scanBrief, columns+w.sql()+" ORDER BY id", w.args...)
		if err != nil {
			return nil, sqlError(err, "runs cannot be read")
		}
		out = append(out, briefs...)
	}
	return out, nil
}

func scanBrief(rows *sql.Rows) (Brief, error) {
	var b Brief
	var seed, created, started, heard int64
	var final []byte
	err := rows.Scan(&b.ID, &b.Key, &b.Paper, &b.Notebook, &b.Arm, &b.Case, &seed, &b.Budget, &b.Setup, &b.Code, &b.Kernel, &b.State, &created, &started,
		&heard, &b.Seconds, &b.Error, &b.Hint, &b.Done, &b.Total, &b.Unit, &final)
	if err != nil {
		return Brief{}, err
	}
	b.Seed, b.Created, b.Started, b.Heard = uint64(seed), at(created), at(started), at(heard)
	if err := json.Unmarshal(final, &b.Final); err != nil {
		return Brief{}, fmt.Errorf("last values of run %q: %w", b.Key, err)
	}
	return b, nil
}

// Outcome is how a run's newest try of an evaluation episode ended.
type Outcome struct {
	ID      int64 // of the episode
	Split   string
	Seed    uint64 // of the world
	Success bool
	Detail  bool // its steps were kept
}

// Outcomes returns, for each evaluation split and world seed of a run, the last episode that was played there: a run that is evaluated
// again and again is judged by what it can do at the end. Failed episodes count as none. Sorted by split and seed.
func (s *Store) Outcomes(ctx context.Context, key string) ([]Outcome, error) {
	id, err := s.runID(ctx, key)
	if err != nil {
		return nil, err
	}
	outcomes, err := all(ctx, s.readers, func(rows *sql.Rows) (o Outcome, err error) {
		var seed, last int64
		err = rows.Scan(&o.ID, &o.Split, &seed, &o.Success, &o.Detail, &last)
		o.Seed = uint64(seed)
		return o, err
	}, `SELECT id, split, seed, success, detail, max(last_seq) FROM episodes WHERE run = ? AND split <> 'train' AND why <> 'failed'
		GROUP BY split, seed ORDER BY split, seed`, id) // with max(), SQLite takes the other columns from the row that has it
	return outcomes, sqlError(err, "episodes of run %q cannot be read", key)
}
