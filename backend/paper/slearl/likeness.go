package slearl

import (
	"math/bits"
	"strings"
)

// vocabulary numbers words as it meets them in a fixed list, so that texts become sets of bits.
type vocabulary struct{ at map[string]int }

func newVocabulary(words []string) *vocabulary {
	v := &vocabulary{at: make(map[string]int, len(words))}
	for i, w := range words {
		v.at[w] = i
	}
	return v
}

// wordSet is the set of the distinct words of a text, one bit a word of the vocabulary. Words outside of it do not count.
type wordSet []uint64

func (v *vocabulary) set(text string) wordSet {
	s := make(wordSet, (len(v.at)+63)/64)
	for _, w := range strings.Fields(text) {
		if i, ok := v.at[w]; ok {
			s[i/64] |= 1 << (i % 64)
		}
	}
	return s
}

// like is the share of the words of two sets that both have (Jaccard), in [0, 1]; 1 for two empty ones.
func like(a, b wordSet) float64 {
	both, all := 0, 0
	for i := range a {
		both += bits.OnesCount64(a[i] & b[i])
		all += bits.OnesCount64(a[i] | b[i])
	}
	if all == 0 {
		return 1
	}
	return float64(both) / float64(all)
}
