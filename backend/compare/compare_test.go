package compare

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

// fakeStore is a list of runs in memory.
type fakeStore struct {
	briefs []store.Brief
	asked  int // runs that were read in full
}

func (f *fakeStore) RunMarks(context.Context) ([]store.Mark, error) {
	var out []store.Mark
	for _, b := range slices.Backward(f.briefs) {
		out = append(out, store.Mark{ID: b.ID, State: b.State, Done: b.Done, Heard: b.Heard.UnixMilli(), Seconds: b.Seconds})
	}
	return out, nil
}

func (f *fakeStore) RunBriefs(_ context.Context, ids []int64) ([]store.Brief, error) {
	var out []store.Brief
	for _, b := range f.briefs {
		if ids == nil || slices.Contains(ids, b.ID) {
			out, f.asked = append(out, b), f.asked+1
		}
	}
	return out, nil
}

// add makes a finished run; memory and world are the inside of their sections.
func (f *fakeStore) add(arm, kase string, seed uint64, memory, world string, final map[string]lab.Float) *store.Brief {
	id := int64(len(f.briefs) + 1)
	f.briefs = append(f.briefs, store.Brief{ID: id, Key: fmt.Sprintf("k%d", id), Paper: "memrl", Notebook: "experiments/memrl.md", Arm: arm, Case: kase, Seed: seed,
		Budget: "laptop", Code: "abcdef", Kernel: "avx512", State: store.Done, Created: time.UnixMilli(id), Seconds: float64(id),
		Setup: fmt.Sprintf(`{"paper":"memrl","budget":"laptop","model":"tiny","sections":{"memory":{%s},"world":{%s},"rl":{"lambda":0.95}}}`, memory, world), Final: final})
	return &f.briefs[id-1]
}

const (
	withMemory = `"kind":"memrl","lambda":0.5`
	similar    = `"kind":"memrl","lambda":0`
	noMemory   = `"kind":"none"`
	house      = `"kind":"house","length":10`
)

func library() *fakeStore {
	f := &fakeStore{}
	for seed := range uint64(3) {
		f.add("value", "", seed, withMemory, house, map[string]lab.Float{"success": lab.Float(0.5 + 0.1*float64(seed)), "steps": 8})
		f.add("similarity", "", seed, similar, house, map[string]lab.Float{"success": lab.Float(0.2 + 0.1*float64(seed)), "steps": 9})
		f.add("none", "", seed, noMemory, house, map[string]lab.Float{"success": 0.1, "steps": 12})
	}
	return f
}

func index(f *fakeStore) *Index {
	return NewIndex(f, func(paper string) string { return "MemRL: Self-Evolving Agents" })
}

func TestFiltersChooseRuns(t *testing.T) {
	f := library()
	f.add("value", "kitchen far", 7, withMemory, house, nil).State = store.Failed
	x := index(f)
	for _, c := range []struct {
		name, filter string
		want         int
	}{
		{"nothing lets all through", "  ", 10},
		{"a word looks into the title, the paper, the arm and the case", "self-evolving", 10},
		{"a word of the arm is a part of it", "simil", 3},
		{"words must all be there", "value kitchen", 1},
		{"quoted words stand together", `"kitchen far"`, 1},
		{"an arm is named whole", "arm:value", 4},
		{"one of several", "arm:value,none", 7},
		{"a star stands for anything", "arm:*l*", 7},
		{"a knob by its last name, any of that name", "lambda>0.3", 10},
		{"a knob by its path", "memory.lambda>0.3", 4},
		{"a knob that is text", "memory.kind:none", 3},
		{"a number equals a number however it is written", "memory.lambda=0.50", 4},
		{"seeds", "seed<2 arm:none", 2},
		{"a metric by its last value", "success>=0.5", 3},
		{"a metric by its full name", "metric.steps>11", 3},
		{"unequal", "arm!=value", 6},
		{"a minus turns it round", "-arm:value", 6},
		{"a minus before a word", "-kitchen", 9},
		{"states", "state:failed", 1},
		{"budgets and papers", "paper:memrl budget:laptop", 10},
		{"the key with a star", "key:k1*", 2},
		{"a case with a space", `case:"kitchen far"`, 1},
		{"all of the specification", "paper:memrl lambda>0.3 seed<5 arm:value state:done budget:laptop success>=0.2", 3},
	} {
		p, err := x.Find(t.Context(), Query{Filter: c.filter})
		if err != nil || p.Found != c.want || p.Total != 10 {
			t.Errorf("%s: %q finds %d of %d, %v; want %d", c.name, c.filter, p.Found, p.Total, err, c.want)
		}
	}
}

