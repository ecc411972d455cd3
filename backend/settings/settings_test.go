package settings

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// shelf keeps rows in memory.
type shelf map[string]json.RawMessage

func (s shelf) Rows(context.Context) (rows []Row, err error) {
	for name, value := range s {
		rows = append(rows, Row{Name: name, Value: value, Changed: time.UnixMilli(5)})
	}
	return rows, nil
}

func (s shelf) Put(_ context.Context, name string, value json.RawMessage) error {
	s[name] = value
	return nil
}

func (s shelf) Drop(_ context.Context, name string) error {
	if _, ok := s[name]; !ok {
		return lab.Errorf(lab.NotFound, "setting %q does not exist", name)
	}
	delete(s, name)
	return nil
}

func TestEverySettingIsDocumentedAndItsDefaultIsLegal(t *testing.T) {
	groups := map[string]bool{}
	for _, g := range Groups() {
		groups[g.Name] = g.Title != "" && g.Doc != ""
	}
	seen := map[string]bool{}
	for _, s := range All() {
		if seen[s.Name] {
			t.Errorf("%s stands twice", s.Name)
		}
		seen[s.Name] = true
		if s.Title == "" || s.Doc == "" || s.Counts == "" || !groups[s.Group] || !strings.HasPrefix(s.Name, s.Group+".") {
			t.Errorf("%s: title, text, effect or group is missing", s.Name)
		}
		if err := s.Check(s.Default); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestValuesAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		setting, value, says string // says "" for a legal one
	}{
		"a look that is there":            {Look, `"dark"`, ""},
		"a look that is not":              {Look, `"blue"`, `"light"`},
		"a look that is a number":         {Look, `3`, `"system"`},
		"nothing":                         {Look, `null`, "want one of"},
		"a whole number":                  {Jobs, `4`, ""},
		"a number with a part":            {Jobs, `1.5`, "whole number from 1 to 256"},
		"too few":                         {Jobs, `0`, "1 to 256"},
		"too many":                        {Jobs, `257`, "is 257"},
		"a number in quotes":              {Jobs, `"4"`, "whole number"},
		"a part of a gigabyte":            {FreeDisk, `0.5`, ""},
		"less than nothing":               {FreeDisk, `-1`, "0 to 10000"},
		"a switch":                        {Notices, `true`, ""},
		"a switch that is a word":         {Notices, `"on"`, "true or false"},
		"keys":                            {Bindings, `{"keys":["?","Mod+Shift+F1"],"go-run":["g r"],"space":["Space"],"none":[]}`, ""},
		"a command with a strange name":   {Bindings, `{"A b":["x"]}`, "no command"},
		"a key that is none":              {Bindings, `{"keys":["Ctrl and K"]}`, `"Ctrl and K"`},
		"three keys one after the other":  {Bindings, `{"keys":["g l x"]}`, "is no key"},
		"modifiers in another order":      {Bindings, `{"keys":["Shift+Mod+K"]}`, "is no key"},
		"more keys than a command has":    {Bindings, `{"keys":["a","b","c","d","e","f","h"]}`, "at most 6"},
		"keys that are no object":         {Bindings, `[]`, "an object"},
		"a command whose keys are a word": {Bindings, `{"keys":"x"}`, "an object"},
	} {
		s, err := Find(c.setting)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Check(json.RawMessage(c.value))
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.says) || lab.HintOf(err) == ""):
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func TestAValueIsKeptAndResetAlone(t *testing.T) {
	kept := shelf{}
	b, err := Open(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(7)
	for name, value := range map[string]string{Jobs: "3", Look: `"dark"`} {
		if err := b.Set(t.Context(), name, json.RawMessage(value), now); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Set(t.Context(), Jobs, json.RawMessage("0"), now); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("0 jobs: %v", err)
	}
	if b.Number(Jobs) != 3 || b.Text(Look) != "dark" {
		t.Errorf("%v jobs, look %s", b.Number(Jobs), b.Text(Look))
	}
	if err := b.Reset(t.Context(), Jobs); err != nil {
		t.Fatal(err)
	}
	value, changed := b.Value(Jobs)
	if !changed.IsZero() || b.Number(Jobs) < 1 || b.Text(Look) != "dark" || len(kept) != 1 {
		t.Errorf("%s changed %v, kept %v", value, changed, kept)
	}
	if err := b.Reset(t.Context(), ""); err != nil || b.Text(Look) != "system" || len(kept) != 0 {
		t.Errorf("%v: look %s, kept %v", err, b.Text(Look), kept)
	}
	if err := b.Set(t.Context(), "look.colour", json.RawMessage(`1`), now); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("a setting that is none: %v", err)
	}
}

func TestABrokenRowIsPutAsideOnceAndOthersStay(t *testing.T) {
	kept := shelf{Jobs: json.RawMessage(`"many"`), Look: json.RawMessage(`"dark"`), "targets.tests": json.RawMessage(`{}`)}
	b, err := Open(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	said := b.Aside()
	if len(said) != 1 || !strings.Contains(said[0], `"many"`) || !strings.Contains(said[0], "aside.limits.jobs") || b.Text(Look) != "dark" {
		t.Errorf("said %q, look %s", said, b.Text(Look))
	}
	if string(kept["aside.limits.jobs"]) != `"many"` || kept[Jobs] != nil || kept["targets.tests"] == nil {
		t.Errorf("kept %v", kept)
	}
	again, err := Open(t.Context(), kept)
	if err != nil || len(again.Aside()) != 0 {
		t.Errorf("said again %q, %v", again.Aside(), err)
	}
}

func TestDefaultsAreSaidInWords(t *testing.T) {
	var got []string
	for _, name := range []string{Look, Smoothing, FreeDisk, Notices, Bindings} {
		s, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s.Say(s.Default))
	}
	if want := []string{"as the system", "off", "1 GB", "off", "none"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
