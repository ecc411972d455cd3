package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/agent"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/schema"
)

// page is the doc.md of a paper.
func page(t *testing.T, p Paper) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", p.Folder, "doc.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// listed returns the entries "- D1: ..." of a page, each as one line.
func listed(page string) (entries []string) {
	for _, block := range regexp.MustCompile(`(?m)^- D\d+: (?:.+\n)(?:  .+\n)*`).FindAllString(page, -1) {
		entries = append(entries, strings.Join(strings.Fields(strings.TrimPrefix(block, "- ")), " "))
	}
	return entries
}

func TestTheDeviationsOfEveryPageAreThoseOfItsCard(t *testing.T) {
	for _, p := range Papers() {
		found, card := listed(page(t, p)), p.Card.Deviation
		if len(found) != len(card) || len(card) == 0 {
			t.Errorf("%s: doc.md has %d deviations, the card %d", p.Card.Slug, len(found), len(card))
			continue
		}
		for i := range card {
			if found[i] != card[i] || !strings.HasPrefix(card[i], fmt.Sprintf("D%d: ", i+1)) {
				t.Errorf("%s: deviation %d\non the page: %s\non the card: %s", p.Card.Slug, i+1, found[i], card[i])
			}
		}
	}
}

func TestEveryMetricStandsOnItsPageWithUnitAndDirection(t *testing.T) {
	for _, p := range Papers() {
		text := page(t, p)
		for _, m := range p.Card.Metrics {
			better := m.Better
			if better == "" {
				better = "neither"
			}
			if row := fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", m.Name, m.Unit, m.XUnit, better, strings.ReplaceAll(m.Doc, "|", `\|`)); !strings.Contains(text, row) {
				t.Errorf("%s: doc.md lacks the row\n%s", p.Card.Slug, row)
			}
		}
		rows := regexp.MustCompile("(?m)^\\| `[a-z0-9_]+` \\|[^|]+\\|[^|]+\\| (higher|lower|neither) \\|").FindAllString(text, -1)
		if len(rows) != len(p.Card.Metrics) {
			t.Errorf("%s: doc.md has %d metrics, the paper %d", p.Card.Slug, len(rows), len(p.Card.Metrics))
		}
	}
}

func TestEveryPageSaysWhereEachDefaultComesFrom(t *testing.T) {
	for _, p := range Papers() {
		text := page(t, p)
		for _, section := range p.Sections {
			for _, kind := range section.Kinds {
				fields, err := schema.Fields(kind)
				if err != nil {
					t.Fatal(err)
				}
				if shared(section.Name, kind) {
					continue // docs/memories.md and docs/memory-models.md say it once for all papers
				}
				for _, f := range fields {
					if name := fmt.Sprintf("`%s.%s`", section.Name, f.Path); !strings.Contains(text, name) {
						t.Errorf("%s: doc.md does not say where the default of %s comes from", p.Card.Slug, name)
					}
				}
			}
		}
	}
}

// shared tells whether a kind is a memory that every text notebook may choose, or a memory model that every tensor notebook may.
func shared(section string, kind schema.Kind) bool {
	same := func(k schema.Kind) bool { return k.Name == kind.Name }
	if section == mem.Section {
		return slices.ContainsFunc(mem.Kinds(), same)
	}
	return slices.ContainsFunc(agent.Kinds(), func(k schema.Kind) bool {
		return same(k) && reflect.TypeOf(k.New()) == reflect.TypeOf(kind.New()) // a paper may have a kind of that name and knobs of its own
	})
}

func TestThePageOfTheSharedMemoriesHasEveryKnobWithItsDefault(t *testing.T) {
	text, err := os.ReadFile("../../docs/memories.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range mem.Kinds() {
		fields, err := schema.Fields(kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if row := fmt.Sprintf("| `%s` | `%s` | %s | %s |\n", kind.Name, f.Path, f.Default, strings.ReplaceAll(f.Doc, "|", `\|`)); !strings.Contains(string(text), row) {
				t.Errorf("docs/memories.md lacks the row\n%s", row)
			}
		}
	}
}
