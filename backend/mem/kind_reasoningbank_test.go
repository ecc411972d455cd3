package mem

import (
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// distilled is a task that brings its items itself.
func distilled(query, items string, success bool) lab.Experience {
	return lab.Experience{Kind: lab.OneTask, Key: query, Text: items, Scored: true, Success: success, Source: "1/2"}
}

func TestItemsComeWithTheNearestPastQueryAndNeverAlone(t *testing.T) {
	m := opened(t, "reasoningbank", map[string]any{"false_positive": 0.0, "false_negative": 0.0}, Env{})
	written(t, m, distilled("buy red mug", "for buy : list filter\nfor buy : item size", true), distilled("price of red lamp", "for price : list plain", false),
		distilled("buy red mug", "for buy : enter menu", true))
	got := recalled(t, m, Query{Text: "buy blue mug"})
	// Two tasks have the nearest query; of them the newest is read, with all its items and nothing else.
	if want := []string{"for buy : enter menu"}; !slices.Equal(got.Lines(), want) || got.Hits[1].Used || got.Hits[1].Why != WhyRank {
		t.Fatalf("read %q with hits %+v, want %q", got.Lines(), got.Hits, want)
	}
	got = recalled(t, m, Query{Text: "buy blue mug", K: 2})
	if want := []string{"for buy : item size", "for buy : list filter", "for buy : enter menu"}; !slices.Equal(got.Lines(), want) {
		t.Fatalf("read %q, want %q", got.Lines(), want)
	}
	e, _ := m.Banks()[0].Get("0")
	if !slices.Equal(e.Labels, []string{"buy red mug", "title: list filter", "when: for buy"}) || Number(e, NumJudged) != 1 || Number(e, NumTask) != 0 {
		t.Fatalf("the first item is %+v", plainEntries([]*lab.Entry{e}))
	}
}

func TestWinnersAloneLeaveItemsWhereItIsAskedForAndTheJudgeDecidesWhoWon(t *testing.T) {
	for name, test := range map[string]struct {
		given map[string]any
		want  []string
	}{
		"both sources, a judge that is right":    {map[string]any{"false_positive": 0.0, "false_negative": 0.0}, []string{"a", "b"}},
		"winners alone":                          {map[string]any{"sources": "winners", "false_positive": 0.0, "false_negative": 0.0}, []string{"a"}},
		"winners alone, a judge that is wrong":   {map[string]any{"sources": "winners", "false_positive": 1.0, "false_negative": 1.0}, []string{"b"}},
		"winners alone, a judge that hopes":      {map[string]any{"sources": "winners", "false_positive": 1.0, "false_negative": 0.0}, []string{"a", "b"}},
		"winners alone, a judge that never does": {map[string]any{"sources": "winners", "false_positive": 0.0, "false_negative": 1.0}, nil},
	} {
		m := opened(t, "reasoningbank", test.given, Env{})
		written(t, m, distilled("x", "a", true), distilled("y", "b", false))
		var texts []string
		for _, e := range m.Banks()[0].All() {
			texts = append(texts, e.Text)
		}
		if !slices.Equal(texts, test.want) {
			t.Errorf("%s: the bank holds %q, want %q", name, texts, test.want)
		}
	}
}

func TestStepsOfATaskAreDistilledByHowItEnded(t *testing.T) {
	step := func(text string, success bool) lab.Experience {
		return lab.Experience{Kind: lab.OneStep, Key: "page", Text: text, Scored: true, Success: success}
	}
	for success, want := range map[bool][]string{true: {"c works", "d works", "e works"}, false: {"b fails"}} {
		m := opened(t, "reasoningbank", map[string]any{"false_positive": 0.0, "false_negative": 0.0}, Env{})
		written(t, m, step("a works", true), step("b fails", false), step("c works", true), step("d works", true), step("c works", true), step("e works", true))
		if m.Banks()[0].Len() != 0 {
			t.Fatal("items before the task is over")
		}
		written(t, m, distilled("q", "the script", success))
		var texts []string
		for _, e := range m.Banks()[0].All() {
			texts = append(texts, e.Text)
		}
		slices.Sort(texts)
		if !slices.Equal(texts, want) {
			t.Errorf("a task with success %v leaves %q, want %q", success, texts, want)
		}
	}
}
