package memoryrplus

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/rng"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// at makes an entry of that vector, scaled to unit length.
func at(text string, v ...float32) entry { return entry{text, unit(v)} }

func alike(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func TestExploitAndExploreWorkedOutByHand(t *testing.T) {
	x, y := at("x", 1, 0).vector, at("y", 0, 1).vector
	// The centroid of x and y is (0.5, 0.5); x lies sqrt(0.25 + 0.25) = 0.7071 from it.
	if d, ok := exploit(x, [][]float32{x, y}); !ok || !alike(d, math.Sqrt(0.5)) {
		t.Errorf("distance is %v, want 0.7071", d)
	}
	// (3, 4) has unit length (0.6, 0.8): its cosine is 0.6 with x and 0.8 with y, so it is 0.2 from the nearer one.
	if n, ok := explore(at("z", 3, 4).vector, [][]float32{x, y}); !ok || !alike(n, 0.2) {
		t.Errorf("novelty is %v, want 0.2", n)
	}
	// Opposite to all that is known: 1 - (-1) = 2.
	if n, _ := explore(at("-x", -1, 0).vector, [][]float32{x}); !alike(n, 2) {
		t.Errorf("novelty is %v, want 2", n)
	}
	if _, ok := exploit(x, nil); ok {
		t.Error("without successes there is a distance")
	}
	if _, ok := explore(x, nil); ok {
		t.Error("without failures there is a novelty")
	}
}

func TestAWindowScalesByItsLastValues(t *testing.T) {
	w := window{Most: 3}
	for i, step := range []struct {
		value, want float64
		ok          bool
	}{
		{2, 0, false}, // alone
		{2, 0, false}, // no spread
		{4, 1, true},  // 2 2 4
		{3, 0.5, true},
		{3.5, 0.5, true}, // 4 3 3.5: the 2 has gone
		{3, 0, true},     // 3 3.5 3
		{3, 0, true},
		{3, 0, false}, // 3 3 3
	} {
		if got, ok := w.scale(step.value); ok != step.ok || !alike(got, step.want) {
			t.Errorf("value %d: %v is scaled to %v, %v, want %v, %v", i, step.value, got, ok, step.want, step.ok)
		}
	}
	if len(w.Values) != 3 {
		t.Errorf("window holds %d values, want 3", len(w.Values))
	}
}

// reply is a response whose embedding is given.
func reply(correct bool, question, response entry) *answer {
	return &answer{question: question, response: response, grading: mathworld.Grading{Correct: correct}, tokens: 8}
}

func knobs(scheme string) RLKnobs {
	return RLKnobs{Scheme: scheme, Nearest: 1, Each: 50, Stored: 2000, Window: 100, Exploit: 1, Explore: 1, Bait: 1}
}

// The first answer is wrong, the second right, the third wrong in another way; all to one question. Worked out by hand with
// x = (1, 0), y = (0, 1), z = (0.6, 0.8):
//
//	written first:  x finds itself, novelty 0. y is 1 from x: novelty 1. z finds itself: 0.
//	scored first:   x finds no failure. y: 1. z: 1 - cos(z, x) = 0.4.
func TestAFailureFindsItselfWhenItIsWrittenFirst(t *testing.T) {
	q := at("q", 1, 0)
	responses := []*answer{reply(false, q, at("x", 1, 0)), reply(true, q, at("y", 0, 1)), reply(false, q, at("z", 3, 4))}
	for _, c := range []struct {
		name       string
		scoreFirst bool
		raw        []float64
		scaled     []float64
	}{
		{"written first", false, []float64{0, 1, 0}, []float64{0, 1, 0}},
		{"scored first", true, []float64{1, 0.4}, []float64{0, 0, 0}}, // a single value has no spread; 0.4 is the least of its window
	} {
		k := knobs(MemoryRPlus)
		k.ScoreFirst = c.scoreFirst
		m := newMemory(k)
		for i, a := range responses {
			if p := m.pay(a, 0); math.Abs(p.explore-c.scaled[i]) > 1e-6 {
				t.Errorf("%s: response %d earns %v for novelty, want %v", c.name, i, p.explore, c.scaled[i])
			}
		}
		if len(m.Novelty.Values) != len(c.raw) {
			t.Fatalf("%s: novelties %v, want %v", c.name, m.Novelty.Values, c.raw)
		}
		for i, want := range c.raw {
			if !alike(m.Novelty.Values[i], want) {
				t.Errorf("%s: novelties %v, want %v", c.name, m.Novelty.Values, c.raw)
			}
		}
	}
}

// Scored first with failures known before: x again is known, so 0; z differs by 0.4, which is not 0 although it fails.
func TestScoredFirstAFailureMayBeNew(t *testing.T) {
	k := knobs(MemoryRPlus)
	k.ScoreFirst = true
	m, q := newMemory(k), at("q", 1, 0)
	m.pay(reply(false, q, at("x", 1, 0)), 0)
	m.pay(reply(false, q, at("x", 1, 0)), 0)
	if p := m.pay(reply(false, q, at("z", 3, 4)), 0); !alike(p.explore, 1) || !alike(m.Novelty.Values[1], 0.4) {
		t.Errorf("a new failure earns %v of novelties %v, want 1 of 0 and 0.4", p.explore, m.Novelty.Values)
	}
}

func TestEverySchemePaysItsTermsAndNoOthers(t *testing.T) {
	q := at("q", 1, 0)
	right := func() *answer { return reply(true, q, at("y", 0, 1)) }
	for scheme, want := range map[string]paid{
		R1:          {outcome: 1},
		Cosine:      {outcome: 1, length: 0.5 + 0.25*(1+math.Cos(math.Pi*8/32))},
		MemoryR:     {outcome: 1, exploit: 1},
		MemoryRPlus: {outcome: 1, exploit: 1, explore: 1},
	} {
		m := newMemory(knobs(scheme))
		m.pay(reply(false, q, at("x", 1, 0)), 0)
		if got := m.pay(right(), 0); got != want {
			t.Errorf("%s pays %+v, want %+v", scheme, got, want)
		}
		if stored := m.Success.size() + m.Failure.size(); stored != map[string]int{R1: 0, Cosine: 0, MemoryR: 2, MemoryRPlus: 2}[scheme] {
			t.Errorf("%s stores %d responses", scheme, stored)
		}
	}
}

func TestNoveltyCountsNothingBeforeItsWarmUpIsOver(t *testing.T) {
	k := knobs(MemoryRPlus)
	k.Warmup = 2
	m, q := newMemory(k), at("q", 1, 0)
	for update, want := range []float64{0, 0, 1} {
		m.pay(reply(false, q, at("x", 1, 0)), update)
		if p := m.pay(reply(true, q, at("y", 0, 1)), update); p.explore != want {
			t.Errorf("update %d pays %v for novelty, want %v", update, p.explore, want)
		}
	}
}

// Closeness is 1 less the scaled distance; without any success it counts nothing, and where all distances are the same it is 1 less the
// distance itself.
func TestClosenessIsPaidAsInTheScript(t *testing.T) {
	m, q := newMemory(knobs(MemoryR)), at("q", 1, 0)
	x, y, z := at("x", 1, 0), at("y", 0, 1), at("z", 3, 4)
	for i, c := range []struct {
		a    *answer
		want float64
	}{
		{reply(false, q, z), 0},                  // nothing is stored
		{reply(true, q, x), 1},                   // itself: distance 0, no spread, 1 - 0
		{reply(false, q, y), 0},                  // distance 1.4142 of 0 to 1.4142
		{reply(false, q, z), 1 - math.Sqrt(0.4)}, // distance sqrt(0.16 + 0.64) = 0.8944 of 0 to 1.4142: 0.6325
		{reply(true, q, y), 1 - 0.5},             // centroid (0.5, 0.5), distance 0.7071
		{reply(false, at("other", 0, 1), z), 1 - math.Sqrt(0.1)/math.Sqrt2}, // q alone has successes: 0.3162 from their centroid, of 1.4142
	} {
		if p := m.pay(c.a, 0); !alike(p.exploit, c.want) {
			t.Errorf("response %d earns %v, want %v", i, p.exploit, c.want)
		}
	}
}

func TestTheOldestGoFirst(t *testing.T) {
	s := store{Questions: 2, Each: 2}
	text := func() string {
		var all []string
		for _, f := range s.Shelves {
			all = append(all, f.Question.Text+":")
			for _, r := range f.Responses {
				all = append(all, r.Text)
			}
		}
		return strings.Join(all, " ")
	}
	for _, c := range []struct{ question, response, want string }{
		{"p", "1", "p: 1"},
		{"q", "2", "p: 1 q: 2"},
		{"p", "3", "p: 1 3 q: 2"},
		{"p", "4", "p: 3 4 q: 2"},
		{"r", "5", "q: 2 r: 5"}, // p was met first, and goes with all it has
		{"p", "6", "r: 5 p: 6"},
	} {
		if s.write(at(c.question, 1), at(c.response, 1)); text() != c.want {
			t.Errorf("after %s to %s the store holds %q, want %q", c.response, c.question, text(), c.want)
		}
	}
	if s.size() != 2 {
		t.Errorf("size is %d, want 2", s.size())
	}
}

// slowNear sorts all questions.
func slowNear(s *store, question []float32, k int) []int {
	order := make([]int, len(s.Shelves))
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := dot(question, s.Shelves[a].Question.vector), dot(question, s.Shelves[b].Question.vector)
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return order[:min(k, len(order))]
}

func TestTheNearestQuestionsAreThoseOfASlowSearch(t *testing.T) {
	r := rng.New(1, "near")
	vector := func() []float32 {
		v := make([]float32, 3) // few values, so that some are equally near
		for i := range v {
			v[i] = float32(r.IntN(3) - 1)
		}
		return unit(v)
	}
	for n := range 40 {
		s := store{Questions: 30, Each: 1}
		q := vector()
		for i := range n {
			s.near(entry{"asked", q}, 1) // what is remembered of this must not outlive the next write
			s.write(entry{fmt.Sprint(i), vector()}, entry{fmt.Sprint("to ", i), vector()})
		}
		for _, k := range []int{1, 2, 5, 39, 100} {
			if got, want := s.near(entry{"asked", q}, k), slowNear(&s, q, k); !slices.Equal(got, want) {
				t.Fatalf("the %d nearest of %d are %v, want %v", k, n, got, want)
			}
			if got := len(s.neighbours(entry{"asked", q}, k)); got != min(k, n, 30) {
				t.Errorf("%d responses of %d neighbours", got, min(k, n))
			}
		}
	}
}

func TestEmbeddingsHaveUnitLength(t *testing.T) {
	for _, text := range []string{"", "7", "3 * 4 = 12 ; 12 - 5 = 7", strings.Repeat("ann has pens ", 9)} {
		if v := encodeHash(text); !alike(dot(v, v), 1) || len(v) != dimensions {
			t.Errorf("%q has an embedding of length %v in %d dimensions", text, dot(v, v), len(v))
		}
	}
	a, b := encodeHash("3 * 4 = 12"), encodeHash("12 = 4 * 3")
	if c := dot(a, b); c > 0.95 || c < 0.2 {
		t.Errorf("the same words in another order have cosine %v, want their words shared and their pairs not", c)
	}
	if c := dot(encodeHash(""), encodeHash("")); !alike(c, 1) {
		t.Errorf("two empty texts have cosine %v, want 1", c)
	}
}

// A single word is one feature: its embedding is 1 or -1 in one place. Two words are three features, of which two words and a pair.
func TestTheHashedEncoderCountsWordsAndPairs(t *testing.T) {
	for text, want := range map[string]int{"pens": 1, "ann pens": 3, "ann ann": 2} {
		n := 0
		for _, v := range encodeHash(text) {
			if v != 0 {
				n++
			}
		}
		if n != want {
			t.Errorf("%q has %d places that are not 0, want %d", text, n, want)
		}
	}
}

// Three unit vectors with cosines 1, 0 and 0: 1 - 1/3.
func TestDiversityWorkedOutByHand(t *testing.T) {
	x, y := at("x", 1, 0).vector, at("y", 0, 1).vector
	if d, ok := diversity([][]float32{x, x, y}); !ok || !alike(d, 2.0/3) {
		t.Errorf("diversity is %v, want 0.6667", d)
	}
	if _, ok := diversity([][]float32{x}); ok {
		t.Error("a single response has a diversity")
	}
}

func TestShortRightAndLongWrongAnswersArePaidBest(t *testing.T) {
	for _, c := range []struct {
		right  bool
		tokens int
		want   float64
	}{{true, 0, 1}, {true, 16, 0.75}, {true, 32, 0.5}, {false, 0, -1}, {false, 16, -0.75}, {false, 32, -0.5}} {
		if got := lengthReward(c.right, c.tokens); !alike(got, c.want) {
			t.Errorf("right %v, %d tokens: %v, want %v", c.right, c.tokens, got, c.want)
		}
	}
}

func TestAGroupIsFlatWhenFormatAloneTellsItsResponsesApart(t *testing.T) {
	for _, c := range []struct {
		name           string
		parts          []paid
		flat, hopeless int
	}{
		{"all wrong, forms differ", []paid{{format: 2}, {format: 1.3}}, 1, 1},
		{"all right", []paid{{outcome: 1, format: 2}, {outcome: 1, format: 0.1}}, 1, 0},
		{"one right", []paid{{outcome: 1}, {}}, 0, 0},
		{"all wrong, remembered apart", []paid{{exploit: 0.3}, {exploit: 0.2}}, 0, 1},
		{"all wrong, new apart", []paid{{explore: 0.3}, {}}, 0, 1},
	} {
		var s tally
		if s.group(c.parts); s.flat != c.flat || s.hopeless != c.hopeless {
			t.Errorf("%s: flat %d, hopeless %d, want %d, %d", c.name, s.flat, s.hopeless, c.flat, c.hopeless)
		}
	}
}

func TestCollapseIsCalledByLengthOrByFormatAtTheCostOfAnswers(t *testing.T) {
	first := tally{responses: 10, correct: 4, tokens: 200, format: 18}
	for _, c := range []struct {
		name string
		s    tally
		want float64
	}{
		{"as before", first, 0},
		{"short", tally{responses: 10, correct: 5, tokens: 99, format: 18}, 1},
		{"just long enough", tally{responses: 10, correct: 5, tokens: 100, format: 18}, 0},
		{"at the limit", tally{responses: 10, correct: 5, tokens: 305, format: 18}, 1},
		{"form for answers", tally{responses: 10, correct: 3, tokens: 200, format: 18.1}, 1},
		{"worse without form", tally{responses: 10, correct: 3, tokens: 200, format: 18}, 0},
	} {
		e, now := &exam{}, &count{}
		e.collapsed(&first, now)
		now.Updates = 1
		if got := e.collapsed(&c.s, now); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
