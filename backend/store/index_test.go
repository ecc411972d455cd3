package store

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

type jsonRaw = json.RawMessage

func startOf(key string) lab.Start {
	return lab.Start{Key: key, Setup: lab.Setup{Paper: "memory-rewriting", Budget: "fast"}, Arm: "gru", Case: "n10", Seed: 7, Code: "c0de",
		Kernel: "avx2", Notebook: "a.md"}
}

// life returns the events of a small run: 4 episodes, every second with its steps, each begun before the last has ended.
func life(key string) []lab.Event {
	events := []lab.Event{startOf(key), lab.Progress{Done: 0, Total: 4, Unit: "episodes"}}
	for e := range int64(4) {
		if e%2 == 0 {
			for i := range 5 {
				events = append(events, lab.Context{Episode: e, T: i}, lab.Step{Episode: e, T: i}, lab.Memory{Op: lab.OpRead, Bank: "b", Episode: e, T: i})
			}
		}
		events = append(events, lab.Metric{Name: "return", X: e, Value: lab.Float(e) / 4}, lab.Log{Level: "info", Text: fmt.Sprint("episode ", e)},
			lab.Episode{ID: e, Split: "train", Steps: 5, Detail: e%2 == 0, Why: lab.EndTerminal}, lab.Progress{Done: e + 1, Total: 4, Unit: "episodes"})
	}
	return append(events, lab.End{Status: lab.StatusDone, Final: map[string]lab.Float{"return": 0.75}})
}

func writeRecord(t testing.TB, path string, at time.Time, events ...lab.Event) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	w, err := record.Create(path, record.Options{Now: func() time.Time { return at }})
	must(t, err)
	for _, ev := range events {
		must(t, w.Emit(ev))
	}
	must(t, w.Close())
}

func checkLife(t *testing.T, s *Store, key string) {
	t.Helper()
	r, err := s.FindRun(t.Context(), key)
	must(t, err)
	if r.State != Done || r.Paper != "memory-rewriting" || r.Arm != "gru" || r.Case != "n10" || r.Seed != 7 || r.Budget != "fast" || r.Done != 4 || r.Unit != "episodes" || r.Final["return"] != 0.75 {
		t.Errorf("run is %+v", r)
	}
	if xs, ys, err := s.Values(t.Context(), key, "return"); err != nil || fmt.Sprint(xs, ys) != "[0 1 2 3] [0 0.25 0.5 0.75]" {
		t.Errorf("values are %v %v: %v", xs, ys, err)
	}
	eps, total, err := s.FindEpisodes(t.Context(), key, EpisodeFilter{Detail: true})
	if err != nil || total != 2 || eps[1].FirstSeq != 2 || eps[1].LastSeq != 19 {
		t.Errorf("episodes are %+v: %v", eps, err)
	}
}

func TestARecordIsReadIntoTheLibraryOnce(t *testing.T) {
	s := newStore(t)
	path := filepath.Join(t.TempDir(), "run.rec")
	writeRecord(t, path, clock, life("k")...)
	got, err := s.IndexRecord(t.Context(), path)
	if err != nil || got.Key != "k" || got.State != Done || got.Events != len(life("k"))-1 {
		t.Errorf("read %+v: %v", got, err)
	}
	checkLife(t, s, "k")
	got, err = s.IndexRecord(t.Context(), path)
	if err != nil || got.Events != 0 || got.State != Done {
		t.Errorf("read again %+v: %v", got, err)
	}
	checkLife(t, s, "k")
}

func TestAGrowingRecordIsReadEventByEvent(t *testing.T) {
	s := newStore(t)
	path := filepath.Join(t.TempDir(), "run.rec")
	w, err := record.Create(path, record.Options{})
	must(t, err)
	if got, err := s.IndexRecord(t.Context(), path); err != nil || got.Key != "" {
		t.Errorf("an empty record gives %+v: %v", got, err)
	}
	for i, ev := range life("k") {
		must(t, w.Emit(ev))
		must(t, w.Flush())
		got, err := s.IndexRecord(t.Context(), path)
		want := Interrupted
		if i == len(life("k"))-1 {
			want = Done
		}
		if err != nil || got.State != want {
			t.Fatalf("event %d: %+v, want state %q: %v", i, got, want, err)
		}
	}
	must(t, w.Close())
	checkLife(t, s, "k")
}

func TestTheOwnersStateStaysUntilTheRunEnds(t *testing.T) {
	s := newStore(t)
	path := filepath.Join(t.TempDir(), "run.rec")
	must(t, s.CreateRun(t.Context(), &Run{Key: "k", State: Running, Record: path}))
	events := life("k")
	writeRecord(t, path, clock, events[:10]...)
	if got, err := s.IndexRecord(t.Context(), path); err != nil || got.State != Running {
		t.Errorf("read %+v: %v", got, err)
	}
	if r, err := s.FindRun(t.Context(), "k"); err != nil || r.Arm != "gru" || !r.Heard.Equal(clock) || !r.Created.Equal(clock) {
		t.Errorf("run is %+v: %v", r, err)
	}
}

