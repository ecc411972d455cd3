package rl

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// wrote is a segment whose log-probabilities are minus its tokens.
func wrote(context []int32, tokens ...int32) Segment {
	s := Segment{Context: context, Tokens: tokens}
	for _, id := range tokens {
		s.Logprobs = append(s.Logprobs, -float32(id))
	}
	return s
}

func TestRowsAreAlignedWithWhatTheModelWrote(t *testing.T) {
	masked := wrote([]int32{1, 2}, 11, 12, 13)
	masked.Keep = []bool{true, false, true}
	for _, c := range []struct {
		name     string
		segments []Segment
		want     []string // input, targets, weights, log-probabilities
	}{
		{"one segment", []Segment{wrote([]int32{1, 2}, 11, 12)}, []string{"[1 2 11] [2 11 12] [0 1 1] [0 -11 -12]"}},
		{"a single token", []Segment{wrote([]int32{1}, 11)}, []string{"[1] [11] [1] [-11]"}},
		{"a call that goes on where the last one ended", []Segment{wrote([]int32{1}, 11), wrote([]int32{1, 11}, 12)},
			[]string{"[1 11] [11 12] [1 1] [-11 -12]"}},
		{"what a tool said in between", []Segment{wrote([]int32{1}, 11), wrote([]int32{1, 11, 5, 6}, 12)},
			[]string{"[1 11 5 6] [11 5 6 12] [1 0 0 1] [-11 0 0 -12]"}},
		{"an edited context", []Segment{wrote([]int32{1, 2}, 11), wrote([]int32{1, 3, 11}, 12)},
			[]string{"[1 2] [2 11] [0 1] [0 -11]", "[1 3 11] [3 11 12] [0 0 1] [0 0 -12]"}},
		{"a dropped answer", []Segment{wrote([]int32{1, 2}, 11, 12), wrote([]int32{1, 2}, 13)},
			[]string{"[1 2 11] [2 11 12] [0 1 1] [0 -11 -12]", "[1 2] [2 13] [0 1] [0 -13]"}},
		{"appended, rewritten, appended", []Segment{wrote([]int32{1}, 11), wrote([]int32{1, 11, 2}, 12), wrote([]int32{4}, 13), wrote([]int32{4, 13, 5}, 14)},
			[]string{"[1 11 2] [11 2 12] [1 0 1] [-11 0 -12]", "[4 13 5] [13 5 14] [1 0 1] [-13 0 -14]"}},
		{"tokens that are left out", []Segment{masked}, []string{"[1 2 11 12] [2 11 12 13] [0 1 0 1] [0 -11 0 -13]"}},
		{"nothing written", []Segment{wrote([]int32{1, 2})}, nil},
		{"nothing written at the end", []Segment{wrote([]int32{1}, 11), wrote([]int32{1, 11, 2})}, []string{"[1] [11] [1] [-11]"}},
	} {
		rows, err := Rows(&Trajectory{Segments: c.segments}, 2)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range rows {
			got = append(got, fmt.Sprint(d.Input, d.Targets, d.Weights, d.Logprobs))
			for i, w := range d.Weights {
				if d.Advantages[i] != 2*w {
					t.Errorf("%s: advantages %v of weights %v", c.name, d.Advantages, d.Weights)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestSegmentsThatDoNotFitTogetherAreNamed(t *testing.T) {
	short, marks := wrote([]int32{1}, 2, 3), wrote([]int32{1}, 2, 3)
	short.Logprobs, marks.Keep = short.Logprobs[:1], []bool{true}
	for _, s := range []Segment{wrote(nil, 1), short, marks} {
		if _, err := Rows(&Trajectory{Segments: []Segment{s}}, 1); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestAFailedAttemptGivesNoRow(t *testing.T) {
	tr := Trajectory{Segments: []Segment{wrote([]int32{1}, 2)}, Err: errors.New("lost")}
	if rows, err := Rows(&tr, 1); err != nil || rows != nil {
		t.Errorf("%v, %v", rows, err)
	}
}

// anEpisode is one whose context is now and then edited; every token that is written has an id of its own.
func anEpisode(s *rng.Stream) Trajectory {
	next := int32(100)
	fresh := func(n int) (ids []int32) {
		for range n {
			next++
			ids = append(ids, next)
		}
		return ids
	}
	var tr Trajectory
	context := fresh(1 + s.IntN(4))
	for range 1 + s.IntN(6) {
		seg := wrote(slices.Clone(context), fresh(s.IntN(5))...)
		for range seg.Tokens {
			seg.Keep = append(seg.Keep, s.Bool(0.8))
		}
		tr.Segments = append(tr.Segments, seg)
		context = append(context, seg.Tokens...)
		switch s.IntN(4) {
		case 0: // drop something
			if i := s.IntN(len(context)); len(context) > 1 {
				context = slices.Delete(context, i, i+1)
			}
		case 1: // rewrite
			context = fresh(1 + s.IntN(3))
		}
		context = append(context, fresh(s.IntN(3))...)
	}
	return tr
}

func FuzzEveryTrainedTokenIsTrainedOnceGivenWhatWasBeforeIt(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		tr := anEpisode(rng.New(seed, "episode"))
		want := map[int32][]int32{} // token -> all that the model had before it
		for _, s := range tr.Segments {
			before := slices.Clone(s.Context)
			for i, id := range s.Tokens {
				if s.Keep[i] {
					want[id] = slices.Clone(before)
				}
				before = append(before, id)
			}
		}
		if len(want) != tr.Trained() {
			t.Fatalf("%d trained tokens, want %d", tr.Trained(), len(want))
		}
		rows, err := Rows(&tr, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range rows {
			if err := (Loss{Name: PPO}).CheckDatum(&d, 1<<20, 1<<20); err != nil {
				t.Fatal(err)
			}
			for i, w := range d.Weights {
				if w == 0 {
					continue
				}
				id := d.Targets[i]
				if before, ok := want[id]; !ok || !slices.Equal(before, d.Input[:i+1]) || d.Logprobs[i] != -float32(id) {
					t.Fatalf("token %d after %v with log-probability %v, want after %v", id, d.Input[:i+1], d.Logprobs[i], before)
				}
				delete(want, id)
			}
		}
		if len(want) > 0 {
			t.Fatalf("tokens that nothing trains: %v", want)
		}
	})
}
