package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/loci-lab/loci/backend/lab"
)

type shared struct {
	Width int `json:"width" doc:"numbers in the state" default:"64" fast:"16" full:"256" min:"1" max:"512" group:"memory" main:"true" unit:"numbers"`
}

type knobs struct {
	shared
	Lambda float64   `json:"lambda" doc:"share of value" default:"0.5" min:"0" max:"1" symbol:"λ" paper:"0.3" pitfall:"none"`
	Clamp  bool      `json:"clamp" doc:"hold the gate" default:"true"`
	Steps  int64     `json:"steps" doc:"steps" default:"1000" min:"1"`
	Seed   uint64    `json:"seed" doc:"seed" default:"18446744073709551615"`
	Regime string    `json:"regime" doc:"lengths" default:"fixed" enum:"fixed,uniform"`
	Note   string    `json:"note" doc:"free text"`
	Levels []int     `json:"levels" doc:"levels" default:"1,3" min:"1" max:"3"`
	Rates  []float64 `json:"rates" doc:"rates" max:"1"`
	Names  []string  `json:"names" doc:"names" default:"a" enum:"a,b"`
	hidden int
}

func (k *knobs) Validate() error {
	if k.hidden == 0 && k.Clamp && k.Lambda == 1 {
		return errors.New("clamp needs lambda below 1")
	}
	return nil
}

type none struct{}

func section() Section {
	return Section{Name: "memory", Kinds: []Kind{
		{Name: "memrl", Doc: "d", New: func() any { return new(knobs) }},
		{Name: "off", Doc: "d", New: func() any { return new(none) }},
	}}
}

