package mem

import (
	"context"
	"math"
)

// Hashed embeds texts as bags of hashed words: no model, no training, the same vector everywhere. Words that differ are nearly orthogonal,
// so it compares texts by the words that they share.
//
// Signed feature hashing, eq. 3 (sec. 2) of arXiv 0902.2206v5:  phi_i(x) = sum over words w with h(w) = i of xi(w) x_w
//
// with h a hash into D places, xi a hash into {-1, 1} and x_w = 1 + ln(times that w occurs). The vector is scaled to unit length; a text
// without words is zero.
type Hashed struct{ D int }

// DefaultWidth is D of a hashed bag of words where nothing else is asked for.
const DefaultWidth = 384

// NewHashed returns the embedder of that width; DefaultWidth for width 0.
func NewHashed(width int) Hashed {
	if width <= 0 {
		width = DefaultWidth
	}
	return Hashed{width}
}

// Width is D.
func (h Hashed) Width() int { return h.D }

// Embed returns one vector [D] for each text.
func (h Hashed) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	all := make([][]float32, len(texts))
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := h.Vector(text)
		if err != nil {
			return nil, err
		}
		all[i] = v
	}
	return all, nil
}

// Vector embeds one text.
func (h Hashed) Vector(text string) ([]float32, error) {
	words := Words(text)
	times := make(map[string]int, len(words))
	for _, w := range words {
		times[w]++
	}
	v := make([]float32, h.D)
	for _, w := range words { // in the order of the text: a sum has one order
		if n := times[w]; n > 0 {
			hash := hashWord(w)
			weight := float32(1 + math.Log(float64(n)))
			if hash>>63 == 1 {
				weight = -weight
			}
			v[hash&(1<<63-1)%uint64(h.D)] += weight
			times[w] = 0
		}
	}
	return v, Normalise(v)
}

// hashWord is FNV-1a with 64 bits, its bits mixed once more: the highest of FNV alone depends little on the last letters.
func hashWord(w string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(w) {
		h = (h ^ uint64(w[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
