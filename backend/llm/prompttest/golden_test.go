package prompttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
)

// failing notes failures in place of failing.
type failing struct {
	testing.TB
	said []string
}

func (f *failing) Helper()                   {}
func (f *failing) Errorf(s string, a ...any) { f.said = append(f.said, fmt.Sprintf(s, a...)) }
func (f *failing) Fatalf(s string, a ...any) { f.Errorf(s, a...); panic(f) }
func (f *failing) Fatal(a ...any)            { f.said = append(f.said, fmt.Sprint(a...)); panic(f) }
func (f *failing) run(do func(t testing.TB)) { defer func() { _ = recover() }(); do(f) }

func TestAGoldenFileIsWrittenComparedAndMissed(t *testing.T) {
	p, err := llm.ParsePrompt("ask", []byte("---\nreader: the agent\nfields:\n  q: what is asked\n---\n## system\nBe brief.\n## user\n{{q}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "testdata", "ask.golden")
	q := map[string]string{"q": "where is\nthe key?"}
	missing := &failing{TB: t}
	missing.run(func(t testing.TB) { Golden(t, p, q, file, false) })
	if len(missing.said) != 1 || !strings.Contains(missing.said[0], "-update") {
		t.Errorf("a missing file says %q", missing.said)
	}
	Golden(t, p, q, file, true)
	Golden(t, p, q, file, false)
	text, err := os.ReadFile(file)
	if want := "hash " + p.Hash() + "\n\n[system]\nBe brief.\n\n[user]\nwhere is\nthe key?\n"; err != nil || string(text) != want {
		t.Errorf("the file is %q, %v", text, err)
	}
	other := &failing{TB: t}
	other.run(func(t testing.TB) { Golden(t, p, map[string]string{"q": "who?"}, file, false) })
	if len(other.said) != 1 || !strings.Contains(other.said[0], "who?") {
		t.Errorf("another rendering says %q", other.said)
	}
	wrong := &failing{TB: t}
	wrong.run(func(t testing.TB) { Golden(t, p, nil, file, false) })
	if len(wrong.said) != 1 || !strings.Contains(wrong.said[0], `"q"`) {
		t.Errorf("a missing value says %q", wrong.said)
	}
}
