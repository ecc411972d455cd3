package tool

import (
	"slices"
	"strconv"
)

// Words of the apps. Lists whose members stand in pairs with others have an even number of them: see dice.paired.
func peopleWords() []string {
	return []string{"ana", "ben", "cleo", "dan", "eva", "finn", "gus", "hana"}
}
func folderWords() []string  { return []string{"inbox", "work", "home", "trip", "bank", "art"} }
func labelWords() []string   { return []string{"paid", "urgent", "later", "old"} }
func messageWords() []string { return []string{"hello", "thanks", "sorry", "yes", "maybe", "soon"} }
func keywordWords() []string { return []string{"via", "with"} }

func numbered(letter string, n int) (words []string) {
	for i := range n {
		words = append(words, letter+strconv.Itoa(i+1))
	}
	return words
}

func sumWords() []string    { return numbered("s", 8) }
func noteWords() []string   { return numbered("n", 6) }
func fileWords() []string   { return numbered("f", 8) }
func dateWords() []string   { return numbered("d", 8) }
func numberWords() []string { return numbered("t", 8) }

// Sorts of arguments.
const (
	aWho = iota
	aSum
	aNote
	aFile
	aFolder
	aNumber
	aLabel
	aMessage
	sorts
)

// sortNames are how documentation names the sorts.
func sortNames() []string {
	return []string{"who", "sum", "note", "file", "folder", "number", "label", "word"}
}

// sortWords are the words of a sort.
func sortWords(sort int) []string {
	return [sorts]func() []string{peopleWords, sumWords, noteWords, fileWords, folderWords, numberWords, labelWords, messageWords}[sort]()
}

// isSort says whether a word is of a sort.
func isSort(word string, sort int) bool { return slices.Contains(sortWords(sort), word) }

// The calls.
const (
	apiNewest = iota // files
	apiStat
	apiMove
	apiDrop
	apiShow // notes
	apiPen
	apiTag
	apiWipe
	apiLookup // contacts
	apiEnrol
	apiText
	apiForget
	apiOwed // wallet
	apiPay
	apiCharge
	apiCap
	apiCount
)

// APIs lists the names of the calls in their order.
func APIs() []string {
	return []string{"newest", "stat", "move", "drop", "show", "pen", "tag", "wipe", "lookup", "enrol", "text", "forget", "owed", "pay", "charge", "cap"}
}

// apiArgs are the sorts of a call's arguments; the first says which record it is about.
func apiArgs(api int) []int {
	return [apiCount][]int{{aFolder}, {aFile}, {aFile, aFolder}, {aFile}, {aNote}, {aNote, aNumber}, {aNote, aLabel}, {aNote},
		{aWho}, {aWho, aNumber}, {aNumber, aMessage}, {aWho}, {aWho}, {aWho, aSum}, {aWho, aSum}, {aWho, aSum}}[api]
}

// appsWords are all words of the suite: tokens of arguments first, those of user turns last.
func appsWords() []string {
	words := slices.Concat(APIs(), keywordWords(), sortNames())
	for sort := range sorts {
		words = append(words, sortWords(sort)...)
	}
	return append(append(words, dateWords()...), "of", "to", "what", "says", "owes", "then")
}
