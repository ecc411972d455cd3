package engine

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"runtime/debug"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// mux lists every call. What is not here is answered with 404, which clients take as a feature that this server lacks.
func (s *Server) mux() *http.ServeMux {
	m := http.NewServeMux()
	get := func(path string, h func(*call) (any, error)) { m.HandleFunc("GET "+wire.Prefix+path, s.answer(h)) }
	post := func(path string, h func(*call) (any, error)) { m.HandleFunc("POST "+wire.Prefix+path, s.answer(h)) }
	get(wire.PathHealth, func(*call) (any, error) { return wire.HealthReply{Status: "ok"}, nil })
	post(wire.PathConfig, func(*call) (any, error) { return wire.NewConfigReply(), nil })
	post(wire.PathDynamicConfig, func(*call) (any, error) { return wire.DynamicConfigReply{Refresh: 300}, nil })
	post(wire.PathTelemetry, func(*call) (any, error) { return wire.TelemetryReply{Status: "accepted"}, nil })
	get(wire.PathCapabilities, s.capabilities)
	post(wire.PathCreateSession, read(s.createSession))
	post(wire.PathHeartbeat, read(s.heartbeat))
	post("sessions/{id}/finish", read(s.finish))
	get("sessions", s.listSessions)
	get("sessions/{id}", s.showSession)

	post(wire.PathRetrieve, read(s.retrieve))
	post(wire.PathCreateModel, read(s.createModel))
	post(wire.PathGetInfo, read(s.getInfo))
	post(wire.PathUnload, read(s.unloadModel))
	post(wire.PathForwardBackward, s.forwardBackward)
	post(wire.PathForward, s.forward)
	post(wire.PathOptimStep, read(s.optimStep))
	post(wire.PathSave, read(s.saveWeights))
	post(wire.PathLoad, read(s.loadWeights))
	post(wire.PathSaveForSampler, read(s.saveForSampler))
	post(wire.PathWeightsInfo, read(s.weightsInfo))

	post(wire.PathCreateSamplingSession, read(s.createSampling))
	post("join_sampling_session", read(s.join))
	get(wire.PathSamplers+"{id}", s.showSampler)
	post(wire.PathSample, read(s.sample))

	get("training_runs", s.listTrainingRuns)
	get("training_runs/{id}", s.showTrainingRun)
	get("training_runs/{id}/checkpoints", s.listRunCheckpoints)
	get("checkpoints", s.listCheckpoints)
	m.HandleFunc("DELETE "+wire.Prefix+"training_runs/{id}/checkpoints/{kind}/{name}", s.answer(s.deleteCheckpoint))
	m.HandleFunc("PUT "+wire.Prefix+"training_runs/{id}/checkpoints/{kind}/{name}/ttl", s.answer(read(s.setTTL)))
	get("training_runs/{id}/checkpoints/{kind}/{name}/archive", s.archive)
	get(archivePath+"{token}", s.download)
	return m
}

// call is a request that was let in, with its body.
type call struct {
	*http.Request
	body   []byte
	digest digest
	// idempotency is a value that a client keeps when it sends a call again, "" when it gives none.
	idempotency string
}

// read makes a handler of one that takes a message in JSON.
func read[T any](h func(*call, *T) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if err := c.wantJSON(); err != nil {
			return nil, err
		}
		message, err := wire.Decode[T](c.body)
		if x, extends := any(&message).(extended); err == nil && extends {
			err = x.complete(c.body)
		}
		if err != nil {
			return nil, unreadable(err)
		}
		return h(c, &message)
	}
}

// extended is a message that adds fields to one of package wire, which says what the body must hold.
type extended interface {
	complete(body []byte) error
}

func completeAs[T any](body []byte) error {
	_, err := wire.Decode[T](body)
	return err
}

func (*sessionRequest) complete(b []byte) error { return completeAs[wire.CreateSessionRequest](b) }
func (*saveRequest) complete(b []byte) error    { return completeAs[wire.SaveRequest](b) }
func (*saveForSamplerRequest) complete(b []byte) error {
	return completeAs[wire.SaveForSamplerRequest](b)
}
func (*sampleRequest) complete(b []byte) error { return completeAs[wire.SampleRequest](b) }

// status is an error that has an HTTP status of its own.
type status struct {
	error
	code int
}

func (e status) Unwrap() error { return e.error }

// unreadable marks an error as one of a body that cannot be understood at all.
func unreadable(err error) error { return status{err, http.StatusUnprocessableEntity} }

func (c *call) kind() string {
	kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil {
		return wire.JSON // not said
	}
	return kind
}

func (c *call) wantJSON() error {
	if k := c.kind(); k != wire.JSON {
		return status{lab.Errorf(lab.Invalid, "content type %.100q, want %q", k, wire.JSON), http.StatusUnsupportedMediaType}
	}
	return nil
}

