package app

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/store"
)

// small is a notebook whose runs take a moment. HOLDS is the bound of its claim.
const small = `---
loci: 1
title: Small
paper: memory-rewriting
---
# Small

` + "```yaml world" + `
endless-t-maze: {corridors: 1, length: 2}
` + "```" + `

` + "```yaml agent" + `
kind: rnn
` + "```" + `

` + "```yaml rl" + `
kind: ppo
steps: 256
envs: 8
rollout: 16
evaluations: 1
eval_episodes: 64
test_episodes: 64
` + "```" + `

` + "```yaml arms" + `
rnn: {agent.width: 8}
oracle: {agent.kind: reference, agent.policy: oracle}
` + "```" + `

` + "```yaml run" + `
seeds: 2
budget: fast
fast: {arms: [rnn, oracle], seeds: 2}
` + "```" + `

` + "```yaml claim" + `
name: right
value: last(success, oracle)
holds: "HOLDS"
budget: fast
` + "```" + `
`

// user runs commands on a data folder of its own.
type user struct {
	t    *testing.T
	home string
}

func newUser(t *testing.T) user {
	u := user{t: t, home: filepath.Join(t.TempDir(), "home")}
	t.Setenv("LOCI_HOME", u.home)
	return u
}

// notebook writes a file for the user.
func (u user) notebook(text string) string {
	u.t.Helper()
	path := filepath.Join(u.t.TempDir(), "small.md")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		u.t.Fatal(err)
	}
	return path
}

func holding(bound string) string { return strings.Replace(small, "HOLDS", bound, 1) }

// loci runs one command line and returns what it printed, once for machines and once for people.
func (u user) loci(want int, args ...string) (out, err string) {
	u.t.Helper()
	var o, e bytes.Buffer
	if code := (&cli{out: &o, err: &e}).main(u.t.Context(), args); code != want {
		u.t.Errorf("loci %s ends with %d, want %d:\n%s%s", strings.Join(args, " "), code, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in:\n%s", w, text)
		}
	}
}

func TestErrorsSayWhatIsWrongWhatIsLegalAndWhatToDo(t *testing.T) {
	u := newUser(t)
	good := u.notebook(holding(">= 0.9"))
	bad := u.notebook(strings.Replace(holding(">= 0.9"), "corridors: 1,", "corridors: 300,", 1))
	for _, c := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"unknown command", []string{"frob"}, []string{`"frob"`, "do: ", "loci --help"}},
		{"unknown flag", []string{"runs", "--frob"}, []string{"--frob", "do: "}},
		{"no notebook given", []string{"run"}, []string{"accepts 1 arg", "do: "}},
		{"no such notebook", []string{"run", "nowhere.md"}, []string{`"nowhere.md"`, "do: "}},
		{"wrong notebook", []string{"run", bad}, []string{"small.md:9:29: ", "world.corridors is 300, want 1 to 100", "do: give world.corridors"}},
		{"unknown arm", []string{"run", good, "--arm", "rn"}, []string{`no arm "rn"`, "rnn", "oracle", "do: "}},
		{"unknown case", []string{"run", good, "--case", "n3"}, []string{`no case "n3"`, "do: "}},
		{"seeds that are none", []string{"run", good, "--seeds", "many"}, []string{"many", "do: "}},
		{"unknown budget", []string{"run", good, "--budget", "huge"}, []string{`"huge"`, "fast", "laptop", "full", "do: "}},
		{"unknown target", []string{"run", good, "--target", "moon"}, []string{`"moon"`, "here", "do: "}},
		{"unknown sweep", []string{"run", good, "--sweep", "rate"}, []string{`no sweep "rate"`, "do: "}},
		{"unknown kernel", []string{"runs", "--kernel", "sse"}, []string{`"sse"`, "go", "do: "}},
		{"unknown run", []string{"show", "4f1c"}, []string{`"4f1c"`, "do: `loci runs`"}},
		{"unknown field", []string{"docs", "agent.speed"}, []string{`"agent.speed"`, "agent.width", "do: "}},
		{"unknown paper", []string{"docs", "--paper", "none"}, []string{`"none"`, "memory-rewriting", "do: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u.t = t
			out, err := u.loci(exitError, c.args...)
			wantWords(t, err, append(c.words, "error: ")...)
			if out != "" {
				t.Errorf("standard output has %q", out)
			}
			if strings.Contains(err, "goroutine") || strings.Contains(err, "Usage:") {
				t.Errorf("too much is said: %s", err)
			}
		})
	}
	if names, _ := filepath.Glob(filepath.Join(u.home, "runs", "*")); len(names) > 0 {
		t.Errorf("something ran: %v", names)
	}
}