func TestFilterErrorsNameThePlaceAndTheLegalFields(t *testing.T) {
	x := index(library())
	for _, c := range []struct {
		filter string
		at     int
		says   string
		hint   string
	}{
		{"arm:value lamda>0.3", 10, `"lamda" at character 11 is no field, want one of paper, notebook, arm`, "lambda"},
		{"λx lambda>much", 10, `"much" at character 11 is no number`, "lambda:much"},
		{">3", 0, `">" at character 1 has no field before it`, "lambda>0.3"},
		{"seed<", 5, `"seed<" at character 1 has no value behind it`, "without a space"},
		{`arm:"two words`, 4, "the quote that opens at character 5 is not closed", "both quotes"},
		{"-sed:1", 1, `"sed" at character 2 is no field`, "seed"},
	} {
		_, err := x.Find(t.Context(), Query{Filter: c.filter})
		place, ok := Place(err)
		if !ok || lab.CodeOf(err) != lab.Invalid || place.At != c.at || !strings.Contains(err.Error(), c.says) || !strings.Contains(lab.HintOf(err), c.hint) {
			t.Errorf("%q: %v (hint %q) at %d, want %q at %d with %q", c.filter, err, lab.HintOf(err), place.At, c.says, c.at, c.hint)
		}
	}
	if _, err := x.Find(t.Context(), Query{Sort: "nothing"}); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("sort by an unknown name: %v", err)
	}
}

func FuzzFiltersAreReadOrRefusedWithAPlace(f *testing.F) {
	for _, seed := range []string{"paper:memrl lambda>0.3", `-arm:"a b",c*`, "a>=", `"`, "-", "λ!=3", ":", "*:*"} {
		f.Add(seed)
	}
	x := index(library())
	f.Fuzz(func(t *testing.T, text string) {
		_, err := x.Find(t.Context(), Query{Filter: text, Sort: "-success", Limit: 2, Offset: 1})
		if err == nil {
			return
		}
		if place, ok := Place(err); !ok || place.At < 0 || place.At > len([]rune(text)) || place.Length < 1 {
			t.Errorf("%q: %v has no place inside", text, err)
		}
	})
}

// slowLike tries every way to fill the stars.
func slowLike(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '*' {
		return slowLike(pattern[1:], text) || text != "" && slowLike(pattern, text[1:])
	}
	return text != "" && pattern[0] == text[0] && slowLike(pattern[1:], text[1:])
}

func TestStarsAgreeWithTheirSlowReference(t *testing.T) {
	for _, pattern := range []string{"", "*", "a", "a*", "*a", "a*b", "*a*b*", "ab*ab", "**", "a**b", "*ab", "aba*ba"} {
		for _, text := range []string{"", "a", "b", "ab", "aab", "abab", "ababa", "bab", "aba", "abba"} {
			if got := like(pattern, text); got != slowLike(pattern, text) {
				t.Errorf("%q like %q: %v", text, pattern, got)
			}
		}
	}
}

func TestRunsAreSortedWithThoseWithoutAValueLast(t *testing.T) {
	f := library()
	f.add("late", "", 0, noMemory, house, map[string]lab.Float{"success": lab.Float(math.NaN())})
	x := index(f)
	first := func(sort string) string {
		p, err := x.Find(t.Context(), Query{Sort: sort})
		if err != nil {
			t.Fatal(err)
		}
		return p.Rows[0].Key + " " + p.Rows[len(p.Rows)-1].Key
	}
	for sort, want := range map[string]string{"": "k10 k1", "success": "k9 k10", "-success": "k7 k10", "arm": "k10 k1", "-seconds": "k10 k1", "memory.lambda": "k8 k3"} {
		if got := first(sort); got != want {
			t.Errorf("sort %q: first and last are %s, want %s", sort, got, want)
		}
	}
	p, err := x.Find(t.Context(), Query{Filter: "arm:value,none", Limit: 2, Offset: 1, Sort: "seed"})
	if err != nil || len(p.Rows) != 2 || p.Found != 6 || p.Arms != 2 || p.States["done"] != 6 || p.Rows[1].Seed != 1 {
		t.Errorf("a page: %+v, %v", p, err)
	}
}

