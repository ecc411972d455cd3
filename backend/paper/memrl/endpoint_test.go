package memrl

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/script"
)

func TestOnAnEndpointNothingButTheReaderChanges(t *testing.T) {
	chat, err := script.New(script.Rule{Reply: "Go rug!"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&script.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 4}, nil
	}}
	s := setup(t, brief().with("rl", "epochs", 2))
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, bench))
	steps, reads := 0, 0
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Step:
			steps++
			if !strings.HasPrefix(ev.Action, "go rug") {
				t.Errorf("the endpoint said go rug, the step has %q", ev.Action)
			}
		case lab.Memory:
			if ev.Op == lab.OpRead {
				reads++
			}
		}
	}
	if c := r.Curves(); steps == 0 || reads != 16 || len(c[MetricSuccess]) != 2 || c[MetricSuccess][1] != 0 || len(c[MetricWarmLoss]) != 0 {
		t.Errorf("%d steps, %d readings, metrics %v", steps, reads, c)
	}
}

// The system prompt and the text that the tiny reader gets stand in one request.
func TestThePromptOfTheReaderIsRenderedAsItStands(t *testing.T) {
	p, err := readerPrompt()
	if err != nil {
		t.Fatal(err)
	}
	messages, err := p.Render(map[string]string{"text": prompt([]string{"store clay mug : put mug in box ; success"}, "task store clay mug\nat door in attic")})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if want := "store clay mug : put mug in box ; success\ntask store clay mug\nat door in attic"; strings.TrimSpace(messages[1].Text) != want {
		t.Errorf("the user says %q, want %q", messages[1].Text, want)
	}
	if !strings.Contains(messages[0].Text, "exactly one action") {
		t.Errorf("the system says %q", messages[0].Text)
	}
}
