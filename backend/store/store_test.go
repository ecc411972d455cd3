package store

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

var update = flag.Bool("update", false, "write the kept database of the newest migration")

var clock = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

func openAt(t testing.TB, dir string, opts Options) (*Store, Opened) {
	t.Helper()
	if opts.Now == nil {
		opts.Now = func() time.Time { return clock }
	}
	s, report, err := Open(context.Background(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s, report
}

func newStore(t testing.TB) *Store {
	t.Helper()
	s, _ := openAt(t, t.TempDir(), Options{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func wantCode(t testing.TB, err error, code lab.Code, words ...string) {
	t.Helper()
	if err == nil || lab.CodeOf(err) != code {
		t.Fatalf("error is %v with code %q, want code %q", err, lab.CodeOf(err), code)
	}
	for _, word := range words {
		if !strings.Contains(err.Error()+" "+lab.HintOf(err), word) {
			t.Fatalf("error %q, hint %q lacks %q", err, lab.HintOf(err), word)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sampleRun(i int) *Run {
	return &Run{
		Key: fmt.Sprintf("key%05d", i), Paper: "memory-rewriting", Notebook: "experiments/memory-rewriting.md", Arm: []string{"gru", "lstm", "ffm"}[i%3],
		Case: []string{"", "n10"}[i%2], Seed: math.MaxUint64 - uint64(i), Budget: "fast", Code: "c0de", Commit: "abc", Kernel: "avx2", Machine: "linux",
		Setup:   lab.Setup{Paper: "memory-rewriting", Budget: "fast", Sections: map[string]jsonRaw{"world": jsonRaw(`{"kind":"tmaze"}`)}},
		Created: clock.Add(time.Duration(i) * time.Second), State: States()[i%7], Done: 3, Total: 9, Unit: "steps",
		Final: map[string]lab.Float{"return": lab.Float(i), "bad": lab.Float(math.Inf(1))},
	}
}

func TestASecondProcessLearnsWhoHoldsTheFolder(t *testing.T) {
	dir := t.TempDir()
	s, report := openAt(t, dir, Options{Address: "http://127.0.0.1:4321"})
	if !report.Made {
		t.Error("a new library is said to have been there")
	}
	_, _, err := Open(t.Context(), dir, Options{})
	wantCode(t, err, lab.Conflict, fmt.Sprintf("process %d", os.Getpid()), "127.0.0.1:4321", "library.db")
	must(t, s.SetAddress("http://127.0.0.1:9"))
	_, _, err = Open(t.Context(), dir, Options{})
	wantCode(t, err, lab.Conflict, "127.0.0.1:9")
	must(t, s.Close())
	s, report = openAt(t, dir, Options{})
	if report.Made {
		t.Error("the library is said to be new")
	}
	must(t, s.Close())
}

func TestAFolderWithOddCharactersWorks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "100% of #1? a&b = 'ü'")
	s, _ := openAt(t, dir, Options{})
	must(t, s.CreateRun(t.Context(), sampleRun(1)))
	must(t, s.Close())
	if !fileExists(filepath.Join(dir, FileName)) {
		t.Error("the database is elsewhere")
	}
}

func TestEveryConnectionHasTheSettings(t *testing.T) {
	s := newStore(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		for name, db := range map[string]interface {
			querier
		}{"writer": s.writer, "readers": s.readers} {
			got, err := one(t.Context(), db, scanString, "PRAGMA "+pragma)
			if err != nil || got != want {
				t.Errorf("%s: %s is %q, want %q: %v", name, pragma, got, want, err)
			}
		}
	}
	if _, err := s.readers.ExecContext(t.Context(), "DELETE FROM runs"); err == nil {
		t.Error("a reader may write")
	}
}

func TestARunIsCreatedFoundChangedAndDeleted(t *testing.T) {
	s := newStore(t)
	r := sampleRun(0)
	must(t, s.CreateRun(t.Context(), r))
	wantCode(t, s.CreateRun(t.Context(), sampleRun(0)), lab.Conflict, "key00000", "exists already")
	got, err := s.FindRun(t.Context(), r.Key)
	must(t, err)
	got.index.open = nil
	if !reflect.DeepEqual(got, *r) {
		t.Errorf("found %+v, want %+v", got, *r)
	}
	state, done, word := Failed, int64(7), "loss is NaN"
	got, err = s.UpdateRun(t.Context(), r.Key, RunUpdate{State: &state, Done: &done, Error: &word, Ended: &clock})
	must(t, err)
	again, err := s.FindRun(t.Context(), r.Key)
	must(t, err)
	if !reflect.DeepEqual(got, again) || again.State != Failed || again.Done != 7 || again.Total != 9 || again.Error != word || !again.Ended.Equal(clock) {
		t.Errorf("changed run is %+v", again)
	}
	must(t, s.AddMetrics(t.Context(), r.Key, []MetricRow{{Name: "return", Seq: 1, X: 1, Value: 2}}))
	must(t, s.DeleteRun(t.Context(), r.Key))
	_, err = s.FindRun(t.Context(), r.Key)
	wantCode(t, err, lab.NotFound, "key00000")
	wantCode(t, s.DeleteRun(t.Context(), r.Key), lab.NotFound)
	_, err = s.UpdateRun(t.Context(), r.Key, RunUpdate{})
	wantCode(t, err, lab.NotFound)
	if n, err := one(t.Context(), s.readers, scanString, "SELECT count(*) FROM metrics"); err != nil || n != "0" {
		t.Errorf("%s metric rows of a deleted run: %v", n, err)
	}
	bad := sampleRun(1)
	bad.State = "resting"
	wantCode(t, s.CreateRun(t.Context(), bad), lab.Invalid, "CHECK")
}

func TestRunsThatAreNotThereYetAreAddedTogether(t *testing.T) {
	s := newStore(t)
	old := sampleRun(1)
	old.Arm = "as it was"
	must(t, s.CreateRun(t.Context(), old))
	added, err := s.CreateRuns(t.Context(), []*Run{sampleRun(0), sampleRun(1), sampleRun(2)})
	if err != nil || len(added) != 2 || !added[sampleRun(0).Key] || !added[sampleRun(2).Key] {
		t.Errorf("added are %v, %v", added, err)
	}
	if r, err := s.FindRun(t.Context(), old.Key); err != nil || r.Arm != "as it was" {
		t.Errorf("the run that was there is %+v, %v", r, err)
	}
	bad := sampleRun(4)
	bad.State = "asleep" // no state that the library knows
	if _, err := s.CreateRuns(t.Context(), []*Run{sampleRun(3), bad}); err == nil {
		t.Error("a run of an unknown state was added")
	}
	if _, err := s.FindRun(t.Context(), sampleRun(3).Key); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("of runs that cannot all be added one was: %v", err)
	}
}

func TestRunsAreChosenByFilter(t *testing.T) {
	s := newStore(t)
	for i := range 42 {
		must(t, s.CreateRun(t.Context(), sampleRun(i)))
	}
	empty := ""
	for name, c := range map[string]struct {
		f     RunFilter
		total int
		first string
	}{
		"all, newest first":       {RunFilter{}, 42, "key00041"},
		"a page":                  {RunFilter{Limit: 5, Offset: 10}, 42, "key00031"},
		"one arm":                 {RunFilter{Arm: "gru"}, 14, "key00039"},
		"no case":                 {RunFilter{Case: &empty}, 21, "key00040"},
		"arm and case":            {RunFilter{Arm: "gru", Case: &empty}, 7, "key00036"},
		"two states":              {RunFilter{States: []State{Done, Failed}}, 12, "key00039"},
		"seeds above 2^63":        {RunFilter{Seeds: []uint64{math.MaxUint64 - 3, math.MaxUint64 - 4}}, 2, "key00004"},
		"keys":                    {RunFilter{Keys: []string{"key00007"}}, 1, "key00007"},
		"text":                    {RunFilter{Text: "LSTM"}, 14, "key00040"},
		"text with a percent":     {RunFilter{Text: "%"}, 0, ""},
		"text with an underscore": {RunFilter{Text: "key_0007"}, 0, ""},
	} {
		runs, total, err := s.FindRuns(t.Context(), c.f)
		must(t, err)
		first := ""
		if len(runs) > 0 {
			first = runs[0].Key
		}
		if total != c.total || first != c.first || (c.f.Limit > 0 && len(runs) != c.f.Limit) {
			t.Errorf("%s: %d runs in all, first %q of %d, want %d and %q", name, total, first, len(runs), c.total, c.first)
		}
	}
	n, err := s.InterruptRuns(t.Context())
	if err != nil || n != 12 {
		t.Errorf("%d runs interrupted, want 12: %v", n, err)
	}
}

func TestMetricsComeBackInOrderWithGapsAndAreNeverChanged(t *testing.T) {
	s := newStore(t)
	must(t, s.CreateRun(t.Context(), sampleRun(0)))
	rows := []MetricRow{
		{Name: "return", Seq: 5, X: 100, Value: 0.1}, {Name: "return", Seq: 3, X: 50, Value: lab.Float(math.NaN())},
		{Name: "return", Seq: 9, X: 150, Value: lab.Float(math.Inf(-1))}, {Name: "loss", Seq: 4, X: 50, Value: 7},
	}
	must(t, s.AddMetrics(t.Context(), "key00000", rows))
	must(t, s.AddMetrics(t.Context(), "key00000", rows))
	xs, ys, err := s.Values(t.Context(), "key00000", "return")
	must(t, err)
	if fmt.Sprint(xs, ys) != "[50 100 150] [NaN 0.1 -Inf]" {
		t.Errorf("values are %v %v", xs, ys)
	}
	after, err := s.MetricsAfter(t.Context(), "key00000", "return", 5)
	if err != nil || len(after) != 1 || after[0].Seq != 9 {
		t.Errorf("behind event 5: %v %v", after, err)
	}
	names, err := s.MetricNames(t.Context(), "key00000")
	if err != nil || fmt.Sprint(names) != "[loss return]" {
		t.Errorf("names are %v: %v", names, err)
	}
	xs, _, err = s.Values(t.Context(), "key00000", "none")
	if err != nil || len(xs) != 0 {
		t.Errorf("an unknown metric has %v: %v", xs, err)
	}
	_, _, err = s.Values(t.Context(), "nobody", "return")
	wantCode(t, err, lab.NotFound, "nobody")
	_, err = s.writer.ExecContext(t.Context(), "UPDATE metrics SET value = 1")
	if err == nil || !strings.Contains(err.Error(), "append-only") {
		t.Errorf("a metric row was changed: %v", err)
	}
}

func TestEpisodesComeNewestFirst(t *testing.T) {
	s := newStore(t)
	must(t, s.CreateRun(t.Context(), sampleRun(0)))
	var eps []Episode
	for i := range 10 {
		eps = append(eps, Episode{Episode: lab.Episode{ID: int64(i % 8), Split: []string{"train", "eval"}[i%2], Seed: math.MaxUint64, Return: lab.Float(math.NaN()), Detail: i == 4,
			Success: true, Numbers: map[string]lab.Float{"turns": 2}}, FirstSeq: int64(i * 10), LastSeq: int64(i*10 + 9)})
	}
	must(t, s.CreateEpisodes(t.Context(), "key00000", eps))
	must(t, s.CreateEpisodes(t.Context(), "key00000", eps))
	got, total, err := s.FindEpisodes(t.Context(), "key00000", EpisodeFilter{Limit: 3})
	must(t, err)
	if total != 10 || len(got) != 3 || got[0].LastSeq != 99 || got[0].Seed != math.MaxUint64 || !math.IsNaN(float64(got[0].Return)) || got[0].Numbers["turns"] != 2 || !got[0].Success {
		t.Errorf("%d in all, page %+v", total, got)
	}
	for name, c := range map[string]struct {
		f    EpisodeFilter
		want int
	}{"split": {EpisodeFilter{Split: "eval"}, 5}, "detail": {EpisodeFilter{Detail: true}, 1}, "before": {EpisodeFilter{Before: 59}, 5}} {
		if _, total, err := s.FindEpisodes(t.Context(), "key00000", c.f); err != nil || total != c.want {
			t.Errorf("%s: %d, want %d: %v", name, total, c.want, err)
		}
	}
	e, err := s.FindEpisode(t.Context(), "key00000", 1)
	if err != nil || e.LastSeq != 99 {
		t.Errorf("a redone episode is %+v: %v", e, err)
	}
	_, err = s.FindEpisode(t.Context(), "key00000", 77)
	wantCode(t, err, lab.NotFound, "77", "key00000")
}

func TestTheFirstLookAtAClaimIsKept(t *testing.T) {
	s := newStore(t)
	l := &Look{Notebook: "a.md", Claim: "final(gru) > final(rnn)", Bound: 0.05, Seeds: "100-104"}
	must(t, s.CreateLook(t.Context(), l))
	wantCode(t, s.CreateLook(t.Context(), &Look{Notebook: "a.md", Claim: l.Claim, Bound: 0.05}), lab.Conflict)
	must(t, s.CreateLook(t.Context(), &Look{Notebook: "a.md", Claim: l.Claim, Bound: 0.1}))
	seeds, more := "100-109", 1
	_, err := s.UpdateLook(t.Context(), l.ID, LookUpdate{Seeds: &seeds, Extended: &more})
	must(t, err)
	got, err := s.FindLook(t.Context(), "a.md", l.Claim, 0.05)
	if err != nil || got.Seeds != seeds || got.Extended != 1 || !got.First.Equal(clock) {
		t.Errorf("look is %+v: %v", got, err)
	}
	if looks, err := s.FindLooks(t.Context(), LookFilter{Notebook: "a.md"}); err != nil || len(looks) != 2 {
		t.Errorf("looks are %+v: %v", looks, err)
	}
	must(t, s.DeleteLook(t.Context(), l.ID))
	wantCode(t, s.DeleteLook(t.Context(), l.ID), lab.NotFound)
	_, err = s.UpdateLook(t.Context(), l.ID, LookUpdate{})
	wantCode(t, err, lab.NotFound)
}

func TestANotebookKeepsAStateAMinuteAndARun(t *testing.T) {
	s := newStore(t)
	for i, c := range []struct {
		after time.Duration
		why   string
		text  string
		kept  bool
	}{
		{0, EveryMinute, "a", true},
		{59 * time.Second, EveryMinute, "b", false},
		{59 * time.Second, ForRun, "b", true},
		{60 * time.Second, EveryMinute, "c", false}, // the run's state is one second old
		{119 * time.Second, EveryMinute, "b", false},
		{119 * time.Second, EveryMinute, "c", true},
		{119 * time.Second, ForRun, "c", true},
	} {
		n := &NotebookState{Path: "a.md", Revision: int64(i), Text: c.text, At: clock.Add(c.after), Why: c.why}
		kept, err := s.CreateNotebookState(t.Context(), n)
		if err != nil || kept != c.kept {
			t.Errorf("state %d kept %v, want %v: %v", i, kept, c.kept, err)
		}
	}
	states, err := s.FindNotebookStates(t.Context(), StateFilter{Path: "a.md", Why: EveryMinute})
	if err != nil || len(states) != 2 || states[0].Revision != 5 {
		t.Fatalf("states are %+v: %v", states, err)
	}
	n, err := s.FindNotebookState(t.Context(), states[0].ID)
	if err != nil || n.Text != "c" {
		t.Errorf("state is %+v: %v", n, err)
	}
	must(t, s.DeleteNotebookState(t.Context(), n.ID))
	_, err = s.FindNotebookState(t.Context(), n.ID)
	wantCode(t, err, lab.NotFound)
	_, err = s.CreateNotebookState(t.Context(), &NotebookState{Path: "a.md", Why: "whim"})
	wantCode(t, err, lab.Invalid)
}

func TestASettingIsSetReadAndRemoved(t *testing.T) {
	s := newStore(t)
	theme := "dark"
	wantCode(t, s.FindSetting(t.Context(), "theme", &theme), lab.NotFound, "theme")
	must(t, s.UpdateSetting(t.Context(), "theme", "light"))
	must(t, s.UpdateSetting(t.Context(), "theme", "system"))
	must(t, s.FindSetting(t.Context(), "theme", &theme))
	if theme != "system" {
		t.Errorf("theme is %q", theme)
	}
	var n int
	wantCode(t, s.FindSetting(t.Context(), "theme", &n), lab.Invalid, "system")
	if v, err := s.FindSettings(t.Context()); err != nil || len(v) != 1 {
		t.Errorf("settings are %v: %v", v, err)
	}
	must(t, s.DeleteSetting(t.Context(), "theme"))
	wantCode(t, s.DeleteSetting(t.Context(), "theme"), lab.NotFound)
}

func TestAFullDiskIsSaidAndNothingHalfIsKept(t *testing.T) {
	s := newStore(t)
	must(t, s.CreateRun(t.Context(), sampleRun(0)))
	var pages int
	must(t, s.writer.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	_, err := s.writer.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages+2))
	must(t, err)
	var rows []MetricRow
	for i := range 10_000 {
		rows = append(rows, MetricRow{Name: "return", Seq: int64(i)})
	}
	wantCode(t, s.AddMetrics(t.Context(), "key00000", rows), lab.Unavailable, "disk is full", "free space")
	if xs, _, err := s.Values(t.Context(), "key00000", "return"); err != nil || len(xs) != 0 {
		t.Errorf("%d rows of a failed transaction: %v", len(xs), err)
	}
}

func TestAFolderThatCannotBeMadeOrWrittenIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o644))
	_, _, err := Open(t.Context(), filepath.Join(file, "home"), Options{})
	wantCode(t, err, lab.Unavailable, "LOCI_HOME")
	if os.Getuid() == 0 {
		return // may write everywhere
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o500))
	_, _, err = Open(t.Context(), dir, Options{})
	wantCode(t, err, lab.Unavailable, "LOCI_HOME")
}

func TestTenThousandRunsAnswerAtOnce(t *testing.T) {
	s := newStore(t)
	tx, err := s.writer.BeginTx(t.Context(), nil)
	must(t, err)
	for i := range 10_000 {
		must(t, createRun(t.Context(), tx, sampleRun(i)))
	}
	must(t, tx.Commit())
	const slack = 10 // the machine may be busy
	for name, c := range map[string]struct {
		f     RunFilter
		limit time.Duration
	}{
		"first page": {RunFilter{Limit: 60}, 300 * time.Millisecond},
		"by state":   {RunFilter{States: []State{Done}, Limit: 60}, 200 * time.Millisecond},
		"by text":    {RunFilter{Text: "ffm n10", Limit: 60}, 200 * time.Millisecond},
		"last page":  {RunFilter{Limit: 60, Offset: 9940}, 300 * time.Millisecond},
	} {
		start := time.Now()
		runs, total, err := s.FindRuns(t.Context(), c.f)
		took := time.Since(start)
		if err != nil || len(runs) != 60 || took > slack*c.limit {
			t.Errorf("%s: %d of %d runs in %v, want 60 within %v: %v", name, len(runs), total, took, slack*c.limit, err)
		}
		t.Logf("%s: %v", name, took)
	}
}
