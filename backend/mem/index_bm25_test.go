package mem

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

func newBM25(t *testing.T) *BM25 {
	t.Helper()
	x, err := NewBM25(DefaultBM25())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestBM25OfThreeTextsWorkedByHand(t *testing.T) {
	x := newBM25(t)
	x.Put("0", "The cat sat.")         // 3 words
	x.Put("1", "A cat, a CAT, a dog!") // 6 words
	x.Put("2", "birds fly high today") // 4 words
	const avg, k1, b = 13.0 / 3, 1.2, 0.75
	cat, dog := math.Log(1+1.5/2.5), math.Log(1+2.5/1.5) // in two texts of three, in one
	one := cat * 2 / (2 + k1*(1-b+b*6/avg))
	onlyDog := dog * 1 / (1 + k1*(1-b+b*6/avg))
	zero := cat * 1 / (1 + k1*(1-b+b*3/avg))
	got := x.Top("cat DOG unknown", 10)
	if len(got) != 2 || got[0].ID != "1" || got[1].ID != "0" || math.Abs(got[0].Score-(one+onlyDog)) > 1e-12 || math.Abs(got[1].Score-zero) > 1e-12 {
		t.Fatalf("got %v, want 1 with %v and 0 with %v", got, one+onlyDog, zero)
	}
	if twice := x.Top("cat cat", 1); math.Abs(twice[0].Score-2*max(one, zero)) > 1e-12 {
		t.Fatalf("a word asked for twice gives %v, want %v", twice, 2*max(one, zero))
	}
	parts := x.Parts("cat DOG unknown", "1")
	if len(parts) != 2 || math.Abs(parts["cat"]-one) > 1e-12 || math.Abs(parts["dog"]-onlyDog) > 1e-12 {
		t.Fatalf("parts %v, want cat %v and dog %v", parts, one, onlyDog)
	}
}

// slowBM25 counts everything anew for each query.
type slowBM25 map[string]string

func (s slowBM25) top(k BM25Knobs, query string, most int) []Match {
	total := 0
	for _, text := range s {
		total += len(Words(text))
	}
	mean, found := float64(total)/float64(len(s)), []Match{}
	for id, text := range s {
		words, score := Words(text), 0.0
		for _, w := range Words(query) {
			n, tf := 0, 0
			for _, other := range s {
				if slices.Contains(Words(other), w) {
					n++
				}
			}
			for _, mine := range words {
				if mine == w {
					tf++
				}
			}
			idf := math.Log(1 + (float64(len(s)-n)+0.5)/(float64(n)+0.5))
			score += idf * float64(tf) / (float64(tf) + k.K1*(1-k.B+k.B*float64(len(words))/mean))
		}
		if score > 0 && !math.IsNaN(score) {
			found = append(found, Match{id, score})
		}
	}
	sortMatches(found)
	return found[:min(most, len(found))]
}

// closeTo compares two rankings: the same scores up to rounding, and the same texts but where scores are that close.
func closeTo(got, want []Match) bool {
	return slices.EqualFunc(got, want, func(a, b Match) bool { return math.Abs(a.Score-b.Score) <= 1e-9 }) &&
		slices.IsSortedFunc(got, Match.compare)
}

func randomText(s *rng.Stream, vocabulary int) string {
	words := make([]string, s.IntN(12))
	for i := range words {
		words[i] = "w" + strconv.Itoa(min(s.IntN(vocabulary), s.IntN(vocabulary)))
	}
	return strings.Join(words, " ")
}

func TestBM25FindsWhatTheSlowSearchFindsWhateverWasChanged(t *testing.T) {
	for seed := range uint64(6) {
		s, x, slow := rng.New(seed, "texts"), newBM25(t), slowBM25{}
		for step := range 600 {
			id := strconv.Itoa(s.IntN(60))
			if s.Bool(0.4) {
				if _, there := slow[id]; x.Delete(id) != there {
					t.Fatalf("delete of %s, which is there: %v", id, there)
				}
				delete(slow, id)
			} else {
				slow[id] = randomText(s, 30)
				x.Put(id, slow[id])
			}
			if step%7 > 0 {
				continue
			}
			query := randomText(s, 32)
			got, want := x.Top(query, 8), slow.top(DefaultBM25(), query, 8)
			if !closeTo(got, want) || x.Len() != len(slow) {
				t.Fatalf("seed %d, step %d: %q finds %v, want %v", seed, step, query, got, want)
			}
			for _, m := range got {
				total := 0.0
				for _, part := range x.Parts(query, m.ID) {
					total += part
				}
				if math.Abs(total-m.Score) > 1e-9 {
					t.Fatalf("parts of %v add up to %v", m, total)
				}
			}
			if anew := rebuiltBM25(t, slow); !reflect.DeepEqual(anew.Top(query, 8), got) {
				t.Fatalf("seed %d: %q finds %v, built anew %v", seed, query, got, anew.Top(query, 8))
			}
		}
	}
}

func rebuiltBM25(t *testing.T, texts slowBM25) *BM25 {
	x := newBM25(t)
	for id, text := range texts { // in any order
		x.Put(id, text)
	}
	return x
}

func TestTextsWithEqualScoresComeInTheOrderOfTheirIDs(t *testing.T) {
	x := newBM25(t)
	for _, id := range []string{"10", "9", "100", "2"} {
		x.Put(id, "same words")
	}
	if got := x.Top("words", 3); got[0].ID != "2" || got[1].ID != "9" || got[2].ID != "10" {
		t.Fatalf("got %v, want 2, 9, 10", got)
	}
}

func TestKnobsOutOfTheirRangeAreRefused(t *testing.T) {
	for _, k := range []BM25Knobs{{-1, 0.5}, {math.NaN(), 0.5}, {math.Inf(1), 0.5}, {1, -0.1}, {1, 1.1}, {1, math.NaN()}} {
		if _, err := NewBM25(k); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%+v: %v", k, err)
		}
	}
}

func FuzzBM25HoldsForAnyTexts(f *testing.F) {
	f.Add("a b\nb c\n\nc", "b É ß")
	f.Add("x\nx\nx\nx x x", "x x")
	f.Add("\xff\xfe a\u0301", "a\u0301")
	f.Fuzz(func(t *testing.T, lines, query string) {
		x, slow := newBM25(t), slowBM25{}
		for i, line := range strings.Split(lines, "\n") {
			if i > 30 {
				break
			}
			id := strconv.Itoa(i % 7)
			x.Put(id, line)
			slow[id] = line
			if i%3 == 2 {
				x.Delete(strconv.Itoa(i % 5))
				delete(slow, strconv.Itoa(i%5))
			}
		}
		if got, want := x.Top(query, 5), slow.top(DefaultBM25(), query, 5); !closeTo(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestWordsAreRunsOfLettersMarksAndDigitsInLowerCase(t *testing.T) {
	got := Words("It's 3-D: ÉCOLE, naïve_x\tкот 東京")
	want := []string{"it", "s", "3", "d", "école", "naïve", "x", "кот", "東京"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}
