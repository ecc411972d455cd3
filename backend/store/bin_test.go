package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

func TestARunInTheBinIsInNoListAndComesBack(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	var keys []string
	for i := range 3 {
		r := sampleRun(i)
		must(t, s.CreateRun(ctx, r))
		keys = append(keys, r.Key)
	}
	must(t, s.BinRun(ctx, keys[0]))
	must(t, s.BinRun(ctx, keys[0])) // a second time changes nothing
	count := func(f RunFilter) int {
		_, total, err := s.FindRuns(ctx, f)
		must(t, err)
		return total
	}
	if count(RunFilter{}) != 2 || count(RunFilter{Binned: true}) != 3 || count(RunFilter{Keys: keys[:1]}) != 0 {
		t.Error("lists hold what is in the bin")
	}
	if in, err := s.IsBinned(ctx, keys[0]); !in || err != nil {
		t.Error(in, err)
	}
	found, total, err := s.FindBin(ctx, time.Time{}, 10, 0)
	must(t, err)
	if total != 1 || len(found) != 1 || found[0].Run.Key != keys[0] || !found[0].Since.Equal(clock) {
		t.Errorf("%d: %+v", total, found)
	}
	if found, total, err = s.FindBin(ctx, clock, 10, 0); total != 0 || len(found) != 0 || err != nil {
		t.Errorf("what came at that time is not older: %d, %v", total, err)
	}
	must(t, s.RestoreRun(ctx, keys[0]))
	wantCode(t, s.RestoreRun(ctx, keys[0]), lab.NotFound, keys[0])
	wantCode(t, s.BinRun(ctx, "nothing"), lab.NotFound, "nothing")
	if count(RunFilter{}) != 3 {
		t.Error("it did not come back")
	}
	must(t, s.BinRun(ctx, keys[1]))
	must(t, s.DeleteRun(ctx, keys[1]))
	if _, total, err := s.FindBin(ctx, time.Time{}, 0, 0); total != 0 || err != nil {
		t.Errorf("a removed run is still in the bin: %d, %v", total, err)
	}
}

func TestRunsAreFoundByTheirModel(t *testing.T) {
	s := newStore(t)
	for i, model := range []string{"tiny", "endpoint a", "endpoint b"} {
		r := sampleRun(i)
		r.Setup.Model = model
		must(t, s.CreateRun(t.Context(), r))
	}
	runs, total, err := s.FindRuns(t.Context(), RunFilter{Model: "endpoint a"})
	if err != nil || total != 1 || runs[0].Setup.Model != "endpoint a" {
		t.Errorf("%d, %v", total, err)
	}
	word := fmt.Sprint("seed ", int64(runs[0].Seed))
	all, total, err := s.FindRuns(t.Context(), RunFilter{Words: []string{word, string(runs[0].State), runs[0].Arm}})
	if err != nil || total == 0 || all[0].Seed != runs[0].Seed {
		t.Errorf("%q: %d, %v", word, total, err)
	}
	if _, total, err = s.FindRuns(t.Context(), RunFilter{Words: []string{word, "100%"}}); err != nil || total != 0 {
		t.Errorf("%d, %v", total, err)
	}
}
