package reasoningbank

import (
	"errors"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/shop"
)

// Shares of the warm start. They are part of the mixture's code, and so of a base's name through the code identity.
const (
	noLines    = 0.15 // share of prompts without memory
	oneEntry   = 0.55 // share of the others that have one entry; the rest have two to six
	sameClass  = 0.75 // share of entries about the class of the goal
	kept       = 0.85 // share of an entry's advice that is there
	stray      = 0.3  // chance that an entry has an advice at random
	choiceRows = 0.75 // share of rows at a choice that no page settles
	itemRows   = 0.5  // share of prompts with items; the others have visits or workflows
	visitRows  = 0.3
)

// foreign marks the sites of warm starts: no run's site has this bit.
const foreign = 1 << 63

// mixture is all that the rows depend on.
type mixture struct {
	World shop.Knobs
	Wrong float64
}

// warmStart says how the actor is warmed up: on single steps of a shopper who knows the habits of a site, in sites other than any run's,
// with none to six entries of memory in the prompt, of which a share comes from a site with other habits again.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Wrong = agent.Wrong
	mix.World.Variant, mix.World.Horizon, mix.World.Slack, mix.World.Notes = shop.Quirks, 15, 15, 1 // one actor for all
	words, err := llm.NewWords(shop.Words())
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: shop.Name, Knobs: agent.Knobs, Seed: uint64(agent.WarmSeed), Mix: mix}
	home, err := shop.New(mix.World, foreign)
	if err != nil {
		return base.Spec{}, nil, err
	}
	goals, err := home.Goals(shop.Train, warmGoals)
	w := &warmer{mix: mix, words: words, home: home, goals: goals, room: memoryRoom(agent.Context), first: rng.New(spec.Seed, "traces").Uint64()}
	return spec, w.row, err
}

// warmGoals are the goals of the training split that rows are about: nearly all that there are.
const warmGoals = 400

// warmer writes rows.
type warmer struct {
	mix   mixture
	words *llm.Words
	home  *shop.World // with any habits
	goals []shop.Goal
	room  int // tokens of memory
	first uint64
}

// row is one supervised row: memory, a page, and the shopper's action with the end token, which is trained.
func (w *warmer) row(i uint64) (rl.Datum, error) {
	d := &dice{key: world.Draw(w.first, i)}
	home, goal := w.home.Sited(d.next()|foreign), w.goal(d)
	lines := fitting(w.memories(home, goal, d), w.room)
	told, action, err := w.step(home, goal, d)
	if err != nil {
		return rl.Datum{}, err
	}
	asked, err := w.words.Encode(prompt(lines, told))
	if err != nil {
		return rl.Datum{}, err
	}
	said, err := w.words.Encode(action)
	return rl.Supervised(asked, append(said, w.words.End())), err
}

// prompt is what the actor sees: lines of memory, the best last, and the page.
func prompt(lines []string, told string) string {
	return strings.Join(append(slices.Clone(lines), told), "\n") + "\n"
}

// thought is what the actor says before it acts: the choice that the page is about, and what it takes. Where memory has an advice for it,
// this is the advice in its own words.
func thought(stage int, option string) string { return shop.Stages()[stage] + " " + option + " : " }

// acted is the action of an answer: what stands behind the thought.
func acted(said string) string {
	_, action, ok := strings.Cut(said, " : ")
	if !ok {
		return said
	}
	return action
}

// pageRoom is what a page and an action need of a context, tokens.
const pageRoom = 44

// memoryRoom is how many tokens of memory a context has room for.
func memoryRoom(context int) int { return max(context-pageRoom, 1) }

// lineTokens are the tokens of lines of memory in a prompt: their words and line ends.
func lineTokens(text string) int { return len(strings.Fields(text)) + 1 + strings.Count(text, "\n") }

