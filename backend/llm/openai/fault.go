package openai

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

// remedy is what an attempt that failed asks for.
type remedy int

const (
	giveUp    remedy = iota // asking again changes nothing
	askLater                // the server is busy, away or broke off
	askAgain                // the answer is of no use
	askOnward               // at once: the request was changed
)

// fault is why an attempt failed.
type fault struct {
	err    *lab.Error
	remedy remedy
	advice time.Duration // the server asks to wait so long; below 0 it says nothing
}

func final(err *lab.Error) *fault { return &fault{err: err, advice: -1} }

// errorf begins an error with the endpoint.
func (c *Client) errorf(code lab.Code, format string, args ...any) *lab.Error {
	return lab.Errorf(code, "endpoint %q at %s "+format, append([]any{c.endpoint.Name, c.host}, args...)...)
}

// refused sorts what hindered a request from being answered at all.
func (c *Client) refused(x *exchange, err error) *fault {
	if x.status < http.StatusMultipleChoices {
		return c.broken(x, err)
	}
	words := c.link.words(x)
	said := func(code lab.Code) *lab.Error {
		return c.errorf(code, "answers with status %d: %s", x.status, words)
	}
	later := func(e *lab.Error) *fault { return &fault{e, askLater, advice(x.header)} }
	switch s := x.status; {
	case c.quirks.learn(s, x.kept.String()):
		return &fault{said(lab.Invalid), askOnward, -1}
	case s < http.StatusBadRequest:
		return final(c.errorf(lab.Invalid, "sends us on to another address with status %d", s).WithHint("add the endpoint again with the address that you trust; the key was not sent there"))
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return final(said(lab.Invalid).WithHint("set the key with `loci secret set NAME` and name it with `loci target add %s --replace --secret NAME`", c.endpoint.Name))
	case s == http.StatusPaymentRequired:
		return final(said(lab.Budget).WithHint("settle the account there, then continue the run"))
	case s == http.StatusNotFound:
		return final(said(lab.NotFound).WithHint("`loci target test %s` lists the models there; the address is what comes before /chat/completions", c.endpoint.Name))
	case s == http.StatusTooManyRequests && strings.Contains(x.kept.String(), "insufficient_quota"):
		return later(said(lab.Budget).WithHint("raise the quota there, then continue the run"))
	case s == http.StatusTooManyRequests:
		return later(said(lab.Unavailable).WithHint("set --per-minute of the endpoint lower, then continue the run"))
	case s == http.StatusRequestTimeout || s == http.StatusConflict || s == http.StatusTooEarly || s >= http.StatusInternalServerError:
		return later(said(lab.Unavailable).WithHint("read the server's log, then continue the run"))
	}
	return final(said(lab.Invalid).WithHint("change what the server's text names"))
}

// broken sorts what ended a connection or a stream. An error of the layout is an answer of no use.
func (c *Client) broken(x *exchange, err error) *fault {
	if _, ok := errors.AsType[layoutError](err); ok {
		return c.useless(x, "answers in another layout than the interface's")
	}
	e := c.errorf(lab.Unavailable, "does not answer: %s", c.link.clean(err.Error()))
	if x.status > 0 {
		e = c.errorf(lab.Unavailable, "broke off: %s", c.link.clean(err.Error()))
	}
	e.Err = cause(err)
	hint := "see whether the server runs and can be reached, then continue the run"
	if errors.Is(err, errIdle) {
		e.Msg += " for " + c.options.Idle.String()
		hint = "see whether the server is overloaded or loads its model, then continue the run"
	}
	return &fault{e.WithHint("%s", hint), askLater, -1}
}

// cause keeps what a caller may branch on: the end of a context, and nothing that could hold a key.
func cause(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, errIdle} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

// useless is an answer that cannot be used.
func (c *Client) useless(x *exchange, what string) *fault {
	return &fault{c.errorf(lab.Unavailable, "%s: %s", what, c.link.words(x)).WithHint("`loci target test %s` asks one question; then continue the run", c.endpoint.Name), askAgain, -1}
}

// judge tells whether an answer that came whole can be used, and takes off what is round it.
func (c *Client) judge(x *exchange, got *said, r llm.ChatRequest) *fault {
	switch {
	case x.status >= http.StatusMultipleChoices:
		return c.refused(x, nil)
	case x.html():
		return c.useless(x, "answers with a page in HTML, so it is no model's address or a proxy stands before it")
	case got.finish == failed:
		return &fault{c.errorf(lab.Unavailable, "failed within an answer: %s", c.link.words(x)).WithHint("read the server's log, then continue the run"), askLater, -1}
	case got.choices == 0 && x.streams():
		return c.useless(x, "answers without a choice")
	case got.choices == 0:
		return c.useless(x, "answers in another layout than the interface's, or without a choice")
	}
	switch got.finish {
	case "":
		e := c.errorf(lab.Unavailable, "broke off within an answer, behind %d bytes: %s", len(got.text), c.link.clean(got.text))
		return &fault{e.WithHint("read the server's log, then continue the run"), askLater, -1}
	case "length":
		return c.cut(got, "cut the answer short at %d tokens: %s", "allow longer answers, or take a model that says less", r.MaxTokens)
	case "content_filter":
		return c.cut(got, "filtered the answer of at most %d tokens: %s", "take a model without that filter", r.MaxTokens)
	}
	got.text = c.link.redact(unthink(got.text), leastKey)
	if !r.JSON || len(got.calls) > 0 {
		return nil
	}
	if got.text = unfence(got.text); !json.Valid([]byte(got.text)) {
		return c.cut(got, "was asked for JSON within %d tokens and wrote: %s", "take a model that can write JSON", r.MaxTokens)
	}
	return nil
}

// cut is an answer of no use whose words are the model's.
func (c *Client) cut(got *said, what, hint string, tokens int) *fault {
	return &fault{c.errorf(lab.Unavailable, what, tokens, c.link.clean(got.text)).WithHint("%s, then continue the run", hint), askAgain, -1}
}

// unthink takes off what a model thought before it answered, where the server leaves it in the text.
func unthink(text string) string {
	rest, ok := strings.CutPrefix(strings.TrimLeft(text, " \t\r\n"), "<think>")
	if !ok {
		return text
	}
	if _, answer, ok := strings.Cut(rest, "</think>"); ok {
		return strings.TrimLeft(answer, " \t\r\n")
	}
	return text
}

// unfence takes the fence of Markdown off an answer that is one block of code.
func unfence(text string) string {
	inner := strings.TrimSpace(text)
	if !strings.HasPrefix(inner, "```") || !strings.HasSuffix(inner, "```") || len(inner) < 6 {
		return inner
	}
	_, inner, _ = strings.Cut(strings.TrimSuffix(inner, "```"), "\n")
	return strings.TrimSpace(inner)
}

// advice is how long the server asks to wait, below 0 where it says nothing: seconds, milliseconds, or a date.
func advice(h http.Header) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 {
		return time.Duration(min(ms, 1e9) * float64(time.Millisecond))
	}
	text := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(text, 64); err == nil && s >= 0 {
		return time.Duration(min(s, 1e6) * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return -1
}
