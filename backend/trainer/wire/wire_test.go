package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestAMessageMustHaveItsRequiredFieldsAndMayHaveOthers(t *testing.T) {
	cases := map[string]struct {
		body  string
		wants string // part of the error, empty for none
	}{
		"everything there":          {`{"session_id":"s","model_seq_id":0,"base_model":"b","lora_config":{"rank":8}}`, ""},
		"an unknown field":          {`{"session_id":"s","model_seq_id":0,"base_model":"b","color":{"a":[1]}}`, ""},
		"a number of zero left out": {`{"session_id":"s","base_model":"b"}`, `lacks "model_seq_id"`},
		"null counts as missing":    {`{"session_id":"s","model_seq_id":null,"base_model":"b"}`, `lacks "model_seq_id"`},
		"a field further down":      {`{"session_id":"s","model_seq_id":1,"base_model":"b","lora_config":{}}`, `lora_config lacks "rank"`},
		"an optional part is null":  {`{"session_id":"s","model_seq_id":1,"base_model":"b","lora_config":null}`, ""},
		"a wrong type":              {`{"session_id":7,"model_seq_id":1,"base_model":"b"}`, "session_id"},
		"another case":              {`{"session_id":"s","model_seq_id":1,"base_model":"b","Base_Model":null}`, `has "Base_Model", want "base_model"`},
		"no JSON":                   {`hello`, "no valid message"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Decode[CreateModelRequest]([]byte(c.body))
			if c.wants == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.wants) || lab.CodeOf(err) != lab.Invalid {
				t.Fatalf("error is %v, want %q of code invalid", err, c.wants)
			}
		})
	}
}

func TestRequiredFieldsAreFoundInListsAndInMessagesThatReadThemselves(t *testing.T) {
	if _, err := Decode[CapabilitiesReply]([]byte(`{"supported_models":[{"model_name":"a"},{}]}`)); err == nil ||
		!strings.Contains(err.Error(), `supported_models lacks "model_name"`) {
		t.Errorf("error is %v", err)
	}
	_, err := Decode[TrainRequest]([]byte(`{"model_id":"m","forward_input":{"loss_fn":"ppo","data":[{"model_input":{"chunks":[]}}]}}`))
	if err == nil || err.Error() != `protocol: forward_input.data lacks "loss_fn_inputs"` {
		t.Errorf("error is %v", err)
	}
}

func TestARequestIDIsTextOrANumber(t *testing.T) {
	for body, want := range map[string]RequestID{`{"request_id":"17"}`: "17", `{"request_id":17}`: "17", `{"request_id":"a:b"}`: "a:b"} {
		got, err := Decode[Queued]([]byte(body))
		if err != nil || got.RequestID != want {
			t.Errorf("%s gives %q, %v", body, got.RequestID, err)
		}
	}
}

func TestTheDetailOfAnErrorMayBeAnything(t *testing.T) {
	for body, want := range map[string]string{`{"detail":"no"}`: "no", `{"detail":[{"loc":1}]}`: `[{"loc":1}]`} {
		var got ErrorBody
		if err := json.Unmarshal([]byte(body), &got); err != nil || string(got.Detail) != want {
			t.Errorf("%s gives %q, %v", body, got.Detail, err)
		}
	}
}

func TestEncodeRefusesWhatJSONCannotHold(t *testing.T) {
	if _, err := Encode(Output{Metrics: map[string]float64{"loss:sum": inf}}); lab.CodeOf(err) != lab.Invalid || err == nil {
		t.Errorf("error is %v, want one of code invalid", err)
	}
}
