package web

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
)

// wire is a listener whose connections are pipes in memory, so that a test's clock rules them too.
type wire struct {
	conns chan net.Conn
	done  chan struct{}
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error   { close(w.done); return nil }
func (w *wire) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

// live runs a test in a bubble with its own clock, over a server that answers on a wire.
func live(t *testing.T, f func(*kit, *wire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		w := &wire{conns: make(chan net.Conn), done: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		var served sync.WaitGroup
		served.Go(func() {
			if err := (&Listener{w}).Serve(ctx, k.s); err != nil {
				t.Error(err)
			}
		})
		f(k, w)
		stop()
		if err := k.s.Close(); err != nil {
			t.Error(err)
		}
		served.Wait()
	})
}

// client is a page as a browser has it.
type client struct {
	t    testing.TB
	conn *websocket.Conn

	mu     sync.Mutex
	got    []ServerMessage
	times  []time.Time
	frames [][]byte
	ended  chan struct{}
}

// dial opens a socket and reads it until the test ends; a page that does not read gets reads false.
func (k *kit) dial(w *wire, reads bool) *client {
	k.t.Helper()
	d := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		w.conns <- there
		return here, nil
	}}
	h := http.Header{"Origin": {"http://127.0.0.1:8080"}, "Cookie": {"loci8080=" + k.s.guard.cookie}}
	conn, res, err := d.DialContext(k.t.Context(), "ws://127.0.0.1:8080/api/ws", h)
	if err != nil {
		k.t.Fatal(err)
	}
	_ = res.Body.Close()
	c := &client{t: k.t, conn: conn, ended: make(chan struct{})}
	if reads {
		go c.read()
	}
	return c
}

func (c *client) read() {
	defer close(c.ended)
	for {
		kind, body, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		c.take(kind, body)
	}
}

func (c *client) take(kind int, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times = append(c.times, time.Now())
	if kind == websocket.BinaryMessage {
		c.frames = append(c.frames, body)
		return
	}
	var m ServerMessage
	if err := json.Unmarshal(body, &m); err != nil {
		c.t.Error(err)
	}
	c.got = append(c.got, m)
}

func (c *client) send(m ClientMessage) {
	c.t.Helper()
	if err := c.conn.WriteJSON(m); err != nil {
		c.t.Fatal(err)
	}
}

// drain returns what came since the last call.
func (c *client) drain() (messages []ServerMessage, frames [][]byte, times []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	messages, frames, times = c.got, c.frames, c.times
	c.got, c.frames, c.times = nil, nil, nil
	return messages, frames, times
}

// pass lets time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (o *fakeOwner) setRun(key, state string, done int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.jobs {
		for r := range o.jobs[i].Runs {
			if o.jobs[i].Runs[r].Key == key {
				o.jobs[i].Runs[r].State, o.jobs[i].Runs[r].Done, o.jobs[i].Runs[r].Total = state, done, 1_000_000
			}
		}
	}
}

func (o *fakeOwner) setJob(state string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.jobs[0].State = state
}

func (k *kit) start() {
	k.t.Helper()
	k.post("/api/job?path=experiments/memory-rewriting.md", JobRequest{}, &Job{})
}

func TestAPageHearsOfJobsAFewTimesASecond(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		pass(time.Second)
		if got, _, _ := c.drain(); len(got) != 0 {
			t.Errorf("without jobs the page got %+v", got)
		}
		k.start()
		for i := range int64(1000) { // a thousand changes in a second
			k.owner.setRun(runKey, sched.Running, i)
			pass(time.Millisecond)
		}
		got, _, _ := c.drain()
		if len(got) < 3 || len(got) > 5 {
			t.Errorf("%d messages in a second, want about 4", len(got))
		}
		last := got[len(got)-1]
		if last.Type != "job" || last.Job.Runs[0].Done < 700 {
			t.Errorf("the last message has done = %d, want a recent one", last.Job.Runs[0].Done)
		}
		for i, m := range got {
			if m.Number != int64(i+1) || m.Topic != "jobs" {
				t.Errorf("message %d has number %d of topic %q", i, m.Number, m.Topic)
			}
		}
		k.owner.setJob(sched.Done)
		pass(time.Second)
		if got, _, _ := c.drain(); len(got) == 0 || got[len(got)-1].Job.State != sched.Done {
			t.Errorf("the end was not told: %+v", got)
		}
		pass(10 * time.Second)
		if got, _, _ := c.drain(); len(got) != 0 {
			t.Errorf("with nothing going on the page got %d messages", len(got))
		}
	})
}