func TestAnotherRecordOfTheSameRunReplacesTheFirst(t *testing.T) {
	s := newStore(t)
	path := filepath.Join(t.TempDir(), "run.rec")
	writeRecord(t, path, clock, append(life("k")[:10], lab.Metric{Name: "old"})...)
	_, err := s.IndexRecord(t.Context(), path)
	must(t, err)
	must(t, os.Remove(path))
	writeRecord(t, path, clock.Add(time.Hour), life("k")...)
	_, err = s.IndexRecord(t.Context(), path)
	must(t, err)
	checkLife(t, s, "k")
	if names, err := s.MetricNames(t.Context(), "k"); err != nil || fmt.Sprint(names) != "[return]" {
		t.Errorf("metrics are %v: %v", names, err)
	}
}

func TestARunThatGoesOnAfterBeingCancelledIsReadOn(t *testing.T) {
	s := newStore(t)
	path := filepath.Join(t.TempDir(), "run.rec")
	events := life("k")
	writeRecord(t, path, clock, append(append([]lab.Event{}, events[:20]...), lab.End{Status: lab.StatusCancelled, Error: "stopped"})...)
	if got, err := s.IndexRecord(t.Context(), path); err != nil || got.State != Cancelled {
		t.Errorf("read %+v: %v", got, err)
	}
	w, _, _, err := record.Resume(path, nil, record.Options{Reopen: true})
	must(t, err)
	for _, ev := range events {
		must(t, w.Emit(ev))
	}
	must(t, w.Close())
	_, err = s.IndexRecord(t.Context(), path)
	must(t, err)
	checkLife(t, s, "k")
	if r, _ := s.FindRun(t.Context(), "k"); r.Error != "" {
		t.Errorf("the run still has the error %q", r.Error)
	}
}

func TestADamagedRecordGivesItsGoodEvents(t *testing.T) {
	s := newStore(t)
	path := filepath.Join(t.TempDir(), "run.rec")
	writeRecord(t, path, clock, life("k")...)
	data, err := os.ReadFile(path)
	must(t, err)
	data[len(data)/2] ^= 1
	must(t, os.WriteFile(path, data, 0o644))
	got, err := s.IndexRecord(t.Context(), path)
	wantCode(t, err, lab.Invalid, "damaged")
	if _, total, ferr := s.FindEpisodes(t.Context(), "k", EpisodeFilter{}); ferr != nil || total == 0 || got.Events < 10 {
		t.Errorf("%d episodes of %d events: %v", total, got.Events, ferr)
	}
}

// damageLibrary fills a library, closes it and overwrites its bytes from offset on.
func damageLibrary(t *testing.T, offset int64) (dir, records string) {
	dir, records = t.TempDir(), filepath.Join(t.TempDir(), "runs")
	s, _ := openAt(t, dir, Options{})
	for i := range 5 {
		key := fmt.Sprintf("k%d", i)
		path := filepath.Join(records, key, "run.rec")
		writeRecord(t, path, clock, life(key)...)
		_, err := s.IndexRecord(t.Context(), path)
		must(t, err)
	}
	fillWithoutRecords(t, s)
	must(t, s.Close())
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_WRONLY, 0)
	must(t, err)
	info, err := f.Stat()
	must(t, err)
	junk := make([]byte, min(4096, info.Size()-offset))
	for i := range junk {
		junk[i] = byte(i*7 + 13)
	}
	_, err = f.WriteAt(junk, offset)
	must(t, err)
	must(t, f.Close())
	return dir, records
}

func TestADamagedLibraryIsPutAsideAndRebuiltFromTheRecords(t *testing.T) {
	for name, offset := range map[string]int64{"header": 0, "a page of the tree": 4096} {
		t.Run(name, func(t *testing.T) {
			dir, records := damageLibrary(t, offset)
			extra := filepath.Join(records, "k9", "run.rec") // ends in damage
			writeRecord(t, extra, clock, life("k9")...)
			data, err := os.ReadFile(extra)
			must(t, err)
			data[len(data)/2] ^= 1
			must(t, os.WriteFile(extra, data, 0o644))

			s, report := openAt(t, dir, Options{Records: records})
			if report.Broken != filepath.Join(dir, "library.db.broken-1") || report.Cause == "" || !fileExists(report.Broken) {
				t.Fatalf("report is %+v", report)
			}
			if report.Rebuilt.Runs != 6 || len(report.Rebuilt.Problems) != 1 || report.Rebuilt.Problems[0].Path != extra {
				t.Errorf("rebuilt %+v", report.Rebuilt)
			}
			for i := range 5 {
				checkLife(t, s, fmt.Sprintf("k%d", i))
			}
			if offset > 0 {
				checkSalvaged(t, s, report.Salvaged)
			}
			must(t, s.Close())
			s, report = openAt(t, dir, Options{Records: records})
			if report.Broken != "" {
				t.Errorf("the new library is damaged too: %+v", report)
			}
			must(t, s.Close())
		})
	}
}

