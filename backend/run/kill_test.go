//go:build unix

package run

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// The kill tests start this test binary again as a child that executes one scripted run, and kill it with SIGKILL.
const (
	childEnv  = "LOCI_RUN_CHILD" // folder of the run
	momentEnv = "LOCI_RUN_MOMENT"
)

const (
	killUnits = 126
	killBulk  = 100 << 10 // less than the record has at the first kill, so that a limit of bytes meets the record and no checkpoint
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(child(dir, os.Getenv(momentEnv)))
	}
	os.Exit(m.Run())
}

// killScript has checkpoints and stretches between them that take several calls to write.
func killScript() *script {
	m := newScript(killUnits)
	m.bulk, m.padding = killBulk, strings.Repeat("brick ", 2000)
	return m
}

// child executes the run and halts at the moment, so that the parent can kill it there: "unit N" when half of a unit's events are out,
// "snapshot N" when half of the first checkpoint after N or more units is in its file, "bytes N" when the record's write that passes
// byte N has put just the bytes before N into the file; "full N" is a disk that takes N bytes of a file and no more. At "bytes" the child kills itself, since it cannot halt inside of a
// system call.
func child(dir, moment string) int {
	kind, at, _ := strings.Cut(moment, " ")
	n, _ := strconv.ParseInt(at, 10, 64)
	m := killScript()
	switch kind {
	case "unit":
		m.middle = func(_ context.Context, unit int64) error { return haltIf(unit == n) }
	case "snapshot":
		m.snapshot = func(unit int64, _ io.Writer) error { return haltIf(unit >= n) }
	case "full":
		signal.Ignore(syscall.SIGXFSZ)
		limit := &syscall.Rlimit{Cur: uint64(n), Max: uint64(n)}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, limit); err != nil {
			fmt.Println(err)
			return 1
		}
	case "bytes":
		if err := dieAt(uint64(n)); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	end, err := Execute(context.Background(), config(dir, m))
	if kind == "bytes" {
		_ = haltIf(true) // the signal is under way
	}
	fmt.Println(end.Status, err)
	if err != nil {
		fmt.Println(lab.CodeOf(err), lab.HintOf(err))
	}
	return 0
}

// haltIf tells the parent that the moment has come and waits for the kill.
func haltIf(now bool) error {
	if now {
		fmt.Println("now")
		select {}
	}
	return nil
}

// dieAt lets the system cut every write at that byte of a file; the signal that it then sends is answered with a kill.
func dieAt(bytes uint64) error {
	passed := make(chan os.Signal, 1)
	signal.Notify(passed, syscall.SIGXFSZ)
	go func() {
		<-passed
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}()
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: bytes})
}

// killAt runs the child up to that moment and kills it there. It returns what the child said when it ended by itself.
func killAt(t *testing.T, dir, moment string) (killed bool, said string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir, momentEnv+"="+moment)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n') // an end of the pipe is an end of the child
	if line == "now\n" && !strings.HasPrefix(moment, "bytes") {
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	err = cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return true, ""
	}
	return false, fmt.Sprint(line, err)
}

func TestTwentyKillsLeaveTheSameRecordAsNone(t *testing.T) {
	t.Parallel()
	want := t.TempDir()
	if _, err := Execute(t.Context(), config(want, killScript())); err != nil {
		t.Fatal(err)
	}
	offsets := unitOffsets(t, want)
	dir := t.TempDir()
	path := filepath.Join(dir, RecordFile)
	batches, snapshots, between, torn := 0, 0, 0, 0
	for kill := range 20 {
		unit := int64(4 + 6*kill) // 4, 10, ... 118 of 126: evenly spread
		moment := fmt.Sprint("unit ", unit)
		switch kill % 4 {
		case 1:
			moment = fmt.Sprint("snapshot ", unit)
		case 0, 2:
			moment = fmt.Sprint("bytes ", offsets[unit]+int64(2000*kill+9)) // inside of frames of various kinds
		}
		killed, said := killAt(t, dir, moment)
		if !killed {
			t.Fatalf("kill %d, %s: the child was not killed: %s", kill, moment, said)
		}
		switch kill % 4 {
		case 1:
			halves, _ := filepath.Glob(filepath.Join(dir, "checkpoint-*.ckpt.tmp"))
			if len(halves) != 1 {
				t.Errorf("kill %d: half written checkpoints are %v", kill, halves)
			}
			if info, err := os.Stat(halves[0]); err != nil || info.Size() == 0 || info.Size() > killBulk {
				t.Errorf("kill %d: the half written checkpoint has %d bytes: %v", kill, info.Size(), err)
			}
			snapshots++
		case 3:
			between++
		default:
			info, err := os.Stat(path)
			if err != nil || fmt.Sprint("bytes ", info.Size()) != moment {
				t.Errorf("kill %d, %s: the record has %d bytes: %v", kill, moment, info.Size(), err)
			}
			batches++
		}
		torn += tornTail(t, path)
	}
	if killed, said := killAt(t, dir, ""); killed || said != "done <nil>\n<nil>" {
		t.Fatalf("the run did not end: %q", said)
	}
	wantEqual(t, want, dir)
	end, ok, err := Ended(path)
	if err != nil || !ok {
		t.Fatal(err)
	}
	wantFinal(t, want, end)
	if batches < 5 || snapshots < 5 || torn < 5 {
		t.Errorf("%d kills in a batch, %d in a checkpoint, %d torn tails: want five of each", batches, snapshots, torn)
	}
	t.Logf("20 kills: %d while a batch was written, %d while a checkpoint was written, %d between; %d records had a torn tail",
		batches, snapshots, between, torn)
}

// unitOffsets returns where the events of each unit begin in the record.
func unitOffsets(t *testing.T, dir string) map[int64]int64 {
	t.Helper()
	offsets := map[int64]int64{}
	for f, err := range record.Scan(filepath.Join(dir, RecordFile), record.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		if ev, err := f.Event(); err != nil {
			t.Fatal(err)
		} else if m, ok := ev.(lab.Metric); ok && m.Name == "weight" {
			offsets[m.X] = f.At.Offset
		}
	}
	return offsets
}

// tornTail returns 1 when the record ends inside of a frame.
func tornTail(t *testing.T, path string) int {
	t.Helper()
	r, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	info, err := os.Stat(path)
	if err != nil || r.Damage() != nil {
		t.Fatal(err, r.Damage())
	}
	if info.Size() > r.End().Offset {
		return 1
	}
	return 0
}

func TestAFullDiskIsAnErrorThatSaysWhatIsSafeAndTheRunGoesOnLater(t *testing.T) {
	t.Parallel()
	want := t.TempDir()
	if _, err := Execute(t.Context(), config(want, killScript())); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir, momentEnv+"=full "+fmt.Sprint(unitOffsets(t, want)[120]+77))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err, string(out))
	}
	for _, words := range []string{"unavailable", "cannot be written", "are on disk", "continues from its last checkpoint"} {
		if strings.Count(string(out), words) != 1 {
			t.Errorf("the error should say %q once: %s", words, out)
		}
	}
	if _, ok, err := Ended(filepath.Join(dir, RecordFile)); ok || err != nil {
		t.Errorf("the record has an end: %v", err)
	}
	if killed, said := killAt(t, dir, ""); killed || said != "done <nil>\n<nil>" {
		t.Fatalf("the run did not end: %q", said)
	}
	wantEqual(t, want, dir)
}
