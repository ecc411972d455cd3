package summary

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// Cache acts: it carries, for B trials that began together, keys and values of the summaries and of the steps of the present segment.
//
// When a segment is full its prompts run over the cache, what the last layer says at them is run through the network once more over the
// keys and values of the older summaries, theirs are appended, and the segment's are dropped. After t steps the cache thus holds
// floor(t/l_seg)*l_sum + t mod l_seg entries.
//
// Keys and values are made by the parameters of their step. After an update of the parameters they are stale: Refresh makes them anew.
type Cache struct {
	Model *Model
	Rule  Rule
	Out   []float32 // [B][A+1] of the last step: logits, then the value
	// Share is the attention of the last step, mean over layers and heads: [B][entries], those of the cache before the step and the
	// step itself. It is filled only where Watch is set.
	Share []float32
	Watch bool
	// Summaries are the vectors written since Reset, [segment][B][l_sum*D]. They are kept only where Watch is set.
	Summaries [][]float32
	Work      int // multiply-adds of the last step in one trial, what closing a segment took included

	core  *num.Core
	b     int
	kv    [][]float32 // [layer][B][room][2D]
	room  int         // entries of a trial
	sums  int         // entries that are summaries
	seg   int         // entries of the present segment
	base  int         // position of the next group of summaries
	steps int         // since Reset
	lo    []int       // [B] first entry that is seen
	turns []float32

	n      int // tokens of each trial under way
	first  int // position of the first of them
	entry  int // entry of the first of them
	x, a   []float32
	y, qkv []float32 // [B*n][D], [B*n][3D]
	f      []float32 // [B*n][F]
	h      []float32 // [B*n][D] result
	scores []float32 // [B][H*room]
	rows   func(i0, i1 int)
}

// NewCache returns an empty cache for B trials of at most that many steps.
func NewCache(core *num.Core, m *Model, r Rule, b, steps int) *Cache {
	c := &Cache{Model: m, Rule: r, core: core, b: b, room: steps, lo: make([]int, b)}
	sums := m.Shape.Prompts
	if r.Segment > 0 {
		c.room = (steps/r.Segment+2)*sums + r.Segment
	}
	d, n := m.Shape.Width, b*max(sums, 1)
	for range m.Layers {
		c.kv = append(c.kv, make([]float32, b*c.room*2*d))
	}
	c.x, c.a, c.y, c.h = make([]float32, n*d), make([]float32, n*d), make([]float32, n*d), make([]float32, n*d)
	c.qkv, c.f = make([]float32, n*3*d), make([]float32, n*m.Shape.Inner)
	c.scores, c.Out = make([]float32, b*c.room), make([]float32, b*(m.Shape.Actions+1))
	c.turns = m.turn.Turns(steps + (steps/max(r.Segment, 1)+2)*sums)
	c.rows = c.run
	return c
}

// Reset begins new trials.
func (c *Cache) Reset() {
	c.sums, c.seg, c.base, c.steps = 0, 0, 0, 0
	clear(c.lo)
	c.Summaries = c.Summaries[:0]
}

// Steps since Reset.
func (c *Cache) Steps() int { return c.steps }

// Entries that the cache holds of trial b and that the next step may see, how many of them are summaries, and the position of the
// first of those.
func (c *Cache) Entries(b int) (all, summaries, position int) {
	lo := c.lo[b]
	if w := c.Rule.Window; w > 0 {
		lo = max(lo, c.sums+c.seg+1-w)
	}
	return c.sums + c.seg - lo, c.sums, c.base - c.sums
}

// Numbers that an entry takes: key and value in every layer.
func (c *Cache) Numbers() int { return 2 * c.Model.Shape.Width * c.Model.Shape.Layers }

// Step takes obs [B][O] and fills Out. Begins [B] marks first steps of episodes; it is read only where Rule.Episodes.
func (c *Cache) Step(obs []float32, begins []bool) {
	c.look(obs, begins)
	c.seg++
	c.steps++
	c.Work += c.Model.TokenWork() + c.Model.EntryWork()*(c.sums+c.seg-c.lo[0])
	if c.Rule.Segment > 0 && c.seg == c.Rule.Segment {
		c.close()
	}
}