// raw is a reply that is written as it is.
type raw struct {
	status int
	kind   string
	header http.Header
	body   []byte
}

// headed is a reply in JSON with headers.
type headed struct {
	reply  any
	header http.Header
}

// ServeHTTP checks where a request comes from and who sends it, and answers it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.recovered(w, r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if !s.addressed(r) {
		s.refuse(w, r, status{lab.Errorf(lab.Invalid, "host %.200q is not a name of this server", r.Host).WithHint("start the server with --host and that name"), http.StatusForbidden})
		return
	}
	_, pattern := s.routes.Handler(r)
	switch {
	case !isOpen(pattern) && !s.known(r):
		s.refuse(w, r, status{lab.Errorf(lab.Invalid, "the key is missing or wrong").WithHint("send the key that `loci engine serve` printed as X-API-Key"), http.StatusUnauthorized})
	case pattern == "":
		s.refuse(w, r, lab.Errorf(lab.NotFound, "this server has no call %s %.200s", r.Method, r.URL.Path))
	default:
		s.routes.ServeHTTP(w, r)
	}
}

// isOpen tells whether a call needs no key: whether somebody is there, and archives, whose address is a secret itself.
func isOpen(pattern string) bool {
	return pattern == "GET "+wire.Prefix+wire.PathHealth || pattern == "GET "+wire.Prefix+archivePath+"{token}"
}

// answer makes an HTTP handler: it reads the body, within its limit, and writes what the handler returns.
func (s *Server) answer(h func(*call) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := s.take(w, r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		reply, err := h(c)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		s.write(w, reply)
	}
}

func (s *Server) take(w http.ResponseWriter, r *http.Request) (*call, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, status{lab.Errorf(lab.Invalid, "content encoding %.100q, want none", e), http.StatusUnsupportedMediaType}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.limits.BodyBytes))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, status{lab.Errorf(lab.Budget, "the body is longer than %d bytes", s.limits.BodyBytes).WithHint("send less at once"), http.StatusRequestEntityTooLarge}
	}
	if err != nil {
		return nil, status{lab.Errorf(lab.Invalid, "the body broke off: %v", err), http.StatusBadRequest}
	}
	return &call{Request: r, body: body, digest: digestOf(r, body), idempotency: r.Header.Get("X-Idempotency-Key")}, nil
}

func (s *Server) write(w http.ResponseWriter, reply any) {
	if h, ok := reply.(headed); ok {
		for name, values := range h.header {
			w.Header()[name] = values
		}
		reply = h.reply
	}
	out, ok := reply.(raw)
	if !ok {
		body, err := wire.Encode(reply)
		if err != nil {
			s.cfg.Log.Error("a reply cannot be written", "error", err)
			out = raw{status: http.StatusInternalServerError, body: []byte(`{"detail":"the reply has a number that JSON cannot hold"}`)}
		} else {
			out = raw{body: body}
		}
	}
	for name, values := range out.header {
		w.Header()[name] = values
	}
	if out.kind == "" {
		out.kind = wire.JSON
	}
	if out.status == 0 {
		out.status = http.StatusOK
	}
	if out.status != http.StatusNoContent {
		w.Header().Set("Content-Type", out.kind)
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body) // a client that is gone asks again
}

// refuse answers with the status of an error. What is our mistake goes to the log and is not shown.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := statusOf(err)
	text := words(err)
	if code >= 500 {
		s.cfg.Log.Error("a call failed", "path", r.URL.Path, "error", err)
		text = "a mistake of the server; its log says more"
	}
	if code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	s.write(w, raw{status: code, body: must(json.Marshal(wire.ErrorBody{Detail: wire.Detail(text)}))})
}

// must is for values that always can be written: text.
func must(b []byte, err error) []byte {
	if err != nil {
		panic("engine: " + err.Error())
	}
	return b
}

// words are what a person reads of an error: what is wrong, and what to do.
func words(err error) string {
	if hint := lab.HintOf(err); hint != "" {
		return err.Error() + "; " + hint
	}
	return err.Error()
}

func statusOf(err error) int {
	if e, ok := errors.AsType[status](err); ok {
		return e.code
	}
	if errors.Is(err, errFinished) {
		return http.StatusGone
	}
	switch lab.CodeOf(err) {
	case lab.Invalid:
		return http.StatusBadRequest
	case lab.NotFound:
		return http.StatusNotFound
	case lab.Conflict:
		return http.StatusConflict
	case lab.Budget:
		return http.StatusTooManyRequests
	case lab.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			panic(p)
		}
		s.cfg.Log.Error("a call panicked", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
		s.write(w, raw{status: http.StatusInternalServerError, body: []byte(`{"detail":"a mistake of the server; its log says more"}`)})
	}
}
