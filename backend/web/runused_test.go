package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/target/meter"
)

// serviceRun is a run at a training service.
func serviceRun() []lab.Event {
	events := smallRun()
	start := events[0].(lab.Start)
	start.Setup.Model = "service near"
	events[0] = start
	return events
}

func TestWhatARunUsedAtItsServiceIsShown(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, runKey, serviceRun()...)
	var d RunDetail
	if k.get("/api/run/"+runKey, &d); d.Row.Used != nil {
		t.Errorf("without a count the run used %+v", d.Row.Used)
	}
	used := meter.Used{Service: "near", Model: "small", Calls: 3, Input: 40, Output: 5, Trained: 60, Waited: 7.5, Queued: 2, Told: true, Priced: true, Dollars: 0.25}
	text, err := json.Marshal(used)
	if err != nil {
		t.Fatal(err)
	}
	path, _ := k.owner.Record(runKey) // never fails
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), meter.File), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if k.get("/api/run/"+runKey, &d); d.Row.Used == nil || *d.Row.Used != RunUsed(used) {
		t.Errorf("the run used %+v, want %+v", d.Row.Used, used)
	}
	k.start()
	now := used
	now.Output = 99
	k.owner.tellRun(runKey, "", &now)
	if k.get("/api/run/"+runKey, &d); d.Row.Used == nil || d.Row.Used.Output != 99 {
		t.Errorf("while it goes on the run used %+v", d.Row.Used)
	}
}

// tellRun sets how a run stands and what it used.
func (o *fakeOwner) tellRun(key, where string, used *meter.Used) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.jobs {
		for r := range o.jobs[i].Runs {
			if o.jobs[i].Runs[r].Key == key {
				o.jobs[i].Runs[r].Where, o.jobs[i].Runs[r].Used = where, used
			}
		}
	}
}

// A run that stands still because its service is busy makes no progress; its page hears of it all the same.
func TestThePageOfARunHearsThatItWaitsForItsService(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.owner.write(t, runKey, serviceRun()...)
		k.start()
		k.owner.setRun(runKey, sched.Running, 3)
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "run:" + runKey})
		pass(time.Second)
		c.drain()
		k.owner.tellRun(runKey, "waiting in the service's queue for 5 s", &meter.Used{Service: "near", Queued: 5})
		pass(time.Second)
		got, _, _ := c.drain()
		if len(got) != 1 || got[0].Run == nil || got[0].Run.Where != "waiting in the service's queue for 5 s" || got[0].Run.Used == nil || got[0].Run.Used.Queued != 5 {
			t.Errorf("the page got %+v", got)
		}
		pass(10 * time.Second)
		if got, _, _ := c.drain(); len(got) != 0 {
			t.Errorf("with nothing new it got %d messages", len(got))
		}
	})
}
