package mem

import (
	"strings"
	"unicode"
)

// Words are the words of a text as the searches of this package see them: the longest runs of Unicode letters, marks and digits, in lower
// case, in order, repeated ones repeated. Nothing is stemmed and nothing is left out, so that the word-level vocabularies of the worlds
// stay apart.
func Words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// Jaccard is the share of the distinct words of two texts that both have, in [0,1]; 1 for two texts without words.
func Jaccard(a, b string) float64 {
	in, both := map[string]bool{}, 0
	for _, w := range Words(a) {
		in[w] = false
	}
	all := len(in)
	for _, w := range Words(b) {
		counted, ok := in[w]
		switch {
		case !ok:
			all++
		case !counted:
			both++
		}
		in[w] = true
	}
	if all == 0 {
		return 1
	}
	return float64(both) / float64(all)
}
