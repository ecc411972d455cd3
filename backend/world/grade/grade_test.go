package grade

import (
	"math"
	"strings"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestNormalisingLeavesWordsAlone(t *testing.T) {
	for _, c := range []struct{ name, answer, want string }{
		{"case and marks go", "The Dog's Bowl!", "dogs bowl"},
		{"articles and and go, parts of words stay", "An apple and a band, another", "apple band another"},
		{"a comma leaves no blank", "1,000 steps", "1000 steps"},
		{"a hyphen joins", "8-year old", "8year old"},
		{"a long dash parts, so that an article beside it goes", "the—end", "—end"},
		{"letters of other alphabets are letters", "Café á la Carte", "café á la carte"},
		{"blanks of any kind are one", " x\t\n y ", "x y"},
		{"nothing is left of articles", "The a an AND", ""},
	} {
		if got := Normalise(c.answer); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.name, c.answer, got, c.want)
		}
	}
}

func TestExactMatchComparesSetsOfWords(t *testing.T) {
	for _, c := range []struct {
		name, answer, gold string
		want               bool
	}{
		{"equal but for form", "The red Car.", "red car", true},
		{"the order does not count", "car red", "red car", true},
		{"how often does not count", "red red car", "red car", true},
		{"a further word", "red car park", "red car", false},
		{"a missing word", "red", "red car", false},
		{"stems are not compared", "cars", "car", false},
	} {
		if got := Exact(c.answer, c.gold); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestF1ByHand(t *testing.T) {
	// answer: went hik(ing) with her dog -> 5 stems; gold: hik(e) dog -> 2 stems; shared 2: p = 2/5, r = 1, F1 = 2*0.4/1.4 = 4/7.
	near(t, "F1 of an answer with more words", F1("went hiking with her dog", "hikes, the dogs"), 4.0/7)
	// answer: red red car (3), gold: red car car (3): shared red once, car once = 2; p = r = 2/3.
	near(t, "F1 of repeated words", F1("red red car", "red car car"), 2.0/3)
	near(t, "F1 of strangers", F1("red", "blue"), 0)
	near(t, "F1 of nothing", F1("", "blue"), 0)
	near(t, "F1 of nothing to nothing", F1("", ""), 0)
	near(t, "F1 of the same", F1("Running quickly", "runs quickly"), 1)
}

func TestListF1ByHand(t *testing.T) {
	// gold things: swimming -> best F1 1 (of "swims"); painting pots -> of "painting": p = 1, r = 1/2, 2/3; tennis -> 0. Mean 5/9.
	near(t, "F1 of a list", ListF1("painting, swims", "swimming, painting pots, tennis"), 5.0/9)
	near(t, "F1 of a list of one", ListF1("swims", "swimming"), 1)
}

func TestBLEU1ByHand(t *testing.T) {
	// 3 words, gold has 2 of them once each: precision 2/3, no penalty for an answer that is longer.
	near(t, "BLEU-1 of a longer answer", BLEU1("red car park", "red car"), 2.0/3)
	// 1 word of 4: precision 1, penalty exp(1 - 4/1).
	near(t, "BLEU-1 of a shorter answer", BLEU1("red", "red car parked outside"), math.Exp(-3))
	// repeated words count as often as gold has them: 1/3.
	near(t, "BLEU-1 of repeated words", BLEU1("red red red", "red car"), 1.0/3)
	near(t, "BLEU-1 of nothing", BLEU1("", "red"), 0)
}

func TestEveryCategoryOfLoCoMoHasItsRule(t *testing.T) {
	for _, c := range []struct {
		name         string
		category     Category
		answer, gold string
		want         Scores
	}{
		{"multi-hop compares things", MultiHop, "swims", "swimming, tennis", Scores{0, 0.5, math.Exp(-1) * 0}},
		{"single-hop compares all words at once", SingleHop, "swims", "swimming, tennis", Scores{0, 2.0 / 3, 0}},
		{"temporal as single-hop", Temporal, "7 May 2023", "7 May 2023", Scores{1, 1, 1}},
		{"an open-domain remark does not count", OpenDomain, "yes", "Yes; since he said so", Scores{1, 1, 1}},
		{"a semicolon elsewhere counts", SingleHop, "yes", "Yes; he", Scores{0, 2.0 / 3, math.Exp(-1)}},
		{"a refusal is right", Adversarial, "That was NOT MENTIONED.", "a cat", Scores{1, 1, 1}},
		{"the other refusal, too", Adversarial, "No information available", "a cat", Scores{1, 1, 1}},
		{"the bait is wrong", Adversarial, "a cat", "a cat", Scores{}},
	} {
		got := LoCoMo(c.category, c.answer, c.gold)
		near(t, c.name+": exact", got.Exact, c.want.Exact)
		near(t, c.name+": F1", got.F1, c.want.F1)
		near(t, c.name+": BLEU-1", got.BLEU1, c.want.BLEU1)
	}
	seen := map[string]bool{}
	for _, c := range Categories() {
		if seen[c.String()] || c.String() == "unknown" || strings.ContainsAny(c.String(), " -") {
			t.Errorf("category %d is named %q", int(c), c)
		}
		seen[c.String()] = true
	}
}

func TestStemsAreThoseOfPorter(t *testing.T) {
	// From the examples of the paper (Program 14, 1980), step by step.
	for word, want := range map[string]string{"caresses": "caress", "ponies": "poni", "cats": "cat", "agreed": "agre", "plastered": "plaster",
		"motoring": "motor", "hopping": "hop", "relational": "relat", "conditional": "condit", "generalizations": "gener", "happy": "happi"} {
		if got := Stems(word); len(got) != 1 || got[0] != want {
			t.Errorf("the stem of %s is %q, want %q", word, got, want)
		}
	}
}

func TestNumbersAreComparedByValue(t *testing.T) {
	for _, c := range []struct {
		answer, want string
		ok           bool
	}{
		{"She has 3 + 4 = 7.\n#### 7", "7", true},
		{"#### 1,234", "1234", true},
		{"It is $18.00", "18", true},
		{"about -0.50 degrees", "-0.5", true},
		{"2 then 3", "3", true},
		{"5 #### none", "", false},
		{"no number", "", false},
		{"10", "10", true},
		{"100.", "100", true},
		{strings.Repeat("9", 100), "", false},
	} {
		if got, ok := Number(c.answer); got != c.want || ok != c.ok {
			t.Errorf("%q ends in %q, %v; want %q, %v", c.answer, got, ok, c.want, c.ok)
		}
	}
	if !SameNumber("the answer is 1,000.0", "#### 1000") || SameNumber("none", "none") {
		t.Error("equal numbers differ, or none is a number")
	}
}

func FuzzScores(f *testing.F) {
	f.Add("The red car", "a red, car; x")
	f.Add("####", "-0.0")
	f.Add("\xff—é", "…")
	f.Fuzz(func(t *testing.T, answer, gold string) {
		for _, c := range Categories() {
			s := LoCoMo(c, answer, gold)
			for _, v := range []float64{s.Exact, s.F1, s.BLEU1} {
				if !(v >= 0 && v <= 1) {
					t.Fatalf("category %d scores %+v", c, s)
				}
			}
		}
		if Normalise(Normalise(answer)) != Normalise(answer) && !strings.ContainsRune(answer, 'İ') {
			t.Fatalf("%q is normalised to %q and then to %q", answer, Normalise(answer), Normalise(Normalise(answer)))
		}
		if n, ok := Number(answer); ok {
			if again, _ := Number(n); again != n {
				t.Fatalf("%q has the number %q and that has %q", answer, n, again)
			}
		}
	})
}
