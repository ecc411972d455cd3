package oer

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
)

// recall clones the buffers of old tasks: every task gives the same number of rows, so that the mean over rows is the mean over tasks.
type recall struct {
	data    []*dataset
	buffers [][]pick
	obs     *num.Tensor // [rows][obsWidth]
	y       []float32   // [rows][actWidth]
	from    []int32     // [rows] first column of the task's head
	loss    td3bc.Squared
}

// newRecall is empty where there is nothing to clone.
func newRecall(data []*dataset, buffers [][]pick, batch int) *recall {
	r := &recall{data: data, buffers: buffers}
	if r.empty() {
		return r
	}
	rows := max(batch/len(buffers), 1) * len(buffers)
	r.obs = num.New("old observations", rows, obsWidth)
	r.y, r.from = make([]float32, rows*actWidth), make([]int32, rows)
	return r
}

func (r *recall) empty() bool { return len(r.buffers) == 0 || len(r.buffers[0]) == 0 }

// record draws from every buffer and puts (1/(n-1)) sum_j E_Bj |pi(s,j) - a|^2 on the tape; nil where there is nothing to clone. Only the
// trunk and head j get a gradient from task j.
func (r *recall) record(t *num.Tape, pi *td3bc.Actor, s *rng.Stream) *num.Tensor {
	if r.empty() {
		return nil
	}
	for i := range r.from {
		task := i % len(r.buffers)
		d, k := r.data[task], int(r.buffers[task][s.IntN(len(r.buffers[task]))].Index)
		copy(r.obs.Data[i*obsWidth:], d.state(k))
		copy(r.y[i*actWidth:], d.action(k))
		r.from[i] = int32(task * actWidth)
	}
	return r.loss.Record(t, pi.All(t, r.obs), r.y, r.from)
}

// angle is between the gradients, by the trunk that all tasks share, of the task's loss and of cloning the buffers, in degrees: above 90
// each undoes what the other does. It is looked at in an agent whose one actor gets both, and changes nothing.
func (m *method) angle() (degrees float64, ok bool) {
	if m.agent.kind != Single || m.recall.empty() {
		return 0, false
	}
	var task, clone []float32
	m.tape.Reset()
	value, behaviour := m.stage.learners[0].Loss(m.tape, m.batch)
	value.Gradient()[0] = 1
	m.tape.Backward(behaviour)
	task = m.gradient()
	m.tape.Reset()
	// A stream of its own: looking must not move what is learned from.
	m.tape.Backward(m.recall.record(m.tape, m.pi, rng.New(m.seed, of("look", m.now.Task*m.knobs.Updates+m.now.Update))))
	clone = m.gradient()
	return between(task, clone), true
}

// gradient copies the gradient of the trunk and clears that of all parameters.
func (m *method) gradient() (g []float32) {
	for _, p := range m.pi.Trunk() {
		g = append(g, p.Grad...)
	}
	for _, p := range m.pi.Params() {
		p.ZeroGrad()
	}
	return g
}

// between is the angle between two vectors, in degrees; 90 where one is zero.
func between(a, b []float32) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab += x * y
		aa += x * x
		bb += y * y
	}
	if aa == 0 || bb == 0 {
		return 90
	}
	return math.Acos(min(max(ab/math.Sqrt(aa*bb), -1), 1)) * 180 / math.Pi
}
