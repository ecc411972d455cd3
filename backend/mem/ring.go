package mem

import (
	"io"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// plain is a text with its spaces made one each.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

// Ring is a bank that keeps the newest entries within a budget: a list where the budget is none.
type Ring struct {
	*Bank
	Budget Budget
}

// Add writes an entry and lets the oldest go until the ring is within its budget. An entry that is over the budget alone goes at once.
func (r Ring) Add(e lab.Entry, reason string) (id string, gone []string, err error) {
	if id, err = r.Bank.Add(e, reason); err != nil {
		return id, nil, err
	}
	gone, err = Evict(r.Bank, r.Budget, EvictOldest, nil)
	return id, gone, err
}

// Newest returns the last n entries, oldest first; all where n is 0.
func (r Ring) Newest(n int) []*lab.Entry {
	all := r.All()
	if n > 0 && n < len(all) {
		all = all[len(all)-n:]
	}
	return all
}

// Keyed is a bank with at most one entry for a key, which is the entry's first label. Keys that differ in spaces alone are one.
type Keyed struct {
	*Bank
	at map[string]string // id of a key
}

// NewKeyed puts keys on a bank, those of its entries included.
func NewKeyed(b *Bank) *Keyed {
	k := &Keyed{Bank: b}
	k.index()
	return k
}

func (k *Keyed) index() {
	k.at = make(map[string]string, k.Len())
	for _, e := range k.All() {
		if len(e.Labels) > 0 {
			k.at[e.Labels[0]] = e.ID
		}
	}
}

// Find returns the entry of a key.
func (k *Keyed) Find(key string) (*lab.Entry, bool) {
	id, ok := k.at[valid(plain(key))]
	if !ok {
		return nil, false
	}
	return k.Get(id)
}

// Set writes the entry of a key or, where there is one, lets change alter it; change gets an entry with nothing but its key where there is
// none. It returns the entry's id.
func (k *Keyed) Set(key string, change func(e *lab.Entry), reason string) (string, error) {
	key = valid(plain(key))
	keyed := func(e *lab.Entry) {
		change(e)
		if len(e.Labels) == 0 || e.Labels[0] != key {
			e.Labels = append([]string{key}, e.Labels...)
		}
	}
	if id, ok := k.at[key]; ok {
		return id, k.Change(id, keyed, reason)
	}
	e := lab.Entry{Labels: []string{key}}
	keyed(&e)
	id, err := k.Bank.Add(e, reason)
	if id != "" {
		k.at[key] = id
	}
	return id, err
}

// Delete removes an entry and its key.
func (k *Keyed) Delete(id, reason string) error {
	if e, ok := k.Get(id); ok && len(e.Labels) > 0 && k.at[e.Labels[0]] == id {
		delete(k.at, e.Labels[0])
	}
	return k.Bank.Delete(id, reason)
}

// Restore implements lab.Snapshotter.
func (k *Keyed) Restore(r io.Reader) error {
	if err := k.Bank.Restore(r); err != nil {
		return err
	}
	k.index()
	return nil
}
