package delethink

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// sum is x 5 y 2, then s1 x = x + 3, s2 y = x + 1, asked y: 8, 9.
func sum(t *testing.T) (question, *llm.Words) {
	t.Helper()
	w, err := mathworld.NewArithmetic(mathworld.ArithmeticKnobs{Live: 2, Shortest: 2, Longest: 2, Modulus: 31, Operand: 5})
	if err != nil {
		t.Fatal(err)
	}
	words, err := llm.NewWords(w.Spec().Words)
	if err != nil {
		t.Fatal(err)
	}
	p := &mathworld.Problem{Modulus: 31, Start: []int{5, 2}, First: 1, Asked: 1, Ops: []mathworld.Operation{{Source: 0, Add: 3, Target: 0}, {Source: 0, Add: 1, Target: 1}}}
	ids, err := words.Encode(oneLine(p.Question()))
	if err != nil {
		t.Fatal(err)
	}
	return question{p, 1, ids}, words
}

// trace cuts a work at the bars; m tokens are carried.
func trace(t *testing.T, q question, words *llm.Words, m int, parts ...string) *rl.Trajectory {
	t.Helper()
	tr := &rl.Trajectory{}
	var before []int32
	for i, part := range parts {
		ids, err := words.Encode(part)
		if err != nil {
			t.Fatal(err)
		}
		context := q.ids
		if i > 0 {
			context = join(q.ids, before[max(0, len(before)-m):])
		}
		tr.Segments = append(tr.Segments, rl.Segment{Context: context, Tokens: ids, Logprobs: make([]float32, len(ids))})
		before = ids
	}
	return tr
}

func TestAnswersAreReadAcrossBorders(t *testing.T) {
	q, words := sum(t)
	for _, c := range []struct {
		name   string
		parts  []string
		reward float64
		why    string
	}{
		{"right, in one piece", []string{"s1 x 5 +3 x 8 s2 x 8 +1 y 9 answer 9 <end>"}, 1, lab.EndTerminal},
		{"right, the answer straddles a border", []string{"s1 x 5 +3 x 8 s2 x 8 +1 y 9 answer", "9 <end>"}, 1, lab.EndTerminal},
		{"wrong", []string{"s1 x 5 +3 x 8 s2 x 8 +1 y 9 answer 8 <end>"}, 0, lab.EndTerminal},
		{"out of tokens", []string{"s1 x 5 +3 x 8", "s2 x 8 +1 y 9"}, 0, lab.EndHorizon},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s tally
			tr := trace(t, q, words, 4, c.parts...)
			if err := s.grade(q, tr, words); err != nil || tr.Reward != c.reward || tr.Why != c.why || s.accuracy() != c.reward {
				t.Errorf("reward %v, end %q, accuracy %v, %v", tr.Reward, tr.Why, s.accuracy(), err)
			}
		})
	}
}

func TestSufficiencyOfWhatIsCarriedWorkedOutByHand(t *testing.T) {
	q, words := sum(t)
	for _, c := range []struct {
		name  string
		carry int
		first string
		want  float64
	}{
		{"step and value carried", 6, "s1 x 5 +3 x 8", 1},
		{"value without its step", 2, "s1 x 5 +3 x 8", 0},
		{"nothing carried, something done", 0, "s1 x 5 +3 x 8", 0},
		{"restated", 6, "s1 x 5 +3 x 8 state s1 x 8 y 2", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s tally
			if err := s.grade(q, trace(t, q, words, c.carry, c.first, "answer 9 <end>"), words); err != nil {
				t.Fatal(err)
			}
			if got := ratio(s.sufficient, s.borders); got != c.want || s.borders != 1 || s.carry != c.carry {
				t.Errorf("sufficiency %v of %d borders with %d carried, want %v", got, s.borders, s.carry, c.want)
			}
		})
	}
}

func TestCreditDividesByTheWholeTraceOrByTheChunk(t *testing.T) {
	q, words := sum(t)
	long, short := trace(t, q, words, 2, "s1 x 5 +3 x 8", "answer 9"), trace(t, q, words, 2, "answer 8 <end>", "<end>")
	long.Reward, short.Reward = 1, 0
	groups := []rl.Group{{Trajectories: []rl.Trajectory{*long, *short}}}
	for _, c := range []struct {
		rule string
		want [][]float64 // advantage of each row's trained tokens: A is +1 and -1
	}{
		{"trace", [][]float64{{1. / 16, 6}, {1. / 16, 2}, {-1. / 8, 3}, {-1. / 8, 1}}}, // 2 traces of 8 and 4 tokens
		{"chunk", [][]float64{{1. / 24, 6}, {1. / 8, 2}, {-1. / 12, 3}, {-1. / 4, 1}}}, // 4 chunks
	} {
		m := &method{knobs: RLKnobs{Normalise: c.rule}}
		rows, credited, err := m.credit(groups)
		if err != nil || len(rows) != 4 || credited.Skipped != 0 {
			t.Fatalf("%s: %d rows, %+v, %v", c.rule, len(rows), credited, err)
		}
		for i, r := range rows {
			n := 0.0
			for j, w := range r.Weights {
				if w == 1 {
					n++
					if math.Abs(float64(r.Advantages[j])-c.want[i][0]) > 1e-5 {
						t.Errorf("%s: row %d has advantage %v, want %v", c.rule, i, r.Advantages[j], c.want[i][0])
					}
				}
			}
			if n != c.want[i][1] {
				t.Errorf("%s: row %d trains %v tokens, want %v", c.rule, i, n, c.want[i][1])
			}
		}
	}
}

func TestTheCarriedTokensAreNotTrainedTwice(t *testing.T) {
	q, words := sum(t)
	tr := trace(t, q, words, 4, "s1 x 5 +3 x 8", "s2 x 8 +1 y 9", "answer 9 <end>")
	rows, err := rl.Rows(tr, 1)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range rows {
		for _, w := range r.Weights {
			n += int(w)
		}
	}
	if n != tr.Length() || len(rows) != 3 {
		t.Errorf("%d tokens are trained in %d rows, want %d in 3", n, len(rows), tr.Length())
	}
}
