package memalpha

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/world/chat"
)

// few is a memory of the paper's sizes in small: two entries in sight, a core of four words, three calls.
func few() *stores {
	subject := func(word string) bool { return slices.Contains([]string{"anna", "ben", "sample"}, word) }
	return newStores(MemoryKnobs{Visible: 2, CoreLimit: 4, Calls: 3, Recalled: 3}, subject, nil)
}

// said lets a writer say something and returns the faults of its calls, "" where a call was executed, and what the judge found.
func said(t *testing.T, s *stores, text string) (faults []string, valid []bool) {
	t.Helper()
	calls := parseCalls(text)
	if err := s.apply(calls); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		faults, valid = append(faults, c.Fault), append(valid, c.Valid)
	}
	return faults, valid
}

func TestCallsDoWhatTheySayOrHaveAFault(t *testing.T) {
	const before = "insert semantic anna lives in oslo ; insert episodic day 3 anna visited museum ; update core anna talks about art"
	for _, c := range []struct {
		name, text string
		fault      string
		valid      bool
		prompt     string
	}{
		{"an insert", "insert semantic ben drives fiat ;", "", true, "core anna talks about art semantic s1 anna lives in oslo s2 ben drives fiat episodic e1 day 3 anna visited museum new x"},
		{"an exact duplicate is skipped", "insert semantic anna lives in oslo ;", "the store has that entry already", false, ""},
		{"the same text in the other store is none", "insert episodic anna lives in oslo ;", "", false, "core anna talks about art semantic s1 anna lives in oslo episodic e1 day 3 anna visited museum e2 anna lives in oslo new x"},
		{"a rewriting", "update semantic s1 anna lives in rome ;", "", true, "core anna talks about art semantic s1 anna lives in rome episodic e1 day 3 anna visited museum new x"},
		{"a delete", "delete episodic e1 ;", "", true, "core anna talks about art semantic s1 anna lives in oslo episodic new x"},
		{"the core is rewritten whole and cut", "update core ben talks about jazz and films ;", "", true, "core ben talks about jazz semantic s1 anna lives in oslo episodic e1 day 3 anna visited museum new x"},
		{"a core of names of stores", "update core memory semantic ;", "", false, "core memory semantic semantic s1 anna lives in oslo episodic e1 day 3 anna visited museum new x"},
		{"an entry that is not there", "delete semantic s2 ;", "the entry is not in sight", false, ""},
		{"an entry of the other store", "delete semantic e1 ;", "it names no entry", false, ""},
		{"an insert into the core", "insert core anna ;", "the core can be updated alone", false, ""},
		{"no store", "insert anna lives in oslo ;", `there is no store "anna"`, false, ""},
		{"no operation", "keep semantic anna lives in oslo ;", `there is no operation "keep"`, false, ""},
		{"no text", "insert semantic ;", "it has no text", false, ""},
		{"too much text", "delete semantic s1 anna ;", "a delete takes no text", false, ""},
		{"nothing", ";", "it has no operation and store", false, ""},
		{"a cut call", "insert semantic anna drives", "it was cut", false, ""},
		{"an event among facts", "insert semantic day 9 anna visited zoo ;", "", false, "core anna talks about art semantic s1 anna lives in oslo s2 day 9 anna visited zoo episodic e1 day 3 anna visited museum new x"},
		{"noise among facts", "insert semantic the weather is nice today ;", "", false, "core anna talks about art semantic s1 anna lives in oslo s2 the weather is nice today episodic e1 day 3 anna visited museum new x"},
		{"an event without its day", "insert episodic day anna visited zoo ;", "", false, "core anna talks about art semantic s1 anna lives in oslo episodic e1 day 3 anna visited museum e2 day anna visited zoo new x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := few()
			if faults, _ := said(t, s, before+" ;"); strings.Join(faults, "") != "" {
				t.Fatalf("faults %q", faults)
			}
			old := s.prompt("x")
			faults, valid := said(t, s, c.text)
			if len(faults) != 1 || faults[0] != c.fault || valid[0] != c.valid {
				t.Errorf("fault %q, valid %v, want %q and %v", faults, valid, c.fault, c.valid)
			}
			want := c.prompt
			if c.fault != "" {
				want = old
			}
			if got := s.prompt("x"); got != want {
				t.Errorf("the writer sees\n%s\nwant\n%s", got, want)
			}
			if n := len(strings.Fields(s.coreText())); s.tokens() != n+s.semantic.Tokens()+s.episodic.Tokens() || n > 4 {
				t.Errorf("%d tokens with a core of %d", s.tokens(), n)
			}
		})
	}
}

