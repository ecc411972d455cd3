package spatiallyawaretransformer

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/ballet"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// Small worlds: a walk of three loops through four rooms, and six visits of which three are kept.
func walk() papertest.Given {
	return papertest.Given{"kind": "ballet-rooms", "side": 2, "steps": 36, "still": 4}
}
func visits() papertest.Given {
	return papertest.Given{"kind": "ballet-visits", "visits": 6, "rooms": 3, "half": 3}
}
func tiny() papertest.Given {
	return papertest.Given{"kind": SAT, "width": 16, "heads": 2, "capacity": 3}
}
func short() papertest.Given {
	return papertest.Given{"batch": 8, "updates": 40, "evaluations": 2, "eval_episodes": 64, "test_episodes": 64}
}

func begun(t *testing.T, world, agent, train papertest.Given, kernel string) *method {
	t.Helper()
	s := papertest.Setup(t, Slug, "fast", Sections(), world, agent, train)
	return papertest.Begin[*method](t, s, 1, lab.Bench{Kernel: kernel}, New)
}

// curves are what training leaves, apart from the sizes.
func curves(r *papertest.Record) papertest.Curve {
	return r.Curves().Of(MetricAccuracy, MetricTrain, MetricLoss, MetricGradNorm, MetricRegret)
}

func TestTheGoldenCurvesStand(t *testing.T) {
	papertest.Golden(t, "rooms.json", curves(papertest.Finish(t, begun(t, walk(), tiny(), short(), "go"))), 0.002, *update)
	papertest.Golden(t, "visits.json", curves(papertest.Finish(t, begun(t, visits(), tiny().With("rule", AMA), short(), "go"))), 0.002, *update)
}

func TestTheGoldenCurvesTellEveryMechanismApart(t *testing.T) {
	all := map[string]papertest.Curve{}
	for name, g := range map[string]papertest.Given{"place": tiny(), "time": tiny().With("grouping", ByTime), "no place code": tiny().With("place_code", false),
		"capacity": tiny().With("capacity", 2), "read": tiny().With("read", 1), "chunk": tiny().With("chunk", 4)} {
		all[name] = papertest.Finish(t, begun(t, walk(), g, short(), "")).Curves().Of(MetricLoss, MetricGradNorm)
	}
	papertest.Apart(t, all, 0.0005)
	clear(all)
	for _, rule := range append(ballet.Rules(), ballet.Chance, Any, Designed, AMA) {
		all[rule] = papertest.Finish(t, begun(t, visits(), tiny().With("rule", rule), short(), "")).Curves().Of(MetricLoss, MetricGradNorm)
	}
	papertest.Apart(t, all, 0.0005)
}

