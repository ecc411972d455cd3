// Package prompttest shows in review what a model reads: a prompt's rendering is compared with a golden file.
package prompttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/llm"
)

// Golden renders the prompt with the values of its fields and compares the messages with a file, which update rewrites. Its first line is the
// prompt's hash, so that a change of the prompt's file shows even where the rendering stays.
func Golden(t testing.TB, p *llm.Prompt, values map[string]string, file string, update bool) {
	t.Helper()
	got, err := Text(p, values)
	if err != nil {
		t.Fatal(err)
	}
	if update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it", err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("prompt %q renders as\n%s\nand not as in %s; look at the difference, then run the test with -update", p.Name, got, file)
	}
}

// Text is what a golden file holds: the prompt's hash, and each message behind its role.
func Text(p *llm.Prompt, values map[string]string) (string, error) {
	messages, err := p.Render(values)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("hash " + p.Hash() + "\n")
	for _, m := range messages {
		b.WriteString("\n[" + m.Role + "]\n" + m.Text + "\n")
	}
	return b.String(), nil
}
