package engine

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

func (s *Server) capabilities(*call) (any, error) {
	yes := true
	reply := wire.CapabilitiesReply{Models: []wire.SupportedModel{}}
	for _, b := range s.cfg.Bases {
		about := b.About()
		reply.Models = append(reply.Models, wire.SupportedModel{Name: about.Name, MaxContext: about.Context, Trainable: &yes, Sampleable: &yes})
	}
	return reply, nil
}

// sessionRequest adds what newer clients send.
type sessionRequest struct {
	wire.CreateSessionRequest
	DisplayName string `json:"display_name"`
}

func (s *Server) createSession(c *call, q *sessionRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := c.idempotentKey()
	if answer, known, err := s.calls.again(key, c.digest); known || err != nil {
		return answer, err
	}
	var meta map[string]any
	if len(q.UserMetadata) > 0 {
		_ = json.Unmarshal(q.UserMetadata, &meta) // anything but an object is of no use to anybody
	}
	x, err := s.openSession(q.DisplayName, meta)
	if err != nil {
		return nil, err
	}
	answer := wire.CreateSessionReply{Type: "create_session", SessionID: x.id}
	s.calls.accept(key, c.digest, x.id, answer)
	return answer, nil
}

// idempotentKey is what a call is remembered by when nothing in it names it.
func (c *call) idempotentKey() string {
	if c.idempotency == "" {
		return ""
	}
	return "X-Idempotency-Key " + c.idempotency
}

func (s *Server) heartbeat(_ *call, q *wire.HeartbeatRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.session(q.SessionID); err != nil {
		return nil, err
	}
	return wire.HeartbeatReply{Type: wire.PathHeartbeat}, nil
}

func (s *Server) finish(c *call, _ *wire.FinishRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return struct{}{}, s.finishSession(c.PathValue("id"))
}

func (s *Server) listSessions(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := slices.SortedFunc(maps.Values(s.sessions), func(a, b *session) int {
		return cmp.Or(b.begun.Compare(a.begun), cmp.Compare(a.id, b.id))
	})
	newest = slices.DeleteFunc(newest, func(x *session) bool { return x.finished })
	part, _, err := page(c, newest)
	reply := wire.SessionsReply{Sessions: []string{}}
	for _, x := range part {
		reply.Sessions = append(reply.Sessions, x.id)
	}
	return reply, err
}

// sessionReply adds what newer clients read.
type sessionReply struct {
	wire.SessionReply
	Meta        map[string]any `json:"user_metadata,omitempty"`
	DisplayName string         `json:"display_name,omitempty"`
}

func (s *Server) showSession(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.sessions[c.PathValue("id")]
	if !ok {
		return nil, lab.Errorf(lab.NotFound, "no session %.100q", c.PathValue("id"))
	}
	known := wire.SessionReply{TrainingRuns: append([]string{}, x.models...), Samplers: append([]string{}, x.samplers...)}
	return sessionReply{known, x.meta, x.name}, nil
}

// retrieve holds the question for a result until it is there or the client had better ask again.
func (s *Server) retrieve(c *call, q *wire.RetrieveRequest) (any, error) {
	s.mu.Lock()
	x, ok := s.futures.byID[string(q.RequestID)]
	s.mu.Unlock()
	if !ok {
		return nil, lab.Errorf(lab.NotFound, "no request %.100q; results are kept for %v", string(q.RequestID), s.limits.Keep)
	}
	if !x.wait(c.Context(), s.limits.Poll) {
		again, err := wire.Encode(s.notYet(x))
		return raw{status: 408, body: again}, err
	}
	out, err := s.settled(c, x)
	if reply, ok := out.(raw); ok {
		reply.header = s.queued(x)
		return reply, err
	}
	return headed{out, s.queued(x)}, err
}

// notYet tells whether a call that has no result waits for its turn.
func (s *Server) notYet(x *future) wire.TryAgain {
	s.mu.Lock()
	defer s.mu.Unlock()
	again := wire.TryAgain{Type: wire.TypeTryAgain, RequestID: wire.RequestID(x.id), QueueState: wire.QueueActive}
	if x.begun.IsZero() {
		again.QueueState, again.Reason = wire.QueueCapacity, "other calls are carried out before this one"
	}
	return again
}

// QueuedHeader says with a result how many milliseconds its call waited for its turn.
const QueuedHeader = "X-Loci-Queued-Ms"

// queued is that header of a settled call; one that never began waited all the time.
func (s *Server) queued(x *future) http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun := x.begun
	if begun.IsZero() {
		begun = x.finished
	}
	return http.Header{QueuedHeader: {strconv.FormatInt(max(0, begun.Sub(x.added).Milliseconds()), 10)}}
}

// settled writes a result, in protobuf if the client takes it and the protocol has it, or an error.
func (s *Server) settled(c *call, x *future) (any, error) {
	if x.err != nil {
		kind := category(x.err)
		text := words(x.err)
		if lab.CodeOf(x.err) == lab.Internal && kind == wire.ServerFault {
			text = "a mistake of the server; its log says more"
		}
		return wire.Failed{Error: text, Category: kind}, nil
	}
	if x.result.proto != nil && c.takes(wire.Protobuf) {
		return raw{kind: wire.Protobuf, body: x.result.proto()}, nil
	}
	return x.result.json, nil
}

// ttl turns a time to live into a moment; nil and 0 are never.
func ttl(seconds *int64) (time.Time, error) {
	const longest = 10 * 366 * 24 * 3600
	switch {
	case seconds == nil || *seconds == 0:
		return time.Time{}, nil
	case *seconds < 0 || *seconds > longest:
		return time.Time{}, lab.Errorf(lab.Invalid, "ttl_seconds is %d, want 1 to %d", *seconds, longest)
	}
	return time.Now().Add(time.Duration(*seconds) * time.Second), nil
}
