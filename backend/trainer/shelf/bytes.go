package shelf

import "github.com/loci-lab/loci/backend/lab"

// Bytes is a tokenizer whose tokens are the 256 bytes. No token ends a text.
type Bytes struct{}

// Encode implements llm.Tokenizer.
func (Bytes) Encode(text string) ([]int32, error) {
	ids := make([]int32, len(text))
	for i := range len(text) {
		ids[i] = int32(text[i])
	}
	return ids, nil
}

// Decode implements llm.Tokenizer. Bytes that are no UTF-8 stay as they are.
func (Bytes) Decode(ids []int32) (string, error) {
	b := make([]byte, len(ids))
	for i, id := range ids {
		if id < 0 || id > 255 {
			return "", lab.Errorf(lab.Invalid, "token %d is %d, want 0 to 255", i, id)
		}
		b[i] = byte(id)
	}
	return string(b), nil
}

// Size implements llm.Tokenizer.
func (Bytes) Size() int { return 256 }

// End implements llm.Tokenizer: there is none.
func (Bytes) End() int32 { return -1 }
