package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/connect"
	"github.com/loci-lab/loci/backend/trainer/local"
)

// record is the path of the only record of a data folder.
func (u user) record() string {
	u.t.Helper()
	paths, err := filepath.Glob(filepath.Join(u.home, "runs", "*", "*", run.RecordFile))
	if err != nil || len(paths) != 1 {
		u.t.Fatalf("records are %v, %v", paths, err)
	}
	return paths[0]
}

// happened are the events of a run but for what says how it was run: its start, and the hashes of its checkpoints.
func happened(t *testing.T, path string) (frames []record.Frame) {
	t.Helper()
	for f, err := range record.Scan(path, record.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind != lab.KindStart && f.Kind != lab.KindCheckpoint {
			f.Payload = bytes.Clone(f.Payload)
			frames = append(frames, f)
		}
	}
	return frames
}

func wantSameEvents(t *testing.T, got, want string) {
	t.Helper()
	a, b := happened(t, got), happened(t, want)
	if len(a) != len(b) {
		t.Fatalf("%d events, want %d", len(a), len(b))
	}
	kinds := map[lab.Kind]int{}
	for i := range b {
		if kinds[b[i].Kind]++; a[i].Kind != b[i].Kind || !bytes.Equal(a[i].Payload, b[i].Payload) {
			t.Fatalf("event %d is %s %s, want %s %s", i, a[i].Kind, a[i].Payload, b[i].Kind, b[i].Payload)
		}
	}
	if kinds[lab.KindMetric] < 20 || kinds[lab.KindEpisode] == 0 || kinds[lab.KindEnd] != 1 {
		t.Errorf("compared were %v", kinds)
	}
}

// A notebook whose model is trained by a service is the same notebook: our own engine, asked over the protocol, gives the curve of the
// trainer in this process, bit for bit. It starts from the warm start by its key, which it finds in the bases that it lends out.
func TestARunOnOurServiceGivesTheCurveOfTheRunInThisProcess(t *testing.T) {
	here := newUser(t)
	file := here.notebook(thinkingAt("tiny"))
	here.loci(exitOK, "run", file, "--arm", "delethink", "--seeds", "0")
	t.Setenv("LOCI_ENGINE_KEY", value)
	address, _ := startEngine(t, engineFlags{addr: "127.0.0.1:0", models: []string{filepath.Join(here.home, "bases")}})

	there := newKeeper(t)
	there.send(exitOK, value, "secret", "set", "key")
	there.send(exitOK, "", "target", "add", "near", "--service", address, "--secret", "key", "--rank", "0")
	remote := there.notebook(thinkingAt("service near"))
	out, _ := there.send(exitOK, "", "run", remote, "--arm", "delethink", "--seeds", "0", "--json")
	if l := lines(t, out)[0]; l["state"] != "done" {
		t.Fatalf("the run at the service is %v", l)
	}
	wantSameEvents(t, there.record(), here.record())
	if equal, err := record.Equal(there.record(), here.record()); err != nil || equal == nil {
		t.Errorf("the records say that both were run at one place, %v", err)
	}
	text, err := os.ReadFile(there.record())
	if err != nil || bytes.Contains(text, []byte(value)) {
		t.Errorf("the record holds the key, %v", err)
	}
}

// remote is a model of a toy base that is trained at the service.
func remote(t *testing.T, bench lab.Bench, spec base.Spec) *connect.Model {
	t.Helper()
	kernels, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	core := num.NewCore(kernels, 1)
	t.Cleanup(core.Close)
	m, err := connect.New(core, "service near", bench, spec, toyRow, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// learns does some steps and returns their losses.
func learns(t *testing.T, m *connect.Model) (losses [3]float64) {
	t.Helper()
	for i := range losses {
		out, err := m.Train.ForwardBackward(t.Context(), []rl.Datum{rl.Supervised([]int32{3}, []int32{4, 4, 0})}, rl.Loss{Name: rl.CrossEntropy}).Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Train.OptimStep(t.Context(), trainer.NewAdam(0.01)).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		losses[i] = out.Metrics[trainer.LossSum]
	}
	return losses
}

func toyRow(i uint64) (rl.Datum, error) {
	return rl.Supervised([]int32{3}, []int32{3 + int32(i%2), 0}), nil
}

// The kept state of a run at a service is a path there: weights and optimiser come back, also into a process that knows nothing else.
func TestAModelAtAServiceGoesOnFromItsKeptState(t *testing.T) {
	words, err := llm.NewWords([]string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	k := base.ModelKnobs{Width: 8, Layers: 1, Heads: 1, Inner: 8, Context: 16}
	spec := base.Spec{Shape: k.Shape(words.Size()), Words: words.List(), World: "toy", Knobs: base.Knobs{Steps: 5, Batch: 2, Rate: 0.01}}
	bench := lab.Bench{Cache: t.TempDir(), Threads: 1}
	warm, err := base.Open(bench, spec, toyRow)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(warm.To(t.Context(), warm.Steps()), warm.Close()); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LOCI_ENGINE_KEY", value)
	address, key := startEngine(t, engineFlags{addr: "127.0.0.1:0", models: []string{filepath.Join(bench.Cache, "bases")}})
	bench.Service = func(name string) (lab.Service, error) {
		return lab.Service{Name: name, URL: address, Key: lab.NewSecret(key)}, nil
	}

	m := remote(t, bench, spec)
	if err := m.Advance(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	first := learns(t, m)
	var state bytes.Buffer
	if err := m.Snapshot(&state); err != nil {
		t.Fatal(err)
	}
	want := learns(t, m)
	again := remote(t, bench, spec)
	if err := again.Restore(&state); err != nil {
		t.Fatal(err)
	}
	if got := learns(t, again); got != want || want == first {
		t.Errorf("the losses go on with %v, want %v; before they were %v", got, want, first)
	}
}

func TestARunWhoseServiceIsNotThereFailsWithAWayOut(t *testing.T) {
	u := newUser(t)
	file := u.notebook(thinkingAt("service far"))
	out, text := u.loci(exitError, "run", file, "--arm", "delethink", "--seeds", "0")
	wantWords(t, out+text, `"far"`, "target")
}
