package mem

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// like compares a hit with what was worked out by hand.
func like(t *testing.T, h lab.Hit, id string, rank int, score float64, why string) {
	t.Helper()
	if h.Entry != id || h.Rank != rank || math.Abs(float64(h.Score)-score) > 1e-12 || h.Why != why {
		t.Errorf("got %+v, want entry %s, rank %d, score %v, why %q", h, id, rank, score, why)
	}
}

// addUp tells whether the parts of those names make up the score.
func addUp(h lab.Hit, names ...string) bool {
	total := 0.0
	for _, n := range names {
		total += float64(h.Parts[n])
	}
	return math.Abs(total-float64(h.Score)) < 1e-12
}

func TestReciprocalRanksOfTwoSearchesWorkedByHand(t *testing.T) {
	words := Ranked{"words", []Match{{"7", 12}, {"3", 11}, {"5", 1}}}
	vectors := Ranked{"vectors", []Match{{"3", 0.9}, {"9", 0.8}}}
	hits := ReciprocalRank(RRFConstant, words, vectors)
	like(t, hits[0], "3", 1, 1.0/62+1.0/61, "")
	like(t, hits[1], "7", 2, 1.0/61, "")
	like(t, hits[2], "9", 3, 1.0/62, "")
	like(t, hits[3], "5", 4, 1.0/63, "")
	if len(hits) != 4 || hits[0].Parts["words"] != 1.0/62 || len(hits[1].Parts) != 1 || !addUp(hits[0], "words", "vectors") {
		t.Fatalf("parts %v", hits)
	}
}

func TestValueAwareScoreWorkedByHand(t *testing.T) {
	v := ValueAware{Delta: 0.5, Pool: 3, Lambda: 0.25}
	hits := v.Score([]Candidate{
		{ID: "a", Similarity: 0.9, Value: 0}, {ID: "b", Similarity: 0.8, Value: 1}, {ID: "c", Similarity: 0.7, Value: -1},
		{ID: "d", Similarity: 0.6, Value: 9}, {ID: "e", Similarity: 0.5, Value: 9},
	})
	z := math.Sqrt(1.5) // similarities 0.9, 0.8, 0.7 and values 0, 1, -1 have the standard scores z, 0, -z and 0, z, -z
	like(t, hits[0], "a", 1, 0.75*z, "")
	like(t, hits[1], "b", 2, 0.25*z, "")
	like(t, hits[2], "c", 3, -z, "")
	like(t, hits[3], "d", 4, 0.6, WhyPool)
	like(t, hits[4], "e", 5, 0.5, WhyGate) // equal to delta is not above it
	for _, h := range hits[:3] {
		if !addUp(h, "from-similarity", "from-value") {
			t.Errorf("parts of %+v do not add up", h)
		}
	}
	if want := "0.75 z(similarity) + 0.25 z(value) among the 3 most similar above 0.5"; v.Reason() != want {
		t.Errorf("the reason is %q, want %q", v.Reason(), want)
	}
}

func TestAPoolWithoutSpreadHasStandardScoresOfZero(t *testing.T) {
	v := ValueAware{Delta: -1, Pool: 5, Lambda: 0.5}
	for name, pool := range map[string][]Candidate{
		"one":                 {{ID: "a", Similarity: 0.7, Value: 3}},
		"three alike":         {{ID: "a", Similarity: 0.1, Value: 0.1}, {ID: "b", Similarity: 0.1, Value: 0.1}, {ID: "c", Similarity: 0.1, Value: 0.1}},
		"huge, beyond square": {{ID: "a", Similarity: 1, Value: 5e-324}, {ID: "b", Similarity: 1, Value: 0}},
	} {
		for _, h := range v.Score(pool) {
			if h.Score != 0 {
				t.Errorf("%s: %+v, want a score of 0", name, h)
			}
		}
	}
	if got := v.Score(nil); len(got) != 0 {
		t.Errorf("nothing scores %v", got)
	}
}

func TestStandardScoresAreHeldWithinTheClipAndLeftOutOnDemand(t *testing.T) {
	pool := []Candidate{{ID: "z", Similarity: 1, Value: 100}}
	for _, id := range strings.Split("abcdefghijklmnopq", "") {
		pool = append(pool, Candidate{ID: id, Similarity: 1})
	}
	// One of 18 stands out: its standard score is sqrt(17), about 4.12.
	if h := (ValueAware{Lambda: 1}).Score(pool)[0]; math.Abs(float64(h.Score)-math.Sqrt(17)) > 1e-9 {
		t.Errorf("unclipped %+v", h)
	}
	if h := (ValueAware{Lambda: 1, Clip: 3}).Score(pool)[0]; h.Entry != "z" || h.Score != 3 {
		t.Errorf("clipped %+v", h)
	}
	if h := (ValueAware{Lambda: 0.5, Raw: true}).Score(pool)[0]; h.Entry != "z" || h.Score != 50.5 {
		t.Errorf("raw %+v", h)
	}
}

