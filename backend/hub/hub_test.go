package hub

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

func numbers(messages []Message) []int64 {
	var out []int64
	for _, m := range messages {
		out = append(out, m.Number)
	}
	return out
}

// waiting reads what is there without waiting for more.
func waiting(c <-chan Message) []Message {
	var out []Message
	for {
		synctest.Wait()
		select {
		case m, ok := <-c:
			if !ok {
				return out
			}
			out = append(out, m)
		default:
			return out
		}
	}
}

func TestViewersGetWhatTheyAskForInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		defer h.Close()
		everything := h.Subscribe(t.Context(), Filter{})
		run := h.Subscribe(t.Context(), Filter{Topics: []string{RunTopic("a")}})
		episodes := h.Subscribe(t.Context(), Filter{Kinds: []lab.Kind{lab.KindEpisode}})
		chosen := h.Subscribe(t.Context(), Filter{Wants: func(topic string) bool { return topic == Jobs }})
		h.Publish(RunTopic("a"), 10, lab.Metric{Name: "m"})
		h.Publish(RunTopic("b"), 20, lab.Episode{ID: 1})
		h.Publish(RunTopic("a"), 11, lab.Episode{ID: 2})
		h.Publish(Jobs, -1, "a job")
		for name, c := range map[string]struct {
			viewer <-chan Message
			want   string
		}{
			"everything": {everything, "[run:a 1 10 run:b 1 20 run:a 2 11 jobs 1 -1]"},
			"one run":    {run, "[run:a 1 10 run:a 2 11]"},
			"episodes":   {episodes, "[run:b 1 20 run:a 2 11 jobs 1 -1]"},
			"chosen":     {chosen, "[jobs 1 -1]"},
		} {
			var got []any
			for _, m := range waiting(c.viewer) {
				got = append(got, m.Topic, m.Number, m.Seq)
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("%s: %v, want %s", name, got, c.want)
			}
		}
		if n, seq := h.Last(RunTopic("a")); n != 2 || seq != 11 {
			t.Errorf("last of run a is %d, event %d", n, seq)
		}
		if n, seq := h.Last("nothing"); n != 0 || seq != -1 {
			t.Errorf("last of nothing is %d, event %d", n, seq)
		}
	})
}

func TestASlowViewerIsToldItsGapAndNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		defer h.Close()
		slow := h.Subscribe(t.Context(), Filter{Buffer: 10})
		quick := h.Subscribe(t.Context(), Filter{Topics: []string{RunTopic("a")}})
		for i := range int64(100) {
			h.Publish(RunTopic("a"), 1000+i, lab.Metric{})
			if i%2 == 0 {
				h.Publish(RunTopic("b"), 2000+i, lab.Metric{})
			}
		}
		if got := waiting(quick); len(got) != 100 {
			t.Errorf("the quick viewer got %d of 100", len(got))
		}
		// The last message is lost too: the gap comes although nothing is published any more.
		seen, gaps := map[string]int64{}, map[string]*Gap{}
		for _, m := range waiting(slow) {
			if m.Gap != nil {
				if m.Gap.After != seen[m.Topic] {
					t.Errorf("gap %+v of %s, but the last message before was %d", *m.Gap, m.Topic, seen[m.Topic])
				}
				gaps[m.Topic] = m.Gap
				continue
			}
			if m.Number != seen[m.Topic]+1 || gaps[m.Topic] != nil {
				t.Errorf("message %d of %s after %d", m.Number, m.Topic, seen[m.Topic])
			}
			seen[m.Topic] = m.Number
		}
		a, b := gaps[RunTopic("a")], gaps[RunTopic("b")]
		if a == nil || b == nil || a.To != 100 || a.ToSeq != 1099 || a.AfterSeq != 999+a.After || a.Missed != 100-a.After || b.To != 50 || b.Missed != 50-b.After {
			t.Fatalf("gaps are %+v and %+v", a, b)
		}
		h.Publish(RunTopic("a"), 1100, lab.Metric{})
		if got := waiting(slow); len(got) != 1 || got[0].Number != 101 || got[0].Gap != nil {
			t.Errorf("after the gap came %+v", got)
		}
	})
}

func TestALeavingViewerIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		defer h.Close()
		ctx, leave := context.WithCancel(t.Context())
		gone := h.Subscribe(ctx, Filter{})
		stays := h.Subscribe(t.Context(), Filter{})
		h.Publish(Notices, -1, "one")
		synctest.Wait() // the viewer that leaves has a message on its way
		leave()
		synctest.Wait()
		if _, ok := <-gone; ok {
			t.Error("the channel of a viewer that left is open")
		}
		if h.Viewers() != 1 {
			t.Errorf("%d viewers, want 1", h.Viewers())
		}
		h.Publish(Notices, -1, "two")
		if got := numbers(waiting(stays)); fmt.Sprint(got) != "[1 2]" {
			t.Errorf("who stays got %v", got)
		}
	})
}

func TestCloseWhilePublishingEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		var work sync.WaitGroup
		for range 4 {
			c := h.Subscribe(t.Context(), Filter{Buffer: 8})
			work.Go(func() {
				for range c {
				}
			})
			work.Go(func() {
				for h.Publish(Jobs, -1, "news") != 0 {
				}
			})
		}
		h.Subscribe(t.Context(), Filter{Buffer: 8}) // nobody reads this one
		for n := int64(0); n < 1000; n, _ = h.Last(Jobs) {
			runtime.Gosched()
		}
		h.Close()
		work.Wait()
		if h.Viewers() != 0 {
			t.Errorf("%d viewers after Close", h.Viewers())
		}
		if _, ok := <-h.Subscribe(t.Context(), Filter{}); ok {
			t.Error("a closed hub gave a message")
		}
		h.Close()
	})
}

func TestTenThousandEventsASecondReachThreeViewersInTenBatchesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		const seconds, rate = 5, 10_000
		start := time.Now()
		var viewers sync.WaitGroup
		for i := range 3 {
			c := Coalesce(t.Context(), h.Subscribe(t.Context(), Filter{}), 100*time.Millisecond)
			viewers.Go(func() {
				next, batches, last := int64(1), 0, time.Time{}
				for batch := range c {
					if batches++; !last.IsZero() && time.Since(last) < 100*time.Millisecond {
						t.Errorf("viewer %d got two batches within %v", i, time.Since(last))
					}
					last = time.Now()
					for _, m := range batch {
						if m.Gap != nil || m.Number != next {
							t.Fatalf("viewer %d got %+v, want message %d", i, m, next)
						}
						next++
					}
					if next > seconds*rate {
						break
					}
				}
				if took := time.Since(start); next != seconds*rate+1 || batches > seconds*10+1 || took > seconds*time.Second+time.Second/5 {
					t.Errorf("viewer %d got %d messages in %d batches after %v", i, next-1, batches, took)
				}
			})
		}
		for i := range int64(seconds * rate) {
			h.Publish(RunTopic("a"), i, lab.Metric{X: i})
			if i%10 == 9 {
				<-time.After(time.Millisecond) // the bubble's clock: 10 events a millisecond
			}
		}
		viewers.Wait()
		h.Close()
	})
}

func TestCoalesceSendsAtOnceAfterQuietAndTheRestAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan Message)
		out := Coalesce(t.Context(), in, 100*time.Millisecond)
		start := time.Now()
		in <- Message{Number: 1}
		if got := <-out; len(got) != 1 || time.Since(start) != 0 {
			t.Errorf("first batch %v after %v", numbers(got), time.Since(start))
		}
		in <- Message{Number: 2}
		in <- Message{Number: 3}
		if got := <-out; fmt.Sprint(numbers(got)) != "[2 3]" || time.Since(start) != 100*time.Millisecond {
			t.Errorf("second batch %v after %v", numbers(got), time.Since(start))
		}
		in <- Message{Number: 4}
		close(in)
		if got := <-out; fmt.Sprint(numbers(got)) != "[4]" || time.Since(start) != 100*time.Millisecond {
			t.Errorf("last batch %v after %v", numbers(got), time.Since(start))
		}
		if _, ok := <-out; ok {
			t.Error("batches after the end")
		}
	})
}

func TestCoalesceEndsWithItsViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		in := make(chan Message)
		out := Coalesce(ctx, in, time.Second)
		in <- Message{Number: 1} // nobody takes the batch
		leave()
		synctest.Wait()
		if _, ok := <-out; ok {
			t.Error("a batch came after the viewer left")
		}
	})
}

func TestCoalesceThatNobodyReadsStopsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		defer h.Close()
		out := Coalesce(t.Context(), h.Subscribe(t.Context(), Filter{Buffer: 100}), time.Second)
		for i := range int64(3 * mostInBatch) {
			h.Publish(Jobs, i, "news")
			if i%50 == 0 {
				synctest.Wait()
			}
		}
		total, missed := int64(0), int64(0)
		for total+missed < 3*mostInBatch {
			for _, m := range <-out {
				if m.Gap != nil {
					missed += m.Gap.Missed
				} else {
					total++
				}
			}
		}
		if missed == 0 || total < mostInBatch {
			t.Errorf("%d messages and %d missed", total, missed)
		}
	})
}

func BenchmarkPublishToThreeViewers(b *testing.B) {
	h := New()
	defer h.Close()
	var viewers sync.WaitGroup
	for range 3 {
		c := h.Subscribe(b.Context(), Filter{})
		viewers.Go(func() {
			for range c {
			}
		})
	}
	var ev lab.Event = lab.Metric{Name: "return"}
	b.ReportAllocs()
	for b.Loop() {
		h.Publish("run:a", 1, ev)
	}
	h.Close()
	viewers.Wait()
}

func TestATopicIsWantedWhileSomebodyMayTakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		defer h.Close()
		ctx, leave := context.WithCancel(t.Context())
		h.Subscribe(t.Context(), Filter{Topics: []string{Jobs, Notices}})
		if h.Wanted(RunTopic("a")) || !h.Wanted(Jobs) {
			t.Error("a viewer of jobs wants a run, or no jobs")
		}
		h.Subscribe(ctx, Filter{Kinds: []lab.Kind{lab.KindEpisode}})
		if !h.Wanted(RunTopic("a")) {
			t.Error("a viewer of all episodes wants none of a run")
		}
		leave()
		synctest.Wait()
		if h.Wanted(RunTopic("a")) {
			t.Error("a run is wanted by who has left")
		}
	})
}
