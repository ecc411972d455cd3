package memrl

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
)

func TestTheDeviationsOfThePageAreThoseOfTheCard(t *testing.T) { papertest.Deviations(t, Card()) }

func TestEveryMetricStandsOnThePageWithUnitAndDirection(t *testing.T) {
	papertest.Metrics(t, metrics())
}

func TestThePageSaysWhereEachDefaultComesFrom(t *testing.T) {
	// docs/memories.md has the others.
	papertest.Defaults(t, Sections(), func(section, kind string) bool { return section == mem.Section && kind != Slug })
}

func TestTheReaderHasAsManyNumbersAsThePageSays(t *testing.T) {
	text := schemaAt(t, "laptop")
	spec, _, err := warmStart(text)
	if err != nil {
		t.Fatal(err)
	}
	n := nn.Count(nn.NewDecoder(rng.New(1, "weights"), spec.Shape).Weights())
	if n < 340000 || n > 360000 || !strings.Contains(papertest.Page(t), "some 350 thousand numbers") {
		t.Errorf("the reader has %d numbers, doc.md says some 350 thousand", n)
	}
}

// schemaAt are the defaults of a budget.
func schemaAt(t *testing.T, budget string) lab.Setup {
	t.Helper()
	s := lab.Setup{Paper: Slug, Budget: budget, Sections: map[string]json.RawMessage{}}
	for _, section := range Sections() {
		raw, err := schema.Resolve(section, "", nil, budget)
		if err != nil {
			t.Fatal(err)
		}
		s.Sections[section.Name] = raw
	}
	return s
}

// The card and the notebook name each other.
func TestTheNotebookOfTheCardIsThere(t *testing.T) { papertest.Notebook(t, Card()) }
