package slearl

import (
	"cmp"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world/house"
)

// Levels of entries.
const (
	example   = "example"   // of one thing: heat clay mug : use oven
	pattern   = "pattern"   // of a class of things: heat clay dish : use oven
	principle = "principle" // of a material: heat clay : use oven
)

// moment is one step of an episode as the library sees it.
type moment struct {
	saw     string   // observation before the action
	subject string   // what the step is about
	lines   []string // what the action taught, in the world's form, the action itself first
	worked  bool
}

// episode is what the library evolves from.
type episode struct {
	group   int // of its batch
	moments []moment
	earned  float64 // its return
}

// candidate is an entry that a writer proposes.
type candidate struct {
	text  string
	level string
	saw   string // observation at which its decision began
	first string // observation at which its episode began
	score float64
	from  string // source, for the record
}

// writer makes strategies and warnings of episodes by templates, without a model.
type writer struct {
	classes   map[string]string // of nouns
	switches  []string
	materials []string
}

func newWriter() *writer {
	return &writer{classes: house.Classes(), switches: house.Switches(), materials: house.Materials()}
}

// split parts a line into subject and action, and the words that say what came of it.
func split(line string) (subject, action string, worked, ok bool) {
	subject, said, ok := strings.Cut(line, " : ")
	if !ok {
		return "", "", false, false
	}
	action, worked = strings.CutSuffix(said, " works")
	if !worked {
		action = strings.TrimSuffix(strings.TrimSuffix(said, " fails"), " dead")
	}
	return subject, action, worked, true
}

// changes says whether an action brings the task forward: use something, or put something somewhere.
func changes(action string) bool {
	return strings.HasPrefix(action, "use ") || strings.HasPrefix(action, "put in ")
}

// strategies of a winner: SUBJECT : ACTION for each step that changed the state of the task, with the observation at which that stretch of
// the episode began. Of the switches only the one that was on when an appliance worked.
func (w *writer) strategies(e *episode) (list []candidate) {
	saw, begun := "", false
	pending := candidate{}
	for i := range e.moments {
		m := &e.moments[i]
		if !begun {
			saw, begun = m.saw, true
		}
		if len(m.lines) == 0 {
			continue
		}
		subject, action, worked, ok := split(m.lines[0])
		if !ok || !worked || !changes(action) {
			continue
		}
		c := candidate{text: subject + " : " + action, level: example, saw: saw, first: e.moments[0].saw, score: e.earned}
		begun = false
		if slices.Contains(w.switches, lastWord(action)) {
			pending = c
			continue
		}
		if pending.text != "" {
			list = append(list, pending)
			pending = candidate{}
		}
		list = append(list, c)
	}
	return list
}

// warning of a loser: SUBJECT : not ACTION for the last action that changed nothing and says something about the rules.
func (w *writer) warning(e *episode) (c candidate, ok bool) {
	for i := len(e.moments) - 1; i >= 0; i-- {
		m := &e.moments[i]
		if m.worked || len(m.lines) == 0 {
			continue
		}
		subject, action, _, ok := split(m.lines[0])
		if !ok || !changes(action) {
			continue
		}
		if strings.HasSuffix(m.lines[0], " dead") { // it was the switch
			if len(m.lines) < 2 {
				continue
			}
			if _, action, _, ok = split(m.lines[1]); !ok {
				continue
			}
		}
		return candidate{text: subject + " : not " + action, level: example, saw: m.saw, first: e.moments[0].saw, score: e.earned}, true
	}
	return c, false
}

// general returns what two strategies that agree in their action say together: of one class a pattern, of one material and different classes
// a principle. Where a thing is put hangs on its class alone, how it is changed on its material.
func (w *writer) general(a, b string) (text, level string, ok bool) {
	sa, action, _, oka := split(a + " works")
	sb, other, _, okb := split(b + " works")
	va, ma, na := w.parts(sa)
	vb, mb, nb := w.parts(sb)
	if !oka || !okb || action != other || va != vb || na == "" || nb == "" || na == nb {
		return "", "", false
	}
	class, put := w.classes[na], strings.HasPrefix(action, "put in ")
	switch {
	case put && class == w.classes[nb]:
		return va + " " + class + " : " + action, pattern, true
	case !put && ma == mb && class == w.classes[nb]:
		return va + " " + ma + " " + class + " : " + action, pattern, true
	case !put && ma == mb:
		return va + " " + ma + " : " + action, principle, true
	}
	return "", "", false
}

// parts of a subject: what is done, the material, and the noun; "" where it has none.
func (w *writer) parts(subject string) (verb, material, noun string) {
	words := strings.Fields(subject)
	var verbs []string
	for _, word := range words {
		switch {
		case slices.Contains(w.materials, word):
			material = word
		case w.classes[word] != "":
			noun = word
		default:
			verbs = append(verbs, word)
		}
	}
	return strings.Join(verbs, " "), material, noun
}

func lastWord(text string) string { return text[strings.LastIndexByte(text, ' ')+1:] }

// winnersAndLosers are the best and the worst episodes of a batch, at most n each (sec. 4.2 of arXiv 2603.18079v1):
//
//	eta = median of the returns; winners r > eta, losers r <= eta
//
// Where the median is the largest return, those that reach it are winners, or a batch that mostly succeeds would teach nothing; a winner is
// never a loser. Ties: of equal returns the shorter list of its own group counts first, so that no task fills the list alone, then the order
// of the batch.
func winnersAndLosers(batch []episode, n int) (winners, losers []*episode) {
	if len(batch) == 0 {
		return nil, nil
	}
	eta, most := medianAndMost(batch)
	for i := range batch {
		if e := &batch[i]; e.earned > eta || e.earned == most && eta == most && most > 0 {
			winners = append(winners, e)
		} else {
			losers = append(losers, e)
		}
	}
	return ranked(winners, n, -1), ranked(losers, n, 1)
}

func medianAndMost(batch []episode) (median, most float64) {
	all := make([]float64, len(batch))
	for i := range batch {
		all[i] = batch[i].earned
	}
	slices.Sort(all)
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2, all[n-1]
}

// ranked sorts by return, ascending for sign 1, and takes one of each group before a second of any.
func ranked(list []*episode, n int, sign float64) []*episode {
	rank, seen := map[*episode]int{}, map[int]int{}
	for _, e := range list {
		rank[e] = seen[e.group]
		seen[e.group]++
	}
	slices.SortStableFunc(list, func(a, b *episode) int {
		return cmp.Or(cmp.Compare(sign*a.earned, sign*b.earned), cmp.Compare(rank[a], rank[b]))
	})
	return list[:min(n, len(list))]
}
