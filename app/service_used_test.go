//go:build unix

package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/engine"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/meter"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// usedIn is what the only run of a data folder used.
func (u user) usedIn() meter.Used {
	u.t.Helper()
	used, err := meter.Read(filepath.Dir(u.record()))
	if err != nil || used == nil {
		u.t.Fatalf("what the run used is %v, %v", used, err)
	}
	return *used
}

// learningAt is a notebook whose model is warm enough to be rewarded now and then, so that its run has gradients; that of thinkingAt has none.
func learningAt(model string) string {
	return strings.NewReplacer("warm_steps: 120", "warm_steps: 600", "updates: 3", "updates: 4", "group: 4", "group: 6").Replace(thinkingAt(model))
}

// A notebook from beginning to end on an engine that `loci target start` began as a program of its own: the record has the events of a run in
// this process, and what the run used is counted, priced and shown.
func TestTargetNotebookOnAServiceThatLociStartedIsThatOfThisProcess(t *testing.T) {
	papertest.Whole(t)
	here := newUser(t)
	file := here.notebook(learningAt("tiny"))
	here.loci(exitOK, "run", file, "--arm", "delethink", "--seeds", "0")
	bases := here.bases()
	if len(bases) != 1 {
		t.Fatalf("bases are %v", bases)
	}

	k := newKeeper(t)
	k.send(exitOK, "", "target", "start", "loci", "--on", "here", "--bin", lociFolder(t), "--model", bases[0], "--name", "gpu", "--rank", "0")
	t.Cleanup(func() { k.send(exitOK, "", "target", "stop", "gpu") })
	remote := k.notebook(learningAt("service gpu"))
	out, _ := k.send(exitOK, "", "run", remote, "--arm", "delethink", "--seeds", "0")
	wantSameEvents(t, k.record(), here.record())
	wantWords(t, out, "AT THE SERVICE", "TOKENS IN", "IN ITS QUEUE", "no price", "since they were begun")
	first := k.usedIn()
	if first.Service != "gpu" || first.Model != filepath.Base(bases[0]) || first.Input == 0 || first.Output == 0 || first.Trained == 0 || !first.Told || first.Priced ||
		first.Waited <= 0 || first.Queued < 0 || first.Queued > first.Waited {
		t.Errorf("used are %+v", first)
	}

	k.send(exitOK, "", "target", "price", "gpu", first.Model, "--input", "1", "--output", "2", "--training", "4")
	out, _ = k.send(exitOK, "", "run", remote, "--arm", "delethink", "--seeds", "0")
	if wantWords(t, out, "AT THE SERVICE"); strings.Contains(out, "no price") {
		t.Errorf("what was used before a price was set has none of today:\n%s", out)
	}
	if err := os.RemoveAll(filepath.Dir(k.record())); err != nil { // as if it were another run
		t.Fatal(err)
	}
	k.send(exitOK, "", "run", remote, "--arm", "delethink", "--seeds", "0", "--again")
	again := k.usedIn()
	cost := target.Price{Input: 1, Output: 2, Training: 4}.Cost(target.Used{Input: int(again.Input), Output: int(again.Output), Trained: int(again.Trained)})
	if again.Input != first.Input || again.Output != first.Output || again.Trained != first.Trained || !again.Priced || math.Abs(again.Dollars-cost) > 1e-12 || cost == 0 {
		t.Errorf("run again it used %+v, first %+v, and costs %g", again, first, cost)
	}
	out, _ = k.send(exitOK, "", "run", remote, "--arm", "delethink", "--seeds", "0", "--json")
	told := lines(t, out)[0]["used"].(map[string]any)
	if told["input"] != float64(again.Input) || told["dollars"] != again.Dollars {
		t.Errorf("--json tells %v", told)
	}
}

func TestTheEngineTellsItsQueueAsRunsReadIt(t *testing.T) {
	if engine.QueuedHeader != meter.QueuedHeader {
		t.Errorf("the engine writes %s, and runs read %s", engine.QueuedHeader, meter.QueuedHeader)
	}
}

// slow is a service that puts every call into a queue first: the first questions for an answer come back without one. One call it keeps until
// it is let go.
type slow struct {
	mu     sync.Mutex
	asked  map[string]int
	keep   int // number of the call that is kept, from 1
	kept   string
	letGo  chan struct{}
	polled int
}

func (s *slow) sick(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, "/"+wire.PathRetrieve) {
		return false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var q wire.RetrieveRequest
	if json.Unmarshal(body, &q) != nil {
		return false
	}
	id := string(q.RequestID)
	s.mu.Lock()
	s.asked[id]++
	if len(s.asked) == s.keep && s.kept == "" {
		s.kept = id
	}
	waits := s.asked[id] <= 1 && len(s.asked)%16 == 0
	if id == s.kept {
		select {
		case <-s.letGo:
		default:
			waits = true
		}
	}
	if waits {
		s.polled++
	}
	s.mu.Unlock()
	if !waits {
		return false
	}
	w.Header().Set("Content-Type", wire.JSON)
	w.WriteHeader(http.StatusRequestTimeout)
	_ = json.NewEncoder(w).Encode(wire.TryAgain{Type: wire.TypeTryAgain, RequestID: q.RequestID, QueueState: wire.QueueCapacity})
	return true
}

