package memorygraft

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/script"
)

func TestOnAnEndpointNothingButTheActorChanges(t *testing.T) {
	chat, err := script.New(script.Rule{Reply: "check;"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&script.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 4}, nil
	}}
	s := setup(t, brief().with("rl", "earned", 0))
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, bench))
	steps, grafted := 0, 0
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Step:
			steps++
			if !strings.HasPrefix(ev.Action, "check") {
				t.Errorf("the endpoint said check, the step has %q", ev.Action)
			}
		case lab.Memory:
			grafted += count1(ev.Op == lab.OpWrite)
		}
	}
	if c := r.Curves(); steps == 0 || grafted != 6 || len(c[MetricSuccess]) != 4 || c[MetricSuccess][1] != 0 || len(c[MetricWarmLoss]) != 0 {
		t.Errorf("%d steps, %d records written, metrics %v", steps, grafted, c)
	}
}

// The system prompt and the text that the tiny actor gets stand in one request.
func TestThePromptOfTheActorIsRenderedAsItStands(t *testing.T) {
	p, err := actorPrompt()
	if err != nil {
		t.Fatal(err)
	}
	messages, err := p.Render(map[string]string{"text": prompt([]string{safeText}, "audit review of coral", []string{"load coral"})})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if want := safeText + "\naudit review of coral : load coral ;"; strings.TrimSpace(messages[1].Text) != want {
		t.Errorf("the user says %q, want %q", messages[1].Text, want)
	}
	if !strings.Contains(messages[0].Text, "exactly one call") {
		t.Errorf("the system says %q", messages[0].Text)
	}
}
