package app

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/record"
)

func TestResultsOfTheSearchPeerAreRead(t *testing.T) {
	r, err := parseKNN([]byte(`{"calls": 20, "seconds": 0.01, "faiss": "1.15.1", "threads": 2, "form": "matrix product"}`))
	if err != nil || r.Calls != 20 || r.Seconds != 0.01 || r.Threads != 2 {
		t.Errorf("result is %+v, %v", r, err)
	}
	for name, text := range map[string]string{
		"nothing":    "",
		"words":      "Traceback (most recent call last)",
		"no calls":   `{"calls":0,"seconds":1,"faiss":"1","threads":2,"form":"x"}`,
		"no time":    `{"calls":1,"seconds":0,"faiss":"1","threads":2,"form":"x"}`,
		"no version": `{"calls":1,"seconds":1,"threads":2,"form":"x"}`,
		"no form":    `{"calls":1,"seconds":1,"faiss":"1","threads":2}`,
	} {
		if r, err := parseKNN([]byte(text)); err == nil || lab.CodeOf(err) != lab.Internal {
			t.Errorf("%s: %q reads as %+v, error %v", name, text, r, err)
		}
	}
}

func TestThePeerIsAskedForTheNearestVectors(t *testing.T) {
	core := num.NewCore(num.Go(), 1)
	defer core.Close()
	text, err := knnTruth(core)
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Vectors, Queries [][]float32
		IDs              [][]int
	}
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	similarity := func(q []float32, i int) float64 {
		v := slices.Clone(truth.Vectors[i])
		if err := mem.Normalise(v); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for d := range v {
			sum += float64(q[d]) * float64(v[d])
		}
		return sum
	}
	for n, q := range truth.Queries {
		best := 0
		for i := range truth.Vectors {
			if similarity(q, i) > similarity(q, best) {
				best = i
			}
		}
		if truth.IDs[n][0] != best || len(truth.IDs[n]) != 10 {
			t.Errorf("query %d: nearest are %v, want %d first", n, truth.IDs[n], best)
		}
	}
}

func TestTheBankOfTheBenchIsRebuiltFromItsRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.rec")
	w, err := record.Create(path, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rate, waits, err := recordedBank(w, benchTexts(200))
	if err != nil || rate <= 0 || len(waits) != memOperations {
		t.Fatalf("%v entries/s, %d operations, %v", rate, len(waits), err)
	}
	r, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var replay mem.Replay
	for f, err := range r.Frames(0) {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := f.Event()
		if err == nil {
			err = replay.Apply(ev.(lab.Memory))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(replay.Entries("bench")); n < 199 || n > 201 || replay.Done() != 200+memOperations {
		t.Fatalf("%d operations leave %d entries, want about 200", replay.Done(), n)
	}
}
