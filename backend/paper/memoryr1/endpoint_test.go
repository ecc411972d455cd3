package memoryr1

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	scripted "github.com/loci-lab/loci/backend/llm/script"
)

// A scripted endpoint that adds whatever comes and answers with the first value of the best entry is, as a manager, the rule that adds all.
func TestOnAnEndpointBothRolesArePromptedAndNothingLearns(t *testing.T) {
	chat, err := scripted.New(
		scripted.Rule{System: "manage a memory", Match: `NEW (.*) =>`, Reply: "ADD $1."},
		scripted.Rule{System: "answer a question", Match: `\[1\] \w+ \w+ (?:also )?(\w+) ; ASK`, Reply: "SEL [1] ANS $1"},
		scripted.Rule{System: "answer a question", Reply: "ANS unknown"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(&scripted.Server{Chat: chat})
	t.Cleanup(web.Close)
	bench := lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 8}, nil
	}}
	brief := brief().With("test_conversations", 3)
	s := setup(t, tinier(), own(), brief)
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, 1, bench))
	rule := finish(t, begin(t, setup(t, tinier(), own().With("manager", AddAll), brief.With("answer_updates", 0)), 1, oneBase(t)))
	if got, want := r.Last(t, MetricEM), rule.Last(t, MetricEM); got != want || r.Last(t, share("new", Add)) != 1 {
		t.Errorf("em is %v, that of the rule %v", got, want)
	}
	if r.Last(t, MetricAnswer) == 0 || r.Last(t, MetricPrecision) == 0 || len(r.Series(MetricReward))+len(r.Series(MetricWarmLoss)) != 0 {
		t.Errorf("answers %v, precision %v, rewards %v, losses %v: answers are all wrong, or something was learned", r.Last(t, MetricAnswer), r.Last(t, MetricPrecision), r.Series(MetricReward), r.Series(MetricWarmLoss))
	}
}

// The exact request of each role, as a person would read it.
func TestThePromptsOfBothRolesAreRenderedAsTheyStand(t *testing.T) {
	prompts, err := llm.ReadPrompts(Prompts())
	if err != nil {
		t.Fatal(err)
	}
	shown := []line{{"4", "anna pets dog", 2, 2}, {"6", "ben city oslo", 0, 0}}
	for name, c := range map[string][2]string{
		managerRole: {managerPrompt(shown, "anna pets also cat"), "<manage> [2] ben city oslo ; [1] anna pets dog ; NEW anna pets also cat =>"},
		answerRole:  {answerPrompt(role(true), shown, "anna keeps what pets ?"), "<select> [2] ben city oslo ; [1] anna pets dog ; ASK anna keeps what pets ? =>"},
	} {
		messages, err := prompts[name].Render(map[string]string{llm.TextField: c[0]})
		if err != nil || len(messages) != 2 || strings.TrimSpace(messages[1].Text) != c[1] {
			t.Errorf("%s is asked %v, %v", name, messages, err)
		}
	}
	for _, op := range operations() {
		if !slices.Contains(strings.Fields(func() string {
			m, _ := prompts[managerRole].Render(map[string]string{llm.TextField: ""})
			return m[0].Text
		}()), op) {
			t.Errorf("the manager is not told of %s", op)
		}
	}
}
