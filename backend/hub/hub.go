// Package hub fans out events of runs, jobs and notices to those who watch. The record is the truth and the hub a hint: a publisher
// never waits, and a viewer that is too slow is told from where to where it must read the record or the store instead.
//
// A viewer that must miss nothing subscribes first, then reads what is kept, then passes over messages that it has read already by
// their sequence numbers.
package hub

import (
	"context"
	"slices"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
)

// Topics beside those of runs.
const (
	Jobs    = "jobs"    // states of jobs
	Notices = "notices" // what a person should hear
)

// RunTopic is the topic of a run.
func RunTopic(key string) string { return "run:" + key }

// Message is one thing that happened, or a Gap.
type Message struct {
	Topic  string
	Number int64 // rises by one within a topic, from 1
	Seq    int64 // of the event in the record of its run; -1 where there is no record
	Body   any   // a lab.Event on the topic of a run, what the publisher gives on the others; nil with a gap
	Gap    *Gap  // not nil: messages of this topic were left out here
}

// Gap says what a viewer did not get because it was slow: the messages behind After up to To. Its Seq fields are sequence numbers of
// the record, -1 where there is none.
type Gap struct {
	After, AfterSeq int64 // last message of the topic before the gap, 0 and -1 when there was none since the subscription
	To, ToSeq       int64 // last message left out
	Missed          int64 // how many that were wanted
}

// Filter chooses messages. The zero Filter chooses all.
type Filter struct {
	Topics []string
	Wants  func(topic string) bool // asked beside Topics; must be quick and must not call the hub
	Kinds  []lab.Kind              // of events; messages that are no events pass
	Buffer int                     // messages that wait for a slow viewer before it gets a gap; 0 is 16384
}

const defaultBuffer = 16 << 10

func (f Filter) takes(m Message) bool {
	if len(f.Topics) > 0 && !slices.Contains(f.Topics, m.Topic) {
		return false
	}
	if f.Wants != nil && !f.Wants(m.Topic) {
		return false
	}
	if ev, ok := m.Body.(lab.Event); ok && len(f.Kinds) > 0 {
		return slices.Contains(f.Kinds, ev.Kind())
	}
	return true
}

// place is the last message of a topic.
type place struct{ number, seq int64 }

// Hub is safe for many goroutines. The zero Hub is not ready; see New.
type Hub struct {
	mu      sync.Mutex // held while a message is handed out, so that all viewers see one order
	last    map[string]place
	viewers map[*viewer]struct{}
	closed  bool
	quit    chan struct{}
	pumps   sync.WaitGroup
}

// New returns an open hub.
func New() *Hub {
	return &Hub{last: map[string]place{}, viewers: map[*viewer]struct{}{}, quit: make(chan struct{})}
}

// Publish hands a message to all viewers that want it and returns its number. It never waits. seq is the sequence number in the
// record, -1 where there is none. After Close it does nothing and returns 0.
func (h *Hub) Publish(topic string, seq int64, body any) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return 0
	}
	m := Message{Topic: topic, Number: h.last[topic].number + 1, Seq: seq, Body: body}
	h.last[topic] = place{number: m.Number, seq: seq}
	for v := range h.viewers {
		if v.filter.takes(m) {
			v.push(m)
		}
	}
	return m.Number
}

// Wanted tells whether a viewer may take what is published on a topic: who need not know a message otherwise may spare making it. Whoever
// subscribes a moment later reads it where it is kept.
func (h *Hub) Wanted(topic string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.viewers {
		if v.filter.takes(Message{Topic: topic}) {
			return true
		}
	}
	return false
}

// Last returns number and sequence number of the newest message of a topic; 0 and -1 when there was none.
func (h *Hub) Last(topic string) (number, seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.last[topic]
	if !ok {
		return 0, -1
	}
	return p.number, p.seq
}

// Subscribe returns the messages published from now on. The channel is closed when ctx is done or the hub closes. A viewer that does
// not read keeps at most twice Filter.Buffer messages waiting; then messages are left out, and once it has read those that wait it
// gets one message with a Gap for each topic concerned, and the stream goes on.
func (h *Hub) Subscribe(ctx context.Context, f Filter) <-chan Message {
	if f.Buffer <= 0 {
		f.Buffer = defaultBuffer
	}
	f.Topics, f.Kinds = slices.Clone(f.Topics), slices.Clone(f.Kinds)
	v := &viewer{filter: f, last: map[string]place{}, wake: make(chan struct{}, 1), out: make(chan Message)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(v.out)
		return v.out
	}
	h.viewers[v] = struct{}{}
	h.pumps.Go(func() {
		defer close(v.out)
		v.pump(ctx, h.quit)
		h.mu.Lock()
		delete(h.viewers, v)
		h.mu.Unlock()
	})
	return v.out
}

// Viewers returns how many watch.
func (h *Hub) Viewers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers)
}

// Close ends all subscriptions and waits for their goroutines. Messages that wait are not delivered: they are kept elsewhere.
func (h *Hub) Close() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.quit)
	}
	h.mu.Unlock()
	h.pumps.Wait()
}
