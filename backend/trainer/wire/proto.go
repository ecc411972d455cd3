package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// Kinds of a field in protobuf: how its value is laid out.
const (
	kindVarint = 0
	kindFixed8 = 1
	kindBytes  = 2
	kindFixed4 = 5
)

// field is one field of a protobuf message.
type field struct {
	num   int
	kind  byte
	value uint64 // of varints and fixed ones
	bytes []byte // of bytes, text and messages
}

// fields calls visit for every field of a message, in order. Damaged bytes are an error of code invalid, never a panic.
func fields(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		f, n, err := readField(message)
		if err != nil {
			return err
		}
		if err := visit(f); err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}

func readField(b []byte) (f field, read int, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return f, 0, bad("the protobuf body is damaged: no field begins where one should")
	}
	f.num, f.kind = int(tag>>3), byte(tag&7)
	rest := b[n:]
	switch {
	case f.kind == kindVarint:
		value, m := binary.Uvarint(rest)
		if m > 0 {
			f.value = value
			return f, n + m, nil
		}
	case f.kind == kindFixed8 && len(rest) >= 8:
		f.value = binary.LittleEndian.Uint64(rest)
		return f, n + 8, nil
	case f.kind == kindFixed4 && len(rest) >= 4:
		f.value = uint64(binary.LittleEndian.Uint32(rest))
		return f, n + 4, nil
	case f.kind == kindBytes:
		length, m := binary.Uvarint(rest)
		if m > 0 && length <= uint64(len(rest)-m) {
			f.bytes = rest[m : m+int(length)]
			return f, n + m + int(length), nil
		}
	}
	return f, 0, bad("the protobuf body is damaged: field %d is cut off or of unknown kind %d", f.num, f.kind)
}

// want returns an error unless the field is of that kind.
func (f *field) want(kind byte) error {
	if f.kind != kind {
		return bad("protobuf field %d is of kind %d, want %d", f.num, f.kind, kind)
	}
	return nil
}

func (f *field) text(to *string) error {
	if err := f.want(kindBytes); err != nil {
		return err
	}
	if !utf8.Valid(f.bytes) {
		return bad("protobuf field %d is no UTF-8 text", f.num)
	}
	*to = string(f.bytes)
	return nil
}

func (f *field) int(to *int64) error {
	*to = int64(f.value)
	return f.want(kindVarint)
}

func (f *field) float64(to *float64) error {
	*to = math.Float64frombits(f.value)
	return f.want(kindFixed8)
}

// ints appends a repeated int64, packed or not.
func (f *field) ints(to *[]int64) error {
	if f.kind == kindVarint {
		*to = append(*to, int64(f.value))
		return nil
	}
	for rest := f.bytes; len(rest) > 0; {
		value, n := binary.Uvarint(rest)
		if n <= 0 {
			return bad("the protobuf body is damaged: the numbers of field %d are cut off", f.num)
		}
		*to = append(*to, int64(value))
		rest = rest[n:]
	}
	return f.want(kindBytes)
}

// message reads the field as a message.
func (f *field) message(visit func(field) error) error {
	if err := f.want(kindBytes); err != nil {
		return err
	}
	return fields(f.bytes, visit)
}

// entry reads the field as an entry of a map: the key is text, the value is left to visit.
func (f *field) entry(key *string, value func(field) error) error {
	return f.message(func(f field) error {
		switch f.num {
		case 1:
			return f.text(key)
		case 2:
			return value(f)
		}
		return nil
	})
}

func appendVarint(b []byte, num int, value uint64) []byte {
	b = binary.AppendUvarint(b, uint64(num)<<3|kindVarint)
	return binary.AppendUvarint(b, value)
}

// appendInt leaves zero out, as proto3 does.
func appendInt(b []byte, num int, value int64) []byte {
	if value == 0 {
		return b
	}
	return appendVarint(b, num, uint64(value))
}

func appendFloat64(b []byte, num int, value float64) []byte {
	b = binary.AppendUvarint(b, uint64(num)<<3|kindFixed8)
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(value))
}

// appendBytes writes bytes, text or a message, also an empty one.
func appendBytes[B []byte | string](b []byte, num int, value B) []byte {
	b = binary.AppendUvarint(b, uint64(num)<<3|kindBytes)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// appendText leaves the empty text out, as proto3 does.
func appendText(b []byte, num int, value string) []byte {
	if value == "" {
		return b
	}
	return appendBytes(b, num, value)
}

func appendInts(b []byte, num int, values []int64) []byte {
	if len(values) == 0 {
		return b
	}
	var packed []byte
	for _, value := range values {
		packed = binary.AppendUvarint(packed, uint64(value))
	}
	return appendBytes(b, num, packed)
}

// appendEntry writes an entry of a map with a message, text or number as value, which is already encoded as field 2.
func appendEntry(b []byte, num int, key string, value []byte) []byte {
	return appendBytes(b, num, append(appendText(nil, 1, key), value...))
}
