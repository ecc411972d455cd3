package tiny

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/llm"
)

// stopped says whether what was drawn so far ends with a stop sequence or holds a stop text. Earlier tokens were looked at when they
// were drawn; the text is read anew each time, because a token may complete a character that the ones before it began.
func (r *row) stopped(tok llm.Tokenizer) (bool, error) {
	tokens := r.out.Tokens
	for _, stop := range r.request.Stop {
		if n := len(tokens) - len(stop); n >= 0 && slices.Equal(tokens[n:], stop) {
			return true, nil
		}
	}
	if len(r.request.StopText) == 0 {
		return false, nil
	}
	text, err := tok.Decode(r.readable(tok.Size()))
	if err != nil {
		return false, err
	}
	for _, stop := range r.request.StopText {
		if strings.Contains(text, stop) {
			return true, nil
		}
	}
	return false, nil
}

// readable leaves out ids that have no text: a model's vocabulary may be padded beyond its tokenizer's.
func (r *row) readable(size int) []int32 {
	beyond := func(id int32) bool { return int(id) >= size }
	if !slices.ContainsFunc(r.out.Tokens, beyond) {
		return r.out.Tokens
	}
	return slices.DeleteFunc(slices.Clone(r.out.Tokens), beyond)
}
