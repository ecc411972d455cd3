package llm

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/loci-lab/loci/backend/lab"
)

// TextField is the field of a prompt that a ChatSampler fills.
const TextField = "text"

// ChatSamplerOptions are the numbers of a ChatSampler; the zero value is usual.
type ChatSamplerOptions struct {
	Parallel int // conversations at once, 0 is 4; the chat may bound them further
	// Reply is the most tokens of the endpoint that an answer may have; 0 is 256 and 8 for each of the request's MaxTokens. It is wide
	// because an answer that reaches it is lost: the cut to MaxTokens is made here, in tokens of our own.
	Reply int
}

const (
	usualParallel = 4
	replyFirst    = 256 // tokens that an endpoint may say beside the answer
	replyEach     = 8   // tokens of an endpoint for one of ours, at most
)

// ChatSampler lets a chat answer where a paper's loop asks for tokens: the same notebook runs on an endpoint. The prompt's ids become
// words again, the words are the field "text" of the role's Prompt, and what of the reply's first line are words of the tokenizer becomes
// ids; other words are dropped and counted.
//
// An endpoint tells no probabilities of our words: Logprobs are NaN, and PromptLogprobs is refused. TopK and TopP are refused too, since
// most endpoints know only temperature. Continuation i is asked with the request's Seed+i.
type ChatSampler struct {
	chat    Chat
	prompt  *Prompt
	tok     Tokenizer
	match   matcher
	context int
	options ChatSamplerOptions

	mu     sync.Mutex
	counts ChatCounts
}

// ChatCounts are sums over all replies of a ChatSampler. They follow from the replies alone: replies from a cache count as they did when
// they were paid.
type ChatCounts struct {
	Replies int
	Words   int // that became tokens
	Dropped int // words of first lines that the tokenizer does not know
	Usage   ChatUsage
}

// NewChatSampler makes a sampler of a chat. The prompt takes the field "text" and no other; context is the most tokens of the tokenizer
// that prompt and continuation have together, as for the model that the endpoint stands for.
func NewChatSampler(chat Chat, prompt *Prompt, tok Tokenizer, context int, o ChatSamplerOptions) (*ChatSampler, error) {
	switch {
	case len(prompt.Fields) != 1 || !prompt.Takes(TextField):
		return nil, lab.Errorf(lab.Invalid, "prompt %q takes the fields %q, want %q alone", prompt.Name, prompt.names(), TextField).
			WithHint("let the loop write everything into the text")
	case context < 2 || o.Parallel < 0 || o.Reply < 0:
		return nil, lab.Errorf(lab.Invalid, "chat sampler: context is %d, parallel %d, reply %d, want at least 2, 0 and 0", context, o.Parallel, o.Reply)
	}
	if o.Parallel == 0 {
		o.Parallel = usualParallel
	}
	return &ChatSampler{chat: chat, prompt: prompt, tok: tok, match: newMatcher(tok), context: context, options: o}, nil
}

// Context is the most tokens that prompt and continuation may have together.
func (s *ChatSampler) Context() int { return s.context }

// Counts are the sums so far.
func (s *ChatSampler) Counts() ChatCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Sample asks for every continuation of every request, several at once. The first error ends all: what was answered stays in the chat's
// cache, where it has one, so a run that is continued pays for the rest alone.
func (s *ChatSampler) Sample(ctx context.Context, requests []Request) ([]Reply, error) {
	replies := make([]Reply, len(requests))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.options.Parallel)
	for i := range requests {
		r := &requests[i]
		messages, err := s.ask(r)
		if err != nil {
			return nil, errorOf(group, err)
		}
		replies[i].Sequences = make([]Sequence, r.N)
		for n := range r.N {
			group.Go(func() (err error) {
				replies[i].Sequences[n], err = s.answer(ctx, r, messages, n)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return replies, nil
}

// errorOf waits for what was begun and returns the error that stopped us.
func errorOf(group *errgroup.Group, err error) error {
	if first := group.Wait(); first != nil {
		return first
	}
	return err
}

// ask checks a request and renders its messages.
func (s *ChatSampler) ask(r *Request) ([]Message, error) {
	if err := r.Check(s.context, s.tok.Size()); err != nil {
		return nil, err
	}
	if r.PromptLogprobs || r.TopK > 0 || r.TopP > 0 && r.TopP < 1 {
		return nil, lab.Errorf(lab.Invalid, "sampling on an endpoint: prompt_logprobs %v, top_k %d, top_p %v, want none of them", r.PromptLogprobs, r.TopK, r.TopP).
			WithHint("set top_k to 0 and top_p to 1, or run on model: tiny")
	}
	text, err := s.tok.Decode(r.Prompt)
	if err != nil {
		return nil, err
	}
	return s.prompt.Render(map[string]string{TextField: text})
}

// answer asks for continuation n.
func (s *ChatSampler) answer(ctx context.Context, r *Request, messages []Message, n int) (Sequence, error) {
	limit := s.options.Reply
	if limit == 0 {
		limit = replyFirst + replyEach*r.MaxTokens
	}
	reply, err := s.chat.Chat(ctx, ChatRequest{Messages: messages, MaxTokens: limit, Temperature: r.Temperature, Seed: r.Seed + uint64(n)})
	if err != nil {
		return Sequence{}, err
	}
	tokens, dropped := s.match.tokens(firstLine(reply.Text))
	s.count(len(tokens), dropped, reply.Usage)
	return s.sequence(r, tokens)
}

func (s *ChatSampler) count(words, dropped int, u ChatUsage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.counts
	c.Replies, c.Words, c.Dropped = c.Replies+1, c.Words+words, c.Dropped+dropped
	c.Usage.Prompt += u.Prompt
	c.Usage.Reply += u.Reply
	c.Usage.Dollars += u.Dollars
	c.Usage.Retries += u.Retries
}

// sequence cuts the tokens behind the first stop, at MaxTokens and at the context. An answer that ended by itself gets the tokenizer's End
// where there is room, as a model of ours would have written it.
func (s *ChatSampler) sequence(r *Request, tokens []int32) (Sequence, error) {
	if end := s.tok.End(); end >= 0 {
		tokens = append(tokens, end)
	}
	room := min(r.MaxTokens, s.context-len(r.Prompt))
	q := Sequence{Stop: Length}
	for i := 1; i <= min(len(tokens), room); i++ {
		stopped, err := s.stops(r, tokens[:i])
		if err != nil {
			return q, err
		}
		if stopped || i == len(tokens) {
			q.Tokens, q.Stop = tokens[:i], Stopped
			break
		}
	}
	if q.Tokens == nil {
		q.Tokens = tokens[:min(len(tokens), room)]
	}
	if len(tokens) == 0 {
		q.Stop = Stopped
	}
	q.Logprobs = slices.Repeat([]float32{float32(math.NaN())}, len(q.Tokens))
	return q, nil
}

// stops tells whether the tokens end with a stop of the request.
func (s *ChatSampler) stops(r *Request, tokens []int32) (bool, error) {
	for _, stop := range r.Stop {
		if n := len(stop); n > 0 && len(tokens) >= n && slices.Equal(tokens[len(tokens)-n:], stop) {
			return true, nil
		}
	}
	if len(r.StopText) == 0 {
		return false, nil
	}
	text, err := s.tok.Decode(tokens)
	return slices.ContainsFunc(r.StopText, func(stop string) bool { return stop != "" && strings.Contains(text, stop) }), err
}

// firstLine is the first line of a text that holds anything.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}
