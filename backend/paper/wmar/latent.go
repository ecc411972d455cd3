package wmar

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// unimix is the share of a uniform distribution in every latent (DreamerV3, arXiv 2301.04104): no class becomes impossible, and the
// divergence stays finite.
const unimix = 0.01

// mixed writes softmax(logits) of each group into s and p = (1-u) s + u/C into p, for rows of groups of C classes.
func mixed(k *num.Kernels, logits, s, p []float32, classes int) {
	k.Softmax(s, logits, len(logits)/classes, classes)
	for i, v := range s[:len(logits)] {
		p[i] = (1-unimix)*v + unimix/float32(classes)
	}
}

// draw writes a one-hot z for each group of p.
func draw(s *rng.Stream, p, z []float32, classes int) {
	clear(z[:len(p)])
	for at := 0; at < len(p); at += classes {
		z[at+s.Categorical(p[at:at+classes])] = 1
	}
}

// likeliest writes the one-hot of the largest class of each group.
func likeliest(p, z []float32, classes int) {
	clear(z[:len(p)])
	for at := 0; at < len(p); at += classes {
		best := at
		for i := at + 1; i < at+classes; i++ {
			if p[i] > p[best] {
				best = i
			}
		}
		z[best] = 1
	}
}

// softmaxGrad turns the gradient dp of mixed probabilities of one group into that of its logits and adds it: p = (1-u) s + u/C, so
// dl = s * ((1-u) dp - sum (1-u) dp s).
func softmaxGrad(dl, dp, s []float32) {
	mean := float32(0)
	for i, v := range s {
		mean += dp[i] * v
	}
	for i, v := range s {
		dl[i] += (1 - unimix) * v * (dp[i] - mean)
	}
}

// Weights of the two halves of the divergence (KL balancing): the prior is pulled to the posterior more than the other way.
const (
	dynamics       = 0.5
	representation = 0.1
)

// balance is, for one row of posterior q and prior p over all groups,
//
//	L = 0.5 max(free, KL(sg(q) || p)) + 0.1 max(free, KL(q || sg(p)))
//
// It returns KL and, where KL is above free, adds scale times the gradients to the logits: dKL/dp = -q/p, dKL/dq = log q - log p + 1.
// sq and sp are the softmaxes; scratch is as long as a group.
func balance(q, p, sq, sp []float32, classes int, free float64, scale float32, dq, dp, scratch []float32) (kl float64) {
	for i, qi := range q {
		kl += float64(qi) * math.Log(float64(qi)/float64(p[i]))
	}
	if kl <= free || dq == nil {
		return kl
	}
	for at := 0; at < len(q); at += classes {
		to := at + classes
		for i := range classes {
			scratch[i] = -scale * dynamics * q[at+i] / p[at+i]
		}
		softmaxGrad(dp[at:to], scratch, sp[at:to])
		for i := range classes {
			scratch[i] = scale * representation * float32(math.Log(float64(q[at+i])/float64(p[at+i]))+1)
		}
		softmaxGrad(dq[at:to], scratch, sq[at:to])
	}
	return kl
}

// symlog squeezes rewards: sign(x) log(1 + |x|); symexp undoes it.
func symlog(x float64) float64 { return math.Copysign(math.Log1p(math.Abs(x)), x) }

func symexp(x float64) float64 { return math.Copysign(math.Expm1(math.Abs(x)), x) }

// bernoulli is - [ x log p + (1-x) log(1-p) ] summed over bits, p = sigmoid(logit); scale times its gradient p - x is written to grad
// where that is not nil.
func bernoulli(logits, bits, grad []float32, scale float32) (loss float64) {
	for j, z := range logits {
		x := float64(z)
		e := math.Exp(-math.Abs(x))
		loss += max(x, 0) - x*float64(bits[j]) + math.Log1p(e)
		if grad == nil {
			continue
		}
		p := 1 / (1 + e)
		if x < 0 {
			p = e / (1 + e)
		}
		grad[j] = scale * (float32(p) - bits[j])
	}
	return loss
}

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

func grow[E any](x []E, n int) []E {
	if cap(x) < n {
		return make([]E, n)
	}
	return x[:n]
}
