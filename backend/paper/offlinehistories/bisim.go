package offlinehistories

import (
	"math"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// The deviations of the latent model lie between exp(deviationLow) and exp(deviationHigh): one that falls to nothing would make the
// likelihood of a step that chance decides boundless, and the pull of each step on the
// encoder too large: it goes with the inverse square.
const (
	deviationLow  = -1
	deviationHigh = 2
)

// deviation is that of an output of the model, a logarithm that is kept within bounds.
func deviation(p float32) float64 { return math.Exp(min(max(float64(p), deviationLow), deviationHigh)) }

// modelLoss adds the gradients of the latent model's loss to those of its outputs and returns its two parts, means over the M steps that
// were lived:
//
//	L_model = (r^(z,a) - r)^2 - log P^( sg(phi(tau')) | z, a )        [R] of the basis; sg: no gradient
//
// Letters: r [N][1] predicted rewards, p [N][2z] means and logarithms of deviations, z [N+..][z] latents, of which row i+cols is what
// follows row i; where an episode ended the next latent is taken as 0. The likelihood is a mean over the z numbers.
func modelLoss(r, p, z *num.Tensor, cols int, reward []float32, terminal []bool, mask []float32) (rewardLoss, nextLoss float64) {
	d, total := z.Last(), 0.0
	for _, m := range mask {
		total += float64(m)
	}
	dr, dp := r.Gradient(), p.Gradient()
	for i, m := range mask {
		if m == 0 {
			continue
		}
		e := float64(r.Data[i]) - float64(reward[i])
		rewardLoss += e * e / total
		dr[i] += float32(2 * e / total)
		for c := range d {
			want := 0.0
			if !terminal[i] {
				want = float64(z.Data[(i+cols)*d+c])
			}
			at := i*2*d + c
			s := deviation(p.Data[at+d])
			u := (float64(p.Data[at]) - want) / s
			nextLoss += (u*u/2 + math.Log(s)) / (total * float64(d))
			dp[at] += float32(u / s / (total * float64(d)))
			if x := p.Data[at+d]; x > deviationLow && x < deviationHigh {
				dp[at+d] += float32((1 - u*u) / (total * float64(d)))
			}
		}
	}
	return rewardLoss, nextLoss
}

// couple is two rows that are compared.
type couple struct{ a, b int }

// couples pairs the lived steps of a batch with a permutation of their own: each step with another trajectory's, with the same action
// where same is set. Steps of one trajectory (column) are never compared: that would teach time, not meaning.
func couples(s *rng.Stream, action []int32, mask []float32, cols, acts int, same bool) (pairs []couple) {
	groups := make([][]int, acts)
	for i, m := range mask {
		if m == 0 {
			continue
		}
		g := 0
		if same {
			g = int(action[i])
		}
		groups[g] = append(groups[g], i)
	}
	for _, rows := range groups {
		order := make([]int, len(rows))
		s.Perm(order)
		for i, row := range rows {
			if other := rows[order[i]]; other%cols != row%cols {
				pairs = append(pairs, couple{row, other})
			}
		}
	}
	return pairs
}

// bisimilar is what the bisimulation loss of some pairs came to, means over the pairs.
type bisimilar struct {
	J        float64 // squared difference of distance and target
	Distance float64 // |z - z~|_1
	Target   float64 // |r^ - r^~| + gamma D
	Square   float64 // squared distance
}

// scaled is J over the mean squared distance: of latent spaces of any scale, 0 where distances are as they should.
func (b bisimilar) scaled() float64 { return b.J / max(b.Square, 1e-12) }

// bisimulation adds weight times the gradient of J to dz [..][z], which may be nil, and returns J:
//
//	J(phi) = E over pairs [ ( |z - z~|_1 / sqrt(dim z) - |r^(z,a) - r^(z~,a~)| - gamma D( P^(.|z,a), P^(.|z~,a~) ) )^2 ]        [R] of the basis
//	D = sqrt( |mu - mu~|^2 + |sigma - sigma~|^2 ), the 2-Wasserstein distance of two diagonal Gaussians
//
// The root is ours: a sum over 16 numbers is up to four times their Euclidean distance, which D is made of, so that without it distances
// shrink with every step away from a reward and what a hub must know is gone. Predictions r [N][1] and p [N][2z] carry no gradient here: a latent space that falls in a point would please them all.
func bisimulation(pairs []couple, z, r, p *num.Tensor, gamma, weight float64, dz []float32) (out bisimilar) {
	d, n := z.Last(), float64(len(pairs))
	root := math.Sqrt(float64(d))
	for _, c := range pairs {
		za, zb := z.Data[c.a*d:(c.a+1)*d], z.Data[c.b*d:(c.b+1)*d]
		distance := 0.0
		for i, x := range za {
			distance += math.Abs(float64(x) - float64(zb[i]))
		}
		target := math.Abs(float64(r.Data[c.a])-float64(r.Data[c.b])) + gamma*wasserstein(p.Data[c.a*2*d:(c.a+1)*2*d], p.Data[c.b*2*d:(c.b+1)*2*d])
		distance /= root
		e := distance - target
		out.J += e * e / n
		out.Distance += distance / n
		out.Target += target / n
		out.Square += distance * distance / n
		if dz == nil {
			continue
		}
		g := float32(weight * 2 * e / (n * root))
		for i, x := range za {
			switch {
			case x > zb[i]:
				dz[c.a*d+i] += g
				dz[c.b*d+i] -= g
			case x < zb[i]:
				dz[c.a*d+i] -= g
				dz[c.b*d+i] += g
			}
		}
	}
	return out
}

// wasserstein is D of two outputs (means, logarithms of deviations) [2z].
func wasserstein(a, b []float32) float64 {
	d, sum := len(a)/2, 0.0
	for i := range d {
		m, s := float64(a[i])-float64(b[i]), deviation(a[i+d])-deviation(b[i+d])
		sum += m*m + s*s
	}
	return math.Sqrt(sum)
}
