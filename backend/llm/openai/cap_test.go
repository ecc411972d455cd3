package openai

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
)

// clocked makes a client on the bubble's own clock, without a network.
func clocked(t *testing.T, e lab.Endpoint, s *script.Server, idle time.Duration) *Client {
	t.Helper()
	c, err := New(e, Options{Client: newDirect(s), Idle: idle, Draw: func() float64 { return 0.5 }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func nowhere() lab.Endpoint {
	return lab.Endpoint{Name: "near", URL: "http://near.example.org/v1", Key: lab.NewSecret(key), Model: "small", Embedding: "vectors", Parallel: 8}
}

func TestTheCapOfDollarsIsNotPassedAndTheRunCanBeContinued(t *testing.T) {
	s := scripted(t, echo())
	e := endpoint(t, s)
	// A request may cost at most 24/2+1 tokens of prompt and 20 of reply, 33 dollars at a dollar a token; it does cost 2 + 4.
	e.Prices, e.Dollars, e.Cache = [2]float64{1e6, 1e6}, 45, t.TempDir()
	c, _ := open(t, e)
	seed, r := uint64(0), ask("good day")
	var err error
	for ; err == nil && seed < 100; seed++ {
		r.Seed = seed
		_, err = c.Chat(t.Context(), r)
	}
	// 33 + 6n <= 45 holds for n = 0, 1, 2: three requests, 18 dollars.
	if len(s.Asked()) != 3 || c.Counts().Dollars != 18 {
		t.Errorf("%d requests for %v dollars", len(s.Asked()), c.Counts().Dollars)
	}
	for _, want := range []string{"18 of its 45 dollars", "may cost 33"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if lab.CodeOf(err) != lab.Budget || !strings.Contains(lab.HintOf(err), "--dollars") {
		t.Errorf("%v, hint %q", err, lab.HintOf(err))
	}
	again, _ := open(t, e) // the continued run
	for seed := range uint64(4) {
		r.Seed = seed
		must(t, again, r)
	}
	if n := again.Counts(); n.Cached != 3 || n.Requests != 1 {
		t.Errorf("%+v", n)
	}
}

func TestRequestsSideBySideStayBelowTheCapTogether(t *testing.T) {
	s := scripted(t, echo())
	e := endpoint(t, s)
	e.Prices, e.Dollars, e.Parallel = [2]float64{1e6, 1e6}, 100, 16
	c, _ := open(t, e)
	var wg sync.WaitGroup
	var done, refused atomic.Int64
	for seed := range uint64(40) {
		wg.Go(func() {
			r := ask("good day")
			r.Seed = seed
			switch _, err := c.Chat(t.Context(), r); lab.CodeOf(err) {
			case lab.Budget:
				refused.Add(1)
			default:
				if err != nil {
					t.Error(err)
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	// 33 + 6n <= 100 holds up to n = 11: those who wait get what the others leave over.
	if n := c.Counts(); n.Dollars != 72 || done.Load() != 12 || refused.Load() != 28 {
		t.Errorf("%d answered, %d refused, %+v", done.Load(), refused.Load(), n)
	}
}

func TestAMinuteHasNoMoreRequestsThanTheCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := nowhere()
		e.PerMinute, e.Cache = 30, t.TempDir()
		var mu sync.Mutex
		var times []time.Duration
		begin := time.Now()
		s := scripted(t, script.Rule{Answer: func(llm.ChatRequest) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Since(begin))
			return "yes", nil
		}})
		clients := []*Client{clocked(t, e, s, 0), clocked(t, e, s, 0)} // two runs share the endpoint
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				r := ask("good day")
				r.Seed = uint64(i)
				if _, err := clients[i%2].Chat(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i, at := range times {
			if want := time.Duration(i) * 2 * time.Second; at < want || at > want+time.Second {
				t.Errorf("request %d is sent at %v, want %v", i, at, want)
			}
		}
		if len(times) != 10 {
			t.Errorf("%d requests", len(times))
		}
		for _, damaged := range []string{"no number", "99999999999999999"} {
			if err := os.WriteFile(filepath.Join(e.Cache, paceFile), []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			r, now := ask("good day"), time.Now()
			r.Seed = 100 + uint64(len(damaged))
			must(t, clients[0], r)
			if d := time.Since(now); d > time.Minute {
				t.Errorf("behind %q a request waits %v", damaged, d)
			}
		}
	})
}

func TestNoMoreRequestsAreUnderWayThanAllowed(t *testing.T) {
	var now, most atomic.Int64
	gate := make(chan struct{})
	s := scripted(t, script.Rule{Answer: func(llm.ChatRequest) (string, error) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		<-gate
		now.Add(-1)
		return "yes", nil
	}})
	e := endpoint(t, s)
	e.Parallel = 3
	c, _ := open(t, e)
	var wg sync.WaitGroup
	for seed := range uint64(9) {
		wg.Go(func() {
			r := ask("good day")
			r.Seed = seed
			if _, err := c.Chat(t.Context(), r); err != nil {
				t.Error(err)
			}
		})
	}
	for range 9 {
		gate <- struct{}{}
	}
	wg.Wait()
	if most.Load() > 3 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestASlowAnswerIsWaitedForAndASilentServerIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scripted(t, script.Rule{Reply: strings.Repeat("word ", 30) + "end"})
		slow := script.Fault{Each: func(int) { time.Sleep(50 * time.Second) }} // on the bubble's clock
		silent := script.Fault{Each: func(piece int) {
			if piece == 2 {
				time.Sleep(2 * time.Minute)
			}
		}}
		c := clocked(t, nowhere(), s, time.Minute)
		begin := time.Now()
		s.Fail(slow)
		if reply := must(t, c, ask("talk")); !strings.HasSuffix(reply.Text, "end") || reply.Usage.Retries != 0 || time.Since(begin) < 25*time.Minute {
			t.Errorf("%d bytes behind %v with %d retries", len(reply.Text), time.Since(begin), reply.Usage.Retries)
		}
		for name, f := range map[string]script.Fault{"within an answer": silent, "before it": {Hang: true}} {
			s.Fail(f)
			if reply := must(t, c, ask("talk")); reply.Usage.Retries != 1 {
				t.Errorf("%s: %d retries", name, reply.Usage.Retries)
			}
		}
		for range usualTries {
			s.Fail(script.Fault{Hang: true})
		}
		_, err := c.Chat(t.Context(), ask("talk"))
		if lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), "silent for 1m0s") || !errors.Is(err, errIdle) {
			t.Error(err)
		}
		time.Sleep(time.Hour) // handlers end
	})
}

func TestRetriesWaitOnTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scripted(t, echo())
		s.Fail(script.Fault{Status: 503, Body: "later"}, script.Fault{Status: 503, Header: map[string]string{"Retry-After": "10"}, Body: "later"})
		begin := time.Now()
		must(t, clocked(t, nowhere(), s, 0), ask("good day"))
		if d := time.Since(begin); d != 250*time.Millisecond+10*time.Second+500*time.Millisecond {
			t.Errorf("it took %v", d)
		}
	})
}

