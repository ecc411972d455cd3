package connect

import (
	"bytes"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
	"github.com/loci-lab/loci/backend/trainer/local"
)

const asks = "---\nreader: the agent\nfields:\n  text: all that it knows\n---\n## user\n{{text}}\n"

func ask(t *testing.T) *llm.Prompt {
	t.Helper()
	p, err := llm.ParsePrompt("ask", []byte(asks))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// endpoints is a bench with one endpoint, which answers "b a" to all.
func endpoints(t *testing.T) (lab.Bench, *script.Server) {
	t.Helper()
	chat, err := script.New(script.Rule{Reply: "B, a!"})
	if err != nil {
		t.Fatal(err)
	}
	s := &script.Server{Chat: chat}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	dir := t.TempDir()
	return lab.Bench{Endpoint: func(name string) (lab.Endpoint, error) {
		if name != "near" {
			return lab.Endpoint{}, lab.Errorf(lab.NotFound, "there is no target %q, only %q", name, []string{"near"}).WithHint("add it")
		}
		return lab.Endpoint{Name: name, URL: web.URL + "/v1", Model: "m", Parallel: 2, Cache: dir}, nil
	}}, s
}

func sample(t *testing.T, s llm.Sampler) llm.Sequence {
	t.Helper()
	replies, err := s.Sample(t.Context(), []llm.Request{{Prompt: []int32{3}, N: 1, Sampling: llm.Sampling{MaxTokens: 4}}})
	if err != nil {
		t.Fatal(err)
	}
	return replies[0].Sequences[0]
}

func TestAnEndpointAnswersInTheWordsOfTheSpecWithoutAWarmStart(t *testing.T) {
	bench, server := endpoints(t)
	m := open(t, "endpoint near", bench)
	if !m.Frozen() || m.Warm != nil || m.Train != nil || m.Tokenizer().Size() != 5 {
		t.Fatalf("%+v", m)
	}
	advance(t, m, 1, 4)
	advance(t, m, 4, 4)
	s, err := m.Sampler(t.Context(), ask(t))
	if err != nil {
		t.Fatal(err)
	}
	if q := sample(t, s); !reflect.DeepEqual(q.Tokens, []int32{4, 3, 0}) || s.Context() != 16 {
		t.Errorf("%+v of a context of %d", q, s.Context())
	}
	if got := string(server.Asked()[0].Body); !strings.Contains(got, `"content":"a"`) {
		t.Errorf("asked %s", got)
	}
	client, err := m.Chat()
	if err != nil || client.Counts().Requests != 1 {
		t.Errorf("%v, %v", client.Counts(), err)
	}
	if again, _ := m.Chat(); again != client {
		t.Error("a second client was made, with caps of its own")
	}
	if _, _, err := m.Supervise(t.Context(), 0, 1, 0.1, 1); lab.CodeOf(err) != lab.Invalid {
		t.Error(err)
	}
}

func TestAModelOnAnEndpointIsKeptAndRestored(t *testing.T) {
	bench, server := endpoints(t)
	m := open(t, "endpoint near", bench)
	before := snapshot(t, m)
	advance(t, m, 1, 1)
	s, err := m.Sampler(t.Context(), ask(t))
	if err != nil {
		t.Fatal(err)
	}
	want := sample(t, s)
	if !bytes.Equal(snapshot(t, m), before) {
		t.Error("the state depends on what was asked, which may come out of the cache")
	}
	again := open(t, "endpoint near", bench)
	if err := again.Restore(bytes.NewReader(before)); err != nil {
		t.Fatal(err)
	}
	if s, err = again.Sampler(t.Context(), ask(t)); err != nil {
		t.Fatal(err)
	}
	if got := sample(t, s); !reflect.DeepEqual(got.Tokens, want.Tokens) || len(server.Asked()) != 1 {
		t.Errorf("%+v, behind %d requests", got, len(server.Asked()))
	}
	advance(t, again, 1, 1)
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestAStateOfATrainedModelIsNotTakenByAnEndpoint(t *testing.T) {
	m := open(t, Tiny, lab.Bench{})
	advance(t, m, 1, 1)
	bench, _ := endpoints(t)
	if err := open(t, "endpoint near", bench).Restore(bytes.NewReader(snapshot(t, m))); err == nil || lab.CodeOf(err) != lab.Invalid {
		t.Error(err)
	}
}

func TestTheTrainersSamplerIsGivenOnTheOtherRungs(t *testing.T) {
	m := open(t, Tiny, lab.Bench{})
	if m.Frozen() || m.WantsTraining("x") != nil {
		t.Error("a tiny model is frozen")
	}
	if _, err := m.Sampler(t.Context(), nil); lab.CodeOf(err) != lab.Invalid {
		t.Error(err)
	}
	if _, err := m.Chat(); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "endpoint NAME") {
		t.Error(err)
	}
	advance(t, m, 1, 1)
	s, err := m.Sampler(t.Context(), ask(t))
	if err != nil {
		t.Fatal(err)
	}
	if q := sample(t, s); len(q.Tokens) == 0 || q.Logprobs[0] >= 0 {
		t.Errorf("%+v", q)
	}
}

func TestAnEndpointThatIsNotSetUpIsSaidBeforeAnythingIsAsked(t *testing.T) {
	bench, _ := endpoints(t)
	for _, c := range []struct {
		rung  string
		bench lab.Bench
		code  lab.Code
		words string
	}{
		{"endpoint near", lab.Bench{}, lab.Invalid, `"near"`}, {"endpoint far", bench, lab.NotFound, `"far", only ["near"]`},
	} {
		m := open(t, c.rung, c.bench)
		if err := m.Advance(t.Context(), 1, 1); lab.CodeOf(err) != c.code || lab.HintOf(err) == "" || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", c.rung, err)
		}
		if _, err := m.Sampler(t.Context(), ask(t)); lab.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.rung, err)
		}
	}
	m := open(t, "endpoint near", bench)
	if err := m.WantsTraining("delethink"); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "delethink trains the weights") || lab.HintOf(err) == "" {
		t.Error(err)
	}
	s, source := spec(t)
	s.Words = nil
	if _, err := New(core(t), "endpoint near", bench, s, source, local.Options{}); lab.CodeOf(err) != lab.Invalid {
		t.Error(err)
	}
}
