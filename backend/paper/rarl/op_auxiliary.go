package rarl

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
)

// auxiliaryOp is the loss of the auxiliary heads on the summaries (h,b) of every stored state, with a hand-derived gradient: they name the
// action that was taken, what it paid, and the discounted return from there. Of a row p of A+2 numbers:
//
//	L = mean over states of  log sum_a exp p_a - p_action + (p_A - r)^2 / 2 + (p_{A+1} - G)^2 / 2
type auxiliaryOp struct {
	p, loss       *num.Tensor
	action        []int32
	reward, value []float32
	grad          []float32
	kind          float64 // nats of the action alone, mean
}

func (o *auxiliaryOp) record(t *num.Tape, p *num.Tensor, action []int32, reward, value []float32) *num.Tensor {
	o.p, o.action, o.reward, o.value, o.kind = p, action, reward, value, 0
	o.loss, o.grad = t.Tensor("auxiliary", 1), grow(o.grad, p.Len())
	sum, n, w := 0.0, float64(p.Rows()), p.Last()
	for i := range p.Rows() {
		row, g, a := p.Data[i*w:i*w+w], o.grad[i*w:i*w+w], int(action[i])
		nats := rl.Probabilities(row[:w-2], g[:w-2]) - float64(row[a])
		dr, dv := row[w-2]-reward[i], row[w-1]-value[i]
		g[a]--
		g[w-2], g[w-1] = dr, dv
		for j := range g {
			g[j] /= float32(n)
		}
		o.kind += nats / n
		sum += nats + float64(dr)*float64(dr)/2 + float64(dv)*float64(dv)/2
	}
	o.loss.Data[0] = float32(sum / math.Max(n, 1))
	t.Custom(o)
	return o.loss
}

// Backward implements num.Func.
func (o *auxiliaryOp) Backward() {
	g, s := o.p.Gradient(), o.loss.Gradient()[0]
	for i, d := range o.grad {
		g[i] += s * d
	}
}
