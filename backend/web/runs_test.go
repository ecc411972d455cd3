package web

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/store"
)

const runKey = "laptop-lstm-0"

// smallRun is a finished run: three episodes, of which the second has steps.
func smallRun() []lab.Event {
	start := lab.Start{Key: runKey, Arm: "lstm", Seed: 0, Code: "c0de", Kernel: "go", Machine: "test machine", Notebook: "experiments/memory-rewriting.md",
		Setup: lab.Setup{Paper: "memory-rewriting", Budget: "laptop"}}
	events := []lab.Event{start, lab.Log{Level: "info", Text: "hello"}, lab.Metric{Name: "success", X: 10, Value: 0.25}, lab.Episode{ID: 1, Split: "train", Steps: 9, Return: 1}}
	for t := range 5 {
		events = append(events, lab.Context{Episode: 2, T: t, Limit: 8}, lab.Memory{Op: lab.OpRead, Bank: "b", Episode: 2, T: t}, lab.Step{Episode: 2, T: t, Saw: fmt.Sprint("cell ", t), Action: "go"})
	}
	return append(events, lab.Episode{ID: 2, Split: "eval", Steps: 5, Return: lab.Float(math.NaN()), Detail: true}, lab.Metric{Name: "success", X: 20, Value: lab.Float(math.NaN())},
		lab.Episode{ID: 3, Split: "train", Steps: 7, Success: true}, lab.Metric{Name: "success", X: 30, Value: 0.1}, lab.Progress{Done: 30, Total: 30, Unit: "steps"},
		lab.End{Status: lab.StatusDone, Final: map[string]lab.Float{"success": 0.1}})
}

func TestARunIsShownFromItsRecord(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, runKey, smallRun()...)
	var d RunDetail
	k.get("/api/run/"+runKey, &d)
	if d.Row.State != "done" || d.Row.Done != 30 || d.Row.Unit != "steps" || d.Row.Final["success"] != 0.1 || d.Episodes != 3 || d.Title != "Is retention enough?" {
		t.Errorf("run %+v", d)
	}
	if len(d.Log) != 1 || d.Kernel != "go" || d.Code != "c0de" || len(d.Siblings) != 1 || d.Siblings[0].Seed != 1 {
		t.Errorf("run %+v", d)
	}
	var p EpisodePage
	k.get("/api/run/"+runKey+"/episodes?limit=2", &p)
	if p.Total != 3 || len(p.Episodes) != 2 || p.Episodes[0].ID != 3 || p.Episodes[1].ID != 2 {
		t.Errorf("episodes %+v, want the newest first", p)
	}
	if k.get("/api/run/"+runKey+"/episodes?offset=2", &p); len(p.Episodes) != 1 || p.Episodes[0].ID != 1 {
		t.Errorf("from the third on: %+v", p)
	}
	var e EpisodeDetail
	k.get("/api/run/"+runKey+"/episode/2?from=1&limit=2", &e)
	if e.Total != 5 || !e.Episode.Detail || len(e.Steps) != 2 || e.Steps[0].T != 1 || e.Steps[1].Saw != "cell 2" || len(e.Context) != 2 || len(e.Memory) != 2 {
		t.Errorf("steps 1 and 2: %+v", e)
	}
	res := k.do(k.request("GET", "/api/run/"+runKey+"/rows.csv?metric=success", ""))
	if csv := bodyOf(t, res); csv != "arm,case,seed,metric,x,value,time\nlstm,,0,success,10,0.25,2027-01-15T08:00:00Z\nlstm,,0,success,20,NaN,2027-01-15T08:00:00Z\nlstm,,0,success,30,0.1,2027-01-15T08:00:00Z\n" {
		t.Errorf("rows %s", csv)
	}
}

