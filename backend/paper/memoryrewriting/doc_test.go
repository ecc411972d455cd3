package memoryrewriting

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

func doc(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("doc.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// list returns the entries "- D1: ..." of a page, each as one line.
func list(page string) (entries []string) {
	for _, block := range regexp.MustCompile(`(?m)^- D\d+: (?:.+\n)(?:  .+\n)*`).FindAllString(page, -1) {
		entries = append(entries, strings.Join(strings.Fields(strings.TrimPrefix(block, "- ")), " "))
	}
	return entries
}

func TestTheDeviationsOfThePageAreThoseOfTheCard(t *testing.T) {
	page, card := list(doc(t)), Card().Deviation
	if len(page) != len(card) || len(card) == 0 {
		t.Fatalf("doc.md has %d deviations, the card %d", len(page), len(card))
	}
	for i := range card {
		if page[i] != card[i] || !strings.HasPrefix(card[i], fmt.Sprintf("D%d: ", i+1)) {
			t.Errorf("deviation %d\non the page: %s\non the card: %s", i+1, page[i], card[i])
		}
	}
}

func TestEveryMetricStandsOnThePageWithUnitAndDirection(t *testing.T) {
	page := doc(t)
	for _, m := range Metrics() {
		better := m.Better
		if better == "" {
			better = "neither"
		}
		if row := fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", m.Name, m.Unit, m.XUnit, better, strings.ReplaceAll(m.Doc, "|", `\|`)); !strings.Contains(page, row) {
			t.Errorf("doc.md lacks the row\n%s", row)
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `[a-z0-9_]+` \\|[^|]+\\|[^|]+\\| (higher|lower|neither) \\|").FindAllString(page, -1)
	if len(rows) != len(Metrics()) {
		t.Errorf("doc.md has %d metrics, the paper %d", len(rows), len(Metrics()))
	}
}

func TestThePageSaysWhereEachDefaultComesFrom(t *testing.T) {
	page := doc(t)
	for _, section := range Sections() {
		for _, kind := range section.Kinds {
			fields, err := schema.Fields(kind)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fields {
				if name := fmt.Sprintf("`%s.%s`", section.Name, f.Path); !strings.Contains(page, name) {
					t.Errorf("doc.md does not say where the default of %s comes from", name)
				}
			}
		}
	}
}

// The arms are to differ in their memory and not in how much they can learn: the largest has at most twice the smallest.
func TestAllArmsHaveAboutAsManyParametersAsThePageSays(t *testing.T) {
	page := doc(t)
	least, most := math.MaxInt, 0
	for _, kind := range []string{MLP, RNN, GRU, LSTM, FFM, Transformer} {
		m := begin(t, setup(t, given{"kind": "endless-t-maze"}, given{"kind": kind}, given{"steps": 0}), 1, lab.Bench{})
		n := parameters(m.actor.Policy)
		least, most = min(least, n), max(most, n)
		if n < 19000 || n > 40000 {
			t.Errorf("%s has %d parameters, want 19000 to 40000", kind, n)
		}
		if row := fmt.Sprintf("| %s | %d |", kind, n); !strings.Contains(page, row) {
			t.Errorf("doc.md lacks the row %q of the table of parameters", row)
		}
	}
	if most > 2*least {
		t.Errorf("agents have %d to %d parameters, want at most twice as many", least, most)
	}
}
