package hop

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. The oracle knows which fact is needed next and all that was found; random searches and answers
// with any words; memory-free sees the present text alone: the questions at first, later one search result; full-memory keeps all that it
// was told in the episode.
func (w *World) Reference(name string, seed uint64) (world.Speaker, error) {
	switch name {
	case world.Oracle:
		return speaker(func(e *Episode) string { return e.Oracle() }), nil
	case world.Random:
		r := &random{w: w, seed: seed}
		return speaker(r.answer), nil
	case world.MemoryFree:
		return speaker(func(e *Episode) string { return w.blind(e.Read()) }), nil
	case world.FullMemory:
		return &keeper{w: w}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

// speaker is a reference that keeps nothing; to a dialogue of another package it has no answer.
type speaker func(e *Episode) string

// Answer returns the reference's answer.
func (s speaker) Answer(d world.Dialogue) string {
	if e, ok := Of(d); ok {
		return s(e)
	}
	return ""
}

// Oracle is the right act: the next search that is needed, or all answers.
func (e *Episode) Oracle() string {
	f, _, ok := e.Needed()
	if ok && e.TurnsLeft() > 1 {
		return Find + " " + f.Key()
	}
	answers := make([]string, len(e.questions))
	for i, q := range e.questions {
		answers[i] = Unknown
		if _, found := e.Found(q.Steps[len(q.Steps)-1]); found {
			answers[i] = q.Answer()
		}
	}
	return e.Answers(answers)
}

// Answers is the act that gives answers to unnumbered questions, in their order.
func Answers(answers []string) string { return Ans + " " + strings.Join(answers, " "+And+" ") }

// Answers is the act that gives answers to the questions of the episode, in their order.
func (e *Episode) Answers(answers []string) string { return answersTo(e.questions, answers) }

func answersTo(questions []Question, answers []string) string {
	if len(questions) == 0 || questions[0].Number == "" {
		return Answers(answers)
	}
	said := Ans
	for i := range min(len(questions), len(answers)) {
		said += " " + questions[i].Number + " " + answers[i]
	}
	return said
}

// random searches or answers with any words.
type random struct {
	w     *World
	seed  uint64
	drawn uint64
}

func (r *random) pick(n int) int {
	r.drawn++
	return world.Pick(world.Draw(r.seed, r.drawn), n)
}

func (r *random) answer(e *Episode) string {
	k, l := &r.w.knobs, r.w.lex
	if r.pick(len(e.questions)+1) > 0 && e.TurnsLeft() > 1 {
		return Find + " " + l.relations[r.pick(k.Relations)] + " " + l.entities[r.pick(k.Entities)]
	}
	answers := make([]string, len(e.questions))
	for i := range answers {
		answers[i] = l.entities[r.pick(k.Entities)]
	}
	return e.Answers(answers)
}

// blind searches for what the questions ask first; of a search result in sight it takes the first fact as the only answer.
func (w *World) blind(told string) string {
	questions, facts := Parse(told)
	switch {
	case len(questions) > 0:
		q := questions[0]
		if _, alias := w.lex.alias[q.Of]; alias {
			return Find + " " + Alias + " " + q.Of
		}
		return Find + " " + q.Chain[len(q.Chain)-1] + " " + q.Of
	case len(facts) > 0:
		return Answers([]string{facts[0].Is})
	}
	return Answers([]string{Unknown})
}

// Parse reads a text of the world: the questions that it asks, without their Steps, and the facts that it tells. It takes any text.
func Parse(told string) (questions []Question, facts []Fact) {
	words := strings.Fields(told)
	asks := len(words) > 0 && words[0] == Ask
	if asks && len(words) > 1 && numbered(words[1]) {
		return parseNumbered(words[1:]), nil
	}
	if asks || len(words) > 0 && words[0] == Found {
		words = words[1:]
	}
	for len(words) > 0 {
		at := slices.Index(words, And)
		if at < 0 {
			break
		}
		part := words[:at]
		words = words[at+1:]
		if n := len(part); asks && n >= 2 {
			questions = append(questions, Question{Chain: part[:n-1], Of: part[n-1]})
		} else if !asks && n >= 4 && part[n-2] == Is {
			facts = append(facts, Fact{part[n-4], part[n-3], part[n-1]})
		}
	}
	return questions, facts
}

// numbered says whether a word is the number of a question.
func numbered(word string) bool { return strings.HasPrefix(word, "#") }

func parseNumbered(words []string) (questions []Question) {
	if at := slices.Index(words, Left); at >= 0 {
		words = words[:at]
	}
	for len(words) > 0 {
		next := slices.IndexFunc(words[1:], numbered) + 1
		if next == 0 {
			next = len(words)
		}
		if part := words[:next]; len(part) > 2 && numbered(part[0]) {
			n := len(part)
			questions = append(questions, Question{Number: part[0], Chain: part[1 : n-1], Of: part[n-1]})
		}
		words = words[next:]
	}
	return questions
}

// Resolve follows a question through facts: the answer, or the key of the first fact that is missing.
func (q Question) Resolve(facts map[string]string) (answer, missing string) {
	of := q.Of
	if _, alias := newLexicon().alias[of]; alias {
		named, ok := facts[Alias+" "+of]
		if !ok {
			return "", Alias + " " + of
		}
		of = named
	}
	for _, relation := range slices.Backward(q.Chain) {
		is, ok := facts[relation+" "+of]
		if !ok {
			return "", relation + " " + of
		}
		of = is
	}
	return of, ""
}

// keeper is the reference with full memory.
type keeper struct {
	w         *World
	last      *Episode
	questions []Question
	facts     map[string]string
}

// Answer takes in what it is told and says what its facts allow.
func (k *keeper) Answer(d world.Dialogue) string {
	e, ok := Of(d)
	if !ok {
		return ""
	}
	if e != k.last {
		k.last, k.questions, k.facts = e, nil, map[string]string{}
	}
	questions, facts := Parse(e.Read())
	k.questions = append(k.questions, questions...)
	for _, f := range facts {
		k.facts[f.Key()] = f.Is
	}
	return act(k.questions, k.facts, e.TurnsLeft())
}

// act searches for the first fact that is missing, or answers where none is or one turn is left.
func act(questions []Question, facts map[string]string, left int) string {
	answers := make([]string, len(questions))
	for i, q := range questions {
		answer, missing := q.Resolve(facts)
		if missing != "" && left > 1 {
			return Find + " " + missing
		}
		if answers[i] = answer; missing != "" {
			answers[i] = Unknown
		}
	}
	return answersTo(questions, answers)
}
