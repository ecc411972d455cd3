package chat

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/grade"
)

// Read answers a question out of lines alone and by a fixed rule: it reads the facts in them (Extract), orders them by day, those without a
// day by their place before all others (the last is the newest), trusts the newest Knobs.Trust of them about the thing asked (all of them
// at 0), lets them change what is known one after the other, and says the values; "unknown" where they tell nothing, "" to what is no
// question. A sentence about a list adds to it, an entry of a list ("anna pets dog cat") is the whole list.
func (w *World) Read(question string, lines []string) string {
	q, ok := w.lex.parse(question)
	if !ok {
		return ""
	}
	facts := w.facts(lines)
	if q.bridge >= 0 {
		if q.persona = w.bridged(facts, q); q.persona == "" {
			return unknown
		}
	}
	if q.form == askTopic {
		return mostTold(w.about(facts, q.persona, topic))
	}
	return answer(q, w.learn(facts, q.persona, q.attr))
}

// answer says what is known.
func answer(q query, k *known) string {
	day := func(value string) int {
		if i := slices.Index(k.values, value); i >= 0 && i < len(k.days) {
			return k.days[i]
		}
		return 0
	}
	said := ""
	switch q.form {
	case askSince:
		if slices.Contains(k.values, q.value) && k.since > 0 {
			said = strconv.Itoa(k.since)
		}
	case askBefore:
		if slices.Contains(k.values, q.value) {
			said = strings.Join(k.before, " ")
		}
	case askWhen:
		if d := day(q.value); d > 0 {
			said = strconv.Itoa(d)
		}
	case askFirst:
		said = earlier(q.value, day(q.value), q.other, day(q.other))
	default:
		said = strings.Join(k.on(q.now), " ")
	}
	return cmp.Or(said, unknown)
}

// earlier is what was first of two; with one day known it is the one that is known to have been at all.
func earlier(a string, dayA int, b string, dayB int) string {
	switch {
	case dayA == 0 && dayB == 0:
		return ""
	case dayB == 0, dayA > 0 && dayA <= dayB:
		return a
	}
	return b
}

// facts are those of lines, in the order of their days.
func (w *World) facts(lines []string) (facts []Fact) {
	for _, line := range lines {
		day := 0
		if _, d, ok := dated(strings.Fields(line)); ok {
			day = d
		}
		for _, f := range w.Extract(line) {
			if f.Day == 0 {
				f.Day = day // the first sentence has it, and it holds for those behind it
			}
			facts = append(facts, f)
		}
	}
	slices.SortStableFunc(facts, func(a, b Fact) int { return cmp.Compare(a.Day, b.Day) })
	return facts
}

// about are the facts on an attribute of a persona that are trusted.
func (w *World) about(facts []Fact, persona string, attr int) []Fact {
	noun := w.lex.attrs[attr].noun
	var list []Fact
	for _, f := range facts {
		if f.Persona == persona && f.Attribute == noun {
			list = append(list, f)
		}
	}
	if t := w.knobs.Trust; t > 0 && len(list) > t {
		list = list[len(list)-t:]
	}
	return list
}

func (w *World) learn(facts []Fact, persona string, attr int) *known {
	k := new(known)
	for _, f := range w.about(facts, persona, attr) {
		k.take(f, f.Day, 0)
	}
	return k
}

// bridged is the persona that has a value; where several have it, the one who told of it last.
func (w *World) bridged(facts []Fact, q query) string {
	for _, f := range slices.Backward(facts) {
		if f.Attribute == w.lex.attrs[q.bridge].noun && slices.Contains(f.Values, q.by) &&
			slices.Contains(w.learn(facts, f.Persona, q.bridge).on(q.now), q.by) {
			return f.Persona
		}
	}
	return ""
}

// mostTold is the value that most facts name; of those named as often the one named last.
func mostTold(facts []Fact) string {
	count, best := map[string]int{}, unknown
	for _, f := range facts {
		for _, v := range f.Values {
			if count[v]++; count[v] >= count[best] {
				best = v
			}
		}
	}
	return best
}

// Match is 1 where an answer has the same words as gold but for case, punctuation, articles and order, 0 otherwise.
func Match(answer string, gold []string) float64 {
	joined := strings.Join(gold, " ")
	if answer == joined || grade.Exact(answer, joined) {
		return 1
	}
	return 0
}

// F1 is the F1 of the words of an answer, in [0, 1]: see grade.F1.
func F1(answer string, gold []string) float64 { return grade.F1(answer, strings.Join(gold, " ")) }

// Reader returns the rule that answers questions by Read and says ok to what is told. It guesses nothing.
func (w *World) Reader(uint64) world.Reader { return reader{w} }

type reader struct{ w *World }

// Begin has nothing to forget.
func (reader) Begin() {}

// Answer says what the lines tell.
func (r reader) Answer(told string, recalled []string) string {
	return cmp.Or(r.w.Read(told, recalled), heard)
}
