package app

import (
	"encoding/json"
	"strings"
	"testing"
)

// halving is small with a sweep of six runs, then two.
func halving() string {
	return holding(">= 0.9") + "\n```yaml sweep\nname: halve\nkind: halving\narms: [rnn]\nmetric: success\nsamples: 3\neta: 3\nresource: rl.steps\nfirst: 256\nlast: 768\n" +
		"over:\n  rl.learning_rate: {from: 0.0003, to: 0.03, scale: log}\n  agent.width: {from: 4, to: 16}\n```\n"
}

func TestASweepIsRankedOnTheCommandLine(t *testing.T) {
	u := newUser(t)
	file := u.notebook(halving())
	out, said := u.loci(exitOK, "run", file, "--sweep", "halve")
	wantWords(t, said, "Run 8 of 8", "mean of the last success over 2 seeds", "points of an arm by rung of rl.steps: 3 with 256, 1 with 768", "no verdict")
	wantWords(t, out, "RL.LEARNING_RATE", "complete, best", "dropped")
	if n := strings.Count(out, "dropped"); n != 2 {
		t.Errorf("%d points were dropped, want 2:\n%s", n, out)
	}
	lines, said := u.loci(exitOK, "run", file, "--sweep", "halve", "--json")
	wantWords(t, said, "Nothing to run (8 unchanged)")
	runs, points, best := 0, 0, 0
	for line := range strings.Lines(lines) {
		var l struct {
			Type   string
			Best   bool
			Rank   int
			State  string
			Values map[string]float64
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		switch l.Type {
		case "run":
			runs++
		case "point":
			points++
			if l.Best {
				best++
			}
			if rate, width := l.Values["rl.learning_rate"], l.Values["agent.width"]; rate < 0.0003 || rate > 0.03 || width < 4 || width > 16 || l.Rank != points {
				t.Errorf("point %d is %s", points, line)
			}
		}
	}
	if runs != 8 || points != 3 || best != 1 {
		t.Errorf("%d runs, %d points, %d of them the best; want 8, 3 and 1", runs, points, best)
	}
}

func TestASweepStaysOffTheSeedsOfVerdicts(t *testing.T) {
	u := newUser(t)
	_, said := u.loci(exitError, "run", u.notebook(halving()), "--sweep", "halve", "--seeds", "100-104")
	wantWords(t, said, "seed 100, want seeds 0 to 99", "do: add --seeds 0-4")
}

func TestTheExampleOfSweepsRuns(t *testing.T) {
	u := newUser(t)
	for _, c := range []struct {
		sweep string
		want  []string
	}{
		{"rates", []string{"Run 6 of 6"}}, {"drawn", []string{"Run 16 of 16"}}, {"halve", []string{"Run 13 of 13"}},
	} {
		out, said := u.loci(exitOK, "run", "../docs/examples/sweep.md", "--sweep", c.sweep, "--seeds", "0", "--home", u.home)
		wantWords(t, said, c.want...)
		wantWords(t, out, "complete, best")
	}
}

func TestDocsExplainTheKeysOfASweep(t *testing.T) {
	u := newUser(t)
	out, _ := u.loci(exitOK, "docs", "sweep")
	wantWords(t, out, "kind", "grid, random, halving", "samples", "eta", "resource")
}
