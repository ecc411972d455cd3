package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// tinyShape is small and odd enough to find mistakes: heads that do not fill the width, two query heads for each of keys.
func tinyShape(tied, qkNorm bool) DecoderShape {
	return DecoderShape{Vocab: 11, Width: 6, Layers: 2, Heads: 4, KVHeads: 2, HeadDim: 4, Inner: 5, Context: 64, Theta: 100, Eps: 1e-5,
		Tied: tied, QKNorm: qkNorm}
}

// tinyDecoder has gains that are not 1 and an embedding of the size of what is trained, so that every part of it counts.
func tinyDecoder(shape DecoderShape) *Decoder {
	m := NewDecoder(rng.New(1, "decoder"), shape)
	r := rand.New(rand.NewPCG(1, 1))
	for _, p := range m.Weights() {
		for i := range p.Data {
			if len(p.Shape) == 1 {
				p.Data[i] = float32(1 + 0.2*r.NormFloat64())
			}
		}
	}
	for i := range m.Embed.Data {
		m.Embed.Data[i] = float32(0.5 * r.NormFloat64())
	}
	return m
}

// adapted gives a decoder adapters whose B is no longer zero.
func adapted(m *Decoder) *Decoder {
	m.AddLoRA(rng.New(2, "lora"), LoRAOptions{Rank: 2, Alpha: 3, Attention: true, MLP: true, Head: true})
	r := rand.New(rand.NewPCG(2, 1))
	for _, p := range m.Params() {
		for i := range p.Data {
			p.Data[i] += float32(0.2 * r.NormFloat64())
		}
	}
	return m
}

// everyRead asks for a target after every token of a row.
func everyRead(r *rand.Rand, vocab int, tokens []int32) Row {
	row := Row{Tokens: tokens}
	for at := range tokens {
		row.Reads = append(row.Reads, Read{at, int32(r.IntN(vocab))})
	}
	return row
}

func randomTokens(r *rand.Rand, vocab, n int) []int32 {
	xs := make([]int32, n)
	for i := range xs {
		xs[i] = int32(r.IntN(vocab))
	}
	return xs
}

// familyRows are rows of which several share prefixes of different lengths, with more than one block of queries in a part.
func familyRows(vocab int) []Row {
	r := rand.New(rand.NewPCG(3, 0))
	system := randomTokens(r, vocab, 9)
	prompt := slices.Concat(system, randomTokens(r, vocab, 34))
	var rows []Row
	for _, tokens := range [][]int32{
		slices.Concat(prompt, randomTokens(r, vocab, 5)), slices.Concat(prompt, randomTokens(r, vocab, 3)),
		slices.Concat(system, randomTokens(r, vocab, 11)), randomTokens(r, vocab, 7), prompt,
	} {
		rows = append(rows, everyRead(r, vocab, tokens))
	}
	rows[0].Reads = append(rows[0].Reads, Read{45, 2}, Read{45, 3}, Read{3, 1}) // several targets of one token, and out of order
	return rows
}

func testTape(t testing.TB, family string, workers int) *num.Tape {
	k, err := num.Family(family)
	if err != nil {
		t.Fatal(err)
	}
	c := num.NewCore(k, workers)
	t.Cleanup(c.Close)
	return num.NewTape(c)
}

// rowPass returns the log-probabilities of all reads of all rows and the gradients of the sum of coefficients times them, over all packs.
func rowPass(tape *num.Tape, m *Decoder, rows []Row, packs []*Pack, places [][]Place) (lps [][]float32, grads []float32) {
	for _, p := range m.Params() {
		p.ZeroGrad()
	}
	byPack := make([][]float32, len(packs))
	for i, p := range packs {
		tape.Reset()
		lp := m.Logprobs(tape, p)
		byPack[i] = slices.Clone(lp.Data)
		seed := make([]float32, lp.Len())
		for r := range rows {
			for j, at := range places[r] {
				if at.Pack == i {
					seed[at.Read] = coefficient(r, j)
				}
			}
		}
		tape.BackwardFrom(lp, seed)
	}
	for r := range rows {
		lps = append(lps, nil)
		for _, at := range places[r] {
			lps[r] = append(lps[r], byPack[at.Pack][at.Read])
		}
	}
	for _, p := range m.Params() {
		grads = append(grads, p.Grad...)
	}
	return lps, grads
}

// coefficient has both signs and zeros.
func coefficient(row, read int) float32 { return float32((row*7+read*3)%5-2) / 2 }

