package connect

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/trainer/local"
)

func spec(t *testing.T) (base.Spec, base.Source) {
	t.Helper()
	words, err := llm.NewWords([]string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	k := base.ModelKnobs{Width: 16, Layers: 1, Heads: 2, Inner: 24, Context: 16}
	row := func(i uint64) (rl.Datum, error) { return rl.Supervised([]int32{3}, []int32{3 + int32(i%2), 0}), nil }
	return base.Spec{Shape: k.Shape(words.Size()), Words: words.List(), World: "toy", Knobs: base.Knobs{Steps: 4, Batch: 2, Rate: 0.01}}, row
}

func core(t *testing.T) *num.Core {
	t.Helper()
	k, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	c := num.NewCore(k, 1)
	t.Cleanup(c.Close)
	return c
}

func TestARungThatIsNoneIsRefusedWithTheLegalOnes(t *testing.T) {
	s, source := spec(t)
	for _, rung := range []string{"huge", "service", "endpoint"} {
		_, err := New(core(t), rung, lab.Bench{}, s, source, local.Options{})
		if lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("rung %q gives %v", rung, err)
		}
	}
}

func TestAServiceThatIsNotSetUpIsNamed(t *testing.T) {
	s, source := spec(t)
	m, err := New(core(t), "service lab", lab.Bench{}, s, source, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	if err := m.Advance(t.Context(), 1, 1); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
		t.Errorf("a service without a bench gives %v", err)
	}
}
