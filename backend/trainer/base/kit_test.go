package base

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// steps of the toy base: two checkpoints fall into them.
const steps = 2*keep + 30

// toy is a base that is made in a moment.
func toy(t testing.TB) Spec {
	t.Helper()
	words, err := llm.NewWords([]string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	k := ModelKnobs{Width: 8, Layers: 1, Heads: 2, Inner: 8, Context: 16}
	return Spec{Shape: k.Shape(words.Size()), Words: words.List(), World: "toy", Mix: map[string]int{"n": 3}, Knobs: Knobs{Steps: steps, Batch: 2, Rate: 0.01}, Seed: 7}
}

// rows is a stream of examples, of one to three trained tokens each.
func rows(i uint64) (rl.Datum, error) {
	s := rng.New(i, "rows")
	answer := make([]int32, 1+s.IntN(3))
	for j := range answer {
		answer[j] = 3 + int32(s.IntN(3))
	}
	return rl.Supervised([]int32{3, 4}, answer), nil
}

func core(t testing.TB) *num.Core {
	t.Helper()
	k, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	c := num.NewCore(k, 1)
	t.Cleanup(c.Close)
	return c
}

// maker is one of the toy base with a data folder; source may be nil.
func maker(t testing.TB, home string, source Source) *Maker {
	t.Helper()
	if source == nil {
		source = rows
	}
	m, err := New(core(t), lab.Bench{Cache: home}, toy(t), source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func to(t testing.TB, ctx context.Context, m *Maker, step int) {
	t.Helper()
	if err := m.To(ctx, step); err != nil {
		t.Fatal(err)
	}
}

// whole makes the base at once, and nothing is kept.
func whole(t testing.TB) *Maker {
	t.Helper()
	m := maker(t, "", nil)
	to(t, t.Context(), m, steps)
	return m
}

// same compares weights and curve bit for bit.
func same(t testing.TB, got, want *Maker) {
	t.Helper()
	if got.Model() == nil || want.Model() == nil {
		t.Fatal("a base is not finished")
	}
	a, b := got.Model().Weights(), want.Model().Weights()
	for i := range b {
		for j := range b[i].Data {
			if math.Float32bits(a[i].Data[j]) != math.Float32bits(b[i].Data[j]) {
				t.Fatalf("%s[%d] is %v, want %v", b[i].Name, j, a[i].Data[j], b[i].Data[j])
			}
		}
	}
	if len(got.Curve()) != len(want.Curve()) {
		t.Fatalf("the curve has %d points, want %d", len(got.Curve()), len(want.Curve()))
	}
	for i, p := range want.Curve() {
		if q := got.Curve()[i]; q.Step != p.Step || math.Float64bits(q.Loss) != math.Float64bits(p.Loss) {
			t.Fatalf("point %d of the curve is %v, want %v", i, q, p)
		}
	}
}

// sameFiles compares what is kept of two finished bases.
func sameFiles(t testing.TB, got, want string) {
	t.Helper()
	entries, err := os.ReadDir(want)
	if err != nil || len(entries) < 4 {
		t.Fatalf("folder of a base has %v, %v", entries, err)
	}
	for _, e := range entries {
		a, err := os.ReadFile(filepath.Join(got, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if b := read(t, filepath.Join(want, e.Name())); !bytes.Equal(a, b) {
			t.Errorf("%s differs", e.Name())
		}
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// never is a source for a base that must not be made again.
func never(t testing.TB) Source {
	return func(i uint64) (rl.Datum, error) {
		t.Errorf("example %d was asked for", i)
		return rows(i)
	}
}
