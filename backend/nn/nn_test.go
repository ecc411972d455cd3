package nn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

func TestOrthogonalColumnsOrRows(t *testing.T) {
	for _, c := range []struct{ in, out int }{{7, 3}, {3, 7}, {5, 5}} {
		w := num.New("w", c.in, c.out)
		Orthogonal(rng.New(1, "w"), w, 0, c.out, 2)
		at := func(i, j int) float64 { return float64(w.Data[i*c.out+j]) }
		n, sum := min(c.in, c.out), 0.0
		for a := range n {
			for b := range n {
				d := 0.0
				for l := range max(c.in, c.out) {
					if c.in >= c.out {
						d += at(l, a) * at(l, b)
					} else {
						d += at(a, l) * at(b, l)
					}
				}
				want := 0.0
				if a == b {
					want = 4 // gain squared
				}
				sum += math.Abs(d - want)
			}
		}
		if sum > 1e-5 {
			t.Errorf("%d x %d is %g away from orthogonal", c.in, c.out, sum)
		}
	}
}

func TestAdamByHand(t *testing.T) {
	// One weight 1, gradients 2 then -1, lr 0.1, eps 0. Step 1: m=0.2, v=0.004, c1=0.1, c2=0.001: w = 1 - 0.1*2/2 = 0.9.
	// Step 2: m = 0.18-0.1 = 0.08, v = 0.003996+0.001 = 0.004996, c1 = 0.19, c2 = 0.001999:
	// w = 0.9 - 0.1*(0.08/0.19)/sqrt(0.004996/0.001999) = 0.9 - 0.0421053/1.580902 = 0.8733663.
	p := num.NewParam("w", 1)
	p.Data[0] = 1
	a, k := NewAdam([]*num.Tensor{p}), num.Go()
	a.Eps = 0
	for i, g := range []float32{2, -1} {
		p.Grad[0] = g
		a.Step(&k, 0.1)
		if want := []float64{0.9, 0.8733663}[i]; math.Abs(float64(p.Data[0])-want) > 1e-6 {
			t.Fatalf("after step %d w is %g, want %g", i+1, p.Data[0], want)
		}
	}
	if a.Steps() != 2 || p.Grad[0] != 0 {
		t.Errorf("%d steps, gradient %g", a.Steps(), p.Grad[0])
	}
}

func TestClipNorm(t *testing.T) {
	k, a, b := num.Go(), num.NewParam("a", 1), num.NewParam("b", 1)
	ps := []*num.Tensor{a, b}
	a.Grad[0], b.Grad[0] = 3, 4
	if n := ClipNorm(&k, ps, 10); n != 5 || a.Grad[0] != 3 {
		t.Errorf("norm %g below the limit scaled to %g", n, a.Grad[0])
	}
	if n := ClipNorm(&k, ps, 1); n != 5 || math.Abs(float64(a.Grad[0])-0.6) > 1e-6 || math.Abs(float64(b.Grad[0])-0.8) > 1e-6 {
		t.Errorf("norm %g, gradients %g %g, want 5 and 0.6 0.8", n, a.Grad[0], b.Grad[0])
	}
	a.Grad[0] = float32(math.NaN())
	if n := ClipNorm(&k, ps, 1); !math.IsNaN(n) {
		t.Errorf("norm %g, want NaN", n)
	}
}

// trained returns a small network and its optimiser after a step.
func trained(seed uint64) ([]*num.Tensor, *Adam) {
	m := NewGRU(rng.New(seed, "m"), "m", 2, 3)
	ps := m.Params()
	a, k := NewAdam(ps), num.Go()
	for _, p := range ps {
		Uniform(rng.New(seed, p.Name), p, 1)
		copy(p.Grad, p.Data)
	}
	a.Step(&k, 0.01)
	return ps, a
}

