package slearl

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
	s := setup(t, given{}, given{"kind": Tiny}, given{}, given{})
	spec, _, err := warmStart(s)
	if err != nil {
		t.Fatal(err)
	}
	n := nn.Count(nn.NewDecoder(rng.New(1, "weights"), spec.Shape).Weights())
	if n < 98000 || n > 108000 || !strings.Contains(papertest.Page(t), "some 100 thousand numbers") {
		t.Errorf("the model has %d numbers, doc.md says some 100 thousand", n)
	}
}

// The card and the notebook name each other.
func TestTheNotebookOfTheCardIsThere(t *testing.T) { papertest.Notebook(t, Card()) }
