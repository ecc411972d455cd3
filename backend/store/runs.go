package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// State of a run.
type State string

// The states of a run. Interrupted means that its process ended before it did: it continues from its last checkpoint.
const (
	Queued      State = "queued"
	Running     State = "running"
	Paused      State = "paused"
	Done        State = "done"
	Failed      State = "failed"
	Cancelled   State = "cancelled"
	Interrupted State = "interrupted"
)

// States lists all states of a run.
func States() []State {
	return []State{Queued, Running, Paused, Done, Failed, Cancelled, Interrupted}
}

// Run is one row of the library. Zero times are "never".
type Run struct {
	Key      string
	Paper    string
	Notebook string
	Arm      string
	Case     string
	Seed     uint64
	Budget   string
	Setup    lab.Setup
	Code     string // code identity of paper and world
	Commit   string
	Kernel   string
	Machine  string
	State    State
	Record   string // path, "" before there is one
	Created  time.Time
	Started  time.Time
	Ended    time.Time
	Heard    time.Time // of its last event
	Seconds  float64   // of work, without pauses
	Error    string
	Hint     string
	Done     int64
	Total    int64
	Unit     string
	Final    map[string]lab.Float // last value of every metric, once it ended
	Fork     *lab.Fork            // nil of a run that is no fork

	id    int64
	index index
}

// index says how far the record of a run has been read into the library.
type index struct {
	seq    int64
	offset int64
	stamp  int64
	open   map[int64]int64 // episode that has not ended: its first event
}

// RunFilter chooses runs. Zero fields choose all but forks, which are chosen by their parent, by key, or by Forks.
type RunFilter struct {
	Keys     []string
	Parent   string // forks of this run
	Forks    bool   // forks, too
	Paper    string
	Notebook string
	Arm      string
	Case     *string // points to "" for runs of notebooks without cases
	Seeds    []uint64
	Budget   string
	States   []State
	Model    string   // the rung: tiny, endpoint NAME, service NAME
	Text     string   // part of paper, notebook, arm, case, key or error, in any case of letters
	Words    []string // all of them in what Text looks at, or in the seed as "seed 3" (below 2^63), the budget or the state
	Binned   bool     // also those in the bin
	Limit    int      // 0 is all
	Offset   int
}

func (f RunFilter) where() where {
	var w where
	in(&w, "key", f.Keys)
	w.text("parent", f.Parent)
	if f.Parent == "" && !f.Forks && len(f.Keys) == 0 {
		w.add("parent = ?", "")
	}
	w.text("paper", f.Paper)
	w.text("notebook", f.Notebook)
	w.text("arm", f.Arm)
	if f.Case != nil {
		w.add("case_name = ?", *f.Case)
	}
	seeds := make([]int64, len(f.Seeds))
	for i, s := range f.Seeds {
		seeds[i] = int64(s)
	}
	in(&w, "seed", seeds)
	w.text("budget", f.Budget)
	in(&w, "state", f.States)
	if f.Model != "" {
		w.add("json_extract(setup, '$.model') = ?", f.Model)
	}
	if !f.Binned {
		w.add("id NOT IN (SELECT run FROM bin)")
	}
	const names = `paper || ' ' || notebook || ' ' || arm || ' ' || case_name || ' ' || key || ' ' || error`
	if f.Text != "" {
		w.add("("+names+`) LIKE ? ESCAPE '\'`, like(f.Text))
	}
	for _, word := range f.Words {
		w.add("("+names+` || ' seed ' || seed || ' ' || budget || ' ' || state) LIKE ? ESCAPE '\'`, like(word))
	}
	return w
}

// like finds a text anywhere; its own % and _ are letters.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// RunUpdate changes the fields that are not nil.
type RunUpdate struct {
	State   *State
	Record  *string
	Kernel  *string
	Machine *string
	Started *time.Time
	Ended   *time.Time
	Heard   *time.Time
	Seconds *float64
	Error   *string
	Hint    *string
	Done    *int64
	Total   *int64
	Unit    *string
	Final   map[string]lab.Float
}

const runColumns = `id, key, paper, notebook, arm, case_name, seed, budget, setup, code, commit_id, kernel, machine, state, record,
	created_ms, started_ms, ended_ms, heard_ms, seconds, error, hint, done, total, unit, final,
	indexed_seq, indexed_offset, record_stamp, open_episodes, fork`

