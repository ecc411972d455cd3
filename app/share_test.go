package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatOneExportsAnotherImportsWithoutRunningAnything(t *testing.T) {
	ada := newUser(t)
	book := ada.notebook(holding(">= 0.9"))
	ada.loci(exitOK, "run", book)
	file := filepath.Join(t.TempDir(), "small.loci")
	out, said := ada.loci(exitOK, "export", book, "-o", file, "--author", "Ada", "--json")
	wantWords(t, said, "4 runs: results ", "memory history 0 bytes")
	var shared struct {
		Type  string
		Bytes int64
		Runs  int
	}
	if err := json.Unmarshal([]byte(out), &shared); err != nil || shared.Type != "shared" || shared.Runs != 4 || shared.Bytes == 0 {
		t.Errorf("export prints %q (%v)", out, err)
	}

	bob := newUser(t)
	_, said = bob.loci(exitOK, "import", file)
	wantWords(t, said, readOnly, "by Ada", "4 runs added, 0 were here already")
	kept := filepath.Join(bob.home, "notebooks", "small.md")
	_, said = bob.loci(exitOK, "run", kept)
	wantWords(t, said, "Nothing to run (4 unchanged)")
	out, _ = bob.loci(exitOK, "import", file, "--json")
	wantWords(t, out, `"added":[]`, kept)
	if own, err := filepath.Glob(filepath.Join(filepath.Dir(kept), "*.md")); err != nil || len(own) != 1 {
		t.Errorf("importing twice leaves %v (%v), want one notebook", own, err)
	}
}

func TestAnExportStopsAtAStoredSecretAndAtAKeyOfAKnownShape(t *testing.T) {
	t.Setenv("LOCI_PASSPHRASE", "of this test")
	u := newUser(t)
	key := "ghp" + "_" + "Zq3Kd9Lm2Np7Rt5Vx8Yb4Cf6Gh1Jk0WsAe2B"
	book := u.notebook(strings.Replace(holding(">= 0.9"), "# Small", "# Small\n\nmine is "+key, 1))
	u.loci(exitOK, "run", book)
	dir := t.TempDir()
	for _, form := range []string{"export", "report"} {
		_, said := u.loci(exitError, form, book, "-o", filepath.Join(dir, "x"))
		if form == "export" {
			wantWords(t, said, "GitHub token", "content/notebook/small.md, line ", "nothing was written", "do: ")
		}
		if strings.Contains(said, key) {
			t.Errorf("%s shows the key:\n%s", form, said)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v (%v)", form, left, err)
		}
	}
}

func TestErrorsOfSharingSayWhatToDo(t *testing.T) {
	u := newUser(t)
	book := u.notebook(holding(">= 0.9"))
	broken := filepath.Join(t.TempDir(), "broken.loci")
	if err := os.WriteFile(broken, []byte("no archive"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"nothing was run", []string{"export", book}, []string{"nothing of", "do: run it first: loci run"}},
		{"unknown detail", []string{"export", book, "--detail", "all"}, []string{`"all"`, "episodes, memory, weights"}},
		{"seeds that are none", []string{"report", book, "--seeds", "many"}, []string{"many", "do: "}},
		{"no such file", []string{"import", "nowhere.loci"}, []string{`"nowhere.loci"`, "do: "}},
		{"a file that is none", []string{"import", broken}, []string{"refused", "do: ask who shared it"}},
		{"opening a file that is none", []string{"open", broken, "--browser"}, []string{"refused", "do: ask who shared it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u.t = t
			_, said := u.loci(exitError, c.args...)
			wantWords(t, said, append(c.words, "error: ")...)
		})
	}
}
