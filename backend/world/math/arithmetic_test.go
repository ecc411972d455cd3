package mathworld

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func arithmetic(t *testing.T, change func(*ArithmeticKnobs)) *Arithmetic {
	t.Helper()
	k := ArithmeticKnobs{Live: 2, Shortest: 8, Longest: 20, Modulus: 97, Operand: 9, Doubling: 0.1, Reads: 0.15, Stay: 0.8}
	if change != nil {
		change(&k)
	}
	a, err := NewArithmetic(k)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// byHand is worked out on paper: x 95 -> (y+3) 10 -> x*2 20; y 7 -> (y-9) 95 -> (x+5) 25 with steps 4 to 7.
func byHand() *Problem {
	return &Problem{Modulus: 97, Start: []int{95, 7}, Asked: 1, First: 4, Ops: []Operation{
		{Source: 1, Add: 3, Target: 0}, {Source: 1, Add: -9, Target: 1}, {Source: 0, Add: double, Target: 0}, {Source: 0, Add: 5, Target: 1},
	}}
}

const (
	byHandQuestion = "x 95 y 7\ns4 y +3 x\ns5 y -9 y\ns6 x *2 x\ns7 x +5 y\nask y"
	byHandWork     = "s4 y 7 +3 x 10\ns5 y 7 -9 y 95\ns6 x 10 *2 x 20\ns7 x 20 +5 y 25\nanswer y 25"
)

func TestAProblemWorkedOutByHand(t *testing.T) {
	p := byHand()
	if got := p.Question(); got != byHandQuestion {
		t.Errorf("question is %q", got)
	}
	if got := p.Trace(1, TraceKnobs{}); got.Work != byHandWork || !got.Right || got.Wrong != 0 {
		t.Errorf("work is %+v", got)
	}
	if got := p.Values(2); !slices.Equal(got, []int{10, 95}) {
		t.Errorf("values after two steps are %v, want [10 95]", got)
	}
	read, err := ReadProblem(byHandQuestion, 97)
	if err != nil || !reflect.DeepEqual(read, p) {
		t.Errorf("read back as %+v, %v", read, err)
	}
	// y is overwritten by step 7 before anything reads it once step 5 is done; at first x is dead, step 4 overwrites it.
	for done, want := range [][]bool{{false, true}, {true, true}, {true, false}, {true, false}, {false, true}} {
		if got := p.Live(done); !slices.Equal(got, want) {
			t.Errorf("after %d operations live are %v, want %v", done, got, want)
		}
	}
	if p.Peak() != 2 {
		t.Errorf("peak is %d, want 2", p.Peak())
	}
}

func TestAWorkIsCheckedLineByLine(t *testing.T) {
	for _, c := range []struct {
		name, work string
		want       Check
	}{
		{"all right", byHandWork, Check{Answered: true, Answer: 25, Correct: true, Tokens: 27, Steps: 4, Sound: 4, Right: 4}},
		{"all right, on one line, with the end token", strings.ReplaceAll(byHandWork, "\n", " ") + " <end>",
			Check{Answered: true, Answer: 25, Correct: true, Tokens: 27, Steps: 4, Sound: 4, Right: 4}},
		{"empty", "", Check{}},
		{"a wrong value that later steps go on from", "s4 y 7 +3 x 11 s5 y 7 -9 y 95 s6 x 11 *2 x 22 s7 x 22 +5 y 27 answer 27",
			Check{Answered: true, Answer: 27, Tokens: 26, Steps: 4, Sound: 3, Right: 1}},
		{"a wrong value that is not gone on from", "s4 y 7 +3 x 11 s5 y 7 -9 y 95 s6 x 10 *2 x 20 s7 x 20 +5 y 25 answer 25",
			Check{Answered: true, Answer: 25, Correct: true, Tokens: 26, Steps: 4, Sound: 2, Right: 3}},
		{"a step left out", "s4 y 7 +3 x 10 s6 x 10 *2 x 20 answer 25",
			Check{Answered: true, Answer: 25, Correct: true, Tokens: 14, Steps: 2, Sound: 1, Right: 2}},
		{"an operation copied wrongly", "s4 x 95 +3 x 1", Check{Tokens: 6, Steps: 1}},
		{"a step that the question does not have", "s9 x 95 +3 x 1", Check{Tokens: 6, Steps: 1}},
		{"a faithful restating line", "s4 y 7 +3 x 10 state s4 x 10 y 7", Check{Tokens: 12, Steps: 1, Sound: 1, Right: 1, Restates: 1, Faithful: 1}},
		{"a restating line with an old value", "s4 y 7 +3 x 10 state s4 x 95 y 7", Check{Tokens: 12, Steps: 1, Sound: 1, Right: 1, Restates: 1}},
		{"a restating line of another step", "s4 y 7 +3 x 10 state s5 x 10 y 7", Check{Tokens: 12, Steps: 1, Sound: 1, Right: 1, Restates: 1}},
		{"a restating line that leaves a variable out", "state s4 x 10", Check{Tokens: 4, Junk: 4}},
		{"words behind the answer", "answer 25 answer 3", Check{Answered: true, Answer: 25, Correct: true, Tokens: 4, Junk: 2}},
		{"the value of another variable", "answer x 25", Check{Answered: true, Answer: 25, Tokens: 3}},
		{"a marker without a number", "answer x", Check{Tokens: 2, Junk: 2}},
		{"a number that no value has", "answer 97", Check{Tokens: 2, Junk: 2}},
		{"a number with a leading zero", "answer 025", Check{Tokens: 2, Junk: 2}},
		{"a line that is cut off", "s4 y 7 +3 x", Check{Tokens: 5, Junk: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := byHand().Check(c.work); got != c.want {
				t.Errorf("%q\n got %+v\nwant %+v", c.work, got, c.want)
			}
		})
	}
}

func TestATailIsEnoughWhereTheStepAndAllLiveValuesCanBeRead(t *testing.T) {
	for _, c := range []struct {
		name, work, tail string
		want             Border
		enough           bool
	}{
		{"nothing done: y stands in the question, x is dead, but no step is named", "", "",
			Border{Done: 0, Live: 1, Stated: 1, Restated: -1}, false},
		{"the changed variable is in the tail, the other stands in the question", "s4 y 7 +3 x 10", "s4 y 7 +3 x 10",
			Border{Done: 1, Live: 2, Stated: 2, Pointer: true, Restated: -1}, true},
		{"the step's number is cut off", "s4 y 7 +3 x 10", "+3 x 10", Border{Done: 1, Live: 2, Stated: 2, Restated: -1}, false},
		{"the variable's name is cut off", "s4 y 7 +3 x 10 s5", "10 s5", Border{Done: 1, Live: 2, Stated: 1, Pointer: true, Restated: -1}, false},
		{"y is overwritten before it is read, so x alone counts, and is lost", "s4 y 7 +3 x 10 s5 y 7 -9 y 95", "s5 y 7 -9 y 95",
			Border{Done: 2, Live: 1, Stated: 0, Pointer: true, Restated: -1}, false},
		{"a restating line brings x back", "s4 y 7 +3 x 10 s5 y 7 -9 y 95 state s5 x 10 y 95 s6", "state s5 x 10 y 95 s6",
			Border{Done: 2, Live: 1, Stated: 1, Pointer: true, Restated: 1}, true},
		{"a restating line whose head is cut off still states its values", "s4 y 7 +3 x 10 s5 y 7 -9 y 95 state s5 x 10 y 95", "s5 x 10 y 95",
			Border{Done: 2, Live: 1, Stated: 1, Pointer: true, Restated: -1}, true},
		{"no tail", "s4 y 7 +3 x 10", "", Border{Done: 1, Live: 2, Stated: 1, Restated: -1}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := byHand()
			if got := p.Border(c.work, len(strings.Fields(c.tail))); got != c.want {
				t.Errorf("border is %+v, want %+v", got, c.want)
			}
			if p.Sufficient(c.work, c.tail) != c.enough {
				t.Errorf("sufficient is not %v", c.enough)
			}
		})
	}
}

