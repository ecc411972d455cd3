package llm

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// The tokens that every word tokenizer has before the words of its world. Their ids are fixed: models are stored with them.
const (
	EndWord  = "<end>" // id 0, ends a text
	PadWord  = "<pad>" // id 1, fills rows of unequal length in other programs; Loci packs rows and never needs it
	LineWord = "\n"    // id 2, a line end
)

// reserved are the first tokens of every word tokenizer, in the order of their ids.
func reserved() []string { return []string{EndWord, PadWord, LineWord} }

// Words is the tokenizer of a text world: one token for each word and for each line end. A text is canonical when single blanks part
// the words of a line and none stand at its ends; Decode is the exact inverse of Encode on canonical texts, Encode that of Decode on
// all ids.
type Words struct {
	words []string // [V] by id
	ids   map[string]int32
}

// NewWords makes the tokenizer of a world's words, which follow EndWord, PadWord and LineWord in the given order. Words that are empty,
// hold white space or a reserved word, are no valid UTF-8, or stand twice are errors of code invalid.
func NewWords(words []string) (*Words, error) {
	t := &Words{words: append(reserved(), words...), ids: make(map[string]int32, len(words)+3)}
	if len(words) == 0 {
		return nil, lab.Errorf(lab.Invalid, "tokenizer: the list of words is empty, want at least 1")
	}
	for id, word := range t.words {
		if at := id - len(reserved()); at >= 0 {
			if fault := wordFault(word); fault != "" {
				return nil, lab.Errorf(lab.Invalid, "tokenizer: word %d of the list is %q, which %s", at, word, fault)
			}
		}
		if before, twice := t.ids[word]; twice {
			return nil, lab.Errorf(lab.Invalid, "tokenizer: word %q has id %d and again id %d, want every word once", word, before, id).
				WithHint("leave one out; %q are always there", reserved())
		}
		t.ids[word] = int32(id)
	}
	return t, nil
}

// wordFault says why a string cannot be a word, "" when it can.
func wordFault(word string) string {
	switch {
	case word == "":
		return "has no letter"
	case !utf8.ValidString(word):
		return "is not valid UTF-8"
	case strings.ContainsFunc(word, unicode.IsSpace):
		return "holds white space"
	case word != EndWord && strings.Contains(word, EndWord) || word != PadWord && strings.Contains(word, PadWord):
		// Other programs look for the two anywhere in a text, and would cut the word there.
		return "holds " + EndWord + " or " + PadWord
	}
	return ""
}

// List returns the words behind the reserved ones, as they were given to NewWords.
func (t *Words) List() []string { return slices.Clone(t.words[len(reserved()):]) }

// Encode returns one id for each word and each line end. Further blanks between words do not count. A word that is not known is an
// error of code invalid that quotes it with its place and names the nearest one.
func (t *Words) Encode(text string) ([]int32, error) {
	ids := make([]int32, 0, len(text)/4+1)
	for n, line := range strings.Split(text, LineWord) {
		if n > 0 {
			ids = append(ids, t.ids[LineWord])
		}
		at := 0
		for word := range strings.SplitSeq(line, " ") {
			if word == "" {
				continue
			}
			at++
			id, ok := t.ids[word]
			if !ok {
				return nil, t.unknown(word, n+1, at)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// quoteLimit bounds what an error quotes of outside text, bytes.
const quoteLimit = 80

func (t *Words) unknown(word string, line, at int) error {
	if len(word) > quoteLimit {
		word = word[:quoteLimit]
	}
	err := lab.Errorf(lab.Invalid, "tokenizer: word %d of line %d is %q, which is none of the %d known words", at, line, word, len(t.words))
	if near, ok := schema.Nearest(word, t.words); ok {
		return err.WithHint("write %q, the nearest known word", near)
	}
	return err.WithHint("use the words of the model's own world, parted by blanks, such as %q", t.sample())
}

// sample returns a few words for a hint.
func (t *Words) sample() []string {
	list := t.words[len(reserved()):]
	return list[:min(len(list), 5)]
}

// Decode joins the words with blanks, without one beside a line end.
func (t *Words) Decode(ids []int32) (string, error) {
	var b strings.Builder
	blank := false
	for i, id := range ids {
		if id < 0 || int(id) >= len(t.words) {
			return "", badID(i, id, len(t.words))
		}
		word := t.words[id]
		if blank && word != LineWord {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		blank = word != LineWord
	}
	return b.String(), nil
}

func badID(at int, id int32, size int) error {
	return lab.Errorf(lab.Invalid, "tokenizer: token %d has id %d, want 0 to %d", at, id, size-1)
}

// Size is the number of tokens, with the reserved ones.
func (t *Words) Size() int { return len(t.words) }

// End is the id of EndWord.
func (t *Words) End() int32 { return t.ids[EndWord] }

// Pad is the id of PadWord.
func (t *Words) Pad() int32 { return t.ids[PadWord] }
