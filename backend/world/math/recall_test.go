package mathworld

import (
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/world"
)

func readables(t *testing.T) map[string]world.Readable {
	t.Helper()
	a, err := NewArithmetic(ArithmeticKnobs{Live: 2, Shortest: 3, Longest: 5, Modulus: 31, Operand: 3, Reads: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWords(WordKnobs{Steps: BothSteps, Number: 9})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]world.Readable{RunningArithmetic: a, WordProblems: w}
}

func TestTheReaderAnswersAQuestionOnlyIfItWasRecalled(t *testing.T) {
	for name, w := range readables(t) {
		r := w.Reader(0)
		var lines []string
		for pass := range 2 {
			right := 0
			for seed := range uint64(40) {
				d, err := w.Start(Train, seed)
				if err != nil {
					t.Fatal(err)
				}
				e := d.(world.Recalling)
				if r.Begin(); e.Query() != e.Read() || len(e.Experiences()) != 0 {
					t.Fatalf("%s: before the answer the query is %q and %v was experienced", name, e.Query(), e.Experiences())
				}
				if e.Act(r.Answer(e.Read(), lines)); e.Info().Success {
					right++
				}
				taught := e.Experiences()
				if len(taught) != 1 || taught[0].Success != e.Info().Success || !taught[0].Scored || e.Query() != "" {
					t.Fatalf("%s: the answer brings %+v", name, taught)
				}
				if pass == 0 {
					lines = append(lines, taught[0].Text)
				}
			}
			if want := []int{0, 40}[pass]; right < want || pass == 0 && right > 4 { // two questions may be the same
				t.Errorf("%s: %d of 40 questions are answered in pass %d", name, right, pass)
			}
		}
	}
}

func TestExperiencesAreMadeOfTheWorldsWords(t *testing.T) {
	for name, w := range readables(t) {
		known := map[string]bool{}
		for _, word := range w.Spec().Words {
			known[word] = true
		}
		for seed := range uint64(100) {
			d, err := w.Start(Test, seed)
			if err != nil {
				t.Fatal(err)
			}
			d.Act("")
			for _, e := range d.(world.Recalling).Experiences() {
				for _, word := range strings.Fields(e.Key + " " + e.Text) {
					if !known[word] {
						t.Fatalf("%s: %q of %q is no word of the world", name, word, e.Text)
					}
				}
			}
		}
	}
}
