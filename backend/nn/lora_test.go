package nn

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// logitsOf computes one row's logits.
func logitsOf(t *testing.T, m *Decoder) []float32 {
	packs, _ := PackRows(familyRows(m.Shape.Vocab)[:1], 0)
	return slices.Clone(m.Logits(testTape(t, "", 1), packs[0]).Data)
}

func TestNewAdaptersLeaveADecoderAsItIs(t *testing.T) {
	m := tinyDecoder(tinyShape(true, false))
	want := logitsOf(t, m)
	m.AddLoRA(rng.New(5, "lora"), LoRAOptions{Rank: 3, Attention: true, MLP: true, Head: true})
	if got := logitsOf(t, m); !slices.Equal(got, want) {
		t.Error("the logits changed")
	}
	if m.LoRA.Alpha != 32 {
		t.Errorf("alpha is %v, want 32", m.LoRA.Alpha)
	}
}

func TestAdaptersAloneAreTrained(t *testing.T) {
	for _, c := range []struct {
		o    LoRAOptions
		want string // of the first layer and the head
	}{
		{LoRAOptions{Rank: 1, Attention: true}, "qkv out"},
		{LoRAOptions{Rank: 1, MLP: true}, "gate_up down"},
		{LoRAOptions{Rank: 1, Head: true}, "head"},
		{LoRAOptions{Rank: 1, Attention: true, MLP: true, Head: true}, "qkv out gate_up down head"},
	} {
		t.Run(c.want, func(t *testing.T) {
			m := tinyDecoder(tinyShape(false, true))
			m.AddLoRA(rng.New(5, "lora"), c.o)
			var names []string
			for _, p := range m.Params() {
				if name, a := strings.CutSuffix(p.Name, ".lora_a"); a && !strings.Contains(name, "layer.1") {
					names = append(names, strings.TrimPrefix(name, "layer.0."))
				}
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("adapted are %q, want %q", got, c.want)
			}
			for _, w := range m.Weights() {
				if w.Grad != nil || w.Gradient() != nil {
					t.Errorf("%s has a gradient", w)
				}
			}
		})
	}
}

func TestMergedComputesTheSameWithoutAdapters(t *testing.T) {
	variants(t, func(t *testing.T, m *Decoder) {
		merged := m.Merged()
		if merged.LoRA != nil || merged.Head == m.Head {
			t.Fatal("the merged decoder is not one of its own")
		}
		closeTo(t, "logits", logitsOf(t, merged), logitsOf(t, m), 1e-5)
		if m.LoRA != nil && merged.Shape.Tied {
			t.Error("an adapted head stayed tied to the embedding")
		}
	})
}

func TestACloneIsApartAndCanBeBroughtUpToDate(t *testing.T) {
	variants(t, func(t *testing.T, m *Decoder) {
		c, before := m.Clone(), logitsOf(t, m)
		if got := logitsOf(t, c); !slices.Equal(got, before) {
			t.Fatal("a clone has other logits")
		}
		for _, p := range m.Params() {
			for i := range p.Data {
				p.Data[i] *= 1.5
			}
		}
		if got := logitsOf(t, c); !slices.Equal(got, before) {
			t.Fatal("training the decoder changed its clone")
		}
		c.CopyFrom(m)
		if got := logitsOf(t, c); !slices.Equal(got, logitsOf(t, m)) {
			t.Fatal("a copy has other logits")
		}
	})
}

func TestDecoderMistakesPanic(t *testing.T) {
	m := tinyDecoder(tinyShape(true, false))
	for name, f := range map[string]func(){
		"adapters of rank 0":             func() { m.Clone().AddLoRA(rng.New(1, "l"), LoRAOptions{MLP: true}) },
		"adapters for nothing":           func() { m.Clone().AddLoRA(rng.New(1, "l"), LoRAOptions{Rank: 1}) },
		"adapters twice":                 func() { adapted(adapted(m.Clone())) },
		"a copy from another shape":      func() { m.CopyFrom(tinyDecoder(tinyShape(false, false))) },
		"a copy from one with adapters":  func() { m.CopyFrom(adapted(m.Clone())) },
		"a token beyond the vocabulary":  func() { logprobsOf(t, m, []int32{11}, 0) },
		"a target beyond the vocabulary": func() { logprobsOf(t, m, []int32{1}, 11) },
		"a target below zero":            func() { logprobsOf(t, m, []int32{1}, -1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func logprobsOf(t *testing.T, m *Decoder, tokens []int32, target int32) {
	packs, _ := PackRows([]Row{{tokens, []Read{{0, target}}}}, 0)
	m.Logprobs(testTape(t, "", 1), packs[0])
}

func TestHooksAddLayersAfterEveryBlock(t *testing.T) {
	// The hook's operations read the stream backward: its gradients are right only if no block changes the stream after it.
	m := tinyDecoder(tinyShape(true, true))
	w := num.NewParam("hook", m.Shape.Width, m.Shape.Width)
	normal(rng.New(6, "hook"), w, 0.4)
	var seen []string
	m.Hooks = []Hook{
		func(t *num.Tape, layer int, x *num.Tensor, p *Pack) *num.Tensor {
			seen = append(seen, fmt.Sprintf("layer %d: %d tokens", layer, x.Rows()))
			return t.Add(x, t.Linear(x, w, nil, num.Tanh))
		},
		func(_ *num.Tape, _ int, x *num.Tensor, _ *Pack) *num.Tensor { return x },
	}
	rows := familyRows(m.Shape.Vocab)[3:4]
	packs, places := PackRows(rows, 0)
	tape := testTape(t, "", 1)
	rowPass(tape, m, rows, packs, places)
	if want := []string{"layer 0: 7 tokens", "layer 1: 7 tokens"}; !slices.Equal(seen, want) {
		t.Errorf("the hook saw %v, want %v", seen, want)
	}
	value := func() (sum float64) {
		tape.Reset()
		for j, lp := range m.Logprobs(tape, packs[0]).Data {
			sum += float64(coefficient(0, j)) * float64(lp)
		}
		return sum
	}
	for _, p := range []*num.Tensor{w, m.Blocks[0].Down, m.Blocks[1].QKV, m.Embed} {
		scale := 1.0
		for i := 0; i < len(p.Data); i += 7 {
			old := p.Data[i]
			p.Data[i] = old + 0.01
			up := value()
			p.Data[i] = old - 0.01
			want := (up - value()) / 0.02
			p.Data[i] = old
			scale = max(scale, want)
			if got := float64(p.Grad[i]); got-want > 5e-3*scale || want-got > 5e-3*scale {
				t.Fatalf("gradient of %s at %d is %g, finite differences say %g", p, i, got, want)
			}
		}
		p.ZeroGrad()
	}
}
