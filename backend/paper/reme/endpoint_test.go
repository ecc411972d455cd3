package reme

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/script"
)

func TestOnAnEndpointNothingButTheActorChanges(t *testing.T) {
	chat, err := script.New(script.Rule{Reply: "CALL price lamp!"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&script.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 4}, nil
	}}
	s := setup(t, brief().with("rl", "tasks", 4).with("rl", "samples", 1).with("rl", "attempts", 1).with("world", "drift", 2))
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, bench))
	steps, reads := 0, 0
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Step:
			steps++
			if !strings.HasPrefix(ev.Action, "CALL price lamp") {
				t.Errorf("the endpoint said CALL price lamp, the step has %q", ev.Action)
			}
		case lab.Memory:
			if ev.Op == lab.OpRead {
				reads++
			}
		}
	}
	if c := r.Curves(); steps == 0 || reads != 4 || len(c[MetricSuccess]) != 1 || c[MetricSuccess][0] != 0 || len(c[MetricWarmLoss]) != 0 {
		t.Errorf("%d steps, %d readings, metrics %v", steps, reads, c)
	}
}

// The system prompt and the text that the tiny actor gets stand in one request.
func TestThePromptOfTheActorIsRenderedAsItStands(t *testing.T) {
	p, err := actorPrompt()
	if err != nil {
		t.Fatal(err)
	}
	messages, err := p.Render(map[string]string{"text": prompt([]string{"order price reply"}, "for lamp 14 order")})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if want := "order price reply\nfor lamp 14 order"; strings.TrimSpace(messages[1].Text) != want {
		t.Errorf("the user says %q, want %q", messages[1].Text, want)
	}
	if !strings.Contains(messages[0].Text, "exactly one action") {
		t.Errorf("the system says %q", messages[0].Text)
	}
}
