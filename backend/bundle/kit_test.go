package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// write makes a record with those events at fixed times.
func write(t testing.TB, path string, events ...lab.Event) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(path, record.Options{Now: func() time.Time { return time.UnixMilli(1_700_000_000_000) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		if err := w.Emit(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// played are the events of a short run with an episode of two steps and a memory of one entry.
func played(key string, seed uint64) []lab.Event {
	entry := lab.Entry{ID: "e1", Text: "the mug is in the kitchen", Tokens: 6, Vector: []lab.Float{0.5, 0.25}}
	return []lab.Event{
		lab.Start{Key: key, Setup: lab.Setup{Paper: "demo", Budget: "fast", Sections: map[string]json.RawMessage{"world": json.RawMessage(`{"kind":"house"}`)}},
			Arm: "value", Seed: seed, Notebook: "/home/ada/work/demo.md", Machine: "linux/amd64, 2 cores"},
		lab.Context{Episode: 1, T: 0, Limit: 64, Blocks: []lab.Block{{Name: "task", Text: "clean the mug", Tokens: []int32{5, 6}, Count: 2}}},
		lab.Memory{Op: lab.OpWrite, Bank: "main", Episode: 1, T: 0, Entry: "e1", After: &entry, Size: 1, Tokens: 6},
		lab.Step{Episode: 1, T: 0, Saw: "a hall", Action: "go kitchen"},
		lab.Step{Episode: 1, T: 1, Saw: "a kitchen", Action: "use sink", Reward: 1, Done: true},
		lab.Episode{ID: 1, Split: "train", Steps: 2, Return: 1, Success: true, Detail: true},
		lab.Metric{Name: "success", X: 1, Value: 1},
		lab.Checkpoint{Unit: 1, File: "checkpoint-000000000001.ckpt"},
		lab.Progress{Done: 1, Total: 1, Unit: "episodes"},
		lab.End{Status: lab.StatusDone, Final: map[string]lab.Float{"success": 1}},
	}
}

const keyA, keyB = "aaaaaaaaaaaaaaaaaaaaaaa1", "bbbbbbbbbbbbbbbbbbbbbbb2"

// demo is an experiment of two runs in a fresh folder.
func demo(t testing.TB) Experiment {
	t.Helper()
	e := Experiment{Name: "demo.md", Notebook: []byte("# A question\n\nText.\n"), Title: "A question", Sentence: "Claim 1 is held.", Budget: "fast",
		Results: json.RawMessage(`{"verdicts":[]}`), Made: Made{Version: "0.1.0", Machine: "linux/amd64, 2 cores", Kernel: "go", Date: "2026-01-02", Minutes: 1}}
	for i, key := range []string{keyB, keyA} {
		r := Run{Key: key, Arm: "value", Seed: uint64(i), State: "done", Record: filepath.Join(t.TempDir(), key, "record.loci")}
		events := played(key, uint64(i))
		if start, ok := events[0].(lab.Start); ok {
			r.Setup = start.Setup
		}
		write(t, r.Record, events...)
		weights := filepath.Join(filepath.Dir(r.Record), "checkpoint-000000000001.ckpt")
		if err := os.WriteFile(weights, []byte("weights of "+key), 0o644); err != nil {
			t.Fatal(err)
		}
		e.Runs = append(e.Runs, r)
	}
	return e
}

// exported is the demo as an archive.
func exported(t testing.TB, opt Options) (path string, m Manifest) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "demo.loci")
	m, err := Write(context.Background(), path, demo(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	return path, m
}

// here is a data folder that takes runs in.
func here(t testing.TB) (w Where, indexed *[]string) {
	t.Helper()
	dir := t.TempDir()
	indexed = &[]string{}
	return Where{Now: time.Date(2026, 1, 3, 12, 0, 0, 0, time.UTC),
		Record: func(key string) (string, error) { return filepath.Join(dir, "runs", key[:2], key, "record.loci"), nil },
		Index:  func(_ context.Context, path string) error { *indexed = append(*indexed, path); return nil }}, indexed
}

func open(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path, Usually())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return f
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func invalid(t testing.TB, err error, words string) {
	t.Helper()
	if lab.CodeOf(err) != lab.Invalid || err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("error is %v, want an invalid one with %q", err, words)
	}
}
