package target

import (
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestAFileFromBeforeEndpointsIsWrittenBackAsItWas(t *testing.T) {
	old := "version: 1\nservices:\n  my-service:\n    url: https://train.example.org\n    secret: my-service\n    base-model: small-1b\n    rank: 32\n"
	all, err := Parse("f.yaml", []byte(old))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := Format(all); err != nil || string(text) != old {
		t.Errorf("%s, %v", text, err)
	}
}

func TestEveryPresetIsAnEndpointThatCanBeUsed(t *testing.T) {
	for _, p := range Presets() {
		got, err := FindPreset(p.Name)
		e := Endpoint{Name: "a", URL: p.URL, Model: "m", Parallel: 1}
		if err != nil || got != p || e.Check() != nil || e.InClear() {
			t.Errorf("%+v, %v, %v", got, err, e.Check())
		}
		if p.Key != strings.HasPrefix(p.URL, "https://") {
			t.Errorf("%s: a key is wanted by those elsewhere, and by them alone", p.Name)
		}
	}
	if _, err := FindPreset("gpt"); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), `"ollama"`) || lab.HintOf(err) == "" {
		t.Error(err)
	}
}

func TestEndpointsThatCannotBeUsedAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Endpoint)
		words  string
	}{
		"a name":            {func(e *Endpoint) { e.Name = "A" }, `"A"`},
		"this computer":     {func(e *Endpoint) { e.Name = "here" }, `"here"`},
		"an address":        {func(e *Endpoint) { e.URL = "h" }, "of the endpoint"},
		"the whole address": {func(e *Endpoint) { e.URL += "/chat/completions" }, "/chat/completions"},
		"plain http":        {func(e *Endpoint) { e.URL = "http://h/v1" }, "plain http"},
		"a secret":          {func(e *Endpoint) { e.Secret = "NO" }, "no name of a secret"},
		"no model":          {func(e *Endpoint) { e.Model = "" }, "names no model"},
		"a model":           {func(e *Endpoint) { e.Model = "a b" }, `"a b"`},
		"a rate":            {func(e *Endpoint) { e.PerMinute = -1 }, "per-minute is -1"},
		"a cap":             {func(e *Endpoint) { e.Dollars = -1 }, "dollars is -1"},
		"a cap unpriced":    {func(e *Endpoint) { e.Dollars = 1 }, "without prices"},
		"prices":            {func(e *Endpoint) { e.Prices[1] = -1 }, "prices are"},
		"none at once":      {func(e *Endpoint) { e.Parallel = 0 }, "parallel is 0"},
	} {
		e := Endpoint{Name: "a", URL: "https://h/v1", Model: "m", Parallel: 4}
		if err := e.Check(); err != nil {
			t.Fatal(err)
		}
		c.change(&e)
		if err := e.Check(); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPricesAreReadAndWritten(t *testing.T) {
	for text, want := range map[string][2]float64{"0.15,0.6": {0.15, 0.6}, " 1 , 2 ": {1, 2}, "3": {3, 3}, "0,5": {0, 5}} {
		got, err := ParsePrices(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
		if back, err := ParsePrices(FormatPrices(got)); err != nil || back != got {
			t.Errorf("%v comes back as %v, %v", got, back, err)
		}
	}
	for _, text := range []string{"", "a", "1,2,3", "-1,2", "NaN,1", "1,Inf"} {
		if got, err := ParsePrices(text); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%q is taken for %v, %v", text, got, err)
		}
	}
}

func TestATargetIsFoundByItsKindAndName(t *testing.T) {
	all := examples()
	if s, err := all.Service("far"); err != nil || s.Name != "far" {
		t.Error(err)
	}
	if e, err := all.Endpoint("local"); err != nil || e.Name != "local" {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		find  func() error
		words []string
	}{
		"an endpoint that is not there": {func() error { _, err := all.Endpoint("x"); return err }, []string{`"x"`, "endpoint", `"big" "lan" "local"`}},
		"a service as an endpoint":      {func() error { _, err := all.Endpoint("far"); return err }, []string{`"far" is of kind service`, `"local"`}},
		"an endpoint as a service":      {func() error { _, err := all.Service("local"); return err }, []string{`"local" is of kind endpoint`, `"far"`}},
		"one to remove":                 {func() error { return all.Remove("x") }, []string{`"x"`, `"far"`, `"local"`}},
	} {
		err := c.find()
		if lab.CodeOf(err) != lab.NotFound || lab.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q is missing in %v", name, w, err)
			}
		}
	}
	if err := all.Remove("lan"); err != nil || len(all.Endpoints) != 2 || len(all.Services) != 3 {
		t.Error(err)
	}
}
