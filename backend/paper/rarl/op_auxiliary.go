package rarl

import "github.com/loci-lab/loci/backend/num"

// auxiliaryOp is the loss of the auxiliary heads on the summaries (h,b) of every stored state, with a hand-derived gradient: they name the
// action that was taken, what it paid, and the discounted return from there. Of a row p of A+2 numbers:
//
//	L = mean over states of  log sum_a exp p_a - p_action + (p_A - r)^2 / 2 + (p_{A+1} - G)^2 / 2
type auxiliaryOp struct {
	p, loss       *num.Tensor
	action        []int32
	reward, value []float32
	grad          []float32
	logits, lse   []float32
	kind          float64 // nats of the action alone, mean
}

func (o *auxiliaryOp) record(t *num.Tape, p *num.Tensor, action []int32, reward, value []float32) *num.Tensor {
	o.p, o.action, o.reward, o.value, o.kind = p, action, reward, value, 0
	o.loss, o.grad = t.Tensor("auxiliary", 1), grow(o.grad, p.Len())
	sum, n, w := 0.0, float64(p.Rows()), p.Last()
	o.softmax(&t.Core.K, p.Rows(), w-2)
	for i := range p.Rows() {
		row, g, a := p.Data[i*w:i*w+w], o.grad[i*w:i*w+w], int(action[i])
		nats := float64(o.lse[i] - row[a])
		copy(g, o.logits[i*(w-2):(i+1)*(w-2)])
		dr, dv := row[w-2]-reward[i], row[w-1]-value[i]
		g[a]--
		g[w-2], g[w-1] = dr, dv
		o.kind += nats / n
		sum += nats + float64(dr)*float64(dr)/2 + float64(dv)*float64(dv)/2
	}
	t.Core.K.Scale(o.grad, float32(1/max(n, 1)))
	o.loss.Data[0] = float32(sum / max(n, 1))
	t.Custom(o)
	return o.loss
}

// softmax of the first a numbers of every row into logits [n][a], with the logarithms of their sums.
func (o *auxiliaryOp) softmax(k *num.Kernels, n, a int) {
	o.logits, o.lse = grow(o.logits, n*a), grow(o.lse, n)
	for i := range n {
		copy(o.logits[i*a:i*a+a], o.p.Data[i*(a+2):])
	}
	k.LogSumExp(o.lse, o.logits, n, a)
	k.Softmax(o.logits, o.logits, n, a)
}

// Backward implements num.Func.
func (o *auxiliaryOp) Backward() {
	g, s := o.p.Gradient(), o.loss.Gradient()[0]
	for i, d := range o.grad {
		g[i] += s * d
	}
}
