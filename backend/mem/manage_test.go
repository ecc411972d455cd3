package mem

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func ids(all []*lab.Entry) []string {
	var list []string
	for _, e := range all {
		list = append(list, e.ID)
	}
	return list
}

// valued is a bank of five entries of one, two, three, four and five words.
func valued(t *testing.T, log *Log) *Bank {
	t.Helper()
	b := NewBank("b", log, nil)
	for i, numbers := range []map[string]lab.Float{
		{NumUses: 2, NumValue: 0.5, NumMade: 1, NumRead: 90},
		{NumUses: 0, NumValue: 0.9, NumMade: 2},
		{NumUses: 5, NumValue: -1, NumMade: 3, NumRead: 40},
		{NumUses: 0, NumValue: -1, NumMade: 50},
		{NumUses: 9, NumValue: 1, NumMade: 60, NumRead: 61},
	} {
		mustAdd(t)(b.Add(lab.Entry{Text: strings.Repeat("w ", i+1), Numbers: numbers}, ""))
	}
	return b
}

func TestEachRuleLetsItsEntriesGoUntilTheBankIsWithinItsBudget(t *testing.T) {
	notFirst := func(e *lab.Entry) bool { return e.ID == "0" }
	for name, test := range map[string]struct {
		rule   Rule
		budget Budget
		keep   func(*lab.Entry) bool
		gone   []string
	}{
		"nothing is over":               {EvictOldest, Budget{5, 15}, nil, nil},
		"no budget":                     {EvictOldest, Budget{}, nil, nil},
		"the oldest":                    {EvictOldest, Budget{Entries: 4}, nil, []string{"0"}},
		"the oldest three":              {EvictOldest, Budget{Entries: 2}, nil, []string{"0", "1", "2"}},
		"the oldest by tokens":          {EvictOldest, Budget{Tokens: 12}, nil, []string{"0", "1"}},
		"the oldest, the first is kept": {EvictOldest, Budget{Entries: 3}, notFirst, []string{"1", "2"}},
		"unused before used":            {EvictLeastUsed, Budget{Entries: 2}, nil, []string{"1", "3", "0"}},
		"worthless before worthy":       {EvictLowestValue, Budget{Tokens: 8}, nil, []string{"2", "3"}},
		"idle before read":              {EvictLongestIdle, Budget{Entries: 1}, nil, []string{"1", "2", "3", "4"}},
		"more is kept than the budget":  {EvictOldest, Budget{Entries: 1}, func(*lab.Entry) bool { return true }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			keep := &kept{}
			b := valued(t, &Log{Emit: keep})
			gone, err := Evict(b, test.budget, test.rule, test.keep)
			if err != nil || !slices.Equal(gone, test.gone) || b.Len() != 5-len(gone) {
				t.Fatalf("gone %v, %d left, %v, want %v", gone, b.Len(), err, test.gone)
			}
			for _, ev := range keep.all[5:] {
				if ev.Op != lab.OpDelete || !strings.HasPrefix(ev.Reason, "evicted ("+string(test.rule)+"): ") || !strings.Contains(ev.Reason, "at most") {
					t.Errorf("event %+v", ev)
				}
			}
		})
	}
	if _, err := Evict(valued(t, nil), Budget{}, "newest", nil); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "lowest-value") {
		t.Errorf("an unknown rule: %v", err)
	}
}

