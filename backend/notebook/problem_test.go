package notebook

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

var update = flag.Bool("update", false, "rewrite the golden files; read the diff like code")

// Each file of testdata/problems is a notebook with mistakes; beside it stands what a user sees, letter by letter.
func TestEveryProblemReadsAsItsGoldenFile(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.md")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d notebooks with mistakes (%v), want at least 100", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d, problems := Parse(name+".md", src, testVocab{})
			if string(Print(d)) != string(src) {
				t.Error("Print gives other bytes back")
			}
			var out strings.Builder
			for _, p := range problems {
				out.WriteString(p.String() + "\n")
			}
			golden(t, strings.TrimSuffix(file, ".md")+".golden", out.String())
			if _, err := Resolve(d, "", Overrides{}); len(problems) > 0 && lab.CodeOf(err) != lab.Invalid {
				t.Errorf("a notebook with problems resolves: %v", err)
			}
			for _, p := range problems {
				if c, ok := d.Cell(p.Cell); ok && c.Value != nil {
					t.Errorf("cell %s has a problem and a value", c.ID)
				}
				if p.Hint == "" || strings.HasSuffix(p.Msg, ".") {
					t.Errorf("problem without a hint or with a full stop: %v", p)
				}
			}
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; make it with -update", err)
	}
	if got != string(want) {
		t.Errorf("problems\n%s\nwant\n%s", got, want)
	}
}

func TestAProblemBecomesAnErrorWithItsPlace(t *testing.T) {
	_, problems := Parse("x.md", []byte(front+"```yaml agent\nkind: lstm\nwidth: 0\nclamp: 3\n```\n"), testVocab{})
	err := Err(problems)
	if got, want := err.Error(), "x.md:9:8: agent.clamp is 3, want true or false"; len(problems) != 2 || problems[1].Lab().Error() != want {
		t.Errorf("second problem %v, want %s (all: %s)", problems, want, got)
	}
	if want := "x.md:8:8: agent.width is 0, want 1 to 512 (and 1 more)"; err.Error() != want || lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
		t.Errorf("error %v, want %s", err, want)
	}
	if Err(nil) != nil {
		t.Error("no problems are an error")
	}
	if p := problems[0]; p.Value != "0" || len(p.Legal) != 1 || p.Legal[0] != "1 to 512" || p.Cell != "agent" {
		t.Errorf("problem %+v", p)
	}
}
