package seq

import (
	"strconv"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// Dense is a linear layer with its activation. It carries nothing.
type Dense struct {
	*nn.Linear
}

func dense(s *rng.Stream, name string, in int, widths []int, act num.Act) (layers []Level) {
	for i, w := range widths {
		layers = append(layers, Dense{nn.NewLinear(s, name+".dense"+strconv.Itoa(i), in, w, act, nn.Gain(act))})
		in = w
	}
	return layers
}

func (l Dense) extent() extent        { return extent{in: l.In(), out: l.Out()} }
func (l Dense) params() []*num.Tensor { return l.Params() }

func (l Dense) step(k *num.Kernels, r rows) { l.Apply(k, r.x, r.ldx, r.out, r.ldo, r.n) }

func (l Dense) sequence(t *num.Tape, x *num.Tensor, _ carried) *num.Tensor { return l.Forward(t, x) }

// Norm is layer norm (arXiv 1607.06450v1, sec. 3). It carries nothing.
type Norm struct {
	*nn.Norm
}

func norm(name string, d int) Norm { return Norm{nn.NewNorm(name, d)} }

func (l Norm) extent() extent        { return extent{in: l.Gain.Len(), out: l.Gain.Len()} }
func (l Norm) params() []*num.Tensor { return []*num.Tensor{l.Gain, l.Bias} }

func (l Norm) step(k *num.Kernels, r rows) { l.Apply(k, r.x, r.ldx, r.out, r.ldo, r.n) }

func (l Norm) sequence(t *num.Tape, x *num.Tensor, _ carried) *num.Tensor { return l.Forward(t, x) }
