package local

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
)

var shape = nn.DecoderShape{Vocab: 13, Width: 16, Layers: 2, Heads: 2, KVHeads: 1, HeadDim: 8, Inner: 24, Context: 40, Theta: 1e4, Eps: 1e-6, Tied: true}

func newCore(t testing.TB, threads int) *num.Core {
	t.Helper()
	k, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	c := num.NewCore(k, threads)
	t.Cleanup(c.Close)
	return c
}

func newTrainer(t testing.TB, o Options) *Trainer {
	t.Helper()
	tr, err := New(newCore(t, 2), nn.NewDecoder(rng.New(1, "model"), shape), nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// row is a row of n random tokens that every loss can take.
func row(s *rng.Stream, n int) (d rl.Datum) {
	for range n {
		d.Input, d.Targets = append(d.Input, int32(s.IntN(shape.Vocab))), append(d.Targets, int32(s.IntN(shape.Vocab)))
		d.Weights, d.Logprobs = append(d.Weights, float32(s.IntN(3)-1)), append(d.Logprobs, -2-s.Float32())
		d.Advantages = append(d.Advantages, float32(s.Normal()))
		d.Values, d.Returns = append(d.Values, float32(s.Normal())), append(d.Returns, float32(s.Normal()))
	}
	return d
}

func rows(name string, lengths ...int) (ds []rl.Datum) {
	s := rng.New(7, name)
	for _, n := range lengths {
		ds = append(ds, row(s, n))
	}
	return ds
}

var ce = rl.Loss{Name: rl.CrossEntropy}

func learn(t testing.TB, tr *Trainer, data []rl.Datum, loss rl.Loss) trainer.Output {
	t.Helper()
	out, err := tr.ForwardBackward(t.Context(), data, loss).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func step(t testing.TB, tr *Trainer, adam trainer.Adam) {
	t.Helper()
	if _, err := tr.OptimStep(t.Context(), adam).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func gradientsOf(tr *Trainer) (g []float32) {
	for _, p := range tr.params {
		g = append(g, p.Grad...)
	}
	return g
}

func weightsOf(tr *Trainer) (w []float32) {
	for _, p := range append(tr.model.Weights(), tr.params...) {
		w = append(w, p.Data...)
	}
	return w
}

// apart is the largest difference relative to the largest number.
func apart(a, b []float32) float64 {
	most, size := 0.0, 1e-30
	for i := range a {
		most, size = max(most, math.Abs(float64(a[i]-b[i]))), max(size, math.Abs(float64(a[i])))
	}
	return most / size
}

func losses() []rl.Loss {
	ls := []rl.Loss{{Name: rl.DRO, Config: map[string]float64{rl.Beta: 0.5}}}
	for _, name := range rl.Losses() {
		if name != rl.DRO {
			ls = append(ls, rl.Loss{Name: name})
		}
	}
	return ls
}

func TestGradientsOfEachLossAreThoseOfFiniteDifferences(t *testing.T) {
	for _, l := range losses() {
		if l.Name == rl.CISPO || l.Name == rl.GSPO {
			continue // they stop gradients inside; rl tests the formula, and these the way through the model
		}
		for _, o := range []Options{{ValueHead: true}, {ValueHead: true, Rank: 2, Alpha: 1, Seed: 3}} {
			tr := newTrainer(t, o)
			s := rng.New(5, "spread")
			for _, p := range tr.params {
				for i := range p.Data {
					p.Data[i] += float32(0.3 * s.Normal())
				}
			}
			data := rows(l.Name, 6, 4)
			for i := range data {
				for j := range data[i].Weights { // 0 or 1, and ratios near 1, away from the bounds' kinks
					data[i].Weights[j] = float32(min(j, 1))
				}
			}
			out, err := tr.Forward(t.Context(), data, l).Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i := range data {
				for j, lp := range out.Rows[i].Logprobs {
					data[i].Logprobs[j], data[i].Values[j] = lp-0.1, lp
				}
			}
			learn(t, tr, data, l)
			checkDifferences(t, tr, data, l)
		}
	}
}

// checkDifferences moves all parameters along a random direction.
func checkDifferences(t *testing.T, tr *Trainer, data []rl.Datum, l rl.Loss) {
	t.Helper()
	s := rng.New(6, "direction")
	for range 3 {
		slope, kept := 0.0, make([][]float32, len(tr.params))
		direction := make([][]float32, len(tr.params))
		for i, p := range tr.params {
			kept[i], direction[i] = slices.Clone(p.Data), make([]float32, p.Len())
			for j := range direction[i] {
				direction[i][j] = float32(s.Normal() / math.Sqrt(float64(nn.Count(tr.params)))) // together of length 1
				slope += float64(direction[i][j]) * float64(p.Grad[j])
			}
		}
		at := func(h float32) float64 {
			for i, p := range tr.params {
				for j := range p.Data {
					p.Data[j] = kept[i][j] + h*direction[i][j]
				}
			}
			out, err := tr.Forward(t.Context(), data, l).Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return out.Metrics[trainer.LossSum]
		}
		const h = 1e-3
		numeric := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h) // without the error of second order
		at(0)
		if math.Abs(numeric-slope) > 5e-3+1e-2*math.Abs(slope) {
			t.Errorf("%s, rank %d: differences %v, gradient %v", l.Name, tr.options.Rank, numeric, slope)
		}
	}
}

func TestTheLossIsASumOverRowsAndWeights(t *testing.T) {
	data := rows("sum", 7, 5)
	for _, l := range losses() {
		once, twice, heavy := newTrainer(t, Options{ValueHead: true}), newTrainer(t, Options{ValueHead: true}), newTrainer(t, Options{ValueHead: true})
		a := learn(t, once, data, l)
		b := learn(t, twice, append(slices.Clone(data), data...), l)
		double := slices.Clone(data)
		for i := range double {
			double[i].Weights = slices.Clone(double[i].Weights)
			for j := range double[i].Weights {
				double[i].Weights[j] *= 2
			}
		}
		c := learn(t, heavy, double, l)
		ga := gradientsOf(once)
		for i := range ga {
			ga[i] *= 2
		}
		for _, o := range []trainer.Output{b, c} {
			if want := 2 * a.Metrics[trainer.LossSum]; math.Abs(o.Metrics[trainer.LossSum]-want) > 1e-5*math.Abs(want) {
				t.Errorf("%s: loss %v, want %v", l.Name, o.Metrics[trainer.LossSum], want)
			}
		}
		if d, e := apart(ga, gradientsOf(twice)), apart(ga, gradientsOf(heavy)); d > 1e-5 || e > 1e-5 {
			t.Errorf("%s: gradients of two rows are off by %v, of twice the weight by %v", l.Name, d, e)
		}
	}
}

func TestOneCallEqualsSeveralAndPacksDoNotMatter(t *testing.T) {
	data := rows("split", 9, 4, 12, 1, 20)
	data[1].Input = slices.Clone(data[4].Input[:4]) // a shared prefix
	data[0].Input = append(slices.Clone(data[4].Input[:8]), 3)
	whole, parts, small := newTrainer(t, Options{}), newTrainer(t, Options{}), newTrainer(t, Options{PackTokens: 13})
	out := learn(t, whole, data, ce)
	learn(t, parts, data[:2], ce)
	learn(t, parts, data[2:4], ce)
	learn(t, parts, data[4:], ce)
	other := learn(t, small, data, ce)
	if d := apart(gradientsOf(whole), gradientsOf(parts)); d > 1e-6 {
		t.Errorf("2+2+1 rows differ from 5 by %v", d)
	}
	if d := apart(gradientsOf(whole), gradientsOf(small)); d > 1e-6 {
		t.Errorf("small packs differ by %v", d)
	}
	for i := range data {
		if d := apart(out.Rows[i].Logprobs, other.Rows[i].Logprobs); d > 1e-6 {
			t.Errorf("row %d differs between packs by %v", i, d)
		}
	}
}

func TestForwardChangesNothingAndAStepClears(t *testing.T) {
	tr := newTrainer(t, Options{})
	data := rows("forward", 6)
	before := weightsOf(tr)
	out, err := tr.Forward(t.Context(), data, ce).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, weightsOf(tr)) || slices.ContainsFunc(gradientsOf(tr), func(g float32) bool { return g != 0 }) {
		t.Fatal("a forward pass changed something")
	}
	again := learn(t, tr, data, ce)
	if !slices.Equal(out.Rows[0].Logprobs, again.Rows[0].Logprobs) {
		t.Error("forward and forward-backward differ")
	}
	step(t, tr, trainer.NewAdam(1e-3))
	if slices.ContainsFunc(gradientsOf(tr), func(g float32) bool { return g != 0 }) || slices.Equal(before, weightsOf(tr)) {
		t.Error("a step left gradients or moved nothing")
	}
}

func TestOutputsHoldWhatTheProtocolAsksFor(t *testing.T) {
	tr := newTrainer(t, Options{ValueHead: true})
	data := rows("outputs", 5, 3)
	for _, l := range losses() {
		out := learn(t, tr, data, l)
		for name := range out.Metrics {
			if strings.Count(name, ":") != 1 {
				t.Errorf("metric %q", name)
			}
		}
		if _, ok := out.Metrics[trainer.LossSum]; !ok || len(out.Rows) != 2 {
			t.Fatalf("%s: %d rows, metrics %v", l.Name, len(out.Rows), out.Metrics)
		}
		sum := 0.0
		for i, r := range out.Rows {
			if len(r.Logprobs) != len(data[i].Input) || (r.Loss != nil) != (l.Name == rl.CrossEntropy) {
				t.Errorf("%s: row of %d with %d log-probabilities and %d losses", l.Name, len(data[i].Input), len(r.Logprobs), len(r.Loss))
			}
			for j, v := range r.Loss {
				sum += float64(v)
				if want := -data[i].Weights[j] * r.Logprobs[j]; v != want {
					t.Errorf("loss %v at %d, want %v", v, j, want)
				}
			}
		}
		if l.Name == rl.CrossEntropy && math.Abs(sum-out.Metrics[trainer.LossSum]) > 1e-5 {
			t.Errorf("losses sum to %v, want %v", sum, out.Metrics[trainer.LossSum])
		}
	}
}

func TestALeanPassHasTheSameGradientsAndSaysWhatItLeftOut(t *testing.T) {
	data := rows("lean", 9, 6, 5)
	for i := range data {
		for j := range data[i].Advantages {
			data[i].Weights[j] = float32(j % 2)
			if i == 1 || j < 4 {
				data[i].Advantages[j] = 0
			}
		}
	}
	for _, l := range []rl.Loss{{Name: rl.PPO}, {Name: rl.GSPO}, ce} {
		full, lean := newTrainer(t, Options{}), newTrainer(t, Options{Lean: true})
		a, b := learn(t, full, data, l), learn(t, lean, data, l)
		if d := apart(gradientsOf(full), gradientsOf(lean)); d > 1e-6 || math.Abs(a.Metrics[trainer.LossSum]-b.Metrics[trainer.LossSum]) > 1e-5 {
			t.Errorf("%s: gradients differ by %v, losses %v and %v", l.Name, d, a.Metrics, b.Metrics)
		}
		left := 0
		for i := range data {
			for j, lp := range b.Rows[i].Logprobs {
				if math.IsNaN(float64(lp)) {
					left++
				} else if math.Abs(float64(lp-a.Rows[i].Logprobs[j])) > 1e-5 {
					t.Errorf("%s: row %d, position %d: %v, want %v", l.Name, i, j, lp, a.Rows[i].Logprobs[j])
				}
			}
		}
		if left < 8 {
			t.Errorf("%s: only %d positions were left out", l.Name, left)
		}
	}
}

func TestAFailedCallAddsNothingAndKeepsItsBatch(t *testing.T) {
	dir := t.TempDir()
	tr := newTrainer(t, Options{Folder: dir, PackTokens: 8})
	learn(t, tr, rows("first", 5), ce)
	before := gradientsOf(tr)
	bad := rows("second", 6, 6, 6)
	bad[2].Targets[3] = 99
	if _, err := tr.ForwardBackward(t.Context(), bad, ce).Wait(t.Context()); !errors.Is(err, &lab.Error{Code: lab.Invalid}) || !strings.Contains(err.Error(), "row 2 of 3: token 3 of targets is 99") {
		t.Errorf("bad row: %v", err)
	}
	bad = rows("third", 6, 6, 6)
	for i := range bad {
		bad[i].Input[0] = int32(i) // the packs keep the order of the rows
	}
	for i := range bad[2].Logprobs {
		bad[2].Logprobs[i] = -3e4 // the ratio overflows
	}
	_, err := tr.ForwardBackward(t.Context(), bad, rl.Loss{Name: rl.ImportanceSampling}).Wait(t.Context())
	if !errors.Is(err, &lab.Error{Code: lab.Invalid}) || !strings.Contains(err.Error(), "row 2 of 3") || !strings.Contains(err.Error(), "want a finite number") {
		t.Errorf("infinite loss: %v", err)
	}
	if !slices.Equal(before, gradientsOf(tr)) {
		t.Error("a failed call changed the gradients")
	}
	kept, _ := filepath.Glob(filepath.Join(dir, "failed-batch-*.json"))
	if len(kept) != 1 {
		t.Fatalf("batches kept: %q", kept)
	}
	if text, err := os.ReadFile(kept[0]); err != nil || !strings.Contains(string(text), `"Row":2`) || !strings.Contains(string(text), "-30000") {
		t.Errorf("kept batch %.200s, %v", text, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tr.ForwardBackward(cancelled, rows("fourth", 6), ce).Wait(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled call: %v", err)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	core := newCore(t, 1)
	model := nn.NewDecoder(rng.New(1, "model"), shape)
	for _, o := range []Options{{Rank: -1}, {Rank: 99}, {PackTokens: -1}, {Alpha: -1}} {
		if _, err := New(core, model, nil, o); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	tr := newTrainer(t, Options{})
	for _, call := range []func() error{
		func() error {
			_, err := tr.Forward(t.Context(), rows("x", 3), rl.Loss{Name: rl.PPOCritic}).Wait(t.Context())
			return err
		},
		func() error {
			_, err := tr.Forward(t.Context(), rows("x", 41), ce).Wait(t.Context())
			return err
		},
		func() error {
			_, err := tr.OptimStep(t.Context(), trainer.Adam{Beta1: 1}).Wait(t.Context())
			return err
		},
		func() error {
			_, err := tr.OptimStep(t.Context(), trainer.Adam{LearningRate: math.NaN()}).Wait(t.Context())
			return err
		},
	} {
		if err := call(); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("error %v", err)
		}
	}
}

func TestTheNumberOfThreadsChangesNoBit(t *testing.T) {
	var want []float32
	for _, threads := range []int{1, 2, 3} {
		tr, err := New(newCore(t, threads), nn.NewDecoder(rng.New(1, "model"), shape), nil, Options{Rank: 4, PackTokens: 64})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			learn(t, tr, rows(fmt.Sprint(n), 20, 30, 25, 9), ce)
			step(t, tr, trainer.NewAdam(1e-3))
		}
		if got := weightsOf(tr); want == nil {
			want = got
		} else if !slices.Equal(got, want) {
			t.Errorf("%d threads gave other weights than one", threads)
		}
	}
}
