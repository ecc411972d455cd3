package llm

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
)

// The files that hold weights: one, or several with an index that says which tensor lies where.
const (
	weightsFile = "model.safetensors"
	indexFile   = "model.safetensors.index.json"
	indexLimit  = 16 << 20
)

// writeWeights writes model.safetensors.
func writeWeights(out io.Writer, m *nn.Decoder, d Dtype) error {
	ws := weights(m.Shape)
	entries, at := make(map[string]nn.TensorEntry, len(ws)), int64(0)
	for _, w := range ws {
		end := at + w.size()*int64(d.bytes())
		entries[w.name] = nn.TensorEntry{Dtype: d.tag(), Shape: w.shape, Offsets: [2]int64{at, end}}
		at = end
	}
	// The library refuses files that do not name the program family they are for.
	if err := nn.WriteHeader(out, map[string]string{"format": "pt"}, entries); err != nil {
		return err
	}
	for _, w := range ws {
		if err := w.write(out, m, d); err != nil {
			return err
		}
	}
	return nil
}

// tensorFile is an open file of weights whose header was checked.
type tensorFile struct {
	name    string
	file    *os.File
	base    int64 // of the data
	entries map[string]nn.TensorEntry
}

// readWeights reads a model of that shape from the weight files of a folder, and tells the type of its embedding. Nothing is
// allocated before all headers agree with the shape and the files are as long as the headers say.
func readWeights(dir string, s nn.DecoderShape) (*nn.Decoder, Dtype, error) {
	files, err := openWeights(dir)
	defer func() {
		for _, f := range files {
			f.file.Close()
		}
	}()
	if err != nil {
		return nil, "", err
	}
	ws := weights(s)
	from, err := place(files, ws, s.Tied)
	if err != nil {
		return nil, "", err
	}
	m := nn.NewDecoderZero(s)
	for _, w := range ws {
		f := from[w.name]
		e := f.entries[w.name]
		section := io.NewSectionReader(f.file, f.base+e.Offsets[0], e.Offsets[1]-e.Offsets[0])
		if err := w.read(section, m, dtypeOf(e.Dtype)); err != nil {
			return nil, "", lab.Errorf(lab.Unavailable, "%s: tensor %q: %w", f.name, w.name, err)
		}
	}
	return m, dtypeOf(from[ws[0].name].entries[ws[0].name].Dtype), nil
}

// openWeights opens the one file or all files of the index. The files that were opened come back with an error, too.
func openWeights(dir string) ([]*tensorFile, error) {
	names := []string{weightsFile}
	if _, err := os.Stat(filepath.Join(dir, weightsFile)); errors.Is(err, fs.ErrNotExist) {
		if names, err = indexed(dir); err != nil {
			return nil, err
		}
	}
	var files []*tensorFile
	for _, name := range names {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return files, readError(name, err)
		}
		f := &tensorFile{name: name, file: file}
		files = append(files, f)
		if err := f.readHeader(); err != nil {
			return files, err
		}
	}
	return files, nil
}

