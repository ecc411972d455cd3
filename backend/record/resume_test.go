package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestAResumedRunIsComparedWithItsRecordAndThenAppends(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.rec")
	good := lab.Checkpoint{Unit: 1, File: "a"}
	bad := lab.Checkpoint{Unit: 2, File: "b"}
	head := append(samples(0, 10), good)
	middle := append(samples(10, 20), bad)
	write(t, path, append(append(append([]lab.Event{}, head...), middle...), samples(20, 25)...)...)

	w, last, found, err := Resume(path, func(cp lab.Checkpoint) bool { return cp.File == "a" }, Options{})
	if err != nil || !found || last != good || w.Seq() != 11 || !w.Verifying() {
		t.Fatalf("last %+v found %v next %v: %v", last, found, w.Seq(), err)
	}
	emit(t, w, middle...)
	if err := w.Flush(); err != nil || w.Safe() != 27 {
		t.Errorf("%d events safe, want all 27: %v", w.Safe(), err)
	}
	emit(t, w, samples(20, 25)...)
	if w.Verifying() {
		t.Error("still verifying at the tail")
	}
	emit(t, w, samples(25, 30)...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "undisturbed.rec")
	write(t, other, append(append(append([]lab.Event{}, head...), middle...), samples(20, 30)...)...)
	if diff, err := Equal(path, other); diff != nil || err != nil {
		t.Error(diff, err)
	}
}

func TestAnotherEventThanTheRecordedOneIsAConflict(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.rec")
	write(t, path, samples(0, 10)...)
	before, _ := os.ReadFile(path)
	w, _, found, err := Resume(path, func(lab.Checkpoint) bool { return true }, Options{})
	if err != nil || found {
		t.Fatalf("found %v: %v", found, err)
	}
	emit(t, w, samples(0, 6)...)
	wantCode(t, w.Emit(lab.Metric{Name: "return", X: 6, Value: 7}), lab.Conflict, "event 6", `"value":2.449`, `"value":7`, "another build or set-up")
	wantCode(t, w.Emit(sample(6)), lab.Conflict, "event 6")
	wantCode(t, w.Close(), lab.Conflict, "event 6")
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the record was changed")
	}
}

func TestAnEndedRecordIsNotContinuedUnlessAskedAndNeverWhenDone(t *testing.T) {
	for _, c := range []struct {
		status string
		reopen bool
		want   bool
	}{
		{lab.StatusDone, false, false},
		{lab.StatusDone, true, false},
		{lab.StatusCancelled, false, false},
		{lab.StatusCancelled, true, true},
		{lab.StatusFailed, true, true},
	} {
		path := filepath.Join(t.TempDir(), "run.rec")
		write(t, path, append(samples(0, 5), lab.End{Status: c.status})...)
		w, _, _, err := Resume(path, nil, Options{Reopen: c.reopen})
		if !c.want {
			wantCode(t, err, lab.Conflict, "ended with event 5 as", c.status)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		emit(t, w, samples(0, 7)...)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if r := open(t, path); r.Len() != 7 || w.Cut() != 0 {
			t.Errorf("%s: %d events, want 7; %d bytes reported as torn", c.status, r.Len(), w.Cut())
		}
	}
}

func TestARecordThatIsNotThereIsNotFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.rec")
	_, _, _, err := Resume(path, nil, Options{})
	wantCode(t, err, lab.NotFound, "none.rec")
	_, err = Open(path)
	wantCode(t, err, lab.NotFound, "none.rec")
}

func state(unit int64) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "state after unit %d %s", unit, bytes.Repeat([]byte("x"), 100_000))
		return err
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return fmt.Sprint(out)
}

func TestTheLastTwoCheckpointsStay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "checkpoint-000000000003.ckpt.tmp"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	var cps []lab.Checkpoint
	for unit := range int64(5) {
		cp, err := WriteCheckpoint(dir, unit, state(unit))
		if err != nil {
			t.Fatal(err)
		}
		cps = append(cps, cp)
	}
	if got := names(t, dir); got != "[checkpoint-000000000003.ckpt checkpoint-000000000004.ckpt]" {
		t.Errorf("folder holds %s", got)
	}
	wantCode(t, CheckCheckpoint(dir, cps[2]), lab.NotFound, "unit 2")
	for _, cp := range cps[3:] {
		f, err := OpenCheckpoint(dir, cp)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		state(cp.Unit)(&want)
		got, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(got, want.Bytes()) || int64(len(got)) != cp.Bytes {
			t.Errorf("checkpoint %d holds %d bytes, want %d: %v", cp.Unit, len(got), want.Len(), err)
		}
		f.Close()
	}
	// A run that went back to an older unit keeps the one it writes.
	cp, err := WriteCheckpoint(dir, 1, state(1))
	if err != nil {
		t.Fatal(err)
	}
	if cp != cps[1] || CheckCheckpoint(dir, cp) != nil {
		t.Errorf("checkpoint written again is %+v, want %+v", cp, cps[1])
	}
}

func TestABrokenCheckpointIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	cp, err := WriteCheckpoint(dir, 5, state(5))
	if err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(filepath.Join(dir, cp.File))
	data[77] ^= 1
	if err := os.WriteFile(filepath.Join(dir, cp.File), data, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = OpenCheckpoint(dir, cp)
	wantCode(t, err, lab.Invalid, "earlier checkpoint")
	_, err = OpenCheckpoint(dir, lab.Checkpoint{File: "../../etc/passwd"})
	wantCode(t, err, lab.Invalid, "passwd")
}

func TestASnapshotThatFailsLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	cause := errors.New("no snapshot in the middle of a unit")
	if _, err := WriteCheckpoint(dir, 1, func(io.Writer) error { return cause }); !errors.Is(err, cause) {
		t.Errorf("error is %v", err)
	}
	if got := names(t, dir); got != "[]" {
		t.Errorf("folder holds %s", got)
	}
}

// play is a run of 40 units in folder dir that continues where a kill left it. Each unit emits 500 events and every second one keeps
// a checkpoint. tell hears of every moment at which a kill may come.
func play(dir string, tell func(moment string)) error {
	w, unit, err := begin(dir)
	if err != nil {
		return err
	}
	for ; unit < 40; unit++ {
		for i := range 500 {
			if err := w.Emit(sample(int(unit)*500 + i)); err != nil {
				return err
			}
		}
		tell("batch")
		if unit%2 == 1 {
			if err := keep(w, dir, unit+1, tell); err != nil {
				return err
			}
		}
	}
	return errors.Join(w.Emit(lab.End{Status: lab.StatusDone}), w.Close())
}

func begin(dir string) (*Writer, int64, error) {
	path := filepath.Join(dir, "run.rec")
	w, last, _, err := Resume(path, func(cp lab.Checkpoint) bool { return CheckCheckpoint(dir, cp) == nil }, Options{})
	if lab.CodeOf(err) == lab.NotFound {
		w, err = Create(path, Options{})
	}
	return w, last.Unit, err
}

func keep(w *Writer, dir string, unit int64, tell func(string)) error {
	cp, err := WriteCheckpoint(dir, unit, func(out io.Writer) error {
		tell("checkpoint")
		err := state(unit)(out)
		tell("checkpoint")
		return err
	})
	if err != nil {
		return err
	}
	tell("event")
	return w.Emit(cp)
}

// TestMain plays the run in a process of its own when the parent test asks for it.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LOCI_TEST_PLAY"); dir != "" {
		if err := play(dir, func(moment string) { fmt.Println(moment) }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// playAndKill starts the run and kills its process at the n-th moment from now. It returns that moment, "" when the run ended before.
func playAndKill(t *testing.T, dir string, n int) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "LOCI_TEST_PLAY="+dir)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	moment := ""
	for i := 0; lines.Scan(); i++ {
		if i == n {
			moment = lines.Text()
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil && moment == "" {
		t.Fatalf("%v: %s", err, problem.String())
	}
	return moment
}

func TestARunKilledTwentyTimesEndsInTheUndisturbedRecord(t *testing.T) {
	calm, hard := t.TempDir(), t.TempDir()
	if err := play(calm, func(string) {}); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	kills := map[string]int{}
	for total := 0; total < 20; total++ {
		n := rng.IntN(7) // a unit has 1 to 4 moments, so that the run still comes forward
		moment := playAndKill(t, hard, n)
		if moment == "" { // ended: begin a second life, so that twenty kills come
			hard = equalThenFresh(t, calm, hard)
			total--
			continue
		}
		kills[moment]++
	}
	for playAndKill(t, hard, -1) != "" {
		t.Fatal("a run that nobody killed did not end")
	}
	equalThenFresh(t, calm, hard)
	t.Log("kills: " + strconv.Itoa(kills["batch"]) + " in a batch, " + strconv.Itoa(kills["checkpoint"]+kills["event"]) + " in a checkpoint")
}

func equalThenFresh(t *testing.T, calm, hard string) string {
	t.Helper()
	diff, err := Equal(filepath.Join(calm, "run.rec"), filepath.Join(hard, "run.rec"))
	if diff != nil || err != nil {
		t.Fatal(diff, err)
	}
	return t.TempDir()
}
