package replay

import (
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/rng"
)

// Reservoir says which newcomers a store of N slots keeps when each has a key: those with the N largest keys of all that ever came.
//
// With keys drawn by chance it keeps, at any moment, a uniform sample of everything so far, without knowing what is coming or where one
// task ends and the next begins: global distribution matching (arXiv 1802.10269v1; the long-term store of arXiv 2401.16650).
// With the reward or the error as key it keeps the best or the most surprising rows.
type Reservoir struct {
	key   []float64 // [N] by slot
	heap  []int32   // slots, the smallest key on top
	offer int64     // how many came
}

// NewReservoir returns the rule of a store of n slots.
func NewReservoir(n int) *Reservoir {
	if n < 1 {
		panic(fmt.Sprintf("replay: reservoir of %d slots, want at least 1", n))
	}
	return &Reservoir{key: make([]float64, n), heap: make([]int32, 0, n)}
}

// Len is how many slots are taken, Seen how many newcomers there were.
func (v *Reservoir) Len() int { return len(v.heap) }

// Seen is how many newcomers there were.
func (v *Reservoir) Seen() int64 { return v.offer }

// Draw offers a newcomer with a key drawn once, from a standard normal distribution, and returns the slot that it takes; keep is false
// where it is not kept.
func (v *Reservoir) Draw(s *rng.Stream) (slot int, keep bool) { return v.Offer(s.Normal()) }

// Offer offers a newcomer with that key. While slots are free it takes the first of them; then it takes that of the smallest key, if
// its own is larger.
func (v *Reservoir) Offer(key float64) (slot int, keep bool) {
	v.offer++
	if n := len(v.heap); n < len(v.key) {
		v.key[n] = key
		v.heap = append(v.heap, int32(n))
		v.up(n)
		return n, true
	}
	slot = int(v.heap[0])
	if !(key > v.key[slot]) {
		return 0, false
	}
	v.key[slot] = key
	v.down(0)
	return slot, true
}

func (v *Reservoir) less(i, j int) bool { return v.key[v.heap[i]] < v.key[v.heap[j]] }

func (v *Reservoir) up(i int) {
	for i > 0 && v.less(i, (i-1)/2) {
		v.heap[i], v.heap[(i-1)/2] = v.heap[(i-1)/2], v.heap[i]
		i = (i - 1) / 2
	}
}

func (v *Reservoir) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(v.heap); c++ {
			if v.less(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		v.heap[i], v.heap[least] = v.heap[least], v.heap[i]
		i = least
	}
}

func (v *Reservoir) head() string { return fmt.Sprintf("reservoir of %d slots", len(v.key)) }

// Snapshot implements lab.Snapshotter.
func (v *Reservoir) Snapshot(w io.Writer) error {
	n := len(v.heap)
	return keep(w, v.head(), []int{n}, []int64{v.offer}, v.key[:n], v.heap)
}

// Restore implements lab.Snapshotter, for a rule of as many slots.
func (v *Reservoir) Restore(r io.Reader) error {
	n, offer := []int{0}, []int64{0}
	var heap []int32
	err := restore(r, v.head(), n, func() []any {
		heap = make([]int32, n[0])
		return []any{offer, v.key[:n[0]], heap}
	}, len(v.key))
	if err != nil {
		return err
	}
	v.offer, v.heap = offer[0], append(v.heap[:0], heap...)
	return nil
}

// Dual is two stores of sequences that both see everything: a recent one, which keeps the last, and a long one, which keeps a uniform
// sample of all (arXiv 2401.16650). A batch comes from one of them.
type Dual struct {
	Recent, Long *Sequences
	Rule         *Reservoir
	LongShare    float64 // probability that a batch comes from the long store: 0 is the recent one alone, 1 the long one alone
}

// NewDual returns two empty stores, of sequences of one kind.
func NewDual(recent, long *Sequences, longShare float64) *Dual {
	return &Dual{recent, long, NewReservoir(long.Cap()), longShare}
}

// Add shows a sequence to both; the key of the long store is drawn from s. Slot and keep are those of the long store.
func (d *Dual) Add(s *rng.Stream, q *Sequence) (slot int, keep bool) {
	d.Recent.Add(q)
	if slot, keep = d.Rule.Draw(s); keep {
		d.Long.Put(slot, q)
	}
	return slot, keep
}

// Sample draws a batch of n windows from one of the two, and says whether it was the long one.
func (d *Dual) Sample(s *rng.Stream, n, steps int, w *Windows) (long bool) {
	if long = s.Bool(d.LongShare); long {
		d.Long.Sample(s, n, steps, w)
	} else {
		d.Recent.Sample(s, n, steps, w)
	}
	return long
}

// Snapshot implements lab.Snapshotter.
func (d *Dual) Snapshot(w io.Writer) error {
	if err := d.Recent.Snapshot(w); err != nil {
		return err
	}
	if err := d.Long.Snapshot(w); err != nil {
		return err
	}
	return d.Rule.Snapshot(w)
}

// Restore implements lab.Snapshotter.
func (d *Dual) Restore(r io.Reader) error {
	if err := d.Recent.Restore(r); err != nil {
		return err
	}
	if err := d.Long.Restore(r); err != nil {
		return err
	}
	return d.Rule.Restore(r)
}
