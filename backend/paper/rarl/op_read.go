package rarl

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// memory is a retrieval batch after its preprocessing, in groups that are read apart: states lie group by group, trajectory by trajectory.
type memory struct {
	keys, values *num.Tensor // [G*N*L][H]
	groups       int         // G
	each         int         // N trajectories a group
	steps        int         // L states a trajectory
	returns      []float32   // [G*N] of the whole episodes
}

// states a group.
func (m *memory) states() int { return m.each * m.steps }

// selection says how many trajectories and states a query keeps, and whether the trajectories of highest return take the place of those
// of highest score.
type selection struct {
	trajectories, states int
	byReturn             bool
}

// readOp is steps 2 and 3 of the retrieval process as one operation with a hand-derived gradient: arXiv 2202.08417, the section on the
// retrieval process. For each query q, over all states (i,j) of its group:
//
//	l_ij = q.key_ij / sqrt(d)      alpha = softmax(l)      score_i = sum_j alpha_ij
//	keep the K_traj best i, of their states the K_states largest alpha, renormalise: alpha' = softmax of l over what is kept
//	g = sum alpha'_ij b_ij
//
// The choice carries no gradient; what is kept does:
//
//	dl_ij = alpha'_ij (dg.b_ij - sum alpha' (dg.b))      dq = sum dl key / sqrt(d)      dkey = dl q / sqrt(d)      db = alpha' dg
type readOp struct {
	t    *num.Tape
	q, y *num.Tensor // [R][H]
	mem  memory
	sel  selection
	rows int // R / G

	alpha  []float32 // [R][N*L] before anything was dropped
	score  []float32 // [R][N]
	kept   []int32   // [R][K_states] states of the group, largest weight first
	weight []float32 // [R][K_states] alpha'
	taken  []bool    // [R][N] kept trajectories
}

// record reads for R queries, group by group the same number.
func (o *readOp) record(t *num.Tape, q *num.Tensor, m memory, sel selection) *num.Tensor {
	if q.Rows()%m.groups != 0 || q.Last() != m.keys.Last() || m.keys.Rows() != m.groups*m.states() {
		panic(fmt.Sprintf("rarl: read of %v from keys %v in %d groups of %d states", q, m.keys, m.groups, m.states()))
	}
	sel.trajectories = min(sel.trajectories, m.each)
	sel.states = min(sel.states, sel.trajectories*m.steps)
	n := q.Rows()
	o.t, o.q, o.mem, o.sel, o.rows = t, q, m, sel, n/m.groups
	o.alpha, o.score, o.taken = grow(o.alpha, n*m.states()), grow(o.score, n*m.each), grow(o.taken, n*m.each)
	o.kept, o.weight = grow(o.kept, n*sel.states), grow(o.weight, n*sel.states)
	o.y = t.Tensor("read", n, m.values.Last())
	t.Core.Do(m.groups, n*m.states()*q.Last()*2, o.forward)
	t.Custom(o)
	return o.y
}

func (o *readOp) scale() float32 { return float32(1 / math.Sqrt(float64(o.q.Last()))) }

func (o *readOp) forward(g0, g1 int) {
	k, s, d := &o.t.Core.K, o.mem.states(), o.q.Last()
	for g := g0; g < g1; g++ {
		r0 := g * o.rows
		alpha := o.alpha[r0*s : (r0+o.rows)*s]
		k.Gemm(false, true, o.rows, s, d, o.scale(), o.q.Data[r0*d:], d, o.mem.keys.Data[g*s*d:], d, 0, alpha, s)
		k.Softmax(alpha, alpha, o.rows, s)
		for r := r0; r < r0+o.rows; r++ {
			o.choose(g, r)
			o.sum(g, r)
		}
	}
}

