package record

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestACheckerTellsTheFirstEventThatIsAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.loci")
	all := samples(0, 30)
	write(t, path, all...)
	c, err := OpenChecker(path, Position{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, ev := range all[:29] {
		if err := c.Emit(ev); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, c.Emit(lab.Log{Level: "info", Text: "another"}), lab.Conflict, "event 29", "played again")
	if err := c.Skip(all[29].Kind()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Emit(lab.Log{Level: "info", Text: "one more"}), lab.Conflict, "ends before event 30")
}

func TestACheckerSkipsOnlyTheKindThatItIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.loci")
	events := []lab.Event{lab.Progress{Done: 1, Total: 2}, lab.Checkpoint{Unit: 1, File: "f"}, lab.Log{Text: "on"}}
	write(t, path, events...)
	c, err := OpenChecker(path, Position{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, step := range []func() error{
		func() error { return c.Skip(lab.KindCheckpoint) }, func() error { return c.Emit(events[0]) },
		func() error { return c.Skip(lab.KindCheckpoint) }, func() error { return c.Emit(events[2]) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCopiedEventsAreTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "a.loci"), filepath.Join(dir, "b.loci")
	write(t, from, samples(0, 50)...)
	w, err := Create(to, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range Scan(from, Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff, err := Equal(from, to); diff != nil || err != nil {
		t.Errorf("%v, %v", diff, err)
	}
	wantCode(t, w.Copy(Frame{Kind: lab.KindLog}), lab.Internal, "takes no copied event")
}

func TestTheLatestKeptStateIsFoundAndADamagedOneIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	for unit := range int64(keptStates + 2) {
		if err := KeepState(dir, unit*10, func(w io.Writer) error { _, err := io.WriteString(w, strings.Repeat("x", int(unit)+1)); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := states(dir); err != nil || len(all) != keptStates {
		t.Fatalf("%d states are kept, want %d: %v", len(all), keptStates, err)
	}
	unit, data, ok, err := FindState(dir, 55)
	if err != nil || !ok || unit != 50 || string(data) != "xxxxxx" {
		t.Fatalf("found %d %q %v: %v", unit, data, ok, err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "state-000000000050-*"))
	if err := os.WriteFile(names[0], []byte("yyyyyy"), 0o644); err != nil {
		t.Fatal(err)
	}
	if unit, _, ok, err := FindState(dir, 55); err != nil || !ok || unit != 40 {
		t.Errorf("with that damaged found %d %v: %v", unit, ok, err)
	}
	if _, _, ok, err := FindState(dir, 5); ok || err != nil {
		t.Errorf("before all of them one was found: %v", err)
	}
}
