package reme

import (
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/tool"
)

// attempted is an attempt of two requests by hand: order and ship, whose calls and replies are given as pairs.
func attempted(success bool, pairs ...string) *attempt {
	a := &attempt{goals: []string{"order", "ship"}, users: []string{"task order ship for lamp 14 order", "for desk 17 ship"}, success: success}
	user := 0
	for i := 0; i < len(pairs); i += 2 {
		act, _ := tool.Parse(pairs[i])
		st := tool.Step{Action: act, Reply: pairs[i+1], User: user}
		st.Failed = len(pairs[i+1]) > 2 && pairs[i+1][:3] == "err"
		a.steps = append(a.steps, st)
		if act.Verb == tool.Done {
			user = 1
		}
	}
	return a
}

func winner() *attempt {
	return attempted(true, "CALL price lamp", "ok price lamp 22", "CALL order lamp 22", "ok order lamp", "DONE", "user for desk 17 ship",
		"CALL stock desk", "ok stock desk 25", "CALL ship desk 25", "ok ship desk", "DONE", "ok")
}

func loser() *attempt {
	return attempted(false, "CALL price lamp", "ok price lamp 22", "CALL order lamp 22", "ok order lamp", "DONE", "user for desk 17 ship",
		"CALL scan desk", "ok scan desk 25", "CALL ship desk 25", "err needs stock reply", "END", "ok")
}

func texts(all []lesson) (list []string) {
	for _, l := range all {
		list = append(list, l.whenToUse()+" = "+l.text())
	}
	return list
}

func TestAWinnerLeavesOneLessonForEachGoalOrOneForTheWhole(t *testing.T) {
	if got := texts(winner().successes(Keypoint)); !slices.Equal(got, []string{"order = order price reply", "ship = ship stock reply"}) {
		t.Errorf("%q", got)
	}
	if got := texts(winner().successes(Trajectory)); !slices.Equal(got, []string{"order ship = order price reply ; ship stock reply"}) {
		t.Errorf("%q", got)
	}
	idle := attempted(false, "END", "ok")
	if got := idle.successes(Trajectory); len(got) != 0 {
		t.Errorf("an attempt without a call leaves %v", got)
	}
}

func TestAFailureIsBlamedOnWhatTheErrorSaysButForMistakes(t *testing.T) {
	wrong := 0
	for key := range uint64(1000) {
		l, ok := loser().failure(0.3, 6, &dice{key: key})
		if !ok || l.whenToUse() != "ship" || l.origin != fromFailure {
			t.Fatalf("%v, %v", l, ok)
		}
		if l.text() != "ship stock reply" {
			wrong++
		}
	}
	// 1000 draws with chance 0.3: the standard deviation is 14.5, and 250 to 350 is more than three of them.
	if wrong < 250 || wrong > 350 {
		t.Errorf("%d of 1000 lessons blame something else, want some 300", wrong)
	}
	if l, _ := loser().failure(0, 6, &dice{}); l.text() != "ship stock reply" {
		t.Errorf("without mistakes %q", l.text())
	}
	if l, _ := loser().failure(1, 6, &dice{}); l.text() == "ship stock reply" {
		t.Error("with mistakes alone the right lesson")
	}
	if _, ok := winner().failure(0.3, 6, &dice{}); ok {
		t.Error("a winner has a failure")
	}
}

func TestAComparisonIsOfTheRequestInWhichTheyPart(t *testing.T) {
	l, ok := winner().comparison(loser())
	if !ok || l.text() != "ship stock reply" || l.origin != fromComparison {
		t.Errorf("%v, %v", l, ok)
	}
	early := attempted(false, "CALL scan lamp", "ok scan lamp 22", "CALL order lamp 22", "err needs price reply", "END", "ok")
	if l, ok := winner().comparison(early); !ok || l.text() != "order price reply" {
		t.Errorf("%v, %v", l, ok)
	}
}

