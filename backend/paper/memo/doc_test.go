package memo

import (
	"testing"

	"github.com/loci-lab/loci/backend/papertest"
)

func TestPageCardAndNotebookAgree(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Defaults(t, Sections(), nil)
	papertest.Notebook(t, Card())
}
