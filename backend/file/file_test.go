package file

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alone demands that the folder holds nothing but the named files.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(names) {
		t.Fatalf("the folder holds %v, %v; want %v", entries, err, names)
	}
}

func TestAFileIsReplacedWholeWithItsMode(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"first", "", "a longer second text"} {
		if err := Replace(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || read(t, path) != text || info.Mode().Perm() != 0o640 {
			t.Errorf("it holds %q, mode %v, %v", read(t, path), info.Mode(), err)
		}
	}
	alone(t, dir, "a")
}

func TestAFailureLeavesTheOldFileAndNothingBesideIt(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := Replace(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := errors.New("no more")
	err := ReplaceWith(path, 0o644, func(w io.Writer) error {
		if _, err := w.Write(make([]byte, 1<<17)); err != nil {
			return err
		}
		return want
	})
	if !errors.Is(err, want) || read(t, path) != "old" {
		t.Errorf("the error is %v, the file holds %q", err, read(t, path))
	}
	alone(t, dir, "a")
	if err := Replace(filepath.Join(dir, "none", "a"), nil, 0o644); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder gives %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Replace(filepath.Join(dir, "b"), []byte("x"), 0o644); err == nil {
		t.Error("a folder was replaced by a file")
	}
	alone(t, dir, "a", "b")
}
