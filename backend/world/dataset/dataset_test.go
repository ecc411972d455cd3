package dataset

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestAFileIsReadOnlyWithTheContentThatItWasImportedWith(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(path, []byte("[1]"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := lab.DataFile{Name: "mine", Layout: "locomo", Path: path, Hash: Hash([]byte("[1]"))}
	if text, err := Read(f); err != nil || string(text) != "[1]" {
		t.Fatalf("the file is read as %q, %v", text, err)
	}
	f.Hash = Hash([]byte("[2]"))
	if _, err := Read(f); lab.CodeOf(err) != lab.Conflict || !strings.Contains(lab.HintOf(err), "loci import-data locomo FILE --name mine --replace") {
		t.Errorf("a changed file gives %v, hint %q", err, lab.HintOf(err))
	}
	f.Path += ".gone"
	if _, err := Read(f); lab.CodeOf(err) != lab.Unavailable {
		t.Errorf("a file that is gone gives %v", err)
	}
}

func TestOpeningAsksForTheRightLayout(t *testing.T) {
	bench := lab.Bench{Data: func(name string) (lab.DataFile, error) { return lab.DataFile{Name: name, Layout: "gsm8k"}, nil }}
	if _, err := Open(bench, "mine", "locomo"); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), `"gsm8k"`) {
		t.Errorf("data of another layout give %v", err)
	}
	if _, err := Open(lab.Bench{}, "mine", "locomo"); lab.CodeOf(err) != lab.NotFound || !strings.Contains(lab.HintOf(err), "loci import-data locomo FILE --name mine") {
		t.Errorf("a bench without data gives %v", err)
	}
}

func TestErrorsShowWhatWasFound(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"nothing", "", "missing"},
		{"a number", "17", "17"},
		{"a long text is cut between letters", `"` + strings.Repeat("ü", 100) + `"`, `"` + strings.Repeat("ü", 29) + "..."},
		{"bytes that are no text", "\xff", "\uFFFD"},
	} {
		if got := Show(json.RawMessage(c.value)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	var v any
	text := []byte("[1,\n 2,,3]")
	if err := Syntax("a.json", text, 5, json.Unmarshal(text, &v)); !strings.HasPrefix(err.Error(), "a.json:6:4: ") {
		t.Errorf("the second comma stands at %v", err)
	}
}

func TestAnswersMayBeNumbers(t *testing.T) {
	for value, want := range map[string]string{`"x"`: "x", "2022": "2022", "1.50": "1.50", "true": "true", "null": "", "[]": "", `""`: "", "": "", "{": ""} {
		if got, ok := Answer(json.RawMessage(value)); got != want || ok != (want != "") {
			t.Errorf("%s is read as %q, %v, want %q", value, got, ok, want)
		}
	}
	if _, ok := Text(json.RawMessage("null")); ok {
		t.Error("null is a text")
	}
}
