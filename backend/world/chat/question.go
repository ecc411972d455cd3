package chat

import (
	"slices"
	"strconv"
	"strings"
)

// form is the sentence of a question.
type form uint8

const (
	askValue  form = iota // anna lives in what city ?
	askSince              // anna lives in oslo since what day ?
	askBefore             // before oslo anna lives in what city ?
	askWhen               // anna visited museum on what day ?
	askFirst              // anna visited which first museum or harbour ?
	askLabel              // sample zib has what label ?
	askTopic              // anna talks about what most ?
)

// query is a question without its words. With bridge >= 0 the persona is "the one who lives in oslo", named by attribute bridge and its value.
type query struct {
	form    form
	persona string
	attr    int
	value   string
	other   string
	bridge  int
	by      string
	now     int // day of the question; 0 where it is not said
}

// asking is a query in words; parse reads them back.
func (l *lexicon) asking(q query) string {
	var b strings.Builder
	say := func(words ...string) {
		for _, w := range words {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w)
		}
	}
	if q.now > 0 {
		say("on", dayWord, strconv.Itoa(q.now))
	}
	if q.form == askBefore {
		say("before", q.value)
	}
	switch {
	case q.form == askLabel:
		say(sample)
	case q.bridge >= 0:
		say("the one who", l.attrs[q.bridge].verb, q.by)
	}
	if q.bridge < 0 {
		say(q.persona)
	}
	a := &l.attrs[q.attr]
	switch q.form {
	case askValue, askBefore:
		say(a.verb, "what", a.noun)
	case askSince:
		say(a.verb, q.value, "since what", dayWord)
	case askWhen:
		say(a.verb, q.value, "on what", dayWord)
	case askFirst:
		say(a.verb, "which first", q.value, "or", q.other)
	case askLabel:
		say("has what label")
	case askTopic:
		say(a.verb, "what most")
	}
	say("?")
	return b.String()
}

// parse reads what words writes; anything else is no question.
func (l *lexicon) parse(text string) (query, bool) {
	words := strings.Fields(text)
	q := query{bridge: -1}
	n := len(words) - 1
	if n < 3 || words[n] != "?" {
		return q, false
	}
	words = words[:n]
	var ok bool
	if words[0] == "on" {
		if words, q.now, ok = dated(words[1:]); !ok || q.now == 0 {
			return q, false
		}
	}
	if len(words) > 2 && words[0] == "before" {
		q.form, q.value, words = askBefore, words[1], words[2:]
	}
	if words, ok = l.subject(&q, words); !ok {
		return q, false
	}
	if q.form == askLabel {
		return q, slices.Equal(words, []string{"has", "what", "label"})
	}
	attr, n := l.verbAt(words)
	if n == 0 {
		return q, false
	}
	q.attr = attr
	ok = l.asked(&q, words[n:])
	return q, ok && l.asking(q) == strings.Join(strings.Fields(text), " ")
}

// subject reads whom a question is about.
func (l *lexicon) subject(q *query, words []string) (rest []string, ok bool) {
	switch {
	case len(words) < 3:
		return nil, false
	case words[0] == sample:
		_, ok = l.sampleAt[words[1]]
		q.form, q.persona, q.attr = askLabel, words[1], label
		return words[2:], ok
	case words[0] != "the":
		_, ok = l.name[words[0]]
		q.persona = words[0]
		return words[1:], ok
	case !equal([]string{"the", "one", "who"}, words):
		return nil, false
	}
	attr, n := l.verbAt(words[3:])
	if n == 0 || len(words) < 4+n || !l.has(attr, words[3+n]) {
		return nil, false
	}
	q.bridge, q.by = attr, words[3+n]
	return words[4+n:], true
}

// asked reads what stands behind the verb.
func (l *lexicon) asked(q *query, words []string) bool {
	switch n := len(words); {
	case n == 2 && words[0] == "what" && words[1] == "most":
		q.form = askTopic
	case n == 2 && words[0] == "what":
		return words[1] == l.attrs[q.attr].noun
	case n == 4 && words[3] == dayWord && words[2] == "what":
		q.form, q.value = askSince, words[0]
		if words[1] == "on" {
			q.form = askWhen
		}
	case n == 5 && words[0] == "which":
		q.form, q.value, q.other = askFirst, words[2], words[4]
	default:
		return false
	}
	return true
}

// Ask is the question for an attribute of a persona after the first upto turns, with what is right then: one for a list where the attribute
// is one, and one that nobody can answer where nothing was told.
func (c *Conversation) Ask(upto int, persona, attribute string) Question {
	attr, ok := c.w.lex.noun[attribute]
	if !ok {
		return Question{Kind: AskUnanswerable, Gold: []string{unknown}, Persona: persona, Attribute: attribute}
	}
	upto = max(0, min(upto, len(c.Turns)))
	var k known
	for i := range c.Turns[:upto] {
		t := &c.Turns[i]
		for _, f := range t.Facts {
			if f.Persona == persona && f.Attribute == attribute {
				k.take(f, t.Day, t.Number)
			}
		}
	}
	now := 0
	if upto > 0 {
		now = c.Turns[upto-1].Day
	}
	return c.w.value(query{persona: persona, attr: attr, bridge: -1}, &k, now)
}

// value is the question for what holds on a day.
func (w *World) value(q query, k *known, now int) Question {
	if w.knobs.Expire > 0 {
		q.now = now
	}
	ask := Question{Kind: AskCurrent, Persona: q.persona, Attribute: w.lex.attrs[q.attr].noun, Text: w.lex.asking(q)}
	switch values := k.on(now); {
	case len(values) == 0:
		ask.Kind, ask.Gold = AskUnanswerable, []string{unknown}
		ask.Evidence = slices.Clone(k.evidence) // of a value that has expired
	default:
		if w.lex.attrs[q.attr].list {
			ask.Kind = AskList
		}
		ask.Gold, ask.Evidence = slices.Clone(values), slices.Clone(k.evidence)
	}
	return ask
}
