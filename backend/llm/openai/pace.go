package openai

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

// pace spreads requests evenly, so that no minute has more than the cap. With a folder it is shared by all clients that use it, those
// of other runs and other processes too: the time of the next free turn stands in a file.
type pace struct {
	every time.Duration // 0 is no cap
	file  string        // "" is for this client alone

	one  chan struct{} // held by the one who reserves; a channel, because it may wait for the file on the clock
	next time.Time
}

const (
	paceFile   = "next-turn"
	paceLock   = "next-turn.lock"
	lockPoll   = 5 * time.Millisecond
	longestRow = time.Hour // a turn further off is no turn but a clock that was set
)

func newPace(perMinute int, dir string) *pace {
	p := &pace{one: make(chan struct{}, 1)}
	if perMinute > 0 {
		p.every = (time.Minute + time.Duration(perMinute) - 1) / time.Duration(perMinute)
	}
	if dir != "" {
		p.file = filepath.Join(dir, paceFile)
	}
	return p
}

// turn waits for the next one.
func (p *pace) turn(ctx context.Context, wait func(context.Context, time.Duration) error) error {
	if p.every == 0 {
		return nil
	}
	at, err := p.reserve(ctx)
	if err != nil {
		return err
	}
	if d := time.Until(at); d > 0 {
		return wait(ctx, d)
	}
	return nil
}

// reserve takes the next free turn.
func (p *pace) reserve(ctx context.Context) (time.Time, error) {
	select {
	case p.one <- struct{}{}:
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
	defer func() { <-p.one }()
	if p.file == "" {
		return p.after(p.next), nil
	}
	if err := os.MkdirAll(filepath.Dir(p.file), 0o700); err != nil {
		return time.Time{}, unwritable(p.file, err)
	}
	lock := flock.New(filepath.Join(filepath.Dir(p.file), paceLock))
	if ok, err := lock.TryLockContext(ctx, lockPoll); err != nil || !ok {
		if ctx.Err() != nil {
			return time.Time{}, ctx.Err()
		}
		return time.Time{}, unwritable(lock.Path(), err)
	}
	defer func() { _ = lock.Close() }()
	var next time.Time
	if text, err := os.ReadFile(p.file); err == nil {
		if ns, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			next = time.Unix(0, ns)
		}
	}
	at := p.after(next)
	if err := file.Replace(p.file, []byte(strconv.FormatInt(p.next.UnixNano(), 10)+"\n"), 0o600); err != nil {
		return at, unwritable(p.file, err)
	}
	return at, nil
}

// after is the turn that is free from next on.
func (p *pace) after(next time.Time) time.Time {
	now := time.Now()
	if next.Before(now) || next.After(now.Add(longestRow)) {
		next = now
	}
	p.next = next.Add(p.every)
	return next
}

func unwritable(path string, err error) error {
	return lab.Errorf(lab.Unavailable, "the replies of an endpoint cannot be kept: %q: %w", path, err).WithHint("free space, or make the folder writable")
}
