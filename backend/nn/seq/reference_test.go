package seq

import (
	"math"
	"math/cmplx"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// The references compute one whole episode x [T][in] in float64, from what the equations say of all its steps at once, not step by step
// where a closed form exists: sums over pairs of steps, powers of a decay.

func affine(l *nn.Linear, x []float64) []float64 {
	in, out := l.In(), l.Out()
	y := make([]float64, out)
	for j := range y {
		y[j] = float64(l.B.Data[j])
		for i := range in {
			y[j] += x[i] * float64(l.W.Data[i*out+j])
		}
	}
	return y
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func slowConv(l Conv, x [][]float64) (ys [][]float64) {
	d, h := l.frames.width, l.lin.Out()
	for t := range x {
		y := make([]float64, h)
		for j := range y {
			sum := float64(l.lin.B.Data[j])
			for tap := range l.frames.taps {
				if from := t - tap*l.frames.every; from >= 0 {
					for i, v := range x[from] {
						sum += v * float64(l.lin.W.Data[(tap*d+i)*h+j])
					}
				}
			}
			y[j] = max(sum, 0)
			if d == h {
				y[j] += x[t][j]
			}
		}
		ys = append(ys, y)
	}
	return ys
}

func slowIndRNN(l *IndRNN, x [][]float64) (ys [][]float64) {
	h := make([]float64, l.lin.Out())
	for t := range x {
		z := affine(l.lin, x[t])
		next := make([]float64, len(h))
		for j := range h {
			u := min(max(float64(l.u.Data[j]), -float64(l.bound)), float64(l.bound))
			next[j] = max(z[j]+u*h[j], 0)
		}
		h = next
		ys = append(ys, h)
	}
	return ys
}

// slowMinGRU unrolls the recurrence: h_t = sum_j z_j c_j prod_{j<i<=t} (1 - z_i).
func slowMinGRU(l MinGRU, x [][]float64) (ys [][]float64) {
	n := l.width()
	for t := range x {
		y := make([]float64, n)
		for j := t; j >= 0; j-- {
			pre := affine(l.lin, x[j])
			for i := range y {
				share := logistic(pre[i])
				for s := j + 1; s <= t; s++ {
					share *= 1 - logistic(affine(l.lin, x[s])[i])
				}
				y[i] += share * pre[n+i]
			}
		}
		ys = append(ys, y)
	}
	return ys
}

func slowFeatures(m Map, x []float64) (f []float64) {
	if m == ELU {
		for _, v := range x {
			if v > 0 {
				f = append(f, v+1)
			} else {
				f = append(f, math.Exp(v))
			}
		}
		return f
	}
	var r []float64
	for _, v := range x {
		r = append(r, max(v, 0))
	}
	for _, v := range x {
		r = append(r, max(-v, 0))
	}
	for i := range r {
		f = append(f, r[i]*r[(i+1)%len(r)])
	}
	return f
}

func inner(a, b []float64) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// slowFastWeights attends to all pairs of steps; under delta it keeps the values that were written, so that a recalled value is a sum
// over them.
func slowFastWeights(l FastWeights, x [][]float64) (ys [][]float64) {
	d := l.lin.In()
	e := d / l.heads
	for range x {
		ys = append(ys, make([]float64, d))
	}
	for h := range l.heads {
		var keys, wrote [][]float64
		for t := range x {
			pre := affine(l.lin, x[t])
			a, p := slowFeatures(l.phi, pre[h*e:h*e+e]), slowFeatures(l.phi, pre[d+h*e:d+h*e+e])
			v := pre[2*d+h*e : 2*d+h*e+e]
			keys = append(keys, a)
			if l.rule == Delta {
				for _, f := range [][]float64{a, p} {
					sum := tiny + 0.0
					for _, u := range f {
						sum += u
					}
					for i := range f {
						f[i] /= sum
					}
				}
				beta := logistic(pre[3*d+h])
				u := make([]float64, e)
				for j := range u {
					u[j] = v[j]
					for s := range t {
						u[j] -= inner(a, keys[s]) * wrote[s][j]
					}
					u[j] *= beta
				}
				v = u
			}
			wrote = append(wrote, v)
			total := tiny + 0.0
			for s := range t + 1 {
				score := inner(p, keys[s])
				total += score
				for j := range e {
					ys[t][h*e+j] += score * wrote[s][j]
				}
			}
			for j := range e {
				if l.rule == Sum {
					ys[t][h*e+j] /= total
				}
			}
		}
	}
	return ys
}

// slowLRU is the convolution y_t = Re sum_j C lambda^(t-j) gamma B x_j + D x_t.
func slowLRU(l *LRU, x [][]float64) (ys [][]float64) {
	d, n := l.sizes()
	for t := range x {
		y := make([]float64, d)
		for i := range y {
			y[i] = float64(l.d.Data[i]) * x[t][i]
		}
		for m := range n {
			exponent := complex(-math.Exp(float64(l.nu.Data[m])), math.Exp(float64(l.theta.Data[m])))
			for j := range t + 1 {
				var in complex128
				for i, v := range x[j] {
					in += complex(v*float64(l.b.Data[i*2*n+m]), v*float64(l.b.Data[i*2*n+n+m]))
				}
				s := cmplx.Exp(exponent*complex(float64(t-j), 0)) * in * complex(math.Exp(float64(l.gamma.Data[m])), 0)
				for i := range y {
					y[i] += real(complex(float64(l.c.Data[m*d+i]), -float64(l.c.Data[(n+m)*d+i])) * s)
				}
			}
		}
		ys = append(ys, y)
	}
	return ys
}

// slowS4D is the convolution with the kernel K_j = 2 Re sum_n C a^j g.
func slowS4D(l *S4D, x [][]float64) (ys [][]float64) {
	d, n := l.sizes()
	for t := range x {
		y := make([]float64, d)
		for i := range y {
			y[i] = float64(l.d.Data[i]) * x[t][i]
			for m := range n {
				_, _, a, g := l.exact(m*d + i)
				c := complex(float64(l.cr.Data[m*d+i]), float64(l.ci.Data[m*d+i]))
				for j := range t + 1 {
					y[i] += 2 * real(c*cmplx.Pow(a, complex(float64(t-j), 0))*g) * x[j][i]
				}
			}
		}
		ys = append(ys, y)
	}
	return ys
}

// slow is a level with odd sizes and its reference.
type slow struct {
	name  string
	level Level
	whole func(x [][]float64) [][]float64
}

func slows() []slow {
	s := rng.New(4, "slow")
	conv := Conv{Frames{5, 3, 2}, nn.NewLinear(s, "conv", 15, 5, num.ReLU, 1)}
	narrow := Conv{Frames{5, 2, 3}, nn.NewLinear(s, "narrow", 10, 3, num.ReLU, 1)}
	ind := indRNN(s, "ind", 5, 19, 40)
	ind.u.Data[3], ind.u.Data[4] = 1.5, -1.2
	gru := MinGRU{nn.NewLinear(s, "mingru", 5, 2*17, num.None, 1)}
	lru, s4d := newLRU(s, "lru", 5, 23, Ring{RMin: 0, RMax: 0.99, MaxPhase: 6.28}), newS4D(s, "s4d", 21, 3, Times{DtMin: 0.01, DtMax: 0.5})
	all := []slow{
		{"conv", conv, func(x [][]float64) [][]float64 { return slowConv(conv, x) }},
		{"conv to another width", narrow, func(x [][]float64) [][]float64 { return slowConv(narrow, x) }},
		{"indrnn", ind, func(x [][]float64) [][]float64 { return slowIndRNN(ind, x) }},
		{"mingru", gru, func(x [][]float64) [][]float64 { return slowMinGRU(gru, x) }},
		{"lru", lru, func(x [][]float64) [][]float64 { return slowLRU(lru, x) }},
		{"s4d", s4d, func(x [][]float64) [][]float64 { return slowS4D(s4d, x) }},
	}
	for _, rule := range []Rule{Sum, Delta} {
		for _, phi := range []Map{ELU, DPFP} {
			out := 45
			if rule == Delta {
				out += 3
			}
			l := FastWeights{nn.NewLinear(s, "qkv", 15, out, num.None, 1), 3, rule, phi}
			all = append(all, slow{"fast weights by " + string(rule) + " of " + string(phi), l, func(x [][]float64) [][]float64 { return slowFastWeights(l, x) }})
		}
	}
	return all
}

func TestLayersAgreeWithSlowReferencesInEveryKernelFamily(t *testing.T) {
	const steps, b = 37, 3
	best, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	for _, kernels := range []num.Kernels{num.Go(), best} {
		for _, c := range slows() {
			t.Run(kernels.Name+" "+c.name, func(t *testing.T) {
				core := num.NewCore(kernels, 2)
				defer core.Close()
				m := stack(c.level)
				z, marks := m.Size(), rng.New(6, "marks")
				x, fresh := drawn(5, "x", steps, b, z.In), make([]bool, steps*b)
				for i := range fresh {
					fresh[i] = i < b || marks.Bool(0.08)
				}
				got := m.Sequence(num.NewTape(core), x, num.New("state", b, z.State), fresh)
				for e := range b {
					compareEpisodes(t, c, x, got, fresh, e, b)
				}
			})
		}
	}
}

// compareEpisodes holds the episodes of environment e against the reference.
func compareEpisodes(t *testing.T, c slow, x, got *num.Tensor, fresh []bool, e, b int) {
	t.Helper()
	in, out, steps := x.Last(), got.Last(), x.Shape[0]
	for from := 0; from < steps; {
		var episode [][]float64
		to := from
		for ; to < steps && (to == from || !fresh[to*b+e]); to++ {
			row := make([]float64, in)
			for i := range row {
				row[i] = float64(x.Data[(to*b+e)*in+i])
			}
			episode = append(episode, row)
		}
		for i, want := range c.whole(episode) {
			for j, w := range want {
				if g := float64(got.Data[((from+i)*b+e)*out+j]); math.Abs(g-w) > 2e-4*(1+math.Abs(w)) {
					t.Fatalf("environment %d, step %d, number %d is %g, want %g", e, from+i, j, g, w)
				}
			}
		}
		from = to
	}
}
