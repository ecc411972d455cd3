package script

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// asking is a request for a chat.
type asking struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
		Call    string `json:"tool_call_id"`
		Calls   []call `json:"tool_calls"`
	} `json:"messages"`
	Tools []struct {
		Function struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Parameters  json.RawMessage `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	MaxTokens   int      `json:"max_tokens"`
	MaxAnswer   int      `json:"max_completion_tokens"`
	Temperature *float64 `json:"temperature"` // the interface says 1 where it is left out
	Seed        uint64   `json:"seed"`
	Stop        []string `json:"stop"`
	Stream      bool     `json:"stream"`
	Options     struct {
		Usage bool `json:"include_usage"`
	} `json:"stream_options"`
	Format struct {
		Type string `json:"type"`
	} `json:"response_format"`
}

// call is a tool call; Index stands in streams alone.
type call struct {
	Index    *int   `json:"index,omitempty"`
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function struct {
		Name      string `json:"name,omitempty"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

func (a *asking) request() llm.ChatRequest {
	r := llm.ChatRequest{MaxTokens: max(a.MaxTokens, a.MaxAnswer), Temperature: 1, Seed: a.Seed, Stop: a.Stop, JSON: a.Format.Type == "json_object"}
	if a.Temperature != nil {
		r.Temperature = *a.Temperature
	}
	for _, m := range a.Messages {
		message := llm.Message{Role: m.Role, Text: m.Content, Call: m.Call}
		for _, c := range m.Calls {
			message.Calls = append(message.Calls, llm.ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: c.Function.Arguments})
		}
		r.Messages = append(r.Messages, message)
	}
	for _, t := range a.Tools {
		r.Tools = append(r.Tools, llm.ToolSpec{Name: t.Function.Name, Doc: t.Function.Description, Parameters: t.Function.Parameters})
	}
	return r
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request, text []byte, f Fault) {
	var a asking
	if err := json.Unmarshal(text, &a); err != nil {
		refuse(w, http.StatusBadRequest, "the request is no chat in JSON: "+err.Error())
		return
	}
	if !s.known(w, a.Model) {
		return
	}
	reply, err := s.Chat.Chat(r.Context(), a.request())
	switch code := lab.CodeOf(err); {
	case err != nil && (code == lab.NotFound || code == lab.Invalid):
		refuse(w, http.StatusBadRequest, err.Error())
	case err != nil:
		refuse(w, http.StatusInternalServerError, err.Error())
	case a.Stream:
		stream(w, &a, reply, f)
	default:
		whole(w, &a, reply, f)
	}
}

// finish is why an answer ended.
func (f Fault) finish(reply llm.ChatReply) string {
	switch {
	case f.Finish != "":
		return f.Finish
	case len(reply.Calls) > 0:
		return "tool_calls"
	}
	return "stop"
}

func usage(reply llm.ChatReply) map[string]int {
	u := reply.Usage
	return map[string]int{"prompt_tokens": u.Prompt, "completion_tokens": u.Reply, "total_tokens": u.Prompt + u.Reply}
}

func calls(reply llm.ChatReply) []call {
	all := make([]call, len(reply.Calls))
	for i, c := range reply.Calls {
		all[i].ID, all[i].Type = c.ID, "function"
		all[i].Function.Name, all[i].Function.Arguments = c.Name, c.Arguments
	}
	return all
}

func whole(w http.ResponseWriter, a *asking, reply llm.ChatReply, f Fault) {
	message := map[string]any{"role": llm.Assistant, "content": reply.Text}
	if len(reply.Calls) > 0 {
		message["tool_calls"] = calls(reply)
	}
	answer(w, http.StatusOK, map[string]any{"id": "chat-1", "object": "chat.completion", "created": 0, "model": a.Model,
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": f.finish(reply)}}, "usage": usage(reply)})
}

// stream sends an answer piece by piece: words of the text, then each call in three pieces, the reason of the end, the usage where it was
// asked for, and [DONE].
func stream(w http.ResponseWriter, a *asking, reply llm.ChatReply, f Fault) {
	w.Header().Set("Content-Type", "text/event-stream")
	control, sent := http.NewResponseController(w), 0
	send := func(v map[string]any) {
		if f.Cut > 0 && sent == f.Cut {
			panic(http.ErrAbortHandler) // the way to break a connection off from within a handler
		}
		if f.Each != nil {
			f.Each(sent)
		}
		v["id"], v["object"], v["created"], v["model"] = "chat-1", "chat.completion.chunk", 0, a.Model
		text, _ := json.Marshal(v) // of maps, texts and numbers
		fmt.Fprintf(w, "data: %s\n\n", text)
		_ = control.Flush()
		sent++
	}
	delta := func(d map[string]any, finish any) {
		send(map[string]any{"choices": []any{map[string]any{"index": 0, "delta": d, "finish_reason": finish}}})
	}
	delta(map[string]any{"role": llm.Assistant, "content": ""}, nil)
	for _, piece := range pieces(reply.Text) {
		delta(map[string]any{"content": piece}, nil)
	}
	for i, c := range calls(reply) {
		arguments := c.Function.Arguments
		c.Index, c.Function.Arguments = &i, ""
		delta(map[string]any{"tool_calls": []call{c}}, nil)
		for _, part := range []string{arguments[:len(arguments)/2], arguments[len(arguments)/2:]} {
			more := call{Index: &i}
			more.Function.Arguments = part
			delta(map[string]any{"tool_calls": []call{more}}, nil)
		}
	}
	delta(map[string]any{}, f.finish(reply))
	if a.Options.Usage {
		send(map[string]any{"choices": []any{}, "usage": usage(reply)})
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}
