package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/trainer/shelf"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

const (
	testKey  = "tml-0123456789abcdef0123"
	tinyName = "test/tiny"
)

// tinyShape is the smallest model that still has every part.
var tinyShape = nn.DecoderShape{Vocab: 17, Width: 16, Layers: 2, Heads: 2, KVHeads: 1, HeadDim: 8, Inner: 24, Context: 64, Theta: 10000, Eps: 1e-5}

// kit is a server in a test, and a client that looks at every reply.
type kit struct {
	*testing.T
	server *Server
	shelf  *shelf.Shelf
}

func newShelf(t *testing.T) *shelf.Shelf {
	t.Helper()
	core := num.NewCore(num.Go(), 1)
	t.Cleanup(core.Close)
	return shelf.New(core)
}

func tinyModel() *nn.Decoder { return nn.NewDecoder(rng.New(3, "engine test"), tinyShape) }

func newKit(t *testing.T, change ...func(*Config)) *kit {
	t.Helper()
	k := &kit{T: t, shelf: newShelf(t)}
	cfg := Config{
		Bases: []Base{k.shelf.Put(shelf.About{Name: tinyName}, tinyModel(), nil), k.shelf.Tiny()}, Folder: t.TempDir(), Key: testKey,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	for _, f := range change {
		f(&cfg)
	}
	server, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	k.server = server
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// reply is what came back.
type reply struct {
	*testing.T
	code   int
	header http.Header
	body   []byte
}

// send makes a request as the official client does.
func (k *kit) send(method, path string, body []byte, header ...string) reply {
	k.Helper()
	r := httptest.NewRequestWithContext(k.Context(), method, "http://127.0.0.1:1234"+wire.Prefix+path, bytes.NewReader(body))
	r.Header.Set("X-API-Key", testKey)
	if len(body) > 0 {
		r.Header.Set("Content-Type", wire.JSON)
	}
	for i := 0; i < len(header); i += 2 {
		if strings.EqualFold(header[i], "host") {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	k.server.ServeHTTP(w, r)
	b, _ := io.ReadAll(w.Result().Body)
	return reply{k.T, w.Code, w.Result().Header, b}
}

func (k *kit) post(path string, body any, header ...string) reply {
	k.Helper()
	b, ok := body.([]byte)
	if !ok {
		var err error
		if b, err = json.Marshal(body); err != nil {
			k.Fatal(err)
		}
	}
	return k.send("POST", path, b, header...)
}

func (k *kit) get(path string) reply { k.Helper(); return k.send("GET", path, nil) }

// object is a reply in JSON.
type object = map[string]any

func (r reply) want(code int) reply {
	r.Helper()
	if r.code != code {
		r.Fatalf("status %d, want %d: %s", r.code, code, r.body)
	}
	if code >= 400 && code != 408 {
		if detail, ok := r.object()["detail"].(string); !ok || detail == "" {
			r.Fatalf("status %d without a detail in text: %s", code, r.body)
		}
	}
	return r
}

func (r reply) object() object {
	r.Helper()
	var o object
	if err := json.Unmarshal(r.body, &o); err != nil {
		r.Fatalf("%v: %s", err, r.body)
	}
	return o
}

func (r reply) text(field string) string {
	r.Helper()
	s, ok := r.object()[field].(string)
	if !ok {
		r.Fatalf("no text %q in %s", field, r.body)
	}
	return s
}

// into reads a reply as a message.
func into[T any](r reply) T {
	r.Helper()
	v, err := wire.Decode[T](r.want(200).body)
	if err != nil {
		r.Fatalf("%v: %s", err, r.body)
	}
	return v
}

func (k *kit) session() string {
	k.Helper()
	return k.post("create_session", object{"tags": []string{}, "user_metadata": object{}, "sdk_version": "test"}).want(200).text("session_id")
}

// poll asks for a result once.
func (k *kit) poll(id string, header ...string) reply {
	k.Helper()
	return k.post("retrieve_future", object{"request_id": id}, header...)
}

// done queues a call and waits for its result, which must not be an error.
func (k *kit) done(path string, body any, header ...string) reply {
	k.Helper()
	r := k.poll(k.post(path, body, header...).want(200).text("request_id")).want(200)
	if r.object()["error"] != nil {
		k.Fatalf("%s failed: %s", path, r.body)
	}
	return r
}

// failed queues a call and returns the error that is its result.
func (k *kit) failed(path string, body any, header ...string) object {
	k.Helper()
	return k.failure(k.post(path, body, header...).want(200).text("request_id"))
}

func (k *kit) failure(id string) object {
	k.Helper()
	o := k.poll(id).want(200).object()
	if o["error"] == nil || o["category"] == nil {
		k.Fatalf("no error in %v", o)
	}
	return o
}

// client trains one model.
type client struct {
	*kit
	session, model string
	seq            int64
}

func (k *kit) client() *client { k.Helper(); return k.clientIn(k.session(), 0, 0) }

func (k *kit) clientIn(session string, n, rank int) *client {
	k.Helper()
	body := object{"session_id": session, "model_seq_id": n, "base_model": tinyName, "lora_config": object{"rank": rank, "seed": 5}}
	return &client{kit: k, session: session, model: k.done("create_model", body).text("model_id")}
}

func (c *client) next() int64 { c.seq++; return c.seq }

// row is a datum in JSON: 0 1 2 ... shifted, all weights w.
func row(w float64, tokens ...int) object {
	n := len(tokens) - 1
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = w
	}
	return object{
		"model_input":    object{"chunks": []object{{"type": "encoded_text", "tokens": tokens[:n]}}},
		"loss_fn_inputs": object{"target_tokens": object{"data": tokens[1:], "dtype": "int64"}, "weights": object{"data": weights, "dtype": "float32"}},
	}
}

func (c *client) passBody(seq int64, loss string, rows ...object) object {
	rows = append([]object{}, rows...)
	return object{"model_id": c.model, "seq_id": seq, "forward_backward_input": object{"loss_fn": loss, "data": rows}}
}

func (c *client) backward(rows ...object) wire.Output {
	c.Helper()
	return into[wire.Output](c.done("forward_backward", c.passBody(c.next(), "cross_entropy", rows...)))
}

func (c *client) forward(rows ...object) wire.Output {
	c.Helper()
	body := object{"model_id": c.model, "seq_id": c.next(), "forward_input": object{"loss_fn": "cross_entropy", "data": rows}}
	return into[wire.Output](c.done("forward", body))
}

func (c *client) step(adam object) reply {
	c.Helper()
	return c.done("optim_step", object{"model_id": c.model, "seq_id": c.next(), "adam_params": adam})
}

// loss is the total of a batch, without moving anything.
func (c *client) loss(rows ...object) float64 {
	c.Helper()
	return c.forward(rows...).Metrics["loss:sum"]
}

// scripted is a base model whose calls wait until the test lets them go on, and that notes their order.
type scripted struct {
	*shelf.Model
	gate  chan struct{} // one value lets one call go on; closed: all
	began chan string   // the loss of each call, when it begins
}

func newScripted(s *shelf.Shelf) *scripted {
	return &scripted{s.Put(shelf.About{Name: "test/scripted"}, tinyModel(), nil), make(chan struct{}), make(chan string, 100)}
}

func (b *scripted) Train(ctx context.Context, o local.Options) (trainer.Trainer, error) {
	t, err := b.Model.Train(ctx, o)
	return &scriptedTrainer{t, b}, err
}

type scriptedTrainer struct {
	trainer.Trainer
	base *scripted
}

func (t *scriptedTrainer) OptimStep(ctx context.Context, a trainer.Adam) *trainer.Future[trainer.Metrics] {
	t.base.began <- "step"
	select {
	case <-t.base.gate:
	case <-ctx.Done():
		return trainer.Ready[trainer.Metrics](nil, ctx.Err())
	}
	return t.Trainer.OptimStep(ctx, a)
}