func TestSaveAndLoadKeepEveryBit(t *testing.T) {
	ps, a := trained(1)
	qs, b := trained(2)
	var file bytes.Buffer
	if err := Save(&file, ps, a); err != nil {
		t.Fatal(err)
	}
	file.WriteString("what follows")
	if err := Load(&file, qs, b); err != nil {
		t.Fatal(err)
	}
	if rest := file.String(); rest != "what follows" {
		t.Errorf("load left %q in the stream", rest)
	}
	for i := range ps {
		if !slices.Equal(ps[i].Data, qs[i].Data) || !slices.Equal(a.m[i].Data, b.m[i].Data) || !slices.Equal(a.v[i].Data, b.v[i].Data) {
			t.Errorf("%s differs after loading", ps[i])
		}
	}
	if b.Steps() != a.Steps() {
		t.Errorf("%d steps after loading, want %d", b.Steps(), a.Steps())
	}
}

// file puts a header before data, as the layout wants it.
func file(header string, data int) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + strings.Repeat("\x01", data)
}

func TestWrongFilesSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "length of the tensor header"},
		{"a header of no sane length", "\xff\xff\xff\xff\xff\xff\xff\xff", "want 2 to"},
		{"a header cut short", file(`{}`, 0)[:9], "ends after 1 of 2 bytes"},
		{"no JSON", file(`{{`, 0), "tensor header"},
		{"a missing tensor", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8), `"w" is missing; the file has ["x"]`},
		{"another type", file(`{"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`, 4), `type "F16"`},
		{"another shape", file(`{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}`, 12), "shape [3], want [2]"},
		{"another place", file(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), "lies at [4 12], want [0 8]"},
		{"one too many", file(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"z":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}`, 8), "2 tensors, want 1"},
		{"data cut short", file(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 7), `"w" is cut short`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := num.New("w", 2)
			_, err := ReadTensors(strings.NewReader(c.file), []*num.Tensor{w})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if w.Data[0] != 0 || w.Data[1] != 0 {
				t.Error("the tensor changed")
			}
		})
	}
}

func TestLoadWithoutACountOfStepsChangesNothing(t *testing.T) {
	ps, a := trained(1)
	var b bytes.Buffer
	if err := WriteTensors(&b, map[string]string{stepKey: "-1"}, append(append(slices.Clone(ps), a.m...), a.v...)); err != nil {
		t.Fatal(err)
	}
	qs, other := trained(2)
	before := slices.Clone(qs[0].Data)
	if err := Load(&b, qs, other); err == nil || !slices.Equal(before, qs[0].Data) {
		t.Errorf("error %v, parameters changed: %v", err, !slices.Equal(before, qs[0].Data))
	}
}

func TestWriteTensorsPassesTheErrorOfItsWriter(t *testing.T) {
	broken := errors.New("disk full")
	ps, a := trained(1)
	if err := Save(writerFunc(func([]byte) (int, error) { return 0, broken }), ps, a); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func FuzzReadTensors(f *testing.F) {
	var good bytes.Buffer
	w := num.New("w", 2)
	if err := WriteTensors(&good, map[string]string{"a": "b"}, []*num.Tensor{w}); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add([]byte(file(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[-1,8]}}`, 8)))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := num.New("w", 2)
		meta, err := ReadTensors(bytes.NewReader(b), []*num.Tensor{x})
		if err != nil {
			return
		}
		var again bytes.Buffer // what can be read is written and read back to the same bits
		if err := WriteTensors(&again, meta, []*num.Tensor{x}); err != nil {
			t.Fatal(err)
		}
		y := num.New("w", 2)
		if _, err := ReadTensors(io.LimitReader(&again, 1<<20), []*num.Tensor{y}); err != nil {
			t.Fatal(err)
		}
		for i := range x.Data {
			if math.Float32bits(x.Data[i]) != math.Float32bits(y.Data[i]) {
				t.Fatalf("number %d reads back as %g, was %g", i, y.Data[i], x.Data[i])
			}
		}
	})
}
