package wire

import (
	"encoding/hex"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

var inf = math.Inf(1)

func rows() []rl.Datum {
	return []rl.Datum{
		{Input: []int32{5, 6, 7}, Targets: []int32{6, 7, 8}, Weights: []float32{0, 1, -1.5}},
		{Input: []int32{5, 6}, Targets: []int32{6, 7}, Logprobs: []float32{0, -0.3}, Advantages: []float32{0, 0.1},
			Low: []float32{0.8, 0.8}, High: []float32{1.2, 1.2}, Values: []float32{1, 2}, Returns: []float32{3, 4}},
		{Input: []int32{1, 2}, Targets: []int32{3, 4, 5, 6, 7, 8}, K: 3, Weights: []float32{1, 2, 3, 4, 5, 6}},
	}
}

func TestARequestComesBackAsItWasSent(t *testing.T) {
	loss := rl.Loss{Name: rl.PPO, Config: map[string]float64{"clip_low_threshold": 0.8, "clip_high_threshold": 1.2}}
	for _, forwardOnly := range []bool{false, true} {
		sent := NewTrainRequest("s1:train:0", 4, rows(), loss, forwardOnly)
		body, err := Encode(sent)
		if err != nil {
			t.Fatal(err)
		}
		fromJSON, err := Decode[TrainRequest](body)
		if err != nil {
			t.Fatal(err)
		}
		fromProto, err := DecodeTrain(EncodeTrain(&sent))
		if err != nil {
			t.Fatal(err)
		}
		for form, got := range map[string]TrainRequest{"JSON": fromJSON, "protobuf": fromProto} {
			if !reflect.DeepEqual(got, sent) {
				t.Errorf("%s: got %+v, want %+v", form, got, sent)
			}
			data, gotLoss, err := got.Rows()
			if err != nil || !reflect.DeepEqual(data, rows()) || !reflect.DeepEqual(gotLoss, loss) {
				t.Errorf("%s: rows are %+v, %+v, %v", form, data, gotLoss, err)
			}
		}
	}
}

// By hand: field 1 (tag 0a), 1 byte, "m"; field 2 (10) the varint 2; field 3 (1a), the row: input (0a) > text (0a) > tokens (0a), 4
// bytes, 5 little-endian; inputs (12), an entry: key (0a) "weights", value (12): dense (0a) 4 bytes of the float 1 = 3f800000,
// dtype (18) 1, shape (22) of one number 1; field 4 (22) "dro"; field 5 (2a), the entry (0a) "b", (11) the double 0.5 =
// 3fe0000000000000; field 6 (30) 1; field 7 (3a), the entry "b" with the message (12) of field 1 (09), the same double.
const trainByHand = "0a016d" + "1002" +
	"1a22" + "0a08" + "0a06" + "0a04" + "05000000" +
	"1216" + "0a0777656967687473" + "120b" + "0a04" + "0000803f" + "1801" + "220101" +
	"220364726f" + "2a0c" + "0a0162" + "11000000000000e03f" + "3001" + "3a0e" + "0a0162" + "1209" + "09000000000000e03f"

func TestTheBytesOfARequestAreThoseWorkedByHand(t *testing.T) {
	r := TrainRequest{"m", 2, LossInput{[]Datum{{Tokens([]int32{5}), map[string]Tensor{"weights": FloatTensor([]float32{1})}}},
		"dro", map[string]float64{"b": 0.5}}, true}
	if got := hex.EncodeToString(EncodeTrain(&r)); got != trainByHand {
		t.Errorf("got  %s\nwant %s", got, trainByHand)
	}
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// The fixture was written by the protocol's own protobuf classes: two rows, the second with sparse targets and weights of 2 by 3.
func TestARequestOfAnotherWriterIsRead(t *testing.T) {
	r, err := DecodeTrain(fixture(t, "forward_backward.pb"))
	if err != nil {
		t.Fatal(err)
	}
	data, loss, err := r.Rows()
	if err != nil {
		t.Fatal(err)
	}
	want := []rl.Datum{
		{Input: []int32{5, 6, 7}, Targets: []int32{6, 7, 8}, Logprobs: []float32{0, -0.3, -1.1}, Advantages: []float32{0, 1.5, 1.5}},
		{Input: []int32{9, 300000}, Targets: []int32{4, 0, 5, 0, 6, 0}, K: 3, Weights: []float32{0.25, 0, -0.75, 0, 1, 0}},
	}
	if r.ModelID != "s1:train:0" || r.SeqID != 1 || r.ForwardOnly || !reflect.DeepEqual(data, want) {
		t.Errorf("got %q, %d, %v, %+v", r.ModelID, r.SeqID, r.ForwardOnly, data)
	}
	if !reflect.DeepEqual(loss, rl.Loss{Name: "ppo", Config: map[string]float64{"clip_low_threshold": 0.8, "clip_high_threshold": 1.2}}) {
		t.Errorf("loss is %+v", loss)
	}
	if again := EncodeTrain(&r); !reflect.DeepEqual(again, fixture(t, "forward_backward.pb")) {
		t.Errorf("we write other bytes: %x", again)
	}
}

func TestRowsThatDoNotFitAreRefusedByName(t *testing.T) {
	two := Tokens([]int32{1, 2})
	floats := func(v ...float32) Tensor { return FloatTensor(v) }
	cases := map[string]struct {
		datum Datum
		wants string
	}{
		"an image":          {Datum{ModelInput{[]Chunk{{Type: "image"}}}, nil}, `chunk of type "image"`},
		"no token":          {Datum{ModelInput{}, nil}, "no token"},
		"an unknown array":  {Datum{two, map[string]Tensor{"mask": floats(1, 1)}}, `has "mask", want some of`},
		"a short array":     {Datum{two, map[string]Tensor{"advantages": floats(1)}}, "advantages has 1 entries for 2 tokens, want 2"},
		"not a number":      {Datum{two, map[string]Tensor{"logprobs": floats(0, float32(math.NaN()))}}, "entry 1 is NaN"},
		"a negative target": {Datum{two, map[string]Tensor{"target_tokens": IntTensor([]int32{1, -1})}}, "entry 1 is -1"},
		"float targets":     {Datum{two, map[string]Tensor{"target_tokens": floats(1, 2)}}, "dtype is float32"},
		"too few targets":   {Datum{two, map[string]Tensor{"target_tokens": IntTensor([]int32{1})}}, "target_tokens has 1 entries"},
		"a broken shape": {Datum{two, map[string]Tensor{"weights": {DType: Float32, Floats: []float32{1, 2}, Shape: []int64{3}}}},
			"2 numbers and the shape [3]"},
		"a huge sparse one": {Datum{two, map[string]Tensor{"weights": {DType: Float32, Shape: []int64{1 << 30, 1 << 30}, Crow: []int64{0}}}},
			"sparse tensor has the shape"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := TrainRequest{ModelID: "m", Input: LossInput{Data: []Datum{c.datum}, LossFn: "ppo"}}
			_, _, err := r.Rows()
			if err == nil || !strings.Contains(err.Error(), c.wants) || !strings.HasPrefix(err.Error(), "protocol: row 0: ") {
				t.Fatalf("error is %v, want %q in row 0", err, c.wants)
			}
			if lab.CodeOf(err) != lab.Invalid {
				t.Errorf("code is %v", lab.CodeOf(err))
			}
		})
	}
}

func TestNumbersOfAStepHaveDefaultsAndRanges(t *testing.T) {
	got, err := Decode[OptimStepRequest]([]byte(`{"model_id":"m","seq_id":2,"adam_params":{"learning_rate":0.5,"grad_clip_norm":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	adam, err := got.Adam.Adam()
	if err != nil || adam != trainer.NewAdam(0.5) {
		t.Errorf("adam is %+v, %v", adam, err)
	}
	for name, p := range map[string]trainer.Adam{"beta1 is 1": {Beta1: 1}, "learning_rate is -1": {LearningRate: -1}, "eps is NaN": {Eps: math.NaN()}} {
		params := NewAdamParams(p)
		if _, err := params.Adam(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error is %v, want %q", err, name)
		}
	}
}

func TestATextInTheConfigurationOfALossIsRefused(t *testing.T) {
	entry := appendEntry(nil, 7, "k", appendBytes(nil, 2, appendText(nil, 2, "v")))
	_, err := DecodeTrain(append(appendText(appendText(nil, 1, "m"), 4, "ppo"), entry...))
	if err == nil || !strings.Contains(err.Error(), `the text "v" for "k"`) {
		t.Errorf("error is %v", err)
	}
}
