package llm_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/rng"
)

// shapes are the kinds of models that folders hold.
func shapes() map[string]nn.DecoderShape {
	base := nn.DecoderShape{Vocab: 8, Width: 16, Layers: 2, Heads: 4, KVHeads: 2, HeadDim: 6, Inner: 70, Context: 64, Theta: 10000, Eps: 1e-5}
	tied, qwen, both := base, base, base
	tied.Tied, qwen.QKNorm = true, true
	both.Tied, both.QKNorm, both.Theta, both.Eps = true, true, 5e5, 1e-6
	return map[string]nn.DecoderShape{"Llama": base, "Llama tied": tied, "Qwen3": qwen, "Qwen3 tied": both}
}

// random returns a model whose norms are no ones either, so that a mix-up of any two weights shows.
func random(shape nn.DecoderShape) *nn.Decoder {
	s := rng.New(7, "folder")
	m := nn.NewDecoder(s, shape)
	for _, x := range m.Weights() {
		if len(x.Shape) == 1 {
			for i := range x.Data {
				x.Data[i] = 1 + 0.2*float32(s.Normal())
			}
		}
	}
	return m
}

func written(t testing.TB, shape nn.DecoderShape, d llm.Dtype) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := llm.NewFolder(random(shape), fruit(t)).Write(dir, d); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAFolderComesBackToTheBit(t *testing.T) {
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			f, err := llm.ReadFolder(written(t, shape, llm.F32))
			if err != nil {
				t.Fatal(err)
			}
			if f.Shape != shape || f.Model.Shape != shape || f.Dtype != llm.F32 || f.Begin != -1 || !slices.Equal(f.Ends, []int32{0}) {
				t.Fatalf("config %+v", f.Config)
			}
			want := random(shape).Weights()
			for i, x := range f.Model.Weights() {
				if x.Name != want[i].Name || !slices.Equal(x.Data, want[i].Data) {
					t.Errorf("%s differs", x.Name)
				}
			}
			if ids, err := f.Tokenizer.Encode("cherry\nÄhre"); err != nil || !slices.Equal(ids, []int32{5, 2, 7}) || f.Tokenizer.End() != 0 {
				t.Errorf("tokenizer: %v, %v", ids, err)
			}
			if f.Model.Shape.Tied != (f.Model.Head == f.Model.Embed) {
				t.Error("the head is tied where it should not be, or the other way round")
			}
		})
	}
}

func TestBfloat16IsTheNearestWithTiesToEven(t *testing.T) {
	shape := shapes()["Qwen3"]
	f, err := llm.ReadFolder(written(t, shape, llm.BF16))
	if err != nil || f.Dtype != llm.BF16 {
		t.Fatal(err)
	}
	want := random(shape).Weights()
	for i, x := range f.Model.Weights() {
		for j, got := range x.Data {
			// A bfloat16 has 8 significant bits, so half a unit in the last place is at most 2^-9 of the number's power of two.
			_, exp := math.Frexp(float64(want[i].Data[j]))
			if far := math.Abs(float64(got - want[i].Data[j])); far > math.Ldexp(1, exp-9) || math.Float32bits(got)&0xffff != 0 {
				t.Fatalf("%s[%d] is %v, want %v", x.Name, j, got, want[i].Data[j])
			}
		}
	}
	again := filepath.Join(t.TempDir(), "again")
	if err := f.Write(again, llm.BF16); err != nil {
		t.Fatal(err)
	}
	g, err := llm.ReadFolder(again)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range g.Model.Weights() {
		if !slices.Equal(x.Data, f.Model.Weights()[i].Data) {
			t.Errorf("%s is rounded a second time", x.Name)
		}
	}
}

