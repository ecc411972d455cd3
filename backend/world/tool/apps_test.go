package tool

import (
	"testing"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func appsDefaults() *AppsKnobs { return &AppsKnobs{Horizon: 14, Forms: 4, Silently: true} }

func apps1(t *testing.T) *World {
	t.Helper()
	w, err := New(appsDefaults(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAppsKeepTheContractOfTextWorlds(t *testing.T) {
	worldtest.Text(t, worldtest.TextOptions{
		New: func() (world.Text, error) { return New(appsDefaults(), 1) }, Random: 0.01, MemoryFree: 0.01, Episodes: 400,
	})
}
