package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
)

const key = "tml-key-that-nobody-may-see"

// scripted is a server that answers by rules and wants the key.
func scripted(t *testing.T, rules ...script.Rule) *script.Server {
	t.Helper()
	chat, err := script.New(rules...)
	if err != nil {
		t.Fatal(err)
	}
	return &script.Server{Chat: chat, Key: lab.NewSecret(key)}
}

// echo answers with what was asked.
func echo() script.Rule { return script.Rule{Match: `(?s)(.*)`, Reply: "you said $1"} }

// waits notes how long a client would have waited.
type waits struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waits) wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, d)
	return ctx.Err()
}

// endpoint serves the handler and returns how to reach it.
func endpoint(t *testing.T, h http.Handler) lab.Endpoint {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return lab.Endpoint{Name: "near", URL: s.URL + "/v1", Key: lab.NewSecret(key), Model: "small", Embedding: "vectors", Parallel: 4}
}

// open makes a client that never really waits.
func open(t *testing.T, e lab.Endpoint, change ...func(*Options)) (*Client, *waits) {
	t.Helper()
	w := &waits{}
	o := Options{Wait: w.wait, Draw: func() float64 { return 0.5 }}
	for _, f := range change {
		f(&o)
	}
	c, err := New(e, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, w
}

// ask is a request with one message.
func ask(text string) llm.ChatRequest {
	return llm.ChatRequest{Messages: []llm.Message{{Role: llm.User, Text: text}}, MaxTokens: 20, Seed: 7}
}

// must asks and wants an answer.
func must(t *testing.T, c *Client, r llm.ChatRequest) llm.ChatReply {
	t.Helper()
	reply, err := c.Chat(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// fields are the parts of a request's body.
func fields(t *testing.T, a script.Asked) map[string]any {
	t.Helper()
	var f map[string]any
	if err := json.Unmarshal(a.Body, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// direct carries requests to a handler without a network, so that a test's own clock rules.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	out, in := io.Pipe()
	w := &directWriter{header: http.Header{}, in: in, ready: make(chan int, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() {
			if recover() != nil {
				_ = in.CloseWithError(io.ErrUnexpectedEOF)
			}
		}()
		d.handler.ServeHTTP(w, req)
		w.WriteHeader(http.StatusOK)
		_ = in.Close()
	}()
	stop := context.AfterFunc(req.Context(), func() { _ = in.CloseWithError(context.Cause(req.Context())) })
	select {
	case status := <-w.ready:
		return &http.Response{StatusCode: status, Header: w.header, Body: directBody{out, stop}, Request: req}, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	case <-ended:
		return nil, io.ErrUnexpectedEOF
	}
}

type directBody struct {
	*io.PipeReader
	stop func() bool
}

func (b directBody) Close() error { b.stop(); return b.PipeReader.Close() }

type directWriter struct {
	header http.Header
	in     *io.PipeWriter
	ready  chan int
	once   sync.Once
}

func (w *directWriter) Header() http.Header    { return w.header }
func (w *directWriter) WriteHeader(status int) { w.once.Do(func() { w.ready <- status }) }
func (w *directWriter) Flush()                 {}
func (w *directWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.in.Write(bytes.Clone(p))
}

// newDirect is a client of the handler alone.
func newDirect(h http.Handler) *http.Client { return &http.Client{Transport: direct{h}} }
