package tinker

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// beat is the time between two signs of life. A service that hears none for its own limit (SkyRL 300 s) drops the session.
const beat = 10 * time.Second

// session is the connection to a service: everything but the model.
type session struct {
	*link
	jitter  *jitter
	id      string
	config  wire.ConfigReply
	context int      // most tokens of prompt and continuation
	notes   []string // what the service had to say
	skyrl   bool     // it lacks a call that SkyRL lacks

	life   context.Context // ends with close
	end    context.CancelFunc
	work   sync.WaitGroup
	lost   chan struct{} // closed when the service says that it knows the session no more
	clocks sync.Once
}

// connect greets the service and opens a session. The service must answer within the tries of a submission.
func connect(ctx context.Context, o *Options, u *url.URL, j *jitter) (*session, error) {
	s := &session{link: newLink(o, u), jitter: j, context: o.Context, lost: make(chan struct{}), config: wire.NewConfigReply()}
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	for _, step := range []func(context.Context, *Options) error{s.health, s.configure, s.capabilities, s.create} {
		if err := step(ctx, o); err != nil {
			s.end()
			return nil, err
		}
	}
	if bare(u, o.Key.Reveal()) {
		s.notes = append(s.notes, "the key travels unencrypted to "+u.Hostname()+": reach the service by https or an SSH tunnel")
	}
	s.work.Go(s.heartbeats)
	return s, nil
}

func (s *session) health(ctx context.Context, _ *Options) error {
	const what = "the greeting"
	a, err := s.submit(ctx, s.jitter, what, get(wire.PathHealth))
	if err == nil {
		_, err = read[wire.HealthReply](s.link, what, a)
	}
	return err
}

// configure asks for the service's flags. A service without the call has the defaults.
func (s *session) configure(ctx context.Context, _ *Options) error {
	const what = "the request for its configuration"
	c, err := post(wire.PathConfig, wire.ConfigRequest{Version: s.userAgent})
	if err != nil {
		return err
	}
	a, err := s.submit(ctx, s.jitter, what, c)
	if err == nil {
		if s.config, err = readInto(s.link, what, a, s.config); err != nil {
			return err
		}
	} else if !missing(err) {
		return err
	}
	if s.config.MaxChunkLen < 1 || s.config.MaxChunkBytes < 1 {
		s.config = wire.NewConfigReply()
	}
	if c, err = post(wire.PathDynamicConfig, struct{}{}); err != nil {
		return err
	}
	_, err = s.submit(ctx, s.jitter, what, c)
	if s.skyrl = missing(err); s.skyrl {
		return nil
	}
	return err
}

// readInto reads a JSON reply over defaults.
func readInto(l *link, what string, a *answer, reply wire.ConfigReply) (wire.ConfigReply, error) {
	if _, err := read[wire.ConfigReply](l, what, a); err != nil {
		return reply, err
	}
	return reply, unmarshal(a.body, &reply)
}

func missing(err error) bool { return err != nil && lab.CodeOf(err) == lab.NotFound }

// capabilities asks whether the service has the model, where it says what it has, and for its context.
func (s *session) capabilities(ctx context.Context, o *Options) error {
	const what = "the request for its models"
	a, err := s.submit(ctx, s.jitter, what, get(wire.PathCapabilities))
	if missing(err) {
		return s.assumeContext()
	}
	if err != nil {
		return err
	}
	reply, err := read[wire.CapabilitiesReply](s.link, what, a)
	if err != nil {
		return err
	}
	var names []string
	for _, m := range reply.Models {
		names = append(names, strconv.Quote(m.Name))
		if m.Name == o.BaseModel {
			if s.context == 0 {
				s.context = m.MaxContext
			}
			return s.assumeContext()
		}
	}
	if len(names) == 0 {
		return s.assumeContext()
	}
	return lab.Errorf(lab.Invalid, "the training service at %s has no model %q, it has %s", s.host, o.BaseModel, short(strings.Join(names, ", "))).
		WithHint("name one of them as base_model of the service")
}

func (s *session) assumeContext() error {
	if s.context <= 0 {
		s.context = usualContext
		s.notes = append(s.notes, "the service does not say how long its context is; "+strconv.Itoa(usualContext)+" tokens are assumed")
	}
	return nil
}

func (s *session) create(ctx context.Context, _ *Options) error {
	const what = "the request for a session"
	c, err := post(wire.PathCreateSession, wire.CreateSessionRequest{Type: wire.PathCreateSession, Tags: []string{"loci"}, Version: s.userAgent})
	if err != nil {
		return err
	}
	a, err := s.submit(ctx, s.jitter, what, c)
	if err != nil {
		return err
	}
	reply, err := read[wire.CreateSessionReply](s.link, what, a)
	if err != nil {
		return err
	}
	if reply.ErrorMessage != "" {
		return lab.Errorf(lab.Invalid, "the training service at %s opens no session: %s", s.host, short(s.redact(reply.ErrorMessage))).
			WithHint("change what the service's text names")
	}
	if reply.WarningMessage != "" {
		s.notes = append(s.notes, "the service warns: "+short(s.redact(reply.WarningMessage)))
	}
	s.id = reply.SessionID
	return nil
}

// heartbeats signs until close. A sign that gets lost is followed by the next one; one that the service does not want any more
// ends them.
func (s *session) heartbeats() {
	for sleep(s.life, beat) == nil {
		c, err := post(wire.PathHeartbeat, wire.HeartbeatRequest{Type: wire.PathHeartbeat, SessionID: s.id})
		if err != nil {
			return
		}
		a, err := s.once(s.life, c, beat)
		if err == nil && (a.status == http.StatusNotFound || a.status == http.StatusGone) {
			s.clocks.Do(func() { close(s.lost) })
			return
		}
	}
}

// ended returns an error once the service has dropped the session.
func (s *session) ended() error {
	select {
	case <-s.lost:
		return lab.Errorf(lab.Unavailable, "the training service at %s has dropped the session", s.host).
			WithHint("resume the run: it goes on from the last state that was kept")
	default:
		return nil
	}
}

// farewell is how long close gives each of its last calls.
const farewell = 3 * time.Second

// tell makes a call whose answer does not matter.
func (s *session) tell(path string, message any) {
	if c, err := post(path, message); err == nil {
		_, _ = s.once(context.WithoutCancel(s.life), c, farewell)
	}
}

// close ends all goroutines and the session.
func (s *session) close() {
	s.end()
	s.work.Wait()
	s.tell("sessions/"+url.PathEscape(s.id)+"/finish", wire.FinishRequest{Detail: "closed"})
	s.client.CloseIdleConnections()
}

// with returns a context that ends with ctx and with the session.
func (s *session) with(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() { stop(); cancel() }
}
