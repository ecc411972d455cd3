package wire

import (
	"encoding/binary"
	"math"
)

// Packed arrays: the numbers one after the other, little-endian, in a field of bytes.

func packFloats(values []float32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func packInt32s(values []int32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}

func packInt64s(values []int64) []byte {
	b := make([]byte, 0, 8*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// unpack reads an array of numbers of that many bytes each; an empty one is nil.
func unpack[T any](f *field, size int, number func([]byte) T) ([]T, error) {
	if err := f.want(kindBytes); err != nil {
		return nil, err
	}
	return unpackBytes(f.bytes, size, number)
}

func unpackBytes[T any](b []byte, size int, number func([]byte) T) ([]T, error) {
	if len(b)%size != 0 {
		return nil, bad("a packed array has %d bytes, want a multiple of %d", len(b), size)
	}
	if len(b) == 0 {
		return nil, nil
	}
	out := make([]T, len(b)/size)
	for i := range out {
		out[i] = number(b[i*size:])
	}
	return out, nil
}

func float32At(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
func int32At(b []byte) int32     { return int32(binary.LittleEndian.Uint32(b)) }
func wideAt(b []byte) int64      { return int64(int32At(b)) }
func int64At(b []byte) int64     { return int64(binary.LittleEndian.Uint64(b)) }

// bfloat16At: a bfloat16 is the upper half of a float32.
func bfloat16At(b []byte) float32 {
	return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
}

// packNumbers writes the numbers of a tensor by its dtype. In BFloat16 a float32 loses its lower half.
func packNumbers(t *Tensor) []byte {
	switch t.DType {
	case Int64:
		return packInt64s(t.Ints)
	case Int32:
		narrow := make([]int32, len(t.Ints))
		for i, v := range t.Ints {
			narrow[i] = int32(v)
		}
		return packInt32s(narrow)
	case BFloat16:
		b := make([]byte, 0, 2*len(t.Floats))
		for _, v := range t.Floats {
			b = binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(v)>>16))
		}
		return b
	default:
		return packFloats(t.Floats)
	}
}

// unpackNumbers reads them into a tensor whose dtype is set.
func unpackNumbers(t *Tensor, b []byte) (err error) {
	switch t.DType {
	case Float32:
		t.Floats, err = unpackBytes(b, 4, float32At)
	case Int64:
		t.Ints, err = unpackBytes(b, 8, int64At)
	case Int32:
		t.Ints, err = unpackBytes(b, 4, wideAt)
	case BFloat16:
		t.Floats, err = unpackBytes(b, 2, bfloat16At)
	default:
		err = bad("a tensor has the dtype %d, want 1 to 4 (float32, int64, int32, bfloat16)", int(t.DType))
	}
	return err
}
