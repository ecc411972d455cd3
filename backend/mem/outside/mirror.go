package outside

import (
	"fmt"
	"maps"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// follow does in the bank what the program says that it did. A change that cannot be is a lie.
func (m *Memory) follow(verb string, changes []change) error {
	for i, c := range changes {
		if err := m.possible(c); err != nil {
			return m.process.Refuse(verb, "change %d (%s): %w", i, c.Op, err)
		}
		if err := m.apply(c); err != nil {
			return err
		}
	}
	return nil
}

// possible tells whether a change fits the bank as it stands.
func (m *Memory) possible(c change) error {
	needsEntry := c.Op == lab.OpWrite || c.Op == lab.OpChange || c.Op == lab.OpMerge
	switch {
	case !needsEntry && c.Op != lab.OpDelete:
		return fmt.Errorf("op is %q, want one of write, change, delete, merge", c.Op)
	case needsEntry != (c.Entry != nil) || (c.Op == lab.OpDelete) != (c.ID != "") || (c.Op == lab.OpMerge) != (len(c.IDs) > 0):
		return fmt.Errorf("want entry with write and change, id with delete, ids and entry with merge, and nothing else")
	case c.Op == lab.OpDelete:
		return m.known(c.ID)
	case c.Entry.ID == "":
		return fmt.Errorf("entry has no id")
	case c.Op == lab.OpWrite:
		if m.known(c.Entry.ID) == nil {
			return fmt.Errorf("entry %q is there already", c.Entry.ID)
		}
		return nil
	case c.Op == lab.OpChange:
		return m.known(c.Entry.ID)
	}
	return m.mergeable(c)
}

func (m *Memory) mergeable(c change) error {
	for i, id := range c.IDs {
		if err := m.known(id); err != nil {
			return err
		}
		if slices.Contains(c.IDs[:i], id) {
			return fmt.Errorf("entry %q is named twice", id)
		}
	}
	if last := c.IDs[len(c.IDs)-1]; c.Entry.ID != last {
		return fmt.Errorf("the merged entry has id %q, want %q, the last of ids", c.Entry.ID, last)
	}
	return nil
}

func (m *Memory) known(id string) error {
	if _, ok := m.ours[id]; !ok {
		return fmt.Errorf("entry %q is not there, %d others are", id, len(m.ours))
	}
	return nil
}

func (m *Memory) apply(c change) error {
	reason := c.Reason
	if reason == "" {
		reason = "the program gave no reason"
	}
	switch c.Op {
	case lab.OpWrite:
		id, err := m.bank.Add(c.Entry.lab(), reason)
		m.ours[c.Entry.ID], m.theirs[id] = id, c.Entry.ID
		return err
	case lab.OpChange:
		return m.bank.Change(m.ours[c.Entry.ID], func(e *lab.Entry) { *e = c.Entry.lab() }, reason)
	case lab.OpDelete:
		id := m.ours[c.ID]
		m.forget(c.ID)
		return m.bank.Delete(id, reason)
	}
	ids := make([]string, len(c.IDs))
	for i, id := range c.IDs {
		ids[i] = m.ours[id]
	}
	for _, id := range c.IDs[:len(c.IDs)-1] {
		m.forget(id)
	}
	_, err := m.bank.Merge(ids, c.Entry.lab(), reason)
	return err
}

func (m *Memory) forget(theirs string) {
	delete(m.theirs, m.ours[theirs])
	delete(m.ours, theirs)
}

// hits are the candidates with ids of the bank. Entries that differ from the mirror, or stand there twice, are lies.
func (m *Memory) hits(all []hit) ([]lab.Hit, error) {
	hits, seen := make([]lab.Hit, len(all)), map[string]bool{}
	for i, h := range all {
		if err := m.mirrors(h.Entry); err != nil {
			return nil, err
		}
		if seen[h.Entry.ID] {
			return nil, fmt.Errorf("entry %q is recalled twice", h.Entry.ID)
		}
		seen[h.Entry.ID] = true
		parts := floats(h.Parts)
		if parts == nil {
			parts = map[string]lab.Float{"score": lab.Float(*h.Score)}
		}
		hits[i] = lab.Hit{Entry: m.ours[h.Entry.ID], Score: lab.Float(*h.Score), Parts: parts, Why: h.Why}
	}
	return hits, nil
}

// mirrors tells whether an entry is as the bank has it.
func (m *Memory) mirrors(e entry) error {
	if err := m.known(e.ID); err != nil {
		return err
	}
	b, ok := m.bank.Get(m.ours[e.ID])
	if !ok || b.Text != e.Text || b.Type != e.Type || !maps.Equal(b.Numbers, floats(e.Numbers)) || !slices.Equal(b.Labels, e.Labels) {
		return fmt.Errorf("entry %q is %+v, and %+v by all changes that were told", e.ID, e, b)
	}
	return nil
}

// compare tells whether entries are all that the bank has.
func (m *Memory) compare(all []entry) error {
	seen := map[string]bool{}
	for _, e := range all {
		if err := m.mirrors(e); err != nil {
			return err
		}
		if seen[e.ID] {
			return fmt.Errorf("entry %q is there twice", e.ID)
		}
		seen[e.ID] = true
	}
	if len(all) != m.bank.Len() {
		return fmt.Errorf("there are %d entries, and %d by all changes that were told", len(all), m.bank.Len())
	}
	return nil
}
