package llm

import "context"

// Chat is a text model behind messages: an endpoint, or a script in tests. It may be used by several goroutines.
type Chat interface {
	// Chat answers one conversation. A reply that was cut short or filtered is an error of code unavailable, never an empty answer.
	Chat(ctx context.Context, r ChatRequest) (ChatReply, error)
}

// The roles of messages.
const (
	System    = "system"
	User      = "user"
	Assistant = "assistant"
	Tool      = "tool"
)

// Message is one message of a conversation.
type Message struct {
	Role  string     `json:"role"`
	Text  string     `json:"text"`
	Calls []ToolCall `json:"calls,omitempty"` // of an assistant's message
	Call  string     `json:"call,omitempty"`  // of a tool's message: the id of the call that it answers
}

// ToolSpec is a tool that the model may call; Parameters is a JSON Schema.
type ToolSpec struct {
	Name       string `json:"name"`
	Doc        string `json:"doc"`
	Parameters any    `json:"parameters"`
}

// ToolCall is a call that the model makes; Arguments is JSON as the model wrote it.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// ChatRequest is one call. Equal requests have equal keys in a cache, so that a run can be continued and repeated without being paid twice.
type ChatRequest struct {
	Messages    []Message  `json:"messages"`
	Tools       []ToolSpec `json:"tools,omitempty"`
	MaxTokens   int        `json:"max_tokens"`
	Temperature float64    `json:"temperature"`
	Seed        uint64     `json:"seed"` // tells equal requests apart; passed on to endpoints that take one
	Stop        []string   `json:"stop,omitempty"`
	JSON        bool       `json:"json,omitempty"` // the answer is to be one JSON value
	// Stream is called with each piece of text as it comes; nil for nobody who watches. It is no part of the request's key.
	Stream func(piece string) `json:"-"`
}

// ChatReply is an answer and what it cost.
type ChatReply struct {
	Text   string     `json:"text"`
	Calls  []ToolCall `json:"calls,omitempty"`
	Usage  ChatUsage  `json:"usage"`
	Cached bool       `json:"-"` // it came out of the cache
}

// ChatUsage counts tokens as the endpoint does; Dollars is 0 where no price is known.
type ChatUsage struct {
	Prompt  int     `json:"prompt"`
	Reply   int     `json:"reply"`
	Dollars float64 `json:"dollars"`
	Retries int     `json:"retries"` // attempts before the one that answered
}
