package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	dialTimeout = 10 * time.Second
	mostReply   = 1 << 26 // bytes of one reply
	mostKept    = 1 << 22 // bytes of a reply that is no stream, which are read once more as a whole
	mostQuoted  = 300     // letters of the server's own words in an error
	leastKey    = 8       // letters; a shorter key is too common a text to be taken out of answers
)

var (
	errIdle = errors.New("the server went silent")
	errLong = fmt.Errorf("the reply has more than %d bytes", mostReply)
)

// link sends single requests for go-openai. It adds the key, puts in the fields that go-openai cannot say (a temperature of 0), cuts off
// a server that is silent, and keeps what the server said.
type link struct {
	client *http.Client
	key    lab.Secret
	idle   time.Duration
	agent  string
}

// exchange is one request and what came of it; it travels in the context.
type exchange struct {
	fields map[string]any // put into the body
	status int
	header http.Header
	kept   bytes.Buffer // what the server said, from its beginning
}

type exchangeKey struct{}

// Do implements go-openai's HTTPDoer.
func (l *link) Do(req *http.Request) (*http.Response, error) {
	x := req.Context().Value(exchangeKey{}).(*exchange)
	if err := x.patch(req); err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", l.agent)
	if !l.key.Empty() {
		req.Header.Set("Authorization", "Bearer "+l.key.Reveal())
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(l.idle, func() { cancel(errIdle) })
	end := func() { timer.Stop(); cancel(nil) }
	res, err := l.client.Do(req.WithContext(ctx))
	if err != nil {
		cause := context.Cause(ctx)
		end()
		if errors.Is(cause, errIdle) {
			return nil, errIdle
		}
		return nil, err
	}
	x.status, x.header = res.StatusCode, res.Header
	res.Body = &body{from: res.Body, x: x, ctx: ctx, timer: timer, idle: l.idle, end: end}
	return res, nil
}

// patch puts the fields into the body.
func (x *exchange) patch(req *http.Request) error {
	if req.Body == nil || len(x.fields) == 0 {
		return nil
	}
	text, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return err
	}
	for name, value := range x.fields {
		fields[name] = value
	}
	if text, err = json.Marshal(fields); err != nil {
		return err
	}
	// Without GetBody, net/http does not send a request twice on its own: what was tried is counted here.
	req.Body, req.ContentLength, req.GetBody = io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
	return nil
}

// body is a reply as it is read.
type body struct {
	from  io.ReadCloser
	x     *exchange
	ctx   context.Context
	timer *time.Timer
	idle  time.Duration
	end   func()
	read  int
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if n > 0 {
		b.timer.Reset(b.idle)
		if room := mostKept - b.x.kept.Len(); room > 0 {
			b.x.kept.Write(p[:min(n, room)])
		}
	}
	if b.read += n; b.read > mostReply {
		return n, errLong
	}
	if err != nil && errors.Is(context.Cause(b.ctx), errIdle) {
		return n, errIdle
	}
	return n, err
}

func (b *body) Close() error {
	b.end()
	return b.from.Close()
}

// streams tells whether the server sent events, piece by piece.
func (x *exchange) streams() bool {
	return strings.HasPrefix(strings.TrimSpace(x.header.Get("Content-Type")), "text/event-stream")
}

// html tells whether the server sent a page: a login, a proxy's error.
func (x *exchange) html() bool {
	text := bytes.ToLower(bytes.TrimSpace(x.kept.Bytes()))
	return strings.HasPrefix(x.header.Get("Content-Type"), "text/html") || bytes.HasPrefix(text, []byte("<!doctype")) || bytes.HasPrefix(text, []byte("<html"))
}

// words are the server's own first words, without the key: the message of an error where it sent one.
func (l *link) words(x *exchange) string {
	var e struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	if json.Unmarshal(x.kept.Bytes(), &e) != nil {
		return l.clean(x.kept.String())
	}
	var inner struct {
		Message string `json:"message"`
	}
	var text string
	if json.Unmarshal(e.Error, &inner) != nil {
		_ = json.Unmarshal(e.Error, &text) // some write the error as a text
	}
	return l.clean(or(or(inner.Message, text), or(e.Message, x.kept.String())))
}

// clean shortens a text of the server to one line without the key.
func (l *link) clean(text string) string {
	text = l.redact(text, 1)
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))), " ")
	if letters := []rune(text); len(letters) > mostQuoted {
		text = string(letters[:mostQuoted]) + " ..."
	}
	if text == "" {
		return "nothing"
	}
	return text
}

// redact takes the key out of a text, should the server repeat it, if it has that many letters.
func (l *link) redact(text string, least int) string {
	if key := l.key.Reveal(); len(key) >= max(least, 1) {
		return strings.ReplaceAll(text, key, fmt.Sprint(l.key))
	}
	return text
}

// client returns the HTTP client: one that follows no redirection, because the key would follow it to another host.
func client(given *http.Client) *http.Client {
	c := http.Client{}
	if given != nil {
		c = *given
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
		transport.MaxIdleConnsPerHost = 64
		c.Transport = transport
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}
