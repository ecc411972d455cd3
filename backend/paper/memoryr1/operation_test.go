package memoryr1

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rng"
)

func TestWhatAManagerWritesIsReadAsOperations(t *testing.T) {
	for text, want := range map[string]struct {
		ops    []operation
		faults int
		shape  string
	}{
		"ADD anna pets dog":                {[]operation{{Add, 0, "anna pets dog"}}, 0, Add},
		"UPDATE [2] anna pets dog cat":     {[]operation{{Update, 2, "anna pets dog cat"}}, 0, Update},
		"DELETE [1]":                       {[]operation{{Delete, 1, ""}}, 0, Delete},
		"NOOP":                             {[]operation{{Noop, 0, ""}}, 0, Noop},
		"DELETE [1] ADD anna pets cat":     {[]operation{{Delete, 1, ""}, {Add, 0, "anna pets cat"}}, 0, "DELETE+ADD"},
		"NOOP ADD anna pets cat":           {[]operation{{Noop, 0, ""}, {Add, 0, "anna pets cat"}}, 0, Add},
		"":                                 {nil, 1, Noop},
		"anna pets dog":                    {nil, 1, Noop},
		"ADD":                              {nil, 1, Noop},
		"ADD [1] anna pets dog":            {nil, 1, Noop},
		"UPDATE anna pets dog":             {nil, 1, Noop},
		"UPDATE [3]":                       {nil, 1, Noop},
		"DELETE [1] anna":                  {nil, 1, Noop},
		"NOOP [1]":                         {nil, 1, Noop},
		"ADD anna [2] dog":                 {nil, 1, Noop},
		"UPDATE [99] anna pets dog":        {nil, 1, Noop},
		"DELETE [1] DELETE [2] DELETE [3]": {[]operation{{Delete, 1, ""}, {Delete, 2, ""}}, 1, Delete},
		"UPDATE [1] anna pets dog ADD DELETE [2]": {[]operation{{Update, 1, "anna pets dog"}, {Delete, 2, ""}}, 1, Update},
	} {
		ops, faults := parseOperations(text)
		if !reflect.DeepEqual(ops, want.ops) || faults != want.faults || shape(ops) != want.shape {
			t.Errorf("%q is read as %v with %d faults, a %s", text, ops, faults, shape(ops))
		}
	}
}

// What is read prints back as something that is read alike, and nothing panics.
func FuzzTheReaderOfOperations(f *testing.F) {
	for _, s := range []string{"ADD anna pets dog", "DELETE [1] ADD a b c", "UPDATE [12] x", "NOOP NOOP NOOP", "[1] ADD", "UPDATE [1] [2] x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ops, faults := parseOperations(text)
		if len(ops) > mostOperations || len(ops)+faults == 0 {
			t.Fatalf("%q gives %d operations and %d faults", text, len(ops), faults)
		}
		if len(ops) == 0 {
			return
		}
		again, more := parseOperations(script(ops))
		if !reflect.DeepEqual(again, ops) || more != 0 {
			t.Fatalf("%q is %v, printed and read again %v with %d faults", text, ops, again, more)
		}
		before := shelf{Lines: []line{{"0", "anna pets dog", 0, 0}}, Next: 1}
		after := before.apply(before.Lines, ops, 3, 2)
		if len(after.Lines) > 2 || len(before.Lines) != 1 || before.Lines[0].Text != "anna pets dog" {
			t.Fatalf("%v makes of one line %v", ops, after.Lines)
		}
	})
}