// checkSalvaged holds what could be read against what is told: each table is there or named as lost.
func checkSalvaged(t *testing.T, s *Store, got Salvaged) {
	t.Helper()
	if got.Looks+got.States+got.Settings+len(got.Lost) < 3 {
		t.Errorf("salvaged %+v", got)
	}
	looks, err := s.FindLooks(t.Context(), LookFilter{})
	if err != nil || len(looks) != got.Looks {
		t.Errorf("%d looks, %d told: %v", len(looks), got.Looks, err)
	}
}

func TestLooksStatesAndSettingsAreSavedFromADamagedLibrary(t *testing.T) {
	dir, _ := damageLibrary(t, 2*4096) // the first page of the runs' index, as the layout of the file is now
	s, report := openAt(t, dir, Options{})
	defer s.Close()
	if report.Broken == "" || report.Salvaged.Looks != 1 || report.Salvaged.States != 1 || report.Salvaged.Settings != 1 || len(report.Salvaged.Lost) != 0 {
		t.Fatalf("report is %+v", report)
	}
	checkWithoutRecords(t, s)
}

func TestOfTwoRecordsOfARunTheFinishedOneCounts(t *testing.T) {
	s := newStore(t)
	folder := t.TempDir()
	writeRecord(t, filepath.Join(folder, "a", "run.rec"), clock, life("k")...)
	writeRecord(t, filepath.Join(folder, "b", "run.rec"), clock.Add(time.Hour), life("k")[:12]...)
	must(t, os.WriteFile(filepath.Join(folder, "b", "notes.txt"), []byte("no record"), 0o644))
	got, err := s.Rebuild(t.Context(), folder)
	if err != nil || got.Runs != 1 || len(got.Problems) != 0 {
		t.Errorf("rebuilt %+v: %v", got, err)
	}
	checkLife(t, s, "k")
	if got, err := s.Rebuild(t.Context(), filepath.Join(folder, "nowhere")); err != nil || got.Runs != 0 {
		t.Errorf("a folder that is not there gives %+v: %v", got, err)
	}
}

func BenchmarkAddMetrics(b *testing.B) {
	s := newStore(b)
	must(b, s.CreateRun(b.Context(), &Run{Key: "k"}))
	rows := make([]MetricRow, 10_000)
	seq := int64(0)
	for b.Loop() {
		for i := range rows {
			seq++
			rows[i] = MetricRow{Name: []string{"return", "loss", "entropy"}[i%3], Seq: seq, X: seq, Value: lab.Float(i)}
		}
		must(b, s.AddMetrics(b.Context(), "k", rows))
	}
	b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "rows/s")
}

func TestNothingInTheLibraryHappenedInTheFuture(t *testing.T) {
	for _, ahead := range []time.Duration{5 * time.Hour, -5 * time.Hour} {
		s := newStore(t)
		path := filepath.Join(t.TempDir(), "run.rec")
		writeRecord(t, path, s.now().Add(ahead), life("k")...)
		if _, err := s.IndexRecord(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		checkLife(t, s, "k")
		want := at(ms(s.now().Add(min(ahead, 0)))) // when it was written, as far as that can be
		r, err := s.FindRun(t.Context(), "k")
		must(t, err)
		for name, got := range map[string]time.Time{"made": r.Created, "begun": r.Started, "heard": r.Heard, "ended": r.Ended} {
			if !got.Equal(want) {
				t.Errorf("a run of a computer whose clock is %v ahead was %s at %v, want %v", ahead, name, got, want)
			}
		}
	}
}

func TestRunsAreClosedTogetherAndOneThatIsBrokenAlone(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	done, text := Done, "as it was told"
	var all []Closing
	for i := range closedTogether + 3 {
		key := fmt.Sprintf("key%03d", i)
		must(t, s.CreateRun(t.Context(), &Run{Key: key, State: Running}))
		path := filepath.Join(dir, key)
		if i != 5 { // which has no record
			writeRecord(t, path, clock, life(key)...)
		} else {
			path = ""
		}
		all = append(all, Closing{Key: key, Record: path, Change: RunUpdate{State: &done, Hint: &text}})
	}
	b, err := os.ReadFile(all[7].Record)
	must(t, err)
	b[len(b)/2] ^= 1
	must(t, os.WriteFile(all[7].Record, b, 0o644))
	all[9].Key = "never made"
	runs, err := s.CloseRuns(t.Context(), all)
	if err == nil || len(runs) != len(all) {
		t.Fatalf("%d runs, %v: want the broken record and the unknown run told", len(runs), err)
	}
	wantCode(t, err, lab.Invalid, "damaged")
	for i, r := range runs {
		want := int64(4)
		if i == 5 || i == 9 {
			want = 0
		}
		if i != 9 && (r.Key != all[i].Key || r.State != Done || r.Hint != text || i != 7 && r.Done != want) {
			t.Errorf("run %d is %+v", i, r)
		}
	}
	checkLife(t, s, "key000")
	checkLife(t, s, fmt.Sprintf("key%03d", closedTogether+2))
}
