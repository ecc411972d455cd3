package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Why a state of a notebook was kept.
const (
	EveryMinute = "minute"
	ForRun      = "run"
)

// NotebookState is the text of a notebook at one moment of its timeline.
type NotebookState struct {
	ID       int64
	Path     string
	Revision int64
	Text     string // "" in lists
	At       time.Time
	Why      string // EveryMinute or ForRun
}

// StateFilter chooses states. Zero fields choose all.
type StateFilter struct {
	Path   string
	Why    string
	Limit  int
	Offset int
}

const stateColumns = "id, path, revision, at_ms, why"

func scanState(rows *sql.Rows) (NotebookState, error) {
	var n NotebookState
	var when int64
	err := rows.Scan(&n.ID, &n.Path, &n.Revision, &when, &n.Why)
	n.At = at(when)
	return n, err
}

func scanWholeState(rows *sql.Rows) (NotebookState, error) {
	var n NotebookState
	var when int64
	err := rows.Scan(&n.ID, &n.Path, &n.Revision, &when, &n.Why, &n.Text)
	n.At = at(when)
	return n, err
}

// FindNotebookState returns one state with its text, or not-found.
func (s *Store) FindNotebookState(ctx context.Context, id int64) (NotebookState, error) {
	n, err := one(ctx, s.readers, scanWholeState, "SELECT "+stateColumns+", text FROM notebook_states WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return NotebookState{}, notFound("notebook state", strconv.FormatInt(id, 10))
	}
	return n, sqlError(err, "notebook state %d cannot be read", id)
}

// FindNotebookStates returns the chosen states without their texts, newest first.
func (s *Store) FindNotebookStates(ctx context.Context, f StateFilter) ([]NotebookState, error) {
	var w where
	w.text("path", f.Path)
	w.text("why", f.Why)
	query := "SELECT " + stateColumns + " FROM notebook_states" + w.sql() + " ORDER BY at_ms DESC, id DESC" + page(f.Limit, f.Offset)
	states, err := all(ctx, s.readers, scanState, query, w.args...)
	return states, sqlError(err, "states of notebook %q cannot be read", f.Path)
}

// CreateNotebookState keeps a state; At is set when it is zero. A state for a run is always kept. One for the minute is kept when the
// newest of that notebook is a minute old or more and its text differs: kept tells.
func (s *Store) CreateNotebookState(ctx context.Context, n *NotebookState) (kept bool, err error) {
	if n.At.IsZero() {
		n.At = at(ms(s.now()))
	}
	err = s.write(ctx, fmt.Sprintf("state of notebook %q cannot be kept", n.Path), func(tx *sql.Tx) error {
		if n.Why == EveryMinute {
			soon, err := tooSoon(ctx, tx, n)
			if err != nil || soon {
				return err
			}
		}
		result, err := tx.ExecContext(ctx, "INSERT INTO notebook_states (path, revision, text, at_ms, why) VALUES (?, ?, ?, ?, ?)",
			n.Path, n.Revision, n.Text, ms(n.At), n.Why)
		if err != nil {
			return err
		}
		kept = true
		n.ID, err = result.LastInsertId()
		return err
	})
	return kept && err == nil, err
}

// tooSoon tells whether the newest state of the notebook is younger than a minute or has the same text.
func tooSoon(ctx context.Context, tx *sql.Tx, n *NotebookState) (bool, error) {
	newest, err := one(ctx, tx, scanWholeState, "SELECT "+stateColumns+", text FROM notebook_states WHERE path = ? ORDER BY at_ms DESC, id DESC LIMIT 1", n.Path)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return n.At.Sub(newest.At) < time.Minute || n.Text == newest.Text, err
}

// DeleteNotebookState removes a state; not-found when there is none.
func (s *Store) DeleteNotebookState(ctx context.Context, id int64) error {
	return s.deleteOne(ctx, "notebook state", strconv.FormatInt(id, 10), "DELETE FROM notebook_states WHERE id = ?", id)
}
