package nn

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/loci-lab/loci/backend/num"
)

// headerLimit bounds the header that a reader accepts, bytes.
const headerLimit = 16 << 20

// TensorEntry is one tensor in the header of a safetensors file.
type TensorEntry struct {
	Dtype   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"` // first byte and the one after the last, counted from the end of the header
}

// WriteTensors writes tensors in the safetensors layout: the length of the header (8 bytes, little endian), a JSON header that gives
// dtype, shape and place of each name and the metadata, padded with blanks to a multiple of 8, then the float32 data, little endian,
// in the order of xs. Names are unique. Several of them may follow each other in one stream.
func WriteTensors(w io.Writer, meta map[string]string, xs []*num.Tensor) error {
	header := make(map[string]TensorEntry, len(xs))
	at := int64(0)
	for _, x := range xs {
		if _, twice := header[x.Name]; twice {
			return fmt.Errorf("tensor name %q is used twice", x.Name)
		}
		end := at + 4*int64(x.Len())
		header[x.Name] = TensorEntry{"F32", x.Shape, [2]int64{at, end}}
		at = end
	}
	if err := WriteHeader(w, meta, header); err != nil {
		return err
	}
	for _, x := range xs {
		if _, err := w.Write(floatBytes(x.Data)); err != nil {
			return err
		}
	}
	return nil
}

// WriteHeader writes what stands before the data of a safetensors file.
func WriteHeader(w io.Writer, meta map[string]string, entries map[string]TensorEntry) error {
	header := make(map[string]any, len(entries)+1)
	for name, e := range entries {
		header[name] = e
	}
	if len(meta) > 0 {
		header["__metadata__"] = meta
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("tensor header: %w", err)
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	_, err = w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...))
	return err
}

func floatBytes(x []float32) []byte {
	b := make([]byte, 0, 4*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// ReadTensors reads what WriteTensors wrote into tensors of the same names and shapes and returns the metadata. It reads exactly the
// bytes that belong to it. Missing, additional or misshapen tensors are errors; after an error no tensor has changed.
func ReadTensors(r io.Reader, xs []*num.Tensor) (meta map[string]string, err error) {
	header, meta, err := ReadHeader(r)
	if err != nil {
		return nil, err
	}
	order, err := match(header, xs)
	if err != nil {
		return nil, err
	}
	data := make([][]byte, len(order))
	for i, x := range order {
		data[i] = make([]byte, 4*x.Len())
		if _, err := io.ReadFull(r, data[i]); err != nil {
			return nil, fmt.Errorf("tensor %q is cut short: %w", x.Name, noEOF(err))
		}
	}
	for i, x := range order {
		for j := range x.Data {
			x.Data[j] = math.Float32frombits(binary.LittleEndian.Uint32(data[i][4*j:]))
		}
	}
	return meta, nil
}

// noEOF turns an end of file into an unexpected one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// ReadHeader reads what stands before the data of a safetensors file: its tensors by name, and the metadata. It takes at most 16 MiB;
// whether the places make sense is for the caller to check.
func ReadHeader(r io.Reader) (map[string]TensorEntry, map[string]string, error) {
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, nil, fmt.Errorf("length of the tensor header: %w", noEOF(err))
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n < 2 || n > headerLimit {
		return nil, nil, fmt.Errorf("tensor header of %d bytes, want 2 to %d", n, headerLimit)
	}
	// Read through a limit, not into a buffer of the stated length: a wrong length must not take the memory.
	text, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil {
		return nil, nil, fmt.Errorf("tensor header: %w", err)
	}
	if uint64(len(text)) != n {
		return nil, nil, fmt.Errorf("tensor header ends after %d of %d bytes", len(text), n)
	}
	return parseHeader(text)
}

func parseHeader(text []byte) (map[string]TensorEntry, map[string]string, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, nil, fmt.Errorf("tensor header: %w", err)
	}
	var meta map[string]string
	header := make(map[string]TensorEntry, len(raw))
	for name, value := range raw {
		if name == "__metadata__" {
			if err := json.Unmarshal(value, &meta); err != nil {
				return nil, nil, fmt.Errorf("metadata of the tensor header: %w", err)
			}
			continue
		}
		var e TensorEntry
		if err := json.Unmarshal(value, &e); err != nil {
			return nil, nil, fmt.Errorf("tensor %q in the header: %w", name, err)
		}
		header[name] = e
	}
	return header, meta, nil
}

// match returns the tensors in the order of their data after checking names, types, shapes and that the data lie without gaps.
func match(header map[string]TensorEntry, xs []*num.Tensor) ([]*num.Tensor, error) {
	order := slices.Clone(xs)
	for _, x := range xs {
		e, ok := header[x.Name]
		switch {
		case !ok:
			return nil, fmt.Errorf("tensor %q is missing; the file has %q", x.Name, names(header))
		case e.Dtype != "F32":
			return nil, fmt.Errorf("tensor %q has type %q, want \"F32\"", x.Name, e.Dtype)
		case !slices.Equal(e.Shape, x.Shape):
			return nil, fmt.Errorf("tensor %q has shape %v, want %v", x.Name, e.Shape, x.Shape)
		}
	}
	if len(header) != len(xs) {
		return nil, fmt.Errorf("the file has %d tensors, want %d: it has %q", len(header), len(xs), names(header))
	}
	sort.Slice(order, func(i, j int) bool { // by place; tensors without elements may share one
		a, b := header[order[i].Name].Offsets, header[order[j].Name].Offsets
		return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
	})
	at := int64(0)
	for _, x := range order {
		end := at + 4*int64(x.Len())
		if header[x.Name].Offsets != [2]int64{at, end} {
			return nil, fmt.Errorf("tensor %q lies at %v, want [%d %d]", x.Name, header[x.Name].Offsets, at, end)
		}
		at = end
	}
	return order, nil
}

func names(header map[string]TensorEntry) []string {
	ns := make([]string, 0, len(header))
	for n := range header {
		ns = append(ns, n)
	}
	sort.Strings(ns)
	return ns[:min(len(ns), 20)]
}

const stepKey = "adam.step"

// Save writes the parameters and the state of their optimiser as one set of tensors; opt may be nil.
func Save(w io.Writer, params []*num.Tensor, opt *Adam) error {
	meta := map[string]string{}
	xs := slices.Clone(params)
	if opt != nil {
		meta[stepKey] = strconv.FormatInt(opt.step, 10)
		xs = append(append(xs, opt.m...), opt.v...)
	}
	return WriteTensors(w, meta, xs)
}

// Load reads what Save wrote into the same parameters and optimiser. After an error nothing has changed.
func Load(r io.Reader, params []*num.Tensor, opt *Adam) error {
	xs := slices.Clone(params)
	if opt != nil {
		xs = append(append(xs, opt.m...), opt.v...)
	}
	old := make([][]float32, len(xs))
	for i, x := range xs {
		old[i] = slices.Clone(x.Data)
	}
	meta, err := ReadTensors(r, xs)
	if err != nil || opt == nil {
		return err
	}
	step, err := strconv.ParseInt(meta[stepKey], 10, 64)
	if err != nil || step < 0 {
		for i, x := range xs {
			copy(x.Data, old[i])
		}
		return fmt.Errorf("%s is %q, want a count of steps", stepKey, meta[stepKey])
	}
	opt.step = step
	return nil
}
