package loop

import (
	"strings"
	"testing"

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
	papertest.Defaults(t, Sections(), nil)
}

func TestTheModelHasAsManyNumbersAsThePageSays(t *testing.T) {
	s := papertest.Setup(t, Slug, "laptop", Sections(), given{}, given{"kind": Tiny}, given{})
	spec, _, err := warmStart(s)
	if err != nil {
		t.Fatal(err)
	}
	n := nn.Count(nn.NewDecoder(rng.New(1, "weights"), spec.Shape).Weights())
	if n < 95000 || n > 110000 || !strings.Contains(papertest.Page(t), "some 100 thousand numbers") {
		t.Errorf("the model has %d numbers, doc.md says some 100 thousand", n)
	}
}

// The card and the notebook name each other.
func TestTheNotebookOfTheCardIsThere(t *testing.T) { papertest.Notebook(t, Card()) }

func TestTheSectionsDescribeTheirKnobs(t *testing.T) {
	for _, s := range Sections() {
		for _, k := range s.Kinds {
			if _, err := schema.Fields(k); err != nil {
				t.Errorf("%s %s: %v", s.Name, k.Name, err)
			}
		}
	}
}
