package mem

import (
	"encoding/json"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

func clone(e *lab.Entry) lab.Entry {
	c := *e
	c.Numbers, c.Sources, c.Labels, c.Vector = maps.Clone(e.Numbers), slices.Clone(e.Sources), slices.Clone(e.Labels), slices.Clone(e.Vector)
	return c
}

func copied(e *lab.Entry) *lab.Entry {
	c := clone(e)
	return &c
}

func same(a, b *lab.Entry) bool { return reflect.DeepEqual(a, b) }

// bankState is a bank as it is kept.
type bankState struct {
	Next    int          `json:"next"`
	Entries []*lab.Entry `json:"entries"`
}

func writeBank(w io.Writer, b *Bank) error {
	return json.NewEncoder(w).Encode(bankState{b.next, b.entries})
}

func readBank(r io.Reader, b *Bank) error {
	var s bankState
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		return lab.Errorf(lab.Invalid, "the kept bank %q cannot be read: %w", b.Name, err)
	}
	b.entries, b.at, b.tokens, b.next = nil, map[string]int{}, 0, s.Next
	for _, e := range s.Entries {
		b.put(len(b.entries), e)
	}
	return nil
}
