package bundle

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

func TestTheSameExperimentGivesTheSameBytes(t *testing.T) {
	e := demo(t)
	var files [2][]byte
	for i := range files {
		path := filepath.Join(t.TempDir(), "x.loci")
		if _, err := Write(t.Context(), path, e, Options{Detail: Detail{Episodes: true, Memory: true, Weights: true}}); err != nil {
			t.Fatal(err)
		}
		files[i] = mustRead(t, path)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two exports differ")
	}
}

func TestPartsStandInOrderOfTheirNames(t *testing.T) {
	path, _ := exported(t, Options{Detail: Detail{Weights: true}})
	var names []string
	for _, z := range open(t, path).zip.File {
		names = append(names, z.Name)
	}
	if !slices.IsSorted(names) || len(names) != 8 {
		t.Errorf("parts are %q, want 8 in order", names)
	}
}

func TestEachDetailHoldsItsEventsAndNoOthers(t *testing.T) {
	for _, c := range []struct {
		detail string
		want   []lab.Kind
	}{
		{"results", []lab.Kind{lab.KindStart, lab.KindMetric, lab.KindProgress, lab.KindEnd}},
		{"episodes", []lab.Kind{lab.KindStart, lab.KindContext, lab.KindStep, lab.KindStep, lab.KindEpisode, lab.KindMetric, lab.KindProgress, lab.KindEnd}},
		{"memory", []lab.Kind{lab.KindStart, lab.KindMemory, lab.KindMetric, lab.KindProgress, lab.KindEnd}},
		{"weights", []lab.Kind{lab.KindStart, lab.KindMetric, lab.KindCheckpoint, lab.KindProgress, lab.KindEnd}},
	} {
		t.Run(c.detail, func(t *testing.T) {
			d, err := ParseDetail(c.detail)
			if err != nil {
				t.Fatal(err)
			}
			path, _ := exported(t, Options{Detail: d})
			w, indexed := here(t)
			if _, err := open(t, path).Keep(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			var got []lab.Kind
			for f, err := range record.Scan((*indexed)[0], record.Position{}) {
				if err != nil {
					t.Fatal(err)
				}
				if f.Time.UnixMilli() != 1_700_000_000_000 {
					t.Errorf("event %d lost its time: %v", f.Seq, f.Time)
				}
				got = append(got, f.Kind)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("events are %v, want %v", got, c.want)
			}
			_, err = os.Stat(filepath.Join(filepath.Dir((*indexed)[0]), "checkpoint-000000000001.ckpt"))
			if d.Weights != (err == nil) {
				t.Errorf("weights are there: %v, want %v", err == nil, d.Weights)
			}
		})
	}
}

func TestNamesOfHomeAndMachineAreLeftOutUnlessWanted(t *testing.T) {
	e := demo(t)
	e.Notebook = append(e.Notebook, "made on ada@lovelace-pc in /home/ada/work and in /home/ada/data/loci\n"...)
	names := &Names{Home: "/home/ada", Data: "/home/ada/data/loci", User: "ada", Machine: "lovelace-pc"}
	for _, c := range []struct {
		name  string
		names *Names
		found bool
	}{{"left out", names, false}, {"wanted", nil, true}} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.loci")
			if _, err := Write(t.Context(), path, e, Options{Detail: Usual(), Names: c.names}); err != nil {
				t.Fatal(err)
			}
			f := open(t, path)
			for _, p := range f.Manifest.Parts {
				var text bytes.Buffer
				if err := f.copyTo(t.Context(), &text, p.Name); err != nil {
					t.Fatal(err)
				}
				has := strings.Contains(text.String(), "/home/ada") || strings.Contains(text.String(), "lovelace-pc")
				wants := c.found && (strings.Contains(p.Name, "/runs/") || strings.Contains(p.Name, "/notebook/"))
				if has != wants {
					t.Errorf("%s has names: %v, want %v", p.Name, has, wants)
				}
			}
		})
	}
}

