package memalpha

import (
	"math"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	play "github.com/loci-lab/loci/backend/llm/script"
)

func TestOnAnEndpointNothingButTheWriterChanges(t *testing.T) {
	chat, err := play.New(play.Rule{Reply: "insert semantic anna lives in oslo ;"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&play.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 4}, nil
	}}
	s := setup(t, small(), tinier(), own(), brief())
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, 1, bench))
	// The same insert at each of three chunks: the first one is executed, the others are exact duplicates.
	if got := r.Last(t, MetricExecuted); math.Abs(got-1.0/3) > 1e-9 {
		t.Errorf("%v of the calls are executed, want a third", got)
	}
	if got := r.Last(t, MetricTestMemory); got != 4 {
		t.Errorf("the memory has %v words, want 4", got)
	}
	if len(r.Series(MetricReward)) != 0 || len(r.Series(MetricWarmLoss)) != 0 || len(r.Series(MetricTest)) != 1 {
		t.Error("something was trained, or not tested once")
	}
}

// The text that the tiny writer gets stands in the user's message as it is.
func TestThePromptOfTheWriterIsRenderedAsItStands(t *testing.T) {
	all, err := llm.ReadPrompts(Prompts())
	if err != nil {
		t.Fatal(err)
	}
	s := few()
	said(t, s, "insert semantic anna lives in oslo ; update core anna talks about art ;")
	messages, err := all[writerRole].Render(map[string]string{"text": s.prompt("ben drives fiat .")})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if want := "core anna talks about art semantic s1 anna lives in oslo episodic new ben drives fiat ."; strings.TrimSpace(messages[1].Text) != want {
		t.Errorf("the user says %q, want %q", messages[1].Text, want)
	}
	for _, c := range []string{"insert semantic WORDS ;", "update core WORDS ;", "delete episodic e1 ;"} {
		if !strings.Contains(messages[0].Text, c) {
			t.Errorf("the system does not say %q", c)
		}
	}
}
