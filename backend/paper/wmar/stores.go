package wmar

import (
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
)

// Banks of the memory view.
const (
	bankRecent = "recent"
	bankLong   = "long"
)

// stores are the two stores with what they hold, by rollout.
//
//	add(rollout):  FIFO[ptr] = rollout; ptr = (ptr+1) mod n
//	               key ~ N(0,1); if key > min key in LONG: replace that slot by (key, rollout)
//	batch:         one of the two stores with probability 1/2
//
// Every rollout goes to both; sending only what falls out of FIFO to LONG would be another rule.
type stores struct {
	dual *replay.Dual
	keys *rng.Stream
	book shelf
}

// shelf says what lies in the slots, and what is still to be told of it.
type shelf struct {
	Added   int64
	Recent  []label // by slot
	Long    []label
	Told    [2]int       // told entries in each bank
	Pending []lab.Memory // operations since the last kept episode
}

// label names a rollout.
type label struct {
	ID     int64 // from 1; 0 where the slot is free
	Task   int   // from 0
	Reward lab.Float
	Told   bool // its operations are in the record
}

// newStores splits the rollouts as the kind says; stream is how many will come, for a store without limit.
func newStores(k LearnerKnobs, obs, stream int, keys *rng.Stream) *stores {
	recent, long, share := k.Rollouts/2, k.Rollouts-k.Rollouts/2, k.LongShare
	switch k.Store {
	case FIFO:
		recent, long, share = k.Rollouts, 1, 0
	case Long:
		recent, long, share = 1, k.Rollouts, 1
	case Everything:
		recent, long, share = max(stream, 1), 1, 0
	}
	s := &stores{keys: keys, dual: replay.NewDual(replay.NewSequences(recent, k.Length, obs, 0, 0), replay.NewSequences(long, k.Length, obs, 0, 0), share)}
	s.book.Recent, s.book.Long = make([]label, recent), make([]label, long)
	return s
}

// uses says which of the two stores batches come from.
func (s *stores) uses() (recent, long bool) { return s.dual.LongShare < 1, s.dual.LongShare > 0 }

// add shows a rollout of a task to both stores. Of told rollouts the record hears.
func (s *stores) add(q *replay.Sequence, task int, told bool) {
	b := &s.book
	slot := int(b.Added % int64(s.dual.Recent.Cap()))
	b.Added++
	l := label{ID: b.Added, Task: task, Told: told}
	for _, r := range q.Reward[:q.Steps] {
		l.Reward += lab.Float(r)
	}
	at, kept := s.dual.Add(s.keys, q)
	recent, long := s.uses()
	if recent {
		s.put(bankRecent, 0, b.Recent, slot, l, "the latest rollout", "the oldest of the recent rollouts makes room")
	}
	if long && kept {
		s.put(bankLong, 1, b.Long, at, l, "its key is among the largest so far", "its key was the smallest: a rollout with a larger one came")
	}
}

// put writes a label into a slot and tells of what went and what came.
func (s *stores) put(bank string, n int, slots []label, slot int, l label, came, went string) {
	b := &s.book
	if old := slots[slot]; old.ID > 0 && old.Told {
		b.Told[n]--
		b.Pending = append(b.Pending, lab.Memory{Op: lab.OpDelete, Bank: bank, Entry: old.name(), Before: old.entry(), Reason: went, Size: b.Told[n]})
	}
	slots[slot] = l
	if l.Told {
		b.Told[n]++
		b.Pending = append(b.Pending, lab.Memory{Op: lab.OpWrite, Bank: bank, Entry: l.name(), After: l.entry(), Reason: came, Size: b.Told[n]})
	}
}

func (l label) name() string { return fmt.Sprintf("rollout %d", l.ID) }

func (l label) entry() *lab.Entry {
	return &lab.Entry{ID: l.name(), Type: "rollout", Labels: []string{fmt.Sprintf("task %d", l.Task+1)},
		Text: fmt.Sprintf("rollout %d, of task %d", l.ID, l.Task+1), Numbers: map[string]lab.Float{"reward": l.Reward, "task": lab.Float(l.Task + 1)}}
}

// tell hands over the operations that are still to be told.
func (s *stores) tell() (events []lab.Event) {
	for _, m := range s.book.Pending {
		events = append(events, m)
	}
	s.book.Pending = nil
	return events
}

// shares are the tasks' shares of the rollouts in a store.
func shares(slots []label, tasks int) []float64 {
	out, n := make([]float64, tasks), 0
	for _, l := range slots {
		if l.ID > 0 {
			out[l.Task]++
			n++
		}
	}
	for i := range out {
		out[i] /= float64(max(n, 1))
	}
	return out
}

// held counts the rollouts that batches can come from; one that lies in both stores counts twice.
func (s *stores) held() (n int) {
	recent, long := s.uses()
	if recent {
		n += s.dual.Recent.Len()
	}
	if long {
		n += s.dual.Long.Len()
	}
	return n
}

// Snapshot implements lab.Snapshotter.
func (s *stores) Snapshot(w io.Writer) error {
	return rl.WriteParts(w, rl.Part{Name: "rollouts", State: s.dual}, rl.Part{Name: "keys", State: rl.Stream(s.keys)}, rl.Part{Name: "shelf", State: rl.JSON(&s.book)})
}

// Restore implements lab.Snapshotter.
func (s *stores) Restore(r io.Reader) error {
	s.book.Recent, s.book.Long, s.book.Pending = nil, nil, nil
	return rl.ReadParts(r, rl.Part{Name: "rollouts", State: s.dual}, rl.Part{Name: "keys", State: rl.Stream(s.keys)}, rl.Part{Name: "shelf", State: rl.JSON(&s.book)})
}
