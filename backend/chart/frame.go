package chart

import (
	"encoding/binary"
	"math"

	"github.com/loci-lab/loci/backend/lab"
)

// Frame carries points for the series of one chart to a page. Everything is little-endian and begins at a multiple of 8 bytes, so that
// a page takes the points into a Float64Array without reading them one by one:
//
//	bytes  0..3   "LCF1"
//	       4..7   uint32  length T of the topic in bytes
//	       8..15  uint64  number of the message within its topic
//	      16..    topic, UTF-8, filled with zeros to a multiple of 8
//	then   uint32 number of series, uint32 zero
//	then for each series
//	       uint32 index, uint32 from, uint32 points n, uint32 zero
//	       n times float64 x, float64 y
//
// testdata/frames.json and frames.bin hold the same frames in both forms, for the tests of either side.
type Frame struct {
	Topic  string
	Number uint64
	Series []Points
}

// Points replace what stands in series Index from point From on. With no XY what stands is cut there.
type Points struct {
	Index int
	From  int
	XY    []float64 // interleaved x0, y0, x1, y1, ...
}

const (
	frameMagic = "LCF1"
	frameHead  = 16
	seriesHead = 16
)

// Encode appends the frame to buf.
func (f Frame) Encode(buf []byte) []byte {
	le := binary.LittleEndian
	buf = append(buf, frameMagic...)
	buf = le.AppendUint32(buf, uint32(len(f.Topic)))
	buf = le.AppendUint64(buf, f.Number)
	buf = append(buf, f.Topic...)
	buf = append(buf, make([]byte, padding(len(f.Topic)))...)
	buf = le.AppendUint32(buf, uint32(len(f.Series)))
	buf = le.AppendUint32(buf, 0)
	for _, s := range f.Series {
		buf = le.AppendUint32(buf, uint32(s.Index))
		buf = le.AppendUint32(buf, uint32(s.From))
		buf = le.AppendUint32(buf, uint32(len(s.XY)/2))
		buf = le.AppendUint32(buf, 0)
		for _, v := range s.XY[:len(s.XY)/2*2] {
			buf = le.AppendUint64(buf, math.Float64bits(v))
		}
	}
	return buf
}

func padding(n int) int { return -n & 7 }

// DecodeFrame reads one whole frame. Anything else is Invalid.
func DecodeFrame(b []byte) (Frame, error) {
	r := reader{b: b}
	if string(r.take(4)) != frameMagic {
		return Frame{}, lab.Errorf(lab.Invalid, "frame begins with %q, want %q", b[:min(4, len(b))], frameMagic)
	}
	topic := int(r.uint32())
	f := Frame{Number: r.uint64()}
	f.Topic = string(r.take(topic))
	r.take(padding(topic))
	count := int(r.uint32())
	r.uint32()
	for i := 0; i < count && !r.short; i++ {
		s := Points{Index: int(r.uint32()), From: int(r.uint32())}
		n := int(r.uint32())
		r.uint32()
		raw := r.take(16 * n)
		s.XY = make([]float64, len(raw)/8)
		for k := range s.XY {
			s.XY[k] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*k:]))
		}
		f.Series = append(f.Series, s)
	}
	if r.short || len(r.b) > 0 {
		return Frame{}, lab.Errorf(lab.Invalid, "frame of %d bytes does not end where it says", len(b))
	}
	return f, nil
}

// reader takes from the front; after the end it gives zeros and notes it.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || n < 0 || n > len(r.b) {
		r.short = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Changes returns what turns the points of one state of a chart into those of a later one with the same series. A series that stayed
// as it is does not appear.
func Changes(before, after []Series) []Points {
	var out []Points
	for i, s := range after {
		var old []float64
		if i < len(before) {
			old = before[i].XY
		}
		from := common(old, s.XY)
		if from < len(s.XY) || len(old) > len(s.XY) {
			out = append(out, Points{Index: s.Index, From: from / 2, XY: s.XY[from:]})
		}
	}
	return out
}

// common is the length of the common beginning in whole points. Gaps compare by their bits, so a NaN equals itself.
func common(a, b []float64) int {
	n := 0
	for n < len(a) && n < len(b) && math.Float64bits(a[n]) == math.Float64bits(b[n]) {
		n++
	}
	return n &^ 1
}
