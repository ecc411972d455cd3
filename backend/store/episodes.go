package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
)

// Episode is one episode of a run and where its events stand in the record.
type Episode struct {
	lab.Episode
	FirstSeq int64 // of its first kept event
	LastSeq  int64 // of its episode event; unique within the run
}

// EpisodeFilter chooses episodes of one run. Zero fields choose all.
type EpisodeFilter struct {
	Split  string
	Detail bool  // only those whose steps were kept
	Before int64 // only those whose episode event stands before this sequence number; 0 is all
	Limit  int   // 0 is all
	Offset int
}

const episodeColumns = "last_seq, first_seq, id, split, seed, x, steps, ret, success, why, memory, context, detail, omitted, numbers"

func scanEpisode(rows *sql.Rows) (Episode, error) {
	var e Episode
	var seed int64
	var ret, memory, context sql.NullFloat64
	var numbers string
	err := rows.Scan(&e.LastSeq, &e.FirstSeq, &e.ID, &e.Split, &seed, &e.X, &e.Steps, &ret, &e.Success, &e.Why, &memory, &context, &e.Detail, &e.Omitted, &numbers)
	if err != nil {
		return Episode{}, err
	}
	e.Seed, e.Return, e.Memory, e.Context = uint64(seed), float(ret), float(memory), float(context)
	if numbers != "{}" {
		err = json.Unmarshal([]byte(numbers), &e.Numbers)
	}
	return e, err
}

// FindEpisode returns the newest episode of that id, or not-found.
func (s *Store) FindEpisode(ctx context.Context, key string, id int64) (Episode, error) {
	run, err := s.runID(ctx, key)
	if err != nil {
		return Episode{}, err
	}
	e, err := one(ctx, s.readers, scanEpisode, "SELECT "+episodeColumns+" FROM episodes WHERE run = ? AND id = ? ORDER BY last_seq DESC LIMIT 1", run, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Episode{}, notFound("episode of run "+strconv.Quote(key), strconv.FormatInt(id, 10))
	}
	return e, sqlError(err, "episode %d of run %q cannot be read", id, key)
}

// FindEpisodes returns a page of episodes, newest first, and how many there are in all.
func (s *Store) FindEpisodes(ctx context.Context, key string, f EpisodeFilter) (episodes []Episode, total int, err error) {
	run, err := s.runID(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	var w where
	w.add("run = ?", run)
	w.text("split", f.Split)
	if f.Detail {
		w.add("detail = 1")
	}
	if f.Before > 0 {
		w.add("last_seq < ?", f.Before)
	}
	if err := s.readers.QueryRowContext(ctx, "SELECT count(*) FROM episodes"+w.sql(), w.args...).Scan(&total); err != nil {
		return nil, 0, sqlError(err, "episodes of run %q cannot be counted", key)
	}
	query := "SELECT " + episodeColumns + " FROM episodes" + w.sql() + " ORDER BY last_seq DESC" + page(f.Limit, f.Offset)
	episodes, err = all(ctx, s.readers, scanEpisode, query, w.args...)
	return episodes, total, sqlError(err, "episodes of run %q cannot be read", key)
}

// CreateEpisodes adds episodes in one transaction. Those whose last event is there already are passed over.
func (s *Store) CreateEpisodes(ctx context.Context, key string, episodes []Episode) error {
	return s.write(ctx, fmt.Sprintf("episodes of run %q cannot be added", key), func(tx *sql.Tx) error {
		r, err := findRun(ctx, tx, key)
		if err != nil {
			return err
		}
		return createEpisodes(ctx, tx, r.id, episodes)
	})
}

func createEpisodes(ctx context.Context, tx *sql.Tx, run int64, episodes []Episode) error {
	if len(episodes) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO episodes (run, last_seq, first_seq, id, split, seed, x, steps, ret, success, why, memory, context, detail, omitted, numbers)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, e := range episodes {
		numbers, err := jsonMap(e.Numbers)
		if err != nil {
			return err
		}
		if _, err := stmt.ExecContext(ctx, run, e.LastSeq, e.FirstSeq, e.ID, e.Split, int64(e.Seed), e.X, e.Steps, real64(e.Return), e.Success,
			e.Why, real64(e.Memory), real64(e.Context), e.Detail, e.Omitted, numbers); err != nil {
			return err
		}
	}
	return nil
}
