package segment

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

func call(context, tokens []int32) rl.Segment {
	p := make([]float32, len(tokens))
	for i := range p {
		p[i] = -float32(tokens[i]) / 10
	}
	return rl.Segment{Context: context, Tokens: tokens, Logprobs: p}
}

// edited is an attempt of four calls: the context grows from the first to the second, is edited before the third, and grows to the fourth.
func edited() *rl.Trajectory {
	return &rl.Trajectory{Segments: []rl.Segment{
		call([]int32{1, 2}, []int32{3, 4}),
		call([]int32{1, 2, 3, 4, 5}, []int32{6}),
		call([]int32{1, 2, 6, 7}, []int32{8}),
		call([]int32{1, 2, 6, 7, 8, 9}, []int32{10, 11}),
	}}
}

func TestAnAttemptIsCutWhereItsContextWasEdited(t *testing.T) {
	if got, want := Cut(edited()), []Piece{{0, 2}, {2, 4}}; !reflect.DeepEqual(got, want) {
		t.Errorf("pieces %v, want %v", got, want)
	}
	failed := edited()
	failed.Err = errors.New("gone")
	if got := Cut(failed); got != nil {
		t.Errorf("a failed attempt has pieces %v", got)
	}
	shorter := &rl.Trajectory{Segments: []rl.Segment{call([]int32{1, 2}, []int32{3}), call([]int32{1, 2}, []int32{4})}}
	if got := Cut(shorter); len(got) != 2 {
		t.Errorf("a call that does not see what was written before it gives %v, want a cut", got)
	}
}

func TestAPieceIsOneRowWithTheContextItHad(t *testing.T) {
	tr := edited()
	rows, err := Cut(tr)[1].Row(tr, 0.5)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := rl.Datum{Input: []int32{1, 2, 6, 7, 8, 9, 10}, Targets: []int32{2, 6, 7, 8, 9, 10, 11}, Weights: []float32{0, 0, 0, 1, 0, 1, 1},
		Logprobs: []float32{0, 0, 0, -0.8, 0, -1, -1.1}, Advantages: []float32{0, 0, 0, 0.5, 0, 0.5, 0.5}}
	if !reflect.DeepEqual(rows[0], want) {
		t.Errorf("row\n%v\nwant\n%v", rows[0], want)
	}
	if n := Cut(tr)[0].Tokens(tr); n != 3 {
		t.Errorf("the first piece trains %d tokens, want 3", n)
	}
	if _, err := (Piece{0, 4}).Row(tr, 1); err == nil {
		t.Error("a piece across an edit is a row")
	}
}

func TestPiecesAreDrawnFromOneAttemptAfterTheOther(t *testing.T) {
	picks := RoundRobin([]int{3, 1, 0, 2}, 5, rng.New(1, "draw"))
	var turns []int
	seen := map[Pick]bool{}
	for _, p := range picks {
		turns = append(turns, p.Attempt)
		if seen[p] || p.Piece < 0 || p.Piece >= []int{3, 1, 0, 2}[p.Attempt] {
			t.Errorf("pick %v stands twice or is none", p)
		}
		seen[p] = true
	}
	if want := []int{0, 1, 3, 0, 3}; !slices.Equal(turns, want) {
		t.Errorf("attempts in turn %v, want %v", turns, want)
	}
	if n := len(RoundRobin([]int{3, 1, 0, 2}, 99, rng.New(1, "draw"))); n != 6 {
		t.Errorf("%d of 6 pieces are drawn where all fit", n)
	}
	first := map[int]bool{}
	for seed := range uint64(40) {
		first[RoundRobin([]int{3}, 1, rng.New(seed, "draw"))[0].Piece] = true
	}
	if len(first) != 3 {
		t.Errorf("the first pick is one of %v, want each piece now and then", first)
	}
}

func TestAdvantagesByHand(t *testing.T) {
	const third = 1.0 / 3
	for name, c := range map[string]struct {
		reward, weight, want []float64
		teaches              bool
	}{
		// mean 1/2, deviation 1/2
		"attempts count once": {[]float64{1, 0, 0, 1}, []float64{1, 1, 1, 1}, []float64{1, -1, -1, 1}, true},
		// mean (3 + 1) / 6 = 2/3, deviation sqrt(2/9)
		"pieces count": {[]float64{1, 0, 0, 1}, []float64{3, 1, 1, 1}, []float64{third / math.Sqrt(2.0/9), -2 * third / math.Sqrt(2.0/9), -2 * third / math.Sqrt(2.0/9), third / math.Sqrt(2.0/9)}, true},
		// mean 0.3, deviation sqrt((0.49 + 0.09 + 0.16) / 3)
		"an overflow is worse than a wrong answer": {[]float64{1, 0, -0.1}, []float64{1, 1, 1}, []float64{0.7 / math.Sqrt(0.74/3), -0.3 / math.Sqrt(0.74/3), -0.4 / math.Sqrt(0.74/3)}, true},
		"a failed attempt counts nowhere":          {[]float64{1, 9, 0}, []float64{1, 0, 1}, []float64{1, 0, -1}, true},
		"equal rewards teach nothing":              {[]float64{1, 1}, []float64{1, 2}, []float64{0, 0}, false},
		"a single attempt teaches nothing":         {[]float64{1, 5}, []float64{1, 0}, []float64{0, 0}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := make([]float64, len(c.reward))
			if teaches := Advantages(c.reward, c.weight, got); teaches != c.teaches {
				t.Errorf("teaches is %v", teaches)
			}
			for i := range got {
				if math.Abs(got[i]-c.want[i]) > 1e-5 {
					t.Fatalf("advantages %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestAnUneditedAttemptIsOneRowOverAllThatWasSaid(t *testing.T) {
	tr := edited()
	whole, err := Unedited(tr, [][]int32{{5}, {7}, {9}, nil})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(Cut(&whole)); n != 1 {
		t.Fatalf("%d pieces, want 1", n)
	}
	rows, err := rl.Rows(&whole, 1)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if want := []int32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; !slices.Equal(rows[0].Input, want) {
		t.Errorf("reads %v, want %v", rows[0].Input, want)
	}
	if len(Cut(tr)) != 2 {
		t.Error("the attempt itself was changed")
	}
	if _, err := Unedited(tr, nil); err == nil {
		t.Error("no sayings are no error")
	}
}
