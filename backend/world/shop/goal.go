package shop

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// Splits; they share no pair of a noun and its colour, none of a noun and a month, and no person. The habits of the site are the same in
// both.
const (
	Train = "train"
	Test  = "test"
)

// Class is a class of goals.
type Class int

// The classes.
const (
	Price   Class = iota // tell the price of an item
	Buy                  // buy an item
	Cheap                // buy the cheapest of a kind
	First                // tell what the first order of a kind cost
	Last                 // tell what the last one cost
	Month                // tell what the order of a month cost
	Present              // buy a present for a person, who likes a colour
	classes
)

// String is the name of the class: the word that stands for it in lines of memory.
func (c Class) String() string {
	names := classNames()
	if c < 0 || int(c) >= len(names) {
		return "unknown"
	}
	return names[c]
}

func classNames() []string {
	return []string{"price", "buy", "cheap", "first", "last", "month", "present"}
}

// Classes lists the names of all classes in the order of their values.
func Classes() []string { return classNames() }

// asked are the classes of a variant.
func (k *Knobs) asked() []Class {
	if k.Variant == Preferences {
		return []Class{Present}
	}
	return []Class{Price, Buy, Cheap, First, Last, Month}
}

// orders says whether the goal is about the history of orders, buys whether it ends by buying.
func (c Class) orders() bool { return c == First || c == Last || c == Month }
func (c Class) buys() bool   { return c == Buy || c == Cheap || c == Present }

// Goal is what an episode asks for. The same goal can be played again and again, see World.Episode.
type Goal struct {
	Split    string
	Class    Class
	Sentence string // a few words; the same goal has several wordings
	noun     int
	attr     int // place of the colour or the month in its list, none where the goal names none
	person   int // of presents
	wording  int
}

const none = -1

// Subject is what lines of memory say first: the class of the goal, or the person.
func (g *Goal) subject(l *lexicon) string {
	if g.Class == Present {
		return l.persons[g.person]
	}
	return g.Class.String()
}

// wordings are the ways in which a goal of a class is said; N is the noun, A its colour or month, P the person.
func (c Class) wordings() []string {
	switch c {
	case Price:
		return []string{"price of A N", "what costs A N"}
	case Buy:
		return []string{"buy A N", "get A N"}
	case Cheap:
		return []string{"buy cheapest N", "get cheapest N", "what costs cheapest N"}
	case First:
		return []string{"price of first N", "first order of N", "what was first N"}
	case Last:
		return []string{"price of last N", "last order of N", "what was last N"}
	case Month:
		return []string{"order of N in A", "what was N in A"}
	}
	return []string{"get present for P N", "buy N for P"}
}

// attrs lists what tells rows apart: colours of items, months of orders.
func (l *lexicon) attrs(c Class) []string {
	if c.orders() {
		return l.months
	}
	return l.colours
}

// sentence puts a goal into words.
func (l *lexicon) sentence(g *Goal) string {
	words := strings.Fields(g.Class.wordings()[g.wording])
	for i, w := range words {
		switch w {
		case "N":
			words[i] = l.nouns[g.noun]
		case "A":
			words[i] = l.attrs(g.Class)[g.attr]
		case "P":
			words[i] = l.persons[g.person]
		}
	}
	return strings.Join(words, " ")
}

// parseGoal reads a sentence and makes the goal of it, without its split. It is what sentence wrote, word for word, or none.
func (l *lexicon) parseGoal(words []string) (Goal, bool) {
	for c := range classes {
		for i, pattern := range c.wordings() {
			if g, ok := l.match(strings.Fields(pattern), words); ok {
				g.Class, g.wording, g.Sentence = c, i, strings.Join(words, " ")
				if a := g.attr; a == none || l.attrs(c)[a] == l.attrWord(words) {
					return g, true
				}
			}
		}
	}
	return Goal{}, false
}

func (l *lexicon) match(pattern, words []string) (Goal, bool) {
	g := Goal{attr: none, person: none}
	if len(pattern) != len(words) {
		return g, false
	}
	for i, p := range pattern {
		t := l.terms[words[i]]
		switch {
		case p == "N" && t.sort == isNoun:
			g.noun = t.at
		case p == "A" && (t.sort == isColour || t.sort == isMonth):
			g.attr = t.at
		case p == "P" && t.sort == isPerson:
			g.person = t.at
		case p != words[i]:
			return g, false
		}
	}
	return g, true
}

// attrWord is the colour or month of a sentence.
func (l *lexicon) attrWord(words []string) string {
	for _, w := range words {
		if s := l.sortOf(w); s == isColour || s == isMonth {
			return w
		}
	}
	return ""
}

// dice are the draws of one key in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) below(n int) int {
	d.drawn++
	return world.Pick(world.Draw(d.key, d.drawn-1), n)
}

// draw makes a goal of a split.
func (w *World) draw(split string, d *dice) Goal {
	g := Goal{Split: split, Class: w.asked[d.below(len(w.asked))], noun: d.below(len(w.lex.nouns)), attr: none, person: none}
	g.wording = d.below(len(g.Class.wordings()))
	mine := w.halves.attrs(g.Class, g.noun, split)
	switch g.Class {
	case Price, Buy, Month:
		g.attr = mine[d.below(len(mine))]
	case Present:
		g.person = w.halves.persons[side(split)][d.below(len(w.halves.persons[side(split)]))]
		for !slices.Contains(w.halves.attrs(Present, g.noun, split), w.site.likes[g.person]) {
			g.noun = d.below(len(w.lex.nouns))
		}
	}
	g.Sentence = w.lex.sentence(&g)
	return g
}

// Goals lists n distinct goals of a split in the order of a stream. The list of n goals begins with the list of fewer. It ends early where
// a split has no more; an unknown split is an error of code invalid.
func (w *World) Goals(split string, n int) ([]Goal, error) {
	if !slices.Contains(w.Splits(), split) {
		return nil, unknownSplit(split, w.Splits())
	}
	d := dice{key: world.Draw(w.site.seed, drawGoals+uint64(side(split)))}
	seen := map[string]bool{}
	var goals []Goal
	for try := 0; len(goals) < n && try < 200*n; try++ {
		if g := w.draw(split, &d); !seen[g.Sentence] {
			seen[g.Sentence] = true
			goals = append(goals, g)
		}
	}
	return goals, nil
}

// halves share all pairs out between the splits. They hang on no seed, so that all shops have the same.
type halves struct {
	colours, months [][2][]int // of a noun, by split
	persons         [2][]int
}

func newHalves(l *lexicon) *halves {
	const seed = 20250929
	h := &halves{}
	for n := range l.nouns {
		h.colours = append(h.colours, halve(seed, 0, n, len(l.colours)))
		h.months = append(h.months, halve(seed, 1, n, len(l.months)))
	}
	h.persons = halve(seed, 2, 0, len(l.persons))
	return h
}

func (h *halves) attrs(c Class, noun int, split string) []int {
	if c.orders() {
		return h.months[noun][side(split)]
	}
	return h.colours[noun][side(split)]
}

// halve deals the numbers 0..n-1 out to train and test in turn, after a shuffle.
func halve(seed uint64, list, of, n int) (half [2][]int) {
	d := dice{key: world.Draw(seed, uint64(list<<16+of))}
	for i, v := range shuffled(n, &d) {
		half[i%2] = append(half[i%2], v)
	}
	return half
}

func shuffled(n int, d *dice) []int {
	order := make([]int, n)
	for i := range order {
		j := d.below(i + 1)
		order[i], order[j] = order[j], i
	}
	return order
}

func side(split string) int {
	if split == Train {
		return 0
	}
	return 1
}
