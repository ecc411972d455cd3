package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestBriefsHoldWhatListsNeedAndMarksSayWhatHasChanged(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	setup := lab.Setup{Paper: "memrl", Budget: "fast", Sections: map[string]json.RawMessage{"memory": json.RawMessage(`{"kind":"mem","lambda":0.5}`)}}
	for i := range 1203 { // more than one chunk of numbers
		r := Run{Key: fmt.Sprintf("run-%d", i), Paper: "memrl", Arm: "value", Seed: 1<<63 + uint64(i), Setup: setup, State: Done, Final: map[string]lab.Float{"success": 0.25}}
		if err := s.CreateRun(ctx, &r); err != nil {
			t.Fatal(err)
		}
	}
	before, err := s.RunMarks(ctx)
	if err != nil || len(before) != 1203 {
		t.Fatalf("%d marks, %v", len(before), err)
	}
	state, done := Running, int64(7)
	if _, err := s.UpdateRun(ctx, "run-1000", RunUpdate{State: &state, Done: &done}); err != nil {
		t.Fatal(err)
	}
	after, err := s.RunMarks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var changed []int64
	var all []int64
	for i, m := range after {
		all = append(all, m.ID)
		if m != before[i] {
			changed = append(changed, m.ID)
		}
	}
	briefs, err := s.RunBriefs(ctx, changed)
	if err != nil || len(briefs) != 1 {
		t.Fatalf("%d runs have changed, %v", len(briefs), err)
	}
	b := briefs[0]
	if b.Key != "run-1000" || b.State != Running || b.Done != 7 || b.Seed != 1<<63+1000 || b.Final["success"] != 0.25 {
		t.Errorf("got %+v", b)
	}
	var back lab.Setup
	if err := json.Unmarshal([]byte(b.Setup), &back); err != nil || back.Kind("memory") != "mem" {
		t.Errorf("set-up %q: %v", b.Setup, err)
	}
	if by, err := s.RunBriefs(ctx, all); err != nil || len(by) != 1203 {
		t.Errorf("by number: %d, %v", len(by), err)
	}
	if whole, err := s.RunBriefs(ctx, nil); err != nil || len(whole) != 1203 {
		t.Errorf("all: %d, %v", len(whole), err)
	}
}

func TestOutcomesAreTheLastTryOfEachEvaluation(t *testing.T) {
	s := newStore(t)
	r := Run{Key: "a"}
	if err := s.CreateRun(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	episode := func(id int64, split string, seed uint64, success bool, why string) Episode {
		return Episode{Episode: lab.Episode{ID: id, Split: split, Seed: seed, Success: success, Why: why}, FirstSeq: id, LastSeq: id}
	}
	err := s.CreateEpisodes(t.Context(), "a", []Episode{
		episode(1, "train", 5, true, lab.EndTerminal), episode(2, "eval", 5, false, lab.EndHorizon), episode(3, "eval", 6, true, lab.EndTerminal),
		episode(4, "eval", 5, true, lab.EndTerminal), episode(5, "eval", 6, false, lab.EndFailed), episode(6, "test", 5, false, lab.EndTerminal),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Outcomes(t.Context(), "a")
	want := []Outcome{{ID: 4, Split: "eval", Seed: 5, Success: true}, {ID: 3, Split: "eval", Seed: 6, Success: true}, {ID: 6, Split: "test", Seed: 5}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := s.Outcomes(t.Context(), "b"); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("of no run: %v", err)
	}
}

func TestForksAndTheBinAreNotAmongTheMarks(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	for _, r := range []Run{{Key: "parent"}, {Key: "fork", Fork: &lab.Fork{Parent: "parent"}}, {Key: "gone"}} {
		if err := s.CreateRun(ctx, &r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.BinRun(ctx, "gone"); err != nil {
		t.Fatal(err)
	}
	names := func() (out []string) {
		marks, err := s.RunMarks(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range marks {
			briefs, err := s.RunBriefs(ctx, []int64{m.ID})
			if err != nil || len(briefs) != 1 {
				t.Fatalf("%d runs of one number, %v", len(briefs), err)
			}
			out = append(out, briefs[0].Key)
		}
		return out
	}
	if got := names(); !slices.Equal(got, []string{"parent"}) {
		t.Errorf("got %q", got)
	}
	if err := s.RestoreRun(ctx, "gone"); err != nil {
		t.Fatal(err)
	}
	if got := names(); len(got) != 2 {
		t.Errorf("after it was restored: %q", got)
	}
}
