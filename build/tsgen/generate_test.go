package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCommittedTypesAreThoseOfTheGoSources(t *testing.T) {
	dir := filepath.Join("..", "..")
	want, err := Generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, Output))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("%s is stale: run `npm run gen` in frontend", Output)
	}
}

func TestGenerate(t *testing.T) {
	const lab = `package lab
// Float survives JSON.
type Float float64
type Op string
const (
	Write Op = "write"
	Read  Op = "read"
)
type Base struct { ID string ` + "`json:\"id\"`" + ` }
`
	tests := []struct{ name, body, want string }{
		{"a field with a comment keeps it", "N int `json:\"n\"` // how many", "  /** how many */\n  n: number;\n"},
		{"a slice may be null", "N []string `json:\"n\"`", "  n: string[] | null;\n"},
		{"a slice of slices may hold null", "N [][]string `json:\"n\"`", "  n: (string[] | null)[] | null;\n"},
		{"a map may be null", "N map[string]lab.Float `json:\"n\"`", "  n: Record<string, Float> | null;\n"},
		{"an omitted pointer is optional", "N *lab.Op `json:\"n,omitempty\"`", "  n?: Op;\n"},
		{"raw JSON is unknown", "N json.RawMessage `json:\"n\"`", "  n: Json;\n"},
		{"a hidden field is left out", "N int `json:\"-\"`; M bool `json:\"m\"`", "{\n  m: boolean;\n}"},
		{"an embedded struct is written out", "lab.Base", "  id: string;\n"},
		{"a closed set of strings is a union", "N lab.Op `json:\"n\"`", "export type Op = \"write\" | \"read\";\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "lab/lab.go", lab)
			write(t, dir, "web/api.go", "package web\ntype Message struct {\n"+tt.body+"\n}\n")
			got, err := Generate(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant it to contain\n%s", got, tt.want)
			}
		})
	}
}

func TestGenerateNamesTheTypeThatIsMissing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "web/api.go", "package web\ntype Message struct { N stats.Verdict }\n")
	_, err := Generate(dir)
	if err == nil || !strings.Contains(err.Error(), "stats.Verdict") {
		t.Fatalf("got %v, want an error that names stats.Verdict", err)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, "backend", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
