package hop

import (
	"math"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

func begin(t testing.TB, k Knobs, split string, seed uint64) *Episode {
	t.Helper()
	w, err := New(k)
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.Episode(split, seed)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnEpisodeGoesAsWorkedOutByHand(t *testing.T) {
	k := defaults()
	k.Most, k.Leads, k.IDs = 2, 1, true
	e := begin(t, k, Train, 4)
	a, b := e.questions[0], e.questions[1]
	if want := "ask " + a.String() + " ; " + b.String() + " ; left 8"; e.Read() != want {
		t.Fatalf("reads %q, want %q", e.Read(), want)
	}
	for i, q := range e.questions {
		if o := e.Act("find " + q.String()); o.Note != "" || o.Done || o.Reward != 0 {
			t.Fatalf("search %d gives %+v", i, o)
		}
		words := strings.Fields(e.Read())
		if got := strings.Join(words[2:7], " "); words[0] != "found" || words[1] != e.outputs[i].ID || got != q.String()+" is "+q.Answer()+" ;" {
			t.Fatalf("search %d brings %q", i, e.Read())
		}
	}
	if _, _, open := e.Needed(); open || e.TurnsLeft() != 6 || e.Oracle() != "ans "+a.Answer()+" ; "+b.Answer() {
		t.Fatalf("the oracle says %q with %d turns left", e.Oracle(), e.TurnsLeft())
	}
	if o := e.Act("ans ? ; " + b.Answer()); !o.Done || o.Reward != 1 {
		t.Fatalf("one right answer of two gives %+v", o)
	}
	if in := e.Info(); in.Success || in.Numbers["right"] != 1 || in.Numbers["share"] != 0.5 || in.Numbers["used"] != 2 || in.Why != lab.EndTerminal {
		t.Errorf("the episode came to %+v", in)
	}
}

func TestAnswersPayAsTheKnobSays(t *testing.T) {
	for _, c := range []struct {
		name, pays string
		right      int // of 3
		extra      bool
		want       float64
	}{
		{"each right one", PaysEach, 2, false, 2}, {"their share", PaysShare, 2, false, 2. / 3}, {"all, two of three", PaysAll, 2, false, 0},
		{"all, three of three", PaysAll, 3, false, 1}, {"more answers than questions", PaysEach, 3, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := defaults()
			k.Least, k.Most, k.Pays = 3, 3, c.pays
			e := begin(t, k, Test, 1)
			answers := []string{Unknown, Unknown, Unknown}
			for i := range c.right {
				answers[i] = e.questions[i].Answer()
			}
			if c.extra {
				answers = append(answers, "ana")
			}
			if o := e.Act(Answers(answers)); math.Abs(o.Reward-c.want) > 1e-12 || !o.Done {
				t.Errorf("pays %+v, want %v", o, c.want)
			}
		})
	}
}

func TestNoFactOfOneSplitIsPossibleInTheOther(t *testing.T) {
	w, err := New(defaults())
	if err != nil {
		t.Fatal(err)
	}
	seen := [2]map[Fact]bool{{}, {}}
	for seed := range uint64(60) {
		for side := range seen {
			c := &corpus{w: w, side: uint64(side), key: world.Draw(seed, uint64(side))}
			for r := range w.knobs.Relations {
				for x := range w.knobs.Entities {
					seen[side][c.fact(r, x)] = true
				}
			}
		}
	}
	for f := range seen[0] {
		if seen[1][f] {
			t.Fatalf("%v is a fact in both splits", f)
		}
	}
	if len(seen[0]) < 3000 || len(seen[1]) < 3000 {
		t.Errorf("only %d and %d facts were drawn", len(seen[0]), len(seen[1]))
	}
}

func TestQuestionsOfAnEpisodeDifferInSubjectAndAnswer(t *testing.T) {
	k := defaults()
	k.Least, k.Most, k.Each, k.Hops, k.Aliases = 8, 8, 4, 2, 0.5
	aliases := 0
	for seed := range uint64(200) {
		e := begin(t, k, Train, seed)
		seen := map[string]bool{}
		for _, q := range e.questions {
			if seen["of "+q.Of] || seen[q.Answer()] {
				t.Fatalf("%q has a subject or an answer twice", e.Task())
			}
			seen["of "+q.Of], seen[q.Answer()] = true, true
			if q.Steps[0].Relation == Alias {
				aliases++
			}
		}
	}
	if share := float64(aliases) / 1600; math.Abs(share-0.5) > 0.05 {
		t.Errorf("%v of the questions name their subject by an alias, want about half", share)
	}
}

func TestASearchBringsTheFactFirstAndLeadsThatAreOfNoUse(t *testing.T) {
	k := defaults()
	k.Spread, k.Misses, k.Each = 4, 0.3, 4
	misses, hits := 0, 0
	for seed := range uint64(200) {
		e := begin(t, k, Test, seed)
		for _, q := range e.questions {
			e.Act(Find + " " + q.String())
			o := e.outputs[len(e.outputs)-1]
			if o.Hit {
				hits++
			} else {
				misses++
				e.Act(Find + " " + q.String())
				o = e.outputs[len(e.outputs)-1]
			}
			if !o.Hit || o.Facts[0] != q.Steps[0] {
				t.Fatalf("the search for %q brings %q", q, o.Text())
			}
			if n := len(o.Facts) - 1; n < 3 || n > 7 {
				t.Fatalf("%d leads, want 3 to 7", n)
			}
			for _, f := range o.Facts[1:] {
				if f.Key() == o.Asked {
					t.Fatalf("%q has what was asked for among its leads", o.Text())
				}
			}
		}
	}
	if share := float64(misses) / float64(misses+hits); math.Abs(share-0.3) > 0.06 {
		t.Errorf("%v of the first searches miss, want 0.3", share)
	}
}

func TestWrongWordsCostATurnAndSayWhy(t *testing.T) {
	for _, answer := range []string{"", "find boss", "find ana boss", "find boss boss", "ans", "ask boss ana", "find owl boss"} {
		e := begin(t, defaults(), Train, 9)
		before := e.TurnsLeft()
		if o := e.Act(answer); o.Note == "" || o.Done || e.TurnsLeft() != before-1 || !strings.HasPrefix(e.Read(), Failed) {
			t.Errorf("%q gives %+v and reads %q", answer, o, e.Read())
		}
	}
}

func TestTheRuleThatReadsAnswersByWhatIsRecalled(t *testing.T) {
	k := defaults()
	for name, c := range map[string]struct {
		keeps bool
		least float64
		most  float64
	}{"all lines": {true, 1, 1}, "no lines": {false, 0, 0.1}} {
		t.Run(name, func(t *testing.T) {
			w, err := New(k)
			if err != nil {
				t.Fatal(err)
			}
			r, wins := w.Reader(1), 0
			for seed := range uint64(100) {
				e, _ := w.Episode(Test, seed)
				var kept []string
				r.Begin()
				for done := false; !done; {
					done = e.Act(r.Answer(e.Read(), kept)).Done
					for _, x := range e.Experiences() {
						if c.keeps && x.Kind == lab.OneStep {
							kept = append(kept, x.Text)
						}
					}
				}
				if e.Info().Success {
					wins++
				}
			}
			if share := float64(wins) / 100; share < c.least || share > c.most {
				t.Errorf("succeeds in %v", share)
			}
		})
	}
}

func TestKnobsBeyondTheirBoundsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Knobs){
		"least above most": func(k *Knobs) { k.Least = 5 }, "too many turns": func(k *Knobs) { k.Most, k.Each = 16, 3 }, "few entities": func(k *Knobs) { k.Entities = 11 },
		"alike above 1": func(k *Knobs) { k.Alike = 1.5 }, "misses not a number": func(k *Knobs) { k.Misses = math.NaN() }, "unknown pay": func(k *Knobs) { k.Pays = "none" },
	} {
		t.Run(name, func(t *testing.T) {
			k := defaults()
			change(&k)
			if _, err := New(k); lab.CodeOf(err) != lab.Invalid || err == nil {
				t.Errorf("error is %v, want one of code invalid", err)
			}
		})
	}
}

