package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/store"
	"github.com/loci-lab/loci/backend/target/meter"
)

// Owner is who owns the runs; sched.Owner fulfils it.
type Owner interface {
	Plan(ctx context.Context, doc *notebook.Document, opt sched.Options) (sched.Plan, error)
	Start(ctx context.Context, plan sched.Plan) (sched.Job, error)
	Jobs() []sched.Job
	Control(id, verb string) (sched.Job, error)
	Verdicts(ctx context.Context, plan sched.Plan) ([]stats.Verdict, error)
	// Table sums the plan's results up: a row for each arm and case.
	Table(ctx context.Context, plan sched.Plan) (sched.Rows, error)
	// Source gives the metric values of the plan's runs, of those that go on too.
	Source(ctx context.Context, plan sched.Plan) stats.Source
	// Record returns the path of a run's record, which may not exist yet.
	Record(key string) (string, error)
	// Used is what a run has used at its training service; nil where it asked none.
	Used(key string) (*meter.Used, error)
}

// decode reads the body of a request. An empty body is an empty message.
func decode(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return lab.Errorf(lab.Invalid, "the request cannot be read: %w", err).WithHint("send at most %d MB", maxBody>>20)
	}
	if len(body) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return lab.Errorf(lab.Invalid, "the request %q is not understood: %v", short(string(body)), err).WithHint("reload the page")
	}
	return nil
}

// count reads a whole number of an address: the default when it is left out, an error when it is none or negative.
func count(r *http.Request, name string, fallback, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, lab.Errorf(lab.Invalid, "%s is %q, want a whole number from 0 to %d", name, text, most)
	}
	return min(n, most), nil
}

// budget reads the budget of an address; "" is as the notebook says.
func budget(text string) (string, error) {
	if text == "" || slices.Contains(lab.Budgets(), text) {
		return text, nil
	}
	return "", lab.Errorf(lab.Invalid, "budget is %q, want one of %q", text, lab.Budgets())
}

// planOf makes the plan of an open notebook.
func (s *Server) planOf(ctx context.Context, path string, opt sched.Options) (sched.Plan, error) {
	doc, err := s.notebooks.document(path)
	if err != nil {
		return sched.Plan{}, err
	}
	plan, err := s.cfg.Owner.Plan(ctx, doc, opt)
	if err != nil {
		return sched.Plan{}, err
	}
	plan.File = path // the name under which the pages know it
	return plan, nil
}

// plans keeps what planning found: it asks the library for every run, and pictures of live runs are made several times a second.
type plans struct {
	mu    sync.Mutex
	kept  map[address]keptPlan // cell is "" in the address
	older map[address]olderRuns
}

// olderRuns are finished runs that may have had other settings.
type olderRuns struct {
	doc  *notebook.Document
	runs []store.Run
}

// keptPlan stands as long as the text does. Documents are values, so the same pointer is the same text.
type keptPlan struct {
	doc  *notebook.Document
	plan sched.Plan
}

// known is the plan of an open notebook with the states that its runs have now. It says nothing about the time that is left. Nobody but
// this process runs anything in the data folder, so that a run which no job of the owner holds stands as it was found.
func (s *Server) known(ctx context.Context, path, budget string) (sched.Plan, error) {
	doc, err := s.notebooks.document(path)
	if err != nil {
		return sched.Plan{}, err
	}
	at := address{path: path, budget: budget}
	s.plans.mu.Lock()
	had := s.plans.kept[at]
	s.plans.mu.Unlock()
	if had.doc != doc {
		if had.plan, err = s.planOf(ctx, path, sched.Options{Budget: budget}); err != nil {
			return sched.Plan{}, err
		}
		s.plans.mu.Lock()
		s.plans.kept[at] = keptPlan{doc, had.plan}
		s.plans.mu.Unlock()
	}
	had.plan.Runs = s.present(had.plan.Runs)
	return had.plan, nil
}

// present gives runs the states that the owner's jobs know of them.
func (s *Server) present(runs []sched.RunInfo) []sched.RunInfo {
	at := make(map[string]int, len(runs))
	out := slices.Clone(runs)
	for i, r := range out {
		at[r.Key] = i
	}
	for _, j := range slices.Backward(s.cfg.Owner.Jobs()) { // newest first: the newest word on a run stands last
		for _, now := range j.Runs {
			if i, ok := at[now.Key]; ok {
				now.Planned = out[i].Planned
				out[i] = now
			}
		}
	}
	return out
}

func (s *Server) plan(r *http.Request) (any, error) {
	q := r.URL.Query()
	b, err := budget(q.Get("budget"))
	if err != nil {
		return nil, err
	}
	p, err := s.planOf(r.Context(), q.Get("path"), sched.Options{Budget: b})
	if err != nil {
		return nil, err
	}
	return planMessage(p), nil
}

// planMessage puts a plan into the form of the contract.
func planMessage(p sched.Plan) Plan {
	return Plan{
		Total: len(p.Runs) + p.Ahead(), Unchanged: p.Unchanged, Todo: p.Todo() + p.Ahead(), Partial: p.Partial,
		SecondsLo: p.Low.Seconds(), SecondsHi: p.High.Seconds(), Basis: p.Basis, Label: label(p),
	}
}

