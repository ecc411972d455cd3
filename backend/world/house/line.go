package house

import "strings"

// The lines that memories may keep are made of the world's words and have one form:
//
//	SUBJECT : ACTION works|fails|dead [; ACTION ...]* [; success|failed]
//
// A subject is a thing with what is to be done with it now (heat clay mug, then store clay mug), a person with a need (ana drink), an
// appliance (oven) or a whole task (heat and store clay mug). Of put, what is put is left out where the subject says it. An action whose failure says nothing about the
// rules, as using an oven with empty hands, stands without what it was done to.

// subject is what the present step is about: heat clay mug until it is hot, store clay mug from then on.
func (l *lexicon) subject(v *view) string {
	if v.task.Family == Serve {
		return l.persons[v.task.person] + " " + l.needs[v.task.need]
	}
	t := v.task.things[0]
	if v.holds {
		t = v.held
	}
	switch state := v.task.Family.state(); {
	case v.task.place != none:
		return l.name(t)
	case state != raw:
		return verbOf(state) + " " + l.name(t)
	}
	return "store " + l.name(t)
}

// outcome is the word for what came of an action.
func outcome(r result) string { return []string{"works", "fails", "dead"}[r] }

// tell puts a deed into words: what was done in the situation before it, and what came of it. whole names what is put.
func (l *lexicon) tell(v *view, d deed, whole bool) string {
	said := l.say(d.action)
	verb, _, _ := strings.Cut(said, " ")
	switch {
	case d.said == refused && !l.tells(v, d.action):
		said = verb
	case d.action.verb == putIt && !whole:
		said = "put in " + l.places[d.action.place]
	}
	return said + " " + outcome(d.said)
}

// tells says whether it hangs on the rules alone that an action is refused: all that can be seen to be needed was there.
func (l *lexicon) tells(v *view, a action) bool {
	switch a.verb {
	case putIt:
		return v.holds && a.place == v.at && a.what.means(v.held) && !v.shut && v.task.place == none && v.task.Family.state() == raw
	case useIt:
		return a.knob == none && a.place == v.at && v.holds && l.placeKinds[v.at] == anAppliance &&
			stateOf(l.placeAt[v.at]) == v.task.Family.state()
	case takeIt:
		return v.task.Family == Serve && !v.holds && v.at == counter
	}
	return false
}

// lines are what a deed teaches, the deed itself first: a switch that gave or did not give power, and what was seen behind a door.
func (l *lexicon) lines(before *view, d deed, after *view) []string {
	list := []string{l.subject(before) + " : " + l.tell(before, d, false)}
	a := d.action
	if a.verb == useIt && a.knob == none && a.place == before.at && before.on != none && powered(stateOf(l.placeAt[a.place])) {
		power := result(worked)
		if d.said == dead {
			power = refused
		}
		list = append(list, l.places[a.place]+" : use "+l.switches[before.on]+" "+outcome(power))
	}
	if a.verb == openIt && d.said == worked && before.task.place != none {
		list = append(list, l.looked(before, after)...)
	}
	return list
}

// looked says of each numbered thing in sight where it is, and of those wanted that they are not here.
func (l *lexicon) looked(before, after *view) (list []string) {
	where := " : look in " + l.places[after.at]
	for _, t := range after.sees {
		list = append(list, l.name(t)+where+" works")
	}
	for i := range before.task.count() {
		if t := before.task.things[i]; !after.inSight(t) && !(before.holds && before.held == t) {
			list = append(list, l.name(t)+where+" fails")
		}
	}
	return list
}

func (v *view) inSight(t thing) bool {
	for _, s := range v.sees {
		if s == t {
			return true
		}
	}
	return false
}
