package shop

import "github.com/loci-lab/loci/backend/world"

// stage is a choice that every goal meets and no page settles.
type stage int

const (
	enter stage = iota // the way in
	list               // the view of the list; for presents the colour
	item               // the option of the item or the order
	stages
)

func (s stage) String() string { return stageNames()[s] }

func stageNames() []string { return []string{"enter", "list", "item"} }

// plain is the view or the option that a page has when it is opened.
const plain = "plain"

// options are the answers to a choice for a class; which one is right is a habit of the site. Of presents the list is chosen by colour.
func (c Class) options(s stage) []string {
	switch {
	case s == enter && c == Present:
		return []string{"search"}
	case s == enter && c.orders():
		return []string{"account", "archive"}
	case s == enter:
		return []string{"search", "menu"}
	case s == list:
		return []string{plain, []string{"filter", "filter", "sort", "end", "sort", "all", plain}[c]}
	}
	return []string{plain, []string{"total", "size", "size", "total", "total", "total", "gift"}[c]}
}

// button is what is pressed to choose an option, as the page names it: the end of a list is reached by paging.
func button(option string) string {
	if option == "end" {
		return "next"
	}
	return option
}

// Keys of the draws that make a site. They stand high, so that no two lists run into each other.
const (
	drawHabits = (iota + 1) << 32
	drawLikes
	drawWraps
	drawGoals
	drawRows
	drawNumbers
	drawNotes
)

// site is what no page states. All is drawn from one seed and holds over all episodes.
type site struct {
	seed   uint64
	habits [classes][stages]int // of a class, the place of the right option
	likes  []int                // of a person, a colour
	wraps  []int                // of a person, the place of the right option
}

func newSite(l *lexicon, seed uint64) *site {
	s := &site{seed: seed}
	for c := range classes {
		for at := range stages {
			s.habits[c][at] = world.Pick(world.Draw(seed, drawHabits+uint64(c)*uint64(stages)+uint64(at)), len(c.options(at)))
		}
	}
	for p := range l.persons {
		s.likes = append(s.likes, world.Pick(world.Draw(seed, drawLikes+uint64(p)), len(l.colours)))
		s.wraps = append(s.wraps, world.Pick(world.Draw(seed, drawWraps+uint64(p)), 2))
	}
	return s
}

// right is the word of the right option at a stage: of the way in, the view or the option; of a present's list the colour.
func (w *World) right(g *Goal, at stage) string {
	if g.Class == Present && at == list {
		return w.lex.colours[w.site.likes[g.person]]
	}
	n := w.site.habits[g.Class][at]
	if g.Class == Present && at == item {
		n = w.site.wraps[g.person]
	}
	return g.Class.options(at)[n]
}

// choices are the answers that a choice may have.
func (w *World) choices(g *Goal, at stage) []string {
	if g.Class == Present && at == list {
		return w.lex.colours
	}
	return g.Class.options(at)
}
