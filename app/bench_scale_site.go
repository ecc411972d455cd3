package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/target/site"
)

// How the simulated cluster behaves.
const (
	farAnswer  = 2 * time.Millisecond   // until an answer comes, as from another building
	farSlow    = 500 * time.Millisecond // until every 500th
	farSlowOne = 500
	farLostOne = 2000 // every 2000th question finds the connection lost
	farBadNode = 100  // one run in so many loses its node and is put back into the queue
	farForGood = 1000 // and one in so many is not put back
)

// template is a recorded run: what every run of the simulation is made of.
type template struct {
	first  *record.Reader // of its first event alone
	tail   []byte         // what is behind that
	frames []int64        // where events begin in tail
	events int64
}

// openTemplate reads a record, and keeps a file in dir.
func openTemplate(path, dir string) (*template, error) {
	r, err := record.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	all, err := os.ReadFile(path)
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "record %q cannot be read: %w", path, err)
	}
	t := &template{events: r.Len()}
	behind := int64(0)
	for f, err := range r.Frames(0) {
		if err != nil {
			return nil, err
		}
		if f.Seq == 0 {
			behind = f.Next.Offset
			continue
		}
		t.frames = append(t.frames, f.At.Offset-behind)
	}
	t.tail = all[behind:r.End().Offset]
	var b bytes.Buffer
	if err := r.Extract(&b, onlyStart(nil)); err != nil {
		return nil, err
	}
	first := filepath.Join(dir, "first.loci")
	if err := os.WriteFile(first, b.Bytes(), 0o600); err != nil {
		return nil, lab.Errorf(lab.Unavailable, "%q cannot be written: %w", first, err).WithHint("free space")
	}
	t.first, err = record.Open(first)
	return t, err
}

// onlyStart keeps the first event alone, with another payload where there is one.
func onlyStart(payload []byte) func(record.Frame) ([]byte, bool, error) {
	return func(f record.Frame) ([]byte, bool, error) {
		if payload == nil {
			return f.Payload, f.Kind == lab.KindStart, nil
		}
		return payload, f.Kind == lab.KindStart, nil
	}
}

// head is the beginning of the record of another run: its header and its first event.
func (t *template) head(start lab.Start) ([]byte, error) {
	payload, err := json.Marshal(start)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "the start of run %q cannot be written: %w", start.Key, err)
	}
	var b bytes.Buffer
	err = t.first.Extract(&b, onlyStart(payload))
	return b.Bytes(), err
}

// whole is how many bytes there are up to a position of a record with that head: no event in part.
func (t *template) whole(head, at int64) int64 {
	if at < head {
		return 0
	}
	last := int64(0)
	for _, f := range t.frames { // some hundreds
		if f > at-head {
			break
		}
		last = f
	}
	return head + last
}

// cluster is a far machine that is none: so many nodes whose runs grow the records of one recorded run, by a clock of its own. The bytes that
// it hands out are real ones in the real format; all that works on them is Loci's own.
type cluster struct {
	made  *template
	nodes int
	each  time.Duration // that a run takes, on average

	mu     sync.Mutex
	orders map[string]bool
	runs   map[string]*farRun
	free   []time.Time // when each node is free
	asked  int
	looks  []time.Time
	luck   *rand.Rand
}

// farRun is a run there.
type farRun struct {
	head   []byte
	phases []phase
}

// phase is a stretch of work on one node.
type phase struct {
	from, to     time.Time
	start, bytes int64 // of the record at its beginning and at its end
}

func newCluster(made *template, nodes int, each time.Duration) *cluster {
	return &cluster{made: made, nodes: nodes, each: each, orders: map[string]bool{}, runs: map[string]*farRun{}, luck: rand.New(rand.NewPCG(1, 2))}
}

