package wire

import (
	"math"

	"github.com/loci-lab/loci/backend/llm"
)

// EncodeSample writes a reply as protobuf.
func EncodeSample(s *SampleReply) []byte {
	var b []byte
	for i := range s.Sequences {
		b = appendBytes(b, 1, appendSequence(nil, &s.Sequences[i]))
	}
	if s.PromptLogprobs != nil {
		b = appendBytes(b, 2, packFloats(s.PromptLogprobs))
	}
	if s.TopKPrompt != nil {
		b = appendBytes(b, 3, appendTopK(nil, s.TopKPrompt))
	}
	return appendInt(b, 4, s.CacheHits)
}

// appendSequence: 1 stop_reason (0 stop, 1 length) 2 tokens 3 logprobs, left out where there are none.
func appendSequence(b []byte, s *Sequence) []byte {
	if s.Stop == llm.Length {
		b = appendVarint(b, 1, 1)
	}
	b = appendBytes(b, 2, packInt32s(s.Tokens))
	if s.Logprobs != nil {
		b = appendBytes(b, 3, packFloats(s.Logprobs))
	}
	return b
}

// appendTopK: 1 token_ids 2 logprobs 3 k 4 length.
func appendTopK(b []byte, t *TopK) []byte {
	b = appendBytes(b, 1, packInt32s(t.IDs))
	b = appendBytes(b, 2, packFloats(t.Logprobs))
	b = appendInt(b, 3, int64(t.K))
	if t.K > 0 {
		b = appendInt(b, 4, int64(len(t.IDs)/t.K))
	}
	return b
}

// DecodeSample reads it. Errors have code invalid.
func DecodeSample(body []byte) (SampleReply, error) {
	s := SampleReply{Sequences: []Sequence{}}
	err := fields(body, func(f field) (err error) {
		switch f.num {
		case 1:
			sequence, err := decodeSequence(&f)
			s.Sequences = append(s.Sequences, sequence)
			return err
		case 2:
			s.PromptLogprobs, err = unpack(&f, 4, float32At)
		case 3:
			s.TopKPrompt, err = decodeTopK(&f)
		case 4:
			err = f.int(&s.CacheHits)
		}
		return err
	})
	return s, err
}

func decodeSequence(f *field) (Sequence, error) {
	s := Sequence{Stop: llm.Stopped, Tokens: []int32{}}
	err := f.message(func(f field) (err error) {
		switch f.num {
		case 1:
			if f.value > 1 {
				return bad("stop_reason is %d, want 0 (stop) or 1 (length)", f.value)
			}
			s.Stop = []llm.StopReason{llm.Stopped, llm.Length}[f.value]
			return f.want(kindVarint)
		case 2:
			if s.Tokens, err = unpack(&f, 4, int32At); s.Tokens == nil {
				s.Tokens = []int32{}
			}
		case 3:
			s.Logprobs, err = unpack(&f, 4, float32At)
		}
		return err
	})
	return s, err
}

func decodeTopK(f *field) (*TopK, error) {
	var t TopK
	var k, length int64
	err := f.message(func(f field) (err error) {
		switch f.num {
		case 1:
			t.IDs, err = unpack(&f, 4, int32At)
		case 2:
			t.Logprobs, err = unpack(&f, 4, float32At)
		case 3:
			err = f.int(&k)
		case 4:
			err = f.int(&length)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	n := int64(len(t.IDs))
	if k < 0 || k > math.MaxInt32 || length < 0 || length > math.MaxInt32 || k*length != n || len(t.Logprobs) != len(t.IDs) {
		return nil, bad("topk_prompt_logprobs has %d tokens and %d log-probabilities, want %d times %d", n, len(t.Logprobs), length, k)
	}
	if t.K = int(k); n == 0 {
		t.K = 0
	}
	return &t, nil
}
