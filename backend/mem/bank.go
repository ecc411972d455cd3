package mem

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Bank is a list of entries in the order in which they were written. All that changes it passes here, and each change is an event with
// the entry before and after it, so that the bank as it stood at any step follows from the events (see Rebuild).
type Bank struct {
	Name    string
	log     *Log
	count   func(string) int
	entries []*lab.Entry
	at      map[string]int // place of an id in entries
	next    int            // number of the next entry
	tokens  int
}

// NewBank makes an empty bank. log and count may be nil: nothing is kept, and tokens are words.
func NewBank(name string, log *Log, count func(string) int) *Bank {
	if count == nil {
		count = func(text string) int { return len(strings.Fields(text)) }
	}
	return &Bank{Name: name, log: log, count: count, at: map[string]int{}}
}

// Len is the number of entries, M.
func (b *Bank) Len() int { return len(b.entries) }

// Tokens is the number of tokens of all entries.
func (b *Bank) Tokens() int { return b.tokens }

// Get returns an entry. It is the bank's own: only Change may change it.
func (b *Bank) Get(id string) (*lab.Entry, bool) {
	i, ok := b.at[id]
	if !ok {
		return nil, false
	}
	return b.entries[i], true
}

// All returns the entries in the order in which they were written. They are the bank's own: only Change may change them.
func (b *Bank) All() []*lab.Entry { return b.entries }

// Add writes an entry and returns its id. ID and Tokens are filled in.
func (b *Bank) Add(e lab.Entry, reason string) (string, error) {
	e = clone(&e)
	e.ID, e.Tokens = strconv.Itoa(b.next), b.count(e.Text)
	b.next++
	b.put(len(b.entries), &e)
	return e.ID, b.tell(lab.Memory{Op: lab.OpWrite, Entry: e.ID, After: copied(&e), Reason: reason})
}

// Change lets change alter an entry in place; its ID stays and its Tokens are counted again. An id that is not there is an error of code
// not-found. An entry that stays as it was is no event.
func (b *Bank) Change(id string, change func(e *lab.Entry), reason string) error {
	i, ok := b.at[id]
	if !ok {
		return b.missing(id)
	}
	before, after := b.entries[i], clone(b.entries[i])
	change(&after)
	if after.ID, after.Tokens = id, b.count(after.Text); same(before, &after) {
		return nil
	}
	b.tokens -= before.Tokens
	b.entries[i] = &after
	b.tokens += after.Tokens
	return b.tell(lab.Memory{Op: lab.OpChange, Entry: id, Before: copied(before), After: copied(&after), Reason: reason})
}

// Merge puts the last of some entries' place for all of them: the others go, and it becomes into, with all of them as Sources.
func (b *Bank) Merge(ids []string, into lab.Entry, reason string) (string, error) {
	for n, id := range ids {
		if _, ok := b.at[id]; !ok || slices.Contains(ids[:n], id) {
			return "", b.missing(id)
		}
	}
	if len(ids) == 0 {
		return "", lab.Errorf(lab.Internal, "bank %q: a merge of no entry", b.Name)
	}
	for _, id := range ids[:len(ids)-1] {
		if err := b.Delete(id, "merged into "+ids[len(ids)-1]+": "+reason); err != nil {
			return "", err
		}
	}
	id := ids[len(ids)-1]
	i := b.at[id]
	before, after := b.entries[i], clone(&into)
	after.ID, after.Tokens = id, b.count(after.Text)
	b.entries[i] = &after
	b.tokens += after.Tokens - before.Tokens
	return id, b.tell(lab.Memory{Op: lab.OpMerge, Entry: id, Before: copied(before), After: copied(&after), Sources: slices.Clone(ids), Reason: reason})
}

// Delete removes an entry. An id that is not there is an error of code not-found.
func (b *Bank) Delete(id, reason string) error {
	i, ok := b.at[id]
	if !ok {
		return b.missing(id)
	}
	e := b.entries[i]
	b.entries = slices.Delete(b.entries, i, i+1)
	b.tokens -= e.Tokens
	delete(b.at, id)
	for j := i; j < len(b.entries); j++ {
		b.at[b.entries[j].ID] = j
	}
	return b.tell(lab.Memory{Op: lab.OpDelete, Entry: id, Before: copied(e), Reason: reason})
}

// Read reports what was recalled for a query, with the parts of every score.
func (b *Bank) Read(query string, hits []lab.Hit, reason string) error {
	return b.tell(lab.Memory{Op: lab.OpRead, Query: query, Hits: hits, Reason: reason})
}

func (b *Bank) put(i int, e *lab.Entry) {
	b.entries = append(b.entries, e)
	b.at[e.ID] = i
	b.tokens += e.Tokens
}

func (b *Bank) missing(id string) error {
	return lab.Errorf(lab.NotFound, "bank %q has no entry %q, it holds %d", b.Name, id, len(b.entries))
}

func (b *Bank) tell(ev lab.Memory) error {
	if b.log == nil {
		return nil
	}
	if b.log.Emit == nil {
		b.log.Omitted++
		return nil
	}
	ev.Bank, ev.Episode, ev.T, ev.Size, ev.Tokens = b.Name, b.log.Episode, b.log.T, len(b.entries), b.tokens
	return b.log.Emit.Emit(ev)
}

// Snapshot implements lab.Snapshotter.
func (b *Bank) Snapshot(w io.Writer) error { return writeBank(w, b) }

// Restore implements lab.Snapshotter.
func (b *Bank) Restore(r io.Reader) error { return readBank(r, b) }
