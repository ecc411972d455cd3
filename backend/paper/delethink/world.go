package delethink

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// question is a problem with its token ids, as the model reads it.
type question struct {
	*mathworld.Problem
	seed uint64
	ids  []int32
}

// ofLength returns the world with questions of n operations each, and the same else.
func ofLength(k mathworld.ArithmeticKnobs, n int) mathworld.ArithmeticKnobs {
	k.Shortest, k.Longest = n, n
	return k
}

// oneLine writes a text without line ends: a token a line would be spent on nothing.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// questions returns the problems of those seeds in a split.
func questions(w *mathworld.Arithmetic, words *llm.Words, split string, seeds []uint64) ([]question, error) {
	qs := make([]question, len(seeds))
	for i, seed := range seeds {
		p, err := w.Problem(split, seed)
		if err != nil {
			return nil, err
		}
		ids, err := words.Encode(oneLine(p.Question()))
		if err != nil {
			return nil, err
		}
		qs[i] = question{p, seed, ids}
	}
	return qs, nil
}

// text turns token ids back into words, as the world's readers want them.
func text(words *llm.Words, ids []int32) (string, error) {
	t, err := words.Decode(ids)
	if err != nil {
		return "", lab.Errorf(lab.Internal, "what the model wrote: %w", err)
	}
	return t, nil
}
