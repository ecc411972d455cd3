//go:build unix

package app

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// nothingQueued wants no job of the cluster that waits or runs.
func nothingQueued(t *testing.T, kind string) {
	t.Helper()
	if !strings.HasPrefix(kind, "slurm") {
		return
	}
	var out []byte
	for range 50 { // what was ended is being put away for a moment
		var err error
		if out, err = exec.CommandContext(t.Context(), "squeue", "-h", "-r", "-o", "%i %T").CombinedOutput(); err == nil && strings.TrimSpace(string(out)) == "" {
			return
		}
		<-time.After(200 * time.Millisecond)
	}
	t.Errorf("Slurm still has %s", out)
}

func TestTargetRunThatSlurmPutsBackIntoTheQueueGoesOn(t *testing.T) {
	needs(t, "LOCI_TEST_SLURM")
	words := kinds(t)["slurm"]
	u := newUser(t)
	u.add(words...)
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `for j in $(squeue -h -r -o %i); do scontrol requeue $j; done`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	hurry(t)
	if code, said := wait(); code != exitOK {
		t.Fatalf("ends with %d:\n%s", code, said)
	}
	wantSame(t, runHere(t, file, pick...), u)
	nothingLeft(t, words)
}

// hurry lets what Slurm put back into the queue begin at once: by itself it waits for two minutes.
func hurry(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `while sleep 1; do for j in $(squeue -h -r -t PD -o %i); do scontrol update JobId=$j StartTime=now; done; done`)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }() // it ends with the test
}

func TestTargetRunThatAnotherJobPutsAsideGoesOn(t *testing.T) {
	log := needs(t, "LOCI_TEST_SLURM_LOG")
	words := append(kinds(t)["slurm"], "--set=partition=low")
	u := newUser(t)
	u.add(words...)
	file, pick := u.notebook(longer(2_400_000)), []string{one, "--seeds=0"} // Slurm takes seconds to see that another job comes first
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	job, err := exec.CommandContext(t.Context(), "sbatch", "--parsable", "-p", "high", "-N", "2", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 3").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, job)
	}
	hurry(t)
	if code, said := wait(); code != exitOK {
		t.Fatalf("ends with %d:\n%s", code, said)
	}
	text, err := os.ReadFile(log)
	if err != nil || !strings.Contains(strings.ToLower(string(text)), "preempt") {
		t.Errorf("Slurm preempted nothing, %v", err)
	}
	wantSame(t, runHere(t, file, pick...), u)
	nothingLeft(t, words)
}

// TestTargetRunsSpreadOverTheNodesOfACluster also has an order become two arrays: the cluster of build/targets takes three tasks in one.
func TestTargetRunsSpreadOverTheNodesOfACluster(t *testing.T) {
	log := needs(t, "LOCI_TEST_SLURM_JOBS")
	before, _ := os.ReadFile(log) // it may not be there yet
	words := append(kinds(t)["slurm"], "--set=jobs=4")
	u := newUser(t)
	u.add(words...)
	file := u.notebook(longer(60_000))
	u.loci(exitOK, "run", file, "--target", "there", "--seeds", "0-3")
	wantSame(t, runHere(t, file, "--seeds", "0-3"), u)
	nothingLeft(t, words)
	after, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	ran := string(after[len(before):])
	for _, node := range []string{"node0", "node1"} {
		if !strings.Contains(ran, "NodeList="+node) {
			t.Errorf("nothing ran on %s:\n%s", node, ran)
		}
	}
}
