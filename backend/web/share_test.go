package web

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/loci-lab/loci/backend/bundle"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/store"
)

const shareKey = "4f1c0000aaaa1111bbbb2222"

// played gives the kit's owner one finished run with a record, under a key as real ones are.
func played(t *testing.T, k *kit) {
	t.Helper()
	k.owner.all = ""
	k.owner.keys = map[string]string{"laptop-lstm-0": shareKey}
	k.owner.state = map[string]string{shareKey: sched.Done}
	k.owner.stored = []store.Run{{Key: shareKey, Kernel: "go", Machine: "test machine", Ended: time.UnixMilli(1_800_000_000_000), Seconds: 90,
		Setup: lab.Setup{Paper: "memory-rewriting", Budget: "laptop"}}}
	k.owner.write(t, shareKey,
		lab.Start{Key: shareKey, Arm: "lstm", Notebook: "/home/ada/demo.md"},
		lab.Step{Episode: 1, Saw: "a hall", Action: "go"},
		lab.Episode{ID: 1, Steps: 1, Detail: true},
		lab.Memory{Op: lab.OpWrite, Bank: "main", Episode: 1, Entry: "e", After: &lab.Entry{ID: "e", Text: "x"}},
		lab.Metric{Name: "success", X: 1, Value: 0.5},
		lab.End{Status: lab.StatusDone})
	k.owner.add("success", "lstm", 0, 1, 0.5)
}

// withViewer has the pages that a shared page needs, and what tells who and where.
func withViewer(cfg *Config) {
	files, _ := cfg.Pages.(fstest.MapFS)
	files["report/report.js"] = &fstest.MapFile{Data: []byte("0")}
	files["report/report.css"] = &fstest.MapFile{Data: []byte("b{}")}
	cfg.Sharing.Names = bundle.Names{Home: "/home/ada"}
}

// written begins to write a file and waits for its end.
func written(t *testing.T, k *kit, req ShareRequest) ShareJob {
	t.Helper()
	var j ShareJob
	k.post("/api/share?path=experiments/memory-rewriting.md", req, &j)
	job, err := k.s.shares.find(j.ID)
	if err != nil {
		t.Fatal(err)
	}
	<-job.over
	k.get("/api/share/"+j.ID, &j)
	return j
}

func TestSizesComeBeforeAnythingIsWritten(t *testing.T) {
	k := newKit(t, withViewer)
	played(t, k)
	var o ShareOffer
	k.get("/api/share?path=experiments/memory-rewriting.md", &o)
	if o.Runs != 1 || o.Sizes.Results <= 0 || o.Sizes.Episodes <= 0 || o.Sizes.Memory <= 0 || o.Page <= o.Sizes.Results {
		t.Errorf("offer is %+v", o)
	}
	if left, err := filepath.Glob(filepath.Join(k.home, ".share-*")); err != nil || len(left) > 0 {
		t.Errorf("%v was made (%v)", left, err)
	}
}

func TestNothingToShareSaysWhatToRun(t *testing.T) {
	k := newKit(t)
	e := k.refused(k.do(k.request(http.MethodGet, "/api/share?path=experiments/memory-rewriting.md", "")), http.StatusNotFound)
	if !strings.Contains(e.Hint, "loci run") {
		t.Errorf("hint is %q", e.Hint)
	}
}

