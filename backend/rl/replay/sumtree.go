package replay

import (
	"fmt"
	"io"
)

// SumTree holds a number for each of N leaves and finds, in log2 N steps, the leaf where a running sum passes a given number. Every inner
// node is the sum of its two children, computed anew whenever one changes, so that nothing drifts and the leaves alone tell the tree.
type SumTree struct {
	n    int
	base int       // first leaf
	node []float64 // [2*base] node i has the children 2i and 2i+1; node 1 is the root
}

// NewSumTree returns a tree of n leaves of zero.
func NewSumTree(n int) *SumTree {
	if n < 1 {
		panic(fmt.Sprintf("replay: sum tree of %d leaves, want at least 1", n))
	}
	base := 1
	for base < n {
		base *= 2
	}
	return &SumTree{n: n, base: base, node: make([]float64, 2*base)}
}

// Total is the sum of all leaves.
func (t *SumTree) Total() float64 { return t.node[1] }

// At is the number of a leaf.
func (t *SumTree) At(leaf int) float64 { return t.node[t.base+leaf] }

// Set changes the number of a leaf; it is finite and not negative.
func (t *SumTree) Set(leaf int, p float64) {
	if leaf < 0 || leaf >= t.n || !(p >= 0) || p > 1e300 {
		panic(fmt.Sprintf("replay: leaf %d of %d set to %g: want a finite number from 0", leaf, t.n, p))
	}
	i := t.base + leaf
	t.node[i] = p
	for i /= 2; i > 0; i /= 2 {
		t.node[i] = t.node[2*i] + t.node[2*i+1]
	}
}

// Find returns the leaf where the running sum of leaves 0, 1, .. first exceeds u, for u in [0, Total). It never returns a leaf of zero
// while another one is above zero, whatever rounding does to u.
func (t *SumTree) Find(u float64) int {
	i := 1
	for i < t.base {
		left, right := t.node[2*i], t.node[2*i+1]
		if i *= 2; u >= left && right > 0 {
			u -= left
			i++
		}
	}
	return i - t.base
}

func (t *SumTree) head() string { return fmt.Sprintf("sum tree of %d leaves", t.n) }

// Snapshot implements lab.Snapshotter: the leaves.
func (t *SumTree) Snapshot(w io.Writer) error {
	return keep(w, t.head(), nil, t.node[t.base:t.base+t.n])
}

// Restore implements lab.Snapshotter, for a tree of as many leaves.
func (t *SumTree) Restore(r io.Reader) error {
	if err := restore(r, t.head(), nil, func() []any { return []any{t.node[t.base : t.base+t.n]} }); err != nil {
		return err
	}
	for i := t.base - 1; i > 0; i-- {
		t.node[i] = t.node[2*i] + t.node[2*i+1]
	}
	return nil
}
