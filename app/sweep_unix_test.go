//go:build unix

package app

import (
	"context"
	"strings"
	"testing"
)

// The rungs of a sweep are decided here from the records that came back, so that a sweep elsewhere makes the runs of one that stays at home.
func TestTargetHalvingSweepGivesTheRecordsOfALocalOne(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file := u.notebook(halving())
			there, _ := u.loci(exitOK, "run", file, "--sweep", "halve", "--target", "there")
			local := runHere(t, file, "--sweep", "halve")
			wantSame(t, local, u)
			here, _ := local.loci(exitOK, "run", file, "--sweep", "halve", "--home", local.home)
			if there != here {
				t.Errorf("elsewhere the table is\n%swant\n%s", there, here)
			}
			nothingLeft(t, words)
		})
	}
}

func TestTargetHalvingSweepThatIsStoppedGoesOnWhereItStood(t *testing.T) {
	needsWorker(t)
	u := newUser(t)
	words := kinds(t)["computer"]
	u.add(words...)
	file := u.notebook(strings.NewReplacer("first: 256", "first: 50000", "last: 768", "last: 150000").Replace(halving()))
	ctx, cancel := context.WithCancel(t.Context())
	wait := u.start(ctx, "run", file, "--sweep", "halve", "--target", "there", "--seeds", "0")
	u.meet(2_000)
	cancel()
	if code, said := wait(); code != exitError || !strings.Contains(said, "stopped; what was done is kept") {
		t.Errorf("ends with %d: %s", code, said)
	}
	u.loci(exitOK, "run", file, "--sweep", "halve", "--target", "there", "--seeds", "0")
	wantSame(t, runHere(t, file, "--sweep", "halve", "--seeds", "0"), u)
	nothingLeft(t, words)
}
