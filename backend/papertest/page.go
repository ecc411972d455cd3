package papertest

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Page reads doc.md of the paper under test.
func Page(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("doc.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// deviations returns the entries "- D1: ..." of a page, each as one line.
func deviations(page string) (entries []string) {
	for _, block := range regexp.MustCompile(`(?m)^- D\d+: (?:.+\n)(?:  .+\n)*`).FindAllString(page, -1) {
		entries = append(entries, strings.Join(strings.Fields(strings.TrimPrefix(block, "- ")), " "))
	}
	return entries
}

// Deviations demands that doc.md and the card list the same deviations, numbered from D1.
func Deviations(t *testing.T, card lab.Card) {
	t.Helper()
	page := deviations(Page(t))
	if len(page) != len(card.Deviation) || len(page) == 0 {
		t.Fatalf("doc.md has %d deviations, the card %d", len(page), len(card.Deviation))
	}
	for i, d := range card.Deviation {
		if page[i] != d || !strings.HasPrefix(d, fmt.Sprintf("D%d: ", i+1)) {
			t.Errorf("deviation %d\non the page: %s\non the card: %s", i+1, page[i], d)
		}
	}
}

// Metrics demands a row of doc.md for each metric, with unit and direction, and no other.
func Metrics(t *testing.T, metrics []lab.MetricSpec) {
	t.Helper()
	page := Page(t)
	for _, m := range metrics {
		better := m.Better
		if better == "" {
			better = "neither"
		}
		if row := fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", m.Name, m.Unit, m.XUnit, better, m.Doc); !strings.Contains(page, row) {
			t.Errorf("doc.md lacks the row\n%s", row)
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `[a-z0-9_]+` \\|[^|]+\\|[^|]+\\| (higher|lower|neither) \\|").FindAllString(page, -1)
	if len(rows) != len(metrics) {
		t.Errorf("doc.md has %d metrics, the paper %d", len(rows), len(metrics))
	}
}

// Defaults demands that doc.md names each knob, where its default comes from. elsewhere says which kinds another page documents.
func Defaults(t *testing.T, sections []schema.Section, elsewhere func(section, kind string) bool) {
	t.Helper()
	page := Page(t)
	for _, section := range sections {
		for _, kind := range section.Kinds {
			if elsewhere != nil && elsewhere(section.Name, kind.Name) {
				continue
			}
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

// Notebook demands that the card's notebook ships and names the paper.
func Notebook(t *testing.T, card lab.Card) {
	t.Helper()
	text, err := os.ReadFile("../../../experiments/" + card.Notebook)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "paper: "+card.Slug) {
		t.Errorf("%s is of another paper", card.Notebook)
	}
}
