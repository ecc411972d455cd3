package textmemory

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// The curves of three short runs on the portable kernel, to five digits. A change here is a decision, not a repair.
func TestTheCurvesAreThoseThatWereRecorded(t *testing.T) {
	var b strings.Builder
	for _, c := range []struct {
		name                 string
		world, agent, memory given
	}{
		{"chat, bm25", given{"kind": "chat"}, given{"kind": Reader, "episodes": 8, "points": 2}, given{"kind": "bm25", "k": 6}},
		{"house, full", given{"kind": "house"}, given{"kind": Reader, "episodes": 8, "points": 2}, given{"kind": "full"}},
		{"questions that come again, embedding", given{"kind": "word-problems"}, given{"kind": Reader, "episodes": 12, "pool": 5, "points": 3}, given{"kind": "embedding"}},
	} {
		r := finish(t, begin(t, setup(t, c.world, c.agent, c.memory), 5, lab.Bench{Kernel: "go"}))
		for _, ev := range r.Events {
			if m, ok := ev.(lab.Metric); ok {
				fmt.Fprintf(&b, "%s: %s %d %.5g\n", c.name, m.Name, m.X, float64(m.Value))
			}
		}
	}
	path := filepath.Join("testdata", "curves.txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the curves are\n%s\nwant\n%s", b.String(), want)
	}
}

// A set-up knob that moves nothing is a lie in the form.
func TestEveryKnobOfThePlayMovesTheEvents(t *testing.T) {
	world := given{"kind": "word-problems"}
	base := given{"kind": Reader, "episodes": 6, "pool": 3, "points": 2, "kept": 2}
	run := func(agent given) string {
		return finish(t, begin(t, setup(t, world, agent, given{"kind": "full"}), 1, lab.Bench{})).Text(t)
	}
	want := run(base)
	for knob, value := range map[string]any{"episodes": 7, "pool": 2, "points": 3, "kept": 0, "read": 1, "read_tokens": 20, "split": "train"} {
		agent := given{knob: value}
		for k, v := range base {
			if k != knob {
				agent[k] = v
			}
		}
		if run(agent) == want {
			t.Errorf("agent.%s: %v changes nothing", knob, value)
		}
	}
}
