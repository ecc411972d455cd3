package mem

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// Bank is a list of entries in the order in which they were written. All that changes it passes here, and each change is an event with
// the entry before and after it, so that the bank as it stood at any step follows from the events (see Rebuild). Texts that are no valid
// UTF-8 are kept with replacement characters, as a record keeps them.
type Bank struct {
	Name  string
	log   *Log
	count func(string) int
	list  list
	next  int // number of the next entry
}

// NewBank makes an empty bank. log and count may be nil: nothing is kept, and tokens are words.
func NewBank(name string, log *Log, count func(string) int) *Bank {
	if count == nil {
		count = func(text string) int { return len(strings.Fields(text)) }
	}
	return &Bank{Name: name, log: log, count: count}
}

// Len is the number of entries, M.
func (b *Bank) Len() int { return b.list.len() }

// Tokens is the number of tokens of all entries.
func (b *Bank) Tokens() int { return b.list.tokens }

// Get returns an entry. It is the bank's own and must stay as it is: only Change may change what the bank holds.
func (b *Bank) Get(id string) (*lab.Entry, bool) { return b.list.get(id) }

// All returns the entries in the order in which they were written, in a slice of the caller's own: the bank may change while it is walked.
// The entries are the bank's, see Get.
func (b *Bank) All() []*lab.Entry { return b.list.all() }

// Oldest returns the entry that was written first of those that are there; false where there is none.
func (b *Bank) Oldest() (*lab.Entry, bool) { return b.list.oldest() }

// Add writes an entry and returns its id. ID and Tokens are filled in.
func (b *Bank) Add(e lab.Entry, reason string) (string, error) {
	if err := b.check(&e); err != nil {
		return "", err
	}
	after := tidy(&e)
	after.ID, after.Tokens = strconv.Itoa(b.next), b.count(after.Text)
	b.next++
	b.list.add(after)
	return after.ID, b.tell(lab.Memory{Op: lab.OpWrite, Entry: after.ID, After: after, Reason: reason})
}

// Change lets change alter a copy of an entry that then takes its place; its ID stays and its Tokens are counted again. An id that is not
// there is an error of code not-found. An entry that stays as it was is no event.
func (b *Bank) Change(id string, change func(e *lab.Entry), reason string) error {
	before, ok := b.list.get(id)
	if !ok {
		return b.missing(id)
	}
	draft := copied(before)
	change(draft)
	if err := b.check(draft); err != nil {
		return err
	}
	after := b.settle(draft, before)
	if same(before, after) {
		return nil
	}
	b.list.replace(after)
	return b.tell(lab.Memory{Op: lab.OpChange, Entry: id, Before: before, After: after, Reason: reason})
}

// settle makes what takes the place of an entry.
func (b *Bank) settle(draft, before *lab.Entry) *lab.Entry {
	after := tidy(draft)
	after.ID, after.Tokens = before.ID, before.Tokens
	if after.Text != before.Text {
		after.Tokens = b.count(after.Text)
	}
	return after
}

// Merge makes one entry of some: all but the last are deleted, each with its own event, and the last becomes into, in its place and with
// its id. The event of the merge names all of them, into's own Sources are the caller's affair. Ids that are not there or named twice
// are errors of code not-found, and nothing has changed then.
func (b *Bank) Merge(ids []string, into lab.Entry, reason string) (string, error) {
	if err := b.mergeable(ids, &into); err != nil {
		return "", err
	}
	last := len(ids) - 1
	id := ids[last]
	for _, other := range ids[:last] {
		if err := b.Delete(other, "merged into "+id+": "+reason); err != nil {
			return "", err
		}
	}
	before, _ := b.list.get(id)
	after := b.settle(&into, before)
	b.list.replace(after)
	return id, b.tell(lab.Memory{Op: lab.OpMerge, Entry: id, Before: before, After: after, Sources: slices.Clone(ids), Reason: reason})
}

func (b *Bank) mergeable(ids []string, into *lab.Entry) error {
	if len(ids) == 0 {
		return lab.Errorf(lab.Internal, "bank %q: a merge of no entry", b.Name)
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if _, ok := b.list.get(id); !ok || seen[id] {
			return b.missing(id)
		}
		seen[id] = true
	}
	return b.check(into)
}

// Delete removes an entry. An id that is not there is an error of code not-found.
func (b *Bank) Delete(id, reason string) error {
	e, ok := b.list.get(id)
	if !ok {
		return b.missing(id)
	}
	b.list.remove(id)
	return b.tell(lab.Memory{Op: lab.OpDelete, Entry: id, Before: e, Reason: reason})
}

// Read reports what was recalled for a query, with the parts of every score.
func (b *Bank) Read(query string, hits []lab.Hit, reason string) error {
	return b.tell(lab.Memory{Op: lab.OpRead, Query: query, Hits: hits, Reason: reason})
}

// check refuses an entry whose numbers a record could not keep: two names that are no valid UTF-8 might become one.
func (b *Bank) check(e *lab.Entry) error {
	for name := range e.Numbers {
		if !utf8.ValidString(name) {
			return lab.Errorf(lab.Internal, "bank %q: the name of a number, %q, is no valid UTF-8", b.Name, name)
		}
	}
	return nil
}

func (b *Bank) missing(id string) error {
	return lab.Errorf(lab.NotFound, "bank %q has no entry %q, or it was named twice; it holds %d", b.Name, id, b.Len())
}

// tell emits an event. It gets copies: whoever keeps it keeps the entry as it stood, even if a memory wrongly alters one in place.
func (b *Bank) tell(ev lab.Memory) error {
	if b.log == nil {
		return nil
	}
	if b.log.Emit == nil {
		b.log.Omitted++
		return nil
	}
	if ev.Before != nil {
		ev.Before = copied(ev.Before)
	}
	if ev.After != nil {
		ev.After = copied(ev.After)
	}
	ev.Bank, ev.Episode, ev.T, ev.Size, ev.Tokens = b.Name, b.log.Episode, b.log.T, b.Len(), b.Tokens()
	return b.log.Emit.Emit(ev)
}

// Snapshot implements lab.Snapshotter.
func (b *Bank) Snapshot(w io.Writer) error { return writeBank(w, b) }

// Restore implements lab.Snapshotter. It reads no further than Snapshot wrote.
func (b *Bank) Restore(r io.Reader) error { return readBank(r, b) }
