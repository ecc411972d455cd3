package tool

import (
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func appsDefaults() *AppsKnobs { return &AppsKnobs{Horizon: 14, Forms: 4, Silently: true} }

func appsWorld(t testing.TB) *World {
	t.Helper()
	w, err := New(appsDefaults(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAppsKeepTheContractOfTextWorlds(t *testing.T) {
	worldtest.Text(t, worldtest.TextOptions{
		New: func() (world.Text, error) { return New(appsDefaults(), 1) }, Random: 0.01, MemoryFree: 0.01, Episodes: 400,
	})
}

// smallData is a database of two contacts with accounts, two notes and two files in inbox.
func smallData() (db Database) {
	for _, r := range [][4]string{{"contact", "ana", "number", "t1"}, {"contact", "ben", "number", "t2"}, {"wallet", "ana", "owes", "s1"}, {"wallet", "ben", "owes", "s2"},
		{"note", "n1", "sum", "s3"}, {"note", "n2", "sum", "s4"}, {"file", "f1", "folder", "inbox"}, {"file", "f1", "date", "d2"}, {"file", "f2", "folder", "inbox"}, {"file", "f2", "date", "d5"},
		{"file", "f3", "folder", "work"}, {"file", "f3", "date", "d8"}} {
		db.Set(r[0], r[1], r[2], r[3])
	}
	return db
}

// The form of pay is "via sum who": keyword via, order 1.
func TestACallDoesWhatItsFormSaysAndElseFailsOrStrikesAnother(t *testing.T) {
	a := &apps{knobs: *appsDefaults()}
	for _, c := range []struct {
		api         int
		form        form
		words, want string
		key         Key
		value       string
	}{
		{apiPay, form{0, 1}, "via s3 ana", "ok", Key{"wallet", "ana", "paid"}, "s3"},
		{apiPay, form{0, 1}, "with s3 ana", "err form", Key{"wallet", "ana", "paid"}, ""},
		{apiPay, form{0, 1}, "via ana s3", "ok", Key{"wallet", "ben", "paid"}, "s3"}, // the first other account
		{apiPay, form{0, 1}, "via s3 hana", "err no", Key{"wallet", "ana", "paid"}, ""},
		{apiPay, form{0, 1}, "via s3 n1", "err form", Key{"wallet", "ana", "paid"}, ""},
		{apiPay, form{0, 1}, "s3 ana", "err form", Key{"wallet", "ana", "paid"}, ""},
		{apiShow, form{1, 0}, "with n1", "s3", Key{}, ""},
		{apiShow, form{1, 0}, "n1 with", "s4", Key{}, ""}, // another note, and nothing says so
		{apiShow, form{1, 1}, "n1 with", "s3", Key{}, ""},
		{apiNewest, form{0, 0}, "via inbox", "f2", Key{}, ""},
		{apiNewest, form{0, 1}, "via inbox", "f3", Key{}, ""}, // of the other folder
		{apiNewest, form{0, 0}, "via trip", "err no", Key{}, ""},
		{apiStat, form{0, 0}, "via f2", "d5 inbox", Key{}, ""},
		{apiMove, form{0, 0}, "via f2 home", "ok", Key{"file", "f2", "folder"}, "home"},
		{apiEnrol, form{0, 0}, "via hana t7", "ok", Key{"contact", "hana", "number"}, "t7"},
		{apiText, form{0, 0}, "via t2 hello", "ok", Key{"message", "t2", "says"}, "hello"},
		{apiOwed, form{0, 0}, "via ben", "s2", Key{}, ""},
		{apiLookup, form{0, 0}, "via ben", "t2", Key{}, ""},
		{apiTag, form{0, 0}, "via n2 paid", "ok", Key{"note", "n2", "label"}, "paid"},
		{apiPen, form{0, 0}, "via n2 t8", "ok", Key{"note", "n2", "number"}, "t8"},
		{apiCap, form{0, 0}, "via ben s8", "ok", Key{"wallet", "ben", "cap"}, "s8"},
		{apiForget, form{0, 0}, "via ben", "ok", Key{"contact", "ben", "number"}, ""},
	} {
		s := State{Data: smallData()}
		got := a.tool(c.api, c.form).Run(&s, strings.Fields(c.words))
		if got.Text != c.want || got.Failed != strings.HasPrefix(c.want, "err") {
			t.Errorf("%s %s replies %+v, want %q", APIs()[c.api], c.words, got, c.want)
		}
		if v := s.Data.Get(c.key.Kind, c.key.Name, c.key.Field); c.key.Kind != "" && v != c.value {
			t.Errorf("%s %s leaves %s %s %s at %q, want %q", APIs()[c.api], c.words, c.key.Kind, c.key.Name, c.key.Field, v, c.value)
		}
	}
	strict := &apps{knobs: AppsKnobs{Horizon: 14, Forms: 4}}
	s := State{Data: smallData()}
	if got := strict.tool(apiPay, form{0, 1}).Run(&s, []string{"via", "ana", "s3"}); !got.Failed {
		t.Errorf("where nothing is done silently the wrong order replies %+v", got)
	}
}

func TestTheTestsPassForTheOracleAndNothingElseMayChange(t *testing.T) {
	w := appsWorld(t)
	for seed := range uint64(60) {
		for _, extra := range []string{"", "CALL forget via ana", "CALL cap with hana s1"} {
			e, err := w.Begin(Test, seed)
			if err != nil {
				t.Fatal(err)
			}
			harm := false
			if extra != "" {
				before := e.State().Data.Clone()
				e.Act(extra)
				harm = len(before.Diff(&e.State().Data)) > 0
			}
			for !e.Over() {
				e.Act(e.Case().Plan(e.State()))
			}
			in := e.Info()
			if extra == "" && (!in.Success || in.Return != 1) || harm && in.Success && in.Numbers["scenario"] != 3 {
				t.Errorf("seed %d with %q: %+v", seed, extra, in)
			}
		}
	}
}

// Doing nothing passes the one test that nothing changed, and no more.
func TestDoingNothingIsNoCompletion(t *testing.T) {
	w := appsWorld(t)
	for seed := range uint64(30) {
		e, _ := w.Begin(Train, seed)
		o := e.Act("DONE")
		if in := e.Info(); in.Success || !o.Done || in.Numbers["passed"] != 1 || o.Reward != 1/in.Numbers["tests"] {
			t.Errorf("seed %d: doing nothing gives %+v", seed, in)
		}
	}
}

func TestSentencesReadBack(t *testing.T) {
	w := appsWorld(t)
	for _, split := range w.Splits() {
		for seed := range uint64(90) {
			e, _ := w.Begin(split, seed)
			parts, ok := parseTask(strings.Fields(e.User()))
			if !ok || sentence(parts) != e.User() || len(needsOf(parts)) != int(e.Case().Numbers["needed"]) {
				t.Fatalf("%q reads as %+v", e.User(), parts)
			}
		}
	}
}

// Training and test share no pair of an entity and its value.
func TestAppsOfTheTwoSplitsShareNoPair(t *testing.T) {
	w := appsWorld(t)
	pairs := map[string]string{}
	for _, split := range []string{Train, Test} {
		for seed := range uint64(300) {
			e, _ := w.Begin(split, seed)
			for _, r := range e.Case().Start.Records {
				for _, f := range r.Fields {
					if f.Name == "date" {
						continue // drawn apart from the file, and never told
					}
					pair := r.Kind + " " + r.Name + " " + f.Name + " " + f.Value
					if other := pairs[pair]; other != "" && other != split {
						t.Fatalf("%s and %s share %q", other, split, pair)
					}
					pairs[pair] = split
				}
			}
		}
	}
}

// The teacher of warm starts looks a call up in the asked share of cases.
func TestTheTeacherSkipsDocumentationAsOftenAsAsked(t *testing.T) {
	w := appsWorld(t)
	for _, skip := range []float64{0, 0.6, 1} {
		who := AppsTeacher(skip, 0.15, 3)
		docs, needed, won := 0.0, 0.0, 0
		for seed := range uint64(600) {
			e, _ := w.Begin(Train, seed)
			for !e.Over() {
				e.Act(who.Answer(e))
			}
			in := e.Info()
			docs, needed = docs+in.Numbers["docs"], needed+in.Numbers["needed"]
			if in.Success {
				won++
			}
		}
		if share := docs / needed; share > 1-skip+0.05 || skip == 0 && (won != 600) || skip == 1 && (docs != 0 || won > 240) || skip == 0.6 && share < 0.25 {
			t.Errorf("skip %v: documentation of %.2f of the needed calls is looked up, %d of 600 tasks are done", skip, share, won)
		}
	}
}

// A memory that recalls every step of the episode lets the reader do all tasks; without one it does none.
func TestTheReaderOfAppsNeedsItsLines(t *testing.T) {
	w := appsWorld(t)
	for _, recalls := range []bool{true, false} {
		won := 0
		r := w.Reader(1)
		for seed := range uint64(60) {
			e, _ := w.Begin(Test, seed)
			var lines []string
			r.Begin()
			for !e.Over() {
				e.Act(r.Answer(e.Read(), lines))
				for _, x := range e.Experiences() {
					if recalls && x.Kind == lab.OneStep {
						lines = append(lines, x.Text)
					}
				}
			}
			if e.Info().Success {
				won++
			}
		}
		if recalls && won != 60 || !recalls && won > 2 {
			t.Errorf("with lines %v: %d of 60 tasks are done", recalls, won)
		}
	}
}

func TestKnobsOfAppsOutOfBoundsAreNamed(t *testing.T) {
	for _, k := range []AppsKnobs{{Horizon: 3, Forms: 4}, {Horizon: 14, Forms: 5}} {
		if _, err := New(&k, 1); lab.CodeOf(err) != lab.Invalid || err == nil {
			t.Errorf("%+v is taken: %v", k, err)
		}
	}
	if _, err := New(7, 1); lab.CodeOf(err) != lab.Internal {
		t.Errorf("knobs of no suite give %v", err)
	}
	for _, kind := range Worlds() {
		if _, err := schema.Fields(kind); err != nil {
			t.Errorf("%s: %v", kind.Name, err)
		}
	}
}

func TestDiffNamesWhatCameWentAndChanged(t *testing.T) {
	before := smallData()
	after := before.Clone()
	after.Set("wallet", "ana", "owes", "s9")
	after.Set("wallet", "ana", "paid", "s1")
	after.Remove("note", "n1")
	after.Set("message", "t1", "says", "hello")
	want := []Change{{"wallet", "ana", "owes", "s1", "s9"}, {"wallet", "ana", "paid", "", "s1"}, {"note", "n1", "", "removed", ""}, {"message", "t1", "", "", "added"}}
	if got := before.Diff(&after); !slices.Equal(got, want) {
		t.Errorf("differences are %+v, want %+v", got, want)
	}
	s := &State{Data: after}
	if Untouched(before).Holds(s) || !Untouched(before, Key{"wallet", "ana", ""}, Key{"note", "n1", ""}, Key{"message", "t1", ""}).Holds(s) {
		t.Error("the test that nothing else changed does not see what changed")
	}
}

func FuzzAnswersNeverPanic(f *testing.F) {
	for _, s := range []string{"CALL pay via ana s1", "DOC pay", "READ n1", "SAY hello", "DONE", "END", "CALL", "CALL newest inbox via", "\xff", ""} {
		f.Add(s, uint64(1))
	}
	w := appsWorld(f)
	f.Fuzz(func(t *testing.T, said string, seed uint64) {
		a, note := Parse(said)
		if note == "" {
			if b, again := Parse(a.String()); again != "" || b.String() != a.String() {
				t.Errorf("%q reads back as %q", a.String(), b.String())
			}
		}
		e, err := w.Begin(Test, seed)
		if err != nil {
			t.Fatal(err)
		}
		r := w.Reader(1)
		r.Begin()
		r.Answer(said, []string{said, said + " : " + said})
		for !e.Over() {
			e.Act(said)
			e.Scene()
			e.Experiences()
			e.Query()
		}
	})
}
