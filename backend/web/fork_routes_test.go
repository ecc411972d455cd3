package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/sched"
)

// oneFork is an owner that knows one fork.
type oneFork struct {
	place sched.ForkPlace
	fork  sched.ForkInfo
	asked sched.ForkRequest
	stop  string
}

func (o *oneFork) ForkPlace(context.Context, string, int64, int) (sched.ForkPlace, error) {
	return o.place, nil
}

func (o *oneFork) Fork(_ context.Context, req sched.ForkRequest) (sched.ForkInfo, error) {
	o.asked = req
	return o.fork, req.Fork.Check([]lab.ChangeKind{lab.ChangeDrop, lab.ChangeAct})
}

func (o *oneFork) FindFork(_ context.Context, key string) (sched.ForkInfo, error) {
	if key != o.fork.Key {
		return sched.ForkInfo{}, lab.Errorf(lab.NotFound, "no fork %q", key)
	}
	return o.fork, nil
}

func (o *oneFork) Forks(context.Context, string) ([]sched.ForkInfo, error) {
	return []sched.ForkInfo{o.fork}, nil
}

func (o *oneFork) StopFork(key string) error { o.stop = key; return nil }

func pairsOf(unchanged ...lab.Float) (all []sched.ForkPair) {
	for i, v := range unchanged {
		course := string(rune('a' + i))
		all = append(all, sched.ForkPair{Changed: run.Outcome{Return: 1, Success: true, Course: course}, Unchanged: run.Outcome{Return: v, Success: v == 1, Course: course}})
	}
	return all
}

func TestAForkOverTheWire(t *testing.T) {
	f := lab.Fork{Parent: "p", Episode: 4, T: 1, Changes: []lab.Change{{Kind: lab.ChangeDrop, Bank: "b", Entry: "1"}}}
	owner := &oneFork{place: sched.ForkPlace{Can: lab.ChangeKinds(), Seconds: 1, Entries: []sched.ForkEntry{{Bank: "b", ID: "1", Text: "tea"}}},
		fork: sched.ForkInfo{Key: "f", Title: "fork of good", Fork: f, State: sched.Running, Phase: sched.ForkPairing, Done: 3, Total: 20, Low: 3 * time.Second, High: 5 * time.Second,
			Result: &sched.ForkResult{Parent: run.Outcome{Steps: 3}, Fork: run.Outcome{Return: 1, Steps: 2}, First: 1, Pairs: pairsOf(0, 0, 1, 0)}}}
	k := newKit(t, func(c *Config) { c.Forks = owner })
	var place ForkPlace
	k.get("/api/run/p/fork?episode=4&step=1", &place)
	if len(place.Can) != 3 || !place.Look || place.Replays != 20 || place.Cost != "about 40 s" || place.Entries[0].Text != "tea" || len(place.Forks) != 1 {
		t.Errorf("place is %+v", place)
	}
	var v ForkView
	k.post("/api/run/p/fork", ForkAsk{Episode: 4, Step: 1, Changes: f.Changes, Replays: 20}, &v)
	if owner.asked.Replays != 20 || owner.asked.Fork.Parent != "p" || owner.asked.Fork.T != 1 {
		t.Errorf("asked for %+v", owner.asked)
	}
	// By hand: differences 1, 1, 0, 1: mean 0.75, and of 16 signs those with a sum of at least 3 away from 0 are 4 of 16.
	if v.Left != "3 to 5 s left" || v.Outcome.First != 1 || v.Effect.Pairs != 4 || v.Effect.Return != 0.75 || v.Effect.ReturnP != 0.25 || !strings.Contains(v.Sentence, "4 pairs") {
		t.Errorf("fork is %+v, effect %+v", v, v.Effect)
	}
	var c Chart
	k.get("/api/fork/f/chart?dark=1", &c)
	if len(c.Table.Rows) != 4 || c.Points != 8 || !strings.Contains(c.Sentence, "without 1: 0.75 on average over 4 pairs") {
		t.Errorf("chart says %q, table %v", c.Sentence, c.Table)
	}
	k.post("/api/fork/f/stop", nil, &v)
	if owner.stop != "f" {
		t.Error("it was not stopped")
	}
	e := k.refused(k.do(k.request("POST", "/api/run/p/fork", `{"episode":4,"changes":[{"kind":"edit","entry":"1","text":"x"}]}`)), http.StatusBadRequest)
	if !strings.Contains(e.Msg, `cannot "edit"`) || e.Hint == "" {
		t.Errorf("refused with %+v", e)
	}
	k.refused(k.do(k.request("GET", "/api/fork/none", "")), http.StatusNotFound)
}

func TestBehindAnEndpointOnlyReplaysAreOfferedWithTheirPrice(t *testing.T) {
	for cost, place := range map[string]sched.ForkPlace{
		"about $0.12": {Can: lab.ChangeKinds(), Remote: true, Priced: true, Price: 0.1234},
		"the endpoint has no price set: what they cost is not known": {Can: lab.ChangeKinds(), Remote: true},
	} {
		k := newKit(t, func(c *Config) { c.Forks = &oneFork{place: place} })
		var got ForkPlace
		k.get("/api/run/p/fork?episode=4&step=1", &got)
		if got.Look || got.Cost != cost {
			t.Errorf("place is %+v, want cost %q", got, cost)
		}
	}
}
