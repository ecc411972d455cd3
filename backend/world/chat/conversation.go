package chat

import (
	"slices"
	"strconv"
	"strings"
)

// Conversation returns the dialogue of that seed in that split, whatever the mode. An unknown split is an error of code invalid.
func (w *World) Conversation(split string, seed uint64) (*Conversation, error) {
	side, err := w.sideOf(split)
	if err != nil {
		return nil, err
	}
	t := &teller{w: w, side: side, dice: dice{key: seed}, c: &Conversation{Split: split, Seed: seed, w: w}}
	t.cast()
	k := &w.knobs
	t.c.Turns = make([]Turn, 0, k.Sessions*k.Turns)
	for session := 1; session <= k.Sessions; session++ {
		if session > 1 {
			t.day++ // a day off between sessions
		}
		for range k.Turns {
			t.day++
			t.turn(session)
		}
	}
	t.questions()
	return t.c, nil
}

// teller makes one conversation.
type teller struct {
	w    *World
	side int
	dice dice
	c    *Conversation
	day  int

	who   []int                   // personas as places in the names
	known [][attributes + 1]known // [speaker], the last one is for places visited
	found []slot                  // candidates, used again
}

// slot is one attribute of one speaker.
type slot struct{ speaker, attr int }

func (t *teller) cast() {
	n := t.w.knobs.Speakers
	for len(t.who) < n {
		if p := t.dice.below(len(t.w.lex.names)); !slices.Contains(t.who, p) {
			t.who = append(t.who, p)
			t.c.Personas = append(t.c.Personas, t.w.lex.names[p])
		}
	}
	t.known = make([][attributes + 1]known, n)
}

var turnKinds = [...]TurnKind{KindNew, KindAdd, KindChange, KindContradict, KindParaphrase, KindRemove, KindExpire, KindEvent, KindChatter}

// turn tells the next turn. Where the kind drawn is impossible, something new is told, and chatter where nothing new is left.
func (t *teller) turn(session int) {
	k := &t.w.knobs
	kind := turnKinds[t.dice.kind([]float64{k.New, k.Add, k.Change, k.Contradict, k.Paraphrase, k.Remove, k.Expire, k.Event, k.Chatter})]
	at, ok := t.slot(kind)
	if !ok && kind != KindChatter && k.New > 0 {
		kind = KindNew
		at, ok = t.slot(kind)
	}
	turn := Turn{Session: session, Number: len(t.c.Turns) + 1, Day: t.day, Kind: kind}
	if !ok {
		turn.Kind = KindChatter
		turn.Speaker = t.c.Personas[t.dice.below(len(t.who))]
		turn.Text = strings.Join(t.w.lex.chatter[t.dice.below(len(t.w.lex.chatter))], " ")
	} else {
		turn.Speaker = t.c.Personas[at.speaker]
		t.tell(&turn, at)
	}
	t.c.Turns = append(t.c.Turns, turn)
}

// slot draws what a turn of that kind is about; false where there is nothing.
func (t *teller) slot(kind TurnKind) (slot, bool) {
	t.found = t.found[:0]
	for s := range t.who {
		for a := range attributes + 1 {
			if k := &t.known[s][a]; t.possible(kind, a, k) {
				t.found = append(t.found, slot{s, a})
			}
		}
	}
	if len(t.found) == 0 {
		return slot{}, false
	}
	return t.found[t.dice.below(len(t.found))], true
}

func (t *teller) possible(kind TurnKind, attr int, k *known) bool {
	told, single := len(k.values) > 0, attr < singles
	if attr == visited {
		return kind == KindEvent && len(k.values) < half
	}
	switch kind {
	case KindNew:
		return !told
	case KindAdd:
		return told && !single && len(k.values) < t.w.knobs.Longest
	case KindChange, KindContradict:
		return told && single
	case KindParaphrase:
		return told && k.until == 0
	case KindRemove:
		return !single && len(k.values) > 1
	case KindExpire:
		return single
	}
	return false
}

// tell writes the turn and takes its fact in.
func (t *teller) tell(turn *Turn, at slot) {
	a, k := &t.w.lex.attrs[at.attr], &t.known[at.speaker][at.attr]
	f := Fact{Persona: turn.Speaker, Attribute: a.noun, Op: Set}
	if a.list {
		f.Op = Add
	}
	before, verb := "", a.verb
	value := ""
	switch turn.Kind {
	case KindParaphrase:
		verb, value = a.other, k.values[t.dice.below(len(k.values))]
	case KindRemove:
		f.Op, before, value = Remove, "no longer ", k.values[t.dice.below(len(k.values))]
	default:
		value = t.fresh(at, k)
	}
	switch turn.Kind {
	case KindAdd:
		before = alsoWord + " "
	case KindChange:
		before = "now "
	case KindExpire:
		f.Until = min(turn.Day+t.dice.between(2, 12), calendar)
	case KindEvent:
		f.Day = turn.Day
	}
	f.Values = []string{value}
	turn.Text = turn.Speaker + " " + before + verb + " " + value
	if f.Until > 0 {
		turn.Text += " " + untilBy + " " + dayWord + " " + strconv.Itoa(f.Until)
	}
	if f.Day > 0 {
		turn.Text = dayed(f.Day, turn.Text)
	}
	turn.Facts = []Fact{f}
	k.take(f, turn.Day, turn.Number)
}

// fresh draws a value of the split that the speaker does not have and, for a single value, did not have last.
func (t *teller) fresh(at slot, k *known) string {
	values := part(t.w.sides.persona[t.who[at.speaker]][at.attr], t.side)
	for {
		if v := values[t.dice.below(len(values))]; !slices.Contains(k.values, v) {
			return v
		}
	}
}

func dayed(day int, text string) string { return dayWord + " " + strconv.Itoa(day) + " " + text }
