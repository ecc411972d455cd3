package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

const (
	streamEvents  = 2 * pace
	streamBeat    = 100 * time.Millisecond
	streamUpdates = 10   // a second
	streamRoom    = 0.95 // of the rate and of the updates that must be reached: the first and the last update are cut by start and end
)

// streamRun is what one round of the stream came to.
type streamRun struct {
	rate    float64 // events a second that the run could emit
	updates float64 // batches a second that the viewer got
	lost    float64 // events that are not in the record, or not as they were emitted
	missed  float64 // events that the viewer did not get in order
	delay   float64 // milliseconds from emitting to the viewer, for 99 of 100 events
}

// benchStream emits events as a run does, into a record and then the hub, while a viewer takes batches as a page does.
func benchStream(ctx context.Context, l *benchLab) ([]measure, error) {
	dir, err := os.MkdirTemp("", "loci-bench-")
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "no temporary folder can be made: %w", err).WithHint("free space on the disk")
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary folder harms nobody
	var rate, updates, lost, missed, delay []float64
	err = l.inRounds(ctx, func(r int) error {
		s, err := streamOnce(ctx, filepath.Join(dir, fmt.Sprintf("stream-%d.rec", r)))
		rate, updates, delay = append(rate, s.rate), append(updates, s.updates), append(delay, s.delay)
		lost, missed = append(lost, s.lost), append(missed, s.missed)
		return err
	})
	return []measure{
		{Name: "events emitted", Unit: "events/s", Rounds: rate, Threads: 1, Limit: atLeast(streamRoom * pace)},
		{Name: "updates to the viewer", Unit: "updates/s", Rounds: updates, Threads: 1, Limit: atLeast(streamRoom * streamUpdates)},
		{Name: "lost in the record", Unit: "events", Rounds: lost, Threads: 1, Limit: atMost(0).inEvery(0)},
		{Name: "missed by the viewer", Unit: "events", Rounds: missed, Threads: 1},
		{Name: "from emit to viewer, 99 of 100 within", Unit: "ms", Rounds: delay, Threads: 1},
	}, err
}

func streamOnce(ctx context.Context, path string) (s streamRun, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := record.Create(path, record.Options{})
	if err != nil {
		return s, err
	}
	h := hub.New()
	defer h.Close()
	topic := hub.RunTopic("bench")
	seen := make(chan viewed, 1)
	sent := make([]time.Time, streamEvents) // entry i is written before event i is published and read after it has arrived
	batches := hub.Coalesce(ctx, h.Subscribe(ctx, hub.Filter{Topics: []string{topic}}), streamBeat)
	go func() { seen <- view(batches, sent) }()

	start := time.Now()
	err = paced(ctx, streamEvents, pace, func(i int) error {
		ev := sampleEvent(i)
		sent[i] = time.Now()
		if err := w.Emit(ev); err != nil {
			return err
		}
		h.Publish(topic, int64(i), ev)
		return nil
	})
	took := time.Since(start).Seconds()
	if err = errors.Join(err, w.Close()); err != nil {
		return s, err
	}
	v := <-seen
	lost, err := lostIn(path)
	slices.Sort(v.delays)
	return streamRun{
		rate: streamEvents / took, updates: float64(v.batches) / took, lost: float64(lost), missed: float64(streamEvents - len(v.delays)),
		delay: float64(quantile(v.delays, 0.99)) / float64(time.Millisecond),
	}, err
}

// viewed is what a viewer got.
type viewed struct {
	batches int
	delays  []time.Duration // of each event that came in its place
}

// view takes batches until the last event is there or is known to be left out.
func view(batches <-chan []hub.Message, sent []time.Time) (v viewed) {
	next := int64(0)
	for batch := range batches {
		v.batches++
		now := time.Now()
		for _, m := range batch {
			if m.Gap != nil {
				next = m.Gap.ToSeq + 1
				continue
			}
			if m.Seq == next {
				v.delays = append(v.delays, now.Sub(sent[m.Seq]))
				next++
			}
		}
		if next >= int64(len(sent)) {
			break
		}
	}
	return v
}

// lostIn counts the events of the stream that are not in the record as they were emitted.
func lostIn(path string) (lost int, err error) {
	r, err := record.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	found := 0
	for f, err := range r.Frames(0) {
		if err != nil {
			return 0, err
		}
		want, err := json.Marshal(sampleEvent(int(f.Seq)))
		if err != nil {
			return 0, lab.Errorf(lab.Internal, "event %d cannot be written: %w", f.Seq, err)
		}
		if bytes.Equal(f.Payload, want) {
			found++
		}
	}
	return streamEvents - found, nil
}
