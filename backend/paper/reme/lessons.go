package reme

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/tool"
)

// Which role a lesson came from. It stands in front of the entry's source, for the metrics alone: no memory looks at it.
const (
	fromSuccess    = "success"
	fromFailure    = "failure"
	fromComparison = "comparison"
	fromReflection = "reflection"
)

// origins are the roles in the order of the metrics.
func origins() []string { return []string{fromSuccess, fromFailure, fromComparison, fromReflection} }

// originOf is the role that an entry came from, "" where none is named.
func originOf(e *lab.Entry) string {
	for _, source := range e.Sources {
		origin, _, _ := strings.Cut(source, " ")
		if slices.Contains(origins(), origin) {
			return origin
		}
	}
	return ""
}

// lesson is an entry before it has a key: what it says, and where it comes from.
type lesson struct {
	rules  []tool.ServiceRule
	origin string
}

// text is what an actor reads: "order price reply ; ship stock reply".
func (l lesson) text() string {
	parts := make([]string, len(l.rules))
	for i, r := range l.rules {
		parts[i] = r.String()
	}
	return strings.Join(parts, " ; ")
}

// whenToUse is omega: the goals that the lesson is about.
func (l lesson) whenToUse() string {
	goals := make([]string, len(l.rules))
	for i, r := range l.rules {
		goals[i] = r.Goal
	}
	return strings.Join(goals, " ")
}

// attempt is an episode that is over, as the roles see it: what was asked, done and replied.
type attempt struct {
	goals   []string // of the task, as its first turn names them
	users   []string
	steps   []tool.Step
	success bool
}

// learned is what the step at a place shows, if it shows anything.
func (a *attempt) learned(at int) (tool.ServiceRule, bool) {
	user, _ := tool.ParseServiceTurn(a.users[a.steps[at].User])
	return tool.ServiceLearned(a.steps, at, user)
}

// successes is the success extractor: what each goal call of a winner wanted; one lesson for each, or one for the whole trajectory.
func (a *attempt) successes(granularity string) (all []lesson) {
	whole := lesson{origin: fromSuccess}
	for at := range a.steps {
		if r, ok := a.learned(at); ok && !a.steps[at].Failed {
			whole.rules = append(whole.rules, r)
			all = append(all, lesson{[]tool.ServiceRule{r}, fromSuccess})
		}
	}
	if granularity == Trajectory && len(whole.rules) > 0 {
		return []lesson{whole}
	}
	return all
}

// failure is the failure extractor: of the first call that was refused, what was missing. With chance pErr it blames another source.
func (a *attempt) failure(pErr float64, sources int, d *dice) (lesson, bool) {
	for at := range a.steps {
		r, ok := a.learned(at)
		if !ok || !a.steps[at].Failed {
			continue
		}
		if d.unit() < pErr {
			r = mistaken(r, sources, d)
		}
		return lesson{[]tool.ServiceRule{r}, fromFailure}, true
	}
	return lesson{}, false
}

// comparison is the comparer: the request in which a winner first did something else than a loser, and what it wanted as the winner shows.
func (a *attempt) comparison(loser *attempt) (lesson, bool) {
	at := 0
	for at < len(a.steps) && at < len(loser.steps) && a.steps[at].Action.String() == loser.steps[at].Action.String() {
		at++
	}
	for ; at < len(a.steps); at++ {
		if r, ok := a.learned(at); ok && !a.steps[at].Failed {
			return lesson{[]tool.ServiceRule{r}, fromComparison}, true
		}
	}
	return lesson{}, false
}

// valid is the validator: it keeps what is right, and drops what is wrong, with the chance that it is accurate. A lesson is right if all its
// rules hold now.
func (l lesson) valid(accuracy float64, now []tool.ServiceRule, d *dice) bool {
	return (d.unit() < accuracy) == right(l.rules, now)
}

// right says whether all rules hold.
func right(rules, now []tool.ServiceRule) bool {
	for _, r := range rules {
		if !slices.Contains(now, r) {
			return false
		}
	}
	return len(rules) > 0
}

// guidance is the rewriter: of what was read, the rules about the goals of the task, in the order of the task, as one line. Where several
// are about one goal, all are kept.
func guidance(lines, goals []string) []string {
	var kept lesson
	all := tool.ServiceRules(strings.Join(lines, "\n"))
	for _, goal := range goals {
		for _, r := range all {
			if r.Goal == goal && !slices.Contains(kept.rules, r) {
				kept.rules = append(kept.rules, r)
			}
		}
	}
	if len(kept.rules) == 0 {
		return nil
	}
	return []string{kept.text()}
}

// held are lessons that go to a retry, newest last; a newer lesson about a goal takes the place of an older one.
func held(all []lesson, l lesson) []lesson {
	kept := slices.DeleteFunc(slices.Clone(all), func(old lesson) bool { return old.whenToUse() == l.whenToUse() })
	return append(kept, l)
}
