package memoryvla

import (
	"testing"

	"github.com/loci-lab/loci/backend/papertest"
)

func TestTheDeviationsOfThePageAreThoseOfTheCard(t *testing.T) { papertest.Deviations(t, Card()) }

func TestEveryMetricStandsOnThePageWithUnitAndDirection(t *testing.T) {
	papertest.Metrics(t, Metrics())
}

func TestThePageSaysWhereEachDefaultComesFrom(t *testing.T) {
	papertest.Defaults(t, Sections(), nil)
}

func TestTheNotebookIsOfThisPaper(t *testing.T) { papertest.Notebook(t, Card()) }
