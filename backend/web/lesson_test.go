package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
)

const lessonPath = "experiments/memory-rewriting.md"

func TestALessonAsksOneQuestionAboutTwoArmsAndPreparesTheirRunsOnce(t *testing.T) {
	var prepared atomic.Int32
	made := make(chan struct{}, 4)
	k := newKit(t, func(c *Config) {
		c.Prepare = func(context.Context, lab.Setup) error {
			prepared.Add(1)
			made <- struct{}{}
			return nil
		}
	})
	var l Lesson
	k.get("/api/lesson?path="+lessonPath, &l)
	if l.Question != "Which arm will solve more?" || len(l.Arms) != 2 || l.Arms[0].Name != "lstm" || l.Arms[0].Says != "agent.kind = as set up" || l.Arms[1].Says != "agent.kind = \"gru\"" {
		t.Errorf("lesson %+v", l)
	}
	if l.Ready || l.Done || l.Chart != "chart-success" || l.Seeds != 2 {
		t.Errorf("lesson %+v, want one that is neither ready nor done", l)
	}
	<-made
	k.get("/api/lesson?path="+lessonPath, &l)
	if prepared.Load() != 1 {
		t.Errorf("prepared %d times, want once", prepared.Load())
	}
}

func TestTheResultOfALessonIsAHint(t *testing.T) {
	k := newKit(t)
	k.owner.all = sched.Done
	for seed := range uint64(2) {
		k.owner.add("success", "lstm", seed, 10, 0.2)
		k.owner.add("success", "lstm", seed, 20, 0.25+0.1*float64(seed)) // ends at 0.25 and 0.35, mean 0.3
		k.owner.add("success", "gru", seed, 20, 0.1)
	}
	var r LessonResult
	k.get("/api/lesson/result?path="+lessonPath, &r)
	if !r.Done || r.Winner != "lstm" || r.Caution != "2 seeds: a hint, not proof" || r.Sentence != "success at the end: lstm 0.3, gru 0.1" {
		t.Errorf("result %+v", r)
	}
}

func TestALessonStartsOnlyWhatIsMissing(t *testing.T) {
	k := newKit(t)
	k.s.lessons.once.Do(func() { k.s.lessons.pace = 1 }) // no need to measure here
	var s LessonStart
	k.post("/api/lesson/start?path="+lessonPath, struct{}{}, &s)
	if s.Job == nil || s.Job.Budget != "fast" || s.Path != lessonPath || s.Smaller != "" {
		t.Errorf("start %+v", s)
	}
	k.owner.begin(sched.Done)
	k.owner.all = sched.Done
	if k.post("/api/lesson/start?path="+lessonPath, struct{}{}, &s); s.Job != nil {
		t.Errorf("a lesson that is done starts %+v", s.Job)
	}
}

func TestWhyFindsTheWorstEntryThatAFailedEpisodeRead(t *testing.T) {
	k := newKit(t)
	k.owner.all = sched.Done
	hit := func(id string, value lab.Float, used bool, why string) lab.Hit {
		return lab.Hit{Entry: id, Used: used, Why: why, Parts: map[string]lab.Float{"similarity": 0.9, "value": value}}
	}
	read := func(episode int64, hits ...lab.Hit) lab.Memory {
		return lab.Memory{Op: lab.OpRead, Bank: "b", Episode: episode, T: 2, Hits: hits}
	}
	write := func(id, text string) lab.Memory {
		return lab.Memory{Op: lab.OpWrite, Bank: "b", Episode: 1, Entry: id, After: &lab.Entry{ID: id, Text: text}}
	}
	k.owner.write(t, "fast-gru-0", lab.Start{Key: "fast-gru-0", Arm: "gru"},
		write("a", "go left ;\n failed"), write("b", "go right"),
		read(1, hit("a", -0.9, true, "")), lab.Episode{ID: 1, Success: true, Detail: true}, // it helped after all
		read(2, hit("a", -0.8, true, "")), lab.Episode{ID: 2}, // its steps were not kept
		read(3, hit("a", -0.5, true, ""), hit("b", 0.4, false, "rank")), lab.Episode{ID: 3, Detail: true},
		read(4, hit("a", -0.3, true, "")), lab.Episode{ID: 4, Detail: true}, lab.End{Status: lab.StatusDone})
	var w LessonWhy
	k.get("/api/lesson/why?path="+lessonPath, &w)
	want := "Here gru read entry a (“go left ; failed”) because it looks alike (similarity 0.90), although its value had sunk to −0.50, and failed. Entry b, of value +0.40, was passed over."
	if w.Episode != 3 || w.Step != 2 || w.Entry != "a" || w.Arm != "gru" || w.Sentence != want {
		t.Errorf("why %+v\nwant %s", w, want)
	}
}

func TestNobodyIsToldWhyWithoutARecord(t *testing.T) {
	k := newKit(t)
	if e := k.refused(k.do(k.request(http.MethodGet, "/api/lesson/why?path="+lessonPath, "")), http.StatusNotFound); e.Hint == "" {
		t.Errorf("refusal %+v", e)
	}
}

func TestASlowComputerGetsACopyWithSmallerSizes(t *testing.T) {
	doc, _ := notebook.Parse("a.md", []byte("---\nloci: 1\ntitle: A\npaper: sized\n---\n```yaml rl\nkind: ppo\n```\n"), sizedWords{})
	if p := doc.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	small, said := shrunk(doc, 0.4)
	choice, _ := small.Choice(notebook.RL)
	// 20 epochs at budget fast, 0.4 of them are 8; 3 flats would become 2; the batch has no size of budget fast and stays.
	if said != "epochs 8 instead of 20, flats 2 instead of 3" || len(choice.Knobs) != 2 {
		t.Errorf("said %q, knobs %v", said, choice.Knobs)
	}
	if same, said := shrunk(doc, 1); said != "" || same.Hash() != doc.Hash() {
		t.Errorf("a fast computer gets %q", said)
	}
}

func TestTheSelfTestStopsWithTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if multiplyFor(ctx, time.Hour); time.Since(began) > 5*time.Second {
		t.Error("the self-test goes on")
	}
}

func BenchmarkSelfTest(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(multiplyFor(b.Context(), selfTestTime), "products/s")
	}
}

func TestKnobsOfThePaperAreNamedByPath(t *testing.T) {
	k := newKit(t)
	var l Lesson
	k.get("/api/lesson?path="+lessonPath, &l)
	raw, _ := json.Marshal(l.Knobs)
	if !strings.Contains(string(raw), ".") {
		t.Errorf("knobs %s", raw)
	}
}
