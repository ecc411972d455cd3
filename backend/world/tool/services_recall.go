package tool

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// The lines that memories may keep say what one goal wants, "order price reply": call price about the same thing, right behind it order
// with the number that price replied.

// ServiceRule is the line that says what a goal wants.
type ServiceRule struct{ Goal, Source, Argument string }

// String is the line.
func (r ServiceRule) String() string { return r.Goal + " " + r.Source + " " + r.Argument }

// ParseServiceRule reads a line.
func ParseServiceRule(line string) (r ServiceRule, ok bool) {
	w := strings.Fields(line)
	if len(w) != 3 || !slices.Contains(goalNames(), w[0]) || !slices.Contains(sourceNames(), w[1]) || w[2] != argReplied && w[2] != argAsked {
		return r, false
	}
	return ServiceRule{w[0], w[1], w[2]}, true
}

// ServiceRules reads the rules of a text: lines, and parts of a line between semicolons. What is no rule is left out.
func ServiceRules(text string) (all []ServiceRule) {
	for line := range strings.SplitSeq(text, "\n") {
		for part := range strings.SplitSeq(line, " ; ") {
			if r, ok := ParseServiceRule(part); ok {
				all = append(all, r)
			}
		}
	}
	return all
}

// ServicesWant are the rules that hold at this moment, goal by goal: what a perfect memory would recall. ok is false for a world of another suite.
func ServicesWant(w *World) (all []ServiceRule, ok bool) {
	s, ok := w.suite.(services)
	if !ok {
		return nil, false
	}
	for g, want := range s.wants(w.rules, w.number) {
		all = append(all, ServiceRule{goalNames()[g], sourceNames()[want.source], want.argument})
	}
	return all, true
}

// ServiceTurn is a user turn: what is asked for, of which thing, with which number.
type ServiceTurn struct{ Goal, Thing, Number string }

// ParseServiceTurn reads a user turn of the suite, with or without what stands before "for".
func ParseServiceTurn(told string) (a ServiceTurn, ok bool) {
	w := strings.Fields(told)
	at := slices.Index(w, "for")
	if at < 0 || len(w) != at+4 {
		return a, false
	}
	return ServiceTurn{Goal: w[at+3], Thing: w[at+1], Number: w[at+2]}, true
}

// ServiceGoals are the goals of a task in their order, as its first user turn names them.
func ServiceGoals(told string) []string {
	w := strings.Fields(told)
	from, to := slices.Index(w, "task"), slices.Index(w, "for")
	if from < 0 || to < from {
		return nil
	}
	return w[from+1 : to]
}

// ServiceLearned is what a step shows about a goal, by its call, its reply and what was done before it: a call that worked shows what it wanted,
// one that was refused says so.
func ServiceLearned(steps []Step, at int, user ServiceTurn) (r ServiceRule, ok bool) {
	st := &steps[at]
	if st.Action.Verb != Call || !slices.Contains(goalNames(), st.Action.Name) {
		return r, false
	}
	if w := strings.Fields(st.Reply); st.Failed && len(w) == 4 && w[1] == "needs" {
		return ServiceRule{st.Action.Name, w[2], w[3]}, true
	}
	if st.Failed || at == 0 || len(st.Action.Args) != 2 {
		return r, false
	}
	before := &steps[at-1]
	argument := argReplied
	if st.Action.Args[1] == user.Number {
		argument = argAsked
	}
	return ServiceRule{st.Action.Name, before.Action.Name, argument}, true
}

// Lines implements Teacher.
func (s services) Lines(e *Episode, step int) []string {
	user, _ := ParseServiceTurn(e.c.Users[e.s.Steps[step].User])
	if r, ok := ServiceLearned(e.s.Steps, step, user); ok {
		return []string{r.String()}
	}
	return nil
}

// Query implements Asker: a memory is asked for the goals of the whole task, which its first turn names.
func (s services) Query(e *Episode) string { return "task " + e.c.Label }

// servicesActor answers turns by rules and guesses what it has no rule for. It sees what is told alone.
type servicesActor struct {
	s      services
	seed   uint64
	turns  uint64
	user   ServiceTurn
	latest ServiceRule
}

// answer is the next answer, given the rules in the order in which they are believed, the last one most.
func (a *servicesActor) answer(told string, known []ServiceRule) string {
	a.turns++
	w := strings.Fields(told)
	switch {
	case len(w) > 0 && w[0] == "user":
		a.user, _ = ParseServiceTurn(told)
		a.latest = a.believed(known)
		return "CALL " + a.latest.Source + " " + a.user.Thing
	case len(w) == 4 && w[0] == "ok":
		number := a.user.Number
		if a.latest.Argument == argReplied {
			number = w[3]
		}
		return "CALL " + a.user.Goal + " " + a.user.Thing + " " + number
	case len(w) > 0 && w[0] == "ok":
		return Done.String()
	}
	return End.String()
}

func (a *servicesActor) believed(known []ServiceRule) ServiceRule {
	for _, r := range slices.Backward(known) {
		if r.Goal == a.user.Goal {
			return r
		}
	}
	draw := world.Draw(a.seed, a.turns)
	return ServiceRule{a.user.Goal, sourceNames()[world.Pick(draw, a.s.knobs.Sources)], a.s.arguments()[world.Pick(world.Draw(draw, 1), len(a.s.arguments()))]}
}

// Reader implements Suite: the rule believes what stands last, and guesses what no line tells.
func (s services) Reader(seed uint64) world.Reader {
	return &servicesReader{servicesActor{s: s, seed: seed}}
}

type servicesReader struct{ servicesActor servicesActor }

// Begin tells it that an episode begins.
func (r *servicesReader) Begin() {}

// Answer is what it does, given lines of memory.
func (r *servicesReader) Answer(told string, recalled []string) string {
	return r.servicesActor.answer(told, ServiceRules(strings.Join(recalled, "\n")))
}

// Speaker implements Suite: memory-free guesses; full-memory keeps all rules that it saw in the dialogues that it answered.
func (s services) Speaker(name string, _, seed uint64) world.Speaker {
	return &servicesSpeaker{servicesActor: servicesActor{s: s, seed: seed}, keeps: name == world.FullMemory}
}

type servicesSpeaker struct {
	servicesActor servicesActor
	keeps         bool
	known         []ServiceRule
	last          *Episode
	read          int // steps of last that were taken in
}

// Answer takes in what came of the answers before and returns the next.
func (k *servicesSpeaker) Answer(d world.Dialogue) string {
	e, ok := Of(d)
	if !ok {
		return ""
	}
	if k.keeps {
		k.take()
		if e != k.last {
			k.last, k.read = e, len(e.Steps())
		}
	}
	return k.servicesActor.answer(e.Read(), k.known)
}

// take learns from the dialogue that was answered last.
func (k *servicesSpeaker) take() {
	if k.last == nil {
		return
	}
	for ; k.read < len(k.last.Steps()); k.read++ {
		user, _ := ParseServiceTurn(k.last.c.Users[k.last.Steps()[k.read].User])
		if r, ok := ServiceLearned(k.last.Steps(), k.read, user); ok {
			k.known = append(slices.DeleteFunc(k.known, func(old ServiceRule) bool { return old.Goal == r.Goal }), r)
		}
	}
}
