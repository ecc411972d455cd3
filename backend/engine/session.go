package engine

import (
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// session is a client that was let in. It owns models and samplers, which end with it.
type session struct {
	id       string
	name     string // for people, "" when not given
	meta     map[string]any
	begun    time.Time
	last     time.Time // sign of life
	finished bool
	models   []string
	samplers []string
}

// open lets a client in.
func (s *Server) openSession(name string, meta map[string]any) (*session, error) {
	if alive := s.alive(); alive >= s.limits.Sessions {
		return nil, lab.Errorf(lab.Budget, "%d sessions are open, the most there may be", alive).WithHint("finish sessions, or wait %v for silent ones to end", s.limits.Silence)
	}
	now := time.Now()
	x := &session{id: newID(), name: name, meta: meta, begun: now, last: now}
	s.sessions[x.id] = x
	return x, nil
}

func (s *Server) alive() int {
	n := 0
	for _, x := range s.sessions {
		if !x.finished {
			n++
		}
	}
	return n
}

// errFinished answers calls of a session that was finished; clients stop their heartbeats then.
var errFinished = &lab.Error{Code: lab.Conflict, Msg: "the session is finished", Hint: "open another session"}

// session returns one that goes on, and notes that its client is there.
func (s *Server) session(id string) (*session, error) {
	x, ok := s.sessions[id]
	switch {
	case !ok:
		return nil, lab.Errorf(lab.NotFound, "no session %.100q", id).WithHint("open one with create_session; those that are silent for %v end", s.limits.Silence)
	case x.finished:
		return nil, errFinished
	}
	x.last = time.Now()
	return x, nil
}

// finishSession ends a session by its client's wish. Its name is kept for a while, to answer late heartbeats.
func (s *Server) finishSession(id string) error {
	if x, ok := s.sessions[id]; ok && x.finished {
		return nil
	}
	x, err := s.session(id)
	if err != nil {
		return err
	}
	s.freeSession(x)
	x.finished = true
	return nil
}

// endSession forgets a session and frees what it owns.
func (s *Server) endSession(id string) {
	s.freeSession(s.sessions[id])
	delete(s.sessions, id)
}

func (s *Server) freeSession(x *session) {
	for _, id := range slices.Clone(x.models) {
		s.unload(id, func() {})
	}
	gone := map[string]bool{x.id: true}
	for _, id := range x.samplers {
		s.closeSampling(id)
		gone[id] = true
	}
	s.calls.forget(gone)
	x.models, x.samplers = nil, nil
}

// expireSessions ends those that were silent for too long.
func (s *Server) expireSessions(now time.Time) {
	for id, x := range s.sessions {
		silent := now.Sub(x.last)
		if x.finished && silent > s.limits.Keep || !x.finished && s.limits.Silence > 0 && silent > s.limits.Silence {
			s.endSession(id)
		}
	}
}
