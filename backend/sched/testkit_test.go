package sched

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/store"
)

// toyKnobs are what a notebook of these tests configures.
type toyKnobs struct {
	Level float64 `json:"level" doc:"success that is reached" default:"0.5" min:"0" max:"1"`
	Units int     `json:"units" doc:"units of a run" default:"10" min:"1" max:"100"`
	Data  string  `json:"data" doc:"real data that are read" default:""`
}

// toyPapers is a scripted lab.Method behind Papers and notebook.Vocabulary. step is asked in every unit, so that a test can hold runs,
// fail them and count them.
type toyPapers struct {
	step func(ctx context.Context, arm float64, seed uint64, unit int64) error
	code atomic.Value // string; "" is c1
}

func (*toyPapers) Papers() []string { return []string{"toy"} }

func (*toyPapers) Sections(paper string) ([]schema.Section, bool) {
	agent := schema.Kind{Name: "learner", Doc: "for tests", New: func() any { return new(toyKnobs) }}
	return []schema.Section{{Name: "agent", Kinds: []schema.Kind{agent}}}, paper == "toy"
}

func (*toyPapers) Metrics(string) []lab.MetricSpec {
	return []lab.MetricSpec{{Name: "success", Unit: "share", XUnit: "steps", Better: "higher"}, {Name: "size"}}
}

func (p *toyPapers) CheckExpr(_, expr string, arms, cases []string) error {
	_, err := stats.ParseExpr(expr, stats.Known{Metrics: []string{"success", "size"}, Arms: arms, Cases: cases})
	return err
}

func (*toyPapers) CheckBound(holds string) error {
	_, err := stats.ParseBound(holds)
	return err
}

func (p *toyPapers) Code(lab.Setup) (string, error) {
	if c, ok := p.code.Load().(string); ok {
		return c, nil
	}
	return "c1", nil
}

func (p *toyPapers) New(setup lab.Setup, seed uint64, _ lab.Bench) (lab.Method, error) {
	m := &toy{papers: p, seed: seed}
	return m, setup.Section("agent", &m.knobs)
}

// toy emits one value of success a unit: the level of its arm and a hundredth of its seed, reached along a line.
type toy struct {
	papers *toyPapers
	knobs  toyKnobs
	seed   uint64
	unit   int64
}

func (m *toy) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	p := lab.Progress{Done: m.unit, Total: int64(m.knobs.Units), Unit: "units"}
	if m.papers.step != nil {
		if err := m.papers.step(ctx, m.knobs.Level, m.seed, m.unit); err != nil {
			return p, err
		}
	}
	m.unit++
	p.Done = m.unit
	value := (m.knobs.Level + float64(m.seed)/100) * float64(m.unit) / float64(m.knobs.Units)
	return p, emit.Emit(lab.Metric{Name: "success", X: m.unit * 100, Value: lab.Float(value)})
}

func (m *toy) Snapshot(w io.Writer) error { return json.NewEncoder(w).Encode(m.unit) }
func (m *toy) Restore(r io.Reader) error  { return json.NewDecoder(r).Decode(&m.unit) }

const toyNotebook = "---\nloci: 1\ntitle: Toys\npaper: toy\n---\n# Toys\n\n" +
	"```yaml agent\nkind: learner\n```\n\n```yaml arms\ngood: {agent.level: 0.9}\nbad: {agent.level: 0.2}\n```\n\n" +
	"```yaml run\nseeds: 2\nbudget: laptop\n```\n\n" +
	"```yaml claim\nname: better\nvalue: last(success, good) - last(success, bad)\nholds: \">= 0.1\"\n```\n"

// desk is an owner over a temporary data folder.
type desk struct {
	*Owner
	t      *testing.T
	home   string
	papers *toyPapers
	doc    *notebook.Document
	clock  *clock
	jobs   <-chan hub.Message
	places func(string) (Elsewhere, error)
}

// clock moves by a second each time it is asked.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

func newDesk(t *testing.T, papers *toyPapers) *desk {
	t.Helper()
	d := &desk{t: t, home: t.TempDir(), papers: papers, clock: &clock{now: time.Unix(1e9, 0)}}
	doc, problems := notebook.Parse("toys.md", []byte(toyNotebook), papers)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d.doc = doc
	d.open()
	t.Cleanup(func() { d.close() })
	return d
}

func (d *desk) open() {
	d.t.Helper()
	s, _, err := store.Open(d.t.Context(), d.home, store.Options{Records: filepath.Join(d.home, "runs")})
	if err != nil {
		d.t.Fatal(err)
	}
	h := hub.New()
	d.jobs = h.Subscribe(context.WithoutCancel(d.t.Context()), hub.Filter{Topics: []string{hub.Jobs}})
	d.Owner = New(Config{Home: d.home, Store: s, Hub: h, Papers: d.papers, Kernel: "go", Workers: 2, Now: d.clock.Now, Places: d.places, Vocabulary: d.papers})
}

// close ends the owner as the end of a process does.
func (d *desk) close() {
	d.t.Helper()
	if d.Owner == nil {
		return
	}
	d.Owner.Close()
	d.Hub.Close()
	if err := d.Store.Close(); err != nil {
		d.t.Error(err)
	}
	d.Owner = nil
}

func (d *desk) plan(opt Options) Plan {
	d.t.Helper()
	p, err := d.Plan(context.WithoutCancel(d.t.Context()), d.doc, opt)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func (d *desk) start(opt Options) Job {
	d.t.Helper()
	j, err := d.Start(d.t.Context(), d.plan(opt))
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

// wait returns the job when it is over, and fails the test when that is not in the state that is wanted.
func (d *desk) wait(id, state string) Job {
	d.t.Helper()
	for {
		j, err := d.Job(id)
		if err != nil {
			d.t.Fatal(err)
		}
		if slices.Contains([]string{Done, Failed, CancelledSt}, j.State) {
			if j.State != state {
				d.t.Fatalf("job ended as %s, want %s: %v; runs are %s", j.State, state, j.Err, states(j.Runs))
			}
			return j
		}
		if _, ok := <-d.jobs; !ok { // a job's end is announced
			d.t.Fatal("the hub was closed")
		}
	}
}

func (d *desk) control(id, verb string) Job {
	d.t.Helper()
	j, err := d.Control(id, verb)
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

func states(runs []RunInfo) (text string) {
	for i, r := range runs {
		if i > 0 {
			text += " "
		}
		text += r.State
		if r.State == "" {
			text += "-"
		}
	}
	return text
}

func wantStates(t *testing.T, runs []RunInfo, want string) {
	t.Helper()
	if got := states(runs); got != want {
		t.Errorf("runs are %s, want %s", got, want)
	}
}

// held lets runs report each unit and go on only when they are told.
type held struct {
	at chan string
	on chan struct{}
}

func newHeld() *held { return &held{at: make(chan string), on: make(chan struct{})} }

func (h *held) step(ctx context.Context, level float64, seed uint64, unit int64) error {
	select {
	case h.at <- fmt.Sprintf("%v/%d/%d", level, seed, unit):
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-h.on:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// watch subscribes to the events of a run.
func (d *desk) watch(ctx context.Context, key string) <-chan hub.Message {
	return d.Hub.Subscribe(ctx, hub.Filter{Topics: []string{hub.RunTopic(key)}})
}
