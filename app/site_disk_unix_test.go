//go:build unix

package app

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/run"
)

// mounted is a file system of its own, where this account may mount one.
func mounted(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return dir
}

func TestTargetFolderThatForbidsProgramsIsToldInPlainWords(t *testing.T) {
	needsWorker(t)
	u := newUser(t)
	u.add("--computer", "--set=folder="+mounted(t, "noexec,size=400m"))
	_, said := u.loci(exitError, "target", "test", "there")
	wantWords(t, said, "may not be executed", "noexec")
}

func TestTargetWithAFullDiskIsToldAndGoesOnWhenThereIsRoom(t *testing.T) {
	needsWorker(t)
	dir := mounted(t, "size=17m")
	u := newUser(t)
	u.add("--computer", "--set=folder="+dir)
	_, said := u.loci(exitError, "target", "test", "there")
	wantWords(t, said, "MB free, want 256")
	file, pick := meetable(u)
	code, said := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)()
	if code != exitError {
		t.Fatalf("a run on a disk of 17 MB ends with %d:\n%s", code, said)
	}
	wantWords(t, said, "free space")
	if !strings.Contains(said, "no space left") && !strings.Contains(said, "is full") {
		t.Errorf("it is not said that the disk is full:\n%s", said)
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,size=400m", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	u.loci(exitOK, append([]string{"run", file, "--target", "there"}, pick...)...)
	wantSame(t, runHere(t, file, pick...), u)
}

// fill writes a file until the disk of a folder is full, and returns what frees it.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []int{1 << 20, 1 << 12, 1} { // the last byte, too
		for b := make([]byte, piece); err == nil || errors.Is(err, io.ErrShortWrite); {
			_, err = f.Write(b)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		err = nil
	}
	_ = f.Close()
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTargetWhatComesBackToAFullDiskWaitsForRoom(t *testing.T) {
	needsWorker(t)
	words := kinds(t)["computer"]
	u := newUser(t)
	u.add(words...)
	disk := mounted(t, "size=17m")
	if err := os.Symlink(disk, filepath.Join(u.home, "runs")); err != nil {
		t.Fatal(err)
	}
	file, pick := meetable(u)
	wait := u.start(t.Context(), append([]string{"run", file, "--target", "there"}, pick...)...)
	u.meet(20_000)
	free := fill(t, disk)
	for folder := strings.TrimPrefix(words[1], "--set=folder="); len(processes(t, folder)) > 0; {
		<-time.After(100 * time.Millisecond) // until the run has ended there
	}
	<-time.After(away())
	for _, p := range u.records() {
		if end, ok, err := run.Ended(p); ok || err != nil {
			t.Errorf("a record on a full disk has its end: %+v, %v", end, err)
		}
	}
	free()
	code, said := wait()
	if code != exitOK {
		t.Fatalf("ends with %d:\n%s", code, said)
	}
	wantWords(t, said, "what comes back cannot be kept", "no space left")
	wantSame(t, runHere(t, file, pick...), u)
	nothingLeft(t, words)
}