func TestTheIndexFollowsTheStoreAndReadsOnlyWhatHasChanged(t *testing.T) {
	f := library()
	x := index(f)
	find := func(filter string, want int) {
		t.Helper()
		if p, err := x.Find(t.Context(), Query{Filter: filter}); err != nil || p.Found != want {
			t.Errorf("%q finds %d, %v; want %d", filter, p.Found, err, want)
		}
	}
	find("", 9)
	f.asked = 0
	find("state:done", 9)
	if f.asked != 0 {
		t.Errorf("%d runs were read again although nothing has changed", f.asked)
	}
	f.briefs[4].State = store.Running
	find("state:running", 1)
	f.add("new", "", 0, withMemory, house, nil)
	find("arm:new", 1)
	if f.asked != 2 {
		t.Errorf("%d runs were read, want the two that changed", f.asked)
	}
	f.briefs = f.briefs[1:]
	find("", 9)
}

func arms(t *testing.T, x *Index, keys ...string) []Arm {
	t.Helper()
	all, err := x.Arms(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestArmsAreTheSeedsOfOneSetUp(t *testing.T) {
	f := library()
	f.add("value", "", 9, withMemory, house, nil).State = store.Running
	all := arms(t, index(f), "k4", "k2", "k1")
	if len(all) != 2 || all[0].Name != "value" || all[0].Key != "k4" || !slices.Equal(all[0].Seeds(), []uint64{0, 1, 2}) || len(all[0].Going) != 1 {
		t.Fatalf("got %+v", all)
	}
	if changed := Changed(all); len(changed) != 1 || changed[0].Path != "memory.lambda" || !slices.Equal(changed[0].Values, []string{"0.5", "0"}) {
		t.Errorf("changed settings: %+v", changed)
	}
	if changed := Changed(arms(t, index(f), "k1", "k3")); len(changed) != 1 || changed[0].Path != "memory.kind" {
		t.Errorf("against no memory: %+v, want the kind alone", changed)
	}
	if _, err := index(f).Arms(t.Context(), []string{"nobody"}); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("unknown key: %v", err)
	}
}

func TestLabelsTellArmsApartByWhatDiffers(t *testing.T) {
	f := &fakeStore{}
	f.add("value", "far", 0, withMemory, house, nil)
	f.add("value", "near", 0, withMemory, house, nil)
	f.add("value", "near", 0, similar, house, nil)
	f.add("none", "near", 0, noMemory, house, nil)
	f.add("none", "near", 0, noMemory, house, nil).Budget = "fast"
	var got []string
	for _, a := range arms(t, index(f), "k1", "k2", "k3", "k4", "k5") {
		got = append(got, a.Label)
	}
	want := []string{"value, far", "value, near, lambda 0.5", "value, near, lambda 0", "none, laptop", "none, fast"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatCannotBeComparedIsNamed(t *testing.T) {
	f := library()
	score := map[string]lab.Float{"success": 1}
	f.add("a", "", 0, withMemory, house, score).Budget = "fast"
	f.add("b", "", 0, withMemory, `"kind":"house","length":20`, score)
	f.add("c", "", 0, withMemory, `"kind":"chat"`, score)
	f.add("d", "", 0, withMemory+`,"data":"locomo"`, house, score)
	f.add("e", "", 0, withMemory, house, score).Kernel = "go"
	f.add("f", "", 0, withMemory, house, map[string]lab.Float{"return": 1})
	all := arms(t, index(f), "k1", "k2", "k10", "k11", "k12", "k13", "k14", "k15")
	want := []string{"", "", "budget: other budget: fast, not laptop", "world: other world: length 20, not 10", "world: other world: chat, not house",
		"data: other data: locomo, not none", "kernel: other kernel: go, not avx512", "metrics: other metrics: no value of success"}
	for i, a := range all {
		text := ""
		for _, o := range Obstacles(all[0], a, "success") {
			text += o.What + ": " + o.Text
		}
		if text != want[i] {
			t.Errorf("%s: got %q, want %q", a.Label, text, want[i])
		}
	}
}

func TestPairsHaveTheSameSeed(t *testing.T) {
	f := library()
	f.add("value", "", 11, withMemory, house, map[string]lab.Float{"success": 1})
	f.briefs[1].Final = map[string]lab.Float{"success": lab.Float(math.NaN())} // seed 0 of similarity
	all := arms(t, index(f), "k1", "k2")
	if got := Pairs(all[0], all[1], "success"); len(got) != 2 || got[0] != (Pair{1, 0.6, 0.30000000000000004}) || got[1].Seed != 2 {
		t.Errorf("got %+v, want seeds 1 and 2", got)
	}
}

func TestTheArmWithoutMemoryIsTheMostAlike(t *testing.T) {
	f := library()
	f.add("oracle", "", 0, noMemory+`},"agent":{"kind":"reference"`, house, nil)
	f.add("none", "", 0, noMemory, `"kind":"house","length":99`, nil)
	f.add("none", "", 0, noMemory, house, nil).Budget = "fast"
	x := index(f)
	if key, err := x.WithoutMemory(t.Context(), "k1"); err != nil || arms(t, x, key)[0].ID != arms(t, x, "k3")[0].ID {
		t.Errorf("got %q, %v, want an arm of k3", key, err)
	}
	if _, err := x.WithoutMemory(t.Context(), "k3"); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("of the one without memory: %v", err)
	}
	f.add("value", "", 0, withMemory, `"kind":"chat"`, nil)
	if _, err := x.WithoutMemory(t.Context(), "k13"); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("in a world without such an arm: %v", err)
	}
}

func TestMethodsAreAveragedOverTheCasesThatAllHave(t *testing.T) {
	f := &fakeStore{}
	score := func(v float64) map[string]lab.Float { return map[string]lab.Float{"success": lab.Float(v)} }
	for seed := range uint64(2) {
		f.add("value", "near", seed, withMemory, house, score(0.5)) // k1, k9, ...
		f.add("value", "far", seed, withMemory, `"kind":"house","length":30`, score(0.4))
		f.add("none", "near", seed, noMemory, house, score(0.2))
		f.add("none", "far", seed, noMemory, `"kind":"house","length":30`, score(0.1))
		f.add("similarity", "near", seed, similar, house, score(0.3))
	}
	x := index(f)
	got := OverTasks(arms(t, x, "k1", "k2", "k3", "k4"), 0, "success")
	if len(got.Methods) != 2 || !slices.Equal(got.Tasks, []string{"near", "far"}) || len(got.Left) != 0 || got.Methods[1].Label != "none" ||
		!slices.Equal(got.Methods[1].Scores[1], []float64{0.1, 0.1}) || got.Methods[1].Arm != 2 {
		t.Errorf("two methods in two cases: %+v", got)
	}
	got = OverTasks(arms(t, x, "k1", "k2", "k5"), 0, "success")
	if !slices.Equal(got.Tasks, []string{"near"}) || len(got.Methods) != 2 || !slices.Equal(got.Left, []string{"case far: not run with similarity"}) {
		t.Errorf("a case that one lacks: %+v", got)
	}
	all := arms(t, x, "k1", "k2", "k3", "k4", "k5")
	if at, ok := Counterpart(all, 2, 1, "success"); !ok || at != 3 {
		t.Errorf("value far is set against %d, %v, want none far", at, ok)
	}
	if at, ok := Counterpart(all, 2, 0, "success"); !ok || at != 2 {
		t.Errorf("value near is set against %d, %v, want the base", at, ok)
	}
	if _, ok := Counterpart(all, 2, 3, "success"); ok {
		t.Error("the base's arm in another case has a counterpart")
	}
}
