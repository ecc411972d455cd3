package notebook

import (
	"fmt"
	"slices"
	"testing"
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
