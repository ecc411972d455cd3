package hcam

import (
	"bytes"
	"flag"
	"math"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn/seq"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// tiny is a training of a few updates with small networks.
func tiny() (world, agent, train papertest.Given) {
	return papertest.Given{"kind": "ballet", "dancers": 2, "delay": 2}, papertest.Given{"kind": HCAM, "width": 8, "heads": 2, "local": 4, "chunk": 5},
		papertest.Given{"batch": 4, "updates": 40, "warm": 0.5, "warm_delay": 0, "evaluations": 2, "eval_episodes": 64, "test_episodes": 64, "learning_rate": 0.01}
}

func begun(t *testing.T, world, agent, train papertest.Given, kernel string) *method {
	t.Helper()
	s := papertest.Setup(t, Slug, "fast", Sections(), world, agent, train)
	return papertest.Begin[*method](t, s, 1, lab.Bench{Kernel: kernel}, New)
}

func TestTheGoldenCurveStands(t *testing.T) {
	world, agent, train := tiny()
	r := papertest.Finish(t, begun(t, world, agent, train, "go"))
	papertest.Golden(t, "golden.json", r.Curves().Of(MetricAccuracy, MetricPair, MetricReward, MetricEntropy, MetricValueLoss, MetricRebuilt, MetricGradNorm), 0.002, *update)
}

func TestTheGoldenCurveTellsEveryMechanismApart(t *testing.T) {
	world, agent, train := tiny()
	curves := map[string]papertest.Curve{}
	for name, g := range map[string]papertest.Given{
		"hierarchical": agent, "summary": agent.With("reading", Summary), "flat": agent.With("reading", Flat), "window": agent.With("reading", Window),
		"no position": agent.With("position", false), "stop": agent.With("stop_gradient", true), "shift": agent.With("shift", 2), "one chunk": agent.With("read", 1),
		"chunk": agent.With("chunk", 4), "lstm": {"kind": LSTM, "width": 8, "encoder": 8},
	} {
		curves[name] = papertest.Finish(t, begun(t, world, g, train, "")).Curves().Of(MetricEntropy, MetricValueLoss, MetricGradNorm)
	}
	for name, g := range map[string]papertest.Given{"no reconstruction": train.With("reconstruction", 0), "no warm-up": train.With("warm", 0), "no anneal": train.With("anneal", false)} {
		curves[name] = papertest.Finish(t, begun(t, world, agent, g, "")).Curves().Of(MetricEntropy, MetricValueLoss, MetricGradNorm)
	}
	papertest.Apart(t, curves, 0.0005)
}

func TestAKilledRunContinuesAsIfUndisturbed(t *testing.T) {
	world, agent, train := tiny()
	for _, g := range []papertest.Given{agent, {"kind": LSTM, "width": 8, "encoder": 8}, {"kind": Reference}} {
		whole := papertest.Finish(t, begun(t, world, g, train, "")).Text(t)
		first, second := begun(t, world, g, train, ""), begun(t, world, g, train, "")
		r := &papertest.Record{}
		var kept bytes.Buffer
		left := r.Advance(t, first)
		if err := first.Snapshot(&kept); err != nil {
			t.Fatal(err)
		}
		if err := second.Restore(&kept); err != nil {
			t.Fatal(err)
		}
		for left {
			left = r.Advance(t, second)
		}
		if r.Text(t) != whole {
			t.Errorf("%v: the record differs from the undisturbed one", g)
		}
	}
}

func TestThreadsChangeNothing(t *testing.T) {
	world, agent, train := tiny()
	s := papertest.Setup(t, Slug, "fast", Sections(), world, agent, train)
	one := papertest.Finish(t, papertest.Begin[*method](t, s, 1, lab.Bench{Threads: 1}, New)).Text(t)
	if two := papertest.Finish(t, papertest.Begin[*method](t, s, 1, lab.Bench{Threads: 2}, New)).Text(t); one != two {
		t.Error("records of one and of two threads differ")
	}
}

// With four dancers and a delay of 16 the question stands at step 96: eight chunks of 12, of which two are read.
func TestWhatAQuestionIsComparedWithIsCountedExactly(t *testing.T) {
	for reading, want := range map[string]int{Hierarchical: 8 + 2*12, Flat: 96, Window: 8 + 2*12} {
		r := &reader{knobs: AgentKnobs{Reading: reading, Chunk: 12, Read: 2}}
		if got := r.plan(96, 1, 3).Attended(1, 2); got != want {
			t.Errorf("%s compares with %d, want %d", reading, got, want)
		}
	}
}

func TestAQueryMayChooseOnlyWhatIsFullBeforeIt(t *testing.T) {
	r := &reader{knobs: AgentKnobs{Reading: Hierarchical, Chunk: 4, Read: 2, Shift: 3}}
	c := r.plan(12, 3, 2) // steps 10, 11 and 12 of two episodes; chunks end before 3, 7, 11
	if len(c.All) != 6 || c.All[0] != (seq.Chunk{Row: 0, Len: 3}) || c.All[4] != (seq.Chunk{Row: 12 + 3, Len: 4}) {
		t.Fatalf("chunks are %v", c.All)
	}
	for i, want := range []int32{2, 2, 3, 3, 3, 3} {
		if c.Hi[i]-c.Lo[i] != want || c.Lo[i] != int32(i%2*3) {
			t.Errorf("query %d may choose %d to %d, want %d chunks", i, c.Lo[i], c.Hi[i], want)
		}
	}
}

// The question sees through the local windows only the last steps, so computing those alone must give what computing all gives.
func TestTheTailAloneGivesTheSameAnswer(t *testing.T) {
	core := num.NewCore(num.Go(), 1)
	defer core.Close()
	k := AgentKnobs{Reading: Hierarchical, Width: 8, Layers: 2, Heads: 2, Local: 4, Chunk: 5, Read: 2, Position: true}
	r, x := newReader(rng.New(1, "reader"), k), num.New("x", 31, 2, 8)
	s := rng.New(2, "x")
	for i := range x.Data {
		x.Data[i] = float32(s.Normal())
	}
	tape := num.NewTape(core)
	tail, _ := r.forward(tape, x)
	got := append([]float32(nil), tail.Data...)
	tape.Reset()
	store, fresh, none, y := stored(tape, x), make([]bool, 31*2), num.New("state", 2, r.layers[0].Local.Window.StateSize()), x
	for _, l := range r.layers {
		y, _ = l.Forward(tape, y, store, r.plan(30, 31, 2), none, 0, fresh, 31)
	}
	for i, v := range got {
		if want := y.Data[30*2*8+i]; math.Abs(float64(v-want)) > 1e-5 {
			t.Fatalf("number %d is %g, computing all steps gives %g", i, v, want)
		}
	}
}

// The reconstruction adds (softmax - one) / steps with somebody in sight, times its weight.
func TestTheGradientOfTheReconstructionAgreesWithFiniteDifferences(t *testing.T) {
	world, agent, train := tiny()
	m := begun(t, world, agent, train, "go")
	l, c := m.lesson, m.lesson.full
	c.Watch()
	run := func() (float64, []float32) {
		l.tape.Reset()
		logits := l.agent.forward(l.tape, c.Obs, true).moves
		v := l.rebuild(c, logits)
		g := append([]float32(nil), logits.Gradient()...)
		clear(logits.Grad)
		l.tape.BackwardFrom(logits, g)
		return v, append([]float32(nil), l.agent.rebuild.W.Grad...)
	}
	w := l.agent.rebuild.W
	w.ZeroGrad()
	_, grad := run()
	for i := 0; i < len(w.Data); i += 7 {
		old, at := w.Data[i], [2]float64{}
		for side, h := range []float32{0.01, -0.01} {
			w.Data[i] = old + h
			at[side], _ = run()
		}
		w.Data[i] = old
		if want := l.knobs.Reconstruction * (at[0] - at[1]) / 0.02; math.Abs(want-float64(grad[i])) > 1e-3 {
			t.Errorf("gradient at %d is %g, finite differences say %g", i, grad[i], want)
		}
	}
}

func TestKeptEpisodesShowTheChunksAndWhatWasRead(t *testing.T) {
	world, agent, train := tiny()
	r := papertest.Finish(t, begun(t, world, agent, train.With("updates", 0), ""))
	writes, reads := 0, 0
	for _, ev := range r.Events {
		e, ok := ev.(lab.Memory)
		if !ok {
			continue
		}
		switch e.Op {
		case lab.OpWrite:
			writes++
			if !strings.Contains(e.After.Text, "steps ") || e.After.Tokens != 5 {
				t.Errorf("written %+v", e.After)
			}
		case lab.OpRead:
			reads++
			used, weight := 0, 0.0
			for _, h := range e.Hits {
				if h.Used {
					used++
					weight += float64(h.Parts["weight"])
				}
			}
			if used != 2 || math.Abs(weight-1) > 1e-3 || len(e.Hits) != 4 || e.Query == "" {
				t.Errorf("read %+v", e)
			}
		}
	}
	if writes != 4*4 || reads != 4 { // four kept episodes of 20 steps before the question
		t.Errorf("%d writes and %d reads", writes, reads)
	}
}

func TestTheReferencesScoreAsTheyMust(t *testing.T) {
	world, _, train := tiny()
	for policy, want := range map[string]float64{"oracle": 1, "full-memory": 1} {
		r := papertest.Finish(t, begun(t, world, papertest.Given{"kind": Reference, "policy": policy}, train, ""))
		for _, metric := range []string{MetricAccuracy, MetricPair, dancers(6)} {
			if v := r.Series(metric); len(v) == 0 || float64(v[len(v)-1]) != want {
				t.Errorf("%s: %s is %v, want %v", policy, metric, v, want)
			}
		}
	}
}

func TestThePageAgreesWithTheCode(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Defaults(t, Sections(), nil)
	papertest.Notebook(t, Card())
}
