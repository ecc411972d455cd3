package openai

import (
	"context"
	"encoding/json"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// Chat answers one conversation, from the cache where it was answered before. A leading block of <think> and the fence around a whole
// answer in JSON are taken off. An answer that cannot be used is asked for again with another seed, a few times; what is left then is an error:
// unavailable with the server's own first words, budget at a cap, invalid for a request or a key that the server refuses. A watcher
// (ChatRequest.Stream) sees also the pieces of attempts that came to nothing, each attempt from its beginning.
func (c *Client) Chat(ctx context.Context, r llm.ChatRequest) (llm.ChatReply, error) {
	if c.endpoint.Model == "" {
		return llm.ChatReply{}, lab.Errorf(lab.Invalid, "endpoint %q has no model that answers, only embeddings", c.endpoint.Name).
			WithHint("add it again with `loci target add %s --replace --model MODEL`", c.endpoint.Name)
	}
	if len(r.Messages) == 0 {
		return llm.ChatReply{}, lab.Errorf(lab.Invalid, "the request has no message, want at least 1")
	}
	key, err := c.key("chat", c.endpoint.Model, r)
	if err != nil {
		return llm.ChatReply{}, err
	}
	var reply llm.ChatReply
	if c.cache.get(key, &reply) {
		c.count(func(n *Counts) { n.Cached++ })
		reply.Cached = true
		if r.Stream != nil && reply.Text != "" {
			r.Stream(reply.Text)
		}
		return reply, nil
	}
	if reply, err = c.answer(ctx, r); err != nil {
		if ctx.Err() == nil {
			c.count(func(n *Counts) { n.Failed++ })
		}
		return llm.ChatReply{}, err
	}
	return reply, c.cache.put(key, reply)
}

// answer asks until there is an answer or no further attempt.
func (c *Client) answer(ctx context.Context, r llm.ChatRequest) (llm.ChatReply, error) {
	var paid llm.ChatUsage
	var got said
	cost := c.dearest(promptBytes(r), r.MaxTokens)
	retries, err := c.retry(ctx, cost, func(ctx context.Context, wrong int) (usage, *fault) {
		asked := r
		asked.Seed += uint64(wrong) * seedStep // with the same seed the same answer could come again
		var f *fault
		got, f = c.ask(ctx, asked)
		u := c.bill(got.usage, promptBytes(r), got.bytes)
		if !got.answered {
			u = usage{}
		}
		paid.Prompt, paid.Reply, paid.Dollars = paid.Prompt+u.prompt, paid.Reply+u.reply, paid.Dollars+u.dollars
		return u, f
	})
	if err != nil {
		return llm.ChatReply{}, err
	}
	paid.Retries = retries
	return llm.ChatReply{Text: got.text, Calls: got.calls, Usage: paid}, nil
}

// seedStep parts the seeds of attempts: 2^64 over the golden ratio, so that none is another continuation's.
const seedStep = 0x9E3779B97F4A7C15

// promptBytes is the size of what is sent, for estimates.
func promptBytes(r llm.ChatRequest) (n int) {
	for _, m := range r.Messages {
		n += len(m.Text) + 16
		for _, call := range m.Calls {
			n += len(call.Name) + len(call.Arguments)
		}
	}
	if len(r.Tools) > 0 {
		if text, err := json.Marshal(r.Tools); err == nil {
			n += len(text)
		}
	}
	return n
}
