package memoryrewriting

import (
	"gonum.org/v1/gonum/mat"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

// Limits of the linear probes: rows to fit on and to test on, and the widest state that is probed (a window of tokens is wider).
const (
	probeRows  = 4096
	probeWidth = 512
	probeRidge = 1e-2
)

// probeData are what is carried at junctions, with the cues that a probe should read from it.
type probeData struct {
	rows   [][]float32
	cue    []int
	former []int // -1 in the first corridor
	stood  [examEnvs]bool
}

// add takes environment b when it arrives at a junction of an Endless T-Maze with two cues. An agent that stands there for long counts
// once: else the same junction would lie among the rows that are fitted and among those that are scored.
func (d *probeData) add(w world.Tensor, p player, b int) {
	m, ok := w.(*maze.Endless)
	if !ok || len(d.rows) == probeRows || m.Knobs().Alphabet != 2 {
		return
	}
	at := m.Probe(b)
	stood := d.stood[b]
	d.stood[b] = at.Cell == maze.CellJunction // every way to another junction leads over a cell that is none
	state := p.carried(b)
	if !d.stood[b] || stood || len(state) == 0 || len(state) > probeWidth {
		return
	}
	d.rows = append(d.rows, append([]float32(nil), state...))
	d.cue = append(d.cue, at.Cue)
	d.former = append(d.former, at.Previous)
}

// probes fits a linear read-out of the present and of the former cue on one half of the junctions and scores it on the other.
func (s *session) probes() []measure {
	var ms []measure
	for _, p := range []struct {
		name   string
		labels []int
	}{{MetricProbeCue, s.data.cue}, {MetricProbeFormer, s.data.former}} {
		if share, ok := readable(s.data.rows, p.labels); ok {
			ms = append(ms, measure{p.name, share})
		}
	}
	return ms
}

// readable returns the share of held-out rows whose label in {0, 1} ridge regression on the others tells; rows labelled -1 are left
// out. ok is false with fewer than 64 rows. w = (X'X + r n I)^-1 X'y with y in {-1, +1}, X [n][S+1] with a column of ones.
func readable(rows [][]float32, labels []int) (share float64, ok bool) {
	var use []int
	for i, l := range labels {
		if l >= 0 {
			use = append(use, i)
		}
	}
	if len(use) < 64 {
		return 0, false
	}
	half, width := len(use)/2, len(rows[0])+1
	x, y := mat.NewDense(half, width, nil), mat.NewVecDense(half, nil)
	for i, at := range use[:half] {
		for j, v := range rows[at] {
			x.Set(i, j, float64(v))
		}
		x.Set(i, width-1, 1)
		y.SetVec(i, float64(2*labels[at]-1))
	}
	var gram mat.SymDense
	gram.SymOuterK(1, x.T())
	for j := range width {
		gram.SetSym(j, j, gram.At(j, j)+probeRidge*float64(half))
	}
	var chol mat.Cholesky
	var right, weights mat.VecDense
	right.MulVec(x.T(), y)
	if !chol.Factorize(&gram) || chol.SolveVecTo(&weights, &right) != nil {
		return 0, false
	}
	return score(rows, labels, use[half:], weights.RawVector().Data), true
}

// score is the share of rows on whose side of zero the weights put the label.
func score(rows [][]float32, labels, use []int, weights []float64) float64 {
	right := 0
	for _, at := range use {
		sum := weights[len(weights)-1]
		for j, v := range rows[at] {
			sum += weights[j] * float64(v)
		}
		if (sum > 0) == (labels[at] == 1) {
			right++
		}
	}
	return float64(right) / float64(len(use))
}