func TestResolveFillsInEveryKnobInTheOrderOfTheStruct(t *testing.T) {
	const rest = `"clamp":true,"steps":1000,"seed":18446744073709551615,"regime":"fixed","note":"","levels":[1,3],"rates":[],"names":["a"]}`
	for _, c := range []struct {
		name, kind, budget string
		given              map[string]any
		want               string
	}{
		{"defaults at laptop", "memrl", "laptop", nil, `{"kind":"memrl","width":64,"lambda":0.5,` + rest},
		{"defaults at fast", "", "fast", nil, `{"kind":"memrl","width":16,"lambda":0.5,` + rest},
		{"defaults at full", "memrl", "full", nil, `{"kind":"memrl","width":256,"lambda":0.5,` + rest},
		{"given values win over the budget", "memrl", "fast", map[string]any{"width": 3, "lambda": 3e-4}, `{"kind":"memrl","width":3,"lambda":0.0003,` + rest},
		{"a whole float is a whole number", "memrl", "laptop", map[string]any{"width": 1e2, "lambda": int64(1), "clamp": false},
			`{"kind":"memrl","width":100,"lambda":1,` + strings.Replace(rest, "true", "false", 1)},
		{"numbers as JSON writes them", "memrl", "laptop", map[string]any{"width": json.Number("5"), "lambda": json.Number("1e-1"), "seed": json.Number("18446744073709551614")},
			`{"kind":"memrl","width":5,"lambda":0.1,` + strings.Replace(rest, "615", "614", 1)},
		{"a kind without knobs", "off", "laptop", nil, `{"kind":"off"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Resolve(section(), c.kind, c.given, c.budget)
			if err != nil || string(got) != c.want {
				t.Errorf("resolved %s, %v\nwant     %s", got, err, c.want)
			}
		})
	}
}

// wrong lists values that no notebook may hold, and what is said about each.
func wrong() []struct {
	name  string
	given map[string]any
	msg   string
	hint  string
} {
	return []struct {
		name  string
		given map[string]any
		msg   string
		hint  string
	}{
		{"above the bound", map[string]any{"lambda": 1.7}, "memory.lambda is 1.7, want 0 to 1", "give memory.lambda 0 to 1"},
		{"below the bound", map[string]any{"steps": 0}, "memory.steps is 0, want 1 or more", "give memory.steps 1 or more"},
		{"a text for a number", map[string]any{"width": "wide"}, `memory.width is "wide", want a whole number`, "give memory.width a whole number"},
		{"a broken number", map[string]any{"width": 2.5}, "memory.width is 2.5, want a whole number", "give memory.width a whole number"},
		{"a number for a text", map[string]any{"note": 3}, "memory.note is 3, want a text", "give memory.note a text"},
		{"a text for a switch", map[string]any{"clamp": "yes"}, `memory.clamp is "yes", want true or false`, "give memory.clamp true or false"},
		{"a slip in an enum", map[string]any{"regime": "fixd"}, `memory.regime is "fixd", want one of "fixed", "uniform"`, "write fixed"},
		{"another enum", map[string]any{"regime": "zzz"}, `memory.regime is "zzz", want one of "fixed", "uniform"`, `give memory.regime one of "fixed", "uniform"`},
		{"an element of a list", map[string]any{"levels": []any{1, 4}}, "memory.levels[1] is 4, want 1 to 3", "give memory.levels[1] 1 to 3"},
		{"an element of a list of names", map[string]any{"names": []string{"a", "c"}}, `memory.names[1] is "c", want one of "a", "b"`, `give memory.names[1] one of "a", "b"`},
		{"one value for a list", map[string]any{"rates": 0.5}, "memory.rates is 0.5, want a list of numbers", "give memory.rates a list of numbers"},
		{"nothing", map[string]any{"width": nil}, "memory.width is empty, want a whole number", "give memory.width a whole number"},
		{"a slip in a name", map[string]any{"lamda": 1}, `memory "memrl" has no knob "lamda", want one of "width", "lambda", "clamp", "steps", "seed", "regime", "note", "levels", "rates", "names"`, "write lambda"},
		{"the paper's symbol", map[string]any{"λ": 1}, `memory "memrl" has no knob "λ", want one of "width", "lambda", "clamp", "steps", "seed", "regime", "note", "levels", "rates", "names"`, "write lambda (the paper's λ)"},
		{"a negative seed", map[string]any{"seed": -1}, "memory.seed is -1, want 0 or more", "give memory.seed 0 or more"},
		{"a list in a list", map[string]any{"levels": []any{[]any{1}}}, "memory.levels[0] is [1], want a whole number", "give memory.levels[0] a whole number"},
	}
}

func TestAWrongValueIsNamedWithTheLegalOnes(t *testing.T) {
	for _, c := range wrong() {
		t.Run(c.name, func(t *testing.T) {
			_, err := Resolve(section(), "memrl", c.given, "laptop")
			if lab.CodeOf(err) != lab.Invalid || err == nil || err.Error() != c.msg || lab.HintOf(err) != c.hint {
				t.Errorf("error %v (%s)\nwant  %s (%s)", err, lab.HintOf(err), c.msg, c.hint)
			}
			if f, ok := errors.AsType[*FieldError](err); !ok || !strings.HasPrefix(f.Path, "memory.") || len(f.Legal) == 0 {
				t.Errorf("no FieldError inside: %+v", f)
			}
		})
	}
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		if _, err := Resolve(section(), "memrl", map[string]any{"lambda": v}, "laptop"); err == nil {
			t.Errorf("lambda %v is taken", v)
		}
	}
	if got := len(Problems(section(), "memrl", map[string]any{"width": 0, "lambda": 2, "x": 1})); got != 3 {
		t.Errorf("%d problems, want all 3", got)
	}
}

func TestOtherMistakesOfACallerAreNamed(t *testing.T) {
	for _, c := range []struct{ kind, budget, want string }{
		{"memlr", "laptop", `memory has no kind "memlr", want one of "memrl", "off"`},
		{"memrl", "labtop", `budget is "labtop", want one of "fast", "laptop", "full"`},
	} {
		if _, err := Resolve(section(), c.kind, nil, c.budget); err == nil || err.Error() != c.want || lab.HintOf(err) == "" {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	_, err := Resolve(section(), "off", map[string]any{"width": 1}, "laptop")
	if want := `memory "off" has no knob "width", it has none at all`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_, err = Resolve(section(), "memrl", map[string]any{"lambda": 1}, "laptop")
	if want := `memory "memrl": clamp needs lambda below 1`; err == nil || err.Error() != want || lab.CodeOf(err) != lab.Invalid {
		t.Errorf("Validate was not asked: %v, want %s", err, want)
	}
}

func TestLookupFindsPathsAndProposesTheNearest(t *testing.T) {
	sections := []Section{section()}
	s, f, err := Lookup(sections, nil, "memory.lambda")
	if err != nil || s.Name != "memory" || f.Path != "lambda" || f.Type != Float || *f.Max != 1 || f.Symbol != "λ" {
		t.Errorf("field %+v of %s, %v", f, s.Name, err)
	}
	if _, f, err = Lookup(sections, nil, "memory.kind"); err != nil || !slices.Equal(f.Enum, []string{"memrl", "off"}) {
		t.Errorf("kind %+v, %v", f, err)
	}
	const legal = "memory.kind, memory.width, memory.lambda, memory.clamp, memory.steps, memory.seed, memory.regime, memory.note, memory.levels, memory.rates, memory.names"
	for _, c := range []struct {
		path   string
		chosen map[string]string
		want   string
		hint   string
	}{
		{"memory.lamda", nil, `nothing is called "memory.lamda", want one of ` + legal, "write memory.lambda"},
		{"memroy.lambda", nil, `nothing is called "memroy.lambda", want one of ` + legal, "write memory.lambda"},
		{"memory.lambda", map[string]string{"memory": "off"}, `nothing is called "memory.lambda", want one of memory.kind`, "choose one of memory.kind"},
	} {
		if _, _, err := Lookup(sections, c.chosen, c.path); err == nil || err.Error() != c.want || lab.HintOf(err) != c.hint {
			t.Errorf("error %v (%s)\nwant  %s (%s)", err, lab.HintOf(err), c.want, c.hint)
		}
	}
}

func TestNearestForgivesSlipsAndNothingElse(t *testing.T) {
	names := []string{"lambda", "length", "n", "learning_rate"}
	for wrote, want := range map[string]string{"lamda": "lambda", "lambad": "lambda", "lenght": "length", "learning-rate": "learning_rate", "x": "", "zzzzzz": "", "": "", "m": ""} {
		if got, ok := Nearest(wrote, names); ok != (want != "") || ok && got != want {
			t.Errorf("nearest to %q is %q, %v; want %q", wrote, got, ok, want)
		}
	}
	for _, c := range []struct { // by hand: ca -> ac is one swap; kitten -> sitting is two replacements and one insertion
		a, b string
		want int
	}{{"ca", "ac", 1}, {"kitten", "sitting", 3}, {"", "abc", 3}, {"ä", "a", 1}, {"same", "same", 0}} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("distance of %q and %q is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestMistakesInTagsAreFound(t *testing.T) {
	for _, c := range []struct {
		name string
		new  func() any
		want string
	}{
		{"a default out of bounds", func() any {
			return new(struct {
				A int `json:"a" doc:"d" default:"5" max:"3"`
			})
		}, `field a: tag default: a is 5, want 3 or less`},
		{"a zero out of bounds", func() any {
			return new(struct {
				A int `json:"a" doc:"d" min:"3"`
			})
		}, `memory "x": knob a has no default, and a is 0, want 3 or more`},
		{"a default of another type", func() any {
			return new(struct {
				A bool `json:"a" doc:"d" default:"maybe"`
			})
		}, `field a: tag default: a is "maybe", want true or false`},
		{"a bound that is no number", func() any {
			return new(struct {
				A int `json:"a" doc:"d" min:"low"`
			})
		}, `field a: tag min is "low", want a number`},
		{"an illegal type", func() any {
			return new(struct {
				A map[string]int `json:"a" doc:"d"`
			})
		}, `field a is a map[string]int, want one of bool, int, int64, uint64, float64, string, or a slice of int, float64 or string`},
		{"no doc", func() any {
			return new(struct {
				A int `json:"a"`
			})
		}, `memory "x": knob a has no doc`},
		{"no json name", func() any { return new(struct{ A int }) }, `field A has no json name`},
		{"a nested struct", func() any {
			return new(struct {
				A struct {
					B int `json:"b" doc:"d"`
				} `json:"a"`
			})
		}, `memory "x": knob a/b is nested, want a flat struct`},
		{"a number", func() any { return 3 }, `knobs of type int, want a struct or a pointer to one`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Section{Name: "memory", Kinds: []Kind{{Name: "x", Doc: "d", New: c.new}}}.Check()
			if err == nil || !strings.HasSuffix(err.Error(), c.want) || lab.CodeOf(err) != lab.Internal {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
	if err := section().Check(); err != nil {
		t.Errorf("a good section is refused: %v", err)
	}
}

func TestDefaultsAndReadSpeakTheLanguageOfTags(t *testing.T) {
	got, err := Defaults(section().Kinds[0], "full")
	if err != nil || string(got["width"]) != "256" || string(got["levels"]) != "[1,3]" || len(got) != 10 {
		t.Errorf("defaults %s, %v", got, err)
	}
	fields, err := Fields(section().Kinds[0])
	if err != nil {
		t.Fatal(err)
	}
	for path, texts := range map[string][2]string{"width": {"12", "12"}, "steps": {"1e3", "1000"}, "levels": {"1, 2", "[1,2]"}, "clamp": {"false", "false"}, "note": {"5", `"5"`}, "rates": {"", "[]"}} {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Path == path })
		if raw, err := fields[i].Check(path, fields[i].Read(texts[0])); err != nil || string(raw) != texts[1] {
			t.Errorf("%s read from %q is %s, %v; want %s", path, texts[0], raw, err, texts[1])
		}
	}
}

// compiled is the JSON Schema as another program would read it.
func compiled(t *testing.T) *validator.Schema {
	t.Helper()
	raw, err := JSONSchema("test", []Section{section()})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("test.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("test.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheJSONSchemaAndTheProgramGiveTheSameVerdicts(t *testing.T) {
	s := compiled(t)
	check := func(t *testing.T, given map[string]any) {
		t.Helper()
		body := map[string]any{"kind": "memrl"}
		for k, v := range given {
			body[k] = v
		}
		raw, err := json.Marshal(map[string]any{"memory": body})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := validator.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		_, ours := Resolve(section(), "memrl", given, "laptop")
		if theirs := s.Validate(doc); (ours == nil) != (theirs == nil) {
			t.Errorf("%s: we say %v, the JSON Schema %v", raw, ours, theirs)
		}
	}
	for _, c := range wrong() {
		check(t, c.given)
	}
	values := []any{nil, true, "fixed", "a", "", 0, 1, 2, 3, -1, 0.5, 1.5, 1e3, 512, 513, []any{}, []any{1}, []any{0.5}, []any{"a"}, []any{"a", 1}, []any{nil}}
	for _, knob := range []string{"width", "lambda", "steps", "regime", "note", "levels", "rates", "names", "seed", "other"} {
		for _, v := range values {
			if knob == "lambda" && fmt.Sprint(v) == "1" {
				continue // Validate refuses it together with clamp, which no schema says
			}
			check(t, map[string]any{knob: v})
		}
	}
	resolved, err := Resolve(section(), "memrl", nil, "fast")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(strings.NewReader(`{"memory":` + string(resolved) + `}`))
	if err != nil || s.Validate(doc) != nil {
		t.Errorf("the JSON Schema refuses what Resolve makes: %v, %v", err, s.Validate(doc))
	}
}

func TestPresetsTakeThePlaceOfTheTagsDefaults(t *testing.T) {
	type knobs struct {
		Width int    `json:"width" doc:"units" default:"8" fast:"4" min:"1" max:"64"`
		Note  string `json:"note" doc:"text" default:"a"`
	}
	kind := Kind{Name: "k", Doc: "d", New: func() any { return new(knobs) }}
	section := Section{Name: "agent", Kinds: []Kind{kind}}
	for _, c := range []struct {
		presets []Preset
		budget  string
		want    string
	}{
		{nil, "fast", `{"kind":"k","width":4,"note":"a"}`},
		{[]Preset{{Path: "width", Default: "32"}}, "laptop", `{"kind":"k","width":32,"note":"a"}`},
		{[]Preset{{Path: "width", Default: "32"}}, "fast", `{"kind":"k","width":4,"note":"a"}`},
		{[]Preset{{Path: "width", Default: "32", Fast: "16"}, {Path: "note", Full: "b"}}, "fast", `{"kind":"k","width":16,"note":"a"}`},
		{[]Preset{{Path: "note", Full: "b"}}, "full", `{"kind":"k","width":8,"note":"b"}`},
	} {
		section.Kinds[0].Presets = c.presets
		got, err := Resolve(section, "", nil, c.budget)
		if err != nil || string(got) != c.want {
			t.Errorf("%v at %s: %s, %v, want %s", c.presets, c.budget, got, err, c.want)
		}
	}
	for _, p := range []Preset{{Path: "depth", Default: "1"}, {Path: "width", Default: "65"}, {Path: "width", Fast: "many"}} {
		kind.Presets = []Preset{p}
		if _, err := Fields(kind); lab.CodeOf(err) != lab.Internal {
			t.Errorf("preset %+v gives %v, want an error of code internal", p, err)
		}
	}
}