// Peek fills Out as Step would and leaves the cache as it is: for the value of what comes next.
func (c *Cache) Peek(obs []float32, begins []bool) {
	keep := append([]int(nil), c.lo...)
	watch := c.Watch
	c.Watch = false
	c.look(obs, begins)
	c.Watch = watch
	copy(c.lo, keep)
}

// look runs one step over the cache.
func (c *Cache) look(obs []float32, begins []bool) {
	m, entry := c.Model, c.sums+c.seg
	if len(obs) != c.b*m.Shape.In || entry >= c.room {
		panic(fmt.Sprintf("summary: step %d with %d numbers, want %d and at most %d entries", c.steps, len(obs), c.b*m.Shape.In, c.room))
	}
	for b := range c.lo {
		if c.Rule.Episodes && begins[b] {
			c.lo[b] = entry
		}
		if w := c.Rule.Window; w > 0 {
			c.lo[b] = max(c.lo[b], entry+1-w)
		}
	}
	m.Embed.Apply(&c.core.K, obs, m.Shape.In, c.x, m.Shape.Width, c.b)
	if c.Watch {
		c.Share = grow(c.Share, c.b*(entry+1))
		clear(c.Share)
	}
	c.Work = 0
	c.advance(1, c.base+c.seg, entry, true)
	n := m.Heads.Out()
	m.Heads.Apply(&c.core.K, c.h, m.Shape.Width, c.Out, n, c.b)
}

// advance runs n tokens of every trial, embedded in x, from that position and entry on; their keys and values stand at the entries.
func (c *Cache) advance(n, position, entry int, step bool) {
	c.n, c.first, c.entry = n, position, entry
	watch := c.Watch
	c.Watch = watch && step
	c.core.Do(c.b, c.b*n*c.Model.TokenWork(), c.rows)
	c.Watch = watch
}

// run does the trials i0..i1 of advance; trials are independent.
func (c *Cache) run(i0, i1 int) {
	m, k, d := c.Model, &c.core.K, c.Model.Shape.Width
	r0, r1 := i0*c.n, i1*c.n
	rows, x, a, y := r1-r0, c.x[r0*d:r1*d], c.a[r0*d:r1*d], c.y[r0*d:r1*d]
	qkv, f := c.qkv[r0*3*d:r1*3*d], c.f[r0*m.Shape.Inner:r1*m.Shape.Inner]
	for i, l := range m.Layers {
		norm(k, a, x, l.Norm1.Data)
		l.QKV.Apply(k, a, d, qkv, 3*d, rows)
		for b := i0; b < i1; b++ {
			c.attend(i, b, qkv[(b-i0)*c.n*3*d:], a[(b-i0)*c.n*d:])
		}
		l.Out.Apply(k, a, d, y, d, rows)
		k.Add(x, x, y)
		norm(k, a, x, l.Norm2.Data)
		l.Up.Apply(k, a, d, f, m.Shape.Inner, rows)
		l.Down.Apply(k, f, m.Shape.Inner, y, d, rows)
		k.Add(x, x, y)
	}
	norm(k, c.h[r0*d:r1*d], x, m.Norm.Data)
}

// norm is the RMS norm of every row with its gain.
func norm(k *num.Kernels, dst, src, gain []float32) {
	d := len(gain)
	for at := 0; at < len(src); at += d {
		num.NormRow(k, dst[at:at+d], src[at:at+d], true)
		k.Mul(dst[at:at+d], dst[at:at+d], gain)
	}
}

