package memo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
)

func TestAKilledRunContinuedEndsAsTheUndisturbedOne(t *testing.T) {
	for name, world := range map[string]given{"corridor": maze(), "dark room": room()} {
		t.Run(name, func(t *testing.T) {
			ppo := brief().With("partial", 2)
			whole := finish(t, begin(t, world, net(), ppo, 1))
			first, second := &papertest.Record{}, begin(t, world, net(), ppo, 1)
			killed := begin(t, world, net(), ppo, 1)
			advance(t, killed, first, 2)
			var kept bytes.Buffer
			if err := killed.Snapshot(&kept); err != nil {
				t.Fatal(err)
			}
			if err := second.Restore(&kept); err != nil {
				t.Fatal(err)
			}
			advance(t, second, first, 100)
			if text(t, first.Events) != text(t, whole.Events) {
				t.Error("the records differ")
			}
		})
	}
}

func TestTheNumberOfThreadsChangesNothing(t *testing.T) {
	ppo := brief().With("updates", 2)
	if a, b := finish(t, begin(t, maze(), net(), ppo, 1)), finish(t, begin(t, maze(), net(), ppo, 2)); text(t, a.Events) != text(t, b.Events) {
		t.Error("one and two threads give different records")
	}
}

func TestEveryKnobMovesTheRecord(t *testing.T) {
	papertest.Whole(t)
	run := func(section int, g given) string {
		cells := []given{maze(), net(), brief()}
		if _, dark := g["partial"]; dark || g["gamma"] != nil || g["across"] != nil || g["grid"] != nil {
			cells[0] = room()
		}
		if g["minibatches"] == nil && section == 2 {
			g = g.With("minibatches", 2)
		}
		cells[section] = g
		if g["kind"] == Summaries { // segments of five, so that their lengths vary, and four of them
			cells[0] = maze().With("corridor", 19)
		}
		return text(t, finish(t, begin(t, cells[0], cells[1], cells[2], 1)).Events)
	}
	small := given{"kind": Context, "width": 8, "inner": 12}
	partial := brief().With("partial", 2).With("gamma", 0.99)
	for name, c := range map[string]struct {
		section int
		base    given
		values  given
	}{
		"passive-t-maze":   {0, maze(), given{"corridor": 8, "nuisance": 3}},
		"dark-key-to-door": {0, room(), given{"grid": 4, "episode": 8, "trial": 24}},
		Summaries: {1, net().With("segment", 5), given{"width": 12, "layers": 1, "heads": 1, "inner": 8, "segment": 4, "summaries": 2, "accumulate": false, "limit": 6,
			"reencode": false, "randomise": false, "depth": 1}},
		Context:   {1, small.With("across", true), given{"width": 12, "layers": 1, "heads": 1, "inner": 8, "window": 3, "across": false}},
		Reference: {1, given{"kind": Reference}, given{"policy": "random"}},
		"ppo": {2, partial, given{"learning_rate": 0.001, "gamma": 0.9, "lambda": 0.5, "clip": 0.01, "entropy": 0.1, "value": 0.1,
			"max_grad_norm": 0.01, "epochs": 1, "minibatches": 4, "partial": 3, "refresh": false, "trials": 4, "updates": 2, "evaluations": 3,
			"eval_trials": 128, "test_trials": 128}},
	} {
		t.Run(name, func(t *testing.T) {
			base := c.base
			if name == "dark-key-to-door" { // a larger room needs longer episodes, and three of them
				base = room().With("episode", 9).With("trial", 27)
				c.values = given{"grid": 4, "episode": 8, "trial": 30}
			}
			first := run(c.section, base)
			for _, f := range fields(t, c.section, name) {
				value, ok := c.values[f]
				if !ok {
					t.Errorf("knob %s has no variation", f)
				} else if run(c.section, base.With(f, value)) == first {
					t.Errorf("with %s at %v nothing changes", f, value)
				}
			}
		})
	}
}

// fields lists the knobs of a kind.
func fields(t *testing.T, section int, name string) (paths []string) {
	t.Helper()
	kinds := Sections()[section].Kinds
	all, err := schema.Fields(kinds[slices.IndexFunc(kinds, func(k schema.Kind) bool { return k.Name == name })])
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		paths = append(paths, f.Path)
	}
	return paths
}