func TestAPageIsToldOfTheRunsThatChangedAlone(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		all := len(k.owner.Jobs()[0].Runs)
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		pass(time.Second)
		got, _, _ := c.drain()
		if len(got) != 1 || got[0].Job.Part || len(got[0].Job.Runs) != all || all < 2 {
			t.Fatalf("first view: %+v, want all %d runs", got, all)
		}
		k.owner.setRun(runKey, sched.Running, 7)
		pass(time.Second)
		got, _, _ = c.drain()
		if len(got) != 1 || !got[0].Job.Part || len(got[0].Job.Runs) != 1 || got[0].Job.Runs[0].Key != runKey || got[0].Job.Runs[0].Done != 7 {
			t.Errorf("after a change of one run the page got %+v", got)
		}
		k.owner.setJob(sched.Done)
		pass(time.Second)
		if got, _, _ := c.drain(); len(got) != 1 || got[0].Job.Part || len(got[0].Job.Runs) != all {
			t.Errorf("the last word of the job is %+v, want all of it", got)
		}
	})
}

// TestRowsDifferInEachOfTheirFields keeps a new field of RunRow from being left out of what pages are told.
func TestRowsDifferInEachOfTheirFields(t *testing.T) {
	row := func() RunRow { return RunRow{Final: map[string]lab.Float{"m": lab.Float(math.NaN())}} }
	if !row().same(row()) {
		t.Error("equal rows differ")
	}
	other := row()
	other.Final["m"] = 1
	if row().same(other) {
		t.Error("another last value is the same")
	}
	for i := range reflect.TypeFor[RunRow]().NumField() {
		changed := row()
		switch f := reflect.ValueOf(&changed).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("other")
		case reflect.Int, reflect.Int64:
			f.SetInt(7)
		case reflect.Uint64:
			f.SetUint(7)
		case reflect.Float64:
			f.SetFloat(7)
		case reflect.Map:
			f.SetZero()
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		default:
			t.Fatalf("field %s is of a kind that this test does not know", reflect.TypeFor[RunRow]().Field(i).Name)
		}
		if row().same(changed) {
			t.Errorf("a row with another %s is the same", reflect.TypeFor[RunRow]().Field(i).Name)
		}
	}
}

func TestAPageThatComesBackSeesNothingTwiceAndMissesNothing(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		k.owner.setRun(runKey, sched.Running, 5)
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		pass(time.Second)
		got, _, _ := c.drain()
		if len(got) != 1 || got[0].Number != 1 {
			t.Fatalf("first view: %+v", got)
		}
		_ = c.conn.Close()
		<-c.ended
		k.owner.setRun(runKey, sched.Running, 9)
		pass(time.Minute)
		c = k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "jobs", After: 1})
		pass(2 * time.Second)
		got, _, _ = c.drain()
		if len(got) != 1 || got[0].Number != 2 || got[0].Job.Runs[0].Done != 9 {
			t.Errorf("after the connection was lost: %+v, want one view with number 2 and done = 9", got)
		}
	})
}

func TestARunIsFollowedWithItsNewestEpisode(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		k.owner.setRun(runKey, sched.Queued, 0)
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "run:" + runKey})
		pass(time.Second)
		if got, _, _ := c.drain(); len(got) != 1 || got[0].Run.State != "queued" {
			t.Fatalf("a run that waits: %+v", got)
		}
		k.owner.write(t, runKey, smallRun()[:4]...)
		k.owner.setRun(runKey, sched.Running, 10)
		pass(time.Second)
		got, _, _ := c.drain()
		if len(got) != 2 || got[0].Type != "run" || got[0].Run.Done != 10 || got[1].Type != "episode" || got[1].Episode.ID != 1 {
			t.Errorf("a run that goes on: %+v", got)
		}
		k.owner.extend(t, runKey, smallRun()[4:]...)
		k.owner.setRun(runKey, sched.Done, 30)
		pass(time.Second)
		got, _, _ = c.drain()
		if len(got) != 2 || got[0].Run.State != "done" || got[1].Episode.ID != 3 {
			t.Errorf("a run that ended: %+v", got)
		}
	})
}

func TestAnEditReachesTheOtherPages(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		path, _ := k.mine()
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "notebook:" + path})
		pass(2 * time.Second)
		c.drain()
		n := k.edit(path, Operation{Type: "set-field", Cell: "world", Field: "corridors", Value: json.RawMessage("9")})
		pass(2 * time.Second)
		got, _, _ := c.drain()
		if len(got) == 0 || got[0].Type != "notebook" || got[0].Revision < n.Revision {
			t.Errorf("the other page got %+v, want revision %d", got, n.Revision)
		}
	})
}

func TestTheEndOfRunsIsToldAsNewsOfResults(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "notebook:experiments/memory-rewriting.md"})
		pass(time.Second)
		c.drain()
		for i := range int64(100) {
			k.owner.setRun(runKey, sched.Running, i)
			pass(100 * time.Millisecond)
		}
		k.owner.setRun(runKey, sched.Done, 100)
		k.owner.setJob(sched.Done)
		pass(5 * time.Second)
		got, _, times := c.drain()
		results := 0
		for _, m := range got {
			if m.Type == "results" {
				results++
			}
		}
		if results < 5 || results > 8 {
			t.Errorf("%d words of results in 10 s, want one every 2 s", results)
		}
		if since := time.Since(times[len(times)-1]); since > 5*time.Second {
			t.Errorf("the last word came %v ago: the end was not told", since)
		}
	})
}