func TestErrorsForMachinesAreOneLineWithCodeMessageAndHint(t *testing.T) {
	u := newUser(t)
	for code, args := range map[string][]string{"not-found": {"show", "4f1c", "--json"}, "invalid": {"runs", "--json", "--frob"}} {
		out, _ := u.loci(exitError, args...)
		line := lines(t, out)[0]
		if line["type"] != "error" || line["code"] != code || line["msg"] == "" || line["hint"] == "" {
			t.Errorf("%v prints %v", args, line)
		}
	}
}

// lines reads one JSON object a line.
func lines(t *testing.T, out string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(out) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		t.Fatal("nothing was printed")
	}
	return all
}

func TestTheSecondProcessOnADataFolderIsToldWhoHoldsIt(t *testing.T) {
	u := newUser(t)
	s, _, err := store.Open(t.Context(), u.home, store.Options{Address: "http://127.0.0.1:8666"})
	if err != nil {
		t.Fatal(err)
	}
	_, text := u.loci(exitError, "runs")
	wantWords(t, text, "library.db", "in use by process", "http://127.0.0.1:8666", "do: ")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	u.loci(exitOK, "runs")
}

func TestADataFolderThatCannotBeWrittenIsNamedWithAWayOut(t *testing.T) {
	u := newUser(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	inFile := filepath.Join(file, "home")
	_, text := u.loci(exitError, "runs", "--home", inFile)
	wantWords(t, text, inFile, "do: ", "LOCI_HOME")
	if os.Geteuid() == 0 {
		return // nothing is read-only for root
	}
	if err := os.MkdirAll(u.home, 0o555); err != nil {
		t.Fatal(err)
	}
	_, text = u.loci(exitError, "runs")
	wantWords(t, text, u.home, "do: ", "LOCI_HOME")
}

func TestRunRunsWhatIsMissingAndTheOtherCommandsReadIt(t *testing.T) {
	u := newUser(t)
	file := u.notebook(holding(">= 0.9"))
	out, text := u.loci(exitOK, "run", file)
	wantWords(t, text, "Run 4 of 4", "4 of 4 runs")
	wantWords(t, out, "rnn", "oracle", "1.000", "95 % t interval", "budget fast")
	out, text = u.loci(exitOK, "run", file, "--seeds", "0", "--arm", "rnn", "--json")
	wantWords(t, text, "Nothing to run (1 unchanged)")
	first := lines(t, out)
	if len(first) != 1 || first[0]["type"] != "run" || first[0]["state"] != "done" || first[0]["arm"] != "rnn" || first[0]["total"] != 3.0 {
		t.Fatalf("run prints %v", first)
	}
	out, _ = u.loci(exitOK, "runs", "--json")
	all := lines(t, out)
	if len(all) != 4 {
		t.Fatalf("runs prints %d lines", len(all))
	}
	out, _ = u.loci(exitOK, "runs", "--text", "oracle")
	wantWords(t, out, "2 of 2 runs", "done")
	key := first[0]["key"].(string)
	out, _ = u.loci(exitOK, "show", key[:8])
	wantWords(t, out, key, "arm rnn", "seed 0", "3 of 3 updates", run.RecordFile, "success")
	out, _ = u.loci(exitOK, "show", key, "--json", "--kind", "start,end")
	if events := lines(t, out); len(events) != 2 || events[0]["kind"] != "start" || events[1]["kind"] != "end" {
		t.Errorf("events are %v", events)
	}
	_, text = u.loci(exitError, "show", key, "--json", "--kind", "noise")
	wantWords(t, text, `"noise"`, "metric")
	out, _ = u.loci(exitOK, "diff", key, key)
	wantWords(t, out, "equal but for times")
	out, _ = u.loci(exitOK, "diff", key, all[0]["Key"].(string), "--json")
	if d := lines(t, out)[0]; d["type"] != "diff" || d["records_equal"] != false || d["first_difference"] == "" {
		t.Errorf("diff prints %v", d)
	}
	out, _ = u.loci(exitOK, "doctor")
	wantWords(t, out, "4, of which 4 ended and 0 are damaged", "data folder", "kernel")
}

func TestCheckEndsWithThreeForNotHeldAndFourForUndecided(t *testing.T) {
	u := newUser(t)
	for _, c := range []struct {
		bound   string
		args    []string
		code    int
		verdict string
	}{
		{">= 0.9", nil, exitOK, "held"},
		{"<= 0.5", nil, exitNotHeld, "not held"},
		{">= 0.9", []string{"--seeds", "7"}, exitUndecided, "cannot tell"}, // one seed has no interval
	} {
		file := u.notebook(holding(c.bound))
		out, _ := u.loci(c.code, append([]string{"check", file, "--json"}, c.args...)...)
		line := lines(t, out)[0]
		if line["type"] != "claim" || line["verdict"] != c.verdict || line["claim"] != "right" || line["budget"] != "fast" || len(line["parts"].([]any)) != 1 {
			t.Errorf("%s: check prints %v", c.bound, line)
		}
		out, _ = u.loci(c.code, append([]string{"check", file}, c.args...)...)
		wantWords(t, strings.ToLower(out), c.verdict, "right", "last(success, oracle)")
	}
	none := u.notebook(regexp.MustCompile("(?s)```yaml claim.*").ReplaceAllString(small, ""))
	_, text := u.loci(exitError, "check", none)
	wantWords(t, text, "no claim", "do: ")
}

func TestACorruptedLibraryIsMadeAnewFromTheRecordsAndThatIsSaid(t *testing.T) {
	u := newUser(t)
	file := u.notebook(holding(">= 0.9"))
	u.loci(exitOK, "run", file)
	if err := os.WriteFile(filepath.Join(u.home, store.FileName), bytes.Repeat([]byte("noise"), 4000), 0o644); err != nil {
		t.Fatal(err)
	}
	_, text := u.loci(exitOK, "run", file)
	wantWords(t, text, "was damaged", ".broken-1", "made anew from the records", "Nothing to run (4 unchanged)")
}

func TestADamagedRecordIsFoundByTheDoctorWhoMendsIt(t *testing.T) {
	u := newUser(t)
	file := u.notebook(holding(">= 0.9"))
	u.loci(exitOK, "run", file, "--arm", "rnn", "--seeds", "0")
	paths, _ := filepath.Glob(filepath.Join(u.home, "runs", "*", "*", run.RecordFile))
	if len(paths) != 1 {
		t.Fatalf("records are %v", paths)
	}
	before, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	harmed := bytes.Clone(before)
	harmed[len(harmed)/2] ^= 1
	if err := os.WriteFile(whole, before, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(paths[0], harmed, 0o644); err != nil {
		t.Fatal(err)
	}
	_, text := u.loci(exitError, "doctor")
	wantWords(t, text, "1 records are damaged", "do: loci doctor --repair")
	out, _ := u.loci(exitOK, "doctor", "--repair")
	wantWords(t, out, "repaired")
	_, text = u.loci(exitOK, "run", file, "--arm", "rnn", "--seeds", "0")
	wantWords(t, text, "Run 1 of 1")
	if diff, err := record.Equal(whole, paths[0]); diff != nil || err != nil {
		t.Errorf("the run was not made whole: %v, %v", diff, err)
	}
}

func TestAnInterruptedCommandLeavesARunThatTheNextOneContinues(t *testing.T) {
	u := newUser(t)
	file := u.notebook(holding(">= 0.9"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, text bytes.Buffer
	if code := (&cli{out: &out, err: &text}).main(ctx, []string{"run", file, "--arm", "rnn", "--seeds", "0"}); code != exitError {
		t.Errorf("ends with %d", code)
	}
	wantWords(t, text.String(), "error: ")
	u.loci(exitOK, "run", file, "--arm", "rnn", "--seeds", "0")
}

func TestListAndDocsPrintForPeopleAndMachines(t *testing.T) {
	u := newUser(t)
	out, _ := u.loci(exitOK, "list")
	wantWords(t, out, "memory-rewriting", "experiments/memory-rewriting.md")
	out, _ = u.loci(exitOK, "list", "--json")
	if l := lines(t, out)[0]; l["slug"] != "memory-rewriting" {
		t.Errorf("list prints %v", l)
	}
	out, _ = u.loci(exitOK, "docs", "rl.gamma")
	wantWords(t, out, "rl.gamma", "0.99", "0 to 1", "discount")
	out, _ = u.loci(exitOK, "docs", "agent", "--json")
	for _, l := range lines(t, out) {
		if l["section"] != "agent" || l["field"] == nil {
			t.Errorf("docs prints %v", l)
		}
	}
	out, _ = u.loci(exitOK, "completion", "bash")
	wantWords(t, out, "loci")
}
