package catalog_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/loci-lab/loci/backend"
	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
)

func TestEveryPaperShowsTheSourcesOfItsMechanism(t *testing.T) {
	for _, p := range catalog.Papers() {
		m, err := p.Mechanism(backend.Sources)
		if err != nil {
			t.Errorf("%s: %v", p.Card.Slug, err)
			continue
		}
		if m.Sheet == "" || len(m.Parts) < 3 {
			t.Errorf("%s: %d parts from %q, want at least 3 and where they are from", p.Card.Slug, len(m.Parts), m.Sheet)
		}
		for _, part := range m.Parts {
			if part.Section == "" || part.Says == "" || len(part.Texts) == 0 || len(part.Beats) == 0 {
				t.Errorf("%s: part %q lacks words, code or beats", p.Card.Slug, part.Section)
			}
			for _, b := range part.Beats {
				if !slices.Contains(catalog.Beats(), b) {
					t.Errorf("%s: part %q has beat %q, want one of %q", p.Card.Slug, part.Section, b, catalog.Beats())
				}
			}
			for _, c := range part.Texts {
				if !strings.Contains(c.Text, c.Symbol[strings.LastIndex(c.Symbol, ".")+1:]) || c.Line < 1 || len(c.Marks) == 0 {
					t.Errorf("%s: %s %s was cut wrongly: %q", p.Card.Slug, c.File, c.Symbol, c.Text)
				}
			}
		}
	}
}

const source = `package a

// T is a type.
type T struct{}

// Half is "x / 2".
func (t *T) Half(x float64) float64 { return x / 2 } // so
`

func described(code string) fstest.MapFS {
	return fstest.MapFS{
		"a.go":                       {Data: []byte(source)},
		"paper/memrl/mechanism.yaml": {Data: []byte("sheet: s\nparts:\n- section: a\n  says: b\n  beats: [read]\n  code: [" + code + "]\n")},
	}
}

func TestADeclarationIsCutWithItsComment(t *testing.T) {
	p, _ := catalog.Find("memrl")
	for code, want := range map[string]string{
		"a.go T":      "// T is a type.\ntype T struct{}",
		"a.go T.Half": "// Half is \"x / 2\".\nfunc (t *T) Half(x float64) float64 { return x / 2 }",
	} {
		m, err := p.Mechanism(described(code))
		if err != nil || m.Parts[0].Texts[0].Text != want {
			t.Errorf("%s: %v %+v", code, err, m)
			continue
		}
		for _, mark := range m.Parts[0].Texts[0].Marks {
			if got := want[mark.From:mark.To]; mark.Kind == "comment" != strings.HasPrefix(got, "//") {
				t.Errorf("%s: %q is a %s", code, got, mark.Kind)
			}
		}
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	p, _ := catalog.Find("memrl")
	for code, want := range map[string]string{"a.go Gone": `declares no "Gone"`, "b.go T": `"b.go" does not ship`, "a.go": "names no symbol"} {
		if _, err := p.Mechanism(described(code)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", code, err, want)
		}
	}
	if _, err := p.Mechanism(fstest.MapFS{}); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("no description: %v", err)
	}
}