func TestWhatARunDoesNotHaveIsNamed(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, runKey, smallRun()...)
	for target, want := range map[string]struct {
		status int
		word   string
	}{
		"/api/run/none":                                              {404, `"none"`},
		"/api/run/none/episodes":                                     {404, `"none"`},
		"/api/run/" + runKey + "/episode/9":                          {404, "episode 9"},
		"/api/run/" + runKey + "/episode/x":                          {400, `"x"`},
		"/api/run/" + runKey + "/episode/2?from=-1":                  {400, `"-1"`},
		"/api/run/" + runKey + "/rows.csv?metric=none":               {404, `["success"]`},
		"/api/runs?limit=many":                                       {400, `"many"`},
		"/api/plan?path=experiments/memory-rewriting.md&budget=huge": {400, `"huge"`},
	} {
		if e := k.refused(k.do(k.request("GET", target, "")), want.status); !strings.Contains(e.Msg, want.word) {
			t.Errorf("%s: message %q lacks %s", target, e.Msg, want.word)
		}
	}
}

func TestARunThatWaitsIsShownWithoutARecord(t *testing.T) {
	k := newKit(t)
	k.post("/api/job?path=experiments/memory-rewriting.md", JobRequest{}, &Job{})
	k.owner.mu.Lock()
	k.owner.jobs[0].Runs[0].State = sched.Queued
	k.owner.mu.Unlock()
	var d RunDetail
	if k.get("/api/run/"+runKey, &d); d.Row.State != "queued" || d.Row.Arm != "lstm" || d.Title != "Is retention enough?" {
		t.Errorf("run %+v", d)
	}
}

func TestRunsAreListedNewestFirstAndLive(t *testing.T) {
	k := newKit(t)
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	k.owner.stored = []store.Run{
		{Key: "laptop-lstm-0", Arm: "lstm", State: store.Done, Created: at(1)},
		{Key: "laptop-gru-0", Arm: "gru", State: store.Running, Created: at(2)},
		{Key: "old", Arm: "rnn", State: store.Failed, Created: at(3)},
	}
	k.owner.jobs = []sched.Job{{ID: "job-1", State: sched.Running, Runs: []sched.RunInfo{{Key: "laptop-gru-0", State: sched.Paused, Done: 7}}}}
	var p RunPage
	k.get("/api/runs?path=experiments/memory-rewriting.md&limit=2", &p)
	if p.Total != 3 || len(p.Runs) != 2 || p.Runs[0].Key != "old" || p.Runs[1].State != "paused" || p.Runs[1].Done != 7 {
		t.Errorf("runs %+v", p)
	}
	if k.get("/api/runs?path=experiments/memory-rewriting.md&offset=2", &p); len(p.Runs) != 1 || p.Runs[0].Key != "laptop-lstm-0" {
		t.Errorf("from the third on: %+v", p)
	}
}

func TestAGrowingRecordIsFollowed(t *testing.T) {
	k := newKit(t)
	events := smallRun()
	k.owner.write(t, runKey, events[:4]...)
	var p EpisodePage
	k.get("/api/run/"+runKey+"/episodes", &p)
	if p.Total != 1 {
		t.Fatalf("%d episodes", p.Total)
	}
	k.owner.extend(t, runKey, events[4:]...)
	if k.get("/api/run/"+runKey+"/episodes", &p); p.Total != 3 {
		t.Errorf("%d episodes after the record grew, want 3", p.Total)
	}
	var d RunDetail
	if k.get("/api/run/"+runKey, &d); d.Row.State != "done" {
		t.Errorf("state %q", d.Row.State)
	}
}

func TestMoreRecordsThanStayOpenAreRead(t *testing.T) {
	k := newKit(t)
	openRecords := k.s.records.most()
	for range 2 {
		for i := range openRecords + 3 {
			key := fmt.Sprint("run", i)
			if path, _ := k.owner.Record(key); !exists(path) {
				k.owner.write(t, key, smallRun()...)
			}
			var p EpisodePage
			if k.get("/api/run/"+key+"/episodes", &p); p.Total != 3 {
				t.Fatalf("run %s: %d episodes", key, p.Total)
			}
		}
	}
	if n := len(k.s.records.list); n > openRecords {
		t.Errorf("%d records are open, want at most %d", n, openRecords)
	}
}

