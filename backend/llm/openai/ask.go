package openai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	api "github.com/sashabaranov/go-openai"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// said is what came of one attempt.
type said struct {
	text     string
	calls    []llm.ToolCall
	bytes    int // of text and thoughts as they came
	finish   string
	choices  int
	usage    *api.Usage
	answered bool // the server worked on an answer, which is to be paid, good or not
}

// failed is the reason of an end that some servers give when they fail within an answer.
const failed = "error"

// chunk is a piece of a stream, with the error that some servers send in its place.
type chunk struct {
	api.ChatCompletionStreamResponse
	Error json.RawMessage `json:"error"`
}

// ask makes one attempt. What it returns beside a fault counts for the bill alone.
func (c *Client) ask(ctx context.Context, r llm.ChatRequest) (said, *fault) {
	request := c.request(r)
	if _, err := json.Marshal(request); err != nil {
		return said{}, final(lab.Errorf(lab.Invalid, "the request cannot be written as JSON: %w", err))
	}
	x := &exchange{fields: c.quirks.fields(r)}
	stream, err := c.api.CreateChatCompletionStream(context.WithValue(ctx, exchangeKey{}, x), request)
	if err != nil {
		return said{}, c.refused(x, err)
	}
	defer func() { _ = stream.Close() }()
	got, err := read(stream, r.Stream)
	got.answered = got.choices > 0
	if err != nil {
		return got, c.broken(x, err)
	}
	if !x.streams() {
		got = whole(x, r.Stream)
	}
	return got, c.judge(x, &got, r)
}

// request says in go-openai's words what is asked; messages and numbers are put in by the link, as quirks say.
func (c *Client) request(r llm.ChatRequest) api.ChatCompletionRequest {
	q := api.ChatCompletionRequest{Model: c.endpoint.Model, Stop: r.Stop}
	for _, t := range r.Tools {
		q.Tools = append(q.Tools, api.Tool{Type: api.ToolTypeFunction, Function: &api.FunctionDefinition{Name: t.Name, Description: t.Doc, Parameters: t.Parameters}})
	}
	return q
}

// read takes in a stream to its end. An error is one of the connection or of the layout.
func read(stream *api.ChatCompletionStream, watch func(string)) (said, error) {
	var got said
	var text strings.Builder
	calls := callList{}
	for {
		line, err := stream.RecvRaw()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			got.text, got.calls = text.String(), calls.all
			return got, nil
		}
		if err != nil {
			got.text = text.String()
			return got, err
		}
		var piece chunk
		if err := json.Unmarshal(line, &piece); err != nil {
			return got, layoutError{err}
		}
		if len(piece.Error) > 0 && string(piece.Error) != "null" {
			return got, errors.New(string(piece.Error))
		}
		if piece.Usage != nil {
			got.usage = piece.Usage
		}
		for _, choice := range piece.Choices {
			if choice.Index != 0 {
				continue
			}
			got.choices++
			got.finish = or(string(choice.FinishReason), got.finish)
			text.WriteString(choice.Delta.Content)
			got.bytes += len(choice.Delta.Content) + len(choice.Delta.ReasoningContent)
			calls.add(choice.Delta.ToolCalls)
			if watch != nil && choice.Delta.Content != "" {
				watch(choice.Delta.Content)
			}
		}
	}
}

// layoutError says that what came is not what the interface says.
type layoutError struct{ error }

// callList joins tool calls whose arguments come in pieces. A piece without an index begins a call where it has an id and belongs to the last
// call where it has none.
type callList struct {
	all []llm.ToolCall
	at  []int // index of each call, as the server counts
}

func (l *callList) add(pieces []api.ToolCall) {
	for _, p := range pieces {
		call := l.find(p)
		call.ID = or(call.ID, p.ID)
		if !strings.HasSuffix(call.Name, p.Function.Name) || call.Name == "" {
			call.Name += p.Function.Name // some servers repeat the name in each piece
		}
		call.Arguments += p.Function.Arguments
	}
}

func (l *callList) find(p api.ToolCall) *llm.ToolCall {
	index := -1
	if p.Index != nil {
		index = *p.Index
		for i, at := range l.at {
			if at == index {
				return &l.all[i]
			}
		}
	} else if n := len(l.all); n > 0 && (p.ID == "" || p.ID == l.all[n-1].ID) {
		return &l.all[n-1]
	}
	l.all, l.at = append(l.all, llm.ToolCall{}), append(l.at, index)
	return &l.all[len(l.all)-1]
}

// whole reads the answer of a server that does not stream.
func whole(x *exchange, watch func(string)) said {
	var reply struct {
		Choices []struct {
			Index   int `json:"index"`
			Message *struct {
				Content   *string        `json:"content"`
				ToolCalls []api.ToolCall `json:"tool_calls"`
			} `json:"message"`
			Finish string `json:"finish_reason"`
		} `json:"choices"`
		Usage *api.Usage      `json:"usage"`
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(x.kept.Bytes(), &reply) != nil {
		return said{}
	}
	if len(reply.Error) > 0 && string(reply.Error) != "null" {
		return said{finish: failed}
	}
	got := said{usage: reply.Usage, answered: len(reply.Choices) > 0}
	for _, choice := range reply.Choices {
		if choice.Index != 0 || choice.Message == nil || got.choices > 0 {
			continue
		}
		got.choices, got.finish = 1, or(choice.Finish, "stop") // it came whole
		if choice.Message.Content != nil {
			got.text = *choice.Message.Content
			got.bytes = len(got.text)
		}
		calls := callList{}
		for i := range choice.Message.ToolCalls {
			choice.Message.ToolCalls[i].Index = &i
		}
		calls.add(choice.Message.ToolCalls)
		got.calls = calls.all
	}
	if watch != nil && got.text != "" {
		watch(got.text)
	}
	return got
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
