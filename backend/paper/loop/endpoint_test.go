package loop

import (
	"net/http/httptest"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/script"
)

// On an endpoint nothing is trained: its model plays the tests as it is.
func TestOnAnEndpointAModelPlaysAsItIs(t *testing.T) {
	chat, err := script.New(
		script.Rule{Match: `doc show via note`, Reply: "DONE"},
		script.Rule{Reply: "DOC show"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&script.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 4}, nil
	}}
	s := setup(t, tinier(), brief().With("turns", 4))
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, 1, bench))
	if len(r.Series(MetricWarmLoss)) != 0 || len(r.Series(MetricTrain)) != 0 || len(r.Series(MetricParameters)) != 0 {
		t.Error("something was trained")
	}
	looked := 0
	for _, ev := range r.Events {
		if step, ok := ev.(lab.Step); ok && step.Action == "DOC show <end>" {
			looked++
		}
	}
	if looked == 0 || r.Last(t, MetricTestDocs) == 0 || len(chat.Asked()) == 0 {
		t.Error("what the model says is not what is done")
	}
}
