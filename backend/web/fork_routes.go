package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
)

// Forks makes forks of runs; sched.Owner fulfils it.
type Forks interface {
	ForkPlace(ctx context.Context, key string, episode int64, t int) (sched.ForkPlace, error)
	Fork(ctx context.Context, req sched.ForkRequest) (sched.ForkInfo, error)
	FindFork(ctx context.Context, key string) (sched.ForkInfo, error)
	Forks(ctx context.Context, parent string) ([]sched.ForkInfo, error)
	StopFork(key string) error
}

// forkRoutes lists the addresses of forks.
func (s *Server) forkRoutes(m *http.ServeMux) {
	if s.cfg.Forks == nil {
		return
	}
	m.Handle("GET /api/run/{key}/fork", s.answer(s.forkPlace))
	m.Handle("POST /api/run/{key}/fork", s.answer(s.startFork))
	m.Handle("GET /api/fork/{key}", s.answer(s.forkView))
	m.Handle("GET /api/fork/{key}/chart", s.answer(s.forkChart))
	m.Handle("POST /api/fork/{key}/stop", s.answer(s.stopFork))
}

func (s *Server) forkPlace(r *http.Request) (any, error) {
	episode, err := count(r, "episode", 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	step, err := count(r, "step", 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	key := r.PathValue("key")
	p, err := s.cfg.Forks.ForkPlace(r.Context(), key, int64(episode), step)
	if err != nil {
		return nil, err
	}
	forks, err := s.cfg.Forks.Forks(r.Context(), key)
	if err != nil {
		return nil, err
	}
	out := ForkPlace{Can: []string{}, Why: p.Why, Look: !p.Remote, Replays: sched.MostReplays, Cost: costWords(p), Entries: []ForkEntry{}, Action: p.Action, Forks: []ForkView{}}
	for _, k := range p.Can {
		out.Can = append(out.Can, string(k))
	}
	for _, e := range p.Entries {
		out.Entries = append(out.Entries, ForkEntry(e))
	}
	for _, f := range forks {
		out.Forks = append(out.Forks, s.viewOfFork(f))
	}
	return out, nil
}

// costWords says what the replays cost: money where the model is behind an endpoint, else time.
func costWords(p sched.ForkPlace) string {
	seconds := 2 * sched.MostReplays * p.Seconds
	switch {
	case p.Remote && p.Priced:
		return fmt.Sprintf("about $%.2g", p.Price)
	case p.Remote:
		return "the endpoint has no price set: what they cost is not known"
	case seconds < 1:
		return "about 1 s"
	case seconds < 90:
		return fmt.Sprintf("about %.0f s", math.Ceil(seconds))
	}
	return fmt.Sprintf("about %.0f min", math.Ceil(seconds/60))
}

func (s *Server) startFork(r *http.Request) (any, error) {
	var ask ForkAsk
	if err := decode(r, &ask); err != nil {
		return nil, err
	}
	f, err := s.cfg.Forks.Fork(r.Context(), sched.ForkRequest{Replays: ask.Replays,
		Fork: lab.Fork{Parent: r.PathValue("key"), Episode: ask.Episode, T: ask.Step, Changes: ask.Changes, Whole: ask.Whole}})
	if err != nil {
		return nil, err
	}
	return s.viewOfFork(f), nil
}

func (s *Server) forkView(r *http.Request) (any, error) {
	f, err := s.cfg.Forks.FindFork(r.Context(), r.PathValue("key"))
	if err != nil {
		return nil, err
	}
	return s.viewOfFork(f), nil
}

func (s *Server) stopFork(r *http.Request) (any, error) {
	if err := s.cfg.Forks.StopFork(r.PathValue("key")); err != nil {
		return nil, err
	}
	return s.forkView(r)
}

func (s *Server) viewOfFork(f sched.ForkInfo) ForkView {
	v := ForkView{Key: f.Key, Title: f.Title, Words: f.Fork.Words(), Parent: f.Fork.Parent, Episode: f.Fork.Episode, Step: f.Fork.T, Changes: f.Fork.Changes,
		Whole: f.Fork.Whole, State: f.State, Phase: f.Phase, Done: f.Done, Total: f.Total, Left: leftWords(f.Low, f.High), MadeMS: millis(f.Made)}
	if v.Changes == nil {
		v.Changes = []lab.Change{}
	}
	if f.State == sched.Failed {
		v.Error = &APIError{Code: string(lab.Invalid), Msg: f.Err, Hint: f.Hint}
	}
	if f.Result == nil {
		return v
	}
	was, is := f.Result.Parent, f.Result.Fork
	v.Sentence = f.Result.Words(f.Fork)
	v.Outcome = &ForkOutcome{WasReturn: was.Return, WasSuccess: was.Success, WasSteps: was.Steps, Return: is.Return, Success: is.Success, Steps: is.Steps, First: f.Result.First}
	if e, ok := f.Result.Effect(); ok {
		v.Effect = &ForkEffect{Pairs: e.N, Same: e.Same, Return: e.Return.Mean, ReturnLow: e.Return.Low, ReturnHigh: e.Return.High, ReturnP: e.Sign.P,
			Success: e.Success.Mean, SuccessLow: e.Success.Low, SuccessHigh: e.Success.High, SuccessP: e.SuccessSign.P}
	}
	return v
}

// leftWords says a range of seconds; "" while nothing is known.
func leftWords(low, high time.Duration) string {
	lo, hi := math.Ceil(low.Seconds()), math.Ceil(high.Seconds())
	switch {
	case low < 0 || hi <= 0:
		return ""
	case lo == hi:
		return fmt.Sprintf("%.0f s left", hi)
	}
	return fmt.Sprintf("%.0f to %.0f s left", lo, hi)
}

// forkChart draws the pairs of a fork.
func (s *Server) forkChart(r *http.Request) (any, error) {
	f, err := s.cfg.Forks.FindFork(r.Context(), r.PathValue("key"))
	if err != nil {
		return nil, err
	}
	if f.Result == nil || len(f.Result.Pairs) == 0 {
		return nil, lab.Errorf(lab.NotFound, "fork %q has no replays", f.Key).WithHint("ask for replays")
	}
	p := chart.Pairs{Title: "replays", Name: f.Fork.Words(), Dark: r.URL.Query().Get("dark") == "1"}
	for _, pair := range f.Result.Pairs {
		p.Changed, p.Same = append(p.Changed, float64(pair.Changed.Return)), append(p.Same, float64(pair.Unchanged.Return))
	}
	c, err := chart.PairsOf(p)
	if err != nil {
		return nil, err
	}
	return picture{Chart: c, cell: f.Key}.wire(), nil
}

// forkTitle names a fork after its parent; "" for other runs.
func (k *kept) forkTitle() string {
	if k.start.Fork == nil {
		return ""
	}
	return k.start.Fork.Title(k.start.Arm, k.start.Seed)
}
