package shop

import "slices"

// sort is what a word stands for.
type sort uint8

const (
	isOther sort = iota
	isNoun
	isColour
	isMonth
	isNumber
	isPerson
	isRow
	isButton
	isMode
)

// term is a word with its place in the list of its sort.
type term struct {
	sort sort
	at   int
}

// lexicon holds the words of the world. It depends on no knob, so that one model serves all variants.
type lexicon struct {
	nouns, colours, months, numbers, persons, rows, buttons, modes []string
	terms                                                          map[string]term
	words                                                          []string
}

// rowsShown is the number of rows of a page, and of attributes that a noun comes with in a split.
const rowsShown = 3

func newLexicon() *lexicon {
	l := &lexicon{
		nouns:   []string{"mug", "lamp", "coat", "chair", "kettle", "scarf", "clock", "basket", "pillow", "radio", "brush", "ladder", "candle", "wallet", "tent", "vase"},
		colours: []string{"red", "blue", "green", "black", "white", "yellow"},
		months:  []string{"january", "march", "may", "july", "september", "november"},
		numbers: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"},
		persons: []string{"ana", "ben", "cleo", "dan", "eva", "finn", "gus", "hana"},
		rows:    []string{"first", "last"},
		buttons: []string{"search", "menu", "account", "archive", "filter", "sort", "next", "all", "total", "size", "gift", "buy"},
		modes:   []string{plain, "end"},
	}
	l.collect()
	return l
}

// collect lists all words and what they stand for.
func (l *lexicon) collect() {
	l.terms = map[string]term{}
	for _, list := range []struct {
		sort  sort
		words []string
	}{
		{isNoun, l.nouns}, {isColour, l.colours}, {isMonth, l.months}, {isNumber, l.numbers}, {isPerson, l.persons}, {isRow, l.rows},
		{isButton, l.buttons}, {isMode, l.modes},
		{isOther, []string{"goal", "at", "home", "list", "orders", "item", "rows", "see", "note", "ads", "old", "draft", "click", "back", "answer",
			"get", "price", "of", "what", "costs", "cheapest", "month", "order", "was", "in", "present", "for", "cheap",
			"enter", "colour", ":", ";", "works", "fails", "success", "failed", "did", "flow"}},
	} {
		for i, word := range list.words {
			l.terms[word] = term{list.sort, i}
		}
		l.words = append(l.words, list.words...)
	}
}

func (l *lexicon) sortOf(word string) sort { return l.terms[word].sort }

// Words returns the words of the world in their fixed order.
func Words() []string { return slices.Clone(newLexicon().words) }
