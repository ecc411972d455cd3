package house

// do changes the flat by an understood action. A thing that was named by its noun alone is filled in.
func (e *episode) do(a *action) result {
	switch a.verb {
	case goTo:
		return e.walk(a)
	case openIt:
		return e.open(a)
	case takeIt:
		return e.take(a)
	case useIt:
		return e.use(a)
	}
	return e.put(a)
}

func (e *episode) walk(a *action) result {
	if a.place == e.at || !e.w.stands(a.place) {
		return refused
	}
	e.at = a.place
	return worked
}

// stands says whether a flat of this world has that place.
func (w *World) stands(place int) bool {
	at := w.lex.placeAt[place]
	switch w.lex.placeKinds[place] {
	case aReceptacle:
		return at < w.knobs.Receptacles && w.knobs.Variant != Habits
	case anAppliance:
		return at%perClass < w.knobs.Appliances && w.knobs.Variant == HiddenRules
	case aPanel:
		return w.knobs.Variant == HiddenRules
	case aCounter, aSeat:
		return w.knobs.Variant == Habits
	case aSpot:
		return w.knobs.Variant != Habits
	}
	return true
}

func (e *episode) open(a *action) result {
	if a.place != e.at || e.w.lex.placeKinds[e.at] != aReceptacle || e.isOpen(e.at) {
		return refused
	}
	e.opened |= 1 << (e.at - e.w.lex.receptacle0)
	return worked
}

// take lifts a thing where both hands are free. In variant habits whoever asked stops the hand that takes what is not liked.
func (e *episode) take(a *action) result {
	if e.holds {
		return refused
	}
	for i := range e.task.count() {
		if t := e.task.things[i]; e.lies[i] == e.at && !e.done[i] && a.what.means(t) {
			e.hold(a, t)
			e.lies[i] = none
			return worked
		}
	}
	found := none
	for i, t := range e.view().sees {
		if a.what.means(t) {
			if found != none {
				return refused // several look like that
			}
			found = i
		}
	}
	if found == none {
		return refused
	}
	t := e.view().sees[found]
	if e.task.Family == Serve && t.noun != e.w.rules.likes(e.task.person, e.task.need, e.clock) {
		return refused
	}
	e.hold(a, t)
	return worked
}

func (e *episode) hold(a *action, t thing) { e.held, e.holds, a.what = t, true, t }

// use turns a switch on, which turns the others off, or brings what is held into a state.
func (e *episode) use(a *action) result {
	if a.knob != none {
		if e.at != panel || a.knob >= e.w.knobs.Switches || a.knob == e.on {
			return refused
		}
		e.on = a.knob
		return worked
	}
	if a.place != e.at || e.w.lex.placeKinds[e.at] != anAppliance {
		return refused
	}
	appliance := e.w.lex.placeAt[e.at]
	if needs := e.w.rules.power[appliance]; needs != none && needs != e.on {
		return dead
	}
	i := e.task.index(e.held)
	if state := stateOf(appliance); !e.holds || i < 0 || e.ready[i] || state != e.task.Family.state() ||
		e.w.rules.fits[state][e.held.tag] != appliance {
		return refused
	}
	e.ready[i] = true
	e.done[i] = e.task.Family == Look
	return worked
}

// put lays down what is held where it belongs; elsewhere it stays in the hand.
func (e *episode) put(a *action) result {
	if !e.holds || a.place != e.at || !a.what.means(e.held) {
		return refused
	}
	a.what = e.held
	i := e.task.index(e.held)
	if !e.belongs(i) {
		return refused
	}
	e.holds = false
	if e.task.Family == Serve {
		i = 0
	}
	if i >= 0 {
		e.done[i] = e.task.place == none || e.at == e.task.place // back in its home it is not brought
	}
	return worked
}

// belongs says whether what is held may be put down here; i is its place in the task.
func (e *episode) belongs(i int) bool {
	at := e.w.lex.placeAt[e.at]
	switch e.w.knobs.Variant {
	case Habits:
		return e.w.lex.placeKinds[e.at] == aSeat && at == e.w.rules.seat(e.task.person, e.clock)
	case ExactIDs:
		home := e.w.lex.placeKinds[e.at] == aReceptacle && e.isOpen(e.at) && at == e.w.rules.homeOf(e.held)
		return home || i >= 0 && e.at == e.task.place
	}
	return i >= 0 && e.w.lex.placeKinds[e.at] == aReceptacle && e.isOpen(e.at) && at == e.w.rules.holds[classOf(e.held.noun)] &&
		(e.task.Family.state() == raw || e.ready[i])
}