// fitting leaves out the first entries until the others fit.
func fitting(entries []string, room int) []string {
	for i := len(entries) - 1; i >= 0; i-- {
		if room -= lineTokens(entries[i]); room < 0 {
			return entries[i+1:]
		}
	}
	return entries
}

// dice are draws in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) next() uint64 {
	d.drawn++
	return world.Draw(d.key, d.drawn)
}

func (d *dice) unit() float64   { return world.Unit(d.next()) }
func (d *dice) below(n int) int { return world.Pick(d.next(), n) }

func (w *warmer) goal(d *dice) shop.Goal { return w.goals[d.below(len(w.goals))] }

// memories are the entries of a prompt. One whose goal is like the present one stands last most of the time, as a retriever presents them.
func (w *warmer) memories(home *shop.World, goal shop.Goal, d *dice) []string {
	n := 0
	if d.unit() >= noLines {
		n = 1
		if d.unit() >= oneEntry {
			n = 2 + d.below(5)
		}
	}
	form := Items
	switch u := d.unit(); {
	case u >= itemRows+visitRows:
		form = Workflow
	case u >= itemRows:
		form = Visits
	}
	entries := make([]string, n)
	for i := range entries {
		entries[i] = w.entry(home, w.other(goal, d), form, d)
	}
	return entries
}

// other draws the goal of an entry.
func (w *warmer) other(goal shop.Goal, d *dice) shop.Goal {
	same := d.unit() < sameClass
	for {
		if g := w.goal(d); !same || g.Class == goal.Class {
			return g
		}
	}
}

// entry is what a bank would hold of a goal: on this site, or now and then on one with other habits.
func (w *warmer) entry(home *shop.World, goal shop.Goal, form string, d *dice) string {
	if d.unit() < w.mix.Wrong {
		home = home.Sited(d.next() | foreign)
	}
	right := home.Right(goal.Class)
	switch form {
	case Visits:
		return w.visit(home, goal, right, d)
	case Workflow:
		return workflow(goal.Class, right)
	}
	var items []advice
	for at, option := range right {
		if d.unit() < kept {
			items = append(items, advice{goal.Class, at, option})
		}
	}
	if d.unit() < stray {
		items = append(items, anyAdvice(goal.Class, d))
	}
	return written(shuffle(items, d, 3))
}

// visit is the script of somebody who knows the habits, or guesses some of them wrong and fails.
func (w *warmer) visit(home *shop.World, goal shop.Goal, right []string, d *dice) string {
	chosen := slices.Clone(right)
	if d.unit() < 0.4 {
		at := d.below(len(chosen))
		chosen[at] = other(goal.Class, at, chosen[at])
		if at = d.below(len(chosen)); d.unit() < 0.5 {
			chosen[at] = other(goal.Class, at, chosen[at])
		}
	}
	e := home.Episode(goal, d.next()>>11)
	for !e.Act(shop.Follow(e, chosen)).Done {
	}
	return e.Script()
}

// step is a page on the way of a shopper whose earlier choices were any, and what one who knows the habits does there.
func (w *warmer) step(home *shop.World, goal shop.Goal, d *dice) (told, action string, err error) {
	right := home.Right(goal.Class)
	before := make([]string, len(right))
	for at := range before {
		before[at] = shop.Options(goal.Class, at)[d.below(2)]
	}
	want, choice := d.below(len(right)), d.unit() < choiceRows
	if choice {
		before[want] = right[want]
	} else { // behind a choice that was made: what the goal itself says
		want = 1 + d.below(len(right)-1)
		before[want] = shop.Options(goal.Class, want)[1]
	}
	e := home.Episode(goal, d.next()>>11)
	for {
		told, action = e.Read(), shop.Follow(e, before)
		if at, open := shop.At(e); at == want && open == choice {
			return told, thought(at, before[at]) + action, nil
		}
		if e.Act(action).Done {
			return "", "", lab.Errorf(lab.Internal, "reasoningbank: a visit for %q ended before its stage %d", goal.Sentence, want)
		}
	}
}
