package wire

// appendTensor: Tensor oneof{1 dense | 2 sparse{1 values 2 crow 3 col}} 3 dtype 4 shape.
func appendTensor(b []byte, t *Tensor) []byte {
	if t.Crow == nil {
		b = appendBytes(b, 1, packNumbers(t))
	} else {
		sparse := appendBytes(nil, 1, packNumbers(t))
		sparse = appendBytes(sparse, 2, packInt64s(t.Crow))
		sparse = appendBytes(sparse, 3, packInt64s(t.Col))
		b = appendBytes(b, 2, sparse)
	}
	b = appendInt(b, 3, int64(t.DType))
	return appendInts(b, 4, t.Shape)
}

// decodeTensor reads the layout first and the numbers last, because the dtype stands behind them.
func decodeTensor(f *field) (t Tensor, err error) {
	var numbers []byte
	err = f.message(func(f field) error {
		switch f.num {
		case 1:
			numbers, t.Crow, t.Col = f.bytes, nil, nil
			return f.want(kindBytes)
		case 2:
			return decodeSparse(&f, &t, &numbers)
		case 3:
			var dtype int64
			err := f.int(&dtype)
			t.DType = DType(dtype)
			return err
		case 4:
			return f.ints(&t.Shape)
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	if err := unpackNumbers(&t, numbers); err != nil {
		return t, err
	}
	return t, t.Check()
}

func decodeSparse(f *field, t *Tensor, numbers *[]byte) error {
	t.Crow, t.Col = []int64{}, nil // not nil: a sparse tensor without row pointers is refused by Check
	return f.message(func(f field) (err error) {
		switch f.num {
		case 1:
			*numbers = f.bytes
			return f.want(kindBytes)
		case 2:
			t.Crow, err = unpack(&f, 8, int64At)
			if t.Crow == nil {
				t.Crow = []int64{}
			}
		case 3:
			t.Col, err = unpack(&f, 8, int64At)
		}
		return err
	})
}
