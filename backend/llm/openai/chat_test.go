package openai

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
)

func TestAnAnswerComesWithItsTokensAndWhatItCost(t *testing.T) {
	s := scripted(t, echo())
	e := endpoint(t, s)
	e.Prices = [2]float64{2, 10} // dollars a million
	c, _ := open(t, e)
	reply := must(t, c, ask("good day"))
	// 2 words in, 4 words out: (2*2 + 4*10) / 1e6
	want := llm.ChatReply{Text: "you said good day", Usage: llm.ChatUsage{Prompt: 2, Reply: 4, Dollars: 44e-6}}
	if !reflect.DeepEqual(reply, want) {
		t.Errorf("%+v, want %+v", reply, want)
	}
	if got, want := c.Counts(), (Counts{Requests: 1, Prompt: 2, Reply: 4, Dollars: 44e-6}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestARequestSaysAllThatWasAsked(t *testing.T) {
	s := scripted(t, script.Rule{Reply: `{"a": 1}`})
	c, _ := open(t, endpoint(t, s))
	r := llm.ChatRequest{
		Messages: []llm.Message{
			{Role: llm.System, Text: "be brief"},
			{Role: llm.User, Text: "what time is it?"},
			{Role: llm.Assistant, Calls: []llm.ToolCall{{ID: "c1", Name: "clock", Arguments: `{}`}}},
			{Role: llm.Tool, Call: "c1"},
		},
		Tools:     []llm.ToolSpec{{Name: "clock", Doc: "tells the time", Parameters: map[string]any{"type": "object"}}},
		MaxTokens: 9, Temperature: 0, Seed: 5, Stop: []string{"\n"}, JSON: true,
	}
	must(t, c, r)
	a := s.Asked()[0]
	if got := a.Header.Get("Authorization"); got != "Bearer "+key || a.Path != "/v1/chat/completions" {
		t.Errorf("%s with %q", a.Path, got)
	}
	want := map[string]any{
		"model": "small", "stream": true, "max_tokens": 9.0, "temperature": 0.0, "seed": 5.0, "stop": []any{"\n"},
		"stream_options": map[string]any{"include_usage": true}, "response_format": map[string]any{"type": "json_object"},
		"messages": []any{
			map[string]any{"role": "system", "content": "be brief"},
			map[string]any{"role": "user", "content": "what time is it?"},
			map[string]any{"role": "assistant", "content": "", "tool_calls": []any{map[string]any{"id": "c1", "type": "function", "function": map[string]any{"name": "clock", "arguments": "{}"}}}},
			map[string]any{"role": "tool", "content": "", "tool_call_id": "c1"},
		},
		"tools": []any{map[string]any{"type": "function", "function": map[string]any{"name": "clock", "description": "tells the time", "parameters": map[string]any{"type": "object"}}}},
	}
	if got := fields(t, a); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v\nwant %v", got, want)
	}
}

func TestTextComesPieceByPieceAndOutOfTheCacheAtOnce(t *testing.T) {
	e := endpoint(t, scripted(t, script.Rule{Reply: "one two three"}))
	e.Cache = t.TempDir()
	c, _ := open(t, e)
	var pieces []string
	r := ask("count")
	r.Stream = func(piece string) { pieces = append(pieces, piece) }
	if reply := must(t, c, r); reply.Text != "one two three" || reply.Cached || !reflect.DeepEqual(pieces, []string{"one ", "two ", "three"}) {
		t.Errorf("%+v in %q", reply, pieces)
	}
	pieces = nil
	if reply := must(t, c, r); reply.Text != "one two three" || !reply.Cached || !reflect.DeepEqual(pieces, []string{"one two three"}) {
		t.Errorf("%+v in %q", reply, pieces)
	}
}

func TestToolCallsAreJoinedFromTheirPieces(t *testing.T) {
	want := []llm.ToolCall{{ID: "c1", Name: "write", Arguments: `{"text": "the key is red"}`}, {ID: "c2", Name: "read", Arguments: `{}`}}
	for name, r := range map[string]script.Rule{"calls alone": {Calls: want}, "text before": {Reply: "I write it down", Calls: want}} {
		c, _ := open(t, endpoint(t, scripted(t, r)))
		q := ask("remember")
		q.JSON = true // calls need no text in JSON beside them
		if reply := must(t, c, q); !reflect.DeepEqual(reply.Calls, want) || reply.Text != r.Reply {
			t.Errorf("%s: %+v", name, reply)
		}
	}
}

func TestServersThatWriteTheInterfaceInTheirOwnWayAreUnderstood(t *testing.T) {
	chunk := func(delta, finish string) string {
		return fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}\n\n", delta, finish)
	}
	events := map[string]string{"Content-Type": "text/event-stream; charset=utf-8"}
	text := llm.ChatReply{Text: "yes it is"}
	for _, c := range []struct {
		name  string
		f     script.Fault
		bytes int // of text and thoughts
		want  llm.ChatReply
	}{
		{"an answer in one piece", script.Fault{Body: `{"choices":[{"message":{"content":"yes it is"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`}, 0,
			llm.ChatReply{Text: "yes it is", Usage: llm.ChatUsage{Prompt: 3, Reply: 4}}},
		{"a call in one piece without index", script.Fault{Body: `{"choices":[{"message":{"content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`}, 0,
			llm.ChatReply{Calls: []llm.ToolCall{{ID: "a", Name: "f", Arguments: "{}"}, {ID: "b", Name: "g", Arguments: "{}"}}}},
		{"no [DONE] and no usage", script.Fault{Header: events, Body: chunk(`{"content":"yes it is"}`, "null") + chunk(`{}`, `"stop"`)}, 9, text},
		{"comments while it works", script.Fault{Header: events, Body: ": working\n\n: working\n\n" + chunk(`{"content":"yes it is"}`, `"stop"`) + "data: [DONE]\n\n"}, 9, text},
		{"thoughts before the answer", script.Fault{Header: events, Body: chunk(`{"content":"<think>is it? {}</think>\n\nyes it is"}`, `"stop"`)}, 34, text},
		{"thoughts in a field of their own", script.Fault{Header: events, Body: chunk(`{"reasoning_content":"hm","content":""}`, "null") + chunk(`{"content":"yes it is"}`, `"stop"`)}, 11, text},
		{"calls in pieces without index", script.Fault{Header: events, Body: chunk(`{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}`, "null") +
			chunk(`{"tool_calls":[{"function":{"arguments":"1}"}}]}`, "null") + chunk(`{"tool_calls":[{"id":"b","function":{"name":"f","arguments":"{}"}}]}`, `"tool_calls"`)}, 0,
			llm.ChatReply{Calls: []llm.ToolCall{{ID: "a", Name: "f", Arguments: `{"x":1}`}, {ID: "b", Name: "f", Arguments: "{}"}}}},
		{"an answer without a word", script.Fault{Header: events, Body: chunk(`{}`, `"stop"`)}, 0, llm.ChatReply{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scripted(t)
			s.Fail(c.f)
			client, _ := open(t, endpoint(t, s))
			reply := must(t, client, ask("is it?"))
			if c.want.Usage == (llm.ChatUsage{}) { // not told: 22 bytes (6 and 16 for the message) in, four to a token
				if want := (llm.ChatUsage{Prompt: 6, Reply: (c.bytes + 3) / 4}); reply.Usage != want || client.Counts().Estimated != 1 {
					t.Errorf("usage %+v, want %+v", reply.Usage, want)
				}
				reply.Usage = llm.ChatUsage{}
			}
			if !reflect.DeepEqual(reply, c.want) {
				t.Errorf("%+v, want %+v", reply, c.want)
			}
		})
	}
}

