package memoryr1

import (
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
)

func TestTheDeviationsOfThePageAreThoseOfTheCard(t *testing.T) { papertest.Deviations(t, Card()) }

func TestEveryMetricStandsOnThePageWithUnitAndDirection(t *testing.T) {
	papertest.Metrics(t, metrics())
}

func TestThePageSaysWhereEachDefaultComesFrom(t *testing.T) {
	// docs/memories.md has the others.
	papertest.Defaults(t, Sections(), func(section, kind string) bool { return section == mem.Section && kind != Own })
}

func TestTheModelHasAsManyNumbersAsThePageSays(t *testing.T) {
	spec, _, _, err := warmStart(setup(t, given{"kind": Tiny}, own(), brief()))
	if err != nil {
		t.Fatal(err)
	}
	n := nn.Count(nn.NewDecoder(rng.New(1, "weights"), spec.Shape).Weights())
	if n < 375000 || n > 389000 || !strings.Contains(papertest.Page(t), "some 380 thousand numbers") {
		t.Errorf("the model has %d numbers, doc.md says some 380 thousand", n)
	}
}

// The card and the notebook name each other.
func TestTheNotebookOfTheCardIsThere(t *testing.T) { papertest.Notebook(t, Card()) }
