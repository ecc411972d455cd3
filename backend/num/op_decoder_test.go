package num

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// wantNear compares element by element.
func wantNear(t *testing.T, what string, got []float32, want ...float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s is %v, want %v", what, got, want)
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= 1e-6*(1+math.Abs(w))) {
			t.Fatalf("%s is %v, want %v", what, got, want)
		}
	}
}

func filled(name string, shape []int, data ...float32) *Tensor {
	x := NewParam(name, shape...)
	copy(x.Data, data)
	return x
}

func TestGatherByHand(t *testing.T) {
	// Rows 2, 0, 2 of a table of three; gradients 1 to 6: row 0 gets [3 4], row 2 gets [1 2] + [5 6].
	x := filled("table", []int{3, 2}, 10, 11, 20, 21, 30, 31)
	tape := NewTape(testCore(t, 1))
	y := tape.Gather(x, []int32{2, 0, 2})
	wantNear(t, "y", y.Data, 30, 31, 10, 11, 30, 31)
	tape.BackwardFrom(y, []float32{1, 2, 3, 4, 5, 6})
	wantNear(t, "gradient", x.Grad, 3, 4, 0, 0, 6, 8)
}

func TestGatherRunsTakesOneRowForEachRun(t *testing.T) {
	x := filled("table", []int{3, 1}, 10, 20, 30)
	y := NewTape(testCore(t, 1)).GatherRuns(x, []int32{1, 1, 2, 1, 1, 1})
	wantNear(t, "y", y.Data, 20, 30, 20)
}

func TestRMSNormEpsByHand(t *testing.T) {
	// x = [3 4], mean square 12.5, eps 3.5: root 4, hat = [.75 1], gain [2 3]: y = [1.5 3].
	// dy = [1 1]: dgain = hat; g = [2 3], mean(g*hat) = (1.5+3)/2 = 2.25, dx = (g - hat*2.25)/4 = [.078125 .1875].
	x, gain := filled("x", []int{1, 2}, 3, 4), filled("gain", []int{2}, 2, 3)
	tape := NewTape(testCore(t, 1))
	y := tape.RMSNormEps(x, gain, 3.5)
	wantNear(t, "y", y.Data, 1.5, 3)
	x.Data[0] = 99 // backward does not read it
	tape.BackwardFrom(y, []float32{1, 1})
	wantNear(t, "gradient of x", x.Grad, 0.078125, 0.1875)
	wantNear(t, "gradient of the gain", gain.Grad, 0.75, 1)
}

func TestSwiGLUByHand(t *testing.T) {
	// Gate 0, up 3: silu(0) = 0, slope 1/2: y = 0, d gate = 3/2, d up = 0. The gradient comes twice: y is used twice.
	z := filled("z", []int{1, 2}, 0, 3)
	tape := NewTape(testCore(t, 1))
	y := tape.SwiGLU(z)
	tape.BackwardFrom(tape.Add(y, y), []float32{1})
	wantNear(t, "y", y.Data, 0)
	wantNear(t, "gradient", z.Grad, 3, 0)
}

func TestAddLinearAndAddLowRankByHand(t *testing.T) {
	// y = 1, x = [2 3], w = [4 5]^T: y becomes 1 + 8 + 15 = 24. a = [1 2]^T, b = 3, scale 1/2: u = 8, y becomes 24 + 12 = 36.
	// dy = 2: dw = [4 6], db = 8*2/2 = 8, du = 3*2/2 = 3, da = [6 9], dx = 2*[4 5] + 3*[1 2] = [11 16]; dy itself stays 2.
	first, x := filled("y", []int{1, 1}, 1), filled("x", []int{1, 2}, 2, 3)
	w, a, b := filled("w", []int{2, 1}, 4, 5), filled("a", []int{2, 1}, 1, 2), filled("b", []int{1, 1}, 3)
	tape := NewTape(testCore(t, 1))
	y := tape.Gather(first, []int32{0})
	tape.AddLinear(y, x, w)
	tape.AddLowRank(y, x, a, b, 0.5)
	wantNear(t, "y", y.Data, 36)
	tape.BackwardFrom(y, []float32{2})
	for _, c := range []struct {
		x    *Tensor
		want []float64
	}{{w, []float64{4, 6}}, {b, []float64{8}}, {a, []float64{6, 9}}, {x, []float64{11, 16}}, {first, []float64{2}}} {
		wantNear(t, "gradient of "+c.x.Name, c.x.Grad, c.want...)
	}
}

