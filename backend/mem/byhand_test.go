package mem

import (
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

func TestEveryMemoryGoesOnAfterChangesByHandAndForgetsWhatWasTakenAway(t *testing.T) {
	for _, k := range Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			s, keep := rng.New(3, "by hand"), &kept{}
			m := opened(t, k.Name, small(k.Name), Env{Log: &Log{Emit: keep}, Embed: NewHashed(32), Draw: rng.New(3, "draw")})
			var used []string
			var replay Replay
			gone := map[string]bool{}
			for i := range 150 {
				r := turn(t, m, s, int64(i), &used)
				if slices.ContainsFunc(r.IDs(), func(id string) bool { return gone[id] }) {
					t.Fatalf("operation %d read %v, of which one was taken away", i, r.IDs())
				}
				if i%7 == 3 {
					alterOne(t, m, s, gone)
				}
				if err := followed(&replay, keep.all, m.Banks()); err != nil {
					t.Fatalf("operation %d: %v", i, err)
				}
			}
			if k.Name != "none" && len(gone) < 3 {
				t.Errorf("only %d entries were taken away", len(gone))
			}
		})
	}
}

// alterOne takes an entry away or rewrites it.
func alterOne(t *testing.T, m Memory, s *rng.Stream, gone map[string]bool) {
	t.Helper()
	for _, b := range m.Banks() {
		all := b.All()
		if len(all) == 0 {
			continue
		}
		e := all[s.IntN(len(all))]
		c := lab.Change{Kind: lab.ChangeDrop, Bank: b.Name, Entry: e.ID}
		if s.Bool(0.4) {
			c.Kind, c.Text = lab.ChangeEdit, "zoe plays chess"
		}
		if err := Alter(t.Context(), m, []lab.Change{c}); err != nil {
			t.Fatal(err)
		}
		now, there := b.Get(e.ID)
		if c.Kind == lab.ChangeDrop {
			gone[e.ID] = true
		}
		if there == gone[e.ID] || there && now.Text != c.Text {
			t.Fatalf("after %+v the bank has %v, %+v", c, there, now)
		}
	}
}

func TestARewrittenEntryIsFoundByItsNewWords(t *testing.T) {
	for _, name := range []string{"bm25", "embedding", "hybrid", "mem0", "generative-agents"} {
		t.Run(name, func(t *testing.T) {
			m := opened(t, name, map[string]any{"k": 1}, Env{Embed: NewHashed(64), Draw: rng.New(1, "draw")})
			written(t, m, told("ana likes tea", 1), told("ben works there", 2))
			first := m.Banks()[0].All()[0]
			if err := Alter(t.Context(), m, []lab.Change{{Kind: lab.ChangeEdit, Entry: first.ID, Text: "zoe plays chess"}}); err != nil {
				t.Fatal(err)
			}
			if r := recalled(t, m, Query{Text: "zoe plays chess", Now: 3}); len(r.Entries) != 1 || r.Entries[0].ID != first.ID {
				t.Errorf("it reads %+v", r.Lines())
			}
		})
	}
}

func TestAChangeByHandOfWhatIsNotThereSaysWhatIs(t *testing.T) {
	m := opened(t, "bm25", nil, Env{})
	written(t, m, told("ana likes tea", 1))
	for _, c := range []lab.Change{{Kind: lab.ChangeDrop, Entry: "9"}, {Kind: lab.ChangeDrop, Bank: "other", Entry: "0"}} {
		if err := Alter(t.Context(), m, []lab.Change{c}); lab.CodeOf(err) != lab.NotFound || !strings.Contains(err.Error(), `the banks are ["bm25"]`) {
			t.Errorf("error is %v", err)
		}
	}
	if err := Alter(t.Context(), m, []lab.Change{{Kind: lab.ChangeAct, Entry: "0", Text: "go"}}); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("error is %v", err)
	}
}
