// Package segment trains attempts whose context was edited on the way. Where an agent deletes or rewrites a part of its context, the history
// is no growing prefix any more: what was written before the edit belongs to a context that is gone. Cut parts an attempt at its edits into
// pieces, each of which is one row with the very tokens that the model had before it; RoundRobin draws which of them are trained, and
// Advantages holds each attempt against its group (Dynamic Context Policy Optimization, arXiv 2510.12635v1, sec. 3.3). Unedited makes the
// row that is wrong, as if nothing had been edited, for comparison.
package segment

import (
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// Piece is the calls From to To (exclusive) of an attempt: the model was given the context of the first, and each later one goes on where
// the call before it ended.
type Piece struct{ From, To int }

// Cut parts an attempt where its context was edited: where a call was not given all that the call before it was given and wrote. A failed
// attempt has no piece.
func Cut(t *rl.Trajectory) (pieces []Piece) {
	if t.Err != nil {
		return nil
	}
	for i := range t.Segments {
		if i > 0 && follows(&t.Segments[i-1], &t.Segments[i]) {
			pieces[len(pieces)-1].To = i + 1
			continue
		}
		pieces = append(pieces, Piece{i, i + 1})
	}
	return pieces
}

// follows says whether b was given all that a was given and wrote, in front of what is new.
func follows(a, b *rl.Segment) bool {
	n := len(a.Context)
	return len(b.Context) >= n+len(a.Tokens) && slices.Equal(b.Context[:n], a.Context) && slices.Equal(b.Context[n:n+len(a.Tokens)], a.Tokens)
}

// Tokens is the number of trained tokens of a piece.
func (p Piece) Tokens(t *rl.Trajectory) int {
	part := rl.Trajectory{Segments: t.Segments[p.From:p.To]}
	return part.Trained()
}

// Row is the training row of a piece, all of whose trained tokens have that advantage: weight 0 on the context it began with and on what
// the world said, 1 on what the model wrote. There is none where no token is trained. An error of code invalid names what does not fit.
func (p Piece) Row(t *rl.Trajectory, advantage float64) ([]rl.Datum, error) {
	part := rl.Trajectory{Segments: t.Segments[p.From:p.To]}
	rows, err := rl.Rows(&part, advantage)
	if err == nil && len(rows) > 1 {
		err = lab.Errorf(lab.Invalid, "calls %d to %d make %d rows, want a piece without an edit", p.From, p.To, len(rows))
	}
	return rows, err
}

// Pick names a piece of an attempt of a group.
type Pick struct{ Attempt, Piece int }

// RoundRobin draws up to n of the pieces of a group; attempt i has pieces[i] of them. Attempts take turns in order, each giving one of its
// pieces that was not drawn yet, by chance, until n are drawn or none is left.
func RoundRobin(pieces []int, n int, draw *rng.Stream) (picks []Pick) {
	orders, longest := make([][]int, len(pieces)), 0
	for i, k := range pieces {
		orders[i], longest = make([]int, k), max(longest, k)
		draw.Perm(orders[i])
	}
	for turn := range longest {
		for i, order := range orders {
			if turn < len(order) && len(picks) < n {
				picks = append(picks, Pick{i, order[turn]})
			}
		}
	}
	return picks
}

// same is how close rewards count as equal, eps keeps the division by a standard deviation finite.
const (
	same = 1e-9
	eps  = 1e-6
)

// Advantages writes (r - mean) / (std + 1e-6) of the rewards [G] of a group, mean and standard deviation (of the population) with those
// weights [G]. Weights of 1 count every attempt once; its number of pieces counts an attempt as often as it was cut, which lets long
// attempts dominate their own baseline. It returns false, and zeros, where the group teaches nothing: fewer than two attempts count, or the
// rewards of those that do are all the same.
func Advantages(reward, weight, advantage []float64) (teaches bool) {
	clear(advantage)
	total, mean, count := 0.0, 0.0, 0
	low, high := math.Inf(1), math.Inf(-1)
	for i, w := range weight {
		if w > 0 {
			total, mean, count = total+w, mean+w*reward[i], count+1
			low, high = min(low, reward[i]), max(high, reward[i])
		}
	}
	if count < 2 || high-low <= same {
		return false
	}
	mean /= total
	variance := 0.0
	for i, w := range weight {
		variance += w * (reward[i] - mean) * (reward[i] - mean)
	}
	std := math.Sqrt(variance / total)
	for i, w := range weight {
		if w > 0 {
			advantage[i] = (reward[i] - mean) / (std + eps)
		}
	}
	return true
}

// Unedited is the attempt as if its context had never been edited: call i was given the first context and all that was written and said
// since, where said[i] is what the world said behind call i. The log-probabilities are kept as they were drawn, so that they belong to other
// contexts than these from the first edit on. An attempt whose calls and said differ in number is an error of code invalid.
func Unedited(t *rl.Trajectory, said [][]int32) (rl.Trajectory, error) {
	if len(said) != len(t.Segments) {
		return rl.Trajectory{}, lab.Errorf(lab.Invalid, "%d calls were answered by %d sayings, want one each", len(t.Segments), len(said))
	}
	whole := *t
	whole.Segments = slices.Clone(t.Segments)
	for i := 1; i < len(whole.Segments); i++ {
		before := &whole.Segments[i-1]
		whole.Segments[i].Context = slices.Concat(before.Context, before.Tokens, said[i-1])
	}
	return whole, nil
}
