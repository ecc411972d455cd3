package mem1

import (
	"net/http/httptest"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/script"
	"github.com/loci-lab/loci/backend/papertest"
)

// On an endpoint nothing is trained: whoever stands behind it fills in the template. This one searches for the first question and answers it.
func TestOnAnEndpointTheTemplateAloneIsUsed(t *testing.T) {
	papertest.Whole(t)
	chat, err := script.New(
		script.Rule{Match: `found \w+ \w+ is (\w+)`, Reply: "ans #1 $1"},
		script.Rule{Match: `ask (#\d+) (\w+) (\w+)`, Reply: "state $1 find $2 $3"},
		script.Rule{Reply: "state"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&script.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 4}, nil
	}}
	s := setup(t, small(), tinier(), brief())
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, 1, bench))
	if len(r.Series(MetricWarmLoss)) != 0 || len(r.Series(MetricGap)) != 0 || len(r.Series(MetricTest)) != 3 {
		t.Error("something was trained, or nothing tested")
	}
	if turns := r.Last(t, MetricTurns); turns != 2 || len(chat.Asked()) == 0 {
		t.Errorf("%v turns an episode, want a search and an answer", turns)
	}
}
