package mem

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// store is a union with width 512, so that no two of the few words share a place.
func store(t *testing.T, k int, channels string, env Env) *Union {
	t.Helper()
	env.Embed = NewHashed(512)
	u, err := NewUnion(NewBank("store", env.Log, env.Count), env, k, channels)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func put(t *testing.T, u *Union, key, text string) string {
	t.Helper()
	id, err := u.Add(t.Context(), lab.Entry{Type: lab.OneTask, Text: text, Labels: []string{key}}, "a test wrote it")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// For "sum ana", entry 1 is best by words, since its text has both of them often, and entry 0 by keys: 2 / sqrt(2 x 3) against 2 / sqrt(2 x 8).
func filled(t *testing.T, u *Union) {
	put(t, u, "sum of ana", "load ; report ; report ; report ; load ; load")
	put(t, u, "list cleo dan eva finn gus sum ana", "sum ana sum ana")
	put(t, u, "rank ben", "load ; rank")
}

func TestAUnionReadsWhatEitherSearchFinds(t *testing.T) {
	for channels, want := range map[string][]string{ByUnion: {"0", "1"}, ByWords: {"1"}, ByEmbedding: {"0"}} {
		u := store(t, 1, channels, Env{})
		filled(t, u)
		got, err := u.Find(t.Context(), "sum ana", 0)
		if err != nil || !slices.Equal(got.Used, want) {
			t.Errorf("%s reads %v, want %v, %v", channels, got.Used, want, err)
		}
	}
	if _, err := NewUnion(NewBank("store", nil, nil), Env{}, 1, "telepathy"); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("unknown channels: %v", err)
	}
}

func TestWhatAScreenHoldsBackGivesItsPlaceToTheNext(t *testing.T) {
	u := store(t, 1, ByUnion, Env{})
	filled(t, u)
	u.Screen = func(e *lab.Entry) string {
		if e.ID == "0" || e.ID == "1" {
			return "not to be read"
		}
		return ""
	}
	read, err := u.Read(t.Context(), Query{Text: "sum ana"})
	if err != nil || !slices.Equal(read.IDs(), []string{"2"}) {
		t.Fatalf("read %v, %v", read.IDs(), err)
	}
	if why := read.Hits[0].Why; why != "not to be read" {
		t.Errorf("the best hit is not read because %q", why)
	}
}

func TestRiskIsTakenOffTheLikeness(t *testing.T) {
	u := store(t, 1, ByEmbedding, Env{})
	put(t, u, "sum ana", "a")     // cosine 1
	put(t, u, "sum ana dan", "b") // cosine 2 / sqrt(2 * 3) = 0.816
	u.Risk = func(e *lab.Entry) float64 { return map[string]float64{"0": 0.25}[e.ID] }
	read, err := u.Read(t.Context(), Query{Text: "sum ana"})
	if err != nil || !slices.Equal(read.IDs(), []string{"1"}) || math.Abs(float64(read.Hits[0].Score)-2/math.Sqrt(6)) > 1e-6 {
		t.Fatalf("read %v with %+v, %v", read.IDs(), read.Hits, err)
	}
	if h := read.Hits[1]; h.Entry != "0" || h.Score > 0.7501 || h.Score < 0.7499 || h.Parts["risk"] != -0.25 {
		t.Errorf("the risky one is %+v", h)
	}
}

func TestAnEntryThatIsDeletedIsInNeitherSearch(t *testing.T) {
	u := store(t, 2, ByUnion, Env{})
	filled(t, u)
	for _, id := range []string{"0", "1"} {
		if err := u.Delete(id, "purged"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := u.Find(t.Context(), "sum ana", 0); err != nil || !slices.Equal(got.Used, []string{"2"}) {
		t.Errorf("read %v, %v", got.Used, err)
	}
}

func TestTheGateOfAUnionLooksAtWhoStandsBehindAnEntry(t *testing.T) {
	task := func(text string, scored, success bool) lab.Experience {
		return lab.Experience{Kind: lab.OneTask, Key: "do it", Text: text, Scored: scored, Success: success}
	}
	for gate, want := range map[string][]string{
		GateOff: {"claimed", "done", "failed", "said"}, GateOutcome: {"done", "failed", "said"}, GateSuccess: {"done", "said"}, GateStrict: {"done"},
	} {
		m := opened(t, "union", map[string]any{"gate": gate, "k": 9}, Env{})
		said := told("said", 0)
		said.Key = "do it"
		written(t, m, task("claimed", false, false), task("done", true, true), task("failed", true, false), said)
		got := recalled(t, m, Query{Text: "do it"}).Lines()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("gate %s reads %q, want %q", gate, got, want)
		}
	}
}

func TestWhatIsHeldApartIsReleasedWhenTheEnvironmentConfirmsIt(t *testing.T) {
	keep := &kept{}
	m := opened(t, "union", nil, Env{Log: &Log{Emit: keep}})
	e := lab.Experience{Kind: lab.OneTask, Key: "do it", Text: "do it : so", When: 1}
	written(t, m, e)
	if got := recalled(t, m, Query{Text: "do it"}); len(got.Entries) != 0 || got.Hits[0].Why != WhyUnattested {
		t.Fatalf("before it is confirmed: %+v", got.Hits)
	}
	e.Scored, e.Success, e.When = true, true, 2
	written(t, m, e)
	if got := recalled(t, m, Query{Text: "do it"}).IDs(); !slices.Equal(got, []string{"0"}) {
		t.Fatalf("after it was confirmed: %v", got)
	}
	if last := keep.all[2]; last.Op != lab.OpChange || last.Reason != "the environment confirmed it" {
		t.Errorf("the event is %+v", last)
	}
}
