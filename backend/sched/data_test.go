package sched

import (
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
)

// reading is a desk whose notebook reads the data named mine; imported holds their hashes.
func reading(t *testing.T, imported map[string]string) *desk {
	t.Helper()
	d := newDesk(t, &toyPapers{})
	doc, problems := notebook.Parse("toys.md", []byte(strings.Replace(toyNotebook, "kind: learner\n", "kind: learner\ndata: mine\n", 1)), d.papers)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d.doc = doc
	d.Bench.Data = func(name string) (lab.DataFile, error) {
		hash, ok := imported[name]
		if !ok {
			return lab.DataFile{}, lab.Errorf(lab.NotFound, "data %q were not imported", name).WithHint("loci import-data")
		}
		return lab.DataFile{Name: name, Hash: hash}, nil
	}
	return d
}

func TestDataOfAnotherContentAreAnotherRun(t *testing.T) {
	imported := map[string]string{"mine": "aa"}
	d := reading(t, imported)
	d.wait(d.start(Options{}).ID, Done)
	if p := d.plan(Options{}); p.Todo() != 0 {
		t.Fatalf("with the same data the plan is %q", p.Label())
	}
	imported["mine"] = "bb"
	if p := d.plan(Options{}); p.Unchanged != 0 {
		t.Errorf("with other data the plan is %q", p.Label())
	}
	imported["mine"] = "aa"
	if p := d.plan(Options{}); p.Todo() != 0 {
		t.Errorf("with the first data again the plan is %q", p.Label())
	}
}

func TestANotebookWhoseDataAreAbsentIsPlannedAndNotStarted(t *testing.T) {
	d := reading(t, nil)
	p := d.plan(Options{})
	if p.Todo() != 4 {
		t.Fatalf("plan is %q", p.Label())
	}
	if _, err := d.Start(t.Context(), p); lab.CodeOf(err) != lab.NotFound || !strings.Contains(err.Error(), `"mine"`) || lab.HintOf(err) == "" {
		t.Errorf("starting gives %v, hint %q", err, lab.HintOf(err))
	}
	d.Bench.Data = nil
	if _, err := d.Start(t.Context(), p); lab.CodeOf(err) != lab.NotFound || lab.HintOf(err) == "" {
		t.Errorf("starting where nothing is imported gives %v", err)
	}
	if len(d.Jobs()) != 0 {
		t.Error("a job was made all the same")
	}
}

func TestASetupWithoutDataKeepsItsKey(t *testing.T) {
	d := newDesk(t, &toyPapers{})
	run := d.plan(Options{}).Runs[0]
	if want, err := Key(run.Setup, "c1", "", run.Seed); err != nil || run.Key != want {
		t.Errorf("the key is %s, want %s, %v", run.Key, want, err)
	}
}
