// Package engine is the server side of the training protocol: it lends out models of this computer to any client that speaks it, the
// official Python package among them. Sessions hold models and samplers; every call that computes is queued and answered through a
// future, and the training calls of one model are carried out in the order of their sequence numbers, whatever order they arrive in.
//
// One goroutine trains and one samples; both take turns between those who wait. Messages are those of trainer/wire.
package engine

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Config is what a Server needs. Bases, Folder, Key and Log are required.
type Config struct {
	Bases  []Base       // models that clients may train and sample, by unique names
	Folder string       // where checkpoints are kept; made when missing
	Key    string       // what clients must send; begins with tml-, see NewKey
	Hosts  []string     // names beside the loopback ones under which this server may be addressed
	Log    *slog.Logger // for mistakes of ours
	Limits Limits       // what is zero has its default
}

// Limits bound what clients may ask of this computer. What goes beyond is answered with 429 or 413.
type Limits struct {
	Models      int           // models in training at once
	Sessions    int           // sessions at once
	Pending     int           // calls that wait or run
	QueuedBytes int64         // bodies of calls that wait
	KeptBytes   int64         // results that are kept for their readers
	BodyBytes   int64         // one body
	Samples     int           // continuations of one call
	Silence     time.Duration // a session that is silent for longer ends; negative: never
	Gap         time.Duration // how long a call waits for one of a smaller sequence number
	Poll        time.Duration // how long a question for a result is held
	Keep        time.Duration // how long a result can be read
}

func (l Limits) filled() Limits {
	fill(&l.Models, 16)
	fill(&l.Sessions, 256)
	fill(&l.Pending, 16384)
	fill(&l.QueuedBytes, 256<<20)
	fill(&l.KeptBytes, 1<<30)
	fill(&l.BodyBytes, 64<<20)
	fill(&l.Samples, 1024)
	fill(&l.Silence, 300*time.Second)
	fill(&l.Gap, 120*time.Second)
	fill(&l.Poll, 30*time.Second)
	fill(&l.Keep, 2*time.Hour)
	return l
}

func fill[T int | int64 | time.Duration](x *T, value T) {
	if *x == 0 {
		*x = value
	}
}

// Server answers the protocol's requests. It is an http.Handler; Close ends what it started.
type Server struct {
	cfg    Config
	limits Limits
	routes *http.ServeMux
	disk   *disk
	bases  map[string]Base

	mu       sync.Mutex // guards what follows and everything reached through it
	sessions map[string]*session
	models   map[string]*model
	samplers map[string]*samplingSession
	sources  map[string]*source
	futures  *futures
	calls    *calls

	training *lane
	sampling *lane
	life     context.Context // ends with Close
	end      context.CancelFunc
	work     sync.WaitGroup // the two lanes and the sweeper
}

// sweepEvery is how often sessions, futures and checkpoints are looked through for what has had its time.
const sweepEvery = 10 * time.Second

// New makes a server and reads what an earlier one left in the folder.
func New(cfg Config) (*Server, error) {
	if len(cfg.Bases) == 0 || cfg.Folder == "" || cfg.Log == nil {
		return nil, lab.Errorf(lab.Internal, "engine.New wants base models, a folder and a log")
	}
	if err := checkKey(cfg.Key); err != nil {
		return nil, err
	}
	disk, err := openDisk(cfg.Folder)
	if err != nil {
		return nil, err
	}
	limits := cfg.Limits.filled()
	s := &Server{
		cfg: cfg, limits: limits, disk: disk, bases: map[string]Base{},
		sessions: map[string]*session{}, models: map[string]*model{}, samplers: map[string]*samplingSession{}, sources: map[string]*source{},
		futures: newFutures(limits), calls: newCalls(),
	}
	for _, b := range cfg.Bases {
		s.bases[b.About().Name] = b
	}
	s.routes = s.mux()
	s.life, s.end = context.WithCancel(context.Background())
	s.training, s.sampling = newLane(1), newLane(sampleBatch)
	s.work.Go(func() { s.training.drive(s.life) })
	s.work.Go(func() { s.sampling.drive(s.life) })
	s.work.Go(s.sweep)
	return s, nil
}

// Close stops computing, waits for what runs and frees the models.
func (s *Server) Close() error {
	s.end()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.models {
		s.forgetModel(m, errClosed)
		s.free(m, m.run)
	}
	s.futures.close(errClosed)
	return nil
}

// errClosed ends what waits when the server ends.
var errClosed = &lab.Error{Code: lab.Unavailable, Msg: "the server is closing"}

func (s *Server) sweep() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.life.Done():
			return
		case now := <-tick.C:
			s.sweepAt(now)
		}
	}
}

func (s *Server) sweepAt(now time.Time) {
	s.mu.Lock()
	s.expireSessions(now)
	gone := s.futures.expire(now)
	s.calls.forget(gone)
	s.mu.Unlock()
	expired, err := s.disk.expire(now)
	for _, path := range expired {
		s.forgetSource(path)
	}
	if err != nil {
		s.cfg.Log.Error("checkpoints past their time could not be removed", "error", err)
	}
}

// newID returns a name that nobody can guess.
func newID() string { return rand.Text() }
