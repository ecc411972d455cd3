package llm

import (
	"slices"
	"strings"
	"unicode"
)

// matcher finds the words of a tokenizer in free text.
type matcher struct {
	tok    Tokenizer
	exact  map[string][]int32 // words as they are; nil: the tokenizer takes any text
	folded map[string][]int32 // words in lower case, the first of those that differ only in case
}

// newMatcher prepares the words of a Words tokenizer; another tokenizer takes any text.
func newMatcher(tok Tokenizer) matcher {
	words, ok := tok.(*Words)
	if !ok {
		return matcher{tok: tok}
	}
	m := matcher{tok: tok, exact: map[string][]int32{}, folded: map[string][]int32{}}
	for id := len(reserved()); id < words.Size(); id++ {
		word, ids := words.words[id], []int32{int32(id)}
		m.exact[word] = ids
		if low := strings.ToLower(word); m.folded[low] == nil {
			m.folded[low] = ids
		}
	}
	return m
}

// tokens returns the ids of the known words of a line, in order, and how many words were dropped. A word is looked up as it stands, in
// lower case, and then parted at its punctuation, longest known piece first: "Kitchen." is "kitchen" and ".", or "kitchen" alone where the
// tokenizer has no full stop. Marks that are not known are dropped and not counted.
func (m matcher) tokens(line string) (ids []int32, dropped int) {
	if m.exact == nil {
		ids, err := m.tok.Encode(line)
		if err != nil {
			return nil, len(strings.Fields(line))
		}
		return ids, 0
	}
	for _, word := range strings.Fields(line) {
		got, lost := m.word(word)
		ids, dropped = append(ids, got...), dropped+lost
	}
	return ids, dropped
}

func (m matcher) lookup(word string) ([]int32, bool) {
	if ids, ok := m.exact[word]; ok {
		return ids, true
	}
	ids, ok := m.folded[strings.ToLower(word)]
	return ids, ok
}

// word parts one word. Pieces are runs of letters and digits, and single marks; runs of several pieces are tried longest first.
func (m matcher) word(word string) (ids []int32, dropped int) {
	pieces := parted(word)
	for i := 0; i < len(pieces); {
		n, got := m.longest(pieces[i:])
		if n == 0 {
			if isWord(pieces[i]) {
				dropped++
			}
			n = 1
		}
		ids, i = append(ids, got...), i+n
	}
	return ids, dropped
}

// longest returns the longest known run of pieces from the first on, of none when there is none. Only short runs are tried, so that a
// word without end takes linear time.
func (m matcher) longest(pieces []string) (int, []int32) {
	const most = 16
	for n := min(len(pieces), most); n > 0; n-- {
		if ids, ok := m.lookup(strings.Join(pieces[:n], "")); ok {
			return n, ids
		}
	}
	return 0, nil
}

func isWord(piece string) bool {
	return slices.ContainsFunc([]rune(piece), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// parted cuts a word into runs of letters and digits, and single marks.
func parted(word string) (pieces []string) {
	run := strings.Builder{}
	flush := func() {
		if run.Len() > 0 {
			pieces = append(pieces, run.String())
			run.Reset()
		}
	}
	for _, r := range word {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			run.WriteRune(r)
			continue
		}
		flush()
		pieces = append(pieces, string(r))
	}
	flush()
	return pieces
}
