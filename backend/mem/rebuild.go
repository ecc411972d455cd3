package mem

import (
	"iter"

	"github.com/loci-lab/loci/backend/lab"
)

// Replay rebuilds banks from their events, one after another: time travel through a record. Every event is checked against what is there,
// so that a record that does not hold together is found at the first event that shows it. The zero value is ready.
type Replay struct {
	banks map[string]*list
	names []string // in the order in which they appeared
	done  int
}

// Apply does the next operation. One that does not fit the banks as they stand is an error of code invalid, and changes nothing.
func (r *Replay) Apply(ev lab.Memory) error {
	l := r.banks[ev.Bank]
	if l == nil {
		l = &list{}
	}
	if err := r.check(l, ev); err != nil {
		return err
	}
	if r.banks[ev.Bank] == nil {
		if r.banks == nil {
			r.banks = map[string]*list{}
		}
		r.banks[ev.Bank] = l
		r.names = append(r.names, ev.Bank)
	}
	switch ev.Op {
	case lab.OpWrite:
		l.add(tidy(ev.After))
	case lab.OpChange, lab.OpMerge:
		l.replace(tidy(ev.After))
	case lab.OpDelete:
		l.remove(ev.Entry)
	}
	r.done++
	return nil
}

// check tells whether an operation fits a bank and leaves it with as many entries and tokens as it says.
func (r *Replay) check(l *list, ev lab.Memory) error {
	size, tokens := l.len(), l.tokens
	there, found := l.get(ev.Entry)
	switch ev.Op {
	case lab.OpWrite:
		if ev.After == nil || ev.After.ID != ev.Entry || ev.Before != nil || found {
			return r.broken(ev, "it writes no new entry of that id")
		}
		size, tokens = size+1, tokens+ev.After.Tokens
	case lab.OpChange, lab.OpMerge:
		if ev.Before == nil || ev.After == nil || ev.After.ID != ev.Entry || !found || !same(there, tidy(ev.Before)) {
			return r.broken(ev, "the entry before it is another one")
		}
		tokens += ev.After.Tokens - there.Tokens
	case lab.OpDelete:
		if ev.Before == nil || ev.After != nil || !found || !same(there, tidy(ev.Before)) {
			return r.broken(ev, "the entry before it is another one")
		}
		size, tokens = size-1, tokens-there.Tokens
	case lab.OpRead:
	default:
		return r.broken(ev, "its kind is none of write, change, merge, read, delete")
	}
	if ev.Size != size || ev.Tokens != tokens {
		return lab.Errorf(lab.Invalid, "memory operation %d (%s) leaves bank %q with %d entries of %d tokens, and says %d of %d",
			r.done, ev.Op, ev.Bank, size, tokens, ev.Size, ev.Tokens)
	}
	return nil
}

func (r *Replay) broken(ev lab.Memory, why string) error {
	return lab.Errorf(lab.Invalid, "memory operation %d, %s of entry %q, does not fit bank %q: %s", r.done, ev.Op, ev.Entry, ev.Bank, why)
}

// Done is how many operations were applied, reads among them.
func (r *Replay) Done() int { return r.done }

// Names are the banks in the order in which they appeared.
func (r *Replay) Names() []string { return r.names }

// Entries are those of one bank, in the order in which they were written; none for a bank that has not appeared. They must stay as they are.
func (r *Replay) Entries(bank string) []*lab.Entry {
	if l := r.banks[bank]; l != nil {
		return l.all()
	}
	return nil
}

// Rebuild returns every bank as it stood behind the first upto operations, reads counted too; all of them where upto is negative or more
// than there are. A bank that has been emptied is there without entries.
func Rebuild(events iter.Seq[lab.Memory], upto int) (map[string][]lab.Entry, error) {
	var r Replay
	for ev := range events {
		if upto >= 0 && r.Done() >= upto {
			break
		}
		if err := r.Apply(ev); err != nil {
			return nil, err
		}
	}
	banks := map[string][]lab.Entry{}
	for _, name := range r.names {
		banks[name] = []lab.Entry{}
		for _, e := range r.Entries(name) {
			banks[name] = append(banks[name], *copied(e))
		}
	}
	return banks, nil
}
