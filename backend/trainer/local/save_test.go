package local

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer"
)

// train does steps from..to of a fixed sequence.
func train(t *testing.T, tr *Trainer, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		learn(t, tr, rows(string(rune('a'+n)), 12, 7, 15), ce)
		step(t, tr, trainer.NewAdam(1e-2))
	}
}

func TestSavingLoadingAndGoingOnEqualsTheUninterruptedRun(t *testing.T) {
	for _, o := range []Options{{}, {Rank: 3, Alpha: 6, Seed: 5}, {ValueHead: true}} {
		o.Folder = t.TempDir()
		whole := newTrainer(t, o)
		train(t, whole, 0, 3)
		path, err := whole.Save(t.Context(), "step-3").Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		train(t, whole, 3, 6)

		second := newTrainer(t, o)
		if _, err := second.Load(t.Context(), path, true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		train(t, second, 3, 6)
		if !slices.Equal(weightsOf(whole), weightsOf(second)) {
			t.Errorf("rank %d: the continued run differs", o.Rank)
		}

		bare := newTrainer(t, o)
		if _, err := bare.Load(t.Context(), path, false).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if bare.adam.Steps() != 0 {
			t.Errorf("without optimiser there are %d steps", bare.adam.Steps())
		}
		train(t, bare, 3, 6)
		if slices.Equal(weightsOf(whole), weightsOf(bare)) {
			t.Error("a run without its moments did not differ")
		}
	}
}

func TestASnapshotKeepsGradientsToo(t *testing.T) {
	o := Options{Rank: 2}
	whole, second := newTrainer(t, o), newTrainer(t, o)
	train(t, whole, 0, 2)
	learn(t, whole, rows("pending", 9), ce)
	var kept bytes.Buffer
	if err := whole.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	train(t, second, 0, 1) // whatever was there before
	learn(t, second, rows("other", 9), ce)
	if err := second.Restore(bytes.NewReader(kept.Bytes())); err != nil {
		t.Fatal(err)
	}
	train(t, whole, 2, 4)
	train(t, second, 2, 4)
	if !slices.Equal(weightsOf(whole), weightsOf(second)) {
		t.Error("the restored run differs")
	}
	kept.Reset()
	if err := whole.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	learn(t, second, rows("other", 9), ce)
	if err := second.Restore(bytes.NewReader(kept.Bytes())); err != nil || slices.ContainsFunc(gradientsOf(second), func(g float32) bool { return g != 0 }) {
		t.Errorf("a snapshot between steps left gradients: %v", err)
	}
	if err := newTrainer(t, Options{}).Restore(bytes.NewReader(kept.Bytes())); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
		t.Errorf("a trainer without adapters took the snapshot: %v", err)
	}
}

func TestCheckpointsAreRefusedWhereTheyDoNotBelong(t *testing.T) {
	o := Options{Folder: t.TempDir()}
	tr := newTrainer(t, o)
	path, err := tr.Save(t.Context(), "a").Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Save(t.Context(), "a").Wait(t.Context()); !errors.Is(err, &lab.Error{Code: lab.Conflict}) {
		t.Errorf("a name that is taken: %v", err)
	}
	for _, name := range []string{"", "../b", "a b"} {
		if _, err := tr.Save(t.Context(), name).Wait(t.Context()); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	load := func(tr *Trainer, path string) error {
		_, err := tr.Load(t.Context(), path, true).Wait(t.Context())
		return err
	}
	if err := load(tr, path); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
		t.Errorf("loading late: %v", err)
	}
	if err := load(newTrainer(t, Options{Rank: 2}), path); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
		t.Errorf("another rank: %v", err)
	}
	if err := load(newTrainer(t, o), filepath.Join(o.Folder, "none")); !errors.Is(err, &lab.Error{Code: lab.NotFound}) {
		t.Errorf("no checkpoint: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(o.Folder, ".writing-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
}

func TestADamagedCheckpointChangesNothing(t *testing.T) {
	o := Options{Folder: t.TempDir()}
	tr := newTrainer(t, o)
	train(t, tr, 0, 1)
	path, err := tr.Save(t.Context(), "a").Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(path, optimizerFile), 100); err != nil {
		t.Fatal(err)
	}
	fresh := newTrainer(t, o)
	before := weightsOf(fresh)
	if _, err := fresh.Load(t.Context(), path, true).Wait(t.Context()); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
		t.Errorf("damaged: %v", err)
	}
	if !slices.Equal(before, weightsOf(fresh)) {
		t.Error("a failed load changed weights")
	}
}
