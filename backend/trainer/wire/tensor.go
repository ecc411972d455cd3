package wire

import (
	"encoding/json"
	"slices"
)

// DType is the type of a tensor's numbers; the values are those of the protobuf enumeration.
type DType int

// The types. JSON has float32 and int64 only; the other two are read, too.
const (
	Float32  DType = 1
	Int64    DType = 2
	Int32    DType = 3
	BFloat16 DType = 4
)

var dtypeNames = [...]string{Float32: "float32", Int64: "int64", Int32: "int32", BFloat16: "bfloat16"}

func (d DType) String() string {
	if d < Float32 || d > BFloat16 {
		return "unspecified"
	}
	return dtypeNames[d]
}

func (d DType) integers() bool { return d == Int64 || d == Int32 }

// MarshalText writes the name.
func (d DType) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a name.
func (d *DType) UnmarshalText(text []byte) error {
	i := slices.Index(dtypeNames[1:], string(text))
	if i < 0 {
		return bad("dtype is %q, want float32, int64, int32 or bfloat16", text)
	}
	*d = DType(i + 1)
	return nil
}

// Tensor is an array of numbers with a shape, dense or, in two dimensions, sparse by rows (CSR).
type Tensor struct {
	DType  DType
	Floats []float32 // the numbers of Float32 and BFloat16
	Ints   []int64   // the numbers of Int64 and Int32
	Shape  []int64   // nil: one dimension
	// Crow [rows+1] and Col [numbers] place the numbers of a sparse tensor: those of row i are Crow[i] to Crow[i+1]-1, in columns
	// Col. Crow is nil for a dense tensor.
	Crow, Col []int64
}

// FloatTensor and IntTensor are dense tensors of one dimension.
func FloatTensor(data []float32) Tensor {
	return Tensor{DType: Float32, Floats: data, Shape: []int64{int64(len(data))}}
}

// IntTensor is a dense tensor of type int64.
func IntTensor(data []int32) Tensor {
	wide := make([]int64, len(data))
	for i, v := range data {
		wide[i] = int64(v)
	}
	return Tensor{DType: Int64, Ints: wide, Shape: []int64{int64(len(data))}}
}

// columns gives a tensor of one dimension two: rows of k numbers.
func (t Tensor) columns(k int) Tensor {
	if k > 1 {
		t.Shape = []int64{int64(t.Len() / k), int64(k)}
	}
	return t
}

// Len is the number of numbers that the tensor holds; of a sparse one, those listed.
func (t *Tensor) Len() int { return len(t.Floats) + len(t.Ints) }

// maxElements bounds what a sparse tensor may grow to: a few bytes of shape must not become gigabytes.
const maxElements = 1 << 24

// product is the number of elements of a shape, -1 for a shape with a negative side or too many elements.
func product(shape []int64) int64 {
	if slices.Contains(shape, 0) {
		return 0
	}
	n := int64(1)
	for _, side := range shape {
		if side < 0 || side > 1<<40/n {
			return -1
		}
		n *= side
	}
	return n
}

// Check returns an error of code invalid if numbers, shape and indices do not fit together.
func (t *Tensor) Check() error {
	n := int64(t.Len())
	switch {
	case t.DType < Float32 || t.DType > BFloat16:
		return bad("a tensor has the dtype %d, want 1 to 4 (float32, int64, int32, bfloat16)", int(t.DType))
	case t.DType.integers() && t.Floats != nil, !t.DType.integers() && t.Ints != nil:
		return bad("a tensor of dtype %v holds numbers of the other kind", t.DType)
	case t.Crow != nil:
		return t.checkSparse()
	case t.Shape != nil && product(t.Shape) != n:
		return bad("a tensor has %d numbers and the shape %v", n, t.Shape)
	}
	return nil
}

func (t *Tensor) checkSparse() error {
	if len(t.Shape) != 2 || product(t.Shape) < 0 || product(t.Shape) > maxElements {
		return bad("a sparse tensor has the shape %v, want two dimensions of at most %d elements together", t.Shape, maxElements)
	}
	if int64(len(t.Crow)) != t.Shape[0]+1 || t.Crow[0] != 0 || t.Crow[len(t.Crow)-1] != int64(t.Len()) || len(t.Col) != t.Len() {
		return bad("a sparse tensor of shape %v has %d row pointers and %d columns for %d numbers", t.Shape, len(t.Crow), len(t.Col), t.Len())
	}
	if !slices.IsSorted(t.Crow) {
		return bad("the row pointers of a sparse tensor go down")
	}
	for _, col := range t.Col {
		if col < 0 || col >= t.Shape[1] {
			return bad("a sparse tensor names column %d, want 0 to %d", col, t.Shape[1]-1)
		}
	}
	return nil
}

// Dense returns the tensor with every element listed, 0 where a sparse tensor lists none.
func (t Tensor) Dense() (Tensor, error) {
	if err := t.Check(); err != nil || t.Crow == nil {
		return t, err
	}
	dense := Tensor{DType: t.DType, Shape: t.Shape}
	if t.DType.integers() {
		dense.Ints = spread(t.Ints, t.Crow, t.Col, t.Shape)
	} else {
		dense.Floats = spread(t.Floats, t.Crow, t.Col, t.Shape)
	}
	return dense, nil
}

func spread[T any](data []T, crow, col, shape []int64) []T {
	out := make([]T, shape[0]*shape[1])
	for row := range shape[0] {
		for i := crow[row]; i < crow[row+1]; i++ {
			out[row*shape[1]+col[i]] = data[i]
		}
	}
	return out
}

// tensorJSON is the JSON form.
type tensorJSON struct {
	Data  json.RawMessage `json:"data"`
	DType DType           `json:"dtype"`
	Shape []int64         `json:"shape,omitempty"`
	Crow  []int64         `json:"sparse_crow_indices,omitempty"`
	Col   []int64         `json:"sparse_col_indices,omitempty"`
}

// MarshalJSON writes data, dtype and shape.
func (t Tensor) MarshalJSON() ([]byte, error) {
	data, err := []byte("[]"), error(nil)
	if t.Len() > 0 && t.DType.integers() {
		data, err = json.Marshal(t.Ints)
	} else if t.Len() > 0 {
		data, err = json.Marshal(t.Floats)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(tensorJSON{data, t.DType, t.Shape, t.Crow, t.Col})
}

// UnmarshalJSON reads them; shape may be missing, and whole numbers may be written with a fraction of zero.
func (t *Tensor) UnmarshalJSON(raw []byte) error {
	var form tensorJSON
	if err := json.Unmarshal(raw, &form); err != nil {
		return err
	}
	if form.DType == 0 || isNull(form.Data) {
		return bad("a tensor lacks \"data\" or \"dtype\"")
	}
	*t = Tensor{DType: form.DType, Shape: form.Shape, Crow: form.Crow, Col: form.Col}
	if !t.DType.integers() {
		if err := json.Unmarshal(form.Data, &t.Floats); err != nil {
			return err
		}
	} else if err := json.Unmarshal(form.Data, &t.Ints); err != nil {
		if t.Ints, err = wholeNumbers(form.Data); err != nil {
			return err
		}
	}
	return t.Check()
}

func wholeNumbers(raw json.RawMessage) ([]int64, error) {
	var floats []float64
	if err := json.Unmarshal(raw, &floats); err != nil {
		return nil, err
	}
	whole := make([]int64, len(floats))
	for i, v := range floats {
		if whole[i] = int64(v); float64(whole[i]) != v || v > 1<<53 || v < -1<<53 {
			return nil, bad("a tensor of integers has %v at %d", v, i)
		}
	}
	return whole, nil
}
