package seq

import "math"

// Chunk is an event in a store: Len consecutive rows, the first of them Row.
type Chunk struct{ Row, Len int32 }

// Chunks says what may be read: chunks of a store, and for every query those that it may choose. Query i is row i of [T][Envs] and
// chooses among All[Lo[i]:Hi[i]]; none gives a result of zeros. Queries of one environment never share a chunk with another's.
type Chunks struct {
	Envs   int
	All    []Chunk
	Lo, Hi []int32 // [T*Envs]
	Start  []int32 // [Envs+1] chunks of environment e are All[Start[e]:Start[e+1]]
}

// Longest is the largest number of rows in a chunk.
func (c *Chunks) Longest() int {
	n := int32(0)
	for _, x := range c.All {
		n = max(n, x.Len)
	}
	return int(n)
}

// Attended counts what query i compares itself with when it reads k chunks of the ones it may choose: one key for each chunk, and the
// rows of those read. Where there is no choice to make, one chunk or none, no key is compared. The rows are those of the longest
// chunks: the most that the query can cost.
func (c *Chunks) Attended(i, k int) int {
	open := c.All[c.Lo[i]:c.Hi[i]]
	if len(open) <= 1 {
		k, n := min(k, len(open)), 0
		for _, x := range open[:k] {
			n += int(x.Len)
		}
		return n
	}
	rows, longest := 0, 0
	for _, x := range open {
		longest = max(longest, int(x.Len))
	}
	for range min(k, len(open)) {
		rows += longest
	}
	return len(open) + rows
}

// BackwardCodes are sinusoids that count from the end of a chunk: row steps-1 is position 0, the row before it position 1, so that the
// last n rows serve a chunk of n. Even columns hold sines, odd ones cosines; wave lengths grow from 2*pi*2 to 2*pi*10000 in equal
// ratios (arXiv 2105.14039v1, published attention module: time scales 2 to 1e4).
func BackwardCodes(steps, width int) []float32 {
	codes := make([]float32, steps*width)
	half := max(width/2, 1)
	for s := range steps {
		row := codes[(steps-1-s)*width : (steps-s)*width]
		for i := range row {
			scale := 2.0
			if half > 1 {
				scale *= math.Pow(1e4/2, float64(i/2)/float64(half-1))
			}
			sin, cos := math.Sincos(float64(s) / scale)
			row[i] = float32(sin)
			if i%2 == 1 {
				row[i] = float32(cos)
			}
		}
	}
	return codes
}