// A service with a long queue changes no event, and the run says that it waits there.
func TestARunSaysThatItWaitsInTheQueueOfItsService(t *testing.T) {
	papertest.Whole(t)
	here := newUser(t)
	file := here.notebook(learningAt("tiny"))
	here.loci(exitOK, "run", file, "--arm", "delethink", "--seeds", "0")
	t.Setenv("LOCI_ENGINE_KEY", value)
	address, _ := startEngine(t, engineFlags{addr: "127.0.0.1:0", models: []string{filepath.Join(here.home, "bases")}})
	s := &slow{asked: map[string]int{}, keep: 12, letGo: make(chan struct{})}
	door := sickly(t, address, s.sick)

	there := newKeeper(t)
	there.send(exitOK, value, "secret", "set", "key")
	there.send(exitOK, "", "target", "add", "near", "--service", door, "--secret", "key", "--rank", "0")
	remote := there.notebook(learningAt("service near"))
	c := &cli{cfg: Config{Home: there.home, Jobs: 1, Threads: 1}, out: there.said, err: there.said, keep: there.store}
	err := c.withEnv(t.Context(), func(ctx context.Context, e *env) error {
		doc, err := e.load(remote)
		if err != nil {
			return err
		}
		plan, err := e.owner.Plan(ctx, doc, sched.Options{Arms: []string{"delethink"}, Seeds: []uint64{0}})
		if err != nil {
			return err
		}
		job, err := e.owner.Start(ctx, plan)
		if err != nil {
			return err
		}
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		seen := ""
		for job.State == sched.Running {
			if r := job.Runs[0]; seen == "" && strings.Contains(r.Where, "queue") {
				seen = r.Where
				if r.Used == nil || r.Used.Queued <= 0 || r.State != sched.Running {
					t.Errorf("while it waits it is %s and used %+v", r.State, r.Used)
				}
				wantWords(t, describe(job), "waiting in the service's queue for ")
				close(s.letGo)
			}
			<-tick.C
			if job, err = e.owner.Job(job.ID); err != nil {
				return err
			}
		}
		if r := job.Runs[0]; seen == "" || r.State != sched.Done || r.Where != "" || r.Used == nil || r.Used.Queued < 2 || !r.Used.Told {
			t.Errorf("it said %q; in the end it is %s, %q, %s, and used %+v", seen, r.State, r.Where, r.Err, r.Used)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.polled < 5 {
		t.Errorf("only %d questions came back without an answer", s.polled)
	}
	wantSameEvents(t, there.record(), here.record())
}

// What a run is counted by is not named where something goes wrong: the person set up another address.
func TestARunThatItsServiceRefusesNamesTheAddressThatWasSetUp(t *testing.T) {
	t.Setenv("LOCI_ENGINE_KEY", value)
	address, _ := startEngine(t, engineFlags{addr: "127.0.0.1:0"})
	door := sickly(t, address, func(http.ResponseWriter, *http.Request) bool { return false })
	k := newKeeper(t)
	file := k.notebook(thinkingAt("service near"))
	for _, profile := range []string{"loci", ""} { // without one there is another relay, should the service be SkyRL
		k.send(exitOK, "", "target", "add", "near", "--service", door, "--profile", profile, "--base-model", "loci/tiny", "--rank", "0", "--replace")
		_, text := k.send(exitError, "", "run", file, "--arm", "delethink", "--seeds", "0", "--again")
		wantWords(t, text, "the training service at "+strings.TrimPrefix(door, "http://")+" refused", "status 401", "loci secret set")
	}
	out, _ := k.send(exitOK, "", "runs", "--json")
	wantWords(t, out, strings.TrimPrefix(door, "http://"))
}

// byArm are the records of a data folder by arm and case.
func (u user) byArm() map[string]string {
	u.t.Helper()
	paths, err := filepath.Glob(filepath.Join(u.home, "runs", "*", "*", run.RecordFile))
	if err != nil {
		u.t.Fatal(err)
	}
	all := map[string]string{}
	for _, path := range paths {
		begun, ok, err := run.Begun(path)
		if err != nil || !ok {
			u.t.Fatalf("%s: %v", path, err)
		}
		all[begun.Arm+" "+begun.Case] = path
	}
	return all
}

// TestTargetShippedNotebookOnAServiceIsThatOfThisProcess runs a notebook that ships, whole, at its smallest budget: here, and on an engine that
// `loci target start` began.
func TestTargetShippedNotebookOnAServiceIsThatOfThisProcess(t *testing.T) {
	papertest.Whole(t)
	const file = "experiments/delethink.md"
	here := newUser(t)
	here.loci(exitOK, "run", file, "--budget", "fast", "--seeds", "0")
	bases := here.bases()
	if len(bases) != 1 {
		t.Fatalf("bases are %v", bases)
	}
	k := newKeeper(t)
	k.send(exitOK, "", "target", "start", "loci", "--on", "here", "--bin", lociFolder(t), "--model", bases[0], "--name", "gpu", "--rank", "0")
	t.Cleanup(func() { k.send(exitOK, "", "target", "stop", "gpu") })
	if err := os.CopyFS(filepath.Join(k.home, "bases"), os.DirFS(filepath.Join(here.home, "bases"))); err != nil { // the warm start is that of both
		t.Fatal(err)
	}
	k.send(exitOK, "", "run", file, "--budget", "fast", "--seeds", "0", "--model", "service gpu")
	want, got := here.byArm(), k.byArm()
	if len(want) < 2 || len(got) != len(want) {
		t.Fatalf("runs are %v, want %v", got, want)
	}
	trained := int64(0)
	for name, path := range want {
		if got[name] == "" {
			t.Fatalf("there is no run of %q", name)
		}
		wantSameEvents(t, got[name], path)
		used, err := meter.Read(filepath.Dir(got[name]))
		if err != nil || used == nil || used.Output == 0 {
			t.Fatalf("%s used %v, %v", name, used, err)
		}
		trained += used.Trained
	}
	if trained == 0 {
		t.Error("no run trained its model")
	}
}
