// Package house is HouseWorld: household tasks in a small flat of rooms, receptacles and appliances, in words of a small fixed vocabulary.
// What a task needs to know is told nowhere and holds over the episodes of one world, so that an agent must keep what it saw: which
// appliance cleans, heats, cools or lights which material, which switch gives it power, which receptacle holds which class of things
// (variant hidden-rules); where the one thing that a task names is kept (exact-ids); what persons like (habits).
//
// Rules come from the world's seed, tasks and flats from the split and the seed of the episode. Chance comes from world.Draw, so no order
// of calls can move it.
package house

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// World is a world with its rules. It may be used by several goroutines; a dialogue by one.
type World struct {
	knobs  Knobs
	lex    *lexicon
	rules  *rules
	halves *halves
	asked  []Family
	spec   world.TextSpec
}

// New makes the world whose rules are drawn from a seed. Its errors are of code invalid.
func New(k Knobs, rules uint64) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	w := &World{knobs: k, lex: newLexicon(), asked: k.families()}
	w.rules, w.halves = newRules(&w.knobs, rules), newHalves(w.lex, k.Familiar)
	w.spec = world.TextSpec{Name: Name, Words: slices.Clone(w.lex.words), Horizon: k.Horizon}
	return w, nil
}

// Ruled is the same house under the rules of another seed.
func (w *World) Ruled(rules uint64) *World {
	other := *w
	other.rules = newRules(&other.knobs, rules)
	return &other
}

// Spec returns the shape of the world.
func (w *World) Spec() world.TextSpec { return w.spec }

// Splits returns train and test.
func (w *World) Splits() []string { return []string{Train, Test} }

// Start returns the episode of that seed in that split: seed draws the task and the flat. In variant habits the seed is the number of the
// episode on the calendar by which likings drift.
func (w *World) Start(split string, seed uint64) (world.Dialogue, error) {
	if !slices.Contains(w.Splits(), split) {
		return nil, unknownSplit(split, w.Splits())
	}
	d := dice{key: world.Draw(seed, uint64(side(split)))}
	t := w.draw(split, &d)
	return w.begin(&t, seed, world.Draw(seed, uint64(side(split)))), nil
}

// Episode plays a task as episode number clock: rooms, spots where things lie and where the agent begins are drawn anew for each number.
func (w *World) Episode(t Task, clock uint64) world.Recalling {
	return w.begin(&t, clock, world.Draw(clock, uint64(side(t.Split))))
}

func unknownSplit(split string, legal []string) error {
	return lab.Errorf(lab.Invalid, "%s: split %q is unknown, want one of %q", Name, split, legal).WithHint("name one of %q", legal)
}

// Subject is what a step is about, the head of the line that its experience has: heat clay mug until it is hot, store clay mug from then on.
type Subject interface{ Subject() string }

// Subject implements the interface of that name.
func (e *episode) Subject() string { return e.w.lex.subject(e.view()) }

// TaskOf returns what a dialogue of this package asks for; ok is false for one of another package.
func TaskOf(d world.Dialogue) (t Task, ok bool) {
	e, ok := d.(*episode)
	if !ok {
		return Task{}, false
	}
	return e.task, true
}

// Classes tells the class of every noun: a mug is a dish.
func Classes() map[string]string {
	l, all := newLexicon(), map[string]string{}
	for i, noun := range l.nouns {
		all[noun] = l.classes[classOf(i)]
	}
	return all
}

// Switches lists the words for switches.
func Switches() []string { return newLexicon().switches }

// Materials lists the words for materials.
func Materials() []string { return newLexicon().materials }
