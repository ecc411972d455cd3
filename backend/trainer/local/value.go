package local

import "github.com/loci-lab/loci/backend/num"

// values records v_i = hidden_i . head on the tape: hidden [R][D], head [D]; the result is [R].
func values(t *num.Tape, hidden, head *num.Tensor) *num.Tensor {
	v := &valueHead{core: t.Core, hidden: hidden, head: head, out: t.Tensor("values", hidden.Rows())}
	d := head.Len()
	for i := range v.out.Data {
		v.out.Data[i] = t.Core.K.Dot(hidden.Data[i*d:(i+1)*d], head.Data)
	}
	t.Custom(v)
	return v.out
}

// valueHead is the value of each read and its gradient.
type valueHead struct {
	core         *num.Core
	hidden, head *num.Tensor
	out          *num.Tensor
}

// Backward implements num.Func.
func (v *valueHead) Backward() {
	d, gh, gw, g := v.head.Len(), v.hidden.Gradient(), v.head.Gradient(), v.out.Gradient()
	for i, gi := range g {
		v.core.K.Axpy(gh[i*d:(i+1)*d], gi, v.head.Data)
		v.core.K.Axpy(gw, gi, v.hidden.Data[i*d:(i+1)*d])
	}
}
