// Package store keeps the library in one SQLite file: an index over the records of runs, which are the truth, and what has no record:
// looks at verdicts, states of notebooks, settings. All SQL of Loci is here. Most callers want Open, then the five verbs of a noun:
// FindRun, FindRuns, CreateRun, UpdateRun, DeleteRun and so on.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver registers itself

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// FileName is the name of the database in the data folder.
const FileName = "library.db"

// Options of Open.
type Options struct {
	// Records is the folder whose records rebuild a damaged database; "" rebuilds nothing.
	Records string
	// Address tells others who meet the lock where this process answers; it may be set later with SetAddress.
	Address string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Opened says what Open had to do.
type Opened struct {
	Made     bool     // there was no database
	Broken   string   // where the damaged database was put, "" when it was whole
	Cause    string   // what was wrong with it
	Rebuilt  Rebuilt  // what the records gave back
	Salvaged Salvaged // what could be read from the damaged database itself
}

// Store is an open library. Several goroutines may use it.
type Store struct {
	path    string
	now     func() time.Time
	lock    *record.Lock
	writer  *sql.DB // one connection, immediate transactions: writers queue here instead of meeting SQLITE_BUSY
	readers *sql.DB

	indexing sync.Mutex // held while a record is read into the library
}

// Open opens the library in folder dir and makes it when there is none. A damaged database is put aside by name, made anew and filled
// from the records; Opened tells.
//
// Errors: conflict when another process has the folder (it is named), invalid when a newer Loci made the database, unavailable for
// the disk.
func Open(ctx context.Context, dir string, opts Options) (*Store, Opened, error) {
	var report Opened
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, report, diskError(err, "data folder %q cannot be made", dir)
	}
	path := filepath.Join(dir, FileName)
	_, statErr := os.Stat(path)
	report.Made = errors.Is(statErr, os.ErrNotExist)
	unclean := fileExists(path + ".lock")
	lock, err := record.AcquireLock(path+".lock", opts.Address)
	if err != nil {
		return nil, report, err
	}
	s := &Store{path: path, now: opts.Now, lock: lock}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.begin(ctx, unclean, opts.Records, &report); err != nil {
		return nil, report, errors.Join(err, s.closePools(), lock.Release())
	}
	return s, report, nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// begin opens the pools and brings the database to the newest version, anew when it is damaged.
func (s *Store) begin(ctx context.Context, unclean bool, records string, report *Opened) error {
	err := s.openPools(ctx)
	if err == nil && !report.Made {
		err = s.check(ctx, unclean)
	}
	if err == nil {
		err = s.migrate(ctx)
	}
	if err == nil || !isDamage(err) {
		return err
	}
	return s.renew(ctx, err, records, report)
}

// openPools opens the writing connection and the pool of readers. The settings stand in the data-source name, so that every
// connection has them; synchronous=FULL because NORMAL can lose commits on a power cut.
func (s *Store) openPools(ctx context.Context) error {
	const all = "_foreign_keys=on&_journal_mode=WAL&_busy_timeout=5000&_synchronous=FULL"
	var err error
	if s.writer, err = sql.Open("sqlite3", source(s.path, all+"&_txlock=immediate")); err != nil {
		return sqlError(err, "library %q cannot be opened", s.path)
	}
	s.writer.SetMaxOpenConns(1)
	if err := s.writer.PingContext(ctx); err != nil {
		return sqlError(err, "library %q cannot be opened", s.path)
	}
	if s.readers, err = sql.Open("sqlite3", source(s.path, all+"&_query_only=on")); err != nil {
		return sqlError(err, "library %q cannot be opened", s.path)
	}
	s.readers.SetMaxOpenConns(4)
	s.readers.SetMaxIdleConns(4)
	return nil
}

// source makes a data-source name; the path may hold any character.
func source(path, settings string) string {
	slashed := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		slashed = "/" + slashed
	}
	return "file:" + (&url.URL{Path: slashed}).EscapedPath() + "?" + settings
}

func (s *Store) closePools() error {
	var errs []error
	for _, db := range []*sql.DB{s.readers, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	s.readers, s.writer = nil, nil
	return errors.Join(errs...)
}

// checkBelow is the size up to which every page is looked at when the library is opened: about 0.1 s. Larger ones are looked at only
// when the process that had them did not close them.
const checkBelow = 32 << 20

// check looks for damage.
func (s *Store) check(ctx context.Context, unclean bool) error {
	info, err := os.Stat(s.path)
	if err != nil {
		return diskError(err, "library %q cannot be read", s.path)
	}
	question := "SELECT count(*) || ' tables' FROM sqlite_schema"
	if unclean || info.Size() <= checkBelow {
		question = "PRAGMA quick_check(1)"
	}
	var answer string
	if err := s.writer.QueryRowContext(ctx, question).Scan(&answer); err != nil {
		return sqlError(err, "library %q cannot be read", s.path)
	}
	if answer != "ok" && !strings.HasSuffix(answer, " tables") {
		return &damageError{cause: answer}
	}
	return nil
}

// SetAddress tells others who meet the lock where this process answers.
func (s *Store) SetAddress(address string) error { return s.lock.Sign(address) }

// Path returns the file of the database.
func (s *Store) Path() string { return s.path }

// Close frees the library. No call may be under way.
func (s *Store) Close() error {
	return errors.Join(s.closePools(), s.lock.Release())
}

// write runs fn in one writing transaction. what names the work for the error, with its operand.
func (s *Store) write(ctx context.Context, what string, fn func(tx *sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return sqlError(err, "%s", what)
	}
	defer tx.Rollback() // does nothing after the commit
	if err := fn(tx); err != nil {
		return sqlError(err, "%s", what)
	}
	if err := tx.Commit(); err != nil {
		return sqlError(err, "%s", what)
	}
	return nil
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// all collects the rows of a query.
func all[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// one returns the only row of a query; sql.ErrNoRows when there is none.
func one[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (T, error) {
	rows, err := all(ctx, q, scan, query, args...)
	if err != nil || len(rows) == 0 {
		var none T
		if err == nil {
			err = sql.ErrNoRows
		}
		return none, err
	}
	return rows[0], nil
}

// where collects conditions joined by AND.
type where struct {
	parts []string
	args  []any
}

func (w *where) add(condition string, args ...any) {
	w.parts = append(w.parts, condition)
	w.args = append(w.args, args...)
}

// text adds column = value unless value is "".
func (w *where) text(column, value string) {
	if value != "" {
		w.add(column+" = ?", value)
	}
}

// in adds column IN (values) unless there are none.
func in[T any](w *where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	w.add(fmt.Sprintf("%s IN (?%s)", column, strings.Repeat(", ?", len(values)-1)), args...)
}

func (w *where) sql() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

// page makes LIMIT and OFFSET; a limit of 0 means all.
func page(limit, offset int) string {
	if limit <= 0 {
		limit = -1
	}
	return fmt.Sprintf(" LIMIT %d OFFSET %d", limit, max(0, offset))
}

// ms turns a time into what a column holds; the zero time is 0.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is the inverse of ms.
func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// notFound says that a noun of that name does not exist.
func notFound(noun, name string) *lab.Error {
	return lab.Errorf(lab.NotFound, "%s %q does not exist", noun, name)
}
