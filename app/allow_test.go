package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outsider is a notebook whose world is a program.
const outsider = `---
loci: 1
title: Outside
paper: text-memory
---
# Outside

` + "```yaml world" + `
kind: outside
command: [loci-test-program, "an argument"]
` + "```" + `

` + "```yaml arms" + `
one: {}
two: {memory.kind: none}
` + "```" + `

` + "```yaml run" + `
seeds: 1
budget: fast
target: here
` + "```" + `
`

func TestAProgramThatANotebookNamesIsStartedOnlyWhenItWasAllowed(t *testing.T) {
	u := newUser(t)
	path := u.notebook(outsider)
	shown := `loci-test-program "an argument"`
	out, _ := u.loci(0, "allow", path, "--show")
	wantWords(t, out, "not allowed: "+shown)
	_, said := u.loci(exitError, "run", path)
	wantWords(t, said, "was not allowed", shown, "loci allow")
	out, _ = u.loci(0, "allow", path)
	wantWords(t, out, "allowed: "+shown)
	_, said = u.loci(exitError, "run", path)
	wantWords(t, said, "loci-test-program")
	if strings.Contains(said, "was not allowed") {
		t.Errorf("it is still refused: %s", said)
	}
	out, _ = u.loci(0, "allow", path, "--forget")
	wantWords(t, out, "not allowed: "+shown)
	list := filepath.Join(u.home, "programs.json")
	if err := os.WriteFile(list, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, said = u.loci(exitError, "allow", path, "--show")
	wantWords(t, said, list, "do: ")
}
