package reasoningbank

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
	papertest.Defaults(t, Sections(), func(section, kind string) bool { return section == mem.Section && kind != Slug })
}

func TestTheActorHasAsManyNumbersAsThePageSays(t *testing.T) {
	spec, _, err := warmStart(schemaAt(t, "laptop"))
	if err != nil {
		t.Fatal(err)
	}
	n := nn.Count(nn.NewDecoder(rng.New(1, "weights"), spec.Shape).Weights())
	if n < 80000 || n > 100000 || !strings.Contains(papertest.Page(t), "some 90 thousand numbers") {
		t.Errorf("the actor has %d numbers, doc.md says some 90 thousand", n)
	}
}

func TestTheNotebookOfTheCardIsThere(t *testing.T) { papertest.Notebook(t, Card()) }
