package app

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRecordedClaimsAreListedWithTheirVerdicts(t *testing.T) {
	u := newUser(t)
	out, _ := u.loci(exitOK, "claims", "popgym", "wmar")
	for _, want := range []string{"popgym.md", "memory-pays", "wmar.md", "plasticity-price", "wanted >= 0.15", " held, "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "loop.md") {
		t.Error("a paper that was not asked for is listed")
	}
	out, _ = u.loci(exitOK, "claims", "--json")
	seen := map[string]bool{}
	for line := range strings.Lines(out) {
		var l struct {
			Notebook, Claim, Verdict, Kernel, Date string
			Parts                                  []struct{ N int }
			Seeds                                  []uint64
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Notebook == "" || l.Claim == "" || l.Verdict == "" || l.Kernel == "" || l.Date == "" || len(l.Parts) == 0 || len(l.Seeds) < 2 {
			t.Errorf("claim %s", line)
		}
		seen[l.Notebook] = true
	}
	if len(seen) < 25 {
		t.Errorf("claims of %d notebooks are listed", len(seen))
	}
	_, text := u.loci(exitError, "claims", "popgim")
	if !strings.Contains(text, `paper "popgim" is none of this build`) || !strings.Contains(text, "popgym") {
		t.Errorf("a paper that is none is told as %s", text)
	}
}
