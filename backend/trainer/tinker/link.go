package tinker

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// link sends single HTTP requests and knows nothing of retries. The key is in it as a function, so that no printing of the struct
// can show it.
type link struct {
	base      string // URL with prefix
	host      string // for messages
	client    *http.Client
	userAgent string
	authorize func(http.Header)
	redact    func(string) string
}

func newLink(o *Options, u *url.URL) *link {
	key := o.Key.Reveal()
	l := &link{base: u.String() + wire.Prefix, host: u.Host, client: o.client(), userAgent: o.UserAgent}
	if l.userAgent == "" {
		l.userAgent = "loci"
	}
	l.authorize = func(h http.Header) {
		if key != "" {
			h.Set("X-API-Key", key)
		}
	}
	l.redact = func(text string) string { return redact(text, key) }
	return l
}

// call is one call of the protocol.
type call struct {
	method string
	path   string // behind /api/v1/
	kind   string // body's media type
	body   []byte
	id     string // idempotency key, the same for every repetition
	proto  bool   // a protobuf result is welcome
	// taken is asked when the service answers 409 to a repetition: whether an earlier try was carried out after all. nil: never.
	taken func(context.Context) (*answer, error)
}

// post makes a call with a JSON body.
func post(path string, message any) (*call, error) {
	body, err := wire.Encode(message)
	if err != nil {
		return nil, err
	}
	return &call{method: http.MethodPost, path: path, kind: wire.JSON, body: body, id: rand.Text()}, nil
}

func get(path string) *call { return &call{method: http.MethodGet, path: path} }

// answer is a reply of any status.
type answer struct {
	status int
	header http.Header
	body   []byte
	final  bool // a submission's: it is the result already
}

// mostAnswer bounds the bytes of a reply.
const mostAnswer = 1 << 28

// do sends the call once. The error is a broken connection, a time-out or an endless reply; its text never has the key.
func (l *link) do(ctx context.Context, c *call) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, c.method, l.base+c.path, bytes.NewReader(c.body))
	if err != nil {
		return nil, l.fault(ctx, err)
	}
	// Without GetBody, net/http does not send a request twice on its own: what was tried is counted here.
	request.GetBody = nil
	l.headers(request.Header, c)
	response, err := l.client.Do(request)
	if err != nil {
		return nil, l.fault(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer+1))
	if err != nil {
		return nil, l.fault(ctx, err)
	}
	if len(body) > mostAnswer {
		return nil, l.fault(ctx, fmt.Errorf("the reply has more than %d bytes", mostAnswer))
	}
	return &answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

func (l *link) headers(h http.Header, c *call) {
	h.Set("User-Agent", l.userAgent)
	h.Set("Accept", wire.JSON)
	if c.proto {
		h.Set("Accept", wire.Protobuf+", "+wire.JSON)
	}
	if c.kind != "" {
		h.Set("Content-Type", c.kind)
	}
	if c.id != "" {
		h.Set("X-Idempotency-Key", c.id)
	}
	l.authorize(h)
}

func (l *link) fault(ctx context.Context, err error) error {
	if cause := ctx.Err(); errors.Is(cause, context.Canceled) {
		return cause
	}
	return lab.Errorf(lab.Unavailable, "the training service at %s does not answer: %s", l.host, l.redact(err.Error())).
		WithHint("see whether the service runs and its tunnel is open, then resume the run")
}

// refused turns a reply of an error status into an error. The detail is the service's own text.
func (l *link) refused(what string, a *answer) *lab.Error {
	detail := l.detail(a)
	fail := func(code lab.Code, hint string) *lab.Error {
		return lab.Errorf(code, "the training service at %s refused %s with status %d: %s", l.host, what, a.status, detail).WithHint("%s", hint)
	}
	switch {
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return fail(lab.Invalid, "set the service's key with `loci secret set`")
	case a.status == http.StatusPaymentRequired:
		return fail(lab.Budget, "settle the account at the service, then resume the run")
	case a.status == http.StatusNotFound:
		return fail(lab.NotFound, "see whether the URL is that of a training service; a model that it dropped comes back by resuming the run")
	case a.status == http.StatusConflict:
		return fail(lab.Conflict, "take another name")
	case a.status == http.StatusGone:
		return fail(lab.Unavailable, "the session there has ended: resume the run")
	case a.status == http.StatusTooManyRequests:
		return fail(lab.Unavailable, "the service is busy: resume the run later")
	case a.status >= 500:
		return fail(lab.Unavailable, "read the service's log, then resume the run")
	case a.status >= 400:
		return fail(lab.Invalid, "change what the service's text names")
	default:
		return fail(lab.Unavailable, "see whether the URL is that of a training service")
	}
}

// detail is the text of an error body, shortened.
func (l *link) detail(a *answer) string {
	body, err := wire.Decode[wire.ErrorBody](a.body)
	text := string(body.Detail)
	if err != nil || text == "" {
		text = string(a.body)
	}
	return short(l.redact(text))
}

func short(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + " ..."
	}
	if text == "" {
		return "no text"
	}
	return text
}

// garbled is the error for a reply that is not what the protocol says.
func (l *link) garbled(what string, err error) *lab.Error {
	return lab.Errorf(lab.Unavailable, "the training service at %s gave an answer to %s that cannot be used: %s", l.host, what, short(l.redact(err.Error()))).
		WithHint("see whether the URL is that of a training service and its version is one that Loci knows")
}

// read reads a JSON reply.
func read[T any](l *link, what string, a *answer) (T, error) {
	message, err := wire.Decode[T](a.body)
	if err != nil {
		return message, l.garbled(what, err)
	}
	return message, nil
}
