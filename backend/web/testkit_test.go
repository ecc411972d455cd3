package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/store"
	"github.com/loci-lab/loci/backend/target/meter"
)

const testToken = "0123456789abcdefTOKEN"

// kit is a server with a scripted owner behind it.
type kit struct {
	t     testing.TB
	s     *Server
	owner *fakeOwner
	home  string
	log   *strings.Builder
	hub   *hub.Hub
}

// newKit makes a server over a temporary data folder. change may alter its configuration.
func newKit(t testing.TB, change ...func(*Config)) *kit {
	t.Helper()
	k := &kit{t: t, home: t.TempDir(), log: &strings.Builder{}, hub: hub.New()}
	k.owner = &fakeOwner{dir: filepath.Join(k.home, "runs"), values: map[string]*points{}}
	cfg := Config{
		Owner: k.owner, Library: k.owner, Hub: k.hub, Vocabulary: words{}, Pages: pages(), Shipped: shipped(t), Home: k.home, Token: testToken,
		Version: "0.1.0", Kernel: "go", Machine: "test machine", Log: slog.New(slog.NewTextHandler(k.log, nil)),
	}
	for _, c := range change {
		c(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	k.s = s
	t.Cleanup(k.hub.Close)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// pages is a small front end.
func pages() fs.FS {
	return fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html><title>Loci</title><script src=/assets/index-a1.js></script>")},
		"assets/index-a1.js":   {Data: []byte(strings.Repeat("console.log('loci');\n", 200))},
		"assets/index-b2.css":  {Data: []byte("body{margin:0}")},
		"favicon.svg":          {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
		"assets/font-c3.woff2": {Data: []byte("wOF2")},
	}
}

// request makes a request as a page of this server sends it, cookie and origin included.
func (k *kit) request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+target, strings.NewReader(body))
	r.AddCookie(&http.Cookie{Name: "loci8080", Value: k.s.guard.cookie})
	if method != http.MethodGet {
		r.Header.Set("Origin", "http://127.0.0.1:8080")
	}
	return r
}

func (k *kit) do(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	k.s.ServeHTTP(w, r)
	return w.Result()
}

// get reads an answer that must be 200.
func (k *kit) get(target string, into any) {
	k.t.Helper()
	k.answer(k.do(k.request(http.MethodGet, target, "")), into)
}

func (k *kit) post(target string, body, into any) {
	k.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		k.t.Fatal(err)
	}
	k.answer(k.do(k.request(http.MethodPost, target, string(text))), into)
}

func (k *kit) answer(res *http.Response, into any) {
	k.t.Helper()
	body := bodyOf(k.t, res)
	if res.StatusCode != http.StatusOK {
		k.t.Fatalf("answer %d: %s", res.StatusCode, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		k.t.Fatalf("%v in %s", err, body)
	}
}

// refused reads an answer that must be an error.
func (k *kit) refused(res *http.Response, status int) APIError {
	k.t.Helper()
	body := bodyOf(k.t, res)
	if res.StatusCode != status {
		k.t.Fatalf("status %d, want %d: %s", res.StatusCode, status, body)
	}
	var e APIError
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		k.t.Fatalf("%v in %s", err, body)
	}
	return e
}

func bodyOf(t testing.TB, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// fakeOwner is a scripted owner: one run of each arm and seed, values as the test sets them.
type fakeOwner struct {
	dir string

	mu       sync.Mutex
	jobs     []sched.Job
	state    map[string]string // of runs, by key
	all      string            // state of the others
	values   map[string]*points
	cases    []string
	keys     map[string]string // other keys for some runs
	sections map[string]json.RawMessage
	stored   []store.Run
	verdicts []stats.Verdict
	fail     error
}

// points are the values of one metric of one run.
type points struct {
	x []int64
	y []float64
}

func (o *fakeOwner) Plan(_ context.Context, doc *notebook.Document, opt sched.Options) (sched.Plan, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return sched.Plan{}, o.fail
	}
	b := opt.Budget
	if b == "" {
		b = "laptop"
	}
	p := sched.Plan{Doc: doc, File: doc.File, Title: doc.Title(), Budget: b, Basis: "earlier runs on this computer"}
	cases := o.cases
	if cases == nil {
		cases = []string{""}
	}
	for _, arm := range doc.Arms() {
		for _, c := range cases {
			for seed := range uint64(2) {
				r := o.look(b, arm.Name, c, seed)
				r.Setup = lab.Setup{Paper: doc.Paper(), Budget: b, Sections: o.sections}
				if r.State == sched.Done {
					p.Unchanged++
				}
				p.Runs = append(p.Runs, r)
			}
		}
	}
	p.Low, p.High = time.Duration(p.Todo())*time.Minute, time.Duration(p.Todo())*2*time.Minute
	return p, nil
}

