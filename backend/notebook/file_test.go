package notebook

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func loaded(t *testing.T, mode fs.FileMode) (string, *Document) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.md")
	if err := os.WriteFile(path, []byte(good), mode); err != nil {
		t.Fatal(err)
	}
	d, err := Load(path, testVocab{})
	if err != nil || len(d.Problems()) > 0 {
		t.Fatal(err, d.Problems())
	}
	return path, d
}

func TestSaveReplacesTheFileAndKeepsItsMode(t *testing.T) {
	path, d := loaded(t, 0o640)
	base := d.Hash()
	next := must(t, NewState(d), &SetTitle{Title: "Other"}).Doc
	hash, err := Save(path, next, base)
	if err != nil || hash != next.Hash() {
		t.Fatalf("hash %s, %v", hash, err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != string(Print(next)) {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
	if _, err := Save(path, d, hash); err != nil {
		t.Errorf("a second save with the new hash: %v", err)
	}
}

func TestSaveRefusesWhatItDidNotSee(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(t *testing.T, path string)
		base   func(d *Document) string
		code   lab.Code
	}{
		{"a file that was changed outside", func(t *testing.T, path string) { write(t, path, good+"more\n") }, (*Document).Hash, lab.Conflict},
		{"a file that was deleted", func(t *testing.T, path string) { remove(t, path) }, (*Document).Hash, lab.Conflict},
		{"a new file where one is", func(*testing.T, string) {}, func(*Document) string { return "" }, lab.Conflict},
		{"a folder that is gone", func(t *testing.T, path string) { remove(t, path); remove(t, filepath.Dir(path)) }, func(*Document) string { return "" }, lab.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, d := loaded(t, 0o644)
			c.before(t, path)
			before, _ := os.ReadFile(path)
			if _, err := Save(path, d, c.base(d)); lab.CodeOf(err) != c.code || lab.HintOf(err) == "" {
				t.Errorf("error %v, want %s with a hint", err, c.code)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed all the same")
			}
		})
	}
}

func TestSaveMakesANewFileAndWritesThroughALink(t *testing.T) {
	path, d := loaded(t, 0o644)
	fresh := filepath.Join(filepath.Dir(path), "new.md")
	if _, err := Save(fresh, d, ""); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(filepath.Dir(path), "link.md")
	if err := os.Symlink(path, link); err != nil {
		t.Skipf("this system makes no links: %v", err)
	}
	next := must(t, NewState(d), &SetTitle{Title: "Other"}).Doc
	if _, err := Save(link, next, d.Hash()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became a file (%v)", err)
	}
	if got, _ := os.ReadFile(path); string(got) != string(Print(next)) {
		t.Error("the file behind the link kept its text")
	}
}

func TestLoadSaysThatThereIsNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.md")
	_, err := Load(path, testVocab{})
	if lab.CodeOf(err) != lab.NotFound || err.Error() != `there is no file "`+path+`"` {
		t.Errorf("error %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