func TestBfloat16OfSpecialNumbers(t *testing.T) {
	shape := shapes()["Llama"]
	m := random(shape)
	in := []uint32{0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff, 0x7f7fffff, 0xff800000, 0x80000000, 0x7f800001, 0x00000001, 0x3f80ffff}
	want := []uint32{0x3f800000, 0x3f820000, 0x3f810000, 0x3f800000, 0x7f800000, 0xff800000, 0x80000000, 0x7fc00000, 0x00000000, 0x3f810000}
	for i, bits := range in {
		m.Embed.Data[i] = math.Float32frombits(bits)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := llm.NewFolder(m, fruit(t)).Write(dir, llm.BF16); err != nil {
		t.Fatal(err)
	}
	f, err := llm.ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, bits := range want {
		if got := math.Float32bits(f.Model.Embed.Data[i]); got != bits {
			t.Errorf("%#08x becomes %#08x, want %#08x", in[i], got, bits)
		}
	}
}

func TestAFolderInTheWayIsKept(t *testing.T) {
	dir := written(t, shapes()["Llama"], llm.F32)
	before, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	other := random(shapes()["Qwen3"])
	if err := llm.NewFolder(other, fruit(t)).Write(dir, llm.F32); !errors.Is(err, &lab.Error{Code: lab.Conflict}) || lab.HintOf(err) == "" {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, "model.safetensors")); !bytes.Equal(before, after) {
		t.Fatal("the model in the way was changed")
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := llm.NewFolder(other, fruit(t)).Write(empty, llm.F32); err != nil {
		t.Fatal(err)
	}
}

func TestAFailedWriteLeavesNothing(t *testing.T) {
	above := t.TempDir()
	shape := shapes()["Llama"]
	for name, c := range map[string]struct {
		folder *llm.Folder
		dtype  llm.Dtype
	}{
		"a type that is not written": {llm.NewFolder(random(shape), fruit(t)), "float16"},
		"a vocabulary too small":     {llm.NewFolder(random(smaller(shape)), fruit(t)), llm.F32},
	} {
		err := c.folder.Write(filepath.Join(above, "model"), c.dtype)
		if !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := llm.NewFolder(random(shape), fruit(t)).Write(filepath.Join(above, "no", "model"), llm.F32); !errors.Is(err, &lab.Error{Code: lab.Unavailable}) {
		t.Errorf("no folder above: %v", err)
	}
	if left, _ := os.ReadDir(above); len(left) != 0 {
		t.Errorf("%v was left", left)
	}
}

func smaller(s nn.DecoderShape) nn.DecoderShape {
	s.Vocab = 4
	return s
}

func TestAdaptersAreMergedIntoWhatIsWritten(t *testing.T) {
	for name, shape := range shapes() {
		m := random(shape)
		s := rng.New(3, "adapters")
		m.AddLoRA(s, nn.LoRAOptions{Rank: 2, Alpha: 4, Attention: true, MLP: true, Head: true})
		for _, x := range m.Params() {
			for i := range x.Data {
				x.Data[i] += 0.1 * float32(s.Normal())
			}
		}
		dir := filepath.Join(t.TempDir(), "model")
		if err := llm.NewFolder(m, fruit(t)).Write(dir, llm.F32); err != nil {
			t.Fatal(err)
		}
		f, err := llm.ReadFolder(dir)
		if err != nil || f.Shape.Tied || m.LoRA == nil {
			t.Fatalf("%s: %v, %+v", name, err, f)
		}
		ids := []int32{3, 4, 2, 7, 6}
		want, got, plain := logits(t, m, ids), logits(t, f.Model, ids), logits(t, random(shape), ids)
		for i, w := range want.Data {
			if math.Abs(float64(got.Data[i]-w)) > 1e-4 {
				t.Fatalf("%s: logit %d is %v, want %v", name, i, got.Data[i], w)
			}
		}
		if slices.Equal(plain.Data, want.Data) {
			t.Fatalf("%s: the adapters change nothing", name)
		}
	}
}

func TestShardsAreReadThroughTheirIndex(t *testing.T) {
	dir := written(t, shapes()["Qwen3"], llm.F32)
	shard(t, dir)
	f, err := llm.ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range f.Model.Weights() {
		if !slices.Equal(x.Data, random(shapes()["Qwen3"]).Weights()[i].Data) {
			t.Errorf("%s differs", x.Name)
		}
	}
	if err := os.Remove(filepath.Join(dir, "part-1.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, err := llm.ReadFolder(dir); !errors.Is(err, &lab.Error{Code: lab.NotFound}) || !strings.Contains(err.Error(), "part-1.safetensors") {
		t.Errorf("a missing part: %v", err)
	}
}

// shard cuts model.safetensors into two files of alternate tensors with an index.
func shard(t *testing.T, dir string) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := nn.ReadHeader(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	data := src[8+binary.LittleEndian.Uint64(src):]
	index, n := []string{}, 0
	heads, bodies := [2]map[string]nn.TensorEntry{{}, {}}, [2][]byte{}
	for name, e := range entries {
		at := int64(len(bodies[n%2]))
		bodies[n%2] = append(bodies[n%2], data[e.Offsets[0]:e.Offsets[1]]...)
		e.Offsets = [2]int64{at, int64(len(bodies[n%2]))}
		heads[n%2][name] = e
		index = append(index, fmt.Sprintf("%q: \"part-%d.safetensors\"", name, n%2))
		n++
	}
	for i := range heads {
		var b bytes.Buffer
		if err := nn.WriteHeader(&b, nil, heads[i]); err != nil {
			t.Fatal(err)
		}
		b.Write(bodies[i])
		write(t, dir, fmt.Sprintf("part-%d.safetensors", i), b.Bytes())
	}
	write(t, dir, "model.safetensors.index.json", []byte(`{"metadata":{},"weight_map":{`+strings.Join(index, ",")+`}}`))
	if err := os.Remove(filepath.Join(dir, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, dir, name string, src []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), src, 0o644); err != nil {
		t.Fatal(err)
	}
}