// label is what the run button says.
func label(p sched.Plan) string {
	switch {
	case len(p.Runs) == 0:
		return "Nothing to run"
	case p.Todo() == 0:
		return fmt.Sprintf("All %d runs are done", len(p.Runs))
	}
	text := fmt.Sprintf("Run %d", p.Todo()+p.Ahead())
	if p.Unchanged > 0 {
		text += fmt.Sprintf(" of %d (%d unchanged)", len(p.Runs)+p.Ahead(), p.Unchanged)
	}
	if p.Partial > 0 {
		text += fmt.Sprintf(", %d continued", p.Partial)
	}
	if mean := (p.Low + p.High) / 2; mean > 0 {
		text += ", about " + span(mean)
	}
	return text
}

// span writes a time as people say it.
func span(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 1:
		return "1 s"
	case s < 90:
		return fmt.Sprintf("%.0f s", s)
	case s < 90*60:
		return fmt.Sprintf("%.0f min", s/60)
	default:
		return fmt.Sprintf("%.1f h", s/3600)
	}
}

func (s *Server) startJob(r *http.Request) (any, error) {
	var req JobRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	opt := sched.Options{Arms: req.Arms, Cases: req.Cases, Sweep: req.Sweep}
	var err error
	if opt.Budget, err = budget(req.Budget); err != nil {
		return nil, err
	}
	if req.Seeds != "" {
		if opt.Seeds, err = notebook.ParseSeeds(req.Seeds); err != nil {
			return nil, err
		}
	}
	p, err := s.planOf(r.Context(), r.URL.Query().Get("path"), opt)
	if err != nil {
		return nil, err
	}
	return s.begin(r.Context(), p)
}

// begin starts what a plan lacks, and keeps the text that it was planned from.
func (s *Server) begin(ctx context.Context, p sched.Plan) (Job, error) {
	j, err := s.cfg.Owner.Start(context.WithoutCancel(ctx), p) // the runs belong to the server, not to the page
	if err != nil {
		return Job{}, err
	}
	_ = s.notebooks.with(p.File, func(b *book) error { // planning found it, so it is open
		s.notebooks.keepState(ctx, b, store.ForRun)
		return nil
	})
	s.feeds.stir()
	return s.job(j), nil
}

func (s *Server) controlJob(r *http.Request) (any, error) {
	j, err := s.cfg.Owner.Control(r.PathValue("id"), r.PathValue("verb"))
	if err != nil {
		return nil, err
	}
	s.feeds.stir()
	return s.job(j), nil
}

func (s *Server) jobs(*http.Request) (any, error) { return s.jobList(), nil }

func (s *Server) jobList() []Job {
	list := []Job{}
	for _, j := range s.cfg.Owner.Jobs() {
		list = append(list, s.job(j))
	}
	return list
}

func (s *Server) status(*http.Request) (any, error) {
	return Status{Version: s.cfg.Version, Kernel: s.cfg.Kernel, Machine: s.cfg.Machine, Home: s.cfg.Home, Desktop: s.cfg.Desktop != nil, Jobs: s.jobList()}, nil
}

// job puts a job of the owner into the form of the contract.
func (s *Server) job(j sched.Job) Job {
	out := Job{
		ID: j.ID, Path: j.File, Title: j.Title, Budget: j.Budget, Sweep: j.Sweep, State: j.State, Runs: []RunRow{}, Ahead: j.Ahead, Share: finite(j.Share),
		LeftLo: j.Low.Seconds(), LeftHi: j.High.Seconds(), StartMS: millis(j.Started), Why: s.lefts.why(j, s.cfg.Now()),
	}
	for _, r := range j.Runs {
		out.Runs = append(out.Runs, rowOf(r, j.Budget))
		switch r.State {
		case sched.Done:
			out.Done++
		case sched.Failed:
			out.Failed++
		}
	}
	if j.Err != nil {
		e := APIError{Code: string(lab.CodeOf(j.Err)), Msg: j.Err.Error(), Hint: lab.HintOf(j.Err)}
		out.Error = &e
	}
	return out
}

// finite keeps a share writable as JSON.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// rowOf puts a run of the owner into the form of the contract.
func rowOf(r sched.RunInfo, budget string) RunRow {
	row := RunRow{
		Key: r.Key, Arm: r.Arm, Case: r.Case, Seed: r.Seed, Budget: budget, State: r.State, Done: r.Done, Total: r.Total, Unit: r.Unit,
		StartMS: millis(r.Started), HeardMS: millis(r.Heard), Seconds: finite(r.Seconds), Error: r.Err, Hint: r.Hint, Final: r.Final,
		Target: r.Target, Where: r.Where, ThereMS: millis(r.There),
	}
	row.Quiet = max(leastQuiet, quietSteps*r.Pace).Seconds()
	if r.Setup.Budget != "" {
		row.Budget = r.Setup.Budget
	}
	if row.Final == nil {
		row.Final = map[string]lab.Float{}
	}
	row.Used = usedOf(r.Used)
	return row
}

// usedOf puts what a run used into the form of the contract.
func usedOf(u *meter.Used) *RunUsed {
	if u == nil {
		return nil
	}
	return (*RunUsed)(u)
}
