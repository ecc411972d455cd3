package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Look is the first time that somebody saw a claim decided: whoever adds seeds afterwards has looked before.
type Look struct {
	ID       int64
	Notebook string
	Claim    string // text of the claim
	Bound    float64
	Seeds    string // as the verdict names them, for example 100-104
	First    time.Time
	Extended int // how often seeds were added after a look
}

// LookFilter chooses looks. Zero fields choose all.
type LookFilter struct {
	Notebook string
	Claim    string
	Limit    int
	Offset   int
}

// LookUpdate changes the fields that are not nil.
type LookUpdate struct {
	Seeds    *string
	Extended *int
}

const lookColumns = "id, notebook, claim, bound, seeds, first_ms, extended"

func scanLook(rows *sql.Rows) (Look, error) {
	var l Look
	var first int64
	err := rows.Scan(&l.ID, &l.Notebook, &l.Claim, &l.Bound, &l.Seeds, &first, &l.Extended)
	l.First = at(first)
	return l, err
}

// FindLook returns the look at a claim with that bound, or not-found.
func (s *Store) FindLook(ctx context.Context, notebook, claim string, bound float64) (Look, error) {
	l, err := one(ctx, s.readers, scanLook, "SELECT "+lookColumns+" FROM looks WHERE notebook = ? AND claim = ? AND bound = ?", notebook, claim, bound)
	if errors.Is(err, sql.ErrNoRows) {
		return Look{}, notFound("look at claim", claim)
	}
	return l, sqlError(err, "look at claim %q cannot be read", claim)
}

// FindLooks returns the chosen looks, oldest first.
func (s *Store) FindLooks(ctx context.Context, f LookFilter) ([]Look, error) {
	var w where
	w.text("notebook", f.Notebook)
	w.text("claim", f.Claim)
	looks, err := all(ctx, s.readers, scanLook, "SELECT "+lookColumns+" FROM looks"+w.sql()+" ORDER BY first_ms, id"+page(f.Limit, f.Offset), w.args...)
	return looks, sqlError(err, "looks cannot be read")
}

// CreateLook adds a look; First is set when it is zero. conflict when the claim was looked at with that bound before.
func (s *Store) CreateLook(ctx context.Context, l *Look) error {
	if l.First.IsZero() {
		l.First = at(ms(s.now()))
	}
	return s.write(ctx, fmt.Sprintf("look at claim %q cannot be added", l.Claim), func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "INSERT INTO looks (notebook, claim, bound, seeds, first_ms, extended) VALUES (?, ?, ?, ?, ?, ?)",
			l.Notebook, l.Claim, l.Bound, l.Seeds, ms(l.First), l.Extended)
		if err != nil {
			return err
		}
		l.ID, err = result.LastInsertId()
		return err
	})
}

// UpdateLook changes a look and returns it as it stands then.
func (s *Store) UpdateLook(ctx context.Context, id int64, u LookUpdate) (Look, error) {
	var l Look
	err := s.write(ctx, fmt.Sprintf("look %d cannot be changed", id), func(tx *sql.Tx) error {
		var err error
		if l, err = one(ctx, tx, scanLook, "SELECT "+lookColumns+" FROM looks WHERE id = ?", id); errors.Is(err, sql.ErrNoRows) {
			return notFound("look", strconv.FormatInt(id, 10))
		} else if err != nil {
			return err
		}
		set(&l.Seeds, u.Seeds)
		set(&l.Extended, u.Extended)
		_, err = tx.ExecContext(ctx, "UPDATE looks SET seeds = ?, extended = ? WHERE id = ?", l.Seeds, l.Extended, id)
		return err
	})
	return l, err
}

// DeleteLook removes a look; not-found when there is none.
func (s *Store) DeleteLook(ctx context.Context, id int64) error {
	return s.deleteOne(ctx, "look", strconv.FormatInt(id, 10), "DELETE FROM looks WHERE id = ?", id)
}

// deleteOne runs a statement that removes one row of a noun.
func (s *Store) deleteOne(ctx context.Context, noun, name, statement string, args ...any) error {
	return s.write(ctx, fmt.Sprintf("%s %q cannot be removed", noun, name), func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, notFound(noun, name))
		}
		return nil
	})
}
