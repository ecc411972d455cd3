package nn

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// Adam is the optimiser of arXiv 1412.6980v9, algorithm 1, with decoupled weight decay (arXiv 1711.05101v3, algorithm 2).
type Adam struct {
	Beta1, Beta2 float64 // decay of the two moments, [0, 1)
	Eps          float64 // added to the root of the second moment
	Decay        float64 // weight decay, times the learning rate

	params []*num.Tensor
	m, v   []*num.Tensor
	step   int64
}

// NewAdam returns an optimiser of those parameters with beta 0.9 and 0.999, eps 1e-5 (usual for PPO) and no weight decay.
func NewAdam(params []*num.Tensor) *Adam {
	a := &Adam{Beta1: 0.9, Beta2: 0.999, Eps: 1e-5, params: params}
	for _, p := range params {
		a.m = append(a.m, num.New("adam.m."+p.Name, p.Shape...))
		a.v = append(a.v, num.New("adam.v."+p.Name, p.Shape...))
	}
	return a
}

// Step moves every parameter by its gradient with that learning rate and clears the gradients.
func (a *Adam) Step(k *num.Kernels, lr float64) {
	a.step++
	c1 := float32(1 - math.Pow(a.Beta1, float64(a.step)))
	c2 := float32(1 - math.Pow(a.Beta2, float64(a.step)))
	for i, p := range a.params {
		k.Adam(p.Data, p.Grad, a.m[i].Data, a.v[i].Data, float32(lr), float32(a.Beta1), float32(a.Beta2), float32(a.Eps), float32(a.Decay), c1, c2)
		p.ZeroGrad()
	}
}

// Steps is the number of steps taken.
func (a *Adam) Steps() int64 { return a.step }

// ClipNorm scales all gradients so that their norm taken together is at most limit, and returns the norm before. A norm that is not a
// number or infinite is returned as it is and nothing is scaled: the caller stops.
func ClipNorm(k *num.Kernels, params []*num.Tensor, limit float64) float64 {
	sum := 0.0
	for _, p := range params {
		sum += float64(k.Dot(p.Grad, p.Grad))
	}
	norm := math.Sqrt(sum)
	if norm > limit && !math.IsInf(norm, 0) {
		for _, p := range params {
			k.Scale(p.Grad, float32(limit/norm))
		}
	}
	return norm
}

// Count returns how many numbers the parameters hold.
func Count(params []*num.Tensor) (n int) {
	for _, p := range params {
		n += p.Len()
	}
	return n
}