func TestShiftingAndScalingValuesMovesNoStandardScore(t *testing.T) {
	s, v := rng.New(2, "scores"), ValueAware{Delta: -1, Lambda: 0.4}
	var one, other []Candidate
	for _, id := range strings.Split("abcdefghijk", "") {
		c := Candidate{ID: id, Similarity: s.Float64(), Value: s.Normal()}
		one = append(one, c)
		c.Value = 3*c.Value - 8
		other = append(other, c)
	}
	for i, h := range v.Score(one) {
		like(t, v.Score(other)[i], h.Entry, h.Rank, float64(h.Score), "")
	}
}

func TestScoresOfGenerativeAgentsWorkedByHand(t *testing.T) {
	g := Generative{Decay: 0.5, Recency: 1, Importance: 2, Relevance: 4}
	hits := g.Score([]Candidate{
		{ID: "0", Age: 0, Importance: 1, Similarity: 0.2}, // recency 1, scaled 1; importance 0; relevance 0
		{ID: "1", Age: 1, Importance: 5, Similarity: 0.6}, // recency 0.5, scaled 1/3; importance 1; relevance 1
		{ID: "2", Age: 2, Importance: 3, Similarity: 0.3}, // recency 0.25, scaled 0; importance 0.5; relevance 0.25
	})
	like(t, hits[0], "1", 1, 1.0/3+2+4, "")
	like(t, hits[1], "2", 2, 0+1+1, "")
	like(t, hits[2], "0", 3, 1, "")
	for _, h := range hits {
		if !addUp(h, "recency", "importance", "relevance") {
			t.Errorf("parts of %+v do not add up", h)
		}
	}
	alike := DefaultGenerative().Score([]Candidate{{ID: "b", Importance: 4}, {ID: "a", Importance: 4}})
	like(t, alike[0], "a", 1, 0, "")
	like(t, alike[1], "b", 2, 0, "")
}

func bankOf(t *testing.T, texts ...string) *Bank {
	t.Helper()
	b := NewBank("b", nil, nil)
	for _, text := range texts {
		mustAdd(t)(b.Add(lab.Entry{Text: text}, ""))
	}
	return b
}

func TestAReadingHoldsTheBestThatFitAndKeepsNearMissesWithTheirReasons(t *testing.T) {
	keep := &kept{}
	b := bankOf(t, "one", "two words", "three long words", "four", "five", "six")
	b.log = &Log{Emit: keep}
	hits := HitsOf([]Match{{"0", 0.9}, {"1", 0.8}, {"2", 0.7}, {"3", 0.6}, {"4", 0.5}, {"5", 0.1}}, "similarity")
	Gate(hits, "similarity", 0.1)
	got, err := b.Recall("what", hits, Limit{K: 3, Tokens: 4}, "by similarity")
	if err != nil {
		t.Fatal(err)
	}
	for i, why := range []string{"", "", WhyBudget, "", WhyRank, WhyGate} {
		if h := got.Hits[i]; h.Why != why || h.Used != (why == "") || h.Rank != i+1 {
			t.Errorf("hit %d is %+v, want why %q", i, h, why)
		}
	}
	if ids := got.IDs(); !reflect.DeepEqual(ids, []string{"3", "1", "0"}) {
		t.Errorf("entries %v, want the best last", ids)
	}
	if ev := keep.all[0]; ev.Op != lab.OpRead || ev.Query != "what" || !reflect.DeepEqual(ev.Hits, got.Hits) || ev.Size != 6 {
		t.Errorf("the event is %+v", ev)
	}
	if _, err := b.Recall("", []lab.Hit{{Entry: "77"}}, Limit{}, ""); lab.CodeOf(err) != lab.Internal {
		t.Errorf("a hit without an entry: %v", err)
	}
}

func TestAGateNearTheBestFollowsTheBestThatIsStillIn(t *testing.T) {
	hits := []lab.Hit{{Entry: "a", Score: 9, Why: WhyGate}, {Entry: "b", Score: 4}, {Entry: "c", Score: 2}, {Entry: "d", Score: 1.9}}
	GateNearBest(hits, 0.5)
	if hits[1].Why != "" || hits[2].Why != "" || hits[3].Why != WhyGate {
		t.Fatalf("got %+v", hits)
	}
}