func TestTracesHaveTheStatedMixture(t *testing.T) {
	for _, slip := range []string{SlipAny, SlipStale} {
		a := arithmetic(t, func(k *ArithmeticKnobs) { k.Live = 3 })
		var steps, wrong, restates int
		for seed := range uint64(2000) {
			tr, err := a.Trace(seed, TraceKnobs{Wrong: 0.15, Restate: 0.1, Slip: slip})
			if err != nil {
				t.Fatal(err)
			}
			c := tr.Check(tr.Work)
			if c.Steps != len(tr.Ops) || c.Sound != len(tr.Ops)-tr.Wrong || c.Restates != tr.Restates || c.Faithful != tr.Restates ||
				c.Junk != 0 || c.Correct != tr.Right || !c.Answered {
				t.Fatalf("trace %d: %+v is checked as %+v", seed, tr, c)
			}
			steps, wrong, restates = steps+c.Steps, wrong+tr.Wrong, restates+tr.Restates
		}
		// 28,000 steps: four standard errors of a share of 0.15 are 0.0086.
		if got := float64(wrong) / float64(steps); got < 0.1414 || got > 0.1586 {
			t.Errorf("%s: share of wrong steps is %v, want 0.15", slip, got)
		}
		if got := float64(restates) / float64(steps); got < 0.0928 || got > 0.1072 {
			t.Errorf("%s: share of restating lines is %v, want 0.1", slip, got)
		}
	}
}

func TestAStaleSlipUsesTheValueBeforeTheLastChange(t *testing.T) {
	// Start 5: step 1 cannot be stale (nothing has changed), step 2 from 5 again instead of from the first value.
	p := &Problem{Modulus: 97, Start: []int{5}, First: 1, Ops: []Operation{{Add: 1}, {Add: 2}}}
	r := p.reader(p.Trace(3, TraceKnobs{Wrong: 1, Slip: SlipStale}).Work)
	if r.next(); r.value == 6 {
		t.Errorf("the first value is 6, want a wrong one")
	}
	if r.next(); r.value != 7 {
		t.Errorf("the second value is %d, want 5 + 2", r.value)
	}
}

