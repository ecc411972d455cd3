// Package shop is ShopWorld: a web shop with pages of few words, buttons and rows that are clicked by their words, a search, lists with paging and
// filters, items with options, and a history of orders. Which way in leads to the right list, which view of the list and which option of
// the item a class of goals wants is a habit of the site: told nowhere, the same in all episodes of one world, so that an agent must keep
// what came of earlier visits (variant quirks). In variant preferences a present is bought for a person, who likes a colour and wants it
// wrapped or not. Purchases and answers are scored by the share of what was right; a success has all of it.
//
// Habits come from the world's seed, goals and pages from the split and the seed of the episode. Chance comes from world.Draw, so no order
// of calls can move it.
package shop

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// World is a shop with its habits. It may be used by several goroutines; a dialogue by one.
type World struct {
	knobs  Knobs
	lex    *lexicon
	site   *site
	halves *halves
	asked  []Class
	spec   world.TextSpec
}

// New makes the shop whose habits are drawn from a seed. Its errors are of code invalid.
func New(k Knobs, site uint64) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	w := &World{knobs: k, lex: newLexicon(), asked: k.asked()}
	w.site, w.halves = newSite(w.lex, site), newHalves(w.lex)
	w.spec = world.TextSpec{Name: Name, Words: slices.Clone(w.lex.words), Horizon: k.Horizon}
	return w, nil
}

// Sited is the same shop with the habits of another seed.
func (w *World) Sited(site uint64) *World {
	other := *w
	other.site = newSite(w.lex, site)
	return &other
}

// Spec returns the shape of the world.
func (w *World) Spec() world.TextSpec { return w.spec }

// Splits returns train and test.
func (w *World) Splits() []string { return []string{Train, Test} }

// Start returns the episode of that seed in that split: seed draws the goal and the pages.
func (w *World) Start(split string, seed uint64) (world.Dialogue, error) {
	if !slices.Contains(w.Splits(), split) {
		return nil, unknownSplit(split, w.Splits())
	}
	key := world.Draw(seed, uint64(side(split)))
	d := dice{key: key}
	return w.begin(w.draw(split, &d), seed, key), nil
}

// Episode plays a goal as episode number clock: rows and numbers are drawn anew for each number.
func (w *World) Episode(g Goal, clock uint64) Visit {
	return w.begin(g, clock, world.Draw(clock, uint64(side(g.Split))))
}

func unknownSplit(split string, legal []string) error {
	return lab.Errorf(lab.Invalid, "%s: split %q is unknown, want one of %q", Name, split, legal).WithHint("name one of %q", legal)
}

// GoalOf returns what a dialogue of this package asks for; ok is false for one of another package.
func GoalOf(d world.Dialogue) (g Goal, ok bool) {
	e, ok := d.(*episode)
	if !ok {
		return Goal{}, false
	}
	return e.goal, true
}

// Stages lists the names of the stages in their order.
func Stages() []string { return stageNames() }

// Options are the words of the answers to the choice at a stage (its place in Stages) for a goal of that class of variant quirks.
func Options(c Class, at int) []string { return c.options(stage(at)) }

// Advice is a line of memory that names the option to choose at a stage for a subject: for buy : list filter.
func Advice(subject, stage, option string) string {
	return "for " + subject + " : " + stage + " " + option
}

// Right are the words of the right options of a class, in the order of the stages: what a perfect memory would know.
func (w *World) Right(c Class) []string {
	g := Goal{Class: c}
	return []string{w.right(&g, enter), w.right(&g, list), w.right(&g, item)}
}
