package outside

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/loci-lab/loci/backend/mem"
)

func FuzzWhatIsPossibleIsMirroredAndWhatIsNotChangesNothing(f *testing.F) {
	f.Add([]byte(`{"changes":[{"op":"write","entry":{"id":"a","text":"one"}},{"op":"write","entry":{"id":"b","text":"two","numbers":{"n":1}}},{"op":"merge","ids":["a","b"],"entry":{"id":"b","text":"both"}},{"op":"change","entry":{"id":"b","text":"more"}},{"op":"delete","id":"b"}]}`))
	f.Add([]byte(`{"changes":[{"op":"delete","id":""},{"op":"merge","ids":[],"entry":{}},{"op":"write","entry":{"id":"a","labels":[]}},{"op":"write","entry":{"id":"a"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e := &events{t: t}
		m := &Memory{bank: mem.NewBank(BankName, &mem.Log{Emit: e}, nil), ours: map[string]string{}, theirs: map[string]string{}}
		var out changed
		if json.Unmarshal(text, &out) != nil {
			return
		}
		for _, c := range out.Changes {
			before := m.bank.Len()
			if m.possible(c) == nil {
				if err := m.apply(c); err != nil {
					t.Fatalf("change %+v is possible and fails: %v", c, err)
				}
				if c.Entry != nil {
					if err := m.mirrors(*c.Entry); err != nil {
						t.Fatal(err)
					}
				}
			} else if m.bank.Len() != before {
				t.Fatalf("change %+v is not possible and changes the bank", c)
			}
			if m.bank.Len() != len(m.ours) || len(m.ours) != len(m.theirs) {
				t.Fatalf("%d entries, %d ids of theirs, %d of ours", m.bank.Len(), len(m.ours), len(m.theirs))
			}
		}
		var kept bytes.Buffer
		if err := m.bank.Snapshot(&kept); err != nil {
			t.Fatal(err)
		}
		again := mem.NewBank(BankName, nil, nil)
		if err := again.Restore(&kept); err != nil || again.Len() != m.bank.Len() {
			t.Fatalf("%d entries of %d come back: %v", again.Len(), m.bank.Len(), err)
		}
	})
}
