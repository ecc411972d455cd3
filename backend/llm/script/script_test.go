package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

func chat(t *testing.T, rules ...Rule) *Chat {
	t.Helper()
	c, err := New(rules...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asks(messages ...string) llm.ChatRequest {
	r := llm.ChatRequest{MaxTokens: 9}
	for i := 0; i+1 < len(messages); i += 2 {
		r.Messages = append(r.Messages, llm.Message{Role: messages[i], Text: messages[i+1]})
	}
	return r
}

func TestTheFirstRuleThatMatchesAnswers(t *testing.T) {
	c := chat(t,
		Rule{Match: "^once$", Reply: "the first time", Times: 1},
		Rule{System: "judge", Match: `(?P<who>\w+) is (\w+)`, Reply: "${who} may be $2, for $$1"},
		Rule{Match: "tool", Calls: []llm.ToolCall{{ID: "1", Name: "f", Arguments: "{}"}}},
		Rule{Match: "seed", Answer: func(r llm.ChatRequest) (string, error) { return strings.Repeat("x", int(r.Seed)), nil }},
		Rule{Reply: "what?"},
	)
	seeded := asks(llm.User, "seed")
	seeded.Seed = 3
	for _, s := range []struct {
		r    llm.ChatRequest
		want string
	}{
		{asks(llm.User, "once"), "the first time"}, {asks(llm.User, "once"), "what?"},
		{asks(llm.System, "you judge", llm.User, "ann is tall"), "ann may be tall, for $1"}, {asks(llm.User, "ann is tall"), "what?"},
		{asks(llm.User, "ann is tall", llm.Assistant, "hm", llm.User, "so?"), "what?"}, {asks(llm.User, "tool"), ""}, {seeded, "xxx"},
	} {
		reply, err := c.Chat(t.Context(), s.r)
		if err != nil || reply.Text != s.want || (len(reply.Calls) == 1) != (s.want == "") {
			t.Errorf("%v gives %+v, %v, want %q", s.r.Messages, reply, err, s.want)
		}
	}
	if asked := c.Asked(); len(asked) != 7 || !reflect.DeepEqual(asked[6], seeded) {
		t.Errorf("%d requests are noted", len(asked))
	}
}

func TestAScriptSaysWhatItDoesNotKnow(t *testing.T) {
	c := chat(t, Rule{Match: "a"})
	if _, err := c.Chat(t.Context(), asks(llm.User, strings.Repeat("é", 300)+"xyz")); lab.CodeOf(err) != lab.NotFound || !strings.Contains(err.Error(), "xyz") || lab.HintOf(err) == "" {
		t.Error(err)
	}
	if _, err := c.Chat(t.Context(), llm.ChatRequest{}); lab.CodeOf(err) != lab.Invalid {
		t.Error(err)
	}
	for _, r := range []Rule{{Match: "("}, {System: "["}} {
		if _, err := New(r); lab.CodeOf(err) != lab.Invalid {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Chat(ctx, asks(llm.User, "a")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAScriptMayBeAskedBySeveral(t *testing.T) {
	c := chat(t, Rule{Reply: "one", Times: 5}, Rule{Reply: "more"})
	var mu sync.Mutex
	got := map[string]int{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			reply, err := c.Chat(t.Context(), asks(llm.User, "x"))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got[reply.Text]++
		})
	}
	wg.Wait()
	if got["one"] != 5 || got["more"] != 15 {
		t.Errorf("%v", got)
	}
}

// send posts a body, or gets where it is "".
func send(t *testing.T, url, body string) (int, string, string) {
	t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(text)
}

func TestTheServerSpeaksTheInterface(t *testing.T) {
	s := &Server{Chat: chat(t, Rule{Match: "fail", Answer: func(llm.ChatRequest) (string, error) { return "", errors.New("out of order") }}, Rule{Match: "hi", Reply: "good day"}), Models: []string{"m"}, Width: 4}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	ask := func(more string) string {
		return `{"model":"m","messages":[{"role":"user","content":"hi"}]` + more + `}`
	}
	for _, c := range []struct {
		name, path, body string
		status           int
		kind, words      string
	}{
		{"a list", "/v1/models", "", 200, "application/json", `"id":"m"`},
		{"an answer", "/v1/chat/completions", ask(""), 200, "application/json", `{"content":"good day","role":"assistant"}`},
		{"a stream", "/v1/chat/completions", ask(`,"stream":true`), 200, "text/event-stream", `{"content":"good "}`},
		{"no usage unasked", "/v1/chat/completions", ask(`,"stream":true`), 200, "text/event-stream", "\"finish_reason\":\"stop\",\"index\":0}],\"created\":0,\"id\":\"chat-1\",\"model\":\"m\",\"object\":\"chat.completion.chunk\"}\n\ndata: [DONE]\n\n"},
		{"usage", "/v1/chat/completions", ask(`,"stream":true,"stream_options":{"include_usage":true}`), 200, "text/event-stream", `"usage":{"completion_tokens":2,"prompt_tokens":1,"total_tokens":3}}`},
		{"vectors", "/v1/embeddings", `{"model":"m","input":["a","b"]}`, 200, "application/json", `"index":1`},
		{"one vector", "/v1/embeddings", `{"model":"m","input":"a"}`, 200, "application/json", `"index":0`},
		{"no text", "/v1/embeddings", `{"model":"m","input":3}`, 400, "application/json", "no text"},
		{"another model", "/v1/chat/completions", `{"model":"x"}`, 404, "application/json", "does not exist"},
		{"no JSON", "/v1/chat/completions", `{`, 400, "application/json", "no chat in JSON"},
		{"a question unknown", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"who?"}]}`, 400, "application/json", "none of 2 rules"},
		{"a script that fails", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"fail"}]}`, 500, "application/json", "out of order"},
		{"another address", "/v1/completions", `{}`, 404, "application/json", "no such address"},
	} {
		status, kind, text := send(t, web.URL+c.path, c.body)
		if status != c.status || !strings.HasPrefix(kind, c.kind) || !strings.Contains(text, c.words) {
			t.Errorf("%s: %d, %s, %s", c.name, status, kind, text)
		}
	}
	if n := len(s.Asked()); n != 13 {
		t.Errorf("%d requests are noted", n)
	}
	s.Key = lab.NewSecret("k")
	if status, _, _ := send(t, web.URL+"/v1/models", ""); status != 401 {
		t.Errorf("without the key: %d", status)
	}
}

func TestTheServerHandsTheWholeRequestOn(t *testing.T) {
	c := chat(t, Rule{})
	web := httptest.NewServer(&Server{Chat: c})
	t.Cleanup(web.Close)
	send(t, web.URL+"/v1/chat/completions", `{"model":"m","seed":4,"temperature":0,"max_tokens":7,"stop":["."],"response_format":{"type":"json_object"},
		"messages":[{"role":"system","content":"s"},{"role":"assistant","content":"","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"r"}],
		"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}]}`)
	want := llm.ChatRequest{Messages: []llm.Message{{Role: llm.System, Text: "s"}, {Role: llm.Assistant, Calls: []llm.ToolCall{{ID: "1", Name: "f", Arguments: "{}"}}}, {Role: llm.Tool, Text: "r", Call: "1"}},
		Tools: []llm.ToolSpec{{Name: "f", Doc: "d", Parameters: json.RawMessage(`{"type":"object"}`)}}, MaxTokens: 7, Seed: 4, Stop: []string{"."}, JSON: true}
	if got := c.Asked()[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	send(t, web.URL+"/v1/chat/completions", `{"messages":[{"role":"user","content":"x"}],"max_completion_tokens":5}`)
	if got := c.Asked()[1]; got.Temperature != 1 || got.MaxTokens != 5 {
		t.Errorf("what is left out is %+v", got)
	}
}

func TestFaultsAreMetInTheirOrderOnce(t *testing.T) {
	s := &Server{Chat: chat(t, Rule{Reply: "ok"})}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.Fail(Fault{Status: 503, Header: map[string]string{"Retry-After": "1"}, Body: "later"}, Fault{Body: "{}"}, Fault{Finish: "length"})
	body := `{"messages":[{"role":"user","content":"x"}]}`
	for i, want := range []string{"later", "{}", `"finish_reason":"length"`, `"finish_reason":"stop"`} {
		if status, _, text := send(t, web.URL+"/v1/chat/completions", body); !strings.Contains(text, want) || (status == 503) != (i == 0) {
			t.Errorf("request %d gives %d, %s", i, status, text)
		}
	}
}
