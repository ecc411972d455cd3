package tinker

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/rng"
)

// How often and how long.
const (
	tries         = 10
	firstPause    = 500 * time.Millisecond
	longestPause  = 10 * time.Second
	longestAdvice = 60 * time.Second // of Retry-After
	submitTimeout = 60 * time.Second
	patience      = 5 * time.Minute   // with a service that says it is busy, however many tries that takes
	pollTimeout   = 330 * time.Second // SkyRL holds a poll up to 300 s
)

// jitter draws pauses; several goroutines use it.
type jitter struct {
	lock   sync.Mutex
	stream *rng.Stream
}

// pause draws the wait behind try n (from 0) evenly from 0 to the doubling bound ("full jitter"), so that clients that failed together
// do not come back together.
func (j *jitter) pause(n int) time.Duration {
	bound := min(firstPause<<min(n, 10), longestPause)
	j.lock.Lock()
	defer j.lock.Unlock()
	return time.Duration(j.stream.Float64() * float64(bound))
}

// sleep waits, or returns the error of ctx at once when that ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// again says whether a submission that got this status may be carried out if it is sent once more.
func again(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// advice is how long the service asks to wait, if it does.
func advice(h http.Header) (time.Duration, bool) {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 {
		return min(time.Duration(min(ms, 1e6)*float64(time.Millisecond)), longestAdvice), true
	}
	if s, err := strconv.ParseFloat(h.Get("Retry-After"), 64); err == nil && s >= 0 {
		return min(time.Duration(min(s, 1e3)*float64(time.Second)), longestAdvice), true
	}
	return 0, false
}

// submit sends a call until it is answered with success or with a refusal that repeating does not change. Each repetition has the same
// body and the same idempotency key, so that a service carries it out once.
func (l *link) submit(ctx context.Context, j *jitter, what string, c *call) (*answer, error) {
	began := time.Now()
	for n := 0; ; n++ {
		a, err := l.once(ctx, c, submitTimeout)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && a.status < 300 {
			return a, nil
		}
		if err == nil && a.status == http.StatusConflict && n > 0 && c.taken != nil {
			if done, takenErr := c.taken(ctx); takenErr == nil && done != nil {
				return done, nil
			}
		}
		if err == nil {
			err = l.refused(what, a)
			if !again(a.status) || a.header.Get("X-Should-Retry") == "false" || a.status == http.StatusConflict && n == 0 && c.taken != nil {
				return a, err
			}
		}
		busy := a != nil && a.status == http.StatusTooManyRequests && time.Since(began) < patience
		if n >= tries-1 && !busy {
			return a, err
		}
		if err := sleep(ctx, l.wait(j, n, a)); err != nil {
			return nil, err
		}
	}
}

func (l *link) wait(j *jitter, n int, a *answer) time.Duration {
	if a != nil {
		if asked, ok := advice(a.header); ok {
			return asked
		}
	}
	return j.pause(n)
}

func (l *link) once(ctx context.Context, c *call, limit time.Duration) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return l.do(ctx, c)
}