func scanRun(rows *sql.Rows) (Run, error) {
	var r Run
	var seed, created, started, ended, heard int64
	var setup, final, open, fork string
	err := rows.Scan(&r.id, &r.Key, &r.Paper, &r.Notebook, &r.Arm, &r.Case, &seed, &r.Budget, &setup, &r.Code, &r.Commit, &r.Kernel,
		&r.Machine, &r.State, &r.Record, &created, &started, &ended, &heard, &r.Seconds, &r.Error, &r.Hint, &r.Done, &r.Total, &r.Unit,
		&final, &r.index.seq, &r.index.offset, &r.index.stamp, &open, &fork)
	if err != nil {
		return Run{}, err
	}
	r.Seed = uint64(seed)
	r.Created, r.Started, r.Ended, r.Heard = at(created), at(started), at(ended), at(heard)
	err = errors.Join(json.Unmarshal([]byte(setup), &r.Setup), json.Unmarshal([]byte(final), &r.Final), json.Unmarshal([]byte(open), &r.index.open),
		json.Unmarshal([]byte(fork), &r.Fork))
	return r, err
}

// FindRun returns the run of that key, or not-found.
func (s *Store) FindRun(ctx context.Context, key string) (Run, error) {
	return findRun(ctx, s.readers, key)
}

func findRun(ctx context.Context, q querier, key string) (Run, error) {
	run, err := one(ctx, q, scanRun, "SELECT "+runColumns+" FROM runs WHERE key = ?", key)
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, notFound("run", key)
	}
	return run, sqlError(err, "run %q cannot be read", key)
}

// FindRuns returns a page of the chosen runs, newest first, and how many there are in all.
func (s *Store) FindRuns(ctx context.Context, f RunFilter) (runs []Run, total int, err error) {
	w := f.where()
	if err := s.readers.QueryRowContext(ctx, "SELECT count(*) FROM runs"+w.sql(), w.args...).Scan(&total); err != nil {
		return nil, 0, sqlError(err, "runs cannot be counted")
	}
	query := "SELECT " + runColumns + " FROM runs" + w.sql() + " ORDER BY created_ms DESC, id DESC" + page(f.Limit, f.Offset)
	runs, err = all(ctx, s.readers, scanRun, query, w.args...)
	return runs, total, sqlError(err, "runs cannot be read")
}

// Made is a run's key with when it was made.
type Made struct {
	Key     string
	Created time.Time
}

// RunsMade lists the chosen runs, newest first, by their keys alone: of ten thousand in a few milliseconds.
func (s *Store) RunsMade(ctx context.Context, f RunFilter) ([]Made, error) {
	w := f.where()
	made, err := all(ctx, s.readers, func(rows *sql.Rows) (m Made, err error) {
		var created int64
		err = rows.Scan(&m.Key, &created)
		m.Created = at(created)
		return m, err
	}, "SELECT key, created_ms FROM runs"+w.sql()+" ORDER BY created_ms DESC, id DESC"+page(f.Limit, f.Offset), w.args...)
	return made, sqlError(err, "runs cannot be read")
}

// CreateRun adds a run; Created is set when it is zero, State to queued when it is "". conflict when the key exists.
func (s *Store) CreateRun(ctx context.Context, r *Run) error {
	if r.Created.IsZero() {
		r.Created = at(ms(s.now()))
	}
	if r.State == "" {
		r.State = Queued
	}
	return s.write(ctx, fmt.Sprintf("run %q cannot be added", r.Key), func(tx *sql.Tx) error { return createRun(ctx, tx, r) })
}

