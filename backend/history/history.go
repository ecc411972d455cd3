// Package history is what a record says of the past of a memory: every version of every entry with the two events between which it was
// valid, who read it and what came of it. A bank at any past moment is a filter over versions, not a replay.
//
// A moment is the number of memory events of the run before it, over all banks: moment 0 is before the first one, and the event of
// number i (from 0) lies between the moments i and i+1. A living record is fed again and again; what was indexed stays.
package history

import (
	"encoding/json"
	"hash/maphash"
	"sync/atomic"

	"github.com/loci-lab/loci/backend/lab"
)

// Run is the index over one record. New makes one. One goroutine feeds it; nobody reads meanwhile.
type Run struct {
	banks    []*Bank
	byName   map[string]int
	events   []event
	episodes []lab.Episode // in the order in which they ended
	ended    map[int64]int // place in episodes
	spans    []span
	prompts  map[prompt]int // steps of an episode in whose context an entry stood
	states   []State
	flaws    []Flaw
	floats   int   // numbers of all vectors that are kept
	seen     int64 // events of the record taken in
	taken    atomic.Int64
	seed     maphash.Seed
}

// event is one memory operation. What a reading says beyond its hits, its reason and its query, stays in the record, at seq.
type event struct {
	seq     int64
	episode int64
	t       int32
	bank    int32
	op      lab.MemoryOp
	slot    int32 // of the entry, -1 for a read
	version int32 // that it made, -1 for none
	size    int32
	tokens  int32
	hits    []hit
}

// hit is one candidate of a read.
type hit struct {
	slot int32 // -1 for an entry that the bank does not hold
	rank int32
	used bool
}

// prompt names an entry in the contexts of an episode. Contexts do not name banks.
type prompt struct {
	episode int64
	entry   string
}

// State is a kept step with the numbers that a policy carries from step to step.
type State struct {
	Episode int64
	T       int
	Seq     int64
}

// Flaw is an operation that contradicts the state before it.
type Flaw struct {
	Moment  int // before the operation
	Bank    string
	Entry   string
	Op      lab.MemoryOp
	Episode int64
	T       int
	Text    string
}

// New makes an empty index.
func New() *Run {
	return &Run{byName: map[string]int{}, ended: map[int64]int{}, prompts: map[prompt]int{}, seed: maphash.MakeSeed()}
}

// Moments is the newest moment: the number of memory events so far.
func (h *Run) Moments() int { return len(h.events) }

// Banks lists the banks in the order in which they appeared.
func (h *Run) Banks() []*Bank { return h.banks }

// Bank returns the bank of that name; "" is the one with the most events.
func (h *Run) Bank(name string) (*Bank, error) {
	if name == "" {
		return h.busiest()
	}
	if i, ok := h.byName[name]; ok {
		return h.banks[i], nil
	}
	return nil, lab.Errorf(lab.NotFound, "bank %q does not exist in this run, want one of %q", name, h.Names()).WithHint("choose a bank in the list above the table")
}

func (h *Run) busiest() (*Bank, error) {
	var most *Bank
	for _, b := range h.banks {
		if most == nil || len(b.events) > len(most.events) {
			most = b
		}
	}
	if most == nil {
		return nil, lab.Errorf(lab.NotFound, "this run has no memory events")
	}
	return most, nil
}

// Names are the names of the banks.
func (h *Run) Names() []string {
	names := []string{}
	for _, b := range h.banks {
		names = append(names, b.Name)
	}
	return names
}

// Flaws lists the operations that contradict the state before them.
func (h *Run) Flaws() []Flaw { return h.flaws }

// States lists the kept steps that carry a state, in their order.
func (h *Run) States() []State { return h.states }

// Episodes lists the episodes that ended, in the order in which they did.
func (h *Run) Episodes() []lab.Episode { return h.episodes }

// Ended returns what an episode came to; false while it goes on.
func (h *Run) Ended(id int64) (lab.Episode, bool) {
	i, ok := h.ended[id]
	if !ok {
		return lab.Episode{}, false
	}
	return h.episodes[i], true
}

// Taken is how many events of the record Take has read; it may be asked while Take goes on.
func (h *Run) Taken() int64 { return h.taken.Load() }

func entryOf(part json.RawMessage) (e *lab.Entry, err error) {
	if len(part) > 0 {
		err = json.Unmarshal(part, &e)
	}
	return e, err
}

// hash of a part of a record, 0 for none.
func (h *Run) hash(part []byte) uint64 {
	if len(part) == 0 || string(part) == "null" {
		return 0
	}
	return maphash.Bytes(h.seed, part)
}

// isNewest tells whether the newest version of an entry is the one of that hash.
func (b *Bank) isNewest(id string, hash uint64) bool {
	at, ok := b.alive[id]
	return ok && hash != 0 && b.slots[at].raw == hash
}

// Episode takes in what an episode came to.
func (h *Run) Episode(e lab.Episode) {
	h.ended[e.ID] = len(h.episodes)
	h.episodes = append(h.episodes, e)
}

// Memory takes in the next operation; seq is its place in the record. It never fails: an operation that contradicts the state before it
// becomes a flaw, and what it touches is unsure from then on.
func (h *Run) Memory(seq int64, ev lab.Memory) { h.memory(seq, ev, [2]uint64{}) }

func (h *Run) memory(seq int64, ev lab.Memory, raw [2]uint64) {
	b := h.bank(ev.Bank)
	e := event{seq: seq, episode: ev.Episode, t: int32(ev.T), bank: int32(b.place), op: ev.Op, slot: -1, version: -1, size: int32(ev.Size), tokens: int32(ev.Tokens)}
	if ev.Op == lab.OpRead {
		e.hits = b.read(ev, len(h.events))
	} else {
		e.slot, e.version = b.apply(ev, len(h.events), raw)
	}
	b.count(ev, len(h.events))
	b.events = append(b.events, int32(len(h.events)))
	if n := len(h.spans); n == 0 || h.spans[n-1].Episode != ev.Episode {
		h.spans = append(h.spans, span{ev.Episode, len(h.events)})
	}
	h.events = append(h.events, e)
}

func (h *Run) bank(name string) *Bank {
	i, ok := h.byName[name]
	if !ok {
		i = len(h.banks)
		h.byName[name] = i
		h.banks = append(h.banks, &Bank{Name: name, run: h, place: i, alive: map[string]int32{}, lives: map[string][]int32{}, numberAt: map[string]int{}})
	}
	return h.banks[i]
}
