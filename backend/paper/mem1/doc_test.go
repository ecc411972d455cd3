package mem1

import (
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
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
	if n < 45500 || n > 46500 || !strings.Contains(papertest.Page(t), "some 46 thousand numbers") {
		t.Errorf("the model has %d numbers, doc.md says some 46 thousand", n)
	}
}

// The card and the notebook name each other.
func TestTheNotebookOfTheCardIsThere(t *testing.T) { papertest.Notebook(t, Card()) }
