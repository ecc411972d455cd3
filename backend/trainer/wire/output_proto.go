package wire

import (
	"maps"
	"slices"
)

// EncodeOutput writes the result of a forward pass as protobuf. Rows whose tensors agree in name, dtype and trailing shape share a
// record: their numbers lie one after the other, with the byte offset of each row and the end behind the last.
func EncodeOutput(o *Output) []byte {
	b := appendText(nil, 1, o.Type)
	for from := 0; from < len(o.Rows); {
		to := from + 1
		for to < len(o.Rows) && alike(o.Rows[from], o.Rows[to]) {
			to++
		}
		b = appendBytes(b, 2, appendRecord(nil, o.Rows[from:to]))
		from = to
	}
	for _, name := range slices.Sorted(maps.Keys(o.Metrics)) {
		b = appendEntry(b, 3, name, appendFloat64(nil, 2, o.Metrics[name]))
	}
	return b
}

func alike(a, b map[string]Tensor) bool {
	if len(a) != len(b) {
		return false
	}
	for name, t := range a {
		u, there := b[name]
		if !there || t.DType != u.DType || !slices.Equal(trailing(&t), trailing(&u)) {
			return false
		}
	}
	return true
}

// trailing is the shape behind the first side.
func trailing(t *Tensor) []int64 {
	if len(t.Shape) < 2 {
		return nil
	}
	return t.Shape[1:]
}

// appendRecord: ArrayRecord 1 type_tag 2 fields map<string, BatchedTensor> 3 num_datums; BatchedTensor 1 data 2 offsets 3 dtype
// 4 trailing_shape.
func appendRecord(b []byte, rows []map[string]Tensor) []byte {
	for _, name := range slices.Sorted(maps.Keys(rows[0])) {
		first := rows[0][name]
		var data []byte
		offsets := []int64{0}
		for _, row := range rows {
			tensor := row[name]
			data = append(data, packNumbers(&tensor)...)
			offsets = append(offsets, int64(len(data)))
		}
		batch := appendBytes(nil, 1, data)
		batch = appendBytes(batch, 2, packInt64s(offsets))
		batch = appendInt(batch, 3, int64(first.DType))
		batch = appendInts(batch, 4, trailing(&first))
		b = appendEntry(b, 2, name, appendBytes(nil, 2, batch))
	}
	return appendInt(b, 3, int64(len(rows)))
}

// DecodeOutput reads it. Errors have code invalid.
func DecodeOutput(body []byte) (Output, error) {
	o := Output{Rows: []map[string]Tensor{}, Metrics: map[string]float64{}}
	err := fields(body, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&o.Type)
		case 2:
			rows, err := decodeRecord(&f)
			o.Rows = append(o.Rows, rows...)
			return err
		case 3:
			return decodeNumber(&f, o.Metrics)
		}
		return nil
	})
	return o, err
}

// maxBareRows bounds the rows of a record without any tensor: their number is a claim that no bytes back.
const maxBareRows = 1 << 16

func decodeRecord(f *field) ([]map[string]Tensor, error) {
	batches := map[string][]Tensor{}
	count := int64(0)
	err := f.message(func(f field) error {
		switch f.num {
		case 2:
			var key string
			var batch []Tensor
			err := f.entry(&key, func(f field) (err error) {
				batch, err = decodeBatch(&f)
				return err
			})
			batches[key] = batch
			return err
		case 3:
			return f.int(&count)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rowsOf(batches, count)
}

// rowsOf turns tensors by name into rows. Older messages do not say how many rows there are.
func rowsOf(batches map[string][]Tensor, count int64) ([]map[string]Tensor, error) {
	if count < 0 || len(batches) == 0 && count > maxBareRows {
		return nil, bad("a record has %d rows, want 0 to %d", count, maxBareRows)
	}
	if count == 0 {
		for _, batch := range batches {
			count = max(count, int64(len(batch)))
		}
	}
	for name, batch := range batches {
		if int64(len(batch)) != count {
			return nil, bad("a record of %d rows has %d of %q", count, len(batch), name)
		}
	}
	rows := make([]map[string]Tensor, count)
	for i := range rows {
		rows[i] = make(map[string]Tensor, len(batches))
		for name, batch := range batches {
			rows[i][name] = batch[i]
		}
	}
	return rows, nil
}

// decodeBatch cuts the numbers of a batch at its offsets.
func decodeBatch(f *field) ([]Tensor, error) {
	var data []byte
	var offsets, tail []int64
	var dtype int64
	err := f.message(func(f field) (err error) {
		switch f.num {
		case 1:
			data, err = f.bytes, f.want(kindBytes)
		case 2:
			offsets, err = unpack(&f, 8, int64At)
		case 3:
			err = f.int(&dtype)
		case 4:
			err = f.ints(&tail)
		}
		return err
	})
	if err != nil || len(offsets) == 0 {
		return nil, err
	}
	if offsets[0] != 0 || offsets[len(offsets)-1] != int64(len(data)) || !slices.IsSorted(offsets) {
		return nil, bad("a batch of %d bytes has offsets that do not cut it in order", len(data))
	}
	tensors := make([]Tensor, len(offsets)-1)
	for i := range tensors {
		tensors[i] = Tensor{DType: DType(dtype)}
		if err := unpackNumbers(&tensors[i], data[offsets[i]:offsets[i+1]]); err != nil {
			return nil, err
		}
		if err := shapeRow(&tensors[i], tail); err != nil {
			return nil, err
		}
	}
	return tensors, nil
}

// shapeRow sets the first side from the length.
func shapeRow(t *Tensor, tail []int64) error {
	inner := product(tail)
	if len(tail) == 0 {
		inner = 1
	}
	if inner < 0 || inner == 0 && t.Len() > 0 || inner > 0 && int64(t.Len())%inner != 0 {
		return bad("a batch of trailing shape %v has a row of %d numbers", tail, t.Len())
	}
	first := int64(0)
	if inner > 0 {
		first = int64(t.Len()) / inner
	}
	t.Shape = append([]int64{first}, tail...)
	return nil
}
