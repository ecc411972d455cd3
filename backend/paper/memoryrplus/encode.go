package memoryrplus

import (
	"hash/fnv"
	"math"
	"strings"
)

// dimensions of the hashed encoder, E.
const dimensions = 128

// encodeHash is the frozen encoder: words and pairs of neighbouring words, each hashed to one of E dimensions with a sign (feature hashing,
// arXiv 0902.2206v5, sec. 2), scaled to unit length.
func encodeHash(text string) []float32 {
	v := make([]float32, dimensions)
	words := strings.Fields(text)
	for i, w := range words {
		addHashed(v, w)
		if i > 0 {
			addHashed(v, words[i-1]+" "+w)
		}
	}
	return unit(v)
}

func addHashed(v []float32, feature string) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(feature)) // a hash takes all it is given
	bits := h.Sum64()
	sign := float32(1)
	if bits>>63 == 1 {
		sign = -1
	}
	v[bits%dimensions] += sign
}

// unit scales a vector to length one. The zero vector, which is what an empty text is, becomes a constant one: to itself it is as close as
// any text is to itself, or empty failures would look new for ever and be paid for it.
func unit(v []float32) []float32 {
	n := math.Sqrt(dot(v, v))
	if n == 0 {
		v[0], n = 1, 1
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / n)
	}
	return v
}

// diversity is 1 less the mean cosine between all pairs of the embeddings; ok is false of fewer than two.
func diversity(vectors [][]float32) (d float64, ok bool) {
	sum, pairs := 0.0, 0
	for i := range vectors {
		for j := range i {
			sum += dot(vectors[i], vectors[j])
			pairs++
		}
	}
	if pairs == 0 {
		return 0, false
	}
	return 1 - sum/float64(pairs), true
}
