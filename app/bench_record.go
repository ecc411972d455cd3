package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

const (
	recordEvents = 50_000
	pacedEvents  = 5_000
	pace         = 10_000 // events a second, the rate that the stream promises to bear
)

// benchRecord writes the events of a typical run as fast as they go, and at a steady pace to see how long one Emit takes.
func benchRecord(ctx context.Context, l *benchLab) ([]measure, error) {
	dir, err := os.MkdirTemp("", "loci-bench-")
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "no temporary folder can be made: %w", err).WithHint("free space on the disk")
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary folder harms nobody
	rate := measure{Name: "events written and on disk", Unit: "events/s", Threads: 1}
	mid := measure{Name: "emit at 10,000 events/s, median", Unit: "us", Threads: 1}
	slow := measure{Name: "emit at 10,000 events/s, 99 of 100 within", Unit: "us", Threads: 1}
	worst := measure{Name: "emit at 10,000 events/s, slowest", Unit: "us", Threads: 1}
	err = l.inRounds(ctx, func(r int) error {
		perSecond, err := recordRate(filepath.Join(dir, fmt.Sprintf("rate-%d.rec", r)))
		if err != nil {
			return err
		}
		waits, err := emitTimes(ctx, filepath.Join(dir, fmt.Sprintf("pace-%d.rec", r)))
		if err != nil {
			return err
		}
		us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
		rate.Rounds, mid.Rounds = append(rate.Rounds, perSecond), append(mid.Rounds, us(quantile(waits, 0.5)))
		slow.Rounds, worst.Rounds = append(slow.Rounds, us(quantile(waits, 0.99))), append(worst.Rounds, us(quantile(waits, 1)))
		return nil
	})
	return []measure{rate, mid, slow, worst}, err
}

// sampleEvent is event i of a typical run: of ten, seven steps of kept episodes, two metrics, one progress.
func sampleEvent(i int) lab.Event {
	switch i % 10 {
	case 8:
		return lab.Progress{Done: int64(i), Total: recordEvents, Unit: "steps"}
	case 3, 6:
		return lab.Metric{Name: "train_return", X: int64(i), Value: lab.Float(float64(i) / 3)}
	}
	return lab.Step{
		Episode: int64(i / 40), T: i % 40, Saw: "blank", Action: "forward",
		Scene:   &lab.Scene{W: 7, H: 3, Marks: []lab.Mark{{X: i % 7, Y: 1, Shape: "agent"}, {X: 6, Y: 0, Shape: "goal", Tone: 1}}},
		Numbers: map[string]lab.Float{"value": lab.Float(float64(i%17) / 17), "p": 0.75},
	}
}

func recordRate(path string) (float64, error) {
	w, err := record.Create(path, record.Options{})
	if err != nil {
		return 0, err
	}
	start := time.Now()
	for i := range recordEvents {
		if err := w.Emit(sampleEvent(i)); err != nil {
			_ = w.Close() // the first error says it
			return 0, err
		}
	}
	if err := w.Close(); err != nil { // brings everything to the disk
		return 0, err
	}
	return recordEvents / time.Since(start).Seconds(), nil
}

// emitTimes returns how long each Emit took, sorted, while events come at the steady pace.
func emitTimes(ctx context.Context, path string) ([]time.Duration, error) {
	w, err := record.Create(path, record.Options{})
	if err != nil {
		return nil, err
	}
	waits := make([]time.Duration, 0, pacedEvents)
	err = paced(ctx, pacedEvents, pace, func(i int) error {
		ev, start := sampleEvent(i), time.Now()
		err := w.Emit(ev)
		waits = append(waits, time.Since(start))
		return err
	})
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	slices.Sort(waits)
	return waits, err
}

// paced calls f for 0..n-1 at that rate a second, in bursts a millisecond apart: a timer is not finer than that.
func paced(ctx context.Context, n int, perSecond float64, f func(i int) error) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	for i := 0; i < n; {
		select {
		case <-ctx.Done():
			return lab.Errorf(lab.Cancelled, "stopped: %w", ctx.Err())
		case <-tick.C:
		}
		for due := min(n, int(perSecond*time.Since(start).Seconds())); i < due; i++ {
			if err := f(i); err != nil {
				return err
			}
		}
	}
	return nil
}
