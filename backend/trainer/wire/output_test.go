package wire

import (
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

func output() trainer.Output {
	return trainer.Output{
		Rows: []trainer.Row{
			{Logprobs: []float32{-2, -1, -3}, Loss: []float32{0, 1, 3}},
			{Logprobs: []float32{-0.1, -0.2}, Loss: []float32{0.1, 0.2}},
			{Logprobs: []float32{-1, -2, -3, -4, -5, -6}, Loss: []float32{6, 15}},
		},
		Metrics: trainer.Metrics{"loss:sum": 4.25, "tokens:sum": 5},
	}
}

func TestAnOutputComesBackAsItWasSent(t *testing.T) {
	sent := NewOutput(output(), rows())
	body, err := Encode(sent)
	if err != nil {
		t.Fatal(err)
	}
	fromJSON, err := Decode[Output](body)
	if err != nil {
		t.Fatal(err)
	}
	fromProto, err := DecodeOutput(EncodeOutput(&sent))
	if err != nil {
		t.Fatal(err)
	}
	for form, got := range map[string]Output{"JSON": fromJSON, "protobuf": fromProto} {
		if !reflect.DeepEqual(got, sent) {
			t.Errorf("%s: got %+v, want %+v", form, got, sent)
		}
		if out, err := got.Output(rows(), rl.CrossEntropy); err != nil || !reflect.DeepEqual(out, output()) {
			t.Errorf("%s: output is %+v, %v", form, out, err)
		}
	}
}

// By hand: field 1 (tag 0a) "T"; field 2 (12), the record: fields (12), an entry: key (0a) "lp", value (12): data (0a) 4 bytes of the
// float -1 = bf800000, offsets (12) of 16 bytes, 0 and 4, dtype (18) 1; num_datums (18) 1; field 3 (1a), the entry "a" (11) the
// double 1 = 3ff0000000000000.
const outputByHand = "0a0154" + "1224" + "1220" + "0a026c70" + "121a" + "0a04000080bf" +
	"1210" + "0000000000000000" + "0400000000000000" + "1801" + "1801" + "1a0c" + "0a0161" + "11000000000000f03f"

func TestTheBytesOfAnOutputAreThoseWorkedByHand(t *testing.T) {
	o := Output{"T", []map[string]Tensor{{"lp": FloatTensor([]float32{-1})}}, map[string]float64{"a": 1}}
	if got := hex.EncodeToString(EncodeOutput(&o)); got != outputByHand {
		t.Errorf("got  %s\nwant %s", got, outputByHand)
	}
}

// The fixture was written by the protocol's own protobuf classes: two rows in one record, the losses as bfloat16.
func TestAnOutputOfAnotherWriterIsRead(t *testing.T) {
	o, err := DecodeOutput(fixture(t, "output.pb"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.Output([]rl.Datum{{Input: make([]int32, 3)}, {Input: make([]int32, 2)}}, rl.CrossEntropy)
	want := trainer.Output{Rows: []trainer.Row{
		{Logprobs: []float32{-2, -1, -3}, Loss: []float32{0, 1, 3}},
		{Logprobs: []float32{-0.5, -0.25}, Loss: []float32{0.5, -0.25}},
	}, Metrics: trainer.Metrics{"loss:sum": 4.25}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAWrongAnswerIsNamed(t *testing.T) {
	nan := float32(math.NaN())
	one := []rl.Datum{{Input: []int32{1, 2}}}
	cases := map[string]struct {
		rows  []map[string]Tensor
		wants string
	}{
		"too few rows":       {nil, "0 rows came back for 1"},
		"too many rows":      {make([]map[string]Tensor, 2), "2 rows came back for 1"},
		"no logprobs":        {[]map[string]Tensor{{}}, `row 0 came back without "logprobs"`},
		"logprobs too short": {[]map[string]Tensor{{"logprobs": FloatTensor([]float32{1})}}, "row 0: logprobs has 1 entries, want 2"},
		"not a number":       {[]map[string]Tensor{{"logprobs": FloatTensor([]float32{-1, nan})}}, "row 0: logprobs: entry 1 is NaN"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := Output{Rows: c.rows}
			_, err := o.Output(one, rl.PPO)
			if err == nil || !strings.Contains(err.Error(), c.wants) || lab.CodeOf(err) != lab.Unavailable {
				t.Errorf("error is %v, want %q of code unavailable", err, c.wants)
			}
		})
	}
	o := Output{Rows: []map[string]Tensor{{"logprobs": FloatTensor([]float32{-1, -1})}}, Metrics: map[string]float64{"loss:sum": inf}}
	if _, err := o.Output(one, rl.PPO); err == nil || !strings.Contains(err.Error(), `"loss:sum" is +Inf`) {
		t.Errorf("error is %v", err)
	}
}
