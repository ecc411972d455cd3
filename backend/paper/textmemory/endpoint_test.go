package textmemory

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
)

// endpoints is a bench with the small conversations and an endpoint that answers by rules.
func endpoints(t *testing.T, rules ...script.Rule) (lab.Bench, *script.Server) {
	t.Helper()
	chat, err := script.New(rules...)
	if err != nil {
		t.Fatal(err)
	}
	s := &script.Server{Chat: chat}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	dir, bench := t.TempDir(), talking(t, talks)
	bench.Endpoint = func(name string) (lab.Endpoint, error) {
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Embedding: "e", Parallel: 1, Cache: dir}, nil
	}
	return bench, s
}

// answers are rules that answer the questions of the small conversations, one of them wrongly, out of lines that are in the prompt.
func answers() []script.Rule {
	return []script.Rule{
		{Match: `(?s)I planted tomatoes.*What did Ada plant`, Reply: " Tomatoes\n"},
		{Match: `(?s)canoe is green.*Which colour`, Reply: "The red"},
		{Match: `Who barks`, Reply: "Pip"},
		{Reply: "not mentioned"},
	}
}

func TestAModelBehindAnEndpointAnswersOutOfWhatIsRecalled(t *testing.T) {
	bench, server := endpoints(t, answers()...)
	s := setup(t, conversations(), given{"kind": Reader, "kept": 2}, given{"kind": "bm25"})
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, 1, bench))
	// Four questions: tomatoes and Pip are right, the colour and the open-domain question are not.
	for name, want := range map[string]float64{MetricExact: 0.5, MetricF1: 0.5, MetricExact + "_single_hop": 1, MetricF1 + "_multi_hop": 0} {
		if got := r.Last(t, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if r.Last(t, MetricPrompt) <= 0 || r.Last(t, MetricReply) <= 0 {
		t.Error("no tokens were counted")
	}
	asked := len(server.Asked())
	if asked != 4 {
		t.Errorf("%d requests, want one for each question", asked)
	}
	again := finish(t, begin(t, s, 1, bench))
	if again.Text(t) != r.Text(t) || len(server.Asked()) != asked {
		t.Errorf("a second run differs, or asks %d times more", len(server.Asked())-asked)
	}
}

func TestAnEndpointThatFailsStopsTheRunWhereItCanGoOn(t *testing.T) {
	undisturbed, _ := endpoints(t, answers()...)
	s := setup(t, conversations(), given{"kind": Reader, "kept": 2}, given{"kind": "bm25"})
	s.Model = "endpoint near"
	want := finish(t, begin(t, s, 1, undisturbed)).Text(t)
	bench, server := endpoints(t, answers()...)
	m, all := begin(t, s, 1, bench), &record{}
	if !all.Advance(t, m) {
		t.Fatal("there is one episode only")
	}
	var kept bytes.Buffer
	if err := m.Snapshot(&kept); err != nil {
		t.Fatal(err)
	}
	server.Fail(script.Fault{Status: 401})
	before := len(all.Events)
	if _, err := m.Advance(t.Context(), all); err == nil || strings.Contains(err.Error(), "wrong answer") {
		t.Fatalf("a failing endpoint gives %v", err)
	}
	for _, ev := range all.Events[before:] {
		if _, ok := ev.(lab.Episode); ok {
			t.Error("the episode was scored all the same")
		}
	}
	all.Events = all.Events[:before]
	again := begin(t, s, 1, bench)
	if err := again.Restore(&kept); err != nil {
		t.Fatal(err)
	}
	for all.Advance(t, again) {
	}
	if all.Text(t) != want {
		t.Error("the run that went on differs from the undisturbed one")
	}
}

func TestMemoriesCompareByTheEmbeddingsOfAnEndpoint(t *testing.T) {
	bench, _ := endpoints(t)
	s := setup(t, conversations(), given{"kind": Retrieval, "embedder": "endpoint", "kept": 2}, given{"kind": "embedding"})
	s.Model = "endpoint near"
	r := finish(t, begin(t, s, 1, bench))
	for _, ev := range r.Events {
		if op, ok := ev.(lab.Memory); ok && op.Op == lab.OpWrite {
			if len(op.After.Vector) != 32 {
				t.Fatalf("a vector has %d numbers, want the endpoint's 32", len(op.After.Vector))
			}
			return
		}
	}
	t.Error("nothing was written")
}

func TestEveryPromptIsReadAndNamesItsFields(t *testing.T) {
	for _, f := range families() {
		text, err := promptFiles.ReadFile("prompts/" + f.prompt + ".md")
		if err != nil {
			t.Fatal(err)
		}
		p, err := llm.ParsePrompt(f.prompt, text)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]string{"memory": "MEMORY-LINE", "told": "WHAT-IS-TOLD"}
		if p.Takes("words") {
			values["words"] = "ALL-WORDS"
		}
		messages, err := p.Render(values)
		if err != nil || len(messages) != 2 {
			t.Fatalf("%s: %v, %v", f.prompt, messages, err)
		}
		all := messages[0].Text + messages[1].Text
		for _, v := range values {
			if !strings.Contains(all, v) {
				t.Errorf("%s does not show %s", f.prompt, v)
			}
		}
	}
}
