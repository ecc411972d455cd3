package wire

import (
	"maps"
	"slices"
)

// EncodeTrain writes a request as protobuf. The numbers of the loss are written twice, in the older map and in the newer one.
// Equal requests give equal bytes.
func EncodeTrain(r *TrainRequest) []byte {
	b := appendText(nil, 1, r.ModelID)
	b = appendInt(b, 2, r.SeqID)
	for i := range r.Input.Data {
		b = appendBytes(b, 3, appendDatum(nil, &r.Input.Data[i]))
	}
	b = appendText(b, 4, r.Input.LossFn)
	names := slices.Sorted(maps.Keys(r.Input.Config))
	for _, name := range names {
		b = appendEntry(b, 5, name, appendFloat64(nil, 2, r.Input.Config[name]))
	}
	if r.ForwardOnly {
		b = appendVarint(b, 6, 1)
	}
	for _, name := range names {
		number := appendFloat64(nil, 1, r.Input.Config[name])
		b = appendEntry(b, 7, name, appendBytes(nil, 2, number))
	}
	return b
}

// DecodeTrain reads a request from protobuf. Errors have code invalid.
func DecodeTrain(body []byte) (TrainRequest, error) {
	var r TrainRequest
	older, newer := map[string]float64{}, map[string]float64{}
	err := fields(body, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&r.ModelID)
		case 2:
			return f.int(&r.SeqID)
		case 3:
			datum, err := decodeDatum(&f)
			r.Input.Data = append(r.Input.Data, datum)
			return err
		case 4:
			return f.text(&r.Input.LossFn)
		case 5:
			return decodeNumber(&f, older)
		case 6:
			r.ForwardOnly = f.value != 0
			return f.want(kindVarint)
		case 7:
			return decodeConfig(&f, newer)
		}
		return nil
	})
	if len(newer) > 0 {
		older = newer
	}
	if len(older) > 0 {
		r.Input.Config = older
	}
	switch {
	case err != nil:
		return r, err
	case r.ModelID == "":
		return r, bad("the message lacks %q", "model_id")
	case r.Input.LossFn == "":
		return r, bad("the message lacks %q", "loss_fn")
	}
	return r, nil
}

// decodeNumber reads an entry of map<string, double>.
func decodeNumber(f *field, into map[string]float64) error {
	var key string
	var value float64
	err := f.entry(&key, func(f field) error { return f.float64(&value) })
	into[key] = value
	return err
}

// decodeConfig reads an entry of map<string, oneof{1 number | 2 text}>. We know no loss that takes text.
func decodeConfig(f *field, into map[string]float64) error {
	var key, text string
	var value float64
	isText := false
	err := f.entry(&key, func(f field) error {
		return f.message(func(f field) error {
			switch f.num {
			case 1:
				isText = false
				return f.float64(&value)
			case 2:
				isText = true
				return f.text(&text)
			}
			return nil
		})
	})
	if err == nil && isText {
		return bad("loss_fn_config has the text %q for %q, want a number", text, key)
	}
	into[key] = value
	return err
}

// appendDatum: Datum 1 model_input[] Chunk 2 loss_fn_inputs map<string, Tensor>; Chunk 1 text{1 tokens}.
func appendDatum(b []byte, d *Datum) []byte {
	for _, chunk := range d.ModelInput.Chunks {
		text := appendBytes(nil, 1, packInt32s(chunk.Tokens))
		b = appendBytes(b, 1, appendBytes(nil, 1, text))
	}
	for _, name := range slices.Sorted(maps.Keys(d.Inputs)) {
		tensor := d.Inputs[name]
		b = appendEntry(b, 2, name, appendBytes(nil, 2, appendTensor(nil, &tensor)))
	}
	return b
}

func decodeDatum(f *field) (Datum, error) {
	d := Datum{Inputs: map[string]Tensor{}}
	err := f.message(func(f field) error {
		switch f.num {
		case 1:
			chunk, err := decodeChunk(&f)
			d.ModelInput.Chunks = append(d.ModelInput.Chunks, chunk)
			return err
		case 2:
			var key string
			var tensor Tensor
			err := f.entry(&key, func(f field) (err error) {
				tensor, err = decodeTensor(&f)
				return err
			})
			if err == nil && tensor.DType == 0 {
				err = bad("loss_fn_inputs has no tensor for %q", key)
			}
			d.Inputs[key] = tensor
			return err
		}
		return nil
	})
	return d, err
}

func decodeChunk(f *field) (Chunk, error) {
	chunk := Chunk{Type: EncodedText}
	err := f.message(func(f field) error {
		switch f.num {
		case 1:
			return f.message(func(f field) (err error) {
				if f.num == 1 {
					chunk.Tokens, err = unpack(&f, 4, int32At)
				}
				return err
			})
		case 2:
			return bad("the input has a chunk of type %q, want %q", "image", EncodedText)
		case 3:
			return bad("the input has a chunk of type %q, want %q", "dmel", EncodedText)
		}
		return nil
	})
	return chunk, err
}
