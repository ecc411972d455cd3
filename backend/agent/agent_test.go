package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
)

// setup is a set-up whose section `agent` is one line of a notebook.
func setup(t testing.TB, kind string, given map[string]any) lab.Setup {
	t.Helper()
	text, err := schema.Resolve(schema.Section{Name: "agent", Kinds: Kinds()}, kind, given, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	return lab.Setup{Paper: "test", Sections: map[string]json.RawMessage{"agent": text}}
}

func TestTheKnobsAreDocumentedAndTheirDefaultsLegal(t *testing.T) {
	if err := (schema.Section{Name: "agent", Kinds: Kinds()}).Check(); err != nil {
		t.Error(err)
	}
}

func TestEveryModelHasAboutAsManyTrainedNumbers(t *testing.T) {
	const obs, actions = 16, 5
	for _, m := range models() {
		t.Run(m.name, func(t *testing.T) {
			p, sight, err := New(setup(t, m.name, nil), "agent", obs, actions, rng.New(1, "weights"))
			if err != nil {
				t.Fatal(err)
			}
			if n := nn.Count(p.Params()); n < 15000 || n > 35000 {
				t.Errorf("%d trained numbers, want 15 to 35 thousand", n)
			}
			if p.Actions() != actions || p.Encoder.Size().In != obs || sight != p.Memory.Size().Window {
				t.Errorf("%d actions, %d inputs, sight %d", p.Actions(), p.Encoder.Size().In, sight)
			}
		})
	}
}

func TestWrongSetUpsAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ section, want string }{
		"an unknown kind":  {`{"kind":"gruu"}`, "gruu"},
		"an unknown knob":  {`{"kind":"gru","depth":3}`, "depth"},
		"heads that leave": {"", "divisor of width 36"},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			if c.section == "" {
				_, err = schema.Resolve(schema.Section{Name: "agent", Kinds: Kinds()}, GTrXL, map[string]any{"heads": 5}, "laptop")
			} else {
				s := lab.Setup{Paper: "test", Sections: map[string]json.RawMessage{"agent": json.RawMessage(c.section)}}
				_, _, err = New(s, "agent", 3, 2, rng.New(1, "weights"))
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one that names %q", err, c.want)
			}
		})
	}
}

func TestOnlyTakesKindsByName(t *testing.T) {
	kinds := Only(GRU, MLP)
	if len(kinds) != 2 || kinds[0].Name != GRU || kinds[1].Name != MLP {
		t.Errorf("kinds are %v", kinds)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown name is taken")
		}
	}()
	Only("hopfield")
}

func TestThePageOfTheModelsHasEveryKindAndKnob(t *testing.T) {
	text, err := os.ReadFile("../../docs/memory-models.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, k := range Kinds() {
		p, sight, err := New(setup(t, k.Name, nil), "agent", 16, 5, rng.New(1, "weights"))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{fmt.Sprintf("| `%s` | %d | %d | %d |\n", k.Name, nn.Count(p.Params()), p.Memory.Size().State, sight)}
		fields, err := schema.Fields(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			want = append(want, fmt.Sprintf("| `%s` | `%s` | %s | %s | %s |\n", k.Name, f.Path, f.Default, f.Paper, f.Doc))
		}
		for _, row := range want {
			if !strings.Contains(string(text), row) {
				t.Errorf("docs/memory-models.md lacks the row\n%s", row)
			}
		}
		rows += len(fields) + 3 // what it computes, its sizes, its time
	}
	if n := strings.Count(string(text), "\n| `"); n != rows {
		t.Errorf("docs/memory-models.md has %d rows of models and knobs, want %d", n, rows)
	}
}
