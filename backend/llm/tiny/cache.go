package tiny

import "github.com/loci-lab/loci/backend/nn"

// CacheBytes is how much memory the keys and values of one token take.
func CacheBytes(s nn.DecoderShape) int { return 4 * 2 * cacheFloats(s) }

// cacheFloats counts the keys of a token, or its values.
func cacheFloats(s nn.DecoderShape) int { return s.Layers * s.KVHeads * s.HeadDim }

// cacheSize is the numbers of a cache for so many tokens.
func cacheSize(s nn.DecoderShape, tokens int) int {
	return (keyRoom(tokens) + valueRoom(tokens)) * cacheFloats(s)
}

// keyBlock is how many keys lie together, turned: as many as a strip of a product has columns, so that scores read memory in order.
const keyBlock = 32

// cache holds the keys and values of a run of tokens. Keys lie turned, so that the scores of a query are plain products.
type cache struct {
	data    []float32 // [Layers][KV] of keys [keyRoom/keyBlock][HeadDim][keyBlock], then values [room][HeadDim]
	keyRoom int       // tokens
	room    int       // tokens
	dh      int
	kv      int // heads of keys and values
}

// newCache takes a cache for so many tokens from the front of a slab and returns the rest of it.
func newCache(s nn.DecoderShape, tokens int, slab []float32) (c cache, rest []float32) {
	c = cache{keyRoom: keyRoom(tokens), room: valueRoom(tokens), dh: s.HeadDim, kv: s.KVHeads}
	n := cacheSize(s, tokens)
	c.data = slab[:n:n]
	return c, slab[n:]
}

func keyRoom(tokens int) int { return (tokens + keyBlock - 1) / keyBlock * keyBlock }

// valueRoom rounds up to an odd number of cache lines: heads that lie a power of two apart would push each other out of the first-level
// cache.
func valueRoom(tokens int) int {
	const line = 16
	return ((tokens+line-1)/line | 1) * line
}

// apart is the numbers from one head to the next.
func (c *cache) apart() int { return (c.keyRoom + c.room) * c.dh }

// keys is the cache from a block of keys of a head on, values from the head's values on.
func (c *cache) keys(layer, head, block int) []float32 {
	return c.data[(layer*c.kv+head)*c.apart()+block*keyBlock*c.dh:]
}

func (c *cache) values(layer, head int) []float32 {
	return c.data[(layer*c.kv+head)*c.apart()+c.keyRoom*c.dh:]
}

// put files the key and value [HeadDim] of one token.
func (c *cache) put(layer, head, at int, key, value []float32) {
	keys := c.keys(layer, head, at/keyBlock)[:keyBlock*c.dh]
	for i, j := 0, at%keyBlock; i < len(key) && j < len(keys); i, j = i+1, j+keyBlock {
		keys[j] = key[i]
	}
	copy(c.values(layer, head)[at*c.dh:], value)
}
