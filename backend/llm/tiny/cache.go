package tiny

import "github.com/loci-lab/loci/backend/nn"

// CacheBytes is how much memory the keys and values of one token take.
func CacheBytes(s nn.DecoderShape) int { return 4 * cacheFloats(s) }

func cacheFloats(s nn.DecoderShape) int { return 2 * s.Layers * s.KVHeads * s.HeadDim }

// cache holds the keys and values of a run of tokens. Keys lie turned, so that the scores of a query are a plain product.
type cache struct {
	data []float32 // [Layers][KV][2][HeadDim*room]: keys [HeadDim][room], values [room][HeadDim]
	room int       // tokens
	dh   int
	kv   int // heads of keys and values
}

// newCache takes a cache for so many tokens from the front of a slab and returns the rest of it.
func newCache(s nn.DecoderShape, tokens int, slab []float32) (c cache, rest []float32) {
	c = cache{room: cacheRoom(tokens), dh: s.HeadDim, kv: s.KVHeads}
	n := c.room * cacheFloats(s)
	c.data = slab[:n:n]
	return c, slab[n:]
}

// cacheRoom rounds up to an odd number of cache lines: rows of keys that lie a power of two apart would push each other out of the
// first-level cache.
func cacheRoom(tokens int) int {
	const line = 16
	return ((tokens+line-1)/line | 1) * line
}

func (c *cache) keys(layer, head int) []float32 {
	n := c.room * c.dh
	at := 2 * (layer*c.kv + head) * n
	return c.data[at : at+n]
}

func (c *cache) values(layer, head int) []float32 {
	n := c.room * c.dh
	at := (2*(layer*c.kv+head) + 1) * n
	return c.data[at : at+n]
}

// put files the key and value [HeadDim] of one token.
func (c *cache) put(layer, head, at int, key, value []float32) {
	keys := c.keys(layer, head)
	for i, x := range key {
		keys[i*c.room+at] = x
	}
	copy(c.values(layer, head)[at*c.dh:], value)
}