func TestEntriesThatAreAlikeBecomeOneInThePlaceOfTheNewest(t *testing.T) {
	keep := &kept{}
	b := NewBank("b", &Log{Emit: keep}, nil)
	for _, text := range []string{"the red mug", "a plate", "the  red mug ", "red mug there", "a plate"} {
		mustAdd(t)(b.Add(lab.Entry{Text: text}, ""))
	}
	became, gone, err := MergeAlike(b, SameText, 1, nil, "same words")
	if err != nil || !slices.Equal(became, []string{"2", "4"}) || !slices.Equal(gone, []string{"0", "1"}) || !slices.Equal(ids(b.All()), []string{"2", "3", "4"}) {
		t.Fatalf("became %v, gone %v, left %v, %v", became, gone, ids(b.All()), err)
	}
	// "the red mug" and "red mug there" share two of four words.
	if became, _, err = MergeAlike(b, SharedWords, 0.51, nil, ""); err != nil || len(became) > 0 {
		t.Fatalf("above one half %v became one, %v", became, err)
	}
	if became, gone, err = MergeAlike(b, SharedWords, 0.5, nil, "near"); err != nil || !slices.Equal(became, []string{"3"}) || !slices.Equal(gone, []string{"2"}) {
		t.Fatalf("at one half %v became one, %v", became, err)
	}
	last := keep.all[len(keep.all)-1]
	if last.Op != lab.OpMerge || !slices.Equal(last.Sources, []string{"2", "3"}) || last.After.Text != "red mug there" {
		t.Fatalf("the event is %+v", last)
	}
	all, err := Rebuild(slices.Values(keep.all), -1)
	if err != nil || len(all["b"]) != 2 {
		t.Fatalf("rebuilt %v, %v", all, err)
	}
}

func TestWhatIsCombinedAddsUpWorkedByHand(t *testing.T) {
	got := Combined([]*lab.Entry{
		{Text: "old", Numbers: map[string]lab.Float{NumUses: 3, NumValue: 1, NumMade: 5, NumRead: 9, NumImportance: 2, "own": 1}, Labels: []string{"x", "y"}},
		{Text: "new", Numbers: map[string]lab.Float{NumUses: 1, NumValue: -1, NumMade: 7}, Labels: []string{"y", "z"}, Sources: []string{"e1"}},
	})
	want := map[string]lab.Float{NumUses: 4, NumValue: 0.5, NumMade: 5, NumRead: 9, NumImportance: 2}
	if got.Text != "new" || fmt.Sprint(got.Numbers) != fmt.Sprint(want) || !slices.Equal(got.Labels, []string{"x", "y", "z"}) || !slices.Equal(got.Sources, []string{"e1"}) {
		t.Fatalf("got %+v, want numbers %v", got, want)
	}
	unused := Combined([]*lab.Entry{{Numbers: map[string]lab.Float{NumValue: 1}}, {Numbers: map[string]lab.Float{NumValue: 0}}})
	if len(unused.Numbers) != 1 || unused.Numbers[NumValue] != 0.5 {
		t.Fatalf("unused entries give %v", unused.Numbers)
	}
}

func TestARingKeepsTheNewest(t *testing.T) {
	r := Ring{NewBank("r", nil, nil), Budget{Entries: 3, Tokens: 6}}
	for i, text := range []string{"a", "b", "c", "d", "e e e e", "f f f f f f f"} {
		_, gone, err := r.Add(lab.Entry{Text: text}, "")
		if want := [][]string{nil, nil, nil, {"0"}, {"1"}, {"2", "3", "4", "5"}}[i]; err != nil || !slices.Equal(gone, want) {
			t.Fatalf("writing %q let %v go, want %v; %v", text, gone, want, err)
		}
		if i == 4 && !slices.Equal(ids(r.Newest(2)), []string{"3", "4"}) {
			t.Fatalf("the newest two are %v", ids(r.Newest(2)))
		}
	}
}

