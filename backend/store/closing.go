package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Closing is a run that has ended.
type Closing struct {
	Key    string
	Record string // its path; "" where there is none
	Change RunUpdate
}

// closedTogether is how many runs are closed in one transaction: what a transaction waits for is the disk, tens of milliseconds on a busy one, and
// of ten thousand runs a hundred may end between two looks.
const closedTogether = 100

// CloseRuns reads what is new in the records of runs into the library, and changes the runs: IndexRecord and UpdateRun for each, in as few
// transactions as may be. It returns the runs as they stand then, in order. What goes wrong with one run keeps the others from nothing: the errors
// are joined.
func (s *Store) CloseRuns(ctx context.Context, all []Closing) ([]Run, error) {
	runs := make([]Run, len(all))
	var errs []error
	for from := 0; from < len(all); from += closedTogether {
		to := min(from+closedTogether, len(all))
		if err := s.closeTogether(ctx, all[from:to], runs[from:to]); err == nil {
			continue
		}
		for i := from; i < to; i++ { // each by itself, so that one that is broken is told alone
			var err error
			runs[i], err = s.closeRun(ctx, all[i])
			errs = append(errs, err)
		}
	}
	return runs, errors.Join(errs...)
}

// closeRun closes one. A record that cannot be read whole is told, and the run changed all the same.
func (s *Store) closeRun(ctx context.Context, c Closing) (Run, error) {
	var indexed error
	if c.Record != "" {
		_, indexed = s.IndexRecord(ctx, c.Record)
	}
	run, err := s.UpdateRun(ctx, c.Key, c.Change)
	return run, errors.Join(indexed, err)
}

// closeTogether closes all or none, in one transaction.
func (s *Store) closeTogether(ctx context.Context, all []Closing, runs []Run) error {
	s.indexing.Lock()
	defer s.indexing.Unlock()
	ready := make([]*prepared, len(all))
	for i, c := range all {
		if c.Record == "" {
			continue
		}
		first, stamp, err := firstEvent(c.Record)
		if err != nil {
			return err
		}
		if first == nil {
			continue // no event yet
		}
		first.at = s.past(first.at)
		if ready[i], err = s.prepare(ctx, c.Record, first, stamp); err != nil {
			return err
		}
		if ready[i].flaw != nil {
			return ready[i].flaw
		}
		if ready[i].news.events >= indexChunk || first.start.Key != c.Key {
			return errors.New("it is closed by itself")
		}
	}
	return s.write(ctx, fmt.Sprintf("%d runs cannot be closed", len(all)), func(tx *sql.Tx) error {
		for i, c := range all {
			var err error
			if ready[i] != nil {
				runs[i], err = s.put(ctx, tx, ready[i], c.Change)
			} else if runs[i], err = findRun(ctx, tx, c.Key); err == nil {
				c.Change.apply(&runs[i])
				err = updateRun(ctx, tx, &runs[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
