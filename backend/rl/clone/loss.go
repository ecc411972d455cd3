// Package clone holds the losses of behaviour cloning, fused on the tape: cross-entropy over discrete actions and squared error over
// continuous ones.
//
// Letters: N samples, A actions, or numbers of a continuous action.
package clone

import (
	"fmt"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
)

// Knobs are the choices of behaviour cloning.
type Knobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam" default:"0.001" min:"0" max:"1" symbol:"α" group:"learning"`
	Batch        int     `json:"batch" doc:"rows of a gradient step" default:"64" min:"1" max:"65536" group:"learning"`
	Smoothing    float64 `json:"smoothing" doc:"probability that the target spreads evenly over all actions" default:"0" min:"0" max:"0.99" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"norm to which the gradient of all parameters together is cut" default:"1" min:"0.001" max:"1000000" group:"learning"`
}

// Stats are means over the samples that count, weighted by their masks.
type Stats struct {
	Loss  float64 // nats, or squared error summed over the numbers of an action
	Right float64 // share of samples whose most probable action is the one of the data; 0 for continuous actions
}

// samples is what both losses share: a gradient by each row, and terms that are summed in order whatever the number of workers.
type samples struct {
	y, loss *num.Tensor
	grad    []float32 // like y
	term    []float64 // [N]
	right   []float64 // [N]
	mask    []float32 // [N], nil for 1 everywhere
	total   float64
	rows    func(i0, i1 int)
}

func (s *samples) begin(t *num.Tape, what string, y *num.Tensor, n int, mask []float32) {
	if y.Rows() != n || mask != nil && len(mask) != n {
		panic(fmt.Sprintf("clone: %s of %v for %d samples and %d marks", what, y, n, len(mask)))
	}
	s.y, s.mask, s.loss, s.total = y, mask, t.Tensor(what, 1), float64(n)
	if mask != nil {
		s.total = 0
		for _, m := range mask {
			s.total += float64(m)
		}
	}
	s.grad, s.term, s.right = grow(s.grad, y.Len()), grow(s.term, n), grow(s.right, n)
}

// weight is what sample i counts.
func (s *samples) weight(i int) float64 {
	if s.mask == nil {
		return 1
	}
	return float64(s.mask[i])
}

func (s *samples) finish(t *num.Tape, f num.Func) (*num.Tensor, Stats) {
	t.Core.Do(len(s.term), s.y.Len()*256, s.rows)
	var out Stats
	for i, x := range s.term {
		out.Loss += s.weight(i) * x
		out.Right += s.weight(i) * s.right[i]
	}
	m := max(s.total, 1e-12)
	out.Loss, out.Right = out.Loss/m, out.Right/m
	s.loss.Data[0] = float32(out.Loss)
	t.Custom(f)
	return s.loss, out
}

func (s *samples) backward() {
	g, scale := s.y.Gradient(), s.loss.Grad[0]
	for i, d := range s.grad {
		g[i] += scale * d
	}
}

// CrossEntropy is the negative log-likelihood of discrete actions, with M the sum of the masks and c the smoothing:
//
//	L = 1/M sum_i mask_i ( log sum_j exp z_ij - (1-c) z_{i,a_i} - c/A sum_j z_ij )
type CrossEntropy struct {
	Smoothing float64
	// Probs [N][A] are those of the last Record.
	Probs []float32

	samples
	action []int32
}

// Record computes the loss of logits [..][A] and puts it on the tape. Mask [N] may be nil; where it is 0 nothing passes and the action
// is not looked at.
func (c *CrossEntropy) Record(t *num.Tape, logits *num.Tensor, action []int32, mask []float32) (*num.Tensor, Stats) {
	c.begin(t, "cross entropy", logits, len(action), mask)
	if c.rows == nil {
		c.rows = c.sampleRows
	}
	c.action, c.Probs = action, grow(c.Probs, logits.Len())
	return c.finish(t, c)
}

// sampleRows writes terms and gradients: dL/dz_j = mask/M (softmax(z)_j - (1-c) (j = a) - c/A).
func (c *CrossEntropy) sampleRows(i0, i1 int) {
	n := c.y.Last()
	for i := i0; i < i1; i++ {
		z, g, p := c.y.Data[i*n:i*n+n], c.grad[i*n:i*n+n], c.Probs[i*n:i*n+n]
		lse := rl.Probabilities(z, p)
		c.term[i], c.right[i] = 0, 0
		w := c.weight(i)
		if w == 0 {
			clear(g)
			continue
		}
		a, even := int(c.action[i]), c.Smoothing/float64(n)
		c.term[i] = lse - (1-c.Smoothing)*float64(z[a])
		for j, zj := range z {
			c.term[i] -= even * float64(zj)
			d := float64(p[j]) - even
			if j == a {
				d -= 1 - c.Smoothing
			}
			g[j] = float32(w / c.total * d)
		}
		if rl.Best(z) == a {
			c.right[i] = 1
		}
	}
}

// Backward implements num.Func.
func (c *CrossEntropy) Backward() { c.backward() }

// Squared is the squared error of continuous actions, with M the sum of the masks:
//
//	L = 1/M sum_i mask_i sum_j (y_ij - a_ij)^2
type Squared struct {
	samples
	action []float32
}

// Record computes the loss of actions y [..][A] against those of the data, [N][A], and puts it on the tape. Mask [N] may be nil.
func (c *Squared) Record(t *num.Tape, y *num.Tensor, action, mask []float32) (*num.Tensor, Stats) {
	if len(action) != y.Len() {
		panic(fmt.Sprintf("clone: squared error of %v with %d numbers", y, len(action)))
	}
	c.begin(t, "squared error", y, y.Rows(), mask)
	if c.rows == nil {
		c.rows = c.sampleRows
	}
	c.action = action
	return c.finish(t, c)
}

func (c *Squared) sampleRows(i0, i1 int) {
	n := c.y.Last()
	for i := i0; i < i1; i++ {
		w := c.weight(i)
		c.term[i], c.right[i] = 0, 0
		for j := i * n; j < (i+1)*n; j++ {
			if c.grad[j] = 0; w == 0 {
				continue
			}
			d := float64(c.y.Data[j]) - float64(c.action[j])
			c.term[i] += d * d
			c.grad[j] = float32(w / c.total * 2 * d)
		}
	}
}

// Backward implements num.Func.
func (c *Squared) Backward() { c.backward() }

func grow[E any](x []E, n int) []E {
	if cap(x) < n {
		return make([]E, n)
	}
	return x[:n]
}
