package hub

import (
	"context"
	"time"
)

// mostInBatch bounds a batch that nobody takes. Then the helper stops reading, and the subscription behind it gets its gap.
const mostInBatch = 16 << 10

// Coalesce collects messages into batches, at most one every interval (100 ms makes 10 a second); a message that comes after a quiet
// interval goes at once. No message is lost or reordered. The batches end, after the rest is delivered, when in is closed; they end
// at once when ctx is done.
func Coalesce(ctx context.Context, in <-chan Message, interval time.Duration) <-chan []Message {
	out := make(chan []Message)
	go func() {
		defer close(out)
		coalesce(ctx, in, out, interval)
	}()
	return out
}

func coalesce(ctx context.Context, in <-chan Message, out chan<- []Message, interval time.Duration) {
	var batch []Message
	tick := time.NewTimer(0)
	defer tick.Stop()
	ready := false // the interval since the last batch is over
	for in != nil || len(batch) > 0 {
		from, to := in, chan<- []Message(nil)
		if len(batch) >= mostInBatch {
			from = nil
		}
		if len(batch) > 0 && (ready || in == nil) {
			to = out
		}
		select {
		case <-ctx.Done():
			return
		case m, ok := <-from:
			if !ok {
				in = nil
				continue
			}
			batch = append(batch, m)
		case to <- batch:
			batch, ready = nil, false
			tick.Reset(interval)
		case <-tick.C:
			ready = true
		}
	}
}
