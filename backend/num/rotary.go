package num

import (
	"math"
	"sync/atomic"
)

// Rotary holds the angles of rotary positions (arXiv 2104.09864v5, eq. 15, in the form of the Llama family that pairs number i of a
// head with number i + n/2):
//
//	angle(p, i) = p * Theta^(-2i/n)   for position p and pair i in [0, n/2), worked out in float64
//
// Its tables grow with the positions asked for; any number of goroutines may ask.
type Rotary struct {
	width int // n, even
	theta float64
	table atomic.Pointer[[]float32]
}

// NewRotary returns the angles of heads of that even width.
func NewRotary(width int, theta float64) *Rotary {
	r := &Rotary{width: width, theta: theta}
	r.table.Store(&[]float32{})
	return r
}

// Turns returns, for positions below n at least, what Kernels.Rotate takes: [n][width], of each position the cosines, then the sines.
func (r *Rotary) Turns(n int) []float32 {
	old := *r.table.Load()
	if len(old) >= n*r.width {
		return old
	}
	rows, half := max(n, 2*len(old)/r.width, 256), r.width/2
	table := make([]float32, rows*r.width)
	copy(table, old)
	for p := len(old) / r.width; p < rows; p++ {
		row := table[p*r.width : (p+1)*r.width]
		for i := range half {
			sin, cos := math.Sincos(float64(p) * math.Pow(r.theta, -2*float64(i)/float64(r.width)))
			row[i], row[half+i] = float32(cos), float32(sin)
		}
	}
	r.table.Store(&table) // of two that grow at once either table is right
	return table
}
