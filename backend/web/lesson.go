package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/stats"
)

// A lesson runs two arms with two seeds at the smallest budget: enough to see something happen, too little to prove anything.
const (
	lessonBudget = "fast"
	lessonSeeds  = 2
)

// lessons keeps what lessons made ready, and how fast this computer is.
type lessons struct {
	mu    sync.Mutex
	ready map[string]bool // by set-up: false while it is being made
	pace  float64         // speed against the computer of reference, 0 before the self-test
	once  sync.Once
	whys  map[string]LessonWhy // found before, by the keys of the runs
}

// teaching is what a lesson is about.
type teaching struct {
	doc    *notebook.Document
	path   string
	metric lab.MetricSpec
	chart  string
	arms   []notebook.Arm
	plan   sched.Plan
}

// teach chooses chart, metric and arms of a notebook: its first chart over time, and the first two arms that budget fast runs.
func (s *Server) teach(ctx context.Context, path string) (teaching, error) {
	doc, err := s.notebooks.document(path)
	if err != nil {
		return teaching{}, err
	}
	t := teaching{doc: doc, path: path}
	names := doc.Run().Fast.Arms
	for _, a := range doc.Arms() {
		if len(t.arms) < 2 && (len(names) == 0 || slices.Contains(names, a.Name)) {
			t.arms = append(t.arms, a)
		}
	}
	if len(t.arms) < 2 {
		return teaching{}, lab.Errorf(lab.Invalid, "a lesson compares two arms, %q has %d", path, len(doc.Arms())).WithHint("add an arm, then open the lesson again")
	}
	metric := ""
	for _, c := range doc.Charts() {
		if c.Kind == "line" && c.X == "time" {
			metric, t.chart = c.Metric, c.Cell
			break
		}
	}
	if all := metricsOf(doc.Paper()); metric == "" && len(all) > 0 {
		metric = all[0].Name
	}
	t.metric = specOf(doc.Paper(), metric)
	opt := sched.Options{Budget: lessonBudget, Seeds: []uint64{0, 1}[:lessonSeeds]}
	for _, a := range t.arms {
		opt.Arms = append(opt.Arms, a.Name)
	}
	t.plan, err = s.planOf(ctx, path, opt)
	return t, err
}

func (s *Server) lesson(r *http.Request) (any, error) {
	t, err := s.teach(r.Context(), r.URL.Query().Get("path"))
	if err != nil {
		return nil, err
	}
	out := Lesson{
		Question: question(t.metric), Metric: t.metric, Arms: []LessonArm{}, Chart: t.chart, Seeds: lessonSeeds, Knobs: paperKnobs(t.doc), Paper: t.doc.Paper(),
		Done: t.plan.Todo() == 0, Ready: s.makeReady(t), Seconds: s.lessonSeconds(t), Means: t.meanings(),
	}
	for _, a := range t.arms {
		out.Arms = append(out.Arms, LessonArm{a.Name, t.armWords(a)})
	}
	if s.cfg.Recorded != nil {
		for _, b := range []string{"laptop", lessonBudget} {
			if res, ok := s.cfg.Recorded.Recorded(t.shipped(), b); ok {
				out.Recorded, out.Shown, out.From = res.Recorded, b, t.shipped()
				break
			}
		}
	}
	return out, nil
}

// question asks for a guess in plain words.
func question(m lab.MetricSpec) string {
	switch {
	case m.Name == "success":
		return "Which arm will solve more?"
	case m.Better == "lower":
		return "Which arm will end with the lower " + m.Name + "?"
	}
	return "Which arm will end with the higher " + m.Name + "?"
}

// armWords says what an arm is beside the others: the values that it gives to whatever one of them changes.
func (t teaching) armWords(arm notebook.Arm) string {
	var parts []string
	for _, path := range t.changed() {
		name := path
		if f, ok := fieldOf(t.doc, path); ok {
			name = cmp.Or(f.Symbol, path)
		}
		parts = append(parts, name+" = "+t.valueOf(arm.Name, path))
	}
	if len(parts) == 0 {
		return "as the notebook sets it up"
	}
	return strings.Join(parts, ", ")
}

// changed lists the paths that one of the arms changes.
func (t teaching) changed() []string {
	var paths []string
	for _, a := range t.arms {
		for _, o := range a.Set {
			if !slices.Contains(paths, o.Path) {
				paths = append(paths, o.Path)
			}
		}
	}
	return paths
}

// valueOf is the value of a knob in the runs of an arm.
func (t teaching) valueOf(arm, path string) string {
	section, knob, _ := strings.Cut(path, ".")
	for _, r := range t.plan.Runs {
		var knobs map[string]json.RawMessage
		if r.Arm == arm && json.Unmarshal(r.Setup.Sections[section], &knobs) == nil && knobs[knob] != nil {
			return strings.Trim(string(knobs[knob]), `"`)
		}
	}
	for _, a := range t.arms {
		for _, o := range a.Set {
			if a.Name == arm && o.Path == path {
				return schema.Show(o.Value)
			}
		}
	}
	return "as set up"
}

// meanings explains the knobs in which the arms differ.
func (t teaching) meanings() string {
	var parts []string
	for _, path := range t.changed() {
		if f, ok := fieldOf(t.doc, path); ok {
			parts = append(parts, cmp.Or(f.Symbol, path)+": "+f.Doc)
		}
	}
	return strings.Join(parts, ". ")
}