// Before the first update, with segments of exactly l_seg, the training pass gives the log-probabilities and values of collection.
func TestTheTrainingPassAgreesWithWhatWasCollected(t *testing.T) {
	for name, agent := range map[string]given{"memo": net().With("randomise", false), "context": {"kind": Context, "width": 8, "inner": 12, "across": false}} {
		m := begin(t, room(), agent, brief(), 1)
		if err := m.actor.collect(t.Context(), 18); err != nil {
			t.Fatal(err)
		}
		m.learner.advantages(m.actor, 0, 18)
		s, err := m.learner.step(m.actor, []int{5, 2, 0}, 0, 18)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(s.KL) > 1e-9 || s.Clipped != 0 {
			t.Errorf("%s: divergence %g, a share of %g clipped, want none", name, s.KL, s.Clipped)
		}
	}
}

// l_seg 10: lengths from 8 to 12, all of them, 10 on average; with randomise off always 10.
func TestSegmentLengthsAreDrawnFromEightTenthsToTwelveTenths(t *testing.T) {
	l := &learner{agent: &agent{randomise: true}, lengths: rng.New(3, "lengths")}
	l.agent.rule.Segment = 10
	counts := map[int]int{}
	for range 4000 {
		counts[l.segment()]++
	}
	// 8 and 12 have half of the others' share: 500, 1000, 1000, 1000, 500; five standard deviations are at most 140.
	for length, want := range map[int]int{8: 500, 9: 1000, 10: 1000, 11: 1000, 12: 500} {
		if d := counts[length] - want; d < -140 || d > 140 {
			t.Errorf("length %d was drawn %d times, want about %d", length, counts[length], want)
		}
	}
	if l.agent.randomise = false; len(counts) != 5 || l.segment() != 10 {
		t.Errorf("lengths %v; without chance %d", counts, l.segment())
	}
}

