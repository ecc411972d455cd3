package mem

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
)

// Vectors is an exact search among vectors by cosine. It holds them at unit length in float32, in working memory. What it finds depends
// on the vectors and their ids alone: not on the order of writing, not on threads, not on how many queries are asked at once.
//
// Vectors lie in blocks of blockRows, each transposed [D][blockRows], so that one query reads memory from front to back and many queries
// are a matrix product without packing.
type Vectors struct {
	core   *num.Core
	width  int // D
	chunks [][]float32
	ids    []string // by row
	rows   map[string]int
}

const (
	blockRows   = 32 // columns of a block: as many as a strip of the kernels
	blocksSide  = 4  // blocks that the kernels multiply side by side
	chunkBlocks = 32 // blocks that are allocated together, a multiple of blocksSide
	chunkRows   = blockRows * chunkBlocks
)

// unitTolerance is how far a squared length may be from one to count as one: rounding to float32 moves it by less. A vector of unit length
// is kept bit for bit, so that writing what Get returned changes nothing.
const unitTolerance = 1e-6

// NewVectors makes an empty search among vectors [width]. A nil core takes the portable kernels and one thread.
func NewVectors(core *num.Core, width int) *Vectors {
	if core == nil {
		core = num.NewCore(num.Go(), 1)
	}
	return &Vectors{core: core, width: width, rows: map[string]int{}}
}

// Len is the number of vectors, M.
func (x *Vectors) Len() int { return len(x.ids) }

// Width is D.
func (x *Vectors) Width() int { return x.width }

// Put writes the vector of an id, in the place of an older one if there is one. It is scaled to unit length; one of zeros stays zero and
// has the similarity 0 to everything. A vector of another width, or with a NaN or infinity, is an error of code invalid.
func (x *Vectors) Put(id string, v []float32) error {
	unit, err := x.unit(v)
	if err != nil {
		return lab.Errorf(lab.Invalid, "vector of %q: %w", id, err)
	}
	row, ok := x.rows[id]
	if !ok {
		row = len(x.ids)
		x.ids = append(x.ids, id)
		x.rows[id] = row
		if row == len(x.chunks)*chunkRows {
			x.chunks = append(x.chunks, make([]float32, chunkRows*x.width))
		}
	}
	x.write(row, unit)
	return nil
}

// Delete removes the vector of an id and tells whether there was one.
func (x *Vectors) Delete(id string) bool {
	row, ok := x.rows[id]
	if !ok {
		return false
	}
	last := len(x.ids) - 1
	if row != last {
		x.write(row, x.read(last))
		x.ids[row] = x.ids[last]
		x.rows[x.ids[row]] = row
	}
	x.write(last, make([]float32, x.width)) // beyond the end is zero
	x.ids[last] = ""
	x.ids = x.ids[:last]
	delete(x.rows, id)
	if spare := len(x.chunks) - 1; last <= (spare-1)*chunkRows { // one empty chunk may stay
		x.chunks[spare] = nil
		x.chunks = x.chunks[:spare]
	}
	return true
}

// Clear removes all vectors.
func (x *Vectors) Clear() { x.chunks, x.ids, x.rows = nil, nil, map[string]int{} }

// Get returns a copy of the vector of an id, at unit length.
func (x *Vectors) Get(id string) ([]float32, bool) {
	row, ok := x.rows[id]
	if !ok {
		return nil, false
	}
	return x.read(row), true
}

// column returns the block in which a row lies, from its column on: its number d stands at d*blockRows.
func (x *Vectors) column(row int) []float32 {
	block := row % chunkRows / blockRows
	return x.chunks[row/chunkRows][block*blockRows*x.width+row%blockRows:]
}

func (x *Vectors) write(row int, v []float32) {
	c := x.column(row)
	for d, value := range v {
		c[d*blockRows] = value
	}
}

func (x *Vectors) read(row int) []float32 {
	c, v := x.column(row), make([]float32, x.width)
	for d := range v {
		v[d] = c[d*blockRows]
	}
	return v
}

// unit returns a copy of v at unit length.
func (x *Vectors) unit(v []float32) ([]float32, error) {
	if len(v) != x.width {
		return nil, lab.Errorf(lab.Invalid, "it has %d numbers, want %d", len(v), x.width)
	}
	u := make([]float32, len(v))
	copy(u, v)
	return u, Normalise(u)
}

// Normalise scales a vector in place to unit length. One of zeros stays; one of unit length up to rounding stays bit for bit. A NaN or an
// infinity is an error of code invalid.
func Normalise(v []float32) error {
	var square float64
	for _, value := range v {
		square += float64(value) * float64(value)
	}
	if math.IsNaN(square) || math.IsInf(square, 0) {
		return lab.Errorf(lab.Invalid, "it has a number that is not finite")
	}
	if square == 0 || math.Abs(square-1) <= unitTolerance {
		return nil
	}
	scale := 1 / math.Sqrt(square)
	for i, value := range v {
		v[i] = float32(float64(value) * scale)
	}
	return nil
}
