package memorygraft

import (
	"testing"

	"github.com/loci-lab/loci/backend/papertest"
)

func TestTheDeviationsOfThePageAreThoseOfTheCard(t *testing.T) { papertest.Deviations(t, Card()) }

func TestEveryMetricStandsOnThePageWithUnitAndDirection(t *testing.T) {
	papertest.Metrics(t, metrics())
}

func TestThePageSaysWhereEachDefaultComesFrom(t *testing.T) {
	papertest.Defaults(t, Sections(), nil)
}

// The card and the notebook name each other.
func TestTheNotebookOfTheCardIsThere(t *testing.T) { papertest.Notebook(t, Card()) }