func closeTo(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	scale := 1.0
	for _, w := range want {
		scale = max(scale, math.Abs(float64(w)))
	}
	for i := range want {
		if !(math.Abs(float64(got[i])-float64(want[i])) <= tol*scale) {
			t.Fatalf("%s: number %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// variants are the decoders that every property is tested on.
func variants(t *testing.T, f func(t *testing.T, m *Decoder)) {
	for i := range 8 {
		tied, qkNorm, lora := i&1 != 0, i&2 != 0, i&4 != 0
		t.Run(fmt.Sprintf("tied %t, norms of queries %t, adapters %t", tied, qkNorm, lora), func(t *testing.T) {
			m := tinyDecoder(tinyShape(tied, qkNorm))
			if lora {
				adapted(m)
			}
			f(t, m)
		})
	}
}

func TestDecoderAgreesWithASlowReference(t *testing.T) {
	variants(t, func(t *testing.T, m *Decoder) {
		rows := familyRows(m.Shape.Vocab)
		packs, places := PackRows(rows, 0)
		for _, family := range num.Families() {
			lps, _ := rowPass(testTape(t, family, 1), m, rows, packs, places)
			for r, row := range rows {
				logits := slowLogits(m, row.Tokens)
				for j, read := range row.Reads {
					want := slowLogprob(logits[read.At], int(read.Target))
					if math.Abs(float64(lps[r][j])-want) > 1e-5 {
						t.Fatalf("%s: row %d read %d is %v, want %v", family, r, j, lps[r][j], want)
					}
				}
			}
		}
	})
}

func TestAllFamiliesOfKernelsGiveTheSameGradients(t *testing.T) {
	m := tinyDecoder(tinyShape(true, true))
	rows := familyRows(m.Shape.Vocab)
	packs, places := PackRows(rows, 0)
	_, want := rowPass(testTape(t, "go", 1), m, rows, packs, places)
	for _, family := range num.Families() {
		_, got := rowPass(testTape(t, family, 1), m, rows, packs, places)
		closeTo(t, family, got, want, 1e-5)
	}
}

func TestLogitsAgreeWithASlowReference(t *testing.T) {
	variants(t, func(t *testing.T, m *Decoder) {
		rows := familyRows(m.Shape.Vocab)[2:3]
		packs, _ := PackRows(rows, 0)
		got := m.Logits(testTape(t, "", 1), packs[0])
		want := slowLogits(m, rows[0].Tokens)
		for i := range want {
			for v := range want[i] {
				if math.Abs(float64(got.Data[i*m.Shape.Vocab+v])-want[i][v]) > 1e-5 {
					t.Fatalf("logit %d of token %d is %v, want %v", v, i, got.Data[i*m.Shape.Vocab+v], want[i][v])
				}
			}
		}
	})
}

func TestDecoderGradientsAgreeWithFiniteDifferences(t *testing.T) {
	variants(t, func(t *testing.T, m *Decoder) {
		r := rand.New(rand.NewPCG(4, 0))
		prompt := randomTokens(r, m.Shape.Vocab, 9)
		rows := []Row{
			everyRead(r, m.Shape.Vocab, slices.Concat(prompt, []int32{1, 4})), everyRead(r, m.Shape.Vocab, slices.Concat(prompt, []int32{2})),
			everyRead(r, m.Shape.Vocab, randomTokens(r, m.Shape.Vocab, 3)),
		}
		rows[0].Reads = append(rows[0].Reads, Read{10, 3})
		packs, places := PackRows(rows, 0)
		_, got := rowPass(testTape(t, "", 1), m, rows, packs, places)
		value := func() (sum float64) {
			for i, row := range rows {
				logits := slowLogits(m, row.Tokens)
				for j, read := range row.Reads {
					sum += float64(coefficient(i, j)) * slowLogprob(logits[read.At], int(read.Target))
				}
			}
			return sum
		}
		at, scale := 0, 1.0
		for _, g := range got {
			scale = max(scale, math.Abs(float64(g)))
		}
		for _, p := range m.Params() {
			for i := range p.Data { // a prime step over the elements keeps this fast and reaches every tensor
				if (at+i)%7 == 0 || len(p.Data) < 12 {
					old, h := p.Data[i], float32(1.0/2048)
					p.Data[i] = old + h
					up, high := value(), p.Data[i]
					p.Data[i] = old - h
					down, low := value(), p.Data[i]
					p.Data[i] = old
					want := (up - down) / float64(high-low)
					if math.Abs(float64(got[at+i])-want) > 2e-4*scale {
						t.Fatalf("gradient of %s at %d is %g, finite differences say %g", p, i, got[at+i], want)
					}
				}
			}
			at += len(p.Data)
		}
	})
}

func TestRowsAloneTogetherAndWithSharedPrefixesAgree(t *testing.T) {
	variants(t, func(t *testing.T, m *Decoder) {
		rows := familyRows(m.Shape.Vocab)
		tape := testTape(t, "", 1)
		packs, places := PackRows(rows, 0)
		lps, grads := rowPass(tape, m, rows, packs, places)
		if len(packs) != 1 || len(packs[0].Parts) < 5 {
			t.Fatalf("%d packs, the first of %d parts", len(packs), len(packs[0].Parts))
		}
		alone, aloneAt := alonePacks(rows)
		wantLps, wantGrads := rowPass(tape, m, rows, alone, aloneAt)
		flat, flatAt := flatPack(rows)
		flatLps, flatGrads := rowPass(tape, m, rows, flat, flatAt)
		for r := range rows {
			closeTo(t, fmt.Sprintf("row %d shared", r), lps[r], wantLps[r], 1e-5)
			closeTo(t, fmt.Sprintf("row %d packed", r), flatLps[r], wantLps[r], 1e-5)
		}
		closeTo(t, "gradients shared", grads, wantGrads, 1e-5)
		closeTo(t, "gradients packed", flatGrads, wantGrads, 1e-5)
	})
}

// alonePacks gives every row a pack, flatPack lays all rows into one without sharing.
func alonePacks(rows []Row) (packs []*Pack, places [][]Place) {
	for i, row := range rows {
		ps, at := PackRows([]Row{row}, 0)
		for j := range at[0] {
			at[0][j].Pack = i
		}
		packs, places = append(packs, ps[0]), append(places, at[0])
	}
	return packs, places
}

func flatPack(rows []Row) ([]*Pack, [][]Place) {
	alone, places := alonePacks(rows)
	all := &Pack{}
	for i, p := range alone {
		at, read := len(all.Tokens), len(all.Reads)
		all.Tokens, all.Positions = append(all.Tokens, p.Tokens...), append(all.Positions, p.Positions...)
		all.Parts, all.Targets = append(all.Parts, Part{Start: at, End: len(all.Tokens), Parent: -1}), append(all.Targets, p.Targets...)
		for _, token := range p.Reads {
			all.Reads = append(all.Reads, token+int32(at))
		}
		for j := range places[i] {
			places[i][j] = Place{0, places[i][j].Read + read}
		}
	}
	return []*Pack{all}, places
}

func TestWorkersChangeNoBitOfADecoder(t *testing.T) {
	shape := tinyShape(true, true)
	shape.Vocab, shape.Width, shape.HeadDim, shape.Inner = 67, 40, 16, 50 // large enough that work is split
	m := tinyDecoder(shape)
	rows := familyRows(shape.Vocab)
	packs, places := PackRows(rows, 0)
	var want, wantLps []float32
	for workers := 1; workers <= 4; workers++ {
		lps, grads := rowPass(testTape(t, "", workers), m, rows, packs, places)
		all := slices.Concat(lps...)
		if want == nil {
			want, wantLps = grads, all
		}
		if !slices.Equal(grads, want) || !slices.Equal(all, wantLps) {
			t.Fatalf("%d workers give other bits than one", workers)
		}
	}
}

func TestASecondPassOfADecoderAllocatesNothing(t *testing.T) {
	variants(t, func(t *testing.T, m *Decoder) {
		packs, _ := PackRows(familyRows(m.Shape.Vocab), 0)
		tape := testTape(t, "", 2)
		seed := make([]float32, len(packs[0].Reads))
		for i := range seed {
			seed[i] = coefficient(i, i)
		}
		pass := func() {
			tape.Reset()
			tape.BackwardFrom(m.Logprobs(tape, packs[0]), seed)
		}
		pass()
		if n := testing.AllocsPerRun(5, pass); n != 0 {
			t.Errorf("a pass allocates %v times", n)
		}
	})
}

func TestAGradientOfZerosGivesZeros(t *testing.T) {
	m := tinyDecoder(tinyShape(false, true))
	packs, _ := PackRows(familyRows(m.Shape.Vocab), 0)
	tape := testTape(t, "", 1)
	tape.BackwardFrom(m.Logprobs(tape, packs[0]), make([]float32, len(packs[0].Reads)))
	for _, p := range m.Params() {
		if slices.ContainsFunc(p.Grad, func(g float32) bool { return g != 0 }) {
			t.Fatalf("%s has a gradient", p)
		}
	}
}

func TestHiddenIsWhatTheHeadReads(t *testing.T) {
	m := adapted(tinyDecoder(tinyShape(false, true)))
	rows := familyRows(m.Shape.Vocab)
	packs, _ := PackRows(rows, 0)
	tape, p := testTape(t, "", 1), packs[0]
	want := slices.Clone(m.Logprobs(tape, p).Data)
	tape.Reset()
	h := m.Hidden(tape, p)
	if !slices.Equal(h.Shape, []int{len(p.Reads), m.Shape.Width}) {
		t.Fatalf("the shape is %v", h.Shape)
	}
	closeTo(t, "log-probabilities", m.LogprobsOf(tape, h, p).Data, want, 1e-6)
}

func TestAPackOfWhichNothingIsReadGivesNothing(t *testing.T) {
	for _, lora := range []bool{false, true} {
		m := tinyDecoder(tinyShape(true, true))
		if lora {
			adapted(m)
		}
		packs, _ := PackRows([]Row{{Tokens: []int32{1, 2, 3}}}, 0)
		tape := testTape(t, "", 1)
		lp := m.Logprobs(tape, packs[0])
		tape.BackwardFrom(lp, nil)
		if lp.Len() != 0 {
			t.Errorf("%d log-probabilities", lp.Len())
		}
		for _, p := range m.Params() {
			if slices.ContainsFunc(p.Grad, func(g float32) bool { return g != 0 }) {
				t.Errorf("%s has a gradient", p)
			}
		}
	}
}
