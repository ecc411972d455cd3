package hop

import (
	"slices"
	"strconv"
)

// Words that papers may want to name. The others are entities, relations, aliases, numbers and identifiers.
const (
	Ask     = "ask"     // begins the questions
	Find    = "find"    // begins a search: find boss ana
	Ans     = "ans"     // begins the answers: ans bob ; rome
	Found   = "found"   // begins a search result
	Is      = "is"      // boss ana is bob
	And     = ";"       // ends a question or a fact, stands between answers
	Unknown = "?"       // an answer that is not given
	Left    = "left"    // turns that are left
	Failed  = "nothing" // came of an answer that was not understood
	Alias   = "alias"   // the relation of the alias table: alias doc is ana
)

// lexicon holds the words of the world. It depends on no knob, so that one model serves all.
type lexicon struct {
	entities, relations, aliases, numbers, ids, labels []string
	entity, relation, alias                            map[string]int
	words                                              []string
}

func newLexicon() *lexicon {
	l := &lexicon{
		entities: []string{"ana", "ben", "cleo", "dan", "eva", "finn", "gus", "hana", "ivo", "jane", "kurt", "lena", "mona", "nils", "olga", "paul",
			"quin", "rosa", "sven", "tara", "udo", "vera", "walt", "xena", "yuri", "zoe", "abel", "bea", "carl", "dora", "emil", "fay",
			"greg", "hugo", "iris", "jack", "kim", "leo", "mia", "ned", "otto", "pia", "ralf", "suse", "theo", "uma", "vito", "will"},
		relations: []string{"boss", "friend", "mother", "rival", "doctor", "tutor", "guest", "heir"},
		aliases:   []string{"ace", "duke", "fox", "owl", "red", "skip", "tex", "wolf", "jazz", "kit", "mac", "pip", "rex", "sly", "ty", "zip"},
	}
	for n := range MostTurns + 1 {
		l.numbers = append(l.numbers, strconv.Itoa(n))
	}
	for n := range MostTurns {
		l.ids = append(l.ids, "k"+strconv.Itoa(n+1))
	}
	for n := range MostNumber {
		l.labels = append(l.labels, "#"+strconv.Itoa(n+1))
	}
	l.entity, l.relation, l.alias = index(l.entities), index(l.relations), index(l.aliases)
	l.words = slices.Concat([]string{Ask, Find, Ans, Found, Is, And, Unknown, Left, Failed, Alias}, l.relations, l.entities, l.aliases, l.numbers, l.ids, l.labels)
	return l
}

func index(words []string) map[string]int {
	at := make(map[string]int, len(words))
	for i, w := range words {
		at[w] = i
	}
	return at
}

// Words returns the words of the world in their fixed order.
func Words() []string { return slices.Clone(newLexicon().words) }

// Entities returns the words that name entities: all answers are among them.
func Entities() []string { return slices.Clone(newLexicon().entities) }

// IDs returns the words that identify search results.
func IDs() []string { return slices.Clone(newLexicon().ids) }

// Numbers returns the words that number questions, from the first on.
func Numbers() []string { return slices.Clone(newLexicon().labels) }
