package reme

import (
	"testing"

	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/papertest"
)

func TestTheDeviationsOfThePageAreThoseOfTheCard(t *testing.T) { papertest.Deviations(t, Card()) }

func TestEveryMetricStandsOnThePageWithUnitAndDirection(t *testing.T) {
	papertest.Metrics(t, metrics())
}

func TestThePageSaysWhereEachDefaultComesFrom(t *testing.T) {
	// docs/memories.md has the others.
	papertest.Defaults(t, Sections(), func(section, kind string) bool { return section == mem.Section && kind != Slug })
}

// The card and the notebook name each other.
func TestTheNotebookOfTheCardIsThere(t *testing.T) { papertest.Notebook(t, Card()) }
