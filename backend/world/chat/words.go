package chat

import (
	"slices"
	"strconv"
	"strings"
)

const (
	pool     = 12       // values of an attribute
	half     = pool / 2 // of these: values that a persona can have in one split
	calendar = 128      // days, written as numbers from 1
	labels   = 6        // of samples: 1..labels, half of them for each sample in one split
)

// Words with a part in the grammar.
const (
	unknown  = "unknown" // the answer where nobody has told
	heard    = "ok"      // what is said to a told turn
	dayWord  = "day"
	alsoWord = "also"
	noWord   = "not" // "anna pets not dog"
	untilBy  = "until"
	sample   = "sample"
)

// attribute is one thing that can be known of a persona.
type attribute struct {
	noun  string // as entries and questions name it
	verb  string // "lives in": sentences and questions
	other string // the same in other words
	list  bool
	pool  []string
}

// Attributes 0..singles-1 have one value, those below attributes lists of values; then come what has no place in a dialogue's bank.
const (
	singles    = 6
	attributes = 10
	visited    = attributes     // places, with a day
	topic      = attributes + 1 // what a persona talks about
	label      = attributes + 2 // of a sample
	allKinds   = attributes + 3
)

// lexicon holds all words. It never changes once made.
type lexicon struct {
	words   []string
	names   []string
	samples []string
	attrs   [allKinds]attribute
	chatter [][]string

	name, sampleAt map[string]int
	noun           map[string]int    // attribute by its noun
	value          map[string]int    // place in its pool
	of             map[string]int    // attribute by one of its values
	starts         map[string][]verb // by the first word of a verb, longest first
}

type verb struct {
	words []string
	attr  int
}

func newLexicon() *lexicon {
	l := &lexicon{
		names:   strings.Fields("anna ben clara david emma felix grace henry iris jack kate leo mia noah olga paul quinn rosa sam tina uma victor wendy xena yann zoe alice boris celia derek elena frank gina hugo ines jonas karin louis maria nils oscar petra ralf sara tom ursula viola walter"),
		samples: strings.Fields("zib mop tak lud fen gar hob jix kep lom nuv pag qut rax sef tol vum wex yad zor bim cuv dap ekk fip gud hax ilp jun kod lev mif nop orb pim quo rud sil tev ulm vab wog xim yut zan bol cet dix elk fup gim hiv jad kul lib myx nar ost pex qim rol sug tyn"),
		attrs: [allKinds]attribute{
			{"city", "lives in", "has a home in", false, strings.Fields("oslo rome paris lima cairo delhi tokyo quito sydney boston prague dublin")},
			{"job", "works as", "earns money as", false, strings.Fields("baker nurse pilot tailor farmer judge plumber teacher painter welder clerk guide")},
			{"car", "drives", "sits behind a", false, strings.Fields("volvo honda fiat tesla skoda mazda dacia saab opel jeep lada mini")},
			{"food", "eats", "orders", false, strings.Fields("pasta sushi curry tacos soup salad pizza stew beans rice bread cheese")},
			{"drink", "drinks", "sips", false, strings.Fields("tea coffee milk juice cider cocoa water lemonade wine beer tonic mate")},
			{"instrument", "plays", "practices the", false, strings.Fields("violin piano drums flute harp cello guitar banjo organ oboe tuba trumpet")},
			{"pets", "keeps", "looks after", true, strings.Fields("dog cat parrot hamster rabbit turtle pony goat snake gecko ferret goldfish")},
			{"hobbies", "enjoys", "spends weekends on", true, strings.Fields("chess sailing knitting hiking skiing fishing pottery archery yoga dancing gardening climbing")},
			{"languages", "speaks", "talks in", true, strings.Fields("french german greek hindi polish danish arabic korean czech dutch welsh latin")},
			{"allergies", "avoids", "is allergic to", true, strings.Fields("nuts pollen dust wool eggs shrimp gluten soy mold latex honey sesame")},
			{"place", "visited", "went to the", true, strings.Fields("museum harbour castle market temple bridge stadium library island zoo theatre glacier")},
			{"topic", "talks about", "brings up", false, strings.Fields("art jazz films trains stars plants history football politics fashion robots poetry")},
			{"label", "label", "label", false, []string{"1", "2", "3", "4", "5", "6"}},
		},
	}
	for _, s := range []string{"the weather is nice today", "what a long week that was", "good to hear from you again", "let us meet at noon some time", "traffic was bad this morning",
		"thanks for the kind words", "that made me laugh out loud", "see you soon my friend"} {
		l.chatter = append(l.chatter, strings.Fields(s))
	}
	l.index()
	return l
}

func (l *lexicon) index() {
	seen := map[string]bool{}
	add := func(words ...string) {
		for _, w := range words {
			if !seen[w] {
				seen[w] = true
				l.words = append(l.words, w)
			}
		}
	}
	add(unknown, heard, dayWord, alsoWord, "now", "no", "longer", noWord, untilBy, "and", ".", "?", ":", "what", "which", "first", "or", "on", "since", "before", "the",
		"one", "who", "has", "most", sample, "label", "core")
	l.name, l.sampleAt, l.noun, l.value, l.of, l.starts = map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}, map[string][]verb{}
	for i, n := range l.names {
		add(n)
		l.name[n] = i
	}
	for a, at := range l.attrs {
		l.indexAttribute(a, &at, add)
	}
	for _, s := range l.chatter {
		add(s...)
	}
	for i, s := range l.samples {
		add(s)
		l.sampleAt[s] = i
	}
	for d := range calendar {
		add(strconv.Itoa(d + 1))
	}
	for _, verbs := range l.starts {
		slices.SortStableFunc(verbs, func(a, b verb) int { return len(b.words) - len(a.words) })
	}
}

func (l *lexicon) indexAttribute(a int, at *attribute, add func(...string)) {
	add(at.noun)
	add(strings.Fields(at.verb + " " + at.other)...)
	add(at.pool...)
	l.noun[at.noun] = a
	for i, v := range at.pool {
		l.value[v] = i
		if a != label { // labels are numbers, which other things are, too
			l.of[v] = a
		}
	}
	if a == label {
		return
	}
	for _, phrase := range []string{at.verb, at.other} {
		words := strings.Fields(phrase)
		l.starts[words[0]] = append(l.starts[words[0]], verb{words, a})
	}
}

// number reads a day as the world writes it: digits without sign and leading zeros, 1 to calendar.
func number(word string) (int, bool) {
	n, err := strconv.Atoi(word)
	return n, err == nil && n >= 1 && n <= calendar && strconv.Itoa(n) == word
}
