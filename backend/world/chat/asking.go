package chat

import (
	"slices"
	"strconv"
)

var questionKinds = [...]QuestionKind{AskCurrent, AskList, AskMultiHop, AskTemporal, AskUnanswerable}

// questions draws the questions of a conversation, none twice. A kind that has none left gives way to those that follow it; there is one
// question at least.
func (t *teller) questions() {
	k := &t.w.knobs
	weights := []float64{k.Current, k.List, k.MultiHop, k.Temporal, k.Unanswerable}
	var asked []query
	for range k.Questions {
		q, ok := t.ask(weights, asked)
		if !ok {
			break
		}
		asked = append(asked, q.query)
		t.c.Questions = append(t.c.Questions, q.Question)
	}
}

// asking is a question with its query.
type asking struct {
	query
	Question
}

func (t *teller) ask(weights []float64, asked []query) (asking, bool) {
	first := t.dice.kind(weights)
	for n := range questionKinds {
		at := (first + n) % len(questionKinds)
		if weights[at] == 0 {
			continue
		}
		if q, ok := t.pick(questionKinds[at], asked); ok {
			return q, true
		}
	}
	if len(asked) > 0 {
		return asking{}, false
	}
	return t.pick(AskUnanswerable, nil)
}

// pick draws one of the questions of a kind that were not asked yet.
func (t *teller) pick(kind QuestionKind, asked []query) (asking, bool) {
	var found []query
	for s := range t.who {
		for a := range attributes + 1 {
			found = t.possibleQuestions(found, kind, slot{s, a})
		}
	}
	found = slices.DeleteFunc(found, func(q query) bool { return slices.Contains(asked, q) })
	if len(found) == 0 {
		return asking{}, false
	}
	q := found[t.dice.below(len(found))]
	return asking{q, t.answered(kind, q)}, true
}

func (t *teller) possibleQuestions(list []query, kind QuestionKind, at slot) []query {
	k := &t.known[at.speaker][at.attr]
	q := query{persona: t.c.Personas[at.speaker], attr: at.attr, bridge: -1}
	holds := len(k.on(t.day)) > 0
	switch single := at.attr < singles; {
	case kind == AskTemporal && at.attr == visited:
		return append(list, t.eventQuestions(q, k)...)
	case at.attr == visited:
	case kind == AskUnanswerable && !holds, kind == AskCurrent && holds && single, kind == AskList && holds && !single:
		return append(list, q)
	case kind == AskMultiHop && holds:
		for b := range singles {
			if by := t.known[at.speaker][b].on(t.day); b != at.attr && len(by) == 1 && t.alone(at.speaker, b, by[0]) {
				q.bridge, q.by = b, by[0]
				list = append(list, q)
			}
		}
	case kind == AskTemporal && holds && single:
		since := q
		since.form, since.value = askSince, k.values[0]
		if list = append(list, since); len(k.before) == 1 {
			q.form, q.value = askBefore, k.values[0]
			list = append(list, q)
		}
	}
	return list
}

// alone says whether no other speaker has that value.
func (t *teller) alone(speaker, attr int, value string) bool {
	for s := range t.who {
		if s != speaker && slices.Contains(t.known[s][attr].values, value) {
			return false
		}
	}
	return true
}

func (t *teller) eventQuestions(q query, k *known) (list []query) {
	for i, v := range k.values {
		q.form, q.value, q.other = askWhen, v, ""
		list = append(list, q)
		for _, o := range k.values[i+1:] {
			q.form, q.value, q.other = askFirst, min(v, o), max(v, o) // by the alphabet: the earlier one does not always stand first
			list = append(list, q)
		}
	}
	return list
}

// answered writes a question and what is right.
func (t *teller) answered(kind QuestionKind, q query) Question {
	speaker := slices.Index(t.c.Personas, q.persona)
	k := &t.known[speaker][q.attr]
	ask := t.w.value(q, k, t.day)
	if kind == AskUnanswerable {
		return ask
	}
	ask.Kind = kind
	switch q.form {
	case askSince:
		ask.Gold = []string{strconv.Itoa(k.since)}
	case askBefore:
		ask.Gold, ask.Evidence = slices.Clone(k.before), append(slices.Clone(k.earlier), k.evidence...)
	case askWhen, askFirst:
		i := slices.Index(k.values, q.value)
		ask.Gold, ask.Evidence = []string{strconv.Itoa(k.days[i])}, []int{k.evidence[i]}
		if q.form == askFirst {
			j := slices.Index(k.values, q.other)
			ask.Gold, ask.Evidence = []string{k.values[min(i, j)]}, []int{k.evidence[min(i, j)], k.evidence[max(i, j)]}
		}
	}
	if q.bridge >= 0 {
		ask.Evidence = append(slices.Clone(t.known[speaker][q.bridge].evidence), ask.Evidence...)
	}
	return ask
}
