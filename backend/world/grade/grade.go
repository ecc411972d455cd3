// Package grade scores free answers to questions of real data: exact match, token F1 and BLEU-1 as the question answering of LoCoMo does
// (arXiv 2402.17753, section 5, and the rules of its public evaluation script), and numbers that end an answer, as in GSM8K.
//
// Two things are ours. Stems are those of Porter's algorithm as published in 1980, where the script uses a library's variant with some
// irregular words; both sides of a comparison are stemmed alike, so scores differ for a few words only. And BLEU-1 is not part of the
// script: it is that of Papineni and others (ACL 2002) on the same normalised words.
package grade

import (
	"math"
	"strings"
	"unicode"

	porter "github.com/blevesearch/go-porterstemmer"
)

// punctuation are the marks that normalising leaves out, those of ASCII.
const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// Normalise writes an answer in lower case without ASCII punctuation and without the words a, an, the, and; single blanks part the rest.
func Normalise(answer string) string { return strings.Join(Words(answer), " ") }

// Words are the words of the normalised answer. Marks are left out without a blank in their place: "8-year" is one word.
func Words(answer string) []string {
	kept := strings.Map(func(r rune) rune {
		if strings.ContainsRune(punctuation, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, answer)
	return strings.Fields(withoutArticles(kept))
}

// withoutArticles puts a blank for each run of letters and digits that is an article or "and": a dash of another alphabet parts runs, too.
func withoutArticles(text string) string {
	var b strings.Builder
	start := -1 // of the run of word characters, -1 outside one
	end := func(at int) {
		if run := text[max(start, 0):at]; start >= 0 {
			switch run {
			case "a", "an", "the", "and":
				b.WriteByte(' ')
			default:
				b.WriteString(run)
			}
		}
		start = -1
	}
	for at, r := range text {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		switch {
		case inside && start < 0:
			start = at
		case !inside:
			end(at)
			b.WriteRune(r)
		}
	}
	end(len(text))
	return b.String()
}

// Stems are the Porter stems of the words of an answer.
func Stems(answer string) []string {
	words := Words(answer)
	for i, w := range words {
		words[i] = porter.StemString(w)
	}
	return words
}

// Exact says whether both answers have the same set of normalised words.
func Exact(answer, gold string) bool {
	a, g := count(Words(answer)), count(Words(gold))
	if len(a) != len(g) {
		return false
	}
	for w := range a {
		if g[w] == 0 {
			return false
		}
	}
	return true
}

// F1 is the harmonic mean of precision p and recall r of the answer's stems, each counted as often as both have it:
// 2pr / (p + r), in [0, 1]; 0 where they share none.
func F1(answer, gold string) float64 {
	a, g := Stems(answer), Stems(gold)
	same := float64(shared(a, g))
	if same == 0 {
		return 0
	}
	p, r := same/float64(len(a)), same/float64(len(g))
	return 2 * p * r / (p + r)
}

// ListF1 is for answers that list things, parted by commas: the mean over the things of gold of the best F1 of any thing of the answer.
func ListF1(answer, gold string) float64 {
	said, things := strings.Split(answer, ","), strings.Split(gold, ",")
	sum := 0.0
	for _, thing := range things {
		best := 0.0
		for _, s := range said {
			best = max(best, F1(s, thing))
		}
		sum += best
	}
	return sum / float64(len(things))
}

// BLEU1 is the share of the answer's normalised words that gold has, each at most as often as there, times exp(1 - r/c) where the
// answer has c words and gold more, r. In [0, 1]; an answer without a word has 0.
func BLEU1(answer, gold string) float64 {
	a, g := Words(answer), Words(gold)
	if len(a) == 0 {
		return 0
	}
	c, r := float64(len(a)), float64(len(g))
	return float64(shared(a, g)) / c * math.Exp(min(0, 1-r/c))
}

// Refuses says whether an answer tells that there is nothing to be told.
func Refuses(answer string) bool {
	low := strings.ToLower(answer)
	return strings.Contains(low, "no information available") || strings.Contains(low, "not mentioned")
}

func count(words []string) map[string]int {
	n := map[string]int{}
	for _, w := range words {
		n[w]++
	}
	return n
}

// shared is the size of the multiset that both have.
func shared(a, b []string) (same int) {
	left := count(b)
	for _, w := range a {
		if left[w] > 0 {
			left[w]--
			same++
		}
	}
	return same
}