// An episode of 100,000 steps: any range within 100 ms, five times that in a test on a machine that does other things.
func TestAnyRangeOfALongEpisodeComesAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a record of 100,000 steps")
	}
	k := newKit(t)
	const steps = 100_000
	events := make([]lab.Event, 0, steps+2)
	events = append(events, smallRun()[0])
	for i := range steps {
		events = append(events, lab.Step{Episode: 1, T: i, Saw: "a corridor that goes on", Action: "forward"})
	}
	k.owner.write(t, runKey, append(events, lab.Episode{ID: 1, Steps: steps, Detail: true})...)
	began := time.Now()
	var e EpisodeDetail
	k.get("/api/run/"+runKey+"/episode/1?limit=200", &e)
	t.Logf("first screen of %d steps: %v", steps, time.Since(began))
	var worst time.Duration
	for _, from := range []int{99_800, 50_000, 1, 77_777, 31_415, 99_999} {
		began := time.Now()
		k.get(fmt.Sprintf("/api/run/%s/episode/1?from=%d&limit=200", runKey, from), &e)
		worst = max(worst, time.Since(began))
		if len(e.Steps) != min(200, steps-from) || e.Steps[0].T != from || e.Total != steps {
			t.Fatalf("from %d: %d steps from %d, total %d", from, len(e.Steps), e.Steps[0].T, e.Total)
		}
	}
	t.Logf("slowest jump: %v", worst)
	if worst > 500*time.Millisecond {
		t.Errorf("a jump took %v, want 100 ms", worst)
	}
}

func TestTheRunButtonSaysWhatItWillDo(t *testing.T) {
	run := func(state string) sched.RunInfo { return sched.RunInfo{State: state} }
	for _, c := range []struct {
		plan sched.Plan
		want string
	}{
		{sched.Plan{}, "Nothing to run"},
		{sched.Plan{Runs: make([]sched.RunInfo, 24), Unchanged: 24}, "All 24 runs are done"},
		{sched.Plan{Runs: make([]sched.RunInfo, 24), Unchanged: 22, Low: 2 * time.Minute, High: 4 * time.Minute}, "Run 2 of 24 (22 unchanged), about 3 min"},
		{sched.Plan{Runs: make([]sched.RunInfo, 10)}, "Run 10"},
		{sched.Plan{Runs: []sched.RunInfo{run("interrupted"), run("")}, Partial: 1, Low: 40 * time.Second, High: 50 * time.Second}, "Run 2, 1 continued, about 45 s"},
		{sched.Plan{Runs: make([]sched.RunInfo, 3), Low: 3 * time.Hour, High: 4 * time.Hour}, "Run 3, about 3.5 h"},
	} {
		if got := label(c.plan); got != c.want {
			t.Errorf("label %q, want %q", got, c.want)
		}
	}
}

func TestAJobIsStartedAndControlled(t *testing.T) {
	k := newKit(t)
	var p Plan
	k.get("/api/plan?path=experiments/memory-rewriting.md", &p)
	if p.Total != 4 || p.Todo != 4 || p.Label != "Run 4, about 6 min" || p.Basis == "" {
		t.Errorf("plan %+v", p)
	}
	var j Job
	k.post("/api/job?path=experiments/memory-rewriting.md", JobRequest{Budget: "fast", Seeds: "0-1"}, &j)
	if j.State != "running" || j.Path != "experiments/memory-rewriting.md" || j.Budget != "fast" || len(j.Runs) != 4 || j.LeftLo >= 0 {
		t.Errorf("job %+v", j)
	}
	if k.post("/api/job/"+j.ID+"/pause", nil, &j); j.State != "paused" {
		t.Errorf("state %q after pause", j.State)
	}
	k.refused(k.do(k.request("POST", "/api/job/none/pause", "")), http.StatusNotFound)
	k.refused(k.do(k.request("POST", "/api/job?path=experiments/memory-rewriting.md", `{"seeds":"x"}`)), http.StatusBadRequest)
	var st Status
	if k.get("/api/status", &st); len(st.Jobs) != 1 || st.Kernel != "go" || st.Home != k.home {
		t.Errorf("status %+v", st)
	}
}

func TestARunWhoseRecordHasNoEventYetIsShownAsItsJobKnowsIt(t *testing.T) {
	k := newKit(t)
	k.start()
	k.owner.begin(sched.Running)
	k.owner.write(t, runKey)
	var d RunDetail
	if k.get("/api/run/"+runKey, &d); d.Notebook == "" || d.Row.State != "running" || len(d.Metrics) == 0 {
		t.Errorf("run %+v", d)
	}
}
