package tinker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

const testKey = "tml-very-secret-key"

// fake is a training service in memory: a scripted http.RoundTripper. It counts what it carried out, so that a test sees a double
// effect. With skyrl it has SkyRL's quirks: JSON only, paths of two segments, no sample ids, status 400 for failures, no dynamic_config,
// repetitions known for passes and steps alone.
type fake struct {
	skyrl bool
	// spoil is asked before a request of that path is answered, with how often the path was asked before.
	spoil func(path string, n int) fault
	// result changes the result of a call before it is stored.
	result func(path string, body []byte) []byte
	slow   int // polls that are held for nothing before a result is there

	lock    sync.Mutex
	asked   map[string]int
	applied []string          // "forward_backward 1": carried out, in order
	known   map[string]string // idempotency: key to request id
	futures map[string]*future
	names   map[string]bool // of checkpoints
	beats   int
	keys    map[string]bool // seen in X-API-Key
}

type future struct {
	kind  string
	body  []byte
	code  int
	polls int
}

// fault is what goes wrong with a request.
type fault int

const (
	fine     fault = iota
	lostAsk        // the connection breaks before the service sees the request
	lostTell       // the service carries it out, and the connection breaks
	twice          // the network delivers it twice
	busy           // 429 with Retry-After
	broken         // 503
	late           // 408 to a submission
	gone           // 410
)

func newFake(skyrl bool) *fake {
	return &fake{
		skyrl: skyrl, asked: map[string]int{}, known: map[string]string{}, futures: map[string]*future{}, names: map[string]bool{},
		keys: map[string]bool{},
	}
}

func (f *fake) options() Options {
	return Options{URL: "http://localhost:8000/", Key: lab.NewSecret(testKey), BaseModel: "/models/tiny", Rank: 8, Client: &http.Client{Transport: f}}
}

// RoundTrip implements http.RoundTripper.
func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	f.lock.Lock()
	n := f.asked[path]
	f.asked[path]++
	f.keys[r.Header.Get("X-API-Key")] = true
	f.lock.Unlock()
	var what fault
	if f.spoil != nil {
		what = f.spoil(path, n)
	}
	switch what {
	case lostAsk:
		return nil, errors.New("connection refused; the header was " + r.Header.Get("X-API-Key"))
	case busy:
		return respond(429, `{"detail":"slow down"}`, "Retry-After", "2"), nil
	case broken:
		return respond(503, "upstream is away, key "+r.Header.Get("X-API-Key")), nil
	case late:
		return respond(408, `{"type":"try_again","queue_state":"active"}`), nil
	case gone:
		return respond(410, `{"detail":"gone"}`), nil
	case twice:
		_, _ = f.answer(r.Context(), r, path, body)
	}
	reply, err := f.answer(r.Context(), r, path, body)
	if what == lostTell {
		return nil, errors.New("connection reset by peer")
	}
	return reply, err
}