// look gives a run its key and state: that of the newest job, else what the test says.
func (o *fakeOwner) look(budget, arm, kase string, seed uint64) sched.RunInfo {
	var r sched.RunInfo
	r.Arm, r.Case, r.Seed = arm, kase, seed
	r.Key = strings.ReplaceAll(fmt.Sprintf("%s-%s %s-%d", budget, arm, kase, seed), " -", "-")
	r.Key = cmp.Or(o.keys[r.Key], r.Key)
	r.State = cmp.Or(o.state[r.Key], o.all)
	if len(o.jobs) > 0 {
		for _, live := range o.jobs[0].Runs {
			if live.Key == r.Key {
				r.State = live.State
			}
		}
	}
	return r
}

// begin puts all runs of the newest job into a state.
func (o *fakeOwner) begin(state string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.jobs[0].Runs {
		o.jobs[0].Runs[i].State = state
	}
}

func (o *fakeOwner) Start(_ context.Context, plan sched.Plan) (sched.Job, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	j := sched.Job{ID: fmt.Sprintf("job-%d", len(o.jobs)+1), File: plan.File, Title: plan.Title, Budget: plan.Budget, State: sched.Running,
		Runs: plan.Runs, Started: time.UnixMilli(1_800_000_000_000), Low: -1, High: -1}
	o.jobs = append([]sched.Job{j}, o.jobs...)
	return j, nil
}

func (o *fakeOwner) Jobs() []sched.Job {
	o.mu.Lock()
	defer o.mu.Unlock()
	jobs := slices.Clone(o.jobs)
	for i := range jobs {
		jobs[i].Runs = slices.Clone(jobs[i].Runs)
	}
	return jobs
}

func (o *fakeOwner) Control(id, verb string) (sched.Job, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.jobs {
		if o.jobs[i].ID == id {
			o.jobs[i].State = map[string]string{"pause": sched.Paused, "resume": sched.Running, "stop": sched.CancelledSt}[verb]
			return o.jobs[i], nil
		}
	}
	return sched.Job{}, lab.Errorf(lab.NotFound, "job %q is unknown", id)
}

func (o *fakeOwner) Verdicts(context.Context, sched.Plan) ([]stats.Verdict, error) {
	return o.verdicts, nil
}

func (o *fakeOwner) Table(context.Context, sched.Plan) (sched.Rows, error) {
	return sched.Rows{Columns: []string{"arm", "success"}, Rows: [][]string{{"lstm", "0.5"}}}, nil
}

func (o *fakeOwner) Source(context.Context, sched.Plan) stats.Source { return o }

func (o *fakeOwner) Values(metric, arm, kase string, seed uint64) ([]int64, []float64, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.values[fmt.Sprintf("%s %s %d", metric, strings.TrimSpace(arm+" "+kase), seed)]
	if p == nil {
		return nil, nil, false
	}
	n := len(p.x)
	return p.x[:n:n], p.y[:n:n], true
}

func (o *fakeOwner) add(metric, arm string, seed uint64, x int64, y float64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	name := fmt.Sprintf("%s %s %d", metric, arm, seed)
	p := o.values[name]
	if p == nil {
		p = &points{}
		o.values[name] = p
	}
	p.x, p.y = append(p.x, x), append(p.y, y)
}

func (o *fakeOwner) Record(key string) (string, error) {
	return filepath.Join(o.dir, key, "record.loci"), nil
}

func (o *fakeOwner) Used(key string) (*meter.Used, error) {
	return meter.Read(filepath.Join(o.dir, key))
}

func (o *fakeOwner) FindRuns(_ context.Context, f store.RunFilter) ([]store.Run, int, error) {
	var found []store.Run
	for _, r := range o.stored {
		if len(f.Keys) == 0 || contains(f.Keys, r.Key) {
			found = append(found, r)
		}
	}
	total := len(found)
	from := min(f.Offset, total)
	if f.Limit > 0 {
		found = found[from:min(from+f.Limit, total)]
	}
	return found, total, nil
}

func (o *fakeOwner) RunsMade(ctx context.Context, f store.RunFilter) (made []store.Made, err error) {
	runs, _, err := o.FindRuns(ctx, f)
	for _, r := range runs {
		made = append(made, store.Made{Key: r.Key, Created: r.Created})
	}
	return made, err
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// write makes the record of a run.
func (o *fakeOwner) write(t testing.TB, key string, events ...lab.Event) {
	t.Helper()
	path, err := o.Record(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(path, record.Options{Now: func() time.Time { return time.UnixMilli(1_800_000_000_000) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		if err := w.Emit(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// extend adds events to a record that was written before.
func (o *fakeOwner) extend(t *testing.T, key string, events ...lab.Event) {
	t.Helper()
	path, err := o.Record(key)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []lab.Event
	for f, err := range record.Scan(path, record.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		ev, err := f.Event()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ev)
	}
	o.write(t, key+"-longer", append(all, events...)...)
	longer, err := os.ReadFile(filepath.Join(o.dir, key+"-longer", "record.loci"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(longer[len(old):]); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
