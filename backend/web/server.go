package web

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/settings"
)

// Config is what a Server needs. Owner, Library, Vocabulary, Home and Log are required.
type Config struct {
	Owner      Owner
	Library    RunIndex            // runs of the data folder
	States     StateIndex          // timeline of notebooks; nil keeps none
	Forks      Forks               // makes forks of runs; nil where none can be made
	Compare    CompareIndex        // runs for lists and comparisons; nil has none
	Hub        *hub.Hub            // brings notices for the person; nil where there are none
	Vocabulary notebook.Vocabulary // what a notebook may name
	Recorded   Recorded            // nil when no recorded results ship
	Shelf      Shelf               // whole runs that ship; nil when none do
	Sources    fs.FS               // sources of the mechanisms, by their paths below backend/; nil when they do not ship
	Pages      fs.FS               // built front end, index.html at its root; empty or nil shows a page that says how to build it
	Shipped    fs.FS               // notebooks that ship, by the name that their card gives without the folder; read-only
	Home       string              // data folder; own notebooks lie in Home/notebooks
	Files      []string            // notebooks that the user named; they may lie anywhere and may be edited
	Token      string              // "" makes a random one
	Hosts      []string            // names beside the loopback ones under which this server may be addressed
	Session    http.Handler        // answers /session/, where other programs of this account ask; it checks by itself who does. nil answers nobody
	Desktop    Desktop             // the window around the pages; nil in a browser
	Version    string              // for the status bar
	Kernel     string              // kernel family of the numeric core
	Machine    string              // in words, without names of host or user
	Sharing    Sharing             // what exporting and importing need
	Log        *slog.Logger
	Now        func() time.Time // nil takes the system's clock

	Settings   *settings.Book                  // nil has the defaults, which cannot be changed then
	Secrets    SecretKeeper                    // nil keeps none
	Bin        Bin                             // nil deletes nothing
	TargetFile string                          // where the targets stand, "" for none
	TestTarget TestTarget                      // nil tests none
	Services   Services                        // starts and stops training services; nil where none can be started
	FreeDisk   func() (bytes int64, err error) // where the data lie; nil knows nothing of it
	Computer   func() Computer                 // asks this computer; nil knows nothing of it

	// Prepare makes ahead what the runs of a set-up share; nil where the runs make it.
	Prepare func(ctx context.Context, setup lab.Setup) error
}

// Server answers the pages' requests. It is an http.Handler; Close ends what it started.
type Server struct {
	cfg       Config
	guard     *guard
	assets    *assets
	notebooks *notebooks
	records   *records
	pasts     *pasts
	feeds     *feeds
	tests     *tests
	curves    *curves
	compared  comparing
	plans     plans
	shares    shares
	lefts     lefts
	cards     sync.Mutex
	lessons   lessons
	judged    map[string]cardVerdicts    // by notebook
	bounds    map[int64]map[string]bound // claims of the states for runs, by state
	routes    *http.ServeMux
	life      context.Context // ends with Close; sockets and feeds live no longer
	end       context.CancelFunc
	work      sync.WaitGroup // sockets and the watcher of notebooks
	closing   sync.Mutex     // no socket begins while Close decides that no more may
}

// New makes a server. It reads no notebook and no record, so that the first page does not wait for them.
func New(cfg Config) (*Server, error) {
	if cfg.Owner == nil || cfg.Library == nil || cfg.Vocabulary == nil || cfg.Home == "" || cfg.Log == nil {
		return nil, lab.Errorf(lab.Internal, "web.New wants an owner, an index of runs, a vocabulary, a data folder and a log")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Settings == nil {
		cfg.Settings = settings.Defaults()
	}
	guard, err := newGuard(cfg.Token, cfg.Hosts)
	if err != nil {
		return nil, err
	}
	books, err := newNotebooks(cfg)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, guard: guard, assets: newAssets(cfg.Pages), notebooks: books, records: newRecords(shelved{cfg.Owner, cfg.Shelf}), curves: newCurves(), tests: newTests(),
		pasts:  &pasts{owner: shelved{cfg.Owner, cfg.Shelf}},
		judged: map[string]cardVerdicts{}, bounds: map[int64]map[string]bound{}, plans: plans{kept: map[address]keptPlan{}, older: map[address]olderRuns{}},
		lessons: lessons{ready: map[string]bool{}, whys: map[string]LessonWhy{}},
	}
	s.curves.files = &derived{s: s, made: map[curveName]bool{}}
	s.compared = newComparing(cfg.Compare)
	s.assets.look = s.paint
	s.records.most = func() int { return int(cfg.Settings.Number(settings.OpenRecords)) }
	s.life, s.end = context.WithCancel(context.Background())
	s.feeds = newFeeds(s)
	s.routes = s.mux()
	s.work.Go(func() { s.notebooks.watch(s.life) })
	s.work.Go(func() { s.feeds.drive(s.life) })
	if cfg.Hub != nil {
		s.work.Go(func() { s.feeds.listen(s.life, cfg.Hub) })
	}
	return s, nil
}

