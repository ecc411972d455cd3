package shop

import (
	"maps"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// seedBits keeps Info.Seed below 2^53, so that it survives a JavaScript number.
const seedBits = 1<<53 - 1

// episode is the dialogue of all variants.
type episode struct {
	w     *World
	goal  Goal
	clock uint64
	key   uint64 // of the pages' draws

	page    stage          // the stage that is to be left next: enter at home, list at the list, item at an item
	chosen  [stages]string // options; of the present page as it stands
	row     int            // that was clicked
	noted   [stages]bool
	finish  bool
	told    int // number that was answered, none
	limit   int
	refused int
	idle    int // answers that were not understood

	info  world.Info
	deeds []string
	taught
}

// taught is what the last action brought for a memory.
type taught struct {
	prior string // the page before
	line  string // "" for nothing
	works bool
}

func (w *World) begin(g Goal, clock, key uint64) *episode {
	e := &episode{w: w, goal: g, clock: clock, key: key, told: none}
	e.info.Seed = clock & seedBits
	e.limit = min(w.knobs.Horizon, w.shortest(&g)+w.knobs.Slack)
	return e
}

// shortest is the number of turns that the oracle takes: a way in, a row, an end, and a turn for each option that is not plain.
func (w *World) shortest(g *Goal) int {
	n := 3
	for at := list; at < stages; at++ {
		if right := w.right(g, at); right != plain && !(g.Class == Present && at == list) {
			n++
		}
	}
	return n
}

// view is one page: all that the agent is told at a turn.
type view struct {
	goal  Goal
	page  stage
	mode  string   // of a list or an item
	rows  []string // attributes of the rows of a list
	shown string   // attribute of an item
	price int      // of an item
	see   []string // buttons
	note  bool     // the choice before was not what the goal wants
}

// view is the page as it stands.
func (e *episode) view() *view {
	v := &view{goal: e.goal, page: e.page}
	switch e.page {
	case enter:
		v.see = e.ways()
		return v
	case list:
		v.rows = e.attrs()
	case item:
		v.shown, v.price = e.attrs()[e.row], e.price()
	}
	v.mode, v.note = e.chosen[e.page], e.noted[e.page-1]
	if e.goal.Class == Present && e.page == list {
		v.mode = plain
	} else if v.mode == plain {
		v.see = []string{button(e.goal.Class.options(e.page)[1])}
	}
	return v
}

// ways are the buttons of the first page.
func (e *episode) ways() []string { return e.goal.Class.options(enter) }

// attrs are the attributes of the rows of the list in its present view: all that the noun comes with in this split, in an order of its own.
func (e *episode) attrs() []string {
	d := dice{key: world.Draw(e.key, drawRows+e.code(enter)*8+e.code(list))}
	words, mine := e.w.lex.attrs(e.goal.Class), e.w.halves.attrs(e.goal.Class, e.goal.noun, e.goal.Split)
	all := make([]string, rowsShown)
	for i, j := range shuffled(rowsShown, &d) {
		all[i] = words[mine[j]]
	}
	return all
}

// code numbers the option at a stage: of a present's list there is one view.
func (e *episode) code(at stage) uint64 {
	if e.goal.Class == Present && at == list {
		return 0
	}
	return uint64(max(0, slices.Index(e.goal.Class.options(at), e.chosen[at])))
}

// price is the number that an item shows: another one in every view, and the one that is asked for behind the right choices alone.
func (e *episode) price() int {
	truth := 1 + world.Pick(world.Draw(e.key, drawNumbers), len(e.w.lex.numbers))
	if e.wrong() == 0 && e.row == e.wanted() {
		return truth
	}
	place := ((e.code(enter)*8+e.code(list))*8+e.code(item))*8 + uint64(e.row) + 1
	n := 1 + world.Pick(world.Draw(e.key, drawNumbers+place), len(e.w.lex.numbers))
	if n == truth {
		n = n%len(e.w.lex.numbers) + 1
	}
	return n
}

// wrong counts the choices that are not what the goal wants, as they stand.
func (e *episode) wrong() (n int) {
	for at := range stages {
		if e.chosen[at] != e.w.right(&e.goal, at) {
			n++
		}
	}
	return n
}

// wanted is the row that the goal is about: the one of its colour or month, the first of what is cheapest or was bought first, the last of
// what was bought last.
func (e *episode) wanted() int {
	attr := ""
	switch e.goal.Class {
	case Cheap, First:
		return 0
	case Last:
		return rowsShown - 1
	case Present:
		attr = e.w.right(&e.goal, list)
	default:
		attr = e.w.lex.attrs(e.goal.Class)[e.goal.attr]
	}
	return slices.Index(e.attrs(), attr)
}

// Read returns the page.
func (e *episode) Read() string { return e.w.lex.text(e.view()) }

// Act does what the answer says. An answer that is not understood costs a turn.
func (e *episode) Act(answer string) world.Outcome {
	if e.info.Why != "" {
		return world.Outcome{Done: true, Note: "the episode is over"}
	}
	a, note := e.w.lex.parseAction(answer)
	e.taught = taught{prior: e.Read()}
	switch {
	case note != "":
		e.idle++
	case !e.do(a):
		e.refused++
	}
	if note == "" {
		e.deeds = append(e.deeds, e.w.lex.say(a))
	}
	e.info.Steps++
	return world.Outcome{Reward: e.end(), Done: e.info.Why != "", Note: note}
}

// do changes the shop by an understood action; false where nothing happens.
func (e *episode) do(a action) bool {
	switch a.verb {
	case search:
		return e.page == enter && slices.Contains(e.ways(), "search") && a.word == e.w.lex.nouns[e.goal.noun] && e.enter("search")
	case back:
		if e.page > enter {
			e.page--
			e.chosen[e.page], e.noted[e.page] = e.opened(e.page), false
			return true
		}
		return false
	case answer:
		if e.page == item && !e.goal.Class.buys() {
			e.told = e.w.lex.terms[a.word].at + 1
			return e.close()
		}
		return false
	}
	switch e.page {
	case enter:
		return a.word != "search" && slices.Contains(e.ways(), a.word) && e.enter(a.word)
	case list:
		if row := e.rowAt(a.word); row >= 0 {
			e.row = row
			return e.open()
		}
	case item:
		if a.word == "buy" && e.goal.Class.buys() {
			return e.close()
		}
	}
	return e.press(a.word)
}

// rowAt is the row of that colour or month, or the first or the last one; none where there is no such row.
func (e *episode) rowAt(word string) int {
	switch word {
	case "first":
		return 0
	case "last":
		return rowsShown - 1
	}
	return slices.Index(e.attrs(), word)
}

// opened is the option that a page has when it is opened.
func (e *episode) opened(at stage) string {
	if at == enter || e.goal.Class == Present && at == list {
		return ""
	}
	return plain
}

// enter opens the list by a way in.
func (e *episode) enter(way string) bool {
	e.chosen[enter] = way
	e.page, e.chosen[list] = list, e.opened(list)
	return e.leave(enter)
}

// open opens the item of the row.
func (e *episode) open() bool {
	if e.goal.Class == Present {
		e.chosen[list] = e.attrs()[e.row]
	}
	e.page, e.chosen[item] = item, e.opened(item)
	return e.leave(list)
}

// close ends the visit by an answer or a purchase.
func (e *episode) close() bool {
	e.finish = true
	return e.leave(item)
}

// press chooses the option of the page.
func (e *episode) press(word string) bool {
	if e.page == enter || e.goal.Class == Present && e.page == list {
		return false
	}
	option := e.goal.Class.options(e.page)[1]
	if word != button(option) || e.chosen[e.page] == option {
		return false
	}
	e.chosen[e.page] = option
	return true
}

// leave notes whether the choice at a stage was wrong, which the page behind it may tell, and what that teaches.
func (e *episode) leave(at stage) bool {
	wrong := e.chosen[at] != e.w.right(&e.goal, at)
	e.noted[at] = wrong && world.Unit(world.Draw(e.key, drawNotes+uint64(at))) < e.w.knobs.Notes
	if len(e.w.choices(&e.goal, at)) > 1 {
		e.line, e.works = e.lineOf(at), !e.noted[at]
	}
	return true
}

// end closes the episode where it is over and returns what it pays: the share of choices, and of what the goal itself says, that was right.
func (e *episode) end() float64 {
	switch {
	case e.finish:
		e.info.Why = lab.EndTerminal
		parts := float64(int(stages) - e.wrong())
		if e.row == e.wanted() && (e.goal.Class.buys() || e.told == e.price()) {
			parts++
		}
		e.info.Return = float32(parts / float64(stages+1))
		e.info.Success = e.info.Return == 1
	case e.info.Steps >= e.limit:
		e.info.Why = lab.EndHorizon
	default:
		return 0
	}
	e.info.Numbers = map[string]float64{"class": float64(e.goal.Class), "wrong": float64(e.wrong()), "shortest": float64(e.w.shortest(&e.goal)),
		"refused": float64(e.refused), "unknown": float64(e.idle)}
	return float64(e.info.Return)
}

// Info sums the episode up; its numbers are there once it is over.
func (e *episode) Info() world.Info {
	in := e.info
	in.Numbers = maps.Clone(in.Numbers)
	return in
}
