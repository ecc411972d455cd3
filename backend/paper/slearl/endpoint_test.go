package slearl

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/script"
	"github.com/loci-lab/loci/backend/papertest"
)

// On an endpoint no weight changes: the same model acts before and after, and the library alone grows by what came of its actions.
func TestOnAnEndpointTheLibraryAloneLearns(t *testing.T) {
	papertest.Whole(t)
	chat, err := script.New( // fetch what the task is about, bring it to the washer, and use that, whatever the task is
		script.Rule{Match: `hold nothing\n\w+ (\w+) lies on \w+\nnothing happens`, Reply: "take $1"},
		script.Rule{Match: `hold nothing\n\w+ \w+ lies on (\w+)`, Reply: "go $1"},
		script.Rule{Match: `at washer`, Reply: "use washer"},
		script.Rule{Reply: "go washer"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&script.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 4}, nil
	}}
	s := setup(t, small(), tinier(), shelved(), brief())
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, 1, bench))
	if r.Last(t, MetricMemory) < 1 || len(r.Series(MetricWarmLoss)) != 0 || len(r.Series(MetricParameters)) != 0 {
		t.Error("the library is empty, or something was trained")
	}
	used := 0
	for _, ev := range r.Events {
		if step, ok := ev.(lab.Step); ok && strings.HasPrefix(step.Action, "use washer") {
			used++
		}
	}
	if used == 0 || len(chat.Asked()) == 0 {
		t.Error("what the model says is not what is done")
	}
}
