package rarl

import "github.com/loci-lab/loci/backend/num"

// spread bounds the logarithm of a standard deviation: 3 tanh(x/3) is x near 0 and stays within +-3.
const spread = 3

// squeezeOp is step 4, the information bottleneck (arXiv 2202.08417, the section on the retrieval process; the bound is that of arXiv
// 1612.00410), with a hand-derived gradient. From the rows post = (mu, s) of what was read and prior = (nu, u) of the slot before:
//
//	sigma = exp(3 tanh(s/3))      z = mu + sigma eps      rho = exp(3 tanh(u/3))
//	KL = sum over dimensions of  log rho - log sigma + (sigma^2 + (mu - nu)^2) / (2 rho^2) - 1/2
//
// The loss is the mean of KL over the rows. Without eps, z is mu: how an agent acts when it is examined.
type squeezeOp struct {
	post, prior *num.Tensor // [R][2Z]
	z, loss     *num.Tensor // [R][Z], [1]
	eps         []float32   // [R][Z] or nil
	kl          []float32   // [R] nats

	ls, lr     []float32 // [R][Z] bounded logarithms of sigma and rho
	sigma, inv []float32 // [R][Z] sigma and 1 / rho^2: the backward pass needs them again
}

func (o *squeezeOp) record(t *num.Tape, post, prior *num.Tensor, eps []float32) (z, loss *num.Tensor) {
	rows, n := post.Rows(), post.Last()/2
	o.post, o.prior, o.eps = post, prior, eps
	o.z, o.loss, o.kl = t.Tensor("z", rows, n), t.Tensor("kl", 1), grow(o.kl, rows)
	o.ls, o.lr, o.sigma, o.inv = grow(o.ls, rows*n), grow(o.lr, rows*n), grow(o.sigma, rows*n), grow(o.inv, rows*n)
	k := &t.Core.K
	bounded(k, o.ls, post.Data, n)
	bounded(k, o.lr, prior.Data, n)
	k.Exp(o.sigma, o.ls)
	for i, lr := range o.lr {
		o.inv[i] = -2 * lr
	}
	k.Exp(o.inv, o.inv)
	sum := 0.0
	for r := range rows {
		o.kl[r] = o.forwardRow(r, n)
		sum += float64(o.kl[r])
	}
	o.loss.Data[0] = float32(sum / float64(max(rows, 1)))
	t.Custom(o)
	return o.z, o.loss
}

// bounded writes 3 tanh(x/3) of the second half of every row of x [R][2Z] into y [R][Z].
func bounded(k *num.Kernels, y, x []float32, n int) {
	for r := 0; r*n < len(y); r++ {
		copy(y[r*n:r*n+n], x[2*n*r+n:])
	}
	k.Scale(y, 1.0/spread)
	k.Tanh(y, y)
	k.Scale(y, spread)
}

// slope of the bound, from its result.
func slope(y float32) float32 { return 1 - y*y/(spread*spread) }

func (o *squeezeOp) forwardRow(r, n int) float32 {
	mu, nu, kl, at := o.post.Data[2*n*r:2*n*r+n], o.prior.Data[2*n*r:2*n*r+n], float32(0), n*r
	ls, lr, sigma, inv, z := o.ls[at:at+n], o.lr[at:at+n], o.sigma[at:at+n], o.inv[at:at+n], o.z.Data[at:at+n]
	copy(z, mu)
	for i, s := range sigma {
		d := mu[i] - nu[i]
		kl += lr[i] - ls[i] + (s*s+d*d)*inv[i]/2 - 0.5
	}
	if o.eps != nil {
		for i, e := range o.eps[at : at+n] {
			z[i] += sigma[i] * e
		}
	}
	return kl
}

// Backward implements num.Func.
func (o *squeezeOp) Backward() {
	dz, n := o.z.Gradient(), o.z.Last()
	dpost, dprior, w := o.post.Gradient(), o.prior.Gradient(), o.loss.Gradient()[0]/float32(max(o.z.Rows(), 1))
	for r := range o.z.Rows() {
		mu, nu, at := o.post.Data[2*n*r:2*n*r+n], o.prior.Data[2*n*r:2*n*r+n], n*r
		ls, lr, sigma, inv, gz := o.ls[at:at+n], o.lr[at:at+n], o.sigma[at:at+n], o.inv[at:at+n], dz[at:at+n]
		to, from := dpost[2*at:2*at+2*n], dprior[2*at:2*at+2*n]
		for i, s := range sigma {
			d := mu[i] - nu[i]
			ds := w * (s*s*inv[i] - 1)
			if o.eps != nil {
				ds += gz[i] * s * o.eps[at+i]
			}
			to[i] += gz[i] + w*d*inv[i]
			to[n+i] += ds * slope(ls[i])
			from[i] -= w * d * inv[i]
			from[n+i] += w * (1 - (s*s+d*d)*inv[i]) * slope(lr[i])
		}
	}
}