// indexed returns the names of the files in the index, each once, in order.
func indexed(dir string) ([]string, error) {
	src, err := readSmall(dir, indexFile, indexLimit)
	if errors.Is(err, &lab.Error{Code: lab.NotFound}) {
		return nil, lab.Errorf(lab.NotFound, "there is neither %q nor %q", weightsFile, indexFile).
			WithHint("copy the weights into the folder; other layouts, such as pytorch_model.bin, are not read")
	}
	if err != nil {
		return nil, err
	}
	var index struct {
		Where map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(src, &index); err != nil {
		return nil, lab.Errorf(lab.Invalid, "%s: %w", indexFile, err).WithHint("copy the model folder again")
	}
	names := slices.Compact(slices.Sorted(maps.Values(index.Where)))
	for _, name := range names {
		if !strings.HasSuffix(name, ".safetensors") || strings.ContainsAny(name, `/\:`) {
			return nil, lab.Errorf(lab.Invalid, "%s: a tensor lies in %s, want the name of a .safetensors file of the same folder", indexFile, quote(name)).
				WithHint("copy the model folder again")
		}
	}
	return names, nil
}

// readHeader checks that the tensors lie one behind the other and fill the file.
func (f *tensorFile) readHeader() error {
	const again = "copy or download the file again"
	info, err := f.file.Stat()
	if err != nil {
		return readError(f.name, err)
	}
	if !info.Mode().IsRegular() {
		return lab.Errorf(lab.Invalid, "%s is no regular file", f.name).WithHint(again)
	}
	if f.entries, _, err = nn.ReadHeader(bufio.NewReader(f.file)); err != nil {
		return lab.Errorf(lab.Invalid, "%s: %w", f.name, err).WithHint(again)
	}
	if f.base, err = headerEnd(f.file); err != nil {
		return readError(f.name, err)
	}
	end, err := contiguous(f.entries)
	switch {
	case err != nil:
		return lab.Errorf(lab.Invalid, "%s: %w", f.name, err).WithHint(again)
	case end > math.MaxInt64-f.base || f.base+end != info.Size():
		return lab.Errorf(lab.Invalid, "%s has %d bytes, and its header speaks of %d of weights behind the first %d: the file is damaged",
			f.name, info.Size(), end, f.base).WithHint(again)
	}
	return nil
}

// headerEnd returns where the data begin: the first 8 bytes are the length of the header, whose limit was checked.
func headerEnd(file io.ReaderAt) (int64, error) {
	var n [8]byte
	if _, err := file.ReadAt(n[:], 0); err != nil {
		return 0, err
	}
	return 8 + int64(binary.LittleEndian.Uint64(n[:])), nil
}

// contiguous returns the length of the data of tensors that lie without gap or overlap.
func contiguous(entries map[string]nn.TensorEntry) (int64, error) {
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		x, y := entries[a].Offsets, entries[b].Offsets
		return slices.Compare(x[:], y[:])
	})
	at := int64(0)
	for _, name := range names {
		o := entries[name].Offsets
		if o[0] != at || o[1] < o[0] {
			return 0, lab.Errorf(lab.Invalid, "tensor %s lies at %v, want a place that begins at %d", quote(name), o, at)
		}
		at = o[1]
	}
	return at, nil
}

// place finds each weight in one of the files and checks its type and shape. Tensors that a Decoder has no place for are errors, but
// for two that say nothing new: the head of a model whose head is its embedding, and tables of rotary frequencies.
func place(files []*tensorFile, ws []weight, tied bool) (map[string]*tensorFile, error) {
	from := map[string]*tensorFile{}
	for _, f := range files {
		for name := range f.entries {
			if from[name] != nil {
				return nil, lab.Errorf(lab.Invalid, "tensor %s is in %s and in %s", quote(name), from[name].name, f.name).
					WithHint("copy the model folder again")
			}
			from[name] = f
		}
	}
	wanted := map[string]bool{}
	for _, w := range ws {
		wanted[w.name] = true
		f := from[w.name]
		if f == nil {
			return nil, lab.Errorf(lab.Invalid, "tensor %q is missing; the files have %d tensors, want %d", w.name, len(from), len(ws)).
				WithHint("check that config.json and the weights belong to the same model, and that all files are there")
		}
		if err := w.check(f.name, f.entries[w.name]); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		known := wanted[name] || tied && name == headName || strings.HasSuffix(name, ".rotary_emb.inv_freq")
		if !known {
			return nil, lab.Errorf(lab.Invalid, "%s: tensor %s has no place in this model", from[name].name, quote(name)).
				WithHint("take a model without it, such as one without biases or adapters; leaving it out would change what the model computes")
		}
	}
	return from, nil
}

// check compares a tensor's entry with what the shape wants.
func (w *weight) check(file string, e nn.TensorEntry) error {
	d := dtypeOf(e.Dtype)
	switch {
	case d == "":
		return lab.Errorf(lab.Invalid, "%s: tensor %q has type %s, want %q or %q", file, w.name, quote(e.Dtype), F32.tag(), BF16.tag()).
			WithHint("convert the weights to float32 or bfloat16")
	case !slices.Equal(e.Shape, w.shape):
		return lab.Errorf(lab.Invalid, "%s: tensor %q has shape %v, want %v", file, w.name, e.Shape, w.shape).
			WithHint("check that config.json and the weights belong to the same model")
	case e.Offsets[1]-e.Offsets[0] != w.size()*int64(d.bytes()):
		return lab.Errorf(lab.Invalid, "%s: tensor %q takes %d bytes, want %d", file, w.name, e.Offsets[1]-e.Offsets[0], w.size()*int64(d.bytes())).
			WithHint("copy or download the file again")
	}
	return nil
}

// dtypeOf is the type of a safetensors tag, "" where it is none of ours.
func dtypeOf(tag string) Dtype {
	for _, d := range []Dtype{F32, BF16} {
		if d.tag() == tag {
			return d
		}
	}
	return ""
}
