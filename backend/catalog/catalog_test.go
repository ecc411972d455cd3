package catalog

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
)

// folders lists the packages below a folder of backend.
func folders(t *testing.T, under string) (all []string) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join("..", under, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if files, _ := filepath.Glob(filepath.Join(d, "*.go")); len(files) > 0 {
			all = append(all, under+"/"+filepath.Base(d))
		}
	}
	if len(all) == 0 {
		t.Fatalf("no package below backend/%s", under)
	}
	return all
}

func TestEveryFolderOfAPaperIsInTheListAndEveryEntryHasItsPage(t *testing.T) {
	var listed []string
	for _, p := range Papers() {
		listed = append(listed, p.Folder)
		page, err := os.ReadFile(filepath.Join("..", p.Folder, "doc.md"))
		if err != nil {
			t.Errorf("%s has no page: %v", p.Card.Slug, err)
		}
		for _, part := range []string{"# ", "## Deviations", "## Metrics", "## References"} {
			if !strings.Contains("\n"+string(page), "\n"+part) {
				t.Errorf("the page of %s has no part %q", p.Card.Slug, part)
			}
		}
	}
	slices.Sort(listed)
	if found := folders(t, "paper"); !slices.Equal(listed, found) {
		t.Errorf("papers in the list are %v, folders are %v: add a line to Papers", listed, found)
	}
}

func TestCardsAreComplete(t *testing.T) {
	slugs := map[string]bool{}
	for _, p := range Papers() {
		c := p.Card
		if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(c.Slug) || slugs[c.Slug] {
			t.Errorf("slug %q is not of small letters, digits and hyphens, or is there twice", c.Slug)
		}
		slugs[c.Slug] = true
		v := reflect.ValueOf(c)
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if name != "Minutes" && name != "Extra" && v.Field(i).IsZero() { // minutes are known once results are recorded
				t.Errorf("the card of %s has no %s", c.Slug, name)
			}
		}
		for i, d := range c.Deviation {
			if !regexp.MustCompile(`^D\d+: `).MatchString(d) {
				t.Errorf("deviation %d of %s is %q, want it to begin with its number", i+1, c.Slug, d)
			}
		}
		if _, err := os.Stat(filepath.Join("..", "..", "experiments", c.Notebook)); err != nil {
			t.Errorf("the notebook of %s: %v", c.Slug, err)
		}
		checkMetrics(t, p)
	}
}

func checkMetrics(t *testing.T, p Paper) {
	t.Helper()
	names := map[string]bool{}
	for _, m := range p.Card.Metrics {
		if names[m.Name] || !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(m.Name) {
			t.Errorf("%s: metric %q is there twice, or is not of small letters, digits and underscores", p.Card.Slug, m.Name)
		}
		names[m.Name] = true
		if m.Unit == "" || m.XUnit == "" || m.Doc == "" || !slices.Contains([]string{"", "higher", "lower"}, m.Better) {
			t.Errorf("%s: metric %+v lacks a unit, a unit of its x axis or a description, or has a direction that is none", p.Card.Slug, m)
		}
		if got, ok := p.Metric(m.Name); !ok || got != m {
			t.Errorf("%s: metric %s is found as %+v", p.Card.Slug, m.Name, got)
		}
	}
	if _, ok := p.Metric("no_such_metric"); ok {
		t.Errorf("%s: a metric of no name is found", p.Card.Slug)
	}
}

func TestEveryKnobIsWellFormed(t *testing.T) {
	for _, p := range Papers() {
		if len(p.Sections) == 0 {
			t.Errorf("%s has no section", p.Card.Slug)
		}
		for _, s := range p.Sections {
			if err := s.Check(); err != nil {
				t.Errorf("%s: %v", p.Card.Slug, err)
			}
			for _, k := range s.Kinds {
				fields, err := schema.Fields(k)
				if err != nil || k.Doc == "" {
					t.Errorf("%s: kind %s.%s with description %q: %v", p.Card.Slug, s.Name, k.Name, k.Doc, err)
				}
				for _, f := range fields {
					if numeric := f.Type == schema.Int || f.Type == schema.Float; f.Doc == "" || numeric && (f.Min == nil || f.Max == nil) {
						t.Errorf("%s: knob %s of %s.%s lacks a description or a bound", p.Card.Slug, f.Path, s.Name, k.Name)
					}
				}
			}
		}
	}
}

// The defaults of every kind, at every budget, make a method.
func TestTheDefaultsOfEveryKindMakeAMethod(t *testing.T) {
	papertest.Whole(t)
	for _, p := range Papers() {
		for _, budget := range lab.Budgets() {
			base := lab.Setup{Paper: p.Card.Slug, Budget: budget, Sections: map[string]json.RawMessage{}}
			for _, s := range p.Sections {
				base.Sections[s.Name] = defaults(t, s, "", budget)
			}
			for _, s := range p.Sections {
				first := base.Sections[s.Name]
				for _, k := range s.Kinds {
					base.Sections[s.Name] = defaults(t, s, k.Name, budget)
					m, err := p.New(base, 1, lab.Bench{Threads: 1})
					if err != nil {
						t.Errorf("%s with %s.kind %s at budget %s: %v", p.Card.Slug, s.Name, k.Name, budget, err)
						continue
					}
					if c, ok := m.(interface{ Close() error }); ok {
						_ = c.Close()
					}
				}
				base.Sections[s.Name] = first
			}
		}
	}
}

func defaults(t *testing.T, s schema.Section, kind, budget string) json.RawMessage {
	t.Helper()
	raw, err := schema.Resolve(s, kind, nil, budget)
	if err != nil {
		t.Fatalf("defaults of %s.kind %q at budget %s: %v", s.Name, kind, budget, err)
	}
	return raw
}

func TestPapersAreFoundByTheirSlug(t *testing.T) {
	for _, slug := range Slugs() {
		if p, err := Find(slug); err != nil || p.Card.Slug != slug {
			t.Errorf("%s is found as %q, %v", slug, p.Card.Slug, err)
		}
	}
	_, err := Find("memory-rewritin")
	if lab.CodeOf(err) != lab.NotFound || lab.HintOf(err) == "" || !strings.Contains(err.Error(), `"memory-rewritin"`) || !strings.Contains(err.Error(), Slugs()[0]) {
		t.Errorf("a slug that is none gives %v, want not-found with the legal ones and a hint", err)
	}
	if !slices.IsSorted(Slugs()) || len(Slugs()) != len(Papers()) {
		t.Errorf("slugs are %v, want those of all papers in alphabetical order", Slugs())
	}
}

func TestEveryPaperAndWorldHasACodeIdentity(t *testing.T) {
	hash := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for _, p := range Papers() {
		if !hash.MatchString(p.Code()) {
			t.Errorf("code identity of %s is %q", p.Card.Slug, p.Code())
		}
	}
	for _, f := range folders(t, "world") {
		if f != "world/worldtest" && !hash.MatchString(identities()[f]) {
			t.Errorf("code identity of %s is %q", f, identities()[f])
		}
	}
}