func TestAKeptRunIsWholeAndMarkedAsImported(t *testing.T) {
	path, _ := exported(t, Options{Detail: Usual()})
	w, indexed := here(t)
	f := open(t, path)
	if err := f.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	kept, err := f.Keep(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(kept.Added, []string{keyA, keyB}) || len(*indexed) != 2 {
		t.Errorf("added %q and indexed %q, want both runs", kept.Added, *indexed)
	}
	o, ok := ReadOrigin(filepath.Join(filepath.Dir((*indexed)[0]), ImportedFile))
	if !ok || o.Title != "A question" || o.Imported != "2026-01-03" {
		t.Errorf("origin is %+v, %v", o, ok)
	}
	name, text, err := f.Notebook()
	if err != nil || name != "demo.md" || !bytes.HasPrefix(text, []byte("# A question")) {
		t.Errorf("notebook is %q %q %v", name, text, err)
	}
}

func TestARunThatIsHereIsNeverTouched(t *testing.T) {
	path, _ := exported(t, Options{Detail: Detail{}})
	w, _ := here(t)
	same, err := w.Record(keyA)
	if err != nil {
		t.Fatal(err)
	}
	write(t, same, played(keyA, 1)...)
	other, err := w.Record(keyB)
	if err != nil {
		t.Fatal(err)
	}
	events := played(keyB, 0)
	events[6] = lab.Metric{Name: "success", X: 1, Value: 0}
	write(t, other, events...)
	before := [][]byte{mustRead(t, same), mustRead(t, other)}
	kept, err := open(t, path).Keep(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(kept.Same, []string{keyA}) || !slices.Equal(kept.Conflicts, []string{keyB}) || len(kept.Added) > 0 {
		t.Errorf("kept is %+v, want %s the same and %s in conflict", kept, keyA, keyB)
	}
	if !bytes.Equal(before[0], mustRead(t, same)) || !bytes.Equal(before[1], mustRead(t, other)) {
		t.Error("a record that was here was changed")
	}
}

func TestARunMayBeLeftOutWhole(t *testing.T) {
	path, m := exported(t, Options{Detail: Usual(), Without: []string{"runs/" + keyA}})
	if len(m.Runs) != 1 || m.Runs[0].Key != keyB || !slices.Equal(m.LeftOut, []string{"runs/" + keyA}) {
		t.Errorf("runs are %+v, left out %q", m.Runs, m.LeftOut)
	}
	if bytes.Contains(mustRead(t, path), []byte(keyA+"/record")) {
		t.Error("a part of the run that was left out is in the file")
	}
	_, err := Write(t.Context(), filepath.Join(t.TempDir(), "x.loci"), demo(t), Options{Without: []string{"runs/c"}})
	invalid(t, err, `no run "runs/c"`)
}

func TestAnExportThatStopsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	stop := Options{Detail: Usual(), Progress: func(int64, int64, string) { cancel() }}
	if _, err := Write(ctx, filepath.Join(dir, "x.loci"), demo(t), stop); lab.CodeOf(err) != lab.Cancelled {
		t.Errorf("error is %v, want cancelled", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

func TestSizesAreToldBeforehand(t *testing.T) {
	s, err := Measure(t.Context(), demo(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.Results <= 0 || s.Episodes <= 0 || s.Memory <= 0 || s.Weights != 2*int64(len("weights of ")+len(keyA)) {
		t.Errorf("sizes are %+v", s)
	}
	if got, want := s.Of(Usual()), s.Results+s.Episodes+s.Memory; got != want {
		t.Errorf("usual detail takes %d, want %d", got, want)
	}
}

func TestDetailReadsBackWhatItPrints(t *testing.T) {
	for _, d := range []Detail{{}, {Episodes: true}, {Memory: true, Weights: true}, Usual(), {true, true, true}} {
		got, err := ParseDetail(d.String())
		if err != nil || got != d {
			t.Errorf("%v reads back as %v, %v", d, got, err)
		}
	}
	_, err := ParseDetail("everything")
	invalid(t, err, "want results")
}