// choose keeps trajectories and states of row r.
func (o *readOp) choose(g, r int) {
	n, l, s := o.mem.each, o.mem.steps, o.mem.states()
	alpha, score, taken := o.alpha[r*s:r*s+s], o.score[r*n:r*n+n], o.taken[r*n:r*n+n]
	for i := range score {
		score[i], taken[i] = o.t.Core.K.Sum(alpha[i*l:i*l+l]), false
	}
	rank := score
	if o.sel.byReturn {
		rank = o.mem.returns[g*n : g*n+n]
	}
	for range o.sel.trajectories {
		taken[best(rank, taken)] = true
	}
	kept := o.kept[r*o.sel.states : r*o.sel.states : (r+1)*o.sel.states]
	for i, in := range taken {
		if in {
			kept = largest(alpha, i*l, i*l+l, kept)
		}
	}
}

// largest goes on with the states of largest alpha, largest first and the first of equals, by those among from..to. It keeps as many as
// kept has room for.
func largest(alpha []float32, from, to int, kept []int32) []int32 {
	for j := from; j < to; j++ {
		n := len(kept)
		if n == cap(kept) {
			if n--; alpha[j] <= alpha[kept[n]] {
				continue
			}
		}
		kept = kept[:n+1]
		for ; n > 0 && alpha[kept[n-1]] < alpha[j]; n-- {
			kept[n] = kept[n-1]
		}
		kept[n] = int32(j)
	}
	return kept
}

// best is the largest of what is not taken, the first of equals.
func best(rank []float32, taken []bool) int {
	at := -1
	for i, x := range rank {
		if !taken[i] && (at < 0 || x > rank[at]) {
			at = i
		}
	}
	return at
}

// sum reads what row r kept, by the softmax of the scores of what is kept: their alphas may be too small to divide by.
func (o *readOp) sum(g, r int) {
	k, s, d, v := &o.t.Core.K, o.mem.states(), o.q.Last(), o.y.Last()
	kept, weight := o.kept[r*o.sel.states:(r+1)*o.sel.states], o.weight[r*o.sel.states:(r+1)*o.sel.states]
	for c, j := range kept {
		weight[c] = o.scale() * k.Dot(o.q.Data[r*d:r*d+d], o.mem.keys.Data[(g*s+int(j))*d:][:d])
	}
	k.Softmax(weight, weight, 1, len(weight))
	y := o.y.Data[r*v : r*v+v]
	clear(y)
	for c, j := range kept {
		k.Axpy(y, weight[c], o.mem.values.Data[(g*s+int(j))*v:][:v])
	}
}

// Backward implements num.Func. Groups share no state, so that workers do not meet.
func (o *readOp) Backward() {
	o.y.Gradient()
	o.q.Gradient()
	o.mem.keys.Gradient()
	o.mem.values.Gradient()
	o.t.Core.Do(o.mem.groups, o.q.Rows()*o.sel.states*o.q.Last()*4, o.backward)
}

func (o *readOp) backward(g0, g1 int) {
	for r := g0 * o.rows; r < g1*o.rows; r++ {
		o.backwardRow(r/o.rows, r)
	}
}

func (o *readOp) backwardRow(g, r int) {
	k, s, d, v, n := &o.t.Core.K, o.mem.states(), o.q.Last(), o.y.Last(), o.sel.states
	kept, weight, dy, q := o.kept[r*n:r*n+n], o.weight[r*n:r*n+n], o.y.Grad[r*v:r*v+v], o.q.Data[r*d:r*d+d]
	mean := float32(0)
	for c, j := range kept {
		mean += weight[c] * k.Dot(dy, o.mem.values.Data[(g*s+int(j))*v:][:v])
	}
	for c, j := range kept {
		at := g*s + int(j)
		value := o.mem.values.Data[at*v : at*v+v]
		dl := weight[c] * (k.Dot(dy, value) - mean) * o.scale()
		if o.q.Grad != nil {
			k.Axpy(o.q.Grad[r*d:r*d+d], dl, o.mem.keys.Data[at*d:at*d+d])
		}
		if o.mem.keys.Grad != nil {
			k.Axpy(o.mem.keys.Grad[at*d:at*d+d], dl, q)
			k.Axpy(o.mem.values.Grad[at*v:at*v+v], weight[c], dy)
		}
	}
}

func grow[E any](x []E, n int) []E {
	if cap(x) < n {
		return make([]E, n)
	}
	return x[:n]
}
