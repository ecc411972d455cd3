package openai

import (
	"net/http"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/llm"
)

// quirks are what a server has refused: it is asked without that from then on. None of it moves an answer, but for the seed, which only
// some servers honour anyhow; a temperature that a server refuses is an error.
type quirks struct {
	mu         sync.Mutex
	completion bool // wants max_completion_tokens in place of max_tokens
	noUsage    bool // knows no stream_options
	noSeed     bool
	noFormat   bool // knows no response_format of this kind; what comes is checked in any case
}

// fields are the parts of a request that go-openai leaves out when they are 0, or that servers take under different names.
func (q *quirks) fields(r llm.ChatRequest) map[string]any {
	q.mu.Lock()
	defer q.mu.Unlock()
	fields := map[string]any{"temperature": r.Temperature}
	if r.MaxTokens > 0 && q.completion {
		fields["max_completion_tokens"] = r.MaxTokens
	} else if r.MaxTokens > 0 {
		fields["max_tokens"] = r.MaxTokens
	}
	if !q.noUsage {
		fields["stream_options"] = map[string]any{"include_usage": true}
	}
	if !q.noSeed {
		fields["seed"] = seed(r.Seed)
	}
	if r.JSON && !q.noFormat {
		fields["response_format"] = map[string]any{"type": "json_object"}
	}
	fields["messages"] = messages(r)
	return fields
}

// messages are written here because go-openai leaves out an empty content, which most servers want on all but calls.
func messages(r llm.ChatRequest) []map[string]any {
	all := make([]map[string]any, len(r.Messages))
	for i, m := range r.Messages {
		all[i] = map[string]any{"role": m.Role, "content": m.Text}
		if m.Call != "" {
			all[i]["tool_call_id"] = m.Call
		}
		var calls []map[string]any
		for _, call := range m.Calls {
			calls = append(calls, map[string]any{"id": call.ID, "type": "function", "function": map[string]any{"name": call.Name, "arguments": call.Arguments}})
		}
		if calls != nil {
			all[i]["tool_calls"] = calls
		}
	}
	return all
}

// seed is what servers take for one: several hold 32 bits with a sign. The whole seed is in the cache's key.
func seed(s uint64) int64 { return int64((s ^ s>>31) & (1<<31 - 1)) }

// learn notes what a refusal names; false when nothing new is to be left out.
func (q *quirks) learn(status int, text string) bool {
	if status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range []struct {
		flag *bool
		name string
	}{{&q.completion, "max_completion_tokens"}, {&q.noUsage, "stream_options"}, {&q.noFormat, "response_format"}, {&q.noSeed, "seed"}} {
		if !*c.flag && strings.Contains(text, c.name) {
			*c.flag = true
			return true
		}
	}
	return false
}