func TestLogprobsByHand(t *testing.T) {
	// Logits of the rows 1 and 0 with head [0, ln 3]: probabilities [1/4 3/4] and [1/2 1/2]. Row 0 is read for both targets, row 1 for 0.
	// Gradients 1, -2 and 4: the first row's logits get [1 -2] - (1-2)[1/4 3/4] = [1.25 -1.25], the second's 4*[1/2 -1/2] = [2 -2].
	// dx = dlogit . head = -1.25 ln 3, -2 ln 3; dhead = [1.25 -1.25] * 1 + [2 -2] * 0.
	ln3 := math.Log(3)
	x, w := filled("x", []int{2, 1}, 1, 0), filled("head", []int{2, 1}, 0, float32(ln3))
	tape := NewTape(testCore(t, 1))
	y := tape.Logprobs(Head{W: w}, x, []int32{7, 7, 9}, []int32{0, 1, 0})
	wantNear(t, "log-probabilities", y.Data, -math.Log(4), math.Log(0.75), -math.Ln2)
	tape.BackwardFrom(y, []float32{1, -2, 4})
	wantNear(t, "gradient of x", x.Grad, -1.25*ln3, -2*ln3)
	wantNear(t, "gradient of the head", w.Grad, 1.25, -1.25)
}

func TestLogprobsOfManyBlocksAgreeWithLogits(t *testing.T) {
	// A vocabulary so large that rows are split into blocks of the smallest size.
	const rows, v, d, rank = 70, headNumbers/32 + 5, 3, 2
	r := rand.New(rand.NewPCG(11, 0))
	x, w := NewParam("x", rows, d), NewParam("head", v, d)
	a, b := NewParam("a", d, rank), NewParam("b", rank, v)
	randomise(r, 0.5, x, w, a, b)
	h := Head{W: w, A: a, B: b, Scale: 0.7}
	k, _ := Family("")
	core := NewCore(k, 2)
	defer core.Close()
	tape := NewTape(core)
	targets, seed := make([]int32, rows), make([]float32, rows)
	for i := range targets {
		targets[i], seed[i] = int32(r.IntN(v)), float32(i%3-1)
	}
	logits := tape.Logits(h, x)
	dl := make([]float32, rows*v)
	want := make([]float64, rows)
	for i := range rows {
		row, sum := logits.Data[i*v:(i+1)*v], 0.0
		for _, l := range row {
			sum += math.Exp(float64(l))
		}
		want[i] = float64(row[targets[i]]) - math.Log(sum)
		for j, l := range row {
			dl[i*v+j] = -seed[i] * float32(math.Exp(float64(l))/sum)
		}
		dl[i*v+int(targets[i])] += seed[i]
	}
	params := []*Tensor{x, w, a, b}
	grads := func(y *Tensor, seed []float32) (all []float32) {
		tape.BackwardFrom(y, seed)
		for _, p := range params {
			all = append(all, p.Grad...)
			p.ZeroGrad()
		}
		return all
	}
	slow := grads(logits, dl)
	tape.Reset()
	y := tape.Logprobs(h, x, nil, targets)
	for i := range want {
		if math.Abs(float64(y.Data[i])-want[i]) > 1e-5 {
			t.Fatalf("log-probability %d is %v, want %v", i, y.Data[i], want[i])
		}
	}
	for i, g := range grads(y, seed) {
		if math.Abs(float64(g-slow[i])) > 1e-5*(1+math.Abs(float64(slow[i]))) {
			t.Fatalf("gradient %d is %v, by way of all logits %v", i, g, slow[i])
		}
	}
}

func TestRotaryByHand(t *testing.T) {
	// Width 4, theta 100: the pairs (0,2) and (1,3) turn by p and p/10. At p = 2: cos 2, cos .2, sin 2, sin .2.
	r := NewRotary(4, 100)
	wantNear(t, "turn at 2", r.Turns(3)[8:12], math.Cos(2), math.Cos(0.2), math.Sin(2), math.Sin(0.2))
	short := slices.Clone(r.Turns(1))
	long := r.Turns(len(short)/4 + 1)
	if len(long) <= len(short) || !slices.Equal(long[:len(short)], short) {
		t.Error("a longer table begins otherwise than the shorter one")
	}
}

func TestAttendPartsByHand(t *testing.T) {
	// One head of width 2, all positions 0 so that nothing turns. Keys and queries such that every score is 0: the result is the mean of
	// the values seen. Parts: a prefix of two tokens with two children of one token each; values 1, 3, then 5 and 9.
	a := Attention{Heads: 1, KVHeads: 1, HeadDim: 2, Turn: NewRotary(2, 10)}
	x := NewParam("x", 4, 6)
	for i, v := range []float32{1, 3, 5, 9} {
		x.Data[i*6+4] = v
	}
	tape := NewTape(testCore(t, 1))
	qkv := tape.Gather(x, []int32{0, 1, 2, 3})
	y := tape.AttendParts(a, qkv, nil, nil, make([]int32, 4), []Part{{0, 2, -1}, {2, 3, 0}, {3, 4, 0}})
	wantNear(t, "y", y.Data, 1, 0, 2, 0, 3, 0, float64(float32(13)/3), 0)
	// The gradient 6 of every result: token 0's value is seen by 1 of 1, 1 of 2, 1 of 3 and 1 of 3; token 1's not by token 0.
	tape.BackwardFrom(y, []float32{6, 0, 6, 0, 6, 0, 6, 0})
	for i, want := range []float64{6 + 3 + 2 + 2, 3 + 2 + 2, 2, 2} {
		wantNear(t, fmt.Sprintf("gradient of value %d", i), x.Grad[i*6+4:i*6+5], want)
	}
}

