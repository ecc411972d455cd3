package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyNotebooksOfTheThreePlacesAreOpened(t *testing.T) {
	outsideFile := filepath.Join(t.TempDir(), "mine.md")
	if err := os.WriteFile(outsideFile, []byte(sample), 0o644); err != nil {
		t.Fatal(err)
	}
	k := newKit(t, func(c *Config) { c.Files = []string{outsideFile} })
	own := filepath.Join(k.home, "notebooks")
	if err := os.MkdirAll(filepath.Join(own, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(k.home, "secret.md")
	for _, f := range []string{secret, filepath.Join(own, "a.md"), filepath.Join(own, "deep", "b.md"), filepath.Join(own, ".hidden.md"), filepath.Join(own, "key.txt")} {
		if err := os.WriteFile(f, []byte(sample), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(own, "link.md")); err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{
		"experiments/memory-rewriting.md": 200,
		"notebooks/a.md":                  200,
		outsideFile:                       200,
		"":                                404,
		"experiments/none.md":             404,
		"experiments/../notebooks/a.md":   404,
		"notebooks/../secret.md":          404,
		"notebooks/deep/b.md":             404,
		"notebooks/.hidden.md":            404,
		"notebooks/key.txt":               404,
		"notebooks/link.md":               400,
		"notebooks\\..\\secret.md":        404,
		"notebooks/a.md\x00.md":           404,
		"C:secret.md":                     404,
		secret:                            404,
		filepath.Dir(outsideFile) + "/../" + "mine.md": 404,
		"/etc/passwd":        404,
		"file:///etc/passwd": 404,
		"experiments/" + strings.Repeat("../", 9) + "a.md": 404,
	} {
		r := k.request("GET", "/api/notebook", "")
		q := r.URL.Query()
		q.Set("path", path)
		r.URL.RawQuery = q.Encode()
		if res := k.do(r); res.StatusCode != status {
			t.Errorf("path %q: status %d, want %d: %s", path, res.StatusCode, status, bodyOf(t, res))
		}
	}
}

func TestACopyNeverLeavesTheFolderOfOwnNotebooks(t *testing.T) {
	k := newKit(t)
	var n Notebook
	for _, want := range []string{"notebooks/memory-rewriting.md", "notebooks/memory-rewriting-2.md"} {
		k.post("/api/notebook/copy?path=experiments/memory-rewriting.md", CopyRequest{}, &n)
		if n.Path != want || n.ReadOnly || n.Title != "Is retention enough?" {
			t.Errorf("copy %q (read-only %v) of %q, want %q", n.Path, n.ReadOnly, n.Title, want)
		}
	}
	k.post("/api/notebook/copy?path=notebooks/memory-rewriting.md", CopyRequest{Name: "mine"}, &n)
	if n.Path != "notebooks/mine.md" {
		t.Errorf("copy %q", n.Path)
	}
	for name, status := range map[string]int{"mine": 409, "../evil": 400, "a/b": 400, ".hidden": 400, "a\\b": 400} {
		r := k.request("POST", "/api/notebook/copy?path=experiments/memory-rewriting.md", `{"name":`+quoted(name)+`}`)
		k.refused(k.do(r), status)
	}
	if files, err := filepath.Glob(filepath.Join(k.home, "*.md")); err != nil || len(files) > 0 {
		t.Errorf("files outside of the folder: %v %v", files, err)
	}
}
