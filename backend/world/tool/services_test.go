package tool

import (
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func servicesKnobs() *ServicesKnobs {
	return &ServicesKnobs{Goals: 8, Sources: 6, Arguments: twoArguments, Requests: 3, Drift: 0, Drifted: 3}
}

func TestServicesKeepTheContractOfTextWorlds(t *testing.T) {
	for arguments, chance := range map[string]float64{twoArguments: 0.004, oneArgument: 0.016} {
		k := servicesKnobs()
		k.Arguments = arguments
		worldtest.Text(t, worldtest.TextOptions{New: func() (world.Text, error) { return New(k, 7) }, Random: 0.01, MemoryFree: chance + 0.05, Episodes: 400})
	}
}

// served begins an episode of services under fixed rules.
func served(t *testing.T, k *ServicesKnobs, number int, seed uint64) (*Episode, map[string]ServiceRule) {
	t.Helper()
	w, err := New(k, 7)
	if err != nil {
		t.Fatal(err)
	}
	w = w.At(number)
	e, err := w.Begin(Train, seed)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := ServicesWant(w)
	rules := map[string]ServiceRule{}
	for _, r := range all {
		rules[r.Goal] = r
	}
	return e, rules
}

func TestAGoalIsServedRightBehindItsSourceAlone(t *testing.T) {
	for name, c := range map[string]struct {
		before func(a ServiceTurn, r ServiceRule) []string
		wrong  bool // the other number
		works  bool
	}{
		"behind its source":     {func(a ServiceTurn, r ServiceRule) []string { return []string{"CALL " + r.Source + " " + a.Thing} }, false, true},
		"with the other number": {func(a ServiceTurn, r ServiceRule) []string { return []string{"CALL " + r.Source + " " + a.Thing} }, true, false},
		"without":               {func(ServiceTurn, ServiceRule) []string { return nil }, false, false},
		"with something said in between": {func(a ServiceTurn, r ServiceRule) []string {
			return []string{"CALL " + r.Source + " " + a.Thing, "SAY ok"}
		}, false, false},
		"with its source twice": {func(a ServiceTurn, r ServiceRule) []string {
			s := "CALL " + r.Source + " " + a.Thing
			return []string{s, s}
		}, false, true},
		"behind another source": {func(a ServiceTurn, r ServiceRule) []string {
			return []string{"CALL " + otherSource(r.Source) + " " + a.Thing}
		}, false, false},
		"behind its source of another's name": {func(_ ServiceTurn, r ServiceRule) []string { return []string{"CALL " + r.Source + " moon"} }, false, false},
	} {
		e, rules := served(t, servicesKnobs(), 0, 3)
		a, ok := ParseServiceTurn(e.Read())
		if !ok {
			t.Fatalf("%q is no user turn", e.Read())
		}
		r := rules[a.Goal]
		number := map[bool]string{true: e.Case().Tools[0].Run(e.State(), []string{a.Thing}).Text, false: a.Number}[(r.Argument == argReplied) != c.wrong]
		number = number[strings.LastIndex(number, " ")+1:]
		for _, answer := range c.before(a, r) {
			e.Act(answer)
		}
		e.Act("CALL " + a.Goal + " " + a.Thing + " " + number)
		status := e.State().Data.Get("thing", a.Thing, "status")
		if works := status == a.Goal; works != c.works || !works && (status != "held" || e.Read() != "err needs "+r.Source+" "+r.Argument) {
			t.Errorf("%s: the thing is %q, the reply %q", name, status, e.Read())
		}
		line := e.World().suite.(services).Lines(e, len(e.Steps())-1)
		if !slices.Equal(line, []string{r.String()}) {
			t.Errorf("%s teaches %q, want %q", name, line, r)
		}
	}
}

func otherSource(source string) string {
	return sourceNames()[(slices.Index(sourceNames(), source)+1)%len(sourceNames())]
}

func TestAHeldThingCannotBeMadeGood(t *testing.T) {
	e, rules := served(t, servicesKnobs(), 0, 3)
	a, _ := ParseServiceTurn(e.Read())
	e.Act("CALL " + a.Goal + " " + a.Thing + " " + a.Number)
	oracle, err := e.World().Reference(world.Oracle, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := oracle.Answer(e); got != "END" {
		t.Errorf("the oracle goes on with %q", got)
	}
	e.Act("CALL " + rules[a.Goal].Source + " " + a.Thing)
	number := a.Number
	if rules[a.Goal].Argument == argReplied {
		number = strings.Fields(e.Read())[3]
	}
	e.Act("CALL " + a.Goal + " " + a.Thing + " " + number)
	if !strings.HasPrefix(e.Read(), "ok") || e.State().Data.Get("thing", a.Thing, "status") != "held" {
		t.Errorf("%q, the thing is %q", e.Read(), e.State().Data.Get("thing", a.Thing, "status"))
	}
	if e.Act("END"); e.Info().Success {
		t.Error("success with a thing that is held")
	}
}

func TestDriftChangesTheSourceOfSomeGoalsFromItsTaskOn(t *testing.T) {
	k := servicesKnobs()
	k.Drift = 60
	_, before := served(t, k, 59, 3)
	_, after := served(t, k, 60, 3)
	_, later := served(t, k, 900, 3)
	changed := 0
	for goal, r := range before {
		if after[goal] != later[goal] {
			t.Errorf("%s drifts again", goal)
		}
		if after[goal] != r {
			changed++
			if after[goal].Source == r.Source || after[goal].Argument != r.Argument {
				t.Errorf("%v becomes %v, want another source and no other argument", r, after[goal])
			}
		}
	}
	if changed != 3 || len(before) != 8 {
		t.Errorf("%d of %d goals drift, want 3 of 8", changed, len(before))
	}
}

func TestNoPairOfATestTaskIsTrained(t *testing.T) {
	w, err := New(servicesKnobs(), 7)
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[[2]string]bool{}
	seen := map[string]bool{}
	for seed := range uint64(2000) {
		e, err := w.Begin(Train, seed)
		if err != nil {
			t.Fatal(err)
		}
		goals := ServiceGoals(e.Read())
		for i, a := range goals {
			seen[a] = true
			for _, b := range goals[:i] {
				pairs[[2]string{a, b}], pairs[[2]string{b, a}] = true, true
			}
		}
	}
	for seed := range uint64(300) {
		e, err := w.Begin(Test, seed)
		if err != nil {
			t.Fatal(err)
		}
		if goals := ServiceGoals(e.Read()); len(goals) < 2 || len(goals) > 3 || pairs[[2]string{goals[0], goals[1]}] {
			t.Fatalf("the test task %q is of goals that training has together", goals)
		}
	}
	if len(seen) != 8 || len(pairs) != 36 {
		t.Errorf("training has %d goals in %d ordered pairs, want 8 in 36", len(seen), len(pairs))
	}
}

func TestLinesAreReadAsTheyAreWritten(t *testing.T) {
	all := ServiceRules("order price reply ; ship stock asked\nnonsense\nrefund lamp reply\nbook scan asked")
	want := []ServiceRule{{"order", "price", "reply"}, {"ship", "stock", "asked"}, {"book", "scan", "asked"}}
	if !slices.Equal(all, want) {
		t.Errorf("read %v, want %v", all, want)
	}
	for _, r := range want {
		if got, ok := ParseServiceRule(r.String()); !ok || got != r {
			t.Errorf("%v comes back as %v", r, got)
		}
	}
}

func TestTheReaderActsOnTheLastLineAndServesAllWithRightOnes(t *testing.T) {
	w, err := New(servicesKnobs(), 7)
	if err != nil {
		t.Fatal(err)
	}
	wanted, _ := ServicesWant(w)
	var right, wrong []string
	for _, r := range wanted {
		right, wrong = append(right, r.String()), append(wrong, ServiceRule{r.Goal, otherSource(r.Source), r.Argument}.String())
	}
	for name, c := range map[string]struct {
		lines []string
		low   int
		high  int
	}{"right": {append(slices.Clone(wrong), right...), 50, 50}, "wrong": {append(slices.Clone(right), wrong...), 0, 0}, "none": {nil, 0, 5}} {
		reader, done := w.Reader(1), 0
		for seed := range uint64(50) {
			e, err := w.Begin(Test, seed)
			if err != nil {
				t.Fatal(err)
			}
			for reader.Begin(); !e.Over(); {
				e.Act(reader.Answer(e.Read(), c.lines))
			}
			if e.Info().Success {
				done++
			}
		}
		if done < c.low || done > c.high {
			t.Errorf("with %s lines %d of 50 tasks are done, want %d to %d", name, done, c.low, c.high)
		}
	}
}

func TestKnobsOfServicesOutOfTheirRangeAreNamed(t *testing.T) {
	k := servicesKnobs()
	k.Goals, k.Drifted = 5, 6
	if _, err := New(k, 0); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "drifted is 6") {
		t.Errorf("got %v", err)
	}
	k = servicesKnobs()
	k.Sources = 9
	if _, err := New(k, 0); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "sources is 9") {
		t.Errorf("got %v", err)
	}
}

func FuzzServiceLinesAndTurnsAreReadWithoutPanic(f *testing.F) {
	f.Add("order price reply ; ship stock asked\nuser task order ship for lamp 14 order")
	f.Add("for for for")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range ServiceRules(text) {
			if got, ok := ParseServiceRule(r.String()); !ok || got != r {
				t.Errorf("%v comes back as %v", r, got)
			}
		}
		ParseServiceTurn(text)
		ServiceGoals(text)
	})
}
