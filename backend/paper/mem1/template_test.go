package mem1

import (
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world/hop"
)

func tokens(t testing.TB, text string) []int32 {
	t.Helper()
	w, err := words()
	if err != nil {
		t.Fatal(err)
	}
	ids, err := w.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// By hand: two turns of the episode in the notebook. The pruned context of the third has the second's answer and nothing of the first's.
func TestAContextHasTheLastTurnAloneOrAllOfThem(t *testing.T) {
	w, err := words()
	if err != nil {
		t.Fatal(err)
	}
	says := []string{"ask #5 boss ana #6 mother ben left 3", "found boss ana is vera ; left 2", "found mother ben is kim ; left 1"}
	wrote := []string{"state #5 find boss ana <end>", "state #5 vera #6 find mother ben <end>"}
	for _, c := range []struct {
		template string
		turn     int
		want     string
	}{
		{Pruned, 0, says[0]},
		{Pruned, 1, "ask #5 boss ana #6 mother ben " + wrote[0] + " " + says[1]},
		{Pruned, 2, "ask #5 boss ana #6 mother ben " + wrote[1] + " " + says[2]},
		{Whole, 0, says[0]},
		{Whole, 2, strings.Join([]string{says[0], wrote[0], says[1], wrote[1], says[2]}, " ")},
	} {
		contexts, err := newContexts(c.template, w)
		if err != nil {
			t.Fatal(err)
		}
		a := &rl.Attempt{Now: tokens(t, says[c.turn])}
		for i := range c.turn {
			a.Turns = append(a.Turns, rl.Turn{Now: tokens(t, says[i]), Segment: rl.Segment{Tokens: tokens(t, wrote[i])}})
		}
		got, err := contexts.read(a)
		if err != nil || !slices.Equal(got, tokens(t, c.want)) {
			said, _ := w.Decode(got)
			t.Errorf("%s, turn %d: %q, %v, want %q", c.template, c.turn, said, err, c.want)
		}
	}
}

func TestAnAnswerIsReadInItsParts(t *testing.T) {
	numbered := []hop.Question{{Number: "#5"}, {Number: "#6"}, {Number: "#7"}}
	for _, c := range []struct {
		name, text, act, slots string
		questions              []hop.Question
	}{
		{"a search", "state #5 vera #6 find mother ben", "find mother ben", "vera,,", numbered},
		{"a search that forgot", "state #6 kim #7 find heir gus", "find heir gus", ",kim,", numbered},
		{"the answers", "ans #5 vera #7 udo", "ans #5 vera #7 udo", "vera,,udo", numbered},
		{"a mark", "state #5 ? #6 kim find heir gus", "find heir gus", ",kim,", numbered},
		{"numbers alone", "state #5 #6 #7", "", ",,", numbered},
		{"nothing", "", "", ",,", numbered},
		{"without numbers", "state ? kim find heir gus", "find heir gus", ",kim,", make([]hop.Question, 3)},
		{"without a head", "vera find heir gus", "find heir gus", "vera,,", make([]hop.Question, 3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parse(c.text)
			if got := strings.Join(slots(c.questions, s.state), ","); s.act != c.act || got != c.slots {
				t.Errorf("does %q and keeps %q, want %q and %q", s.act, got, c.act, c.slots)
			}
		})
	}
}

// Stitched, the same tokens stand behind the whole history, in one row; by turn there are as many rows as turns.
func TestStitchingMakesOneSequenceOfAnAttempt(t *testing.T) {
	a := rl.Trajectory{Segments: []rl.Segment{
		{Context: []int32{1, 2}, Tokens: []int32{3}, Logprobs: []float32{-1}},
		{Context: []int32{1, 3, 4}, Tokens: []int32{5, 6}, Logprobs: []float32{-2, -3}},
	}}
	one := stitched(&a, [][]int32{{1, 2}, {4}})
	rows, err := rl.Rows(&one, 1)
	if err != nil || len(rows) != 1 || !slices.Equal(rows[0].Input, []int32{1, 2, 3, 4, 5}) || !slices.Equal(rows[0].Weights, []float32{0, 1, 0, 1, 1}) ||
		!slices.Equal(rows[0].Logprobs, []float32{0, -1, 0, -2, -3}) {
		t.Errorf("stitched rows are %+v, %v", rows, err)
	}
	if rows, err = rl.Rows(&a, 1); err != nil || len(rows) != 2 || !slices.Equal(a.Segments[1].Context, []int32{1, 3, 4}) {
		t.Errorf("the attempt itself has rows %+v, %v", rows, err)
	}
}

func FuzzAnyAnswerIsRead(f *testing.F) {
	for _, s := range []string{"state #5 vera #6 find mother ben", "ans ans #1", "find", "\xff ans", "state state"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := parse(text)
		held := slots([]hop.Question{{Number: "#5"}, {Number: "#6"}}, s.state)
		if len(held) != 2 || len(entries(held)) > 2 || strings.Contains(s.act, "  ") {
			t.Fatalf("%q is read as %+v", text, s)
		}
	})
}
