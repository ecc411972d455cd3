package num

import (
	"sync"
	"sync/atomic"
)

// Workers is a fixed pool of goroutines that share loops. A kernel computes every element in the same way wherever a range is cut,
// so the number of workers changes no bit of a result. The nil pool works: it runs everything in the caller.
type Workers struct {
	tasks  []chan task // one a helper goroutine; the caller of Do is the remaining worker
	busy   atomic.Bool
	closed bool
	done   sync.WaitGroup // chunks handed out by the Do in progress
	exited sync.WaitGroup
	panics []any // by chunk, of the Do in progress
}

type task struct {
	f             func(i0, i1 int)
	chunk, i0, i1 int
}

// NewWorkers starts a pool of n workers, n >= 1: n-1 goroutines beside the caller of Do. Close ends them.
func NewWorkers(n int) *Workers {
	w := &Workers{panics: make([]any, max(n, 1))}
	for range n - 1 {
		tasks := make(chan task, 1)
		w.tasks = append(w.tasks, tasks)
		w.exited.Go(func() {
			for t := range tasks {
				w.run(t)
				w.done.Done()
			}
		})
	}
	return w
}

// Size is the number of workers, the caller of Do included.
func (w *Workers) Size() int {
	if w == nil {
		return 1
	}
	return len(w.tasks) + 1
}

// Do splits [0,n) into contiguous chunks, one a worker, calls f on each and returns when all are done. The cuts depend only on n and
// Size. A panic in f is raised again in the caller once every chunk has ended; of several, that of the lowest chunk. Do allocates
// nothing. When the pool is already at work (a Do inside f, or from another goroutine) or closed, the caller runs f(0, n) alone.
func (w *Workers) Do(n int, f func(i0, i1 int)) {
	if n <= 0 {
		return
	}
	chunks := min(w.Size(), n)
	if chunks == 1 || !w.busy.CompareAndSwap(false, true) {
		f(0, n)
		return
	}
	w.done.Add(chunks - 1)
	for c := 1; c < chunks; c++ {
		w.tasks[c-1] <- task{f, c, n * c / chunks, n * (c + 1) / chunks}
	}
	w.run(task{f, 0, 0, n / chunks})
	w.done.Wait()
	w.release()
}

// Close ends the goroutines and waits for them. It must not overlap a Do; closing twice is harmless.
func (w *Workers) Close() {
	if w == nil || w.closed {
		return
	}
	w.closed = true
	w.busy.Store(true) // so that a later Do runs in its caller
	for _, tasks := range w.tasks {
		close(tasks)
	}
	w.exited.Wait()
}

func (w *Workers) run(t task) {
	defer func() {
		if v := recover(); v != nil {
			w.panics[t.chunk] = v
		}
	}()
	t.f(t.i0, t.i1)
}

// release frees the pool for the next Do and raises the first panic of this one.
func (w *Workers) release() {
	var first any
	for i, v := range w.panics {
		if first == nil {
			first = v
		}
		w.panics[i] = nil
	}
	w.busy.Store(false)
	if first != nil {
		panic(first)
	}
}
