package house

// plan is the next step of somebody who sees an observation and settles what is not told by beliefs. ok is false where the observation
// leaves nothing to do.
func (w *World) plan(v *view, b beliefs) action {
	switch {
	case v.task.Family == Serve:
		return w.planServe(v, b)
	case v.task.place != none:
		return w.planBring(v, b)
	}
	return w.planRules(v, b)
}

// near is a at its place, else the way there.
func near(v *view, place int, a action) action {
	if v.at != place {
		return action{verb: goTo, place: place, knob: none}
	}
	a.place = place
	return a
}

func (w *World) planRules(v *view, b beliefs) action {
	l := w.lex
	state := v.task.Family.state()
	switch {
	case !v.holds:
		for i, spot := range v.lies {
			if spot != none {
				return near(v, spot, action{verb: takeIt, what: v.task.things[i], knob: none})
			}
		}
		return action{verb: goTo, place: door, knob: none}
	case state != raw:
		a := state*perClass + b.settle(key{fits, state, v.held.tag})
		if powered(state) {
			if s := b.settle(key{power, a, 0}); v.on != s {
				return near(v, panel, action{verb: useIt, knob: s})
			}
		}
		return near(v, l.appliance0+a, action{verb: useIt, knob: none})
	}
	r := l.receptacle0 + b.settle(key{holds, classOf(v.held.noun), 0})
	if v.at == r && v.shut {
		return action{verb: openIt, place: r, knob: none}
	}
	return near(v, r, action{verb: putIt, what: v.held, knob: none})
}

// planBring fetches what is in sight first.
func (w *World) planBring(v *view, b beliefs) action {
	l := w.lex
	if v.holds {
		if v.task.index(v.held) >= 0 {
			return near(v, v.task.place, action{verb: putIt, what: v.held, knob: none})
		}
		return near(v, l.receptacle0+b.settle(key{home, v.held.noun, v.held.tag - numbered}), action{verb: putIt, what: v.held, knob: none})
	}
	for i := range v.task.count() {
		if t := v.task.things[i]; v.inSight(t) {
			return action{verb: takeIt, what: t, place: none, knob: none}
		}
	}
	next := v.task.things[0]
	r := b.settle(key{home, next.noun, next.tag - numbered})
	if v.at == l.receptacle0+r && !v.shut {
		r = (r + 1) % w.knobs.Receptacles
	}
	if v.at == l.receptacle0+r {
		return action{verb: openIt, place: v.at, knob: none}
	}
	return action{verb: goTo, place: l.receptacle0 + r, knob: none}
}

func (w *World) planServe(v *view, b beliefs) action {
	l := w.lex
	if !v.holds {
		item := v.task.need*perClass + b.settle(key{likes, v.task.person, v.task.need})
		return near(v, counter, action{verb: takeIt, what: thing{item, none}, knob: none})
	}
	return near(v, l.seat0+b.settle(key{seat, v.task.person, 0}), action{verb: putIt, what: v.held, knob: none})
}