// CreateRuns adds the runs whose keys are not there yet, in one transaction, and returns the keys that it added: a run a transaction waits for
// the disk ten thousand times where ten thousand are sent away together. Created and State are set as CreateRun sets them.
func (s *Store) CreateRuns(ctx context.Context, runs []*Run) (added map[string]bool, err error) {
	added = map[string]bool{}
	err = s.write(ctx, fmt.Sprintf("%d runs cannot be added", len(runs)), func(tx *sql.Tx) error {
		for _, r := range runs {
			if r.Created.IsZero() {
				r.Created = at(ms(s.now()))
			}
			if r.State == "" {
				r.State = Queued
			}
			n, err := insertRun(ctx, tx, r, " ON CONFLICT (key) DO NOTHING")
			if err != nil {
				return err
			}
			if n > 0 {
				added[r.Key] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

func createRun(ctx context.Context, tx *sql.Tx, r *Run) error {
	_, err := insertRun(ctx, tx, r, "")
	return err
}

// insertRun returns how many rows it added, 0 where the clause keeps it from adding one.
func insertRun(ctx context.Context, tx *sql.Tx, r *Run, clause string) (int64, error) {
	values, err := r.values()
	if err != nil {
		return 0, err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO runs (key, paper, notebook, arm, case_name, seed, budget, setup, code, commit_id, kernel,
		machine, state, record, created_ms, started_ms, ended_ms, heard_ms, seconds, error, hint, done, total, unit, final,
		indexed_seq, indexed_offset, record_stamp, open_episodes, parent, fork)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`+clause, values...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	if err == nil && n > 0 {
		r.id, err = result.LastInsertId()
	}
	return n, err
}

// values returns what the columns hold, in their order without the id.
func (r *Run) values() ([]any, error) {
	setup, err := json.Marshal(r.Setup)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "set-up of run %q cannot be written as JSON: %w", r.Key, err)
	}
	final, err := jsonMap(r.Final)
	if err != nil {
		return nil, err
	}
	open, err := jsonMap(r.index.open)
	if err != nil {
		return nil, err
	}
	fork, err := json.Marshal(r.Fork)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "fork of run %q cannot be written as JSON: %w", r.Key, err)
	}
	return []any{r.Key, r.Paper, r.Notebook, r.Arm, r.Case, int64(r.Seed), r.Budget, string(setup), r.Code, r.Commit, r.Kernel, r.Machine,
		r.State, r.Record, ms(r.Created), ms(r.Started), ms(r.Ended), ms(r.Heard), r.Seconds, r.Error, r.Hint, r.Done, r.Total, r.Unit,
		final, r.index.seq, r.index.offset, r.index.stamp, open, r.parent(), string(fork)}, nil
}

// parent is the key of the run that a fork goes on from, "" of one that is no fork.
func (r *Run) parent() string {
	if r.Fork == nil {
		return ""
	}
	return r.Fork.Parent
}

// jsonMap writes a map, {} for nil.
func jsonMap[K comparable, V any](m map[K]V) (string, error) {
	if m == nil {
		return "{}", nil
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// UpdateRun changes a run and returns it as it stands then.
func (s *Store) UpdateRun(ctx context.Context, key string, u RunUpdate) (Run, error) {
	var r Run
	err := s.write(ctx, fmt.Sprintf("run %q cannot be changed", key), func(tx *sql.Tx) error {
		var err error
		if r, err = findRun(ctx, tx, key); err != nil {
			return err
		}
		u.apply(&r)
		return updateRun(ctx, tx, &r)
	})
	return r, err
}

func (u RunUpdate) apply(r *Run) {
	set(&r.State, u.State)
	set(&r.Record, u.Record)
	set(&r.Kernel, u.Kernel)
	set(&r.Machine, u.Machine)
	set(&r.Started, u.Started)
	set(&r.Ended, u.Ended)
	set(&r.Heard, u.Heard)
	set(&r.Seconds, u.Seconds)
	set(&r.Error, u.Error)
	set(&r.Hint, u.Hint)
	set(&r.Done, u.Done)
	set(&r.Total, u.Total)
	set(&r.Unit, u.Unit)
	if u.Final != nil {
		r.Final = u.Final
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func updateRun(ctx context.Context, tx *sql.Tx, r *Run) error {
	values, err := r.values()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE runs SET key = ?, paper = ?, notebook = ?, arm = ?, case_name = ?, seed = ?, budget = ?, setup = ?,
		code = ?, commit_id = ?, kernel = ?, machine = ?, state = ?, record = ?, created_ms = ?, started_ms = ?, ended_ms = ?, heard_ms = ?,
		seconds = ?, error = ?, hint = ?, done = ?, total = ?, unit = ?, final = ?,
		indexed_seq = ?, indexed_offset = ?, record_stamp = ?, open_episodes = ?, parent = ?, fork = ? WHERE id = ?`, append(values, r.id)...)
	return err
}

// DeleteRun removes a run with its metrics and episodes from the library; its record stays where it is. not-found when there is none.
func (s *Store) DeleteRun(ctx context.Context, key string) error {
	return s.write(ctx, fmt.Sprintf("run %q cannot be removed", key), func(tx *sql.Tx) error {
		r, err := findRun(ctx, tx, key)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM runs WHERE id = ?", r.id)
		return err
	})
}

// InterruptRuns marks runs that were running or paused as interrupted and returns how many: for an owner that has just started and
// knows that nobody works on them.
func (s *Store) InterruptRuns(ctx context.Context) (int, error) {
	var n int64
	err := s.write(ctx, "runs cannot be marked as interrupted", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "UPDATE runs SET state = 'interrupted' WHERE state IN ('running', 'paused')")
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return int(n), err
}
