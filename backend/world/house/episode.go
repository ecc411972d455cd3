package house

import (
	"maps"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// seedBits keeps Info.Seed below 2^53, so that it survives a JavaScript number.
const seedBits = 1<<53 - 1

// episode is the dialogue of all variants.
type episode struct {
	w     *World
	task  Task
	clock uint64
	key   uint64 // of the flat's draws

	at      int
	opened  uint32 // receptacles, one bit each
	on      int    // switch
	held    thing
	holds   bool
	ready   [2]bool // things of the task that are in the state it asks for
	done    [2]bool
	lies    [2]int // spot of a thing of the task, none once it was taken
	said    result
	limit   int
	refused int
	idle    int // actions that were not understood

	seen  view
	fresh bool // seen is how it stands
	info  world.Info
	acts  []deed
	last  deed // and its observation before
	prior view
}

// deed is an action with what came of it.
type deed struct {
	action action
	said   result
	known  bool   // it was understood
	words  string // in a script
}

func (w *World) begin(t *Task, clock, key uint64) *episode {
	e := &episode{w: w, task: *t, clock: clock, key: key, on: none, lies: [2]int{none, none}}
	e.info.Seed = clock & seedBits
	if w.knobs.Variant == HiddenRules {
		for i := range t.count() {
			d := dice{key: world.Draw(key, uint64(drawLies+i))}
			e.lies[i] = pick(w.halves.spots[t.things[i].noun], t.Split, &d)
		}
	}
	e.limit = min(w.knobs.Horizon, e.shortest()+w.knobs.Slack)
	return e
}

const drawLies = drawTasks << 1

// shortest is the number of turns that the oracle takes.
func (e *episode) shortest() int {
	r, t := e.w.rules, &e.task
	switch t.Family {
	case Put, Bring:
		return 5
	case Look, Serve:
		return 4
	case Clean:
		return 7
	case Heat, Cool:
		return 9
	case Two:
		if r.holds[classOf(t.things[0].noun)] == r.holds[classOf(t.things[1].noun)] {
			return 9 // it stands open the second time
		}
	case BringBoth:
		if r.homeOf(t.things[0]) == r.homeOf(t.things[1]) {
			return 9
		}
	}
	return 10
}

// roomOf is the room of a place in this flat.
func (e *episode) roomOf(place int) int {
	d := dice{key: world.Draw(e.key, uint64(drawLies+2+place))}
	return pick(e.w.halves.rooms[place], e.task.Split, &d)
}

// view is the observation as it stands. Its things in sight are valid until the next action.
func (e *episode) view() *view {
	if e.fresh {
		return &e.seen
	}
	e.fresh = true
	e.seen = view{at: e.at, room: e.roomOf(e.at), held: e.held, holds: e.holds, on: e.on, said: e.said, sees: e.inSight(e.seen.sees[:0])}
	e.seen.task, e.seen.lies = e.left()
	e.seen.shut = e.w.lex.placeKinds[e.at] == aReceptacle && !e.isOpen(e.at)
	return &e.seen
}

// left is what is left of the task, and where its things lie: what was heated is only to be stored, what was stored counts no more.
func (e *episode) left() (Task, [2]int) {
	t, lies := e.task, e.lies
	switch {
	case t.Family.both() && e.done[0]:
		t.things[0], lies[0] = t.things[1], lies[1]
	case t.Family.both() && e.done[1]:
	case !t.Family.both() && e.ready[0] && t.Family != Look:
		t.Family = Put
		t.Sentence = e.w.lex.sentence(&t)
		return t, lies
	default:
		return t, lies
	}
	t.things[1], lies[1] = thing{none, none}, none
	if t.Family--; e.task.Family == Two {
		t.Family = Put
	}
	t.Sentence = e.w.lex.sentence(&t)
	return t, lies
}

func (e *episode) isOpen(place int) bool { return e.opened>>(place-e.w.lex.receptacle0)&1 == 1 }

// index is the place of a thing in the task, none where it is not part of it.
func (t *Task) index(what thing) int {
	for i := range t.count() {
		if t.things[i] == what {
			return i
		}
	}
	return none
}

// inSight appends what stands at the place: numbered things in their home, items on the counter.
func (e *episode) inSight(list []thing) []thing {
	switch {
	case e.w.knobs.Variant == ExactIDs && e.w.lex.placeKinds[e.at] == aReceptacle && e.isOpen(e.at):
		for n := 0; n < alike*perClass; n += perClass {
			for _, tag := range e.w.halves.numbers[n][side(e.task.Split)] {
				if t := (thing{n, tag}); e.w.rules.homeOf(t) == e.w.lex.placeAt[e.at] && !e.away(t) {
					list = append(list, t)
				}
			}
		}
	case e.w.knobs.Variant == Habits && e.at == counter:
		for i := range perClass {
			if t := (thing{e.task.need*perClass + i, none}); !e.away(t) {
				list = append(list, t)
			}
		}
	}
	return list
}

// away says whether a thing is not where it was at first.
func (e *episode) away(t thing) bool {
	i := e.task.index(t)
	return e.holds && e.held == t || i >= 0 && e.done[i]
}

func (r *rules) homeOf(t thing) int { return r.home[t.noun][t.tag-numbered] }

// Read returns the observation.
func (e *episode) Read() string { return e.w.lex.text(e.view()) }

// Act does what the answer says. An answer that is not understood costs a turn.
func (e *episode) Act(answer string) world.Outcome {
	if e.info.Why != "" {
		return world.Outcome{Done: true, Note: "the episode is over"}
	}
	a, note := e.w.lex.parseAction(answer)
	e.last = deed{action: a, known: note == ""}
	e.keepPrior()
	e.said = refused
	if note == "" {
		e.said = e.do(&e.last.action)
	} else {
		e.idle++
	}
	e.last.said, e.fresh = e.said, false
	if e.said != worked {
		e.refused++
	}
	if e.last.known {
		e.last.words = e.w.lex.tell(&e.prior, e.last, true)
		e.acts = append(e.acts, e.last)
	}
	e.info.Steps++
	return world.Outcome{Reward: e.end(), Done: e.info.Why != "", Note: note}
}

// keepPrior keeps the observation before an action, for the experience that comes of it.
func (e *episode) keepPrior() {
	sees := e.prior.sees[:0]
	e.prior = *e.view()
	e.prior.sees = append(sees, e.prior.sees...)
}

// end closes the episode where it is over and returns what it pays.
func (e *episode) end() float64 {
	success := e.complete()
	switch {
	case success:
		e.info.Why, e.info.Return, e.info.Success = lab.EndTerminal, 1, true
	case e.info.Steps >= e.limit:
		e.info.Why = lab.EndHorizon
	default:
		return 0
	}
	e.info.Numbers = map[string]float64{"family": float64(e.task.Family), "shortest": float64(e.shortest()), "limit": float64(e.limit),
		"refused": float64(e.refused), "unknown": float64(e.idle), "phases": float64(e.phases())}
	return float64(e.info.Return)
}

// complete says whether all is done that the task asks for.
func (e *episode) complete() bool {
	if e.task.Family == Serve {
		return e.done[0]
	}
	for i := range e.task.count() {
		if !e.done[i] {
			return false
		}
	}
	return true
}

// phases counts what was achieved: things fetched, brought into their state, and stored.
func (e *episode) phases() (n int) {
	for i := range e.task.count() {
		if e.ready[i] {
			n++
		}
		if e.done[i] {
			n++
		}
	}
	return n
}

// Info sums the episode up; its numbers are there once it is over.
func (e *episode) Info() world.Info {
	in := e.info
	in.Numbers = maps.Clone(in.Numbers)
	return in
}
