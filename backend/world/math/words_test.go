package mathworld

import (
	"slices"
	"strings"
	"testing"
)

func wordWorld(t *testing.T, steps string) *Words {
	t.Helper()
	w, err := NewWords(WordKnobs{Steps: steps, Number: 12})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// boxes is worked out by hand: 3 boxes of 4 pens less 5 are 7.
func boxes(t *testing.T) *WordProblem {
	t.Helper()
	f := families()[0]
	p := &WordProblem{Family: f.Name, template: f.two, numbers: [4]int{3, 4, 5, 0}}
	p.Question = f.two.tell(cast{numbers: p.numbers, people: [2]int{1, 0}}, people(), things())
	p.Equations, _ = f.two.work(p.numbers)
	return p
}

func TestAStoryWorkedOutByHand(t *testing.T) {
	p := boxes(t)
	if want := "ann has 3 boxes of 4 pens and gives 5 away . how many pens are left ?"; p.Question != want {
		t.Errorf("story is %q, want %q", p.Question, want)
	}
	if got, want := p.Trace(1, WordTraceKnobs{}).Response, "<think> 3 * 4 = 12 ; 12 - 5 = 7 </think> <answer> 7 </answer>"; got != want || Solve(p.Question) != want {
		t.Errorf("response is %q, solved as %q, want %q", got, Solve(p.Question), want)
	}
}

func TestEveryFamilyIsWorkedOutAsItsStorySays(t *testing.T) {
	// Numbers 9, 4, 3, 2 in every story, answers worked out on paper.
	want := map[string][2]int{"boxes": {33, 35}, "pay": {39, 42}, "more": {22, 19}, "day": {10, 20}, "save": {33, 30},
		"times": {39, 48}, "stock": {21, 19}, "rest": {15, 17}}
	for _, f := range families() {
		for i, tm := range []template{f.two, f.three} {
			equations, ok := tm.work([4]int{9, 4, 3, 2})
			if !ok || len(equations) != i+2 || equations[i+1].Value != want[f.Name][i] {
				t.Errorf("%s in %d steps is worked out as %+v, want %d", f.Name, i+2, equations, want[f.Name][i])
			}
		}
	}
	if len(families()) != len(want) {
		t.Errorf("there are %d families, %d have an answer", len(families()), len(want))
	}
}

func TestResponsesAreGradedPartByPart(t *testing.T) {
	right := "<think> 3 * 4 = 12 ; 12 - 5 = 7 </think> <answer> 7 </answer>"
	for _, c := range []struct {
		name, response          string
		correct, whole          bool
		strict, loose           bool
		tags                    float64
		equations, holding, len int
	}{
		{"right", right, true, true, true, true, 0.5, 2, 2, 16},
		{"right, with the end token", right + " <end>", true, true, true, true, 0.5, 2, 2, 16},
		{"wrong number in the right form", "<think> 3 * 4 = 13 ; 13 - 5 = 8 </think> <answer> 8 </answer>", false, true, true, true, 0.5, 2, 1, 16},
		{"empty", "", false, false, false, false, 0, 0, 0, 0},
		{"the number alone", "7", true, true, false, false, 0, 0, 0, 1},
		{"no reasoning tags", "<answer> 7 </answer>", true, true, false, false, 0.25, 0, 0, 3},
		{"words behind", right + " pens pens", true, true, false, true, 0.48, 2, 2, 18},
		{"many words behind cost no more than the tags", right + strings.Repeat(" pens", 60), true, true, false, true, 0, 2, 2, 76},
		{"words before", "ann " + right, true, true, false, true, 0.5, 2, 2, 17},
		{"two answers: the last counts", right + " <answer> 8 </answer>", false, true, false, true, 0.25, 2, 2, 19},
		{"answer in words", "<think> </think> <answer> 7 pens </answer>", false, false, true, true, 0.5, 0, 0, 6},
		{"negative", "<think> </think> <answer> - 7 </answer>", false, false, true, true, 0.5, 0, 0, 6},
		{"cut off in the reasoning", "<think> 3 * 4 = 12 ; 12 -", false, false, false, false, 0.125, 1, 1, 9},
		{"cut off in the answer", "<think> 3 * 4 = 12 </think> <answer> 7", true, true, false, false, 0.375, 1, 1, 9},
		{"tags in the wrong order", "</think> <think> </answer> <answer> 7", true, true, false, false, 0.49 - 0.01, 0, 0, 5},
		{"a gap between the parts", "<think> </think> and <answer> 7 </answer>", true, true, false, true, 0.5, 0, 0, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := boxes(t).Grade(c.response)
			if g.Correct != c.correct || g.Whole != c.whole || g.Strict != c.strict || g.Loose != c.loose ||
				g.Equations != c.equations || g.True != c.holding || g.Tokens != c.len || !near(g.Tags, c.tags) {
				t.Errorf("%q is graded %+v", c.response, g)
			}
			if g.Strict != Strict(c.response) || g.Loose != Loose(c.response) || g.Tags != Tags(c.response) ||
				g.Extracted != Extract(c.response) || g.Reasoning != Reasoning(c.response) {
				t.Errorf("%q is graded otherwise by the parts alone", c.response)
			}
		})
	}
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

func TestRewardsAddUpAsInTheScript(t *testing.T) {
	g := boxes(t).Grade("<think> 3 * 4 = 12 ; 12 - 5 = 7 </think> <answer> 7 </answer>")
	if !near(g.Format(), 2) || !near(g.Reward(1), 3) || !near(g.Reward(0.25), 1.5) || g.Correctness() != 1 {
		t.Errorf("format %v, reward %v, want 2 and 3", g.Format(), g.Reward(1))
	}
	if g.Reasoning != "3 * 4 = 12 ; 12 - 5 = 7" {
		t.Errorf("reasoning is %q", g.Reasoning)
	}
	// Right number without any tag: whole number 0.5, nothing else for form.
	if g := boxes(t).Grade("7"); !near(g.Format(), 0.5) || !near(g.Reward(1), 1.5) {
		t.Errorf("format %v, reward %v, want 0.5 and 1.5", g.Format(), g.Reward(1))
	}
}

func TestResponsesAreCorruptedInTheStatedShareAndKeepTheirForm(t *testing.T) {
	for _, slip := range []string{"", SlipValue, SlipOperation} {
		w, n, corrupted, lucky := wordWorld(t, BothSteps), 4000, 0, 0
		for seed := range uint64(n) {
			tr, err := w.Trace(seed, WordTraceKnobs{Corrupt: 0.3, Slip: slip})
			if err != nil {
				t.Fatal(err)
			}
			g := tr.Grade(tr.Response)
			wrong := g.Equations - g.True
			if !near(g.Format(), 2) || g.Tokens > ResponseTokens || g.Equations != len(tr.Equations) || g.Correct != tr.Right ||
				wrong > 1 || tr.Corrupted < 0 && (!g.Correct || wrong > 0) || slip == SlipValue && wrong != worthInt(tr.Corrupted >= 0) {
				t.Fatalf("trace %+v is graded %+v", tr, g)
			}
			corrupted += worthInt(tr.Corrupted >= 0)
			lucky += worthInt(tr.Corrupted >= 0 && tr.Right)
		}
		// Four standard errors of a share of 0.3 over 4,000 are 0.029.
		if got := float64(corrupted) / float64(n); got < 0.271 || got > 0.329 {
			t.Errorf("slip %q: share of corrupted responses is %v, want 0.3", slip, got)
		}
		if lucky > corrupted/20 {
			t.Errorf("slip %q: %d of %d corrupted responses are right all the same", slip, lucky, corrupted)
		}
	}
}

func worthInt(is bool) int {
	if is {
		return 1
	}
	return 0
}

func TestLaterEquationsGoOnFromACorruptedValue(t *testing.T) {
	p := boxes(t)
	for seed := range uint64(200) {
		tr := p.Trace(seed, WordTraceKnobs{Corrupt: 1, Slip: SlipValue})
		words := strings.Fields(tr.Response)
		if tr.Corrupted == 0 && words[5] != words[7] {
			t.Fatalf("%q does not go on from its first value", tr.Response)
		}
		if words[11] != words[14] {
			t.Fatalf("%q does not answer with its last value", tr.Response)
		}
	}
}

func TestHeldOutFamiliesUseNoWordThatTrainingNeverShows(t *testing.T) {
	for _, steps := range []string{TwoSteps, ThreeSteps, BothSteps} {
		w, seen := wordWorld(t, steps), map[string]bool{}
		families := map[string]bool{}
		for seed := range uint64(3000) {
			p, err := w.Problem(Train, seed)
			if err != nil {
				t.Fatal(err)
			}
			families[p.Family] = true
			for word := range strings.FieldsSeq(p.Question) {
				seen[word] = true
			}
		}
		if len(families) != 6 {
			t.Errorf("training has families %v, want 6", families)
		}
		for seed := range uint64(500) {
			p, err := w.Problem(HeldOut, seed)
			if err != nil {
				t.Fatal(err)
			}
			if families[p.Family] {
				t.Fatalf("family %q is trained", p.Family)
			}
			for word := range strings.FieldsSeq(p.Question) {
				if !seen[word] {
					t.Fatalf("steps %s: word %q of %q is in no training story", steps, word, p.Question)
				}
			}
		}
	}
}

func TestTestStoriesHaveNumbersThatTrainingNeverCombines(t *testing.T) {
	w, train := wordWorld(t, TwoSteps), map[string]bool{}
	for seed := range uint64(5000) {
		p, err := w.Problem(Train, seed)
		if err != nil {
			t.Fatal(err)
		}
		train[p.Family+respond(p.Equations)] = true
	}
	for seed := range uint64(1000) {
		p, err := w.Problem(Test, seed)
		if err != nil {
			t.Fatal(err)
		}
		// pay 2 * 6 + 3 and save 2 * 6 - 3 differ in the family; within one the equations tell the numbers.
		if train[p.Family+respond(p.Equations)] {
			t.Fatalf("%q has the numbers of a training story", p.Question)
		}
	}
}

func TestWrongKnobsOfWordProblemsAreNamed(t *testing.T) {
	for name, k := range map[string]WordKnobs{`steps is "4"`: {Steps: "4", Number: 12}, "number is 13": {Steps: BothSteps, Number: 13}} {
		if _, err := NewWords(k); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error is %v, want %q in it", err, name)
		}
	}
	for _, k := range []WordTraceKnobs{{Corrupt: 1.1}, {Slip: "often"}} {
		if _, err := wordWorld(t, BothSteps).Trace(1, k); err == nil {
			t.Errorf("knobs %+v are no error", k)
		}
	}
}

func FuzzAResponseIsGradedWithoutAPanic(f *testing.F) {
	for _, s := range []string{"", "7", "<think> 3 * 4 = 12 ; 12 - 5 = 7 </think> <answer> 7 </answer>", "</answer> <answer>", "<think> </think>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, response string) {
		g := boxes(t).Grade(response)
		if g.Tags < 0 || g.Tags > 0.5 || g.Strict && !g.Loose || g.True > g.Equations || g.Correct && !g.Whole || g.Format() > 2 {
			t.Errorf("%q is graded %+v", response, g)
		}
		if answer := Solve(response); answer != "" && !slices.Contains(strings.Fields(answer), openThink) {
			t.Errorf("%q is solved as %q", response, answer)
		}
	})
}

func BenchmarkWordTrace(b *testing.B) {
	w, err := NewWords(WordKnobs{Steps: BothSteps, Number: 12})
	if err != nil {
		b.Fatal(err)
	}
	for seed := uint64(0); b.Loop(); seed++ {
		if _, err := w.Trace(seed, WordMixture()); err != nil {
			b.Fatal(err)
		}
	}
}