func TestAKeyHasOneEntry(t *testing.T) {
	k := NewKeyed(NewBank("k", nil, nil))
	set := func(key, text string) string {
		return mustAdd(t)(k.Set(key, func(e *lab.Entry) { e.Text += text }, ""))
	}
	if a, b, again := set("mug place", "shelf"), set("plate", "sink"), set(" mug  place", ", then table"); a != again || a == b {
		t.Fatalf("ids %s, %s, %s", a, b, again)
	}
	var kept bytes.Buffer
	if err := k.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	back := NewKeyed(NewBank("k", nil, nil))
	if err := back.Restore(&kept); err != nil {
		t.Fatal(err)
	}
	if e, ok := back.Find("mug place"); !ok || e.Text != "shelf, then table" || back.Len() != 2 {
		t.Fatalf("found %+v", e)
	}
	if err := back.Delete("0", ""); err != nil {
		t.Fatal(err)
	}
	if _, ok := back.Find("mug place"); ok || back.Len() != 1 {
		t.Fatal("a deleted key is found")
	}
}

func TestCasesAreFoundByTheirKeysAndLearnTheirValues(t *testing.T) {
	ctx := t.Context()
	c, err := NewCases(NewBank("c", nil, nil), Env{})
	if err != nil {
		t.Fatal(err)
	}
	mug := mustAdd(t)(c.Add(ctx, "put a clean mug in the cabinet", lab.Entry{Text: "use the sink"}, 0, ""))
	lamp := mustAdd(t)(c.Add(ctx, "look at the lamp", lab.Entry{Text: "go to the desk"}, 0, ""))
	// Q of 0 moves by 0.3 towards 1 twice: 0.3, then 0.51; towards -1: 0.51 - 0.453 = 0.057.
	for _, r := range []float64{1, 1, -1} {
		if err := c.Credit([]string{mug, "gone"}, 0.3, r, ""); err != nil {
			t.Fatal(err)
		}
	}
	var kept bytes.Buffer
	if err := c.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	back, err := NewCases(NewBank("c", nil, nil), Env{})
	if err == nil {
		err = back.Restore(&kept)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, cases := range []*Cases{c, back} {
		like, err := cases.Like(ctx, "put a clean plate in the cabinet", 5)
		if err != nil || len(like) != 2 || like[0].ID != mug || math.Abs(like[0].Value-0.057) > 1e-12 || like[1].ID != lamp || like[1].Value != 0 {
			t.Fatalf("found %+v, %v", like, err)
		}
		if math.Abs(like[0].Similarity-6.0/7) > 1e-6 { // six of seven words each, no two in one place
			t.Fatalf("similarity %v, want 6/7", like[0].Similarity)
		}
		if e, _ := cases.Get(mug); Number(e, NumUses) != 3 {
			t.Fatalf("%v uses", Number(e, NumUses))
		}
	}
	if gone, err := back.Evict(Budget{Entries: 1}, EvictLowestValue); err != nil || !slices.Equal(gone, []string{lamp}) || back.index.Len() != 1 {
		t.Fatalf("gone %v, %v", gone, err)
	}
	if err := back.Delete(mug, ""); err != nil || back.index.Len() != 0 {
		t.Fatalf("%d vectors of an empty bank, %v", back.index.Len(), err)
	}
}

func TestHashedBagsCompareTextsByTheirSharedWords(t *testing.T) {
	h := NewHashed(0)
	all, err := h.Embed(t.Context(), []string{"Alice lives in Paris", "paris, in lives ALICE!", "bob likes green tea", "", "alice alice alice"})
	if err != nil {
		t.Fatal(err)
	}
	dot := func(i, j int) (sum float64) {
		for d := range all[i] {
			sum += float64(all[i][d]) * float64(all[j][d])
		}
		return sum
	}
	if len(all[0]) != DefaultWidth || math.Abs(dot(0, 1)-1) > 1e-6 || dot(3, 3) != 0 || math.Abs(dot(4, 4)-1) > 1e-6 {
		t.Fatalf("the same words in another order: %v; nothing: %v", dot(0, 1), dot(3, 3))
	}
	// Four words and four others may meet in one of 384 places; these do not.
	if math.Abs(dot(0, 2)) > 1e-6 || math.Abs(dot(0, 4)-0.5) > 1e-6 {
		t.Fatalf("other words: %v; one of four: %v", dot(0, 2), dot(0, 4))
	}
}
