package local

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/trainer"
)

func TestAdamWIsThatOfTheReferenceInEveryField(t *testing.T) {
	tr := newTrainer(t, Options{})
	var w, m, v []float64
	for _, p := range tr.params {
		for _, x := range p.Data {
			w = append(w, float64(x))
		}
	}
	m, v = make([]float64, len(w)), make([]float64, len(w))
	first := slices.Clone(w)
	data := rows("adam", 8, 8)
	for n := 1; n <= 10; n++ {
		a := trainer.Adam{LearningRate: 0.01 / float64(n), Beta1: 0.7, Beta2: 0.85, Eps: 1e-3, WeightDecay: 0.1, GradClipNorm: 0.5}
		learn(t, tr, data, ce)
		g, norm := gradientsOf(tr), 0.0
		for _, x := range g {
			norm += float64(x) * float64(x)
		}
		norm = math.Sqrt(norm)
		for i := range w {
			gi := float64(g[i]) * min(1, a.GradClipNorm/norm)
			m[i], v[i] = a.Beta1*m[i]+(1-a.Beta1)*gi, a.Beta2*v[i]+(1-a.Beta2)*gi*gi
			mh, vh := m[i]/(1-math.Pow(a.Beta1, float64(n))), v[i]/(1-math.Pow(a.Beta2, float64(n)))
			w[i] -= a.LearningRate * (mh/(math.Sqrt(vh)+a.Eps) + a.WeightDecay*w[i])
		}
		metrics, err := tr.OptimStep(t.Context(), a).Wait(t.Context())
		if err != nil || math.Abs(metrics["grad_norm:mean"]-norm) > 1e-5*norm || norm < a.GradClipNorm {
			t.Fatalf("step %d: %v, %v; norm %v", n, metrics, err, norm)
		}
	}
	i, moved, off := 0, 0.0, 0.0
	for _, p := range tr.params {
		for _, x := range p.Data {
			off, moved = max(off, math.Abs(float64(x)-w[i])), max(moved, math.Abs(w[i]-first[i]))
			i++
		}
	}
	if off > 2e-6 || moved < 0.01 {
		t.Errorf("weights are off by %v after moving by %v", off, moved)
	}
}

func TestTheFirstStepMovesByTheLearningRate(t *testing.T) {
	tr := newTrainer(t, Options{})
	before := weightsOf(tr)
	learn(t, tr, rows("first", 12), ce)
	g := gradientsOf(tr)
	step(t, tr, trainer.NewAdam(1e-3))
	after := weightsOf(tr)
	for i, gi := range g {
		if d := math.Abs(float64(after[i] - before[i])); math.Abs(float64(gi)) > 1e-6 && math.Abs(d-1e-3) > 1e-6 {
			t.Fatalf("weight %d with gradient %v moved by %v", i, gi, d)
		}
	}
}
