//go:build unix

package app

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTargetGivesTheRecordsOfALocalRun(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			out, _ := u.loci(exitOK, "target", "test", "there")
			wantWords(t, out, "worker")
			file := u.notebook(holding(">= 0.9"))
			u.loci(exitOK, "run", file, "--target", "there")
			wantSame(t, runHere(t, file), u)
			nothingLeft(t, words)
			_, said := u.loci(exitOK, "run", file, "--target", "there")
			wantWords(t, said, "Nothing to run (4 unchanged)")
		})
	}
}

// It takes a minute for each kind of target: `build/targets --only TestTheFirstNotebook ssh slurm ray` runs it.
func TestTheFirstNotebookGivesTheSameRecordsEverywhere(t *testing.T) {
	needsWorker(t)
	file, pick := filepath.Join("..", "experiments", "memory-rewriting.md"), []string{"--budget", "fast", "--seeds", "0"}
	local := runHere(t, file, pick...)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
			wantSame(t, local, u)
			nothingLeft(t, words)
			t.Logf("%d records are equal", len(u.records()))
		})
	}
}

func TestTargetWhoseWorkerIsKilledGoesOnFromItsCheckpoint(t *testing.T) {
	needsWorker(t)
	u := newUser(t)
	words := kinds(t)["computer"]
	u.add(words...)
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	for _, p := range processes(t, strings.TrimPrefix(words[1], "--set=folder=")) {
		n, _ := strconv.Atoi(p)
		if err := syscall.Kill(-n, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	code, said := wait()
	if code != exitError {
		t.Errorf("ends with %d", code)
	}
	wantWords(t, said, "was killed", "run again to go on from its last checkpoint")
	if kept, _ := filepath.Glob(filepath.Join(strings.TrimPrefix(words[1], "--set=folder="), "runs", "*", "checkpoint-*")); len(kept) == 0 {
		t.Error("no checkpoint is left there to go on from")
	}
	u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
	wantSame(t, runHere(t, file, pick...), u)
	nothingLeft(t, words)
}

func TestTargetCancelledRunLeavesNoProcessAndGoesOnLater(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := stoppable(u, kind)
			ctx, cancel := context.WithCancel(t.Context())
			wait := u.start(ctx, append([]string{"run", file, "--target", "there"}, pick...)...)
			u.meet(20_000)
			cancel()
			if code, said := wait(); code != exitError || !strings.Contains(said, "stopped; what was done is kept") {
				t.Errorf("ends with %d:\n%s", code, said)
			}
			nothingLeft(t, words)
			u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
			wantSame(t, runHere(t, file, pick...), u)
		})
	}
}

func TestTargetCancelDuringSubmitStartsNothing(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := meetable(u)
			for _, after := range []time.Duration{300, 320, 380, 500, 700, 1000} {
				ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
				code, _ := u.start(ctx, append([]string{"run", file, "--target", "there"}, pick...)...)()
				cancel()
				if code != exitError {
					t.Errorf("ends with %d", code)
				}
				nothingLeft(t, words)
				nothingQueued(t, kind)
			}
		})
	}
}

func TestTargetWorkGoesOnWhileLociIsAwayAndIsFetchedLater(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := meetable(u)
			_, said := u.loci(exitOK, append([]string{"run", file, "--target", "there", "--leave"}, pick...)...)
			wantWords(t, said, "there has the runs")
			if notes, _ := filepath.Glob(filepath.Join(u.home, "orders", "*.json")); len(notes) != 1 {
				t.Fatalf("%d notes on what was sent", len(notes))
			}
			u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
			wantSame(t, runHere(t, file, pick...), u)
			nothingLeft(t, words)
			if notes, _ := filepath.Glob(filepath.Join(u.home, "orders", "*.json")); len(notes) != 0 {
				t.Errorf("%d notes are left", len(notes))
			}
		})
	}
}

func TestTargetOwnerThatWasKilledFindsItsRunsAgain(t *testing.T) {
	needsWorker(t)
	for kind, words := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			u := newUser(t)
			u.add(words...)
			file, pick := stoppable(u, kind)
			args := append([]string{"run", file, "--target", "there"}, pick...)
			u.killedAfter(20_000, args...)
			u.loci(exitOK, args...)
			wantSame(t, runHere(t, file, pick...), u)
			nothingLeft(t, words)
		})
	}
}
