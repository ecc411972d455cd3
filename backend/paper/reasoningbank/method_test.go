package reasoningbank

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world"
)

// tolerance of the golden curves: processors differ in the last bit of an exponential, and then another token may be drawn.
const tolerance = 0.002

// The mechanism turned off by its knob gives another curve: nothing kept, winners alone, one form or the other, and each way of scaling.
func TestTheGoldenCurveStandsAndEveryPartOfTheMechanismMovesIt(t *testing.T) {
	papertest.Whole(t)
	bench := lab.Bench{Kernel: "go", Cache: t.TempDir()}
	curves := map[string]papertest.Curve{}
	for name, g := range map[string]given{
		"both": brief(), "winners": brief().with("memory", "sources", "winners"), "none": brief().with("memory", "kind", "none"),
		"visits": brief().with("rl", "form", Visits), "parallel": brief().with("rl", "scaling", Parallel), "sequential": brief().with("rl", "scaling", Sequential),
		"vanilla": brief().with("rl", "scaling", Vanilla), "noisier": brief().with("rl", "noise", 1.0), "judged wrongly": brief().with("rl", "false_positive", 1.0),
	} {
		curves[name] = finish(t, begin(t, setup(t, g), bench)).Curves()
	}
	papertest.Golden(t, "golden.json", curves["both"], tolerance, *update)
	papertest.Apart(t, curves, tolerance)
}

func TestYardsticksScoreAsTheyShould(t *testing.T) {
	for policy, bounds := range map[string][2]lab.Float{world.Oracle: {1, 1}, world.MemoryFree: {0, 0.35}, world.Random: {0, 0.1}} {
		got := finish(t, begin(t, setup(t, brief().with("rl", "tasks", 60).with("rl", "last", 60).yardstick(policy)), lab.Bench{})).Curves()
		if v := got[MetricSuccessLast]; len(v) != 1 || v[0] < bounds[0] || v[0] > bounds[1] {
			t.Errorf("%s has success_last %v, want %v", policy, v, bounds)
		}
	}
}

func TestARunThatIsKeptAndContinuedAnywhereIsTheUndisturbedOne(t *testing.T) {
	papertest.Whole(t)
	s, bench := setup(t, brief().with("rl", "scaling", Sequential)), lab.Bench{Cache: t.TempDir()}
	want := finish(t, begin(t, s, bench)).Text(t)
	m, got := begin(t, s, bench), &record{}
	for left := true; left; {
		var state bytes.Buffer
		if err := m.Snapshot(&state); err != nil {
			t.Fatal(err)
		}
		m = begin(t, s, bench)
		if err := m.Restore(&state); err != nil {
			t.Fatal(err)
		}
		left = got.Advance(t, m)
	}
	if got.Text(t) != want {
		t.Error("a run that is continued behind every unit goes another way")
	}
}

func TestThreadsMoveNoBit(t *testing.T) {
	s := setup(t, brief())
	one, two := finish(t, begin(t, s, lab.Bench{Threads: 1})), finish(t, begin(t, s, lab.Bench{Threads: 2}))
	if one.Text(t) != two.Text(t) {
		t.Error("two threads give other events than one")
	}
}

// Any memory stands in this loop: its bank is rebuilt from the record.
func TestEveryMemoryRunsAndItsBanksFollowFromTheRecord(t *testing.T) {
	bench := lab.Bench{Cache: t.TempDir()}
	for _, k := range mem.Kinds() {
		m := begin(t, setup(t, brief().with("memory", "kind", k.Name)), bench)
		r := finish(t, m)
		var events []lab.Memory
		for _, ev := range r.Events {
			if ev, ok := ev.(lab.Memory); ok {
				events = append(events, ev)
			}
		}
		banks, err := mem.Rebuild(slices.Values(events), -1)
		if err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		for _, b := range m.memory.Banks() {
			if len(events) == 0 || len(banks[b.Name]) != b.Len() {
				t.Errorf("%s: bank %s holds %d entries, the record rebuilds %d", k.Name, b.Name, b.Len(), len(banks[b.Name]))
			}
			for i, e := range b.All() {
				if !reflect.DeepEqual(banks[b.Name][i], *e) {
					t.Errorf("%s: entry %d is %+v, the record rebuilds %+v", k.Name, i, e, banks[b.Name][i])
				}
			}
		}
	}
}

// What stood in the prompt of a kept step is what the memory read for its task, word for word, and tokens have their log-probabilities.
func TestKeptStepsShowTheVeryTokensOfThePrompt(t *testing.T) {
	m := begin(t, setup(t, brief().with("rl", "kept_episodes", 6)), lab.Bench{})
	seen, texts := 0, map[string]string{}
	for _, ev := range finish(t, m).Events {
		switch ev := ev.(type) {
		case lab.Memory:
			if ev.After != nil {
				texts[ev.Entry] = ev.After.Text
			}
		case lab.Context:
			for _, b := range ev.Blocks {
				said, err := m.model.Tokenizer().Decode(b.Tokens)
				if err != nil || b.Count != len(b.Tokens) || strings.TrimSpace(said) != strings.TrimSpace(b.Text) {
					t.Fatalf("block %q has the tokens of %q, %v", b.Text, said, err)
				}
				for _, id := range b.Entries {
					seen++
					if !strings.Contains(b.Text, texts[id]) {
						t.Errorf("entry %s, %q, is not in the block %q", id, texts[id], b.Text)
					}
				}
			}
		case lab.Step:
			if len(ev.State) == 0 {
				t.Fatalf("step %d of episode %d has no log-probabilities", ev.T, ev.Episode)
			}
		}
	}
	if seen == 0 {
		t.Error("no entry stood in any prompt")
	}
}

func TestAnActorThatWasTrainedIsFound(t *testing.T) {
	m := begin(t, setup(t, brief()), lab.Bench{})
	r := &record{}
	for m.now.Warm < warmParts {
		r.Advance(t, m)
	}
	if err := m.unchanged(r); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.model.Supervise(t.Context(), 0, 2, 0.01, 1); err != nil {
		t.Fatal(err)
	}
	if err := m.unchanged(r); lab.CodeOf(err) != lab.Internal || !strings.Contains(err.Error(), m.now.Hash) {
		t.Errorf("a trained actor gives %v", err)
	}
}

func TestRowsOfTheWarmStartFitAndComeAgain(t *testing.T) {
	spec, row, err := warmStart(schemaAt(t, "laptop"))
	if err != nil {
		t.Fatal(err)
	}
	m := begin(t, setup(t, brief()), lab.Bench{})
	longest, forms := 0, map[string]int{}
	for i := range uint64(600) {
		d, err := row(i)
		if err != nil {
			t.Fatal(err)
		}
		again, err := row(i)
		if err != nil || !reflect.DeepEqual(d, again) {
			t.Fatalf("row %d differs when it is asked for again, %v", i, err)
		}
		longest = max(longest, len(d.Input)+1)
		text, err := m.model.Tokenizer().Decode(d.Input)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(text, " ")
		forms[first]++
	}
	if longest > spec.Shape.Context || forms["at"] < 50 || forms["at"] > 150 || forms["for"] < 200 || forms["flow"] < 50 {
		t.Errorf("the longest of 600 rows has %d tokens of %d; they begin with %v", longest, spec.Shape.Context, forms)
	}
}

func TestAShopOfPreferencesIsRefused(t *testing.T) {
	if _, err := New(setup(t, brief().with("world", "variant", "preferences")), 1, lab.Bench{}); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "preferences") {
		t.Errorf("got %v", err)
	}
}