func TestEndpointsThatCannotBeUsedAreRefusedWithoutTheKey(t *testing.T) {
	for name, change := range map[string]func(*lab.Endpoint){
		"no address":             func(e *lab.Endpoint) { e.URL = "" },
		"another scheme":         func(e *lab.Endpoint) { e.URL = "ftp://h" },
		"a key in the address":   func(e *lab.Endpoint) { e.URL = "https://u:" + key + "@h/v1" },
		"a query in the address": func(e *lab.Endpoint) { e.URL = "https://h/v1?k=" + key },
		"no model":               func(e *lab.Endpoint) { e.Model, e.Embedding = "", "" },
		"a cap without prices":   func(e *lab.Endpoint) { e.Dollars = 1 },
		"a negative cap":         func(e *lab.Endpoint) { e.Dollars = -1 },
		"a negative rate":        func(e *lab.Endpoint) { e.PerMinute = -1 },
		"a key of two lines":     func(e *lab.Endpoint) { e.Key = lab.NewSecret(key + "\n") },
	} {
		e := nowhere()
		change(&e)
		_, err := New(e, Options{})
		if lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" || strings.Contains(err.Error()+lab.HintOf(err), key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := nowhere()
	e.Model = ""
	c, err := New(e, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Chat(t.Context(), ask("x")); lab.CodeOf(err) != lab.Invalid || !strings.Contains(lab.HintOf(err), "--model") {
		t.Error(err)
	}
	e.Model, e.Embedding = "small", ""
	if c, err = New(e, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Chat(t.Context(), llm.ChatRequest{}); lab.CodeOf(err) != lab.Invalid {
		t.Error(err)
	}
	if _, err := c.Embedder(t.Context()); lab.CodeOf(err) != lab.Invalid || !strings.Contains(lab.HintOf(err), "--embedding") {
		t.Error(err)
	}
}