// fieldOf describes the knob of a path such as memory.lambda in the kind that the notebook chose.
func fieldOf(doc *notebook.Document, path string) (schema.Field, bool) {
	head, knob, _ := strings.Cut(path, ".")
	for _, f := range fieldsOf(doc, notebook.Kind(head)) {
		if f.Path == knob {
			return f, true
		}
	}
	return schema.Field{}, false
}

// fieldsOf lists the knobs of a section in the kind that the notebook chose.
func fieldsOf(doc *notebook.Document, kind notebook.Kind) []schema.Field {
	section, ok := doc.Section(kind)
	if !ok {
		return nil
	}
	choice, _ := doc.Choice(kind)
	chosen, err := section.Find(choice.Kind)
	if err != nil {
		return nil
	}
	fields, err := schema.Fields(chosen)
	if err != nil {
		return nil // a test of the paper finds this
	}
	return fields
}

// paperKnobs lists the paper's own knobs: those of the memory, else those of every section.
func paperKnobs(doc *notebook.Document) []string {
	out := []string{}
	for _, section := range doc.Sections() {
		if section.Name != string(notebook.Memory) && len(out) > 0 {
			continue
		}
		var mine []string
		for _, f := range fieldsOf(doc, notebook.Kind(section.Name)) {
			if f.Main {
				mine = append(mine, section.Name+"."+f.Path)
			}
		}
		if section.Name == string(notebook.Memory) && len(mine) > 0 {
			out = mine
		} else {
			out = append(out, mine...)
		}
	}
	return out
}

// shipped is the notebook of the paper that ships: its recorded results stand beside a copy, too.
func (t teaching) shipped() string {
	p, err := catalog.Find(t.doc.Paper())
	if err != nil {
		return t.path
	}
	return shippedPath(p.Card)
}

// makeReady begins, once for each set-up, to make what its runs share, so that the first episode does not wait for it; it tells whether
// that is done. What fails here fails again in the run, which says why.
func (s *Server) makeReady(t teaching) bool {
	if s.cfg.Prepare == nil || t.plan.Todo() == 0 || len(t.plan.Runs) == 0 {
		return true
	}
	setup := t.plan.Runs[0].Setup
	name := setup.Paper + " " + string(setup.Sections["agent"]) + string(setup.Sections["world"])
	s.lessons.mu.Lock()
	defer s.lessons.mu.Unlock()
	done, begun := s.lessons.ready[name]
	if !begun {
		s.lessons.ready[name] = false
		s.background(func() {
			if err := s.cfg.Prepare(s.life, setup); err != nil && s.life.Err() == nil {
				s.cfg.Log.Warn("what the runs of a lesson share could not be made ahead", "notebook", t.path, "error", err)
			}
			s.lessons.mu.Lock()
			s.lessons.ready[name] = true
			s.lessons.mu.Unlock()
			s.selfTest()
		})
	}
	return done
}

// background starts work that Close waits for, unless Close has begun.
func (s *Server) background(f func()) {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.life.Err() == nil {
		s.work.Go(f)
	}
}

func (s *Server) startLesson(r *http.Request) (any, error) {
	t, err := s.teach(r.Context(), r.URL.Query().Get("path"))
	if err != nil {
		return nil, err
	}
	out := LessonStart{Path: t.path}
	if t.plan.Todo() == 0 {
		return out, nil
	}
	if factor := s.shrink(t); factor < 1 {
		if t, out.Smaller, err = s.smaller(r.Context(), t, factor); err != nil {
			return nil, err
		}
		out.Path = t.path
	}
	j, err := s.begin(r.Context(), t.plan)
	if err != nil {
		return nil, err
	}
	out.Job = &j
	return out, nil
}

func (s *Server) lessonResult(r *http.Request) (any, error) {
	t, err := s.teach(r.Context(), r.URL.Query().Get("path"))
	if err != nil {
		return nil, err
	}
	src := s.cfg.Owner.Source(r.Context(), t.plan)
	out := LessonResult{Done: t.plan.Todo() == 0, Arms: []LessonEnd{}, Caution: fmt.Sprintf("%d seeds: a hint, not proof", lessonSeeds)}
	for _, a := range t.arms {
		out.Arms = append(out.Arms, t.end(src, a.Name))
	}
	if out.Done {
		out.Winner = winner(out.Arms, t.metric.Better == "lower")
	}
	out.Sentence = ends2words(out.Arms, t.metric)
	return out, nil
}

// end is where the runs of an arm ended, or are now.
func (t teaching) end(src stats.Source, arm string) LessonEnd {
	out := LessonEnd{Arm: arm, Values: []lab.Float{}, Keys: []string{}}
	var ys []float64
	for _, r := range t.plan.Runs {
		if r.Arm != arm {
			continue
		}
		out.Keys = append(out.Keys, r.Key)
		if _, v, ok := src.Values(t.metric.Name, r.Arm, r.Case, r.Seed); ok {
			ys = append(ys, v[len(v)-1])
			out.Values = append(out.Values, lab.Float(v[len(v)-1]))
		}
	}
	out.Mean = lab.Float(stats.Mean(ys))
	return out
}

// winner is the arm whose mean is the better one, "" where they are equal.
func winner(arms []LessonEnd, lower bool) string {
	a, b := arms[0], arms[1]
	switch {
	case a.Mean == b.Mean:
		return ""
	case (a.Mean > b.Mean) != lower:
		return a.Arm
	}
	return b.Arm
}

func ends2words(arms []LessonEnd, m lab.MetricSpec) string {
	var parts []string
	for _, a := range arms {
		if len(a.Values) > 0 {
			parts = append(parts, fmt.Sprintf("%s %.3g", a.Arm, float64(a.Mean)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return m.Name + " at the end: " + strings.Join(parts, ", ")
}