// Close writes notebooks that are not saved yet, ends the sockets and waits for them.
func (s *Server) Close() error {
	s.closing.Lock()
	s.end()
	s.closing.Unlock()
	s.work.Wait()
	s.curves.files.work.Wait()
	return errors.Join(s.notebooks.close(), s.records.close(), s.pasts.close(), s.shares.close())
}

// Token returns the reusable token that a browser needs once: /login?t=TOKEN.
func (s *Server) Token() string { return s.guard.token }

// OneTime makes a token that opens the pages once, for a window or browser that the program starts itself: what stands in a process
// list or a history file afterwards opens nothing.
func (s *Server) OneTime() string { return s.guard.oneTime() }

// ServeHTTP checks where a request comes from, and answers it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.recovered(w, r)
	harden(w.Header())
	if err := s.guard.host(r); err != nil {
		s.refuse(w, r, http.StatusForbidden, err)
		return
	}
	switch r.URL.Path {
	case "/login":
		s.login(w, r)
		return
	case "/favicon.svg", "/favicon.ico":
		s.assets.favicon(w, r)
		return
	}
	if s.cfg.Session != nil && strings.HasPrefix(r.URL.Path, "/session/") {
		s.cfg.Session.ServeHTTP(w, r)
		return
	}
	if err := s.guard.allowed(r); err != nil {
		s.refuse(w, r, statusOfRefusal(err), err)
		return
	}
	s.routes.ServeHTTP(w, r)
}

// mux lists every address of the contract.
func (s *Server) mux() *http.ServeMux {
	m := http.NewServeMux()
	m.Handle("GET /api/library", s.answer(s.library))
	m.Handle("GET /api/notebook", s.answer(s.notebook))
	m.Handle("POST /api/notebook/op", s.answer(s.notebookOp))
	m.Handle("POST /api/notebook/copy", s.answer(s.notebookCopy))
	m.Handle("GET /api/plan", s.answer(s.plan))
	m.Handle("POST /api/job", s.answer(s.startJob))
	m.Handle("POST /api/job/{id}/{verb}", s.answer(s.controlJob))
	m.Handle("GET /api/jobs", s.answer(s.jobs))
	m.Handle("GET /api/chart", s.answer(s.chart))
	m.Handle("GET /api/results", s.answer(s.results))
	m.Handle("GET /api/runs", s.answer(s.runs))
	m.Handle("GET /api/run/{key}", s.answer(s.run))
	m.Handle("GET /api/run/{key}/episodes", s.answer(s.episodes))
	m.Handle("GET /api/run/{key}/episode/{id}", s.answer(s.episode))
	m.HandleFunc("GET /api/run/{key}/rows.csv", s.rowsCSV)
	m.Handle("GET /api/run/{key}/chart", s.answer(s.runChart))
	m.Handle("GET /api/status", s.answer(s.status))
	m.HandleFunc("GET /api/ws", s.socket)
	for _, part := range []func(*http.ServeMux){
		s.chartRoutes, s.memoryRoutes, s.inspectRoutes, s.forkRoutes, s.compareRoutes, s.sweepRoutes, s.targetRoutes, s.settingRoutes, s.shareRoutes, s.paperRoutes, s.timelineRoutes, s.lessonRoutes, s.desktopRoutes,
	} {
		part(m)
	}
	m.HandleFunc("/api/", s.noSuchAddress)
	m.Handle("/", s.assets)
	return m
}

func (s *Server) noSuchAddress(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, lab.Errorf(lab.NotFound, "address %s %q does not exist", r.Method, r.URL.Path).WithHint("reload the page"))
}