func FuzzAnswersNeverPanic(f *testing.F) {
	for _, s := range []string{"find boss ana", "ans bob ; ?", "ans ; ; ;", "\xff", "find alias ace"} {
		f.Add(s)
	}
	k := defaults()
	k.Aliases, k.Misses, k.IDs = 0.5, 0.5, true
	w, err := New(k)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		e, _ := w.Episode(Train, uint64(len(answer)))
		for !e.Act(answer).Done {
		}
		Parse(answer)
		if r := e.Info().Return; r < 0 || r > 4 {
			t.Fatalf("%q pays %v", answer, r)
		}
	})
}

func TestNumberedQuestionsAreAnsweredByTheirNumbers(t *testing.T) {
	k := defaults()
	k.Least, k.Most, k.Numbered = 3, 3, true
	for _, c := range []struct {
		name string
		says func(n, a []string) string
		want float64
	}{
		{"all", func(n, a []string) string { return strings.Join([]string{n[0], a[0], n[1], a[1], n[2], a[2]}, " ") }, 3},
		{"out of order, one left out", func(n, a []string) string { return n[2] + " " + a[2] + " ; " + n[0] + " " + a[0] }, 2},
		{"under the number of another", func(n, a []string) string { return n[0] + " " + a[1] }, 0},
		{"the same number twice", func(n, a []string) string { return strings.Join([]string{n[0], a[0], n[0], a[0]}, " ") }, 0},
		{"a number that none has", func(n, a []string) string { return n[0] + " " + a[0] + " #20 ana #19 ana #18 ana #17 ana" }, 0},
		{"a number without an answer", func(n, a []string) string { return n[0] + " " + a[0] + " " + n[1] }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := begin(t, k, Test, 2)
			var numbers, answers []string
			for _, q := range e.questions {
				numbers, answers = append(numbers, q.Number), append(answers, q.Answer())
			}
			if o := e.Act(Ans + " " + c.says(numbers, answers)); o.Reward != c.want || !o.Done {
				t.Errorf("pays %+v, want %v", o, c.want)
			}
		})
	}
}

func TestTheNumbersOfQuestionsAreConsecutiveAndAllOccur(t *testing.T) {
	k := defaults()
	k.Numbered = true
	labels, seen := index(Numbers()), map[string]bool{}
	for seed := range uint64(300) {
		e := begin(t, k, Train, seed)
		for i, q := range e.questions {
			seen[q.Number] = true
			if i > 0 && labels[q.Number] != labels[e.questions[i-1].Number]+1 {
				t.Fatalf("%q", e.Task())
			}
		}
		if questions, _ := Parse(e.Read()); len(questions) != len(e.questions) || questions[1].String() != e.questions[1].String() || questions[1].Number != e.questions[1].Number {
			t.Fatalf("%q reads back as %+v", e.Read(), questions)
		}
	}
	if len(seen) != MostNumber {
		t.Errorf("%d numbers occur, want %d", len(seen), MostNumber)
	}
}
