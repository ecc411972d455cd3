package memoryrplus

import (
	"math"
	"slices"
)

// entry is a text with its embedding. Kept states hold texts alone: the encoder is frozen and makes the same vector again.
type entry struct {
	Text   string
	vector []float32
}

// shelf is what a store keeps of one question.
type shelf struct {
	Question  entry
	Responses []entry // at most L, oldest first
}

// store keeps the embeddings of responses by question: at most Each responses of a question, at most Questions questions, the oldest of
// each out. Embeddings have unit length. The nearest questions are found by comparing with all of them.
type store struct {
	Questions int     // N
	Each      int     // L
	Shelves   []shelf // oldest question first

	asked  string    // question that was last compared with all others: that of a group is asked for every response
	cosine []float64 // with each shelf's question, nil where they changed
}

// write adds a response to a question. What is too much goes: the oldest response of this question, or the oldest question.
func (s *store) write(question, response entry) {
	at := slices.IndexFunc(s.Shelves, func(f shelf) bool { return f.Question.Text == question.Text })
	if at < 0 {
		s.cosine = nil
		if len(s.Shelves) == s.Questions {
			s.Shelves = slices.Delete(s.Shelves, 0, 1)
		}
		s.Shelves = append(s.Shelves, shelf{Question: question})
		at = len(s.Shelves) - 1
	}
	f := &s.Shelves[at]
	if f.Responses = append(f.Responses, response); len(f.Responses) > s.Each {
		f.Responses = slices.Delete(f.Responses, 0, 1)
	}
}

// size is the number of responses.
func (s *store) size() (n int) {
	for _, f := range s.Shelves {
		n += len(f.Responses)
	}
	return n
}

// near returns the places of the k questions nearest to one, nearest first; of equally near ones the younger.
func (s *store) near(question entry, k int) []int {
	s.compare(question)
	var best []int
	for i := len(s.Shelves) - 1; i >= 0; i-- {
		at := len(best)
		for at > 0 && s.cosine[i] > s.cosine[best[at-1]] {
			at--
		}
		if at >= k {
			continue
		}
		if best = slices.Insert(best, at, i); len(best) > k {
			best = best[:k]
		}
	}
	return best
}

// compare computes the cosine of a question with all stored ones, where it is not known.
func (s *store) compare(question entry) {
	if s.cosine != nil && s.asked == question.Text {
		return
	}
	s.asked, s.cosine = question.Text, make([]float64, len(s.Shelves))
	for i := range s.Shelves {
		s.cosine[i] = dot(question.vector, s.Shelves[i].Question.vector)
	}
}

// neighbours is B(M, q): the embeddings of the responses to the k questions nearest to q (sec. 3.2 of arXiv 2504.02273v1).
func (s *store) neighbours(question entry, k int) (all [][]float32) {
	for _, i := range s.near(question, k) {
		for _, r := range s.Shelves[i].Responses {
			all = append(all, r.vector)
		}
	}
	return all
}

// encode makes all embeddings anew, after a kept state was read.
func (s *store) encode(encode encoder) (err error) {
	again := func(e *entry) {
		if err == nil {
			e.vector, err = encode(e.Text)
		}
	}
	for i := range s.Shelves {
		again(&s.Shelves[i].Question)
		for j := range s.Shelves[i].Responses {
			again(&s.Shelves[i].Responses[j])
		}
	}
	return err
}

// exploit is the distance of a response to the centroid of successes, || Enc(a) - mean B(M_s, q) ||_2; ok is false where there are none.
func exploit(response []float32, successes [][]float32) (distance float64, ok bool) {
	if len(successes) == 0 {
		return 0, false
	}
	sum := 0.0
	for e, v := range response {
		centre := 0.0
		for _, b := range successes {
			centre += float64(b[e])
		}
		d := float64(v) - centre/float64(len(successes))
		sum += d * d
	}
	return math.Sqrt(sum), true
}

// explore is the novelty of a response against failures, 1 - max over b in B(M_f, q) of cos(Enc(a), b); ok is false where there are none.
func explore(response []float32, failures [][]float32) (novelty float64, ok bool) {
	if len(failures) == 0 {
		return 0, false
	}
	most := math.Inf(-1)
	for _, b := range failures {
		most = max(most, dot(response, b))
	}
	return 1 - most, true
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