// answer is the way to the cluster and back.
func (c *cluster) answer(ctx context.Context) error {
	c.mu.Lock()
	c.asked++
	n := c.asked
	c.mu.Unlock()
	pause := farAnswer
	if n%farSlowOne == 0 {
		pause = farSlow
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if n%farLostOne == farLostOne-1 {
		return lab.Errorf(lab.Unavailable, "the connection to the simulated cluster was lost").WithHint("it is made again")
	}
	return nil
}

// Check finds nothing wrong.
func (c *cluster) Check(ctx context.Context, _ func(target.Answer)) error { return c.answer(ctx) }

// Submit gives each run its turn on the node that is free first. What an earlier order left of a run is gone on with.
func (c *cluster) Submit(ctx context.Context, o run.Order) error {
	if err := c.answer(ctx); err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.orders[o.ID] {
		return nil
	}
	c.orders[o.ID] = true
	now := time.Now()
	if c.free == nil {
		c.free = make([]time.Time, c.nodes)
	}
	for _, start := range o.Runs {
		if err := c.plan(start, now); err != nil {
			return err
		}
	}
	return nil
}

// plan says when and where a run is carried out, and what goes wrong with it.
func (c *cluster) plan(start lab.Start, now time.Time) error {
	r := c.runs[start.Key]
	again := r != nil
	if !again {
		start.Machine, start.Kernel = "a node of the simulation", "go"
		head, err := c.made.head(start)
		if err != nil {
			return err
		}
		r = &farRun{head: head}
		c.runs[start.Key] = r
	}
	size := int64(len(r.head) + len(c.made.tail))
	took := time.Duration((0.5 + c.luck.Float64()) * float64(c.each))
	lost := 1.0 // share of it after which its node is lost
	if !again && c.luck.IntN(farBadNode) == 0 {
		lost = c.luck.Float64()
	}
	r.work(c.node(now, time.Duration(lost*float64(took))), time.Duration(lost*float64(took)), c.made, int64(lost*float64(size)))
	if lost < 1 && c.luck.IntN(farForGood/farBadNode) != 0 {
		rest := time.Duration((1 - lost) * float64(took))
		r.work(c.node(r.phases[len(r.phases)-1].to, rest), rest, c.made, size)
	}
	return nil
}

// node takes the node that is free first, from then on, and returns when the work begins.
func (c *cluster) node(then time.Time, took time.Duration) time.Time {
	first := 0
	for i, t := range c.free {
		if t.Before(c.free[first]) {
			first = i
		}
	}
	if c.free[first].After(then) {
		then = c.free[first]
	}
	c.free[first] = then.Add(took)
	return then
}

// work adds a stretch of work that ends with so many bytes. It begins behind the last whole event: a worker cuts the rest.
func (r *farRun) work(from time.Time, took time.Duration, made *template, bytes int64) {
	start := int64(0)
	if n := len(r.phases); n > 0 {
		start = made.whole(int64(len(r.head)), r.phases[n-1].bytes)
	}
	r.phases = append(r.phases, phase{from: from, to: from.Add(took), start: start, bytes: max(bytes, start)})
}

// seen is how a run stands at a time.
func (r *farRun) seen(now time.Time) site.Seen {
	s := site.Seen{State: site.Waiting}
	for i, p := range r.phases {
		if now.Before(p.from) {
			if i > 0 {
				s.State, s.Why = site.Waiting, "begins later: it was put back into the queue"
			}
			return s
		}
		if now.Before(p.to) {
			share := float64(now.Sub(p.from)) / float64(p.to.Sub(p.from))
			return site.Seen{State: site.Running, Bytes: p.start + int64(share*float64(p.bytes-p.start))}
		}
		s = site.Seen{State: site.Gone, Bytes: p.bytes}
	}
	return s
}

// Look tells how the runs stand now.
func (c *cluster) Look(ctx context.Context, o run.Order) (site.Sight, error) {
	c.mu.Lock()
	c.looks = append(c.looks, time.Now())
	c.mu.Unlock()
	if err := c.answer(ctx); err != nil {
		return site.Sight{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.orders[o.ID] {
		return site.Sight{}, lab.Errorf(lab.NotFound, "the simulated cluster knows nothing of the order %s", o.ID)
	}
	now := time.Now()
	s := site.Sight{Job: o.ID, Runs: make(map[string]site.Seen, len(o.Runs)), Free: -1}
	for _, start := range o.Runs {
		s.Runs[start.Key] = c.runs[start.Key].seen(now)
	}
	return s, nil
}

// Fetch hands out what a record has grown by.
func (c *cluster) Fetch(ctx context.Context, _, key string, from int64, w io.Writer) error {
	if err := c.answer(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	r, upto := c.runs[key], from
	if r != nil {
		upto = min(r.seen(time.Now()).Bytes, from+site.FetchLimit)
	}
	c.mu.Unlock()
	if r == nil {
		return nil
	}
	head := int64(len(r.head))
	if from < min(head, upto) {
		if _, err := w.Write(r.head[from:min(head, upto)]); err != nil {
			return err
		}
		from = min(head, upto)
	}
	if from >= upto {
		return nil
	}
	_, err := w.Write(c.made.tail[from-head : upto-head])
	return err
}

// Cancel ends nothing: the simulation runs to its end.
func (c *cluster) Cancel(ctx context.Context, _ run.Order) error { return c.answer(ctx) }

// Clean forgets the order and its runs.
func (c *cluster) Clean(ctx context.Context, o run.Order) error {
	if err := c.answer(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.orders, o.ID)
	return nil
}

// Close does nothing.
func (c *cluster) Close() error { return nil }

// over is when the last run there ends.
func (c *cluster) over() (last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.runs {
		if to := r.phases[len(r.phases)-1].to; to.After(last) {
			last = to
		}
	}
	return last
}

// passes are the times between two looks, in seconds.
func (c *cluster) passes() (all []float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := 1; i < len(c.looks); i++ {
		all = append(all, c.looks[i].Sub(c.looks[i-1]).Seconds())
	}
	return all
}

// differ compares the records that came back with what the cluster has of them, byte by byte, and returns how many differ.
func (c *cluster) differ(ctx context.Context, record func(key string) (string, error)) (differ int, err error) {
	for key, r := range c.runs {
		if err := ctx.Err(); err != nil {
			return differ, err
		}
		path, err := record(key)
		if err != nil {
			return differ, err
		}
		have, err := os.ReadFile(path)
		if err != nil {
			return differ, lab.Errorf(lab.Unavailable, "the record of run %q is not here: %w", key, err)
		}
		if !bytes.HasPrefix(have, r.head) || !bytes.Equal(have[len(r.head):], c.made.tail) {
			differ++
		}
	}
	return differ, nil
}

// plainCopy writes up to so many of the records by hand, as a person would with cp and a sync for each: the named limit of what comes in. It
// returns bytes a second.
func (c *cluster) plainCopy(dir string, most int) (rate float64, err error) {
	began, bytes, n := time.Now(), 0.0, 0
	for key, r := range c.runs {
		if n++; n > most {
			break
		}
		at := filepath.Join(dir, key[:2], key)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return 0, lab.Errorf(lab.Unavailable, "folder %q cannot be made: %w", at, err).WithHint("free space")
		}
		if err := copyOf(filepath.Join(at, run.RecordFile), r.head, c.made.tail); err != nil {
			return 0, lab.Errorf(lab.Unavailable, "%q cannot be written: %w", at, err).WithHint("free space")
		}
		bytes += float64(len(r.head) + len(c.made.tail))
	}
	return bytes / time.Since(began).Seconds(), nil
}

func copyOf(path string, parts ...[]byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err == nil {
			_, err = f.Write(p)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

var _ site.Site = (*cluster)(nil)
