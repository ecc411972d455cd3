package rarl

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
)

// spread bounds the logarithm of a standard deviation: 3 tanh(x/3) is x near 0 and stays within +-3.
const spread = 3

// squeezeOp is step 4, the information bottleneck (arXiv 2202.08417, the section on the retrieval process; the bound is that of arXiv
// 1612.00410), with a hand-derived gradient. From the rows post = (mu, s) of what was read and prior = (nu, u) of the slot before:
//
//	sigma = exp(3 tanh(s/3))      z = mu + sigma eps      rho = exp(3 tanh(u/3))
//	KL = sum over dimensions of  log rho - log sigma + (sigma^2 + (mu - nu)^2) / (2 rho^2) - 1/2
//
// The loss is the mean of KL over the rows whose mask is 1. Without eps, z is mu: how an agent acts when it is examined.
type squeezeOp struct {
	post, prior *num.Tensor // [R][2Z]
	z, loss     *num.Tensor // [R][Z], [1]
	eps, mask   []float32   // [R][Z] or nil, [R] or nil
	kl          []float32   // [R] nats
	total       float64
}

func (o *squeezeOp) record(t *num.Tape, post, prior *num.Tensor, eps, mask []float32) (z, loss *num.Tensor) {
	rows, n := post.Rows(), post.Last()/2
	o.post, o.prior, o.eps, o.mask = post, prior, eps, mask
	o.z, o.loss, o.kl = t.Tensor("z", rows, n), t.Tensor("kl", 1), grow(o.kl, rows)
	sum := 0.0
	o.total = 0
	for r := range rows {
		o.kl[r] = o.forwardRow(r, n)
		sum += o.weight(r) * float64(o.kl[r])
		o.total += o.weight(r)
	}
	o.loss.Data[0] = float32(sum / math.Max(o.total, 1e-12))
	t.Custom(o)
	return o.z, o.loss
}

func (o *squeezeOp) weight(r int) float64 {
	if o.mask == nil {
		return 1
	}
	return float64(o.mask[r])
}

func bounded(x float32) float64 { return spread * math.Tanh(float64(x)/spread) }

// slope of bounded, from its result.
func slope(y float64) float64 { return 1 - y*y/(spread*spread) }

func (o *squeezeOp) forwardRow(r, n int) float32 {
	post, prior, kl := o.post.Data[2*n*r:2*n*r+2*n], o.prior.Data[2*n*r:2*n*r+2*n], 0.0
	for i := range n {
		ls, lr := bounded(post[n+i]), bounded(prior[n+i])
		sigma, d := math.Exp(ls), float64(post[i])-float64(prior[i])
		z := float64(post[i])
		if o.eps != nil {
			z += sigma * float64(o.eps[r*n+i])
		}
		o.z.Data[r*n+i] = float32(z)
		kl += lr - ls + (sigma*sigma+d*d)/(2*math.Exp(2*lr)) - 0.5
	}
	return float32(kl)
}

// Backward implements num.Func.
func (o *squeezeOp) Backward() {
	dz, loss, n := o.z.Gradient(), float64(o.loss.Gradient()[0]), o.z.Last()
	dpost, dprior := o.post.Gradient(), o.prior.Gradient()
	for r := range o.z.Rows() {
		w, at := loss*o.weight(r)/math.Max(o.total, 1e-12), 2*n*r
		for i := range n {
			ls, lr := bounded(o.post.Data[at+n+i]), bounded(o.prior.Data[at+n+i])
			sigma, inv, d := math.Exp(ls), math.Exp(-2*lr), float64(o.post.Data[at+i])-float64(o.prior.Data[at+i])
			dsigma := w * (sigma*sigma*inv - 1)
			if o.eps != nil {
				dsigma += float64(dz[r*n+i]) * sigma * float64(o.eps[r*n+i])
			}
			dpost[at+i] += dz[r*n+i] + float32(w*d*inv)
			dpost[at+n+i] += float32(dsigma * slope(ls))
			dprior[at+i] -= float32(w * d * inv)
			dprior[at+n+i] += float32(w * (1 - (sigma*sigma+d*d)*inv) * slope(lr))
		}
	}
}
