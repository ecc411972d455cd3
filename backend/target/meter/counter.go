package meter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/trainer/wire"
)

// most bounds the bytes of a body that is read along.
const most = 1 << 28

// counter sends the calls of a run to its service and counts them. What it cannot read passes uncounted: that is the client's affair.
type counter struct {
	next  http.RoundTripper
	tally *tally
}

// counted are the calls whose answer comes later and is waited for.
func counted() []string {
	return []string{wire.PathSample, wire.PathForward, wire.PathForwardBackward, wire.PathOptimStep, wire.PathCreateModel,
		wire.PathSave, wire.PathLoad, wire.PathSaveForSampler}
}

// RoundTrip implements http.RoundTripper.
func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	_, path, _ := strings.Cut(r.URL.Path, wire.Prefix)
	switch {
	case r.Method != http.MethodPost || r.Body == nil:
		return c.next.RoundTrip(r)
	case path == wire.PathRetrieve:
		return c.retrieve(r)
	case slices.Contains(counted(), path):
		return c.submit(r, path)
	}
	return c.next.RoundTrip(r)
}

// submit sends a call whose answer comes later.
func (c *counter) submit(r *http.Request, path string) (*http.Response, error) {
	body, err := readAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = plain(r, body)
	key, sent := r.Header.Get("X-Idempotency-Key"), c.tally.now()
	res, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusTooManyRequests {
		c.tally.full(key, sent)
	}
	if res.StatusCode >= 300 {
		return res, nil
	}
	answer, err := reread(res)
	if err != nil {
		return nil, err
	}
	var took struct {
		ID wire.RequestID `json:"request_id"`
	}
	if json.Unmarshal(answer, &took) == nil && took.ID != "" {
		a := c.read(path, r.Header.Get("Content-Type"), body)
		a.sent = sent
		c.tally.taken(took.ID, key, a)
	}
	return res, nil
}

// read is what a call asks for, in tokens.
func (c *counter) read(path, kind string, body []byte) (a asked) {
	switch path {
	case wire.PathSample:
		if q, err := wire.Decode[wire.SampleRequest](body); err == nil {
			tokens, _ := q.Prompt.Join() // what is no text has no tokens
			a.sample, a.input = true, int64(len(tokens))
		}
	case wire.PathForward, wire.PathForwardBackward:
		q, err := readTrain(kind, body)
		if err != nil {
			return a
		}
		var n int64
		for i := range q.Input.Data {
			tokens, _ := q.Input.Data[i].ModelInput.Join()
			n += int64(len(tokens))
		}
		if path == wire.PathForward || q.ForwardOnly {
			a.input = n
		} else {
			a.trained = n
		}
	case wire.PathCreateModel:
		if q, err := wire.Decode[wire.CreateModelRequest](body); err == nil {
			c.tally.made(q.BaseModel)
		}
	}
	return a
}

func readTrain(kind string, body []byte) (wire.TrainRequest, error) {
	if isProto(kind) {
		return wire.DecodeTrain(body)
	}
	return wire.Decode[wire.TrainRequest](body)
}

// retrieve asks for an answer.
func (c *counter) retrieve(r *http.Request) (*http.Response, error) {
	body, err := readAll(r.Body)
	if err != nil {
		return nil, err
	}
	res, err := c.next.RoundTrip(plain(r, body))
	if err != nil {
		return nil, err
	}
	q, err := wire.Decode[wire.RetrieveRequest](body)
	if err != nil || res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500 {
		return res, nil // no answer: it is asked again
	}
	answer, err := reread(res)
	if err != nil {
		return nil, err
	}
	c.heard(q.RequestID, res, answer)
	return res, nil
}

// heard sorts what came as the client of runs does.
func (c *counter) heard(id wire.RequestID, res *http.Response, answer []byte) {
	if res.StatusCode == http.StatusOK && isProto(res.Header.Get("Content-Type")) {
		c.tally.done(id, true, c.output(id, true, answer), queuedFor(res.Header))
		return
	}
	var word wire.Pending
	known := json.Unmarshal(answer, &word) == nil
	switch {
	case res.StatusCode == http.StatusRequestTimeout || res.StatusCode == http.StatusTooEarly || known && word.Type == wire.TypeTryAgain:
		c.tally.pending(id, known && word.State != "", word.State == wire.QueueCapacity || word.State == wire.QueueRateLimit)
	case known && word.Status == wire.CompleteMetadata: // the answer itself is asked for next
	case res.StatusCode != http.StatusOK || !known || len(word.Error) > 0 && string(word.Error) != "null":
		c.tally.done(id, false, 0, queuedFor(res.Header))
	default:
		c.tally.done(id, true, c.output(id, false, answer), queuedFor(res.Header))
	}
}

// output are the tokens that the answer to a sample holds.
func (c *counter) output(id wire.RequestID, proto bool, answer []byte) (n int64) {
	if !c.tally.wantsTokens(id) {
		return 0
	}
	decode := wire.Decode[wire.SampleReply]
	if proto {
		decode = wire.DecodeSample
	}
	reply, err := decode(answer)
	if err != nil {
		return 0
	}
	for _, q := range reply.Sequences {
		n += int64(len(q.Tokens))
	}
	return n
}

// QueuedHeader is where Loci's engine says how many milliseconds a call waited for its turn.
const QueuedHeader = "X-Loci-Queued-Ms"

// queuedFor reads it; negative where it is not said.
func queuedFor(h http.Header) time.Duration {
	ms, err := strconv.ParseInt(h.Get(QueuedHeader), 10, 64)
	if err != nil || ms < 0 || ms > 1e10 {
		return -1
	}
	return time.Duration(ms) * time.Millisecond
}

func isProto(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.EqualFold(strings.TrimSpace(kind), wire.Protobuf)
}

// plain is the request with that body, whose answer is to come as it is: what is packed cannot be read along.
func plain(r *http.Request, body []byte) *http.Request {
	next := r.Clone(r.Context())
	next.Body, next.ContentLength, next.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	next.Header.Del("Accept-Encoding") // the transport packs and unpacks on its own
	return next
}

func readAll(body io.ReadCloser) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(body, most+1))
	_ = body.Close() // it was read
	if err == nil && len(text) > most {
		err = fmt.Errorf("a body has more than %d bytes", most)
	}
	return text, err
}

// reread takes an answer's body, and leaves the same to be read once more.
func reread(res *http.Response) ([]byte, error) {
	text, err := readAll(res.Body)
	res.Body = io.NopCloser(bytes.NewReader(text))
	return text, err
}
