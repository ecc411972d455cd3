package web

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// folderOwner has one record.
type folderOwner string

func (o folderOwner) Record(string) (string, error) { return string(o), nil }

// An open record keeps the same last values as whoever decodes every event, also where names need escapes and where a record grows.
func TestAnOpenRecordKnowsTheLastValuesAsDecodingEverythingDoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.loci")
	w, err := record.Create(path, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"success", `a "quoted" name`, "größe", `back\slash`, "a<b", "", `","x":`}
	rs := newRecords(folderOwner(path))
	t.Cleanup(func() { _ = rs.close() })
	for round := range 3 {
		events := []lab.Event{lab.Log{Level: "info", Text: "round"}}
		if round == 0 {
			events = []lab.Event{lab.Start{Key: "r"}}
		}
		for x := range int64(20) {
			for i, name := range names[:3+2*round] {
				y := math.Sin(float64(x)*3 + float64(i+round))
				if x == 19 {
					y = []float64{math.NaN(), math.Inf(1), 1e-300, -0.5}[(i+round)%4]
				}
				events = append(events, lab.Metric{Name: name, X: x, Value: lab.Float(y)})
			}
			events = append(events, lab.Progress{Done: x, Total: 20, Unit: "steps"}, lab.Episode{ID: x})
		}
		for _, ev := range events {
			if err := w.Emit(ev); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := rs.with("r", func(k *kept) error { compareEndings(t, k); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// compareEndings decodes every event.
func compareEndings(t *testing.T, k *kept) {
	t.Helper()
	last, counts, progress, episodes := map[string]float64{}, map[string]int64{}, lab.Progress{}, 0
	for f, err := range k.reader.Frames(0) {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := f.Event()
		if err != nil {
			t.Fatal(err)
		}
		switch ev := ev.(type) {
		case lab.Metric:
			last[ev.Name] = float64(ev.Value)
			counts[ev.Name]++
		case lab.Progress:
			progress = ev
		case lab.Episode:
			episodes++
		}
	}
	final := k.row().Final
	if len(final) != len(last) || k.progress != progress || len(k.episodes) != episodes || progress.Total != 20 {
		t.Fatalf("%v, %v, %d episodes; want %v, %v, %d", final, k.progress, len(k.episodes), last, progress, episodes)
	}
	for name, want := range last {
		if got, ok := final[name]; !ok || math.Float64bits(float64(got)) != math.Float64bits(want) || k.ending(name).events != counts[name] {
			t.Errorf("%q ends with %v, want %v; %d values, want %d", name, got, want, k.ending(name).events, counts[name])
		}
	}
	if k.ending("none") != nil {
		t.Error("a metric that the run does not have is kept")
	}
}

func TestAMetricThatCannotBeDecodedIsAnErrorWhenItIsTheLast(t *testing.T) {
	k := &kept{metrics: map[string]*ending{}}
	if err := k.note(record.Frame{Kind: lab.KindMetric, Payload: []byte(`{"name":"a","x":1,"value":"what"}`)}); err != nil {
		t.Fatal(err)
	}
	if err := k.settle(); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("%v, want an invalid event", err)
	}
	if err := k.note(record.Frame{Kind: lab.KindMetric, Payload: []byte(`{"x":1,`)}); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("%v, want an invalid event", err)
	}
}
