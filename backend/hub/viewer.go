package hub

import (
	"context"
	"sync"
)

// viewer is one subscription: a bounded queue, and a goroutine that moves it into the channel.
type viewer struct {
	filter Filter
	wake   chan struct{} // one slot: there is something to move; more wakings than one say nothing new
	out    chan Message

	mu    sync.Mutex
	queue []Message
	last  map[string]place // last message queued, a topic
	gaps  []Message        // not empty: the viewer is behind, and what comes is left out
}

// push queues a message or notes that it is left out. The hub's lock is held, so that messages come in order.
func (v *viewer) push(m Message) {
	v.mu.Lock()
	if len(v.gaps) > 0 || len(v.queue) >= v.filter.Buffer {
		v.leaveOut(m)
	} else {
		v.queue = append(v.queue, m)
		v.last[m.Topic] = place{number: m.Number, seq: m.Seq}
	}
	v.mu.Unlock()
	select {
	case v.wake <- struct{}{}:
	default: // awake already
	}
}

func (v *viewer) leaveOut(m Message) {
	for i := range v.gaps {
		if g := &v.gaps[i]; g.Topic == m.Topic {
			g.Number, g.Seq = m.Number, m.Seq
			g.Gap.To, g.Gap.ToSeq = m.Number, m.Seq
			g.Gap.Missed++
			return
		}
	}
	after, ok := v.last[m.Topic]
	if !ok {
		after.seq = -1
	}
	v.gaps = append(v.gaps, Message{Topic: m.Topic, Number: m.Number, Seq: m.Seq,
		Gap: &Gap{After: after.number, AfterSeq: after.seq, To: m.Number, ToSeq: m.Seq, Missed: 1}})
}

// take returns what waits: first the queue, then, when the viewer has read it, the gaps. used is a slice to fill next.
func (v *viewer) take(used []Message) []Message {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.queue) > 0 {
		taken := v.queue
		clear(used) // lets the events go
		v.queue = used[:0]
		return taken
	}
	taken := v.gaps
	for _, g := range taken {
		v.last[g.Topic] = place{number: g.Number, seq: g.Seq}
	}
	v.gaps = nil
	return taken
}

// pump moves messages into the channel until ctx is done or the hub quits.
func (v *viewer) pump(ctx context.Context, quit <-chan struct{}) {
	var batch []Message
	for {
		batch = v.take(batch)
		for _, m := range batch {
			select {
			case v.out <- m:
			case <-ctx.Done():
				return
			case <-quit:
				return
			}
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-v.wake:
		case <-ctx.Done():
			return
		case <-quit:
			return
		}
	}
}
