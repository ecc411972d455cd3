package memoryr1

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
)

// bank is the memory of one conversation: entries that the manager's operations write, change and delete, each an event with its reason.
type bank struct {
	*mem.Bank
	capacity int
}

func newBank(name string, log *mem.Log, capacity int) *bank {
	return &bank{mem.NewBank(name, log, nil), capacity}
}

// The numbers of an entry.
const (
	numberWhen = "when" // turn at which it was written or changed last
	numberBorn = "born" // turn at which it was written
)

// lines are the entries as readers see them, in the order in which they were written.
func (b *bank) lines() []line {
	entries := b.All()
	all := make([]line, len(entries))
	for i, e := range entries {
		all[i] = line{ID: e.ID, Text: e.Text, When: int(e.Numbers[numberWhen]), Born: int(e.Numbers[numberBorn])}
	}
	return all
}

// apply carries out operations as the function of that name does, and tells each with its reason.
func (b *bank) apply(shown []line, ops []operation, now int, reason string) error {
	for _, o := range ops {
		if err := b.one(shown, o, now, reason); err != nil {
			return err
		}
	}
	return nil
}

func (b *bank) one(shown []line, o operation, now int, reason string) error {
	if o.Op == Add {
		return b.add(o.Text, now, reason)
	}
	if o.Slot < 1 || o.Slot > len(shown) {
		return nil
	}
	id := shown[o.Slot-1].ID
	if _, there := b.Get(id); !there {
		return nil // an operation before this one took it
	}
	switch o.Op {
	case Update:
		return b.Change(id, func(e *lab.Entry) {
			e.Text = o.Text
			e.Numbers[numberWhen] = lab.Float(now)
		}, reason)
	case Delete:
		return b.Delete(id, reason)
	}
	return nil
}

func (b *bank) add(text string, now int, reason string) error {
	e := lab.Entry{Type: "fact", Text: text, Numbers: map[string]lab.Float{numberWhen: lab.Float(now), numberBorn: lab.Float(now)}}
	if _, err := b.Add(e, reason); err != nil || b.Len() <= b.capacity {
		return err
	}
	lines := b.lines()
	return b.Delete(lines[stalest(lines)].ID, "the bank is full: what was touched longest ago goes")
}