func TestAFileIsWrittenFetchedAndTakenInElsewhere(t *testing.T) {
	k := newKit(t, withViewer)
	played(t, k)
	j := written(t, k, ShareRequest{Form: formLoci, Detail: bundle.Usual(), Author: "Ada"})
	if j.State != shareDone || j.Name != "memory-rewriting.loci" || j.Bytes == 0 {
		t.Fatalf("job is %+v %+v", j, j.Error)
	}
	res := k.do(k.request(http.MethodGet, "/api/share/"+j.ID+"/file", ""))
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") || int64(len(body)) != j.Bytes {
		t.Errorf("%d bytes came as %q", len(body), got)
	}
	var indexed []string
	other := newKit(t, func(cfg *Config) {
		cfg.Sharing.Index = func(_ context.Context, path string) error { indexed = append(indexed, path); return nil }
	})
	var offer ImportOffer
	other.answer(other.do(other.request(http.MethodPost, "/api/import", string(body))), &offer)
	if offer.Author != "Ada" || len(offer.Runs) != 1 || offer.Runs[0].Key != shareKey || strings.Contains(offer.Notebook, "/home/ada") {
		t.Fatalf("offer is %+v", offer)
	}
	if own, _ := os.ReadDir(filepath.Join(other.home, "notebooks")); len(own) > 0 || len(indexed) > 0 {
		t.Error("something was kept before it was said")
	}
	var done ImportDone
	other.post("/api/import/"+offer.ID+"/keep", nil, &done)
	if done.Path != "notebooks/memory-rewriting.md" || !slices.Equal(done.Kept.Added, []string{shareKey}) || len(indexed) != 1 {
		t.Errorf("done is %+v, indexed %q", done, indexed)
	}
	var book Notebook
	other.get("/api/notebook?path="+done.Path, &book)
	var run RunDetail
	other.get("/api/run/"+shareKey, &run)
	if !strings.Contains(book.Imported, "by Ada, 2027-01-15, test machine") || run.Imported != book.Imported {
		t.Errorf("notebook is marked %q, run %q", book.Imported, run.Imported)
	}
	if len(other.owner.Jobs()) > 0 {
		t.Error("something was run")
	}
	other.refused(other.do(other.request(http.MethodPost, "/api/import/"+offer.ID+"/keep", "")), http.StatusNotFound)
}

func TestAPageHoldsFewerEpisodesAboveItsLimitAndSaysWhich(t *testing.T) {
	k := newKit(t, withViewer, func(cfg *Config) { cfg.Sharing.PageLimit = 300 })
	played(t, k)
	j := written(t, k, ShareRequest{Form: formPage, Detail: bundle.Usual()})
	if j.State != shareDone || j.Name != "memory-rewriting.html" || len(j.LeftOut) == 0 {
		t.Errorf("job is %+v %+v, want a page with something left out", j, j.Error)
	}
}

func TestASecretStopsSharingAndIsNamedByItsPlace(t *testing.T) {
	value := "correct-horse-battery-42"
	k := newKit(t, withViewer, func(cfg *Config) {
		cfg.Sharing.Secrets = func(context.Context) ([]bundle.Known, error) {
			return []bundle.Known{{Name: "my-service", Value: lab.NewSecret(value)}}, nil
		}
	})
	played(t, k)
	for _, form := range []string{formLoci, formPage} {
		j := written(t, k, ShareRequest{Form: form, Detail: bundle.Usual(), Author: value})
		if form == formLoci && (j.State != shareFailed || len(j.Leaks) != 1 || j.Leaks[0].Part != "manifest.json") {
			t.Errorf("%s: job is %+v", form, j)
		}
		if j.State != shareFailed || j.Error == nil || strings.Contains(j.Error.Msg+j.Error.Hint, value) {
			t.Errorf("%s: error is %+v", form, j.Error)
		}
		k.refused(k.do(k.request(http.MethodGet, "/api/share/"+j.ID+"/file", "")), http.StatusConflict)
	}
}

func TestSharingStopsWhereStoredSecretsCannotBeRead(t *testing.T) {
	k := newKit(t, withViewer, func(cfg *Config) {
		cfg.Sharing.Secrets = func(context.Context) ([]bundle.Known, error) {
			return nil, lab.Errorf(lab.Unavailable, "the key store is locked").WithHint("unlock it")
		}
	})
	played(t, k)
	j := written(t, k, ShareRequest{Form: formLoci})
	if j.Error == nil || j.Error.Code != string(lab.Unavailable) || j.Error.Hint != "unlock it" {
		t.Errorf("error is %+v", j.Error)
	}
}

func TestAFileThatIsNoneIsRefusedAndForgotten(t *testing.T) {
	k := newKit(t)
	e := k.refused(k.do(k.request(http.MethodPost, "/api/import", "PK no archive")), http.StatusBadRequest)
	if !strings.Contains(e.Msg, "refused") {
		t.Errorf("error is %+v", e)
	}
	if left, err := filepath.Glob(filepath.Join(k.home, ".share-*", "*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
	k.refused(k.do(k.request(http.MethodPost, "/api/share?path=experiments/memory-rewriting.md", `{"form":"pdf"}`)), http.StatusBadRequest)
	k.refused(k.do(k.request(http.MethodGet, "/api/share/nothing", "")), http.StatusNotFound)
}