// Worked by hand: a bank of two, three places at most.
func TestOperationsDoWhatTheySay(t *testing.T) {
	dog, oslo := line{"0", "anna pets dog", 1, 1}, line{"1", "anna city oslo", 4, 2}
	bank := shelf{Lines: []line{dog, oslo}, Next: 2}
	shown := []line{oslo, dog}
	for said, want := range map[string][]line{
		"ADD ben job baker":             {dog, oslo, {"2", "ben job baker", 7, 7}},
		"UPDATE [2] anna pets dog cat":  {{"0", "anna pets dog cat", 7, 1}, oslo},
		"DELETE [1]":                    {dog},
		"NOOP":                          {dog, oslo},
		"DELETE [3]":                    {dog, oslo},
		"UPDATE [9] anna pets cat":      {dog, oslo},
		"DELETE [2] ADD anna pets cat":  {oslo, {"2", "anna pets cat", 7, 7}},
		"DELETE [2] UPDATE [2] anna ok": {oslo},
		// The third line still fits; for the fourth the one goes that was touched longest ago, which is the dog of turn 1.
		"ADD ben job baker ADD ben city rome": {oslo, {"2", "ben job baker", 7, 7}, {"3", "ben city rome", 7, 7}},
	} {
		ops, _ := parseOperations(said)
		if got := bank.apply(shown, ops, 7, 3).Lines; !slices.Equal(got, want) {
			t.Errorf("%q makes %v, want %v", said, got, want)
		}
	}
}

type events []lab.Event

func (e *events) Emit(ev lab.Event) error { *e = append(*e, ev); return nil }

// The bank of a record and the value that rewards are reckoned on are two programs for one thing: over random operations they agree, and
// the bank follows from its events.
func TestTheRecordedBankIsTheOneThatTheManagerReads(t *testing.T) {
	s := rng.New(5, "operations")
	for range 50 {
		var told events
		value, bank := shelf{}, newBank("facts", &mem.Log{Emit: &told}, 1+s.IntN(4))
		for now := range 30 {
			shown := top(value.Lines, "a b c", now, 3)
			var words []string
			for range 1 + s.IntN(2) {
				o := operation{Op: operations()[s.IntN(4)], Text: strings.Repeat("a ", 1+s.IntN(2)) + "v" + fmt.Sprint(s.IntN(5))}
				if o.Op == Update || o.Op == Delete {
					o.Slot = 1 + s.IntN(4)
				}
				if o.Op == Delete || o.Op == Noop {
					o.Text = ""
				}
				words = append(words, o.String())
			}
			ops, _ := parseOperations(strings.Join(words, " "))
			value = value.apply(shown, ops, now, bank.capacity)
			if err := bank.apply(shown, ops, now, "test"); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(bank.lines(), value.Lines) {
				t.Fatalf("after %v the bank holds %v, the value %v", ops, bank.lines(), value.Lines)
			}
		}
		var replay mem.Replay
		for _, ev := range told {
			if err := replay.Apply(ev.(lab.Memory)); err != nil {
				t.Fatal(err)
			}
		}
		for i, e := range replay.Entries("facts") {
			if want := bank.All()[i]; e.Text != want.Text || e.ID != want.ID {
				t.Fatalf("rebuilt entry %d is %v, want %v", i, e, want)
			}
		}
	}
}

// Overlap counts each word of the query once; the latest comes first of equal ones; what shares nothing is left out.
func TestRetrievalRanksByWordsInCommonAndThenByTime(t *testing.T) {
	lines := []line{{"0", "anna city oslo", 1, 1}, {"1", "anna pets dog", 2, 2}, {"2", "ben pets cat", 5, 3}, {"3", "ben job judge", 6, 6}, {"4", "anna pets also goat", 4, 4}}
	var ids []string
	for _, l := range top(lines, "anna keeps what pets ? anna", 7, 9) {
		ids = append(ids, l.ID)
	}
	if want := []string{"4", "1", "2", "0"}; !slices.Equal(ids, want) {
		t.Errorf("the order is %v, want %v", ids, want)
	}
	ranked := rank(lines, "anna pets", 7)
	if ranked[0].overlap != 2 || ranked[0].score() != 2+5.0/9 { // touched at turn 4 of 7: (4+1)/(7+2)
		t.Errorf("the best has score %v", ranked[0].score())
	}
	told := hits(ranked, 2)
	if len(told) != 4 || !told[1].Used || told[2].Used || told[2].Why != "rank" || told[0].Parts["overlap"] != 2 {
		t.Errorf("hits are %+v", told)
	}
}
