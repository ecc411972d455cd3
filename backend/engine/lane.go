package engine

import (
	"context"
	"slices"
	"sync"
)

// job is one piece of work of a queue. Jobs that are taken together have the same queue and are handed to run of the first.
type job struct {
	queue string
	run   func(ctx context.Context, batch []*job)
	drop  func() // instead of run, when the queue is cleared
	load  any    // what run of the first reads of the others
}

// lane carries out jobs one batch at a time, taking turns between the queues that have any, so that one busy model does not keep the
// others waiting for longer than one batch.
type lane struct {
	most int // jobs of one batch

	mu     sync.Mutex
	queues map[string][]*job
	turns  []string // queues with work, next one first
	wake   chan struct{}
}

func newLane(most int) *lane {
	return &lane{most: most, queues: map[string][]*job{}, wake: make(chan struct{}, 1)}
}

func (l *lane) add(j *job) {
	l.mu.Lock()
	if len(l.queues[j.queue]) == 0 {
		l.turns = append(l.turns, j.queue)
	}
	l.queues[j.queue] = append(l.queues[j.queue], j)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // it is awake, or will be
	}
}

// clear takes all jobs out of a queue and drops them.
func (l *lane) clear(queue string) {
	l.mu.Lock()
	jobs := l.queues[queue]
	delete(l.queues, queue)
	l.turns = slices.DeleteFunc(l.turns, func(q string) bool { return q == queue })
	l.mu.Unlock()
	for _, j := range jobs {
		j.drop()
	}
}

// take returns the next batch; the queue it came from goes to the end of the line.
func (l *lane) take() []*job {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.turns) == 0 {
		return nil
	}
	q := l.turns[0]
	l.turns = l.turns[1:]
	n := min(l.most, len(l.queues[q]))
	batch := slices.Clone(l.queues[q][:n])
	if rest := l.queues[q][n:]; len(rest) > 0 {
		l.queues[q] = rest
		l.turns = append(l.turns, q)
	} else {
		delete(l.queues, q)
	}
	return batch
}

// drive carries out jobs until ctx ends.
func (l *lane) drive(ctx context.Context) {
	for ctx.Err() == nil {
		if batch := l.take(); batch != nil {
			batch[0].run(ctx, batch)
			continue
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
		}
	}
}