func respond(code int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {wire.JSON}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func (f *fake) answer(ctx context.Context, r *http.Request, path string, body []byte) (*http.Response, error) {
	switch {
	case path == "healthz":
		return respond(200, `{"status":"ok"}`), nil
	case path == "client/config":
		return respond(200, `{"fwdbwd_max_chunk_len":2}`), nil
	case path == "client/dynamic_config" && f.skyrl:
		return respond(404, `{"detail":"Not Found"}`), nil
	case path == "client/dynamic_config":
		return respond(200, `{"refresh_interval_sec":300}`), nil
	case path == "create_session":
		return respond(200, `{"type":"create_session","session_id":"s1"}`), nil
	case path == "get_server_capabilities":
		return respond(200, `{"supported_models":[{"model_name":"/models/tiny","max_context_length":64}]}`), nil
	case path == "session_heartbeat":
		f.lock.Lock()
		f.beats++
		f.lock.Unlock()
		return respond(200, `{"type":"session_heartbeat"}`), nil
	case path == "create_sampling_session":
		return respond(200, `{"sampling_session_id":"s1:sample:0"}`), nil
	case path == "retrieve_future":
		return f.retrieve(ctx, r, body)
	case strings.HasPrefix(path, "sessions/") || path == "unload_model":
		return respond(200, `{"request_id":"bye"}`), nil
	case strings.HasSuffix(path, "/checkpoints"):
		return f.list(), nil
	case strings.HasPrefix(path, "training_runs/"):
		return respond(200, `{"training_run_id":"s1:train:0","model_owner":"loci"}`), nil
	}
	return f.enqueue(r, path, body), nil
}

func (f *fake) list() *http.Response {
	f.lock.Lock()
	defer f.lock.Unlock()
	var entries []string
	for name := range f.names {
		entries = append(entries, fmt.Sprintf(`{"checkpoint_id":%q,"checkpoint_type":"training","time":"2026-01-01T00:00:00Z","tinker_path":"tinker://s1:train:0/%s"}`, name, name))
	}
	return respond(200, `{"checkpoints":[`+strings.Join(entries, ",")+`]}`)
}

// request is what any submission may have.
type request struct {
	ModelID  string              `json:"model_id"`
	SeqID    *int64              `json:"seq_id"`
	Path     string              `json:"path"`
	ModelSeq *int64              `json:"model_seq_id"`
	Session  string              `json:"sampling_session_id"`
	N        int                 `json:"num_samples"`
	Prompt   wire.ModelInput     `json:"prompt"`
	Params   wire.SamplingParams `json:"sampling_params"`
	WantsLP  bool                `json:"prompt_logprobs"`
}

func (f *fake) enqueue(r *http.Request, path string, body []byte) *http.Response {
	var q request
	var pass wire.TrainRequest
	var err error
	if r.Header.Get("Content-Type") == wire.Protobuf {
		if f.skyrl {
			return respond(415, `{"detail":"no protobuf here"}`)
		}
		pass, err = wire.DecodeTrain(body)
		q.ModelID, q.SeqID = pass.ModelID, &pass.SeqID
	} else if err = json.Unmarshal(body, &q); err == nil && (path == wire.PathForward || path == wire.PathForwardBackward) {
		pass, err = wire.Decode[wire.TrainRequest](body)
	}
	if err != nil {
		return respond(422, fmt.Sprintf(`{"detail":%q}`, err))
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	key := r.Header.Get("X-Idempotency-Key")
	isSave := strings.HasPrefix(path, "save_")
	if q.SeqID != nil && !(f.skyrl && (isSave || path == wire.PathLoad || path == wire.PathSample)) {
		key = fmt.Sprint(q.ModelID, q.Session, *q.SeqID)
	}
	if id, seen := f.known[key]; seen && !(f.skyrl && isSave) {
		return f.queued(id, &q)
	}
	if segment := map[string]string{wire.PathSave: "weights/", wire.PathSaveForSampler: "sampler_weights/"}[path]; segment != "" && q.Path != "" {
		if f.names[segment+q.Path] {
			return respond(409, `{"detail":"checkpoint exists"}`)
		}
		f.names[segment+q.Path] = true
	}
	id := fmt.Sprint(len(f.futures) + 10)
	f.known[key] = id
	if q.SeqID != nil {
		f.applied = append(f.applied, fmt.Sprintf("%s %d", path, *q.SeqID))
	} else {
		f.applied = append(f.applied, path)
	}
	f.futures[id] = f.carryOut(path, &q, &pass, body)
	return f.queued(id, &q)
}

func (f *fake) queued(id string, q *request) *http.Response {
	reply := wire.Queued{RequestID: wire.RequestID(id)}
	if !f.skyrl && q.Session != "" {
		reply.Sequences = make([]string, q.N)
	}
	body, _ := wire.Encode(reply)
	return respond(202, string(body))
}

func (f *fake) carryOut(path string, q *request, pass *wire.TrainRequest, body []byte) *future {
	fut := &future{kind: wire.JSON, code: 200}
	model, middle := "s1:train:0", map[string]string{wire.PathSave: "weights/", wire.PathSaveForSampler: "sampler_weights/"}[path]
	if f.skyrl {
		model, middle = "model_0a1b2c3d", ""
	}
	switch path {
	case wire.PathCreateModel:
		fut.body = fmt.Appendf(nil, `{"type":"create_model","model_id":%q}`, strings.TrimSuffix(model, "0")+fmt.Sprint(*q.ModelSeq))
	case wire.PathOptimStep:
		fut.body = []byte(`{"metrics":null}`)
	case wire.PathSaveForSampler, wire.PathSave:
		fut.body = fmt.Appendf(nil, `{"path":"tinker://%s/%s%s"}`, model, middle, q.Path)
		if q.Path == "" && f.skyrl {
			fut.code, fut.body = 400, []byte(`{"detail":"a path is needed"}`)
		} else if q.Path == "" {
			fut.body = []byte(`{"type":"save_weights_for_sampler","path":null,"sampling_session_id":"s1:sample:7"}`)
		}
	case wire.PathLoad:
		fut.body = fmt.Appendf(nil, `{"path":%q}`, q.Path)
	case wire.PathSample:
		fut.kind, fut.body = f.encodeSample(q)
	default:
		fut.kind, fut.body = f.encodePass(pass)
	}
	if f.result != nil {
		if changed := f.result(path, body); changed != nil {
			fut.kind, fut.body = wire.JSON, changed
		}
	}
	return fut
}

// encodeSample continues a prompt with its last token plus 1, 2, ... plus the seed.
func (f *fake) encodeSample(q *request) (string, []byte) {
	prompt, _ := q.Prompt.Join()
	reply := llm.Reply{Sequences: make([]llm.Sequence, q.N)}
	for i := range reply.Sequences {
		s := &reply.Sequences[i]
		s.Stop = llm.Length
		for t := range *q.Params.MaxTokens {
			s.Tokens = append(s.Tokens, prompt[len(prompt)-1]+int32(t+1)+int32(*q.Params.Seed)+int32(i))
			s.Logprobs = append(s.Logprobs, -0.5)
		}
	}
	if q.WantsLP {
		reply.Prompt = make([]float32, len(prompt))
	}
	form := wire.NewSampleReply(&reply)
	if !f.skyrl {
		return wire.Protobuf, wire.EncodeSample(&form)
	}
	body, _ := wire.Encode(form)
	return wire.JSON, body
}

// encodePass gives every target the log-probability -1.
func (f *fake) encodePass(pass *wire.TrainRequest) (string, []byte) {
	form := wire.Output{Type: "TensorData", Metrics: map[string]float64{}}
	for i := range pass.Input.Data {
		tensor := pass.Input.Data[i].Inputs["target_tokens"]
		lp := make([]float32, tensor.Len())
		for t := range lp {
			lp[t] = -1
		}
		form.Rows = append(form.Rows, map[string]wire.Tensor{"logprobs": wire.FloatTensor(lp)})
	}
	if !f.skyrl {
		form.Metrics["rows:sum"] = float64(len(form.Rows))
		return wire.Protobuf, wire.EncodeOutput(&form)
	}
	body, _ := wire.Encode(form)
	return wire.JSON, body
}

func (f *fake) retrieve(ctx context.Context, r *http.Request, body []byte) (*http.Response, error) {
	var q wire.RetrieveRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	f.lock.Lock()
	fut, known := f.futures[string(q.RequestID)]
	if known {
		fut.polls++
	}
	waits := known && fut.polls <= f.slow
	f.lock.Unlock()
	if !known {
		return respond(404, `{"detail":"no such future"}`), nil
	}
	if waits {
		if err := sleep(ctx, 30*time.Second); err != nil {
			return nil, err
		}
		return respond(408, `{"type":"try_again","queue_state":"active"}`), nil
	}
	if fut.kind == wire.Protobuf && !strings.Contains(r.Header.Get("Accept"), wire.Protobuf) {
		return respond(500, "protobuf was not asked for"), nil
	}
	return respond(fut.code, string(bytes.Clone(fut.body)), "Content-Type", fut.kind), nil
}

func (f *fake) log() []string {
	f.lock.Lock()
	defer f.lock.Unlock()
	return append([]string(nil), f.applied...)
}

// count is how often a path was asked for.
func (f *fake) count(path string) int {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.asked[path]
}

func open(t *testing.T, f *fake) *Trainer {
	t.Helper()
	tr, err := Open(t.Context(), f.options())
	if err != nil {
		t.Fatal(err)
	}
	return tr
}
