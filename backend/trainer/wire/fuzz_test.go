package wire

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// stable checks that reading never panics and that what was read comes back byte for byte once it has been written.
func stable[T any](t *testing.T, body []byte, decode func([]byte) (T, error), encode func(*T) []byte) {
	first, err := decode(body)
	if err != nil {
		return
	}
	written := encode(&first)
	second, err := decode(written)
	if err != nil {
		t.Fatalf("what was written cannot be read: %v\n%x", err, written)
	}
	if again := encode(&second); !bytes.Equal(again, written) {
		t.Fatalf("written twice, the bytes differ\n%x\n%x", written, again)
	}
}

func FuzzDecodeTrain(f *testing.F) {
	byHand, _ := hex.DecodeString(trainByHand)
	f.Add(byHand)
	f.Add(EncodeTrain(&TrainRequest{"m", 1, LossInput{[]Datum{NewDatum(&rows()[2])}, "cross_entropy", nil}, false}))
	f.Fuzz(func(t *testing.T, body []byte) {
		stable(t, body, DecodeTrain, EncodeTrain)
		if r, err := DecodeTrain(body); err == nil {
			_, _, _ = r.Rows()
		}
	})
}

func FuzzDecodeOutput(f *testing.F) {
	byHand, _ := hex.DecodeString(outputByHand)
	f.Add(byHand)
	full := NewOutput(output(), rows())
	f.Add(EncodeOutput(&full))
	f.Fuzz(func(t *testing.T, body []byte) {
		stable(t, body, DecodeOutput, EncodeOutput)
		if o, err := DecodeOutput(body); err == nil {
			_, _ = o.Output(rows(), "ppo")
		}
	})
}

func FuzzDecodeSample(f *testing.F) {
	given := reply()
	full := NewSampleReply(&given)
	full.TopKPrompt = &TopK{1, []int32{3}, []float32{-1}}
	f.Add(EncodeSample(&full))
	f.Fuzz(func(t *testing.T, body []byte) { stable(t, body, DecodeSample, EncodeSample) })
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add([]byte(`{"model_id":"m","seq_id":1,"forward_backward_input":{"loss_fn":"cross_entropy","data":[{"model_input":{"chunks":[{"type":"encoded_text","tokens":[5]}]},"loss_fn_inputs":{"target_tokens":{"data":[6.0],"dtype":"int64"}}}]}}`))
	f.Add([]byte(`{"prompt":{"chunks":[{"tokens":[5]}]},"sampling_params":{"stop":["a"],"seed":-1},"sequences":[{"stop_reason":"stop","tokens":[1],"logprobs":[-1]}],"prompt_logprobs":[null]}`))
	f.Add([]byte(`{"loss_fn_outputs":[{"logprobs":{"data":[-1],"dtype":"float32","shape":[1]}}],"metrics":{"loss:sum":1}}`))
	encodeJSON := func(t *testing.T) func(any) []byte {
		return func(m any) []byte {
			body, err := Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			return body
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		encode := encodeJSON(t)
		stable(t, body, Decode[TrainRequest], func(m *TrainRequest) []byte { return encode(m) })
		stable(t, body, Decode[SampleRequest], func(m *SampleRequest) []byte { return encode(m) })
		stable(t, body, Decode[SampleReply], func(m *SampleReply) []byte { return encode(m) })
		stable(t, body, Decode[Output], func(m *Output) []byte { return encode(m) })
		stable(t, body, Decode[OptimStepRequest], func(m *OptimStepRequest) []byte { return encode(m) })
		_, _ = Decode[CheckpointsReply](body)
		_, _ = Decode[CreateModelRequest](body)
	})
}
