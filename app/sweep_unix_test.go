//go:build unix

package app

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/sched"
)

// longHalving is halving with runs of some seconds, so that rungs can be met while they go on.
func longHalving() string {
	return strings.NewReplacer("first: 256", "first: 200000", "last: 768", "last: 600000").Replace(halving())
}

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
	file := u.notebook(longHalving())
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

// opened does what `loci serve` does with work that was left, and waits until all of it is over.
func (u user) opened() (jobs []sched.Job) {
	u.t.Helper()
	var said bytes.Buffer
	defer func() {
		if u.t.Failed() {
			u.t.Logf("Loci said:\n%s", said.String())
		}
	}()
	c := &cli{out: io.Discard, err: &said, cfg: Config{Home: u.home, Jobs: 2}}
	if err := c.withEnv(u.t.Context(), func(ctx context.Context, e *env) error {
		if err := e.owner.Adopt(ctx); err != nil {
			return err
		}
		for jobs = e.owner.Jobs(); slices.ContainsFunc(jobs, func(j sched.Job) bool { return j.State == sched.Running }); jobs = e.owner.Jobs() {
			<-time.After(20 * time.Millisecond) // a process elsewhere tells nobody
		}
		return nil
	}); err != nil {
		u.t.Fatal(err)
	}
	for _, j := range jobs {
		if j.State != sched.Done {
			u.t.Errorf("job of sweep %q ended as %s: %v", j.Sweep, j.State, j.Err)
		}
	}
	return jobs
}

// wantWhole wants the sweep as it is where nobody left, and nothing that would go on.
func (u user) wantWhole(file string, jobs []sched.Job, words ...string) {
	u.t.Helper()
	if len(jobs) != 1 || jobs[0].Sweep != "halve" {
		u.t.Errorf("%d jobs went on", len(jobs))
	}
	wantSame(u.t, runHere(u.t, file, words...), u)
	if notes, _ := filepath.Glob(filepath.Join(u.home, "sweeps", "*")); len(notes) != 0 {
		u.t.Errorf("notes are left: %v", notes)
	}
}

func TestTargetHalvingSweepThatIsLeftGoesOnByItselfWhenLociIsOpened(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file := u.notebook(halving())
			_, said := u.loci(exitOK, "run", file, "--sweep", "halve", "--target", "there", "--leave")
			wantWords(t, said, "there has the runs of rung 1 of 2. Rung 2 of 2 starts when Loci is open (`loci serve`, or this command again) and those are back.")
			u.wantWhole(file, u.opened(), "--sweep", "halve")
			nothingLeft(t, words)
		})
	}
}

// The same command with --leave fetches a rung that has ended, and leaves the next one there.
func TestTargetHalvingSweepThatIsLeftInEveryRung(t *testing.T) {
	needsWorker(t)
	u := newUser(t)
	words := kinds(t)["computer"]
	u.add(words...)
	file := u.notebook(longHalving())
	args := []string{"run", file, "--sweep", "halve", "--target", "there", "--seeds", "0", "--leave"}
	u.loci(exitOK, args...)
	quiet := func() {
		for folder := strings.TrimPrefix(words[1], "--set=folder="); len(processes(t, folder)) > 0; {
			<-time.After(50 * time.Millisecond) // until the rung has ended there
		}
	}
	quiet()
	_, said := u.loci(exitOK, args...)
	wantWords(t, said, "there has the runs of rung 2 of 2. The same command without --leave fetches them, and so does Loci when it is open")
	quiet()
	_, said = u.loci(exitOK, args...)
	wantWords(t, said, "All runs are back.")
	u.wantWhole(file, []sched.Job{{Sweep: "halve"}}, "--sweep", "halve", "--seeds", "0")
	nothingLeft(t, words)
}

func TestTargetHalvingSweepWhoseOwnerIsKilledGoesOnByItself(t *testing.T) {
	needsWorker(t)
	all := kinds(t)
	all["here"] = nil
	for kind, words := range all {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			file := u.notebook(longHalving())
			args := []string{"run", file, "--sweep", "halve", "--seeds", "0"}
			if words != nil {
				u.add(words...)
				args = append(args, "--target", "there")
			}
			u.killedAfter(2_000, args...)
			u.wantWhole(file, u.opened(), "--sweep", "halve", "--seeds", "0")
			nothingLeft(t, words)
		})
	}
}
