package mem

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func lesson(key, text string, success bool) lab.Experience {
	return lab.Experience{Kind: lab.OneStep, Key: key, Text: text, Scored: true, Success: success}
}

// counted tells the memory that a task which read some entries came to an end.
func counted(t *testing.T, m Memory, success bool, times int, used ...string) {
	t.Helper()
	for range times {
		if err := m.Manage(t.Context(), Outcome{At: AfterEpisode, Scored: true, Success: success, Used: used}); err != nil {
			t.Fatal(err)
		}
	}
}

func texts(m Memory) (all []string) {
	for _, e := range m.Banks()[0].All() {
		all = append(all, e.Text)
	}
	return all
}

func TestReMeFindsByWhenToUseAndNotByText(t *testing.T) {
	m := opened(t, "reme", map[string]any{"k": 1}, Env{})
	written(t, m, lesson("order", "ship after price", true), lesson("ship", "order after stock", true))
	r := recalled(t, m, Query{Text: "order lamp"})
	if !slices.Equal(r.Lines(), []string{"ship after price"}) || len(r.Hits) != 2 || r.Hits[1].Why != WhyGate {
		t.Errorf("%q, %+v", r.Lines(), r.Hits)
	}
	m = opened(t, "reme", map[string]any{"k": 1, "when_to_use": "line", "key_words": 1}, Env{})
	written(t, m, lesson("order", "ship after price", true), lesson("ship", "order after stock", true))
	if got := recalled(t, m, Query{Text: "order lamp"}).Lines(); !slices.Equal(got, []string{"order after stock"}) {
		t.Errorf("by what the line is about %q", got)
	}
}

func TestSelectiveAdditionKeepsNothingOfAFailure(t *testing.T) {
	for addition, want := range map[string]int{"selective": 1, "full": 2} {
		m := opened(t, "reme", map[string]any{"addition": addition}, Env{})
		written(t, m, lesson("order", "order after price", true), lesson("ship", "ship after stock", false))
		if got := len(texts(m)); got != want {
			t.Errorf("%s: %d entries, want %d", addition, got, want)
		}
	}
}

// Three of four different words are shared by both texts, so their cosine is 0.75 but for collisions of hashes.
func TestAnOfferLikeAnEntryIsDropped(t *testing.T) {
	for dedup, want := range map[float64]int{0.5: 1, 0.95: 2, 1.5: 3} {
		m := opened(t, "reme", map[string]any{"dedup": dedup}, Env{})
		written(t, m, lesson("order", "order after price", true), lesson("order", "order after stock", true), lesson("order", "order after price", true))
		if got := len(texts(m)); got != want {
			t.Errorf("dedup %v: %d entries, want %d", dedup, got, want)
		}
	}
}

// With alpha 5 and beta 0.5: after 6 tasks with 3 successes u/f is 0.5, which is deleted by <= and kept by <; after 4 tasks without any
// nothing is deleted, since f is below alpha; 5 tasks with 2 are 0.4, which goes by both signs.
func TestTheRuleOfDeletionByHand(t *testing.T) {
	for _, c := range []struct {
		sign       string
		wins, runs int
		gone       bool
	}{{"paper", 3, 6, true}, {"code", 3, 6, false}, {"paper", 0, 4, false}, {"code", 0, 4, false}, {"paper", 2, 5, true}, {"code", 2, 5, true}, {"paper", 3, 5, false}} {
		m := opened(t, "reme", map[string]any{"sign": c.sign, "period": 1}, Env{})
		k := m.(*reme).knobs
		written(t, m, lesson("order", "order after price", true))
		counted(t, m, true, c.wins, "0")
		counted(t, m, false, c.runs-c.wins, "0")
		if got := len(texts(m)) == 0; got != c.gone || k.useless(float64(c.runs), float64(c.wins)) != c.gone {
			t.Errorf("%s: %d of %d: deleted %v, want %v", c.sign, c.wins, c.runs, got, c.gone)
		}
	}
}

func TestOnlyWhatWasReadIsCountedAndDeletionComesEveryPeriod(t *testing.T) {
	keep := &kept{}
	m := opened(t, "reme", map[string]any{"period": 7}, Env{Log: &Log{Emit: keep}})
	written(t, m, lesson("order", "order after price", true), lesson("ship", "ship after stock", true))
	counted(t, m, false, 6, "0", "0", "7")
	all := m.Banks()[0].All()
	if len(all) != 2 || Number(all[0], NumUses) != 6 || Number(all[0], NumWins) != 0 || Number(all[1], NumUses) != 0 {
		t.Fatalf("after six tasks %+v", plainEntries(all))
	}
	counted(t, m, true, 1, "1")
	if got := texts(m); !slices.Equal(got, []string{"ship after stock"}) {
		t.Errorf("after seven tasks %q", got)
	}
	last := keep.all[len(keep.all)-1]
	if last.Op != lab.OpDelete || !strings.Contains(last.Reason, "6 tasks, 0 of them with success: 0.00 <= 0.5") {
		t.Errorf("%s because %q", last.Op, last.Reason)
	}
	off := opened(t, "reme", map[string]any{"period": 1, "deletion": false}, Env{})
	written(t, off, lesson("order", "order after price", true))
	counted(t, off, false, 9, "0")
	if len(texts(off)) != 1 {
		t.Error("deleted although deletion is off")
	}
}

func TestADuplicateIsFoundBehindARestore(t *testing.T) {
	from, to := opened(t, "reme", nil, Env{}), opened(t, "reme", nil, Env{})
	for i := range 4 {
		written(t, from, lesson("order", fmt.Sprint("order after ", i), true))
	}
	m := movedOn(t, from, to)
	written(t, m, lesson("order", "order after 2", true), lesson("order", "order after 9", true))
	if got := len(texts(m)); got != 5 {
		t.Errorf("%d entries, want 5: %q", got, texts(m))
	}
}
