package reasoningbank

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/script"
)

func TestOnAnEndpointNothingButTheActorChanges(t *testing.T) {
	chat, err := script.New(script.Rule{Reply: "Enter menu: click menu"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&script.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 4}, nil
	}}
	s := setup(t, brief().with("rl", "tasks", 6))
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, bench))
	steps, reads := 0, 0
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Step:
			steps++
			if !strings.HasPrefix(ev.Action, "enter menu : click menu") {
				t.Errorf("the endpoint said click menu, the step has %q", ev.Action)
			}
		case lab.Memory:
			if ev.Op == lab.OpRead {
				reads++
			}
		}
	}
	if c := r.Curves(); steps == 0 || reads != 6 || len(c[MetricSuccess]) != 1 || c[MetricSuccess][0] != 0 || len(c[MetricWarmLoss]) != 0 {
		t.Errorf("%d steps, %d readings, metrics %v", steps, reads, c)
	}
}

// The system prompt and the text that the tiny actor gets stand in one request.
func TestThePromptOfTheActorIsRenderedAsItStands(t *testing.T) {
	p, err := actorPrompt()
	if err != nil {
		t.Fatal(err)
	}
	messages, err := p.Render(map[string]string{"text": prompt([]string{"for buy : list filter"}, "goal buy red mug\nat home")})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if want := "for buy : list filter\ngoal buy red mug\nat home"; strings.TrimSpace(messages[1].Text) != want || !strings.Contains(messages[0].Text, "one action") {
		t.Errorf("the system says %q, the user %q, want %q", messages[0].Text, messages[1].Text, want)
	}
}
