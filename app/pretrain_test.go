package app

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer/base"
)

// thinking is a notebook of a tiny language model whose runs take a moment. MODEL is where it is trained.
const thinking = `---
loci: 1
title: Thinking
paper: delethink
---
# Thinking

` + "```yaml world" + `
running-arithmetic: {shortest: 2, longest: 4, modulus: 11}
` + "```" + `

` + "```yaml agent" + `
kind: tiny
width: 16
layers: 1
heads: 2
inner: 24
context: 256
warm_steps: 120
warm_batch: 4
warm_rate: 0.01
` + "```" + `

` + "```yaml rl" + `
kind: delethink
updates: 3
questions: 3
group: 4
learning_rate: 0.01
minibatches: 2
chunk: 12
carry: 6
chunks: 3
long_ops: 5
long_chunks: 2
evaluations: 2
eval_questions: 4
test_questions: 4
` + "```" + `

` + "```yaml arms" + `
delethink: {}
more: {rl.more_supervised: true}
wide: {agent.width: 24}
oracle: {agent.kind: reference, agent.policy: oracle}
` + "```" + `

` + "```yaml run" + `
seeds: 2
budget: fast
MODEL
` + "```" + `
`

func thinkingAt(model string) string { return strings.Replace(thinking, "MODEL", "model: "+model, 1) }

// bases lists the bases of a data folder.
func (u user) bases() (dirs []string) {
	u.t.Helper()
	all, err := filepath.Glob(filepath.Join(u.home, "bases", "base-*"))
	if err != nil {
		u.t.Fatal(err)
	}
	for _, path := range all {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			dirs = append(dirs, path)
		}
	}
	return dirs
}

func TestPretrainMakesTheWarmStartsOfANotebookOnce(t *testing.T) {
	u := newUser(t)
	file := u.notebook(thinkingAt("tiny"))
	out, text := u.loci(exitOK, "pretrain", file, "--arm", "delethink,more,oracle")
	wantWords(t, out, "running-arithmetic, 120 steps, loss ", " nats")
	wantWords(t, text, "100 %  warm start: step 120 of 120")
	dirs := u.bases() // two arms and two seeds share one
	if len(dirs) != 1 || strings.Count(out, "steps") != 1 || !strings.Contains(out, dirs[0]+"\n") {
		t.Fatalf("bases are %v, printed was %s", dirs, out)
	}
	f, err := llm.ReadFolder(dirs[0])
	if err != nil || f.Model.Shape.Width != 16 {
		t.Errorf("the folder reads as %v, %v", f, err)
	}
	weights := filepath.Join(dirs[0], "model.safetensors")
	before, err := os.Stat(weights)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := u.loci(exitOK, "pretrain", file, "--arm", "delethink", "--json")
	line := lines(t, again)[0]
	if line["type"] != "base" || line["folder"] != dirs[0] || line["key"] != filepath.Base(dirs[0]) || line["steps"] != 120.0 || line["world"] != "running-arithmetic" || !(line["loss"].(float64) > 0) {
		t.Errorf("pretrain prints %v", line)
	}
	if after, err := os.Stat(weights); err != nil || !os.SameFile(before, after) || after.ModTime() != before.ModTime() {
		t.Errorf("the base was made again, %v", err)
	}
	out, _ = u.loci(exitOK, "pretrain", file, "--arm", "delethink,wide", "--json")
	if all := lines(t, out); len(all) != 2 || all[0]["key"] == all[1]["key"] || len(u.bases()) != 2 {
		t.Errorf("pretrain of two sizes prints %v", all)
	}
	out, _ = u.loci(exitOK, "runs", "--json")
	if out != "" {
		t.Errorf("something ran: %s", out)
	}
}

func TestARunTakesTheWarmStartThatPretrainMade(t *testing.T) {
	u := newUser(t)
	file := u.notebook(thinkingAt("tiny"))
	u.loci(exitOK, "pretrain", file, "--arm", "delethink")
	weights := filepath.Join(u.bases()[0], "model.safetensors")
	before, err := os.Stat(weights)
	if err != nil {
		t.Fatal(err)
	}
	u.loci(exitOK, "run", file, "--arm", "delethink", "--seeds", "0")
	if after, err := os.Stat(weights); err != nil || !os.SameFile(before, after) || len(u.bases()) != 1 {
		t.Errorf("bases are %v, %v", u.bases(), err)
	}
	other := newUser(t) // a data folder without the base
	other.loci(exitOK, "run", file, "--arm", "delethink", "--seeds", "0")
	wantSameEvents(t, u.record(), other.record())
}

func TestPretrainSaysWhatHasNoWarmStart(t *testing.T) {
	u := newUser(t)
	for name, args := range map[string][]string{
		"another paper": {"pretrain", u.notebook(holding(">= 0.9"))},
		"a reference":   {"pretrain", u.notebook(thinkingAt("tiny")), "--arm", "oracle"},
	} {
		out, text := u.loci(exitOK, args...)
		wantWords(t, text, "no warm start")
		if out != "" || len(u.bases()) != 0 {
			t.Errorf("%s: printed was %q, bases are %v", name, out, u.bases())
		}
	}
	_, text := u.loci(exitError, "pretrain", u.notebook(thinkingAt("tiny")), "--arm", "delethinkk")
	wantWords(t, text, `no arm "delethinkk"`, "do: ")
	_, text = u.loci(exitError, "pretrain")
	wantWords(t, text, "accepts 1 arg", "do: ")
}

func TestPretrainThatIsStoppedSaysWhereItStandsAndGoesOnFromThere(t *testing.T) {
	words, err := llm.NewWords([]string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	k := base.ModelKnobs{Width: 8, Layers: 1, Heads: 1, Inner: 8, Context: 16}
	spec := base.Spec{Shape: k.Shape(words.Size()), Words: words.List(), World: "toy", Knobs: base.Knobs{Steps: 150, Batch: 1, Rate: 0.01}}
	home := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m, err := base.Open(lab.Bench{Cache: home, Threads: 1}, spec, func(i uint64) (rl.Datum, error) {
		if i == 130 {
			cancel()
		}
		return rl.Supervised([]int32{3}, []int32{3, 0}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out, text bytes.Buffer
	err = errors.Join((&cli{out: &out, err: &text}).makeBase(ctx, m), m.Close())
	if lab.CodeOf(err) != lab.Cancelled || !strings.Contains(err.Error(), "stopped at step 130 of 150; what was done is kept") || !strings.Contains(lab.HintOf(err), "again") || out.Len() > 0 {
		t.Fatalf("stopped, it says %v, do: %s, and prints %q", err, lab.HintOf(err), out.String())
	}
	first := uint64(0)
	m, err = base.Open(lab.Bench{Cache: home, Threads: 1}, spec, func(i uint64) (rl.Datum, error) {
		if first == 0 {
			first = i
		}
		return rl.Supervised([]int32{3}, []int32{3, 0}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join((&cli{out: &out, err: &text}).makeBase(t.Context(), m), m.Close()); err != nil || first != 130 {
		t.Errorf("it goes on from step %d, want 130; %v", first, err)
	}
}