// Two trials of three steps, decisions from step 1 on: a minibatch of trial 1 has all its observations and its last two decisions.
func TestAMinibatchHoldsWholeTrialsAndTheStepsToLearnFrom(t *testing.T) {
	m := begin(t, room(), net(), brief().With("trials", 2), 1)
	a := m.actor
	if err := a.collect(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	m.learner.advantages(a, 1, 3)
	m.learner.gather(a, []int{1}, 1, 3)
	w, b := a.arena.Spec().Obs, &m.learner.batch
	for i := range 3 {
		if got, want := m.learner.obs.Data[i*w:(i+1)*w], a.obs[(2*i+1)*w:(2*i+2)*w]; !slices.Equal(got, want) {
			t.Errorf("step %d shows %v, want %v", i, got, want)
		}
	}
	if !slices.Equal(b.Action, []int32{a.action[3], a.action[5]}) || !slices.Equal(b.LogProb, []float32{a.logProb[3], a.logProb[5]}) ||
		!slices.Equal(b.Advantage, []float32{m.learner.advantage[1], m.learner.advantage[3]}) {
		t.Errorf("the decisions are %v, %v, %v", b.Action, b.LogProb, b.Advantage)
	}
}

func TestOnlyTheJunctionIsDecidedInTheTMaze(t *testing.T) {
	m := begin(t, maze(), net(), brief(), 1)
	before := *m.actor.stream
	if err := m.actor.collect(t.Context(), 9); err != nil {
		t.Fatal(err)
	}
	if *m.actor.stream != before {
		t.Error("an action was drawn in the corridor")
	}
	if err := m.actor.collect(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if *m.actor.stream == before {
		t.Error("no action was drawn at the junction")
	}
}

func TestReferencesScoreAsTheyMust(t *testing.T) {
	for name, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {1, 1}, "memory-free": {0.3, 0.7}, "random": {0.3, 0.7}} {
		r := finish(t, begin(t, maze(), given{"kind": Reference, "policy": name}, brief(), 1))
		if s := last(t, r, MetricSuccess); s < want[0] || s > want[1] {
			t.Errorf("%s succeeds in %.2f of its trials, want %v", name, s, want)
		}
	}
	oracle := finish(t, begin(t, room(), given{"kind": Reference}, brief(), 1))
	if late := last(t, oracle, MetricLate); late != 2 {
		t.Errorf("the oracle finds %.2f keys and doors in a late episode, want 2", late)
	}
}

// A short corridor is learned within a moment, and the junction reads what the first segment left.
func TestAShortCorridorIsLearned(t *testing.T) {
	papertest.Whole(t)
	ppo := given{"kind": "ppo", "trials": 32, "updates": 60, "learning_rate": 0.005, "evaluations": 1, "test_trials": 64}
	r := finish(t, begin(t, maze(), net().With("width", 24).With("inner", 32), ppo, 1))
	if s := last(t, r, MetricSuccess); s < 0.95 {
		t.Errorf("success is %.2f after %d updates, want 0.95", s, 60)
	}
}

func TestWrongKnobsAreRefusedWithAHint(t *testing.T) {
	for name, c := range map[string]struct{ agent, ppo given }{
		"heads":       {net().With("heads", 3), brief()},
		"limit":       {net().With("limit", 3), brief()},
		"minibatches": {net(), brief().With("minibatches", 9)},
	} {
		var err error
		for i, g := range []given{c.agent, c.ppo} {
			kind := g["kind"].(string)
			knobs := given{}
			for k, v := range g {
				if k != "kind" {
					knobs[k] = v
				}
			}
			if _, e := schema.Resolve(Sections()[i+1], kind, knobs, "fast"); e != nil {
				err = e
			}
		}
		var e *lab.Error
		if !errors.As(err, &e) || e.Code != lab.Invalid || !strings.Contains(e.Error(), name) || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACancelledRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := begin(t, maze(), net(), brief(), 1).Advance(ctx, &papertest.Record{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run gives %v", err)
	}
}

// Labels that a weighted sum gives are told; labels of chance are told in half of the rows.
func TestAProbeTellsWhatALineSeparates(t *testing.T) {
	s := rng.New(5, "rows")
	rows, line, chance := make([][]float32, 400), make([]int, 400), make([]int, 400)
	for i := range rows {
		rows[i] = []float32{float32(s.Normal()), float32(s.Normal()), float32(s.Normal())}
		if rows[i][0]-2*rows[i][2] > 0.1 {
			line[i] = 1
		}
		chance[i] = s.IntN(2)
	}
	told, ok := readable(rows, line)
	if told < 0.93 || !ok {
		t.Errorf("a share of %.2f is told, want nearly all", told)
	}
	if told, _ := readable(rows, chance); told < 0.35 || told > 0.65 {
		t.Errorf("a share of %.2f of labels of chance is told", told)
	}
	if _, ok := readable(rows[:63], line[:63]); ok {
		t.Error("63 rows are enough, want 64 or more")
	}
}

// Corridor 9, segments of three: writes after steps 3, 6 and 9, a read at the junction, and at the end everything goes.
func TestTheMemoryOperationsOfAKeptTrialAreThoseOfItsCache(t *testing.T) {
	for name, c := range map[string]struct {
		agent given
		want  string
	}{
		"memo":        {net(), "[write segment 1 1] [write segment 2 2] [write segment 3 3] [read  3] [delete segment 1 2] [delete segment 2 1] [delete segment 3 0]"},
		"newest only": {net().With("accumulate", false), "[write segment 1 1] [write segment 2 2] [delete segment 1 1] [write segment 3 2] [delete segment 2 1] [read  1] [delete segment 3 0]"},
		"context":     {given{"kind": Context, "width": 8, "inner": 12}, ""},
	} {
		r := finish(t, begin(t, maze(), c.agent, brief().With("updates", 0), 1))
		var got []string
		for _, ev := range r.Events {
			m, ok := ev.(lab.Memory)
			if !ok || m.Episode != 1 {
				continue
			}
			got = append(got, fmt.Sprintf("[%s %s %d]", m.Op, m.Entry, m.Size))
			checkHits(t, m)
		}
		if all := strings.Join(got, " "); all != c.want {
			t.Errorf("%s: %s\nwant %s", name, all, c.want)
		}
	}
}

// checkHits demands shares in falling order that sum to one at most.
func checkHits(t *testing.T, m lab.Memory) {
	t.Helper()
	sum := 0.0
	for i, h := range m.Hits {
		sum += float64(h.Score)
		if h.Rank != i+1 || i > 0 && h.Score > m.Hits[i-1].Score {
			t.Errorf("hit %d is %+v", i, h)
		}
	}
	if sum > 1.001 || m.Op == lab.OpRead && sum == 0 {
		t.Errorf("the shares of a read sum to %g", sum)
	}
}

// The cache and the work of a trial, by hand for width 8, inner 12, two layers, segments of three with one summary (see nn/summary):
// entries before steps 0 to 9 are 0 1 2 | 1 2 3 | 2 3 4 | 3.
func TestTheCurveOfTheCacheIsThatOfTheRule(t *testing.T) {
	c := curve(finish(t, begin(t, maze(), net(), brief().With("updates", 0), 1)))
	for i, want := range []float64{0, 1, 2, 1, 2, 3, 2, 3, 4, 3} {
		if got := float64(c[MetricCache][i]); got != want {
			t.Errorf("the cache holds %v entries before step %d, want %v", got, i, want)
		}
	}
	if c[MetricWork][0] != 896+32 {
		t.Errorf("the first step takes %v multiply-adds, want 928", c[MetricWork][0])
	}
}
