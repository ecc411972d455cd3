package wire

import "encoding/json"

// TopK has the K most probable tokens of each position of a prompt, row by row. An empty cell is token 0 with log-probability -99999;
// a row of empty cells is a position without any (null in JSON).
type TopK struct {
	K        int
	IDs      []int32   // [T][K]
	Logprobs []float32 // [T][K] nats
}

const noLogprob = -99999

// MarshalJSON writes a list of [id, logprob] pairs for each position.
func (t TopK) MarshalJSON() ([]byte, error) {
	rows := [][][2]any{}
	for at := 0; t.K > 0 && at+t.K <= len(t.IDs); at += t.K {
		var row [][2]any
		for i := at; i < at+t.K; i++ {
			if t.Logprobs[i] != noLogprob {
				row = append(row, [2]any{t.IDs[i], t.Logprobs[i]})
			}
		}
		rows = append(rows, row)
	}
	return json.Marshal(rows)
}

// UnmarshalJSON reads them; K is the length of the longest row.
func (t *TopK) UnmarshalJSON(raw []byte) error {
	var rows [][][2]float64
	if err := json.Unmarshal(raw, &rows); err != nil {
		return err
	}
	*t = TopK{}
	for _, row := range rows {
		t.K = max(t.K, len(row))
	}
	if len(rows)*t.K > maxElements {
		return bad("topk_prompt_logprobs has %d positions of %d tokens, want at most %d together", len(rows), t.K, maxElements)
	}
	for _, row := range rows {
		for i := range t.K {
			id, lp := int32(0), float32(noLogprob)
			if i < len(row) {
				id, lp = int32(row[i][0]), float32(row[i][1])
			}
			t.IDs, t.Logprobs = append(t.IDs, id), append(t.Logprobs, lp)
		}
	}
	return nil
}
