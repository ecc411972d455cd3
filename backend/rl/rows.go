package rl

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Rows makes the training rows of one attempt whose tokens all have that advantage. See RowsBy.
func Rows(t *Trajectory, advantage float64) ([]Datum, error) {
	return RowsBy(t, func(int, int) float64 { return advantage })
}

// RowsBy makes the training rows of one attempt with an advantage for each token of each segment. Segments that follow each other,
// the context of the later beginning with all that the earlier one read and wrote, become one row; where the context was edited, a
// new row begins. So every token that is trained is trained once, given the very tokens that the model had before it.
//
// In a row Targets[t] is what the model wrote after Input[0..t]: Weights is 1 there and Logprobs and Advantages are its own; all three
// are 0 where the target was not written by the model or Keep leaves it out. A row ends at its last trained token; one without any is
// left out, and so is all of a failed attempt. An error of code invalid names a segment that does not fit together.
func RowsBy(t *Trajectory, advantage func(segment, token int) float64) ([]Datum, error) {
	if t.Err != nil {
		return nil, nil
	}
	var rows []Datum
	var b rowBuilder
	for i := range t.Segments {
		s := &t.Segments[i]
		if err := s.check(i); err != nil {
			return nil, err
		}
		if !b.extends(s) {
			rows = b.finish(rows)
		}
		b.add(s, func(token int) float64 { return advantage(i, token) })
	}
	return b.finish(rows), nil
}

// check returns what is wrong with a segment.
func (s *Segment) check(i int) error {
	bad := func(format string, args ...any) error {
		return lab.Errorf(lab.Invalid, "segment %d "+format, append([]any{i}, args...)...)
	}
	switch {
	case len(s.Context) == 0:
		return bad("has no context, want at least 1 token")
	case len(s.Logprobs) != len(s.Tokens):
		return bad("has %d log-probabilities for %d tokens", len(s.Logprobs), len(s.Tokens))
	case s.Keep != nil && len(s.Keep) != len(s.Tokens):
		return bad("has %d marks for %d tokens", len(s.Keep), len(s.Tokens))
	}
	return nil
}

// kept says whether token i is trained.
func (s *Segment) kept(i int) bool { return s.Keep == nil || s.Keep[i] }

// Trained is the number of tokens that are trained.
func (t *Trajectory) Trained() (n int) {
	for i := range t.Segments {
		for j := range t.Segments[i].Tokens {
			if t.Segments[i].kept(j) {
				n++
			}
		}
	}
	return n
}

// rowBuilder is a row that is being made: the whole sequence with what belongs to each of its tokens, not yet shifted.
type rowBuilder struct {
	tokens                       []int32
	weights, logprobs, advantage []float32
	end                          int // behind the last trained token
}

// extends says whether the segment goes on where the row ends.
func (b *rowBuilder) extends(s *Segment) bool {
	return len(s.Context) >= len(b.tokens) && slices.Equal(s.Context[:len(b.tokens)], b.tokens)
}

// add appends what the context has beyond the row, and what was written.
func (b *rowBuilder) add(s *Segment, advantage func(token int) float64) {
	for _, id := range s.Context[len(b.tokens):] {
		b.token(id, 0, 0, 0)
	}
	for i, id := range s.Tokens {
		if !s.kept(i) {
			b.token(id, 0, 0, 0)
			continue
		}
		b.token(id, 1, s.Logprobs[i], float32(advantage(i)))
		b.end = len(b.tokens)
	}
}

func (b *rowBuilder) token(id int32, weight, logprob, advantage float32) {
	b.tokens, b.weights = append(b.tokens, id), append(b.weights, weight)
	b.logprobs, b.advantage = append(b.logprobs, logprob), append(b.advantage, advantage)
}

// finish appends the row, shifted by one, and begins an empty one.
func (b *rowBuilder) finish(rows []Datum) []Datum {
	if n := b.end; n > 0 {
		rows = append(rows, Datum{
			Input: b.tokens[: n-1 : n-1], Targets: slices.Clone(b.tokens[1:n]),
			Weights: b.weights[1:n], Logprobs: b.logprobs[1:n], Advantages: b.advantage[1:n],
		})
	}
	*b = rowBuilder{}
	return rows
}

// Supervised makes the row of a prompt and the answer that is to follow it: every token of the answer is trained, with weight 1.
func Supervised(prompt, answer []int32) Datum {
	n := len(prompt) + len(answer) - 1
	whole := slices.Concat(prompt, answer)
	d := Datum{Input: whole[:n], Targets: whole[1:], Weights: make([]float32, n)}
	for t := len(prompt) - 1; t < n; t++ {
		d.Weights[t] = 1
	}
	return d
}
