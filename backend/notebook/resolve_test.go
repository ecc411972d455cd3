package notebook

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestResolveCrossesArmsCasesAndSeedsInTheOrderOfTheFile(t *testing.T) {
	d, err := parseGood(good)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := Resolve(d, "", Overrides{Seeds: []uint64{100}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range runs {
		names = append(names, fmt.Sprintf("%s/%s/%d", r.Arm, r.Case, r.Seed))
	}
	want := []string{"lstm/n1/100", "lstm/n5/100", "gru/n1/100", "gru/n5/100", "clamped/n5/100", "rnn/n1/100", "rnn/n5/100"}
	if !slices.Equal(names, want) {
		t.Fatalf("runs %v, want %v", names, want)
	}
	const sections = `{"kind":"lstm","width":64,"forget_bias":1,"clamp":true}`
	if got := string(runs[4].Setup.Sections["agent"]); got != sections {
		t.Errorf("agent %s, want %s", got, sections)
	}
	if got, want := string(runs[2].Setup.Sections["world"]), `{"kind":"endless-t-maze","corridors":1,"length":5,"regime":"fixed","noise":0,"symbols":0}`; got != want {
		t.Errorf("world %s, want %s", got, want)
	}
	if got, want := string(runs[0].Setup.Sections["rl"]), `{"kind":"ppo","steps":1000000,"rate":0.0003}`; got != want {
		t.Errorf("rl %s, want %s", got, want)
	}
	if s := runs[0].Setup; s.Paper != "memory-rewriting" || s.Budget != "laptop" || s.Model != "tiny" {
		t.Errorf("set-up %+v", s)
	}
}

func count(t *testing.T, runs []Planned) string {
	t.Helper()
	var names []string
	for _, r := range runs {
		names = append(names, fmt.Sprintf("%s/%s/%d", r.Arm, r.Case, r.Seed))
	}
	return strings.Join(names, " ")
}

func TestResolveRunsWhatTheBudgetAndTheCallerAskFor(t *testing.T) {
	noFast := strings.Replace(good, "fast: {arms: [lstm, gru], cases: [n5], seeds: 2}\n", "", 1)
	crossed := strings.Replace(noFast, "  n5: {world.corridors: 5}\n", "  n5: {world.corridors: 5}\nlength: {l3: {world.length: 3}, l9: {world.length: 9}}\n", 1)
	crossed = strings.Replace(crossed, ", n5", ", n5+l3", 2)
	sweep := good + "\n```yaml sweep\nname: rate\narms: [lstm, clamped]\nover: {rl.rate: [0.001, 0.01], agent.width: [8]}\n```\n"
	for _, c := range []struct {
		name, src, budget string
		over              Overrides
		want              string
	}{
		{"fast runs what the run cell lists", good, "fast", Overrides{}, "lstm/n5/0 lstm/n5/1 gru/n5/0 gru/n5/1"},
		{"fast without a list runs two arms, one case and two seeds", noFast, "fast", Overrides{}, "lstm/n1/0 lstm/n1/1 gru/n1/0 gru/n1/1"},
		{"fast runs the arm that the caller names", good, "fast", Overrides{Arms: []string{"clamped"}, Seeds: []uint64{9}}, "clamped/n5/9"},
		{"without a list, the first case of an arm that runs in one only", noFast, "fast", Overrides{Arms: []string{"clamped"}, Seeds: []uint64{9}}, "clamped/n5/9"},
		{"the caller's arms, cases and seeds", good, "laptop", Overrides{Arms: []string{"rnn"}, Cases: []string{"n1"}, Seeds: []uint64{3, 1}}, "rnn/n1/3 rnn/n1/1"},
		{"groups are crossed", crossed, "laptop", Overrides{Arms: []string{"rnn"}, Seeds: []uint64{0}}, "rnn/n1+l3/0 rnn/n1+l9/0 rnn/n5+l3/0 rnn/n5+l9/0"},
		{"an arm is kept to a condition of crossed cases", crossed, "laptop", Overrides{Arms: []string{"clamped"}, Seeds: []uint64{0}}, "clamped/n5+l3/0 clamped/n5+l9/0"},
		{"a condition chooses cases", crossed, "laptop", Overrides{Arms: []string{"rnn"}, Cases: []string{"l9"}, Seeds: []uint64{0}}, "rnn/n1+l9/0 rnn/n5+l9/0"},
		{"no arms and no cases is one run a seed", front + "```yaml run\nseeds: [7, 9-10]\n```\n", "", Overrides{}, "base//7 base//9 base//10"},
		{"no run cell is five seeds", front, "", Overrides{}, "base//0 base//1 base//2 base//3 base//4"},
		{"a sweep replaces the arms", sweep, "", Overrides{Sweep: "rate", Cases: []string{"n5"}, Seeds: []uint64{0}},
			"lstm@rl.rate=0.001@agent.width=8/n5/0 lstm@rl.rate=0.01@agent.width=8/n5/0 clamped@rl.rate=0.001@agent.width=8/n5/0 clamped@rl.rate=0.01@agent.width=8/n5/0"},
		{"a sweep does not run unasked", sweep, "", Overrides{Arms: []string{"rnn"}, Cases: []string{"n5"}, Seeds: []uint64{0}}, "rnn/n5/0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := parseGood(c.src)
			if err != nil {
				t.Fatal(err)
			}
			runs, err := Resolve(d, c.budget, c.over)
			if err != nil {
				t.Fatal(err)
			}
			if got := count(t, runs); got != c.want {
				t.Errorf("runs %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestResolveLaysTheCallerOverArmsOverCasesOverCells(t *testing.T) {
	d, err := parseGood(good)
	if err != nil {
		t.Fatal(err)
	}
	section := func(arm, section, budget string, set map[string]any) string {
		t.Helper()
		runs, err := Resolve(d, budget, Overrides{Arms: []string{arm}, Cases: []string{"n5"}, Seeds: []uint64{0}, Set: set, Model: "endpoint local"})
		if err != nil {
			t.Fatal(err)
		}
		if runs[0].Setup.Budget != budget || runs[0].Setup.Model != "endpoint local" {
			t.Errorf("budget %q, model %q", runs[0].Setup.Budget, runs[0].Setup.Model)
		}
		return string(runs[0].Setup.Sections[section])
	}
	for _, c := range []struct{ got, want string }{
		{section("gru", "agent", "laptop", nil), `{"kind":"gru","width":64}`},
		{section("gru", "agent", "laptop", map[string]any{"agent.width": 32}), `{"kind":"gru","width":32}`},
		{section("gru", "agent", "laptop", map[string]any{"agent.kind": "lstm"}), `{"kind":"lstm","width":64,"forget_bias":1,"clamp":false}`},
		{section("lstm", "world", "fast", nil), `{"kind":"endless-t-maze","corridors":5,"length":5,"regime":"fixed","noise":0,"symbols":0}`},
		{section("lstm", "rl", "full", map[string]any{"rl.rate": 1e-5}), `{"kind":"ppo","steps":1000000,"rate":0.00001}`},
	} {
		if c.got != c.want {
			t.Errorf("section %s, want %s", c.got, c.want)
		}
	}
	free, err := parseGood(front)
	if err != nil {
		t.Fatal(err)
	}
	for budget, want := range map[string]string{"fast": `{"kind":"ppo","steps":20000,"rate":0.0003}`, "laptop": `{"kind":"ppo","steps":1000000,"rate":0.0003}`, "full": `{"kind":"ppo","steps":10000000,"rate":0.0003}`} {
		runs, err := Resolve(free, budget, Overrides{})
		if err != nil || string(runs[0].Setup.Sections["rl"]) != want {
			t.Errorf("budget %s without cells: %s (%v), want %s", budget, runs[0].Setup.Sections["rl"], err, want)
		}
	}
}

func TestResolveRefusesNamesThatAreNone(t *testing.T) {
	d, err := parseGood(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		budget string
		over   Overrides
		want   string
	}{
		{"budget", "huge", Overrides{}, `budget is "huge", want one of fast, laptop, full`},
		{"arm", "", Overrides{Arms: []string{"grru"}}, `there is no arm "grru", want one of lstm, gru, clamped, rnn`},
		{"case", "", Overrides{Cases: []string{"n9"}}, `there is no case "n9", want one of n1, n5`},
		{"sweep", "", Overrides{Sweep: "x"}, `there is no sweep "x", the notebook has none`},
		{"model", "", Overrides{Model: "big"}, `model is "big", want tiny, endpoint NAME or service NAME`},
		{"value", "", Overrides{Set: map[string]any{"agent.width": 0}}, "agent.width is 0, want 1 to 512"},
		{"path", "", Overrides{Set: map[string]any{"agent": 0}}, `nothing is called "agent", want one of world.kind, world.corridors, world.length, world.regime, world.noise, world.symbols, agent.kind, agent.width, agent.forget_bias, agent.clamp, rl.kind, rl.steps, rl.rate`},
		{"nothing left", "", Overrides{Arms: []string{"clamped"}, Cases: []string{"n1"}}, "nothing is left to run: no arm of those chosen runs in a case of those chosen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Resolve(d, c.budget, c.over); err == nil || err.Error() != c.want || lab.HintOf(err) == "" {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
}

func TestSeedsAreCountsRangesAndLists(t *testing.T) {
	for text, want := range map[string]string{"3": "[0 1 2]", "100-104": "[100 101 102 103 104]", "7-7": "[7]", "0,7, 9-10": "[0 7 9 10]", "9007199254740991-9007199254740991": "[9007199254740991]"} {
		if got, err := ParseSeeds(text); err != nil || fmt.Sprint(got) != want {
			t.Errorf("seeds %q are %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "3-1", "1,1", "1-3,2", "a", "1,", "1-", "1001", "0-1000", "9007199254740992-9007199254740992", "1.5", "0-18446744073709551615"} {
		if got, err := ParseSeeds(text); err == nil || lab.HintOf(err) == "" {
			t.Errorf("seeds %q are %v, want an error with a hint", text, got)
		}
	}
}

func TestTheDocumentAnswersForItsCells(t *testing.T) {
	d, err := parseGood(good)
	if err != nil {
		t.Fatal(err)
	}
	claims, charts := d.Claims(), d.Charts()
	if len(claims) != 1 || claims[0].Name != "gates" || claims[0].Cell != "claim-gates" || claims[0].Holds[0] != ">= 0.2" || claims[0].Budget != "laptop" {
		t.Errorf("claims %+v", claims)
	}
	if len(charts) != 1 || charts[0].Metric != "success" || charts[0].Cell != "chart-success" || charts[0].Kind != "line" {
		t.Errorf("charts %+v", charts)
	}
	if d.Title() != "Is retention enough?" || d.Paper() != "memory-rewriting" || d.Run().Target != "here" {
		t.Errorf("title %q, paper %q, run %+v", d.Title(), d.Paper(), d.Run())
	}
	if cell, ok := d.CellAt(16); !ok || cell.ID != "agent" {
		t.Errorf("line 16 belongs to %q", cell.ID)
	}
	for _, k := range FencedKinds() {
		fields, err := Fields(k)
		if k.setup() != (err != nil) {
			t.Errorf("fields of %s: %v, %v", k, fields, err)
		}
		for _, f := range fields {
			if f.Doc == "" {
				t.Errorf("key %s of %s has no doc", f.Path, k)
			}
		}
	}
}

func TestAnArmOfAnotherKindLeavesTheKnobsOfTheCellsKindBehind(t *testing.T) {
	src := strings.Replace(good, "kind: lstm\n", "kind: lstm\nforget_bias: 3\n", 1)
	d, err := parseGood(src)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := Resolve(d, "", Overrides{Seeds: []uint64{100}, Arms: []string{"lstm", "gru"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range runs {
		got[r.Arm] = string(r.Setup.Sections["agent"])
	}
	if got["lstm"] != `{"kind":"lstm","width":64,"forget_bias":3,"clamp":false}` || got["gru"] != `{"kind":"gru","width":64}` {
		t.Errorf("agents are %v", got)
	}
}
