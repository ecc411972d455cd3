package slearl

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rng"
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
	for _, m := range metrics() {
		better := m.Better
		if better == "" {
			better = "neither"
		}
		if row := fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", m.Name, m.Unit, m.XUnit, better, m.Doc); !strings.Contains(page, row) {
			t.Errorf("doc.md lacks the row\n%s", row)
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `[a-z0-9_]+` \\|[^|]+\\|[^|]+\\| (higher|lower|neither) \\|").FindAllString(page, -1)
	if len(rows) != len(metrics()) {
		t.Errorf("doc.md has %d metrics, the paper %d", len(rows), len(metrics()))
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

func TestTheModelHasAsManyNumbersAsThePageSays(t *testing.T) {
	s := setup(t, given{}, given{"kind": Tiny}, given{}, given{})
	spec, _, err := warmStart(s)
	if err != nil {
		t.Fatal(err)
	}
	n := nn.Count(nn.NewDecoder(rng.New(1, "weights"), spec.Shape).Weights())
	if n < 98000 || n > 108000 || !strings.Contains(doc(t), "some 100 thousand numbers") {
		t.Errorf("the model has %d numbers, doc.md says some 100 thousand", n)
	}
}

// The card and the notebook name each other.
func TestTheNotebookOfTheCardIsThere(t *testing.T) {
	text, err := os.ReadFile("../../../experiments/" + Card().Notebook)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "paper: "+Slug) {
		t.Errorf("%s is of another paper", Card().Notebook)
	}
}
