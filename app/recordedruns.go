package app

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/web"
)

// Whole records ship beside the results of budget fast, one run of the first seed for each arm and case, so that episodes and memories can
// be looked at before anything has run here.
const (
	recordEnding = ".loci.gz"
	mostShipped  = 1 << 20 // bytes of one compressed record; a longer one does not ship
	mostUnpacked = 64 << 20
)

// recordName is the file of a run that ships, in the folder of its notebook's results.
func recordName(arm, kase string, seed uint64) string {
	name := arm
	if kase != "" {
		name += "." + kase
	}
	return fmt.Sprintf("fast/%s.%d%s", name, seed, recordEnding)
}

// writeRecords puts the whole records of a plan's first seed beside the results at path. Records that read licensed data do not ship.
func (e *env) writeRecords(ctx context.Context, path string, res results, plan sched.Plan) error {
	folder := strings.TrimSuffix(path, res.Budget+".json")
	if err := os.RemoveAll(filepath.Join(folder, "fast")); err != nil {
		return lab.Errorf(lab.Unavailable, "old records in %q cannot be removed: %w", folder, err).WithHint("make the folder writable")
	}
	if len(res.Data) > 0 {
		return nil
	}
	for _, r := range plan.Runs {
		if r.Seed != res.Seeds[0] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		from, err := e.owner.Record(r.Key)
		if err != nil {
			return err
		}
		if err := packRecord(from, filepath.Join(folder, filepath.FromSlash(recordName(r.Arm, r.Case, r.Seed)))); err != nil {
			return err
		}
	}
	return nil
}

// packRecord compresses a record; one that stays too long is left out.
func packRecord(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return lab.Errorf(lab.Unavailable, "record %q cannot be read: %w", from, err)
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return lab.Errorf(lab.Unavailable, "%q cannot be made: %w", filepath.Dir(to), err).WithHint("make the folder writable or free space")
	}
	err = file.ReplaceWith(to, 0o644, func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		_, err = io.Copy(z, in)
		return errors.Join(err, z.Close())
	})
	if err != nil {
		return lab.Errorf(lab.Unavailable, "%q cannot be written: %w", to, err).WithHint("make the folder writable or free space")
	}
	if info, err := os.Stat(to); err == nil && info.Size() > mostShipped {
		return os.Remove(to)
	}
	return nil
}

// shippedRuns finds the runs whose whole records ship, and unpacks a record when it is asked for.
type shippedRuns struct {
	recorded *recorded
	cache    string // folder for unpacked records

	mu sync.Mutex
}

// RecordedRuns implements web.Shelf.
func (s *shippedRuns) RecordedRuns(notebook string) []web.RecordedRun {
	out := []web.RecordedRun{}
	for _, r := range s.of(notebook) {
		out = append(out, web.RecordedRun{Key: r.Key, Arm: r.Arm, Case: r.Case, Seed: r.Seed})
	}
	return out
}

// of lists the recorded runs of a notebook that have a whole record.
func (s *shippedRuns) of(notebook string) (runs []resultRun) {
	res := s.recorded.read(notebook, "fast")
	if res == nil {
		return nil
	}
	for _, r := range res.Runs {
		if _, err := fs.Stat(s.recorded.files, s.file(notebook, r)); err == nil {
			runs = append(runs, r)
		}
	}
	return runs
}

func (s *shippedRuns) file(notebook string, r resultRun) string {
	return path.Join(strings.TrimSuffix(resultsFile(notebook, "fast"), "fast.json"), recordName(r.Arm, r.Case, r.Seed))
}

// Record implements web.Shelf: the unpacked record of a shipped run; false where none of that key ships.
func (s *shippedRuns) Record(key string) (string, bool, error) {
	found, err := fs.Glob(s.recorded.files, "*.md")
	if err != nil {
		return "", false, err
	}
	for _, notebook := range found {
		runs := s.of(notebook)
		if i := slices.IndexFunc(runs, func(r resultRun) bool { return r.Key == key }); i >= 0 {
			to, err := s.unpack(s.file(notebook, runs[i]), key)
			return to, true, err
		}
	}
	return "", false, nil
}

func (s *shippedRuns) unpack(from, key string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := filepath.Join(s.cache, key+".loci")
	if _, err := os.Stat(to); err == nil {
		return to, nil
	}
	packed, err := s.recorded.files.Open(from)
	if err != nil {
		return "", lab.Errorf(lab.Internal, "recorded run %q cannot be read: %w", from, err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		return "", lab.Errorf(lab.Internal, "recorded run %q cannot be unpacked: %w", from, err)
	}
	if err := os.MkdirAll(s.cache, 0o755); err != nil {
		return "", lab.Errorf(lab.Unavailable, "folder %q cannot be made: %w", s.cache, err).WithHint("free space or make the folder writable")
	}
	err = file.ReplaceWith(to, 0o644, func(w io.Writer) error {
		_, err := io.Copy(w, io.LimitReader(z, mostUnpacked))
		return err
	})
	if err != nil {
		return "", lab.Errorf(lab.Unavailable, "recorded run %q cannot be unpacked to %q: %w", from, to, err).WithHint("free space")
	}
	return to, nil
}
