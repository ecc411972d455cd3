package lab

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestASetupNamesTheDataThatItReads(t *testing.T) {
	sections := func(texts map[string]string) Setup {
		s := Setup{Sections: map[string]json.RawMessage{}}
		for name, text := range texts {
			s.Sections[name] = json.RawMessage(text)
		}
		return s
	}
	for _, c := range []struct {
		name string
		of   Setup
		want []string
	}{
		{"none", sections(map[string]string{"world": `{"kind":"house"}`}), nil},
		{"an empty name is none", sections(map[string]string{"world": `{"data":""}`}), nil},
		{"one", sections(map[string]string{"world": `{"kind":"locomo","data":"mine"}`, "agent": `{}`}), []string{"mine"}},
		{"two in the order of the sections, each once", sections(map[string]string{"world": `{"data":"b"}`, "agent": `{"data":"a"}`, "rl": `{"data":"b"}`}), []string{"a", "b"}},
		{"a knob of another type names none", sections(map[string]string{"world": `{"data":3}`}), nil},
	} {
		if got := c.of.Data(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