// attend turns and stores the entries of trial b's tokens and attends to all that they see: qkv [n][3D], out [n][D].
func (c *Cache) attend(layer, b int, qkv, out []float32) {
	m, k := c.Model, &c.core.K
	d := m.Shape.Width
	dh := d / m.Shape.Heads
	kv := c.kv[layer][b*c.room*2*d : (b+1)*c.room*2*d]
	for i := range c.n {
		row, turn := qkv[i*3*d:(i+1)*3*d], c.turns[(c.first+i)*dh:(c.first+i+1)*dh]
		for h := range 2 * m.Shape.Heads {
			k.Rotate(row[h*dh:(h+1)*dh], row[h*dh:(h+1)*dh], turn)
		}
		copy(kv[(c.entry+i)*2*d:], row[d:])
		for h := range m.Shape.Heads {
			c.head(b, c.entry+i+1, kv, row[h*dh:(h+1)*dh], out[i*d+h*dh:i*d+(h+1)*dh], h*dh)
		}
	}
}

// head is the attention of one query to the entries lo..to of its trial; the head's columns begin at that place.
func (c *Cache) head(b, to int, kv, q, out []float32, column int) {
	k, d, dh, lo := &c.core.K, c.Model.Shape.Width, len(q), c.lo[b]
	scores := c.scores[b*c.room : b*c.room+to-lo]
	scale := float32(1 / math.Sqrt(float64(dh)))
	rows := kv[lo*2*d+column:]
	for e := range scores {
		scores[e] = scale * k.Dot(q, rows[e*2*d:e*2*d+dh])
	}
	k.Softmax(scores, scores, 1, len(scores))
	clear(out)
	for e, p := range scores {
		k.Axpy(out, p, rows[e*2*d+d:e*2*d+d+dh])
	}
	if c.Watch {
		k.Axpy(c.Share[b*to+lo:b*to+to], 1/float32(c.Model.Shape.Heads*c.Model.Shape.Layers), scores)
	}
}

// close sums up the present segment.
func (c *Cache) close() {
	m, d, sums := c.Model, c.Model.Shape.Width, c.Model.Shape.Prompts
	entries := c.sums + c.seg
	for b := range c.b {
		copy(c.x[b*sums*d:(b+1)*sums*d], m.Prompt.Data)
	}
	c.advance(sums, c.base+c.seg, entries, false)
	c.Work += c.tokens(sums, entries)
	if c.Watch {
		c.Summaries = append(c.Summaries, append([]float32(nil), c.h[:c.b*sums*d]...))
	}
	c.drop()
	if c.Rule.Direct {
		c.move(entries, c.sums, sums)
	} else {
		copy(c.x, c.h[:c.b*sums*d])
		c.advance(sums, c.base, c.sums, false)
		c.Work += c.tokens(sums, c.sums)
	}
	c.sums, c.seg, c.base = c.sums+sums, 0, c.base+sums
}

// tokens is the work of n tokens of one trial that see that many entries and each other.
func (c *Cache) tokens(n, entries int) int {
	return n*c.Model.TokenWork() + c.Model.EntryWork()*(n*entries+n*(n+1)/2)
}

// drop forgets the oldest summaries, so that with the new ones no more stay than the rule says.
func (c *Cache) drop() {
	sums := c.Model.Shape.Prompts
	if c.Rule.Keep == 0 || c.sums < c.Rule.Keep*sums {
		return
	}
	c.move(sums, 0, c.sums-sums)
	c.sums -= sums
}

// move copies count entries of every trial.
func (c *Cache) move(from, to, count int) {
	w := 2 * c.Model.Shape.Width
	for _, kv := range c.kv {
		for b := range c.b {
			all := kv[b*c.room*w : (b+1)*c.room*w]
			copy(all[to*w:(to+count)*w], all[from*w:(from+count)*w])
		}
	}
}

// Refresh makes the cache anew with the present parameters from the T steps of the trials so far, obs [T][B][O], begins [T*B].
func (c *Cache) Refresh(obs []float32, begins []bool) {
	w := c.b * c.Model.Shape.In
	c.Reset()
	for t := range len(begins) / c.b {
		c.Step(obs[t*w:(t+1)*w], begins[t*c.b:(t+1)*c.b])
	}
}
