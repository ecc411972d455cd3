package web

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// oneShelf ships one run.
type oneShelf struct{ key, file string }

func (s oneShelf) RecordedRuns(string) []RecordedRun { return []RecordedRun{{Key: s.key, Arm: "a"}} }

func (s oneShelf) Record(key string) (string, bool, error) { return s.file, key == s.key, nil }

func shippedRun(t *testing.T) oneShelf {
	t.Helper()
	file := filepath.Join(t.TempDir(), "one.loci")
	w, err := record.Create(file, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write := lab.Memory{Op: lab.OpWrite, Bank: "b", Episode: 1, Entry: "1", After: &lab.Entry{ID: "1", Text: "a cup"}}
	for _, ev := range []lab.Event{
		lab.Start{Key: "shipped1", Arm: "a"},
		lab.Step{Episode: 1, Saw: "x", Action: "go"}, write, lab.Episode{ID: 1, Detail: true},
		lab.Step{Episode: 2, Saw: "y", Action: "go"}, lab.Episode{ID: 2, Detail: true}, lab.Episode{ID: 3},
		lab.End{Status: lab.StatusDone},
	} {
		if err := w.Emit(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return oneShelf{"shipped1", file}
}

func TestAPaperShowsItsMechanismWithSourcesAndAShippedRun(t *testing.T) {
	shelf := shippedRun(t)
	k := newKit(t, func(c *Config) { c.Sources, c.Shelf = fs.FS(backend.Sources), shelf })
	var got PaperMechanism
	k.get("/api/paper/memrl/mechanism", &got)
	if len(got.Parts) < 3 || got.Parts[0].Section == "" || len(got.Runs) != 1 {
		t.Fatalf("%d parts, %d runs", len(got.Parts), len(got.Runs))
	}
	if got.Runs[0].Episode != 1 {
		t.Errorf("episode %d tells most, want 1, in which something was written", got.Runs[0].Episode)
	}
	for _, part := range got.Parts {
		for _, c := range part.Code {
			var text strings.Builder
			for _, p := range c.Pieces {
				text.WriteString(p.Text)
			}
			file, err := fs.ReadFile(backend.Sources, c.File)
			if err != nil || !strings.Contains(string(file), text.String()) {
				t.Errorf("%s in %s is not as its file has it: %v", c.Symbol, c.File, err)
			}
		}
	}
	var d EpisodeDetail
	if k.get("/api/run/shipped1/episode/1", &d); len(d.Steps) != 1 || len(d.Memory) != 1 {
		t.Errorf("the shipped run's episode is %+v", d)
	}
}