func TestAKilledRunContinuesAsIfUndisturbed(t *testing.T) {
	for _, g := range []papertest.Given{tiny().With("rule", AMA), tiny().With("rule", ballet.Chance), {"kind": Reference}} {
		whole := papertest.Finish(t, begun(t, visits(), g, short(), "")).Text(t)
		first, second := begun(t, visits(), g, short(), ""), begun(t, visits(), g, short(), "")
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
	s := papertest.Setup(t, Slug, "fast", Sections(), walk(), tiny(), short())
	one := papertest.Finish(t, papertest.Begin[*method](t, s, 1, lab.Bench{Threads: 1}, New)).Text(t)
	if two := papertest.Finish(t, papertest.Begin[*method](t, s, 1, lab.Bench{Threads: 2}, New)).Text(t); one != two {
		t.Error("records of one and of two threads differ")
	}
}

func TestTimeKeepsTheLastChunksAndPlaceTheLastStepsOfEachRoom(t *testing.T) {
	place := make([]int, 40) // room 0 but for every fourth step, which is in room 1
	for i := range place {
		if i%4 == 3 {
			place[i] = 1
		}
	}
	k := keeping{knobs: AgentKnobs{Grouping: ByTime, Capacity: 2, Chunk: 8}, places: 2}
	if m := k.episode(place, "", nil); len(m.chunks) != 3 || m.chunks[0][0] != 16 || m.size() != 24 {
		t.Errorf("by time %v", m.chunks)
	}
	k.knobs.Grouping = ByPlace
	m := k.episode(place, "", nil)
	if m.size() != 12+10 || !slices.Equal(m.places, []int{0, 0, 1, 1}) || m.chunks[0][0] != 24 || m.chunks[2][0] != 3 {
		t.Errorf("by place %v in rooms %v", m.chunks, m.places)
	}
}

func TestAVisitIsKeptWholeAndByItsRule(t *testing.T) {
	place := slices.Repeat([]int{0, 0, 0, 0, 0, 0, 0, 0}, 4)
	k := keeping{knobs: AgentKnobs{Capacity: 2}, visits: true, places: 1}
	m := k.episode(place, ballet.LIFO, func() float64 { return 0 })
	if len(m.chunks) != 2 || m.chunks[1][0] != 8 || len(m.chunks[1]) != 8 || !m.holds(15) || m.holds(16) {
		t.Errorf("kept %v", m.chunks)
	}
}

func TestTheTimeCodeRepeatsWithTheLoopInItsFirstColumnsAlone(t *testing.T) {
	const d, loop = 48, 12
	codes := timeCodes(100, d, loop)
	for i := range loop {
		if math.Abs(float64(codes[5*d+i]-codes[(5+loop)*d+i])) > 1e-5 {
			t.Errorf("column %d differs one loop later", i)
		}
	}
	if math.Abs(float64(codes[5*d+loop]-codes[(5+loop)*d+loop])) < 0.1 {
		t.Error("no column tells one loop from the next")
	}
}

// The error of the expected reward: regret * 2 (q - R) / B at the rule taken, nothing elsewhere.
func TestTheGradientOfTheAllocatorByHand(t *testing.T) {
	core := num.NewCore(num.Go(), 1)
	defer core.Close()
	tape := num.NewTape(core)
	q := tape.Tensor("q", 2, 4)
	copy(q.Data, []float32{0, 1, 2, 3, -1, -2, -3, -4})
	if loss := learn(q, []int{1, 3}, []float64{-1, -4}, 0.1); loss != (4+0)/2.0 {
		t.Errorf("loss is %v, want 2", loss)
	}
	if want := []float32{0, 0.2, 0, 0, 0, 0, 0, 0}; !slices.Equal(q.Gradient(), want) {
		t.Errorf("gradient is %v, want %v", q.Grad, want)
	}
}

func TestTheGradientOfTheAnswerAgreesWithFiniteDifferences(t *testing.T) {
	m := begun(t, walk(), tiny(), short(), "go")
	l := m.lesson
	l.class.Watch()
	all := make([]kept, l.knobs.Batch)
	for e := range all {
		all[e] = l.keeping.episode(l.agent.reader.told(l.class.Obs, e), "", nil)
	}
	reward := make([]float64, len(all))
	run := func() (float64, *num.Tensor) {
		l.tape.Reset()
		logits, _, _ := l.agent.reader.forward(l.tape, l.class.Obs, all)
		loss, _ := l.answer(logits, reward)
		return loss, logits
	}
	w := l.agent.reader.answer.W
	w.ZeroGrad()
	_, logits := run()
	l.tape.BackwardFrom(logits, l.gradientOf(logits))
	for i := 0; i < len(w.Data); i += 5 {
		old, at := w.Data[i], [2]float64{}
		for side, h := range []float32{0.01, -0.01} {
			w.Data[i] = old + h
			at[side], _ = run()
		}
		w.Data[i] = old
		if want := (at[0] - at[1]) / 0.02; math.Abs(want-float64(w.Grad[i])) > 1e-3 {
			t.Errorf("gradient at %d is %g, finite differences say %g", i, w.Grad[i], want)
		}
	}
}

func TestEpsilonFallsToItsEnd(t *testing.T) {
	k := TrainKnobs{Epsilon: 0.2, Explore: 0.5, Updates: 100}
	for number, want := range map[int]float64{0: 1, 25: 0.6, 50: 0.2, 99: 0.2} {
		if got := epsilon(k, number); math.Abs(got-want) > 1e-9 {
			t.Errorf("epsilon at %d is %v, want %v", number, got, want)
		}
	}
}

func TestTheDesignedRuleIsThatOfTheTaskAndAnyIsDrawn(t *testing.T) {
	chance, seen := rng.New(1, "rules"), map[string]bool{}
	for i := range 100 {
		seen[ruleFor(Any, 0, i, nil, chance)] = true
	}
	if len(seen) != 4 || ruleFor(Designed, 2, 0, nil, nil) != ballet.LVFO || ruleFor(AMA, 0, 1, []int{0, 3}, nil) != ballet.MVFO || ruleFor(ballet.LIFO, 0, 0, nil, nil) != ballet.LIFO {
		t.Errorf("rules %v", seen)
	}
}

// With room for all visits no rule lets one go: the claim of the notebook runs two of the four.
func TestWithRoomForAllVisitsTheRulesAreTheSameToTheLastBit(t *testing.T) {
	want := ""
	for _, rule := range ballet.Rules() {
		r := papertest.Finish(t, begun(t, visits(), tiny().With("rule", rule).With("capacity", 6), short(), ""))
		if got := fmt.Sprint(r.Curves()); want == "" {
			want = got
		} else if got != want {
			t.Errorf("%s differs from %s", rule, ballet.Rules()[0])
		}
	}
}

// What the events of a kept episode rebuild must be what the question could read.
func TestEventsRebuildWhatTheQuestionCouldRead(t *testing.T) {
	for name, c := range map[string][2]papertest.Given{"visits": {visits(), tiny().With("rule", ballet.MVFO)}, "chance": {visits(), tiny().With("rule", ballet.Chance)}, "place": {walk(), tiny()}, "time": {walk(), tiny().With("grouping", ByTime)}} {
		r := papertest.Finish(t, begun(t, c[0], c[1], short().With("updates", 0), ""))
		bank, reads, deletes := map[string]string{}, 0, 0
		for _, ev := range r.Events {
			switch e := ev.(type) {
			case lab.Episode:
				clear(bank)
			case lab.Memory:
				switch e.Op {
				case lab.OpWrite, lab.OpChange:
					bank[e.Entry] = e.After.Text
				case lab.OpDelete:
					delete(bank, e.Entry)
					deletes++
				case lab.OpRead:
					reads++
					if len(e.Hits) != len(bank) {
						t.Errorf("%s: the question could read %d entries, events left %d", name, len(e.Hits), len(bank))
					}
					for _, h := range e.Hits {
						if _, ok := bank[h.Entry]; !ok {
							t.Errorf("%s: %q was read and never written, bank %v", name, h.Entry, bank)
						}
					}
				}
			}
		}
		if reads != 4 || name == "visits" && deletes != 4*3 {
			t.Errorf("%s: %d reads, %d deletes", name, reads, deletes)
		}
	}
}

func TestTheReferencesScoreAsTheyMust(t *testing.T) {
	for _, world := range []papertest.Given{walk(), visits()} {
		for policy, want := range map[string]float64{"oracle": 1, "full-memory": 1} {
			r := papertest.Finish(t, begun(t, world, papertest.Given{"kind": Reference, "policy": policy}, short(), ""))
			if v := r.Series(MetricAccuracy); float64(v[len(v)-1]) < want-0.02 {
				t.Errorf("%s in %s: %v, want %v", policy, world["kind"], v, want)
			}
		}
	}
}

func TestTheLearnedRuleNeedsTasks(t *testing.T) {
	s := papertest.Setup(t, Slug, "fast", Sections(), walk(), tiny().With("rule", AMA), short())
	if _, err := New(s, 1, lab.Bench{}); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("error is %v, want an invalid rule", err)
	}
}

func TestThePageAgreesWithTheCode(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Defaults(t, Sections(), nil)
	papertest.Notebook(t, Card())
}