func TestDecoderOperationsRefuseWrongShapes(t *testing.T) {
	x, w := New("x", 2, 4), New("w", 3, 5)
	a := Attention{Heads: 1, KVHeads: 1, HeadDim: 2, Turn: NewRotary(2, 10)}
	qkv := New("qkv", 2, 6)
	for name, c := range map[string]struct {
		run  func(t *Tape)
		want string
	}{
		"gather beyond the table": {func(t *Tape) { t.Gather(x, []int32{2}) }, "gather of row 2 from x [2 4]"},
		"gain":                    {func(t *Tape) { t.RMSNormEps(x, w, 1) }, "rms norm of x [2 4], w [3 5]"},
		"odd gate":                {func(t *Tape) { t.SwiGLU(w) }, "swiglu of w [3 5]"},
		"add linear":              {func(t *Tape) { t.AddLinear(x, x, w) }, "add linear of x [2 4]"},
		"add low rank":            {func(t *Tape) { t.AddLowRank(x, x, w, w, 1) }, "add low rank of x [2 4]"},
		"head":                    {func(t *Tape) { t.Logits(Head{W: w}, x) }, "logits of x [2 4], w [3 5]"},
		"reads":                   {func(t *Tape) { t.Logprobs(Head{W: New("h", 9, 4)}, x, []int32{1, 1}, []int32{1, 2}) }, "1 runs of reads"},
		"target":                  {func(t *Tape) { t.Logprobs(Head{W: New("h", 9, 4)}, x, nil, []int32{1, 9}) }, "target 9"},
		"seed":                    {func(t *Tape) { t.BackwardFrom(x, nil) }, "backward of x [2 4]"},
		"positions":               {func(t *Tape) { t.AttendParts(a, qkv, nil, nil, []int32{1}, nil) }, "N positions, not 1"},
		"parts with a gap":        {func(t *Tape) { t.AttendParts(a, qkv, nil, nil, []int32{0, 1}, []Part{{1, 2, -1}}) }, "part 0"},
		"parts that end early":    {func(t *Tape) { t.AttendParts(a, qkv, nil, nil, []int32{0, 1}, []Part{{0, 1, -1}}) }, "end at token 1 of 2"},
		"a parent that is later":  {func(t *Tape) { t.AttendParts(a, qkv, nil, nil, []int32{0, 1}, []Part{{0, 2, 0}}) }, "part 0"},
		"a negative position":     {func(t *Tape) { t.AttendParts(a, qkv, nil, nil, []int32{0, -1}, []Part{{0, 2, -1}}) }, "position -1"},
		"qkv that is also read elsewhere": {func(t *Tape) {
			y := t.AttendParts(a, NewParam("qkv", 2, 6), nil, nil, []int32{0, 1}, []Part{{0, 2, -1}})
			t.BackwardFrom(y, make([]float32, 4))
		}, "read by nothing else"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, c.want) {
					t.Errorf("panic %q lacks %q", text, c.want)
				}
			}()
			c.run(NewTape(testCore(t, 1)))
		})
	}
}

func TestEveryChunkOfALoopHasASlotOfItsOwn(t *testing.T) {
	for workers := 1; workers <= 5; workers++ {
		c := NewCore(Go(), workers)
		for n := 1; n < 40; n++ {
			starts := make(chan int, workers)
			c.Do(n, smallWork, func(i0, _ int) { starts <- c.slot(i0, n) })
			close(starts)
			var got []int
			for s := range starts {
				got = append(got, s)
			}
			slices.Sort(got)
			for i, s := range got {
				if s != i || i >= c.slots() {
					t.Fatalf("%d workers, %d units: slots %v", workers, n, got)
				}
			}
		}
		c.Close()
	}
}

func TestTheTapeCountsItsMemory(t *testing.T) {
	tape := NewTape(testCore(t, 1))
	tape.Gather(New("x", 3, 2), []int32{1, 2}) // a result [2][2] with its gradient
	if got := tape.Bytes(); got != 4*2*4 {
		t.Errorf("%d bytes, want 32", got)
	}
}