func TestAHiddenPageGetsOneMessageASecond(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "hidden"})
		c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		c.send(ClientMessage{Type: "watch", Topic: "run:" + runKey})
		for i := range int64(100) {
			k.owner.setRun(runKey, sched.Running, i)
			pass(100 * time.Millisecond)
		}
		got, _, _ := c.drain()
		topics := map[string]int{}
		for _, m := range got {
			topics[m.Topic]++
		}
		if len(got) < 9 || len(got) > 11 || len(topics) != 2 {
			t.Errorf("%v messages in 10 s, want 10 in all", topics)
		}
		c.send(ClientMessage{Type: "visible"})
		pass(2 * time.Second)
		if got, _, _ := c.drain(); len(got) == 0 || got[0].Topic == "" {
			t.Error("a page that is seen again gets nothing")
		}
	})
}

func TestAPageGetsAtMostTwentyMessagesASecond(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		c := k.dial(w, true)
		for arm := range 2 {
			for seed := range 2 {
				for range 3 { // watching again changes nothing
					c.send(ClientMessage{Type: "watch", Topic: fmt.Sprintf("run:laptop-%s-%d", []string{"lstm", "gru"}[arm], seed)})
				}
			}
		}
		c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		for i := range int64(200) {
			for _, r := range k.owner.Jobs()[0].Runs {
				k.owner.setRun(r.Key, sched.Running, i)
			}
			pass(10 * time.Millisecond)
		}
		_, _, times := c.drain()
		if len(times) > 41 {
			t.Errorf("%d messages in 2 s, want at most 40", len(times))
		}
		for i := 20; i < len(times); i++ {
			if d := times[i].Sub(times[i-20]); d < time.Second-time.Millisecond {
				t.Errorf("21 messages within %v", d)
			}
		}
	})
}

func TestASlowPageIsToldAndHoldsUpNobody(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		slow, quick := k.dial(w, false), k.dial(w, true)
		for _, c := range []*client{slow, quick} {
			c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		}
		for i := range int64(100) { // ten seconds in which the slow page reads nothing
			k.owner.setRun(runKey, sched.Running, i)
			pass(100 * time.Millisecond)
		}
		if got, _, _ := quick.drain(); len(got) < 35 {
			t.Errorf("the quick page got %d messages in 10 s, want 40", len(got))
		}
		go slow.read()
		pass(time.Second)
		got, _, _ := slow.drain()
		var types []string
		for _, m := range got {
			types = append(types, m.Type)
		}
		if len(got) < 3 || got[0].Type != "job" || got[1].Type != "lag" || got[1].Topic != "jobs" || got[2].Type != "job" || got[2].Job.Runs[0].Done != 99 {
			t.Errorf("the slow page got %v, want what it left, the mark of the skip, and the newest view", types)
		}
		if n := len(got); n > 6 {
			t.Errorf("%d messages waited for the slow page", n)
		}
	})
}

func TestAPageThatIsGoneIsLeftAlone(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.start()
		c := k.dial(w, false)
		c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		pass(2 * time.Minute) // no pong, no read
		if n := len(k.s.feeds.list()); n != 0 {
			t.Errorf("%d topics are still open for a page that is gone", n)
		}
	})
}

func TestAWrongWishIsAnsweredInWords(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "weather"})
		c.send(ClientMessage{Type: "dance", Topic: "jobs", After: 7})
		if err := c.conn.WriteMessage(websocket.TextMessage, []byte("{")); err != nil {
			t.Fatal(err)
		}
		for i := range topicLimit + 1 {
			c.send(ClientMessage{Type: "watch", Topic: fmt.Sprint("run:", i)})
		}
		pass(10 * time.Second)
		got, _, _ := c.drain()
		if len(got) != 4 || got[0].Topic != "weather" || got[0].Number != 1 || got[1].Number != 8 {
			t.Fatalf("answers %+v", got)
		}
		for _, m := range got {
			if m.Type != "notice" || m.Text == "" {
				t.Errorf("answer %+v, want a notice", m)
			}
		}
	})
}

func TestClosingTheServerEndsItsSockets(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		pass(time.Second)
		if err := k.s.Close(); err != nil {
			t.Fatal(err)
		}
		<-c.ended
	})
}

func TestANoticeReachesThePagesThatAreOpen(t *testing.T) {
	live(t, func(k *kit, w *wire) {
		k.hub.Publish(hub.Notices, -1, lab.Log{Text: "old news"})
		c := k.dial(w, true)
		c.send(ClientMessage{Type: "watch", Topic: "jobs"})
		pass(time.Second)
		for i := range mostNotes + 5 {
			k.hub.Publish(hub.Notices, -1, lab.Log{Text: fmt.Sprint("claim ", i, " is decided")})
		}
		pass(5 * time.Second)
		got, _, _ := c.drain()
		if len(got) < mostNotes || len(got) > mostNotes+5 || got[0].Type != "notice" || got[len(got)-1].Text != fmt.Sprintf("claim %d is decided", mostNotes+4) {
			t.Errorf("%d messages, the last %+v", len(got), got[len(got)-1])
		}
	})
}
