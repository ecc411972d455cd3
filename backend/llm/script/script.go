// Package script answers chats by rules, for tests and demonstrations: the same question gets the same answer, and what was asked can be
// read back. Chat is the model within a process, Server speaks the interface of endpoints over HTTP.
package script

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// Rule answers what it matches. The first rule of a script that matches counts.
type Rule struct {
	System string // regular expression that the system message matches; "" for any, and for none
	Match  string // regular expression that the last message's text matches; "" for any
	// Reply is the answer; $1 and ${name} stand for what the groups of Match found, $$ for a dollar.
	Reply string
	Calls []llm.ToolCall // tools that the answer calls
	// Answer makes the answer in place of Reply, where it is set.
	Answer func(r llm.ChatRequest) (string, error)
	Times  int // how often the rule may answer, 0 for always
}

// Chat is a scripted llm.Chat. Any number of goroutines may use it; rules with Times answer in the order of the calls.
type Chat struct {
	mu    sync.Mutex
	rules []rule
	asked []llm.ChatRequest
}

var _ llm.Chat = (*Chat)(nil)

type rule struct {
	Rule
	system, match *regexp.Regexp
	used          int
}

// New makes a chat of rules. An expression that is none is an error of code invalid.
func New(rules ...Rule) (*Chat, error) {
	c := &Chat{}
	for i, r := range rules {
		system, err := regexp.Compile(r.System)
		if err != nil {
			return nil, lab.Errorf(lab.Invalid, "script: rule %d has the system expression %q: %w", i, r.System, err)
		}
		match, err := regexp.Compile(r.Match)
		if err != nil {
			return nil, lab.Errorf(lab.Invalid, "script: rule %d has the expression %q: %w", i, r.Match, err)
		}
		c.rules = append(c.rules, rule{Rule: r, system: system, match: match})
	}
	return c, nil
}

// Chat answers by the first rule that matches. A request that no rule matches is an error of code not-found that quotes its end.
func (c *Chat) Chat(ctx context.Context, r llm.ChatRequest) (llm.ChatReply, error) {
	if err := ctx.Err(); err != nil {
		return llm.ChatReply{}, err
	}
	if len(r.Messages) == 0 {
		return llm.ChatReply{}, lab.Errorf(lab.Invalid, "script: the request has no message, want at least 1")
	}
	found, err := c.find(r)
	if err != nil {
		return llm.ChatReply{}, err
	}
	text := r.Messages[len(r.Messages)-1].Text
	reply := llm.ChatReply{Calls: slices.Clone(found.Calls)}
	if found.Answer != nil {
		if reply.Text, err = found.Answer(r); err != nil {
			return llm.ChatReply{}, err
		}
	} else {
		reply.Text = string(found.match.ExpandString(nil, found.Reply, text, found.match.FindStringSubmatchIndex(text)))
	}
	for _, m := range r.Messages {
		reply.Usage.Prompt += len(strings.Fields(m.Text))
	}
	reply.Usage.Reply = len(strings.Fields(reply.Text))
	if r.Stream != nil {
		for _, piece := range pieces(reply.Text) {
			r.Stream(piece)
		}
	}
	return reply, nil
}

func (c *Chat) find(r llm.ChatRequest) (rule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r)
	system, last := "", r.Messages[len(r.Messages)-1].Text
	for _, m := range r.Messages {
		if m.Role == llm.System {
			system = m.Text
			break
		}
	}
	for i := range c.rules {
		f := &c.rules[i]
		if (f.Times == 0 || f.used < f.Times) && f.system.MatchString(system) && f.match.MatchString(last) {
			f.used++
			return *f, nil
		}
	}
	return rule{}, lab.Errorf(lab.NotFound, "script: none of %d rules answers %q", len(c.rules), end(last)).WithHint("add a rule, or one without an expression at the end")
}

// end is the end of a text, for an error.
func end(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	text = text[len(text)-most:]
	for len(text) > 0 && !utf8.RuneStart(text[0]) {
		text = text[1:]
	}
	return "..." + text
}

// Asked returns all requests so far, in the order in which they came.
func (c *Chat) Asked() []llm.ChatRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

// pieces cuts a text behind each run of blanks, as a stream may.
func pieces(text string) []string {
	if text == "" {
		return nil
	}
	return strings.SplitAfter(text, " ")
}
