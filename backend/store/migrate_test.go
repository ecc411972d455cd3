package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// TestEveryReleasedDatabaseStillOpens opens the kept database of every migration and reads what was put there.
func TestEveryReleasedDatabaseStillOpens(t *testing.T) {
	steps, err := migrations()
	must(t, err)
	if *update {
		keep(t, keptDatabase(len(steps)))
	}
	kept, err := filepath.Glob("testdata/library-*.db")
	must(t, err)
	if len(kept) != len(steps) {
		t.Fatalf("%d kept databases for %d migrations: run the tests of this package with -update", len(kept), len(steps))
	}
	for i := range steps {
		dir := t.TempDir()
		data, err := os.ReadFile(keptDatabase(i + 1))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, FileName), data, 0o644))
		s, report := openAt(t, dir, Options{})
		if report.Broken != "" || report.Made {
			t.Errorf("version %d: %+v", i+1, report)
		}
		checkKept(t, s)
		must(t, s.Close())
	}
}

func keptDatabase(version int) string { return fmt.Sprintf("testdata/library-%04d.db", version) }

// keep writes the database of the newest migration. A kept database is never written again.
func keep(t *testing.T, to string) {
	if fileExists(to) {
		return
	}
	dir := t.TempDir()
	s, _ := openAt(t, dir, Options{})
	fillKept(t, s)
	_, err := s.writer.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
	must(t, err)
	must(t, s.Close())
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	must(t, err)
	must(t, os.WriteFile(to, data, 0o644))
}

func fillKept(t testing.TB, s *Store) {
	ctx := context.Background()
	for i := range 3 {
		r := sampleRun(i)
		must(t, s.CreateRun(ctx, r))
		must(t, s.AddMetrics(ctx, r.Key, []MetricRow{{Name: "return", Seq: 2, X: 64, Value: 0.5}, {Name: "return", Seq: 7, X: 128, Value: 0.75}}))
		must(t, s.CreateEpisodes(ctx, r.Key, []Episode{{Episode: lab.Episode{ID: 4, Split: "eval", Steps: 9, Why: lab.EndTerminal}, FirstSeq: 3, LastSeq: 6}}))
	}
	fillWithoutRecords(t, s)
}

func fillWithoutRecords(t testing.TB, s *Store) {
	ctx := context.Background()
	must(t, s.CreateLook(ctx, &Look{Notebook: "a.md", Claim: "c", Bound: 0.05, Seeds: "100-104"}))
	_, err := s.CreateNotebookState(ctx, &NotebookState{Path: "a.md", Revision: 3, Text: "# a", Why: ForRun})
	must(t, err)
	must(t, s.UpdateSetting(ctx, "theme", "dark"))
}

func checkKept(t *testing.T, s *Store) {
	ctx := t.Context()
	if _, total, err := s.FindRuns(ctx, RunFilter{}); err != nil || total != 3 {
		t.Errorf("%d runs, want 3: %v", total, err)
	}
	if xs, ys, err := s.Values(ctx, "key00002", "return"); err != nil || fmt.Sprint(xs, ys) != "[64 128] [0.5 0.75]" {
		t.Errorf("values are %v %v: %v", xs, ys, err)
	}
	if e, err := s.FindEpisode(ctx, "key00001", 4); err != nil || e.Steps != 9 || e.FirstSeq != 3 {
		t.Errorf("episode is %+v: %v", e, err)
	}
	checkWithoutRecords(t, s)
}

func checkWithoutRecords(t *testing.T, s *Store) {
	ctx := t.Context()
	if l, err := s.FindLook(ctx, "a.md", "c", 0.05); err != nil || l.Seeds != "100-104" || !l.First.Equal(clock) {
		t.Errorf("look is %+v: %v", l, err)
	}
	if n, err := s.FindNotebookStates(ctx, StateFilter{}); err != nil || len(n) != 1 || n[0].Revision != 3 {
		t.Errorf("states are %+v: %v", n, err)
	}
	theme := ""
	if err := s.FindSetting(ctx, "theme", &theme); err != nil || theme != "dark" {
		t.Errorf("theme is %q: %v", theme, err)
	}
}

func TestADatabaseOfANewerLociIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	s, _ := openAt(t, dir, Options{})
	_, err := s.writer.ExecContext(t.Context(), "PRAGMA user_version = 99")
	must(t, err)
	must(t, s.Close())
	_, _, err = Open(t.Context(), dir, Options{})
	wantCode(t, err, lab.Invalid, "version 99", "newer Loci")
	if fileExists(filepath.Join(dir, FileName+".broken-1")) {
		t.Error("it was put aside")
	}
}