func TestEveryStepNumberAndValueOccursInTraining(t *testing.T) {
	a, seen := arithmetic(t, nil), map[string]bool{}
	for seed := range uint64(3000) {
		tr, err := a.Trace(seed, Mixture())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range strings.Fields(tr.Question() + " " + tr.Work) {
			seen[w] = true
		}
	}
	for _, w := range a.Spec().Words {
		if !seen[w] && !slices.Contains([]string{"z", "u", "v", "w"}, w) {
			t.Errorf("word %q occurs in none of 3000 traces", w)
		}
	}
}

func TestRenumberedStepsAreTheSameItem(t *testing.T) {
	p, q := byHand(), byHand()
	if q.First = 50; string(p.item()) != string(q.item()) {
		t.Error("another first number makes another item, so training questions could come back in the test")
	}
	if q.Ops[3].Add = 6; string(p.item()) == string(q.item()) {
		t.Error("another operation makes the same item")
	}
}

func TestSplitsShareNoItemWhereThereAreFew(t *testing.T) {
	a := arithmetic(t, func(k *ArithmeticKnobs) {
		*k = ArithmeticKnobs{Live: 1, Shortest: 1, Longest: 1, Modulus: 11, Operand: 9, Doubling: 0.5}
	})
	items := map[string]string{} // of 11 starts and 19 operations, 209 in all
	for _, split := range a.Splits() {
		for seed := range uint64(4000) {
			p, err := a.Problem(split, seed)
			if err != nil {
				t.Fatal(err)
			}
			if other := items[string(p.item())]; other != "" && other != split {
				t.Fatalf("%q is in %s and %s", p.Question(), other, split)
			}
			items[string(p.item())] = split
		}
	}
	if len(items) != 209 {
		t.Errorf("%d items were met, want all 209", len(items))
	}
}

func TestWrongKnobsAreNamed(t *testing.T) {
	for name, change := range map[string]func(*ArithmeticKnobs){
		"live is 7":           func(k *ArithmeticKnobs) { k.Live = 7 },
		"shortest is 21":      func(k *ArithmeticKnobs) { k.Shortest = 21 },
		"longest is 81":       func(k *ArithmeticKnobs) { k.Longest = 81 },
		"modulus is 10":       func(k *ArithmeticKnobs) { k.Modulus = 10 },
		"reads is 1.5":        func(k *ArithmeticKnobs) { k.Reads = 1.5 },
		"doubling is -0.1":    func(k *ArithmeticKnobs) { k.Doubling = -0.1 },
		"operand is 0":        func(k *ArithmeticKnobs) { k.Operand = 0 },
		"shortest is 0":       func(k *ArithmeticKnobs) { k.Shortest = 0 },
		"knob longest is 0, ": func(k *ArithmeticKnobs) { k.Longest = 0 },
	} {
		k := ArithmeticKnobs{Live: 2, Shortest: 8, Longest: 20, Modulus: 97, Operand: 9}
		change(&k)
		if _, err := NewArithmetic(k); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error is %v, want %q in it", err, name)
		}
	}
	a := arithmetic(t, nil)
	for _, k := range []TraceKnobs{{Wrong: 2}, {Restate: -1}, {Slip: "often"}} {
		if _, err := a.Trace(1, k); err == nil {
			t.Errorf("knobs %+v are no error", k)
		}
	}
}

func FuzzAWorkIsReadWithoutAPanic(f *testing.F) {
	for _, work := range []string{"", byHandWork, "state s4 x 10 y 7 answer", "s4 y 7 +3 x 99999999999999999999", "s s- +0 x"} {
		f.Add(work, 8)
	}
	f.Fuzz(func(t *testing.T, work string, tail int) {
		p := byHand()
		c, b := p.Check(work), p.Border(work, tail)
		if c.Sound > c.Steps || c.Right > c.Steps || c.Faithful > c.Restates || c.Junk > c.Tokens || b.Stated > b.Live || b.Live > 2 {
			t.Errorf("check %+v, border %+v", c, b)
		}
		if read, err := ReadProblem(work, 97); err == nil && strings.Join(strings.Fields(read.Question()), " ") != strings.Join(strings.Fields(work), " ") {
			t.Errorf("%q is read as %q", work, read.Question())
		}
	})
}

func BenchmarkTrace(b *testing.B) {
	a, err := NewArithmetic(ArithmeticKnobs{Live: 2, Shortest: 8, Longest: 20, Modulus: 97, Operand: 9, Doubling: 0.1, Reads: 0.15, Stay: 0.8})
	if err != nil {
		b.Fatal(err)
	}
	for seed := uint64(0); b.Loop(); seed++ {
		if _, err := a.Trace(seed, Mixture()); err != nil {
			b.Fatal(err)
		}
	}
}
