package wmar

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself.
const tolerance = 0.002

func TestTheGoldenCurveStands(t *testing.T) {
	got := papertest.Finish(t, begin(t, tiny(Mix), 1, lab.Bench{Kernel: "go"})).Curves()
	papertest.Golden(t, "golden.json", got, tolerance, *update)
}

// The two stores are a knob: another rule, or another share of batches, changes what the model and the policy learn.
func TestTheGoldenCurveTellsEveryRuleApart(t *testing.T) {
	curves := map[string]papertest.Curve{}
	for name, agent := range map[string]given{"mix": tiny(Mix), "fifo": tiny(FIFO), "long": tiny(Long), "all": tiny(Everything), "mostly long": tiny(Mix).With("long_share", 0.9)} {
		r := papertest.Finish(t, begin(t, agent, 1, lab.Bench{Kernel: "go"}))
		curves[name] = r.Curves().Of(nth(MetricNLL, 0), nth(MetricNLL, 1), MetricPlanes, MetricKL)
	}
	papertest.Apart(t, curves, tolerance)
}

func TestARunContinuedEqualsTheUndisturbed(t *testing.T) {
	for name, agent := range map[string]given{"mix": tiny(Mix), "all": tiny(Everything), "planner": {"kind": Reference}} {
		t.Run(name, func(t *testing.T) {
			want := papertest.Finish(t, begin(t, agent, 2, lab.Bench{})).Text(t)
			r, m := &papertest.Record{}, begin(t, agent, 2, lab.Bench{})
			for left := true; left; {
				left = r.Advance(t, m)
				var kept bytes.Buffer
				if err := m.Snapshot(&kept); err != nil {
					t.Fatal(err)
				}
				m = begin(t, agent, 2, lab.Bench{})
				if err := m.Restore(&kept); err != nil {
					t.Fatal(err)
				}
			}
			if got := r.Text(t); got != want {
				t.Error("a run that was stopped after every unit gives another record")
			}
		})
	}
}

func TestThreadsChangeNothing(t *testing.T) {
	one := papertest.Finish(t, begin(t, tiny(Mix), 3, lab.Bench{Threads: 1})).Text(t)
	if two := papertest.Finish(t, begin(t, tiny(Mix), 3, lab.Bench{Threads: 2})).Text(t); one != two {
		t.Error("two threads give another record than one")
	}
}

// What the record says of the banks must rebuild them: no entry comes twice, none goes that was not there, sizes agree.
func TestTheRecordFollowsToldRolloutsThroughBothStores(t *testing.T) {
	r := papertest.Finish(t, begin(t, tiny(Mix), 4, lab.Bench{}))
	banks, deletes := map[string]map[string]bool{bankRecent: {}, bankLong: {}}, 0
	for _, ev := range r.Events {
		op, ok := ev.(lab.Memory)
		if !ok {
			continue
		}
		bank := banks[op.Bank]
		switch op.Op {
		case lab.OpWrite:
			if bank[op.Entry] || op.After == nil || op.Reason == "" {
				t.Errorf("%s is written into %s twice, or without reason: %+v", op.Entry, op.Bank, op)
			}
			bank[op.Entry] = true
		case lab.OpDelete:
			deletes++
			if !bank[op.Entry] || op.Before == nil || op.Reason == "" {
				t.Errorf("%s is deleted from %s, where it is not: %+v", op.Entry, op.Bank, op)
			}
			delete(bank, op.Entry)
		}
		if len(bank) != op.Size {
			t.Errorf("%s holds %d told rollouts, the record says %d", op.Bank, len(bank), op.Size)
		}
	}
	if deletes == 0 || len(banks[bankLong]) == 0 {
		t.Errorf("%d deletes, %v: the test says nothing", deletes, banks)
	}
}

func TestTheMatrixIsReportedRowByRow(t *testing.T) {
	r := papertest.Finish(t, begin(t, tiny(Mix), 5, lab.Bench{}))
	first, second := r.Series(nth(MetricAfter, 0)), r.Series(nth(MetricAfter, 1))
	if len(first) != 3 || len(second) != 3 {
		t.Fatalf("%d and %d rows, want one before and one after each of two tasks", len(first), len(second))
	}
	near(t, "forgetting", r.Last(t, MetricForgetting), float64(max(first[1], first[2])-first[2]), 1e-9)
	near(t, "the average", r.Last(t, MetricAverage), float64(first[2]+second[2])/2, 1e-9)
	near(t, "the fresh skill", r.Last(t, MetricFresh), float64(second[2]), 1e-9)
	near(t, "the transfer", r.Last(t, MetricTransfer), float64(second[1]), 1e-9)
}

func TestThePlannerHasSkillOneAndChanceNone(t *testing.T) {
	for policy, want := range map[string]float64{"oracle": 1, "random": 0, "memory-free": 1} {
		m := beginWith(t, given{"tasks": 4}, given{"kind": Reference, "policy": policy}, brief(), 1, lab.Bench{})
		near(t, policy, papertest.Finish(t, m).Last(t, MetricAverage), want, 0.05)
	}
}

func TestAnUntrainedAgentIsExaminedAndLearnsNothing(t *testing.T) {
	r := papertest.Finish(t, beginWith(t, given{"tasks": 2}, tiny(Mix), brief().With("steps", 0), 1, lab.Bench{}))
	rows := r.Series(nth(MetricAfter, 0))
	if len(rows) != 3 || rows[0] != rows[2] {
		t.Errorf("skills are %v, want the same three times", rows)
	}
	if len(r.Series(MetricPlanes)) != 0 {
		t.Error("an untrained agent reports losses")
	}
}

func TestTheOrderAndTheSuiteChooseTheTasks(t *testing.T) {
	for _, c := range []struct {
		knobs ArcadeKnobs
		first string
		level int
	}{{ArcadeKnobs{Unlike, 4, "forward"}, "collect", 1}, {ArcadeKnobs{Unlike, 4, "backward"}, "paddle", 1}, {ArcadeKnobs{Alike, 3, "backward"}, "collect", 3}} {
		if k := c.knobs.tasks()[0]; k.Game != c.first || k.Level != c.level || len(c.knobs.tasks()) != c.knobs.Tasks {
			t.Errorf("%+v begins with %+v", c.knobs, k)
		}
	}
}

func TestACancelledRunStops(t *testing.T) {
	m := begin(t, tiny(Mix), 1, lab.Bench{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Advance(ctx, &papertest.Record{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestSetUpsThatDoNotFitAreRefused(t *testing.T) {
	for name, rl := range map[string]given{"windows longer than rollouts": brief().With("window", 32), "contexts longer than rollouts": brief().With("context", 32),
		"fewer rollouts than evaluations": brief().With("evaluations", 20)} {
		setup := papertest.Setup(t, Slug, "fast", Sections(), given{"tasks": 2}, tiny(Mix), rl)
		if _, err := New(setup, 1, lab.Bench{Threads: 1}); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThePageAndTheCardAgree(t *testing.T) {
	papertest.Deviations(t, Card())
	papertest.Metrics(t, Metrics())
	papertest.Defaults(t, Sections(), nil)
	papertest.Notebook(t, Card())
}