func TestAValidatorIsRightAsOftenAsItsAccuracySays(t *testing.T) {
	now := []tool.ServiceRule{{Goal: "order", Source: "price", Argument: "reply"}, {Goal: "ship", Source: "stock", Argument: "reply"}}
	good := lesson{rules: now}
	bad := lesson{rules: []tool.ServiceRule{now[0], {Goal: "ship", Source: "scan", Argument: "reply"}}}
	kept := [2]int{}
	for key := range uint64(1000) {
		for i, l := range []lesson{good, bad} {
			if l.valid(0.8, now, &dice{key: key}) {
				kept[i]++
			}
		}
	}
	// standard deviation of 1000 draws with chance 0.8: 12.6
	if kept[0] < 755 || kept[0] > 845 || kept[1] < 155 || kept[1] > 245 {
		t.Errorf("kept %d of 1000 right lessons and %d of 1000 wrong ones, want some 800 and 200", kept[0], kept[1])
	}
	if right(nil, now) {
		t.Error("a lesson without a rule is right")
	}
}

func TestGuidanceHoldsWhatTheTaskAsksForInItsOrder(t *testing.T) {
	lines := []string{"book scan reply", "ship stock reply ; rent login reply", "order price reply", "order scan reply", "order price reply"}
	got := guidance(lines, []string{"order", "ship", "sell"})
	if !slices.Equal(got, []string{"order price reply ; order scan reply ; ship stock reply"}) {
		t.Errorf("%q", got)
	}
	if got := guidance(lines, []string{"sell"}); got != nil {
		t.Errorf("of nothing %q", got)
	}
}

func TestANewerLessonAboutAGoalIsHandedInPlaceOfTheOlder(t *testing.T) {
	rule := func(goal, source string) lesson {
		return lesson{rules: []tool.ServiceRule{{Goal: goal, Source: source, Argument: "reply"}}}
	}
	var all []lesson
	for _, l := range []lesson{rule("order", "scan"), rule("ship", "stock"), rule("order", "price")} {
		all = held(all, l)
	}
	if got := handed([]string{"book scan reply"}, all); !slices.Equal(got, []string{"book scan reply", "ship stock reply", "order price reply"}) {
		t.Errorf("%q", got)
	}
}

func TestTheRoleOfAnEntryStandsInItsSource(t *testing.T) {
	for _, o := range origins() {
		if got := originOf(&lab.Entry{Sources: []string{o + " order ship"}}); got != o {
			t.Errorf("%q, want %q", got, o)
		}
	}
	if got := originOf(&lab.Entry{Sources: []string{"elsewhere 1"}}); got != "" {
		t.Errorf("%q", got)
	}
}

func TestAnActorSeesTheRequestAndTheLastReply(t *testing.T) {
	var v view
	for _, c := range []struct{ told, want string }{
		{"user task order ship for lamp 14 order", "for lamp 14 order"},
		{"ok price lamp 22", "for lamp 14 order\nok price lamp 22"},
		{"ok order lamp", "for lamp 14 order\nok order lamp"},
		{"user for desk 17 ship", "for desk 17 ship"},
	} {
		if v.hear(c.told); v.text() != c.want {
			t.Errorf("behind %q it sees %q, want %q", c.told, v.text(), c.want)
		}
	}
	for action, want := range map[string]string{"CALL price lamp": "price lamp", "DONE": "DONE", "": ""} {
		if got := spoken(action); got != want || acted(got) != action {
			t.Errorf("%q is said as %q, which the world takes as %q", action, got, acted(got))
		}
	}
}

// Three tasks of success 1 stand before a drift at 3; 0.9 of their mean is wanted of ten tasks in a row. With seven failures first, ten
// successes are complete at task 17, and nine of ten at task 16: 0.9 is enough.
func TestRecoveryByHand(t *testing.T) {
	scores := []float64{1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	if got, ok := recovery(scores, 3); !ok || got != 16 {
		t.Errorf("recovered after %v, %v, want 16", got, ok)
	}
	if got, ok := recovery(scores[:12], 3); !ok || got != 10 {
		t.Errorf("never recovered in nine tasks: %v, %v, want 10", got, ok)
	}
	if _, ok := recovery(scores, 0); ok {
		t.Error("recovered without a drift")
	}
	if _, ok := recovery(make([]float64, 30), 10); ok {
		t.Error("recovered where nothing was done before")
	}
}