func TestJSONIsTakenOutOfItsFence(t *testing.T) {
	for said, want := range map[string]string{
		`{"a":1}`: `{"a":1}`, "```json\n{\"a\":1}\n```": `{"a":1}`, "```\n[1]\n```\n": `[1]`, " 3 ": "3", "<think>so</think>{}": "{}",
	} {
		c, _ := open(t, endpoint(t, scripted(t, script.Rule{Answer: func(llm.ChatRequest) (string, error) { return said, nil }})))
		r := ask("say")
		r.JSON = true
		if reply := must(t, c, r); reply.Text != want {
			t.Errorf("%q is taken for %q", said, reply.Text)
		}
	}
}

func TestWhatAServerCannotTakeIsLeftOutFromThenOn(t *testing.T) {
	refusal := func(text string) script.Fault {
		return script.Fault{Status: 400, Body: `{"error":{"message":"` + text + `"}}`}
	}
	s := scripted(t, script.Rule{Reply: "[]"})
	s.Fail(refusal("Unsupported parameter: 'max_tokens', use 'max_completion_tokens' instead."), refusal("Unrecognized argument: stream_options"),
		refusal("'response_format.type' must be 'json_schema'"), refusal("seed is not supported"))
	c, w := open(t, endpoint(t, s))
	r := ask("say")
	r.JSON = true
	must(t, c, r)
	must(t, c, ask("again"))
	asked := s.Asked()
	if len(asked) != 6 {
		t.Fatalf("%d requests, want 4 refused and 2 answered", len(asked))
	}
	for _, a := range asked[4:] {
		f := fields(t, a)
		for _, name := range []string{"max_tokens", "stream_options", "response_format", "seed"} {
			if f[name] != nil {
				t.Errorf("%s is sent again", name)
			}
		}
		if f["max_completion_tokens"] != 20.0 {
			t.Errorf("max_completion_tokens is %v", f["max_completion_tokens"])
		}
	}
	for _, d := range w.all {
		if d != 0 {
			t.Errorf("waited %v", d)
		}
	}
	s.Fail(refusal("seed is not supported")) // left out already: the refusal means something else
	if _, err := c.Chat(t.Context(), ask("third")); lab.CodeOf(err) != lab.Invalid {
		t.Error(err)
	}
}

func TestAServerThatCountsNothingAtAllIsEstimated(t *testing.T) {
	c, _ := open(t, endpoint(t, scripted(t, script.Rule{Reply: ""})))
	r := ask("")
	r.Messages[0].Text = ""
	if reply := must(t, c, r); reply.Usage.Prompt != 4 || c.Counts().Estimated != 1 {
		t.Errorf("%+v, %+v", reply.Usage, c.Counts())
	}
}