func TestOneCallTooManyIsNotExecuted(t *testing.T) {
	s := few()
	faults, _ := said(t, s, "insert semantic a ; insert semantic b ; insert semantic c ; insert semantic d ;")
	if want := []string{"", "", "", "it is one call too many"}; !slices.Equal(faults, want) || s.semantic.Len() != 3 {
		t.Errorf("faults %q, %d entries", faults, s.semantic.Len())
	}
}

func TestSlotsAreThoseThatTheWriterSaw(t *testing.T) {
	s := few()
	said(t, s, "insert semantic a ; insert semantic b ; insert semantic c ;")
	// b and c are in sight; behind the insert of d slot 1 is still b, and once it is deleted it is gone.
	faults, _ := said(t, s, "insert semantic d ; delete semantic s1 ; update semantic s1 e ;")
	if faults[1] != "" || faults[2] != "the entry was deleted by a call before" {
		t.Errorf("faults %q", faults)
	}
	var left []string
	for _, e := range s.semantic.All() {
		left = append(left, e.Text)
	}
	if !slices.Equal(left, []string{"a", "c", "d"}) {
		t.Errorf("left are %q", left)
	}
}

func TestWrittenCallsAreReadBack(t *testing.T) {
	calls := []call{{Op: insert, Store: semantic, Text: "anna lives in oslo"}, {Op: change, Store: core, Text: "x"}, {Op: change, Store: episodic, Slot: 2, Text: "y z"}, {Op: remove, Store: semantic, Slot: 9}}
	if got := parseCalls(script(calls)); !reflect.DeepEqual(got, calls) {
		t.Errorf("%q is read as %+v", script(calls), got)
	}
}

func FuzzCalls(f *testing.F) {
	f.Add("insert semantic anna lives in oslo ; update core x ; delete episodic e1 ; update semantic s9 ;")
	f.Add("insert insert ; ; delete core ; update semantic s1 s2 ;")
	f.Fuzz(func(t *testing.T, text string) {
		s := few()
		calls := parseCalls("insert semantic a ; insert episodic b ; update core c ; " + text)
		if err := s.apply(calls); err != nil {
			t.Fatal(err)
		}
		for _, c := range calls {
			if again := parseCalls(c.text()); c.Fault == "" && (len(again) != 1 || again[0].Op != c.Op || again[0].Store != c.Store || again[0].Slot != c.Slot || again[0].Text != c.Text) {
				t.Fatalf("%q is read back as %+v, want %+v", c.text(), again, c)
			}
			if c.Valid && c.Fault != "" {
				t.Fatalf("%+v is valid and has a fault", c)
			}
		}
		if s.core.Len() > 1 || len(strings.Fields(s.coreText())) > s.knobs.CoreLimit {
			t.Fatalf("the core is %q", s.coreText())
		}
	})
}

func TestQuestionsAreAnsweredFromWhatIsRecalled(t *testing.T) {
	w, err := chat.New(chat.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	s := few()
	s.knobs.Recalled, s.knobs.CoreLimit = 1, 12
	said(t, s, "insert semantic anna lives in oslo ; insert semantic ben lives in rome . ben drives fiat ; insert semantic anna talks about jazz ;")
	said(t, s, "insert episodic day 3 anna visited museum ; insert episodic day 9 anna visited zoo ; update core anna talks about art ;")
	found, err := s.searches()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		text string
		kind chat.QuestionKind
		want string
	}{
		{"anna lives in what city ?", chat.AskCurrent, "oslo"},
		{"ben drives what car ?", chat.AskCurrent, "fiat"},
		{"ben works as what job ?", chat.AskCurrent, "unknown"},
		{"anna visited zoo on what day ?", chat.AskTemporal, "9"},
		// Of the two events one entry is recalled, the shorter distance of words: the zoo's as well as the museum's. Both would be needed.
		{"anna talks about what most ?", chat.AskGist, "art"},
	} {
		got, err := found.answer(w, &chat.Question{Text: q.text, Kind: q.kind})
		if err != nil || got != q.want {
			t.Errorf("%q is answered %q, %v, want %q", q.text, got, err, q.want)
		}
	}
	s.knobs.Recalled = 0
	if got, err := found.answer(w, &chat.Question{Text: "anna lives in what city ?"}); got != "unknown" || err != nil {
		t.Errorf("with nothing recalled the answer is %q, %v", got, err)
	}
}
