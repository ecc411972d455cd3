package memoryr1

import (
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/llm"
)

// The words that prompts and answers have beside those of the world.
const (
	manages   = "<manage>" // role: decides about a new fact
	selects   = "<select>" // role: names entries, then answers
	answers   = "<answer>" // role: answers at once
	newFact   = "NEW"
	asked     = "ASK"
	reply     = "=>"
	selection = "SEL"
	response  = "ANS"
	nothing   = "unknown" // what the world says where nothing is known
)

// ownWords are all of them. The places of entries stand last.
func ownWords() []string {
	words := append([]string{manages, selects, answers, newFact, asked, reply, selection, response, nothing, entryEnd}, operations()...)
	for slot := 1; slot <= mostSlots; slot++ {
		words = append(words, slotWord(slot))
	}
	return words
}

// entryEnd parts the entries of a prompt.
const entryEnd = ";"

// newWords is the tokenizer of a world's words and ours; a word that both have stands once.
func newWords(world []string) (*llm.Words, error) {
	all := slices.Clone(world)
	for _, w := range ownWords() {
		if !slices.Contains(world, w) {
			all = append(all, w)
		}
	}
	return llm.NewWords(all)
}

// listed writes lines with their places, the best last: next to what is asked, a small model finds it (deviation D5).
func listed(shown []line) string {
	var b strings.Builder
	for i := len(shown) - 1; i >= 0; i-- {
		b.WriteString(slotWord(i+1) + " " + shown[i].Text + " " + entryEnd + " ")
	}
	return b.String()
}

// managerPrompt is what the manager reads: the entries that it may name, and the new fact.
func managerPrompt(shown []line, news string) string {
	return manages + " " + listed(shown) + newFact + " " + news + " " + reply
}

// answerPrompt is what the answer agent reads: the entries, and the question.
func answerPrompt(role string, shown []line, question string) string {
	return role + " " + listed(shown) + asked + " " + question + " " + reply
}

// role is the answer agent's: with the step of selection or without.
func role(selecting bool) string {
	if selecting {
		return selects
	}
	return answers
}

// answered is what an answer agent wrote.
type answered struct {
	Picked []int // places, from 1, each once
	Values []string
	Faults int // parts that cannot be understood
}

// script writes an answer as the agent of that role does.
func (a answered) script(role string) string {
	var words []string
	if role == selects {
		words = append(words, selection)
		for _, slot := range a.Picked {
			words = append(words, slotWord(slot))
		}
	}
	words = append(words, response)
	if len(a.Values) == 0 {
		words = append(words, nothing) // the reader's rule says so, too
	}
	return strings.Join(append(words, a.Values...), " ")
}

// parseAnswer reads what an answer agent wrote about so many entries: "SEL [2] ANS cat dog", or "ANS cat dog". Places that were not shown
// and words out of order are faults; what is understood counts.
func parseAnswer(text string, shown int) (a answered) {
	words := slices.DeleteFunc(strings.Fields(text), func(w string) bool { return w == "." }) // an endpoint likes to end a sentence
	at := slices.Index(words, response)
	if at < 0 {
		a.Faults++
		at = len(words)
	}
	for i, w := range words[:at] {
		slot := parseSlot(w)
		switch {
		case w == selection && i == 0:
		case slot == 0 || slot > shown:
			a.Faults++
		case !slices.Contains(a.Picked, slot):
			a.Picked = append(a.Picked, slot)
		}
	}
	for _, w := range words[min(at+1, len(words)):] {
		if !slices.Contains(a.Values, w) {
			a.Values = append(a.Values, w)
		}
	}
	return a
}

// slots writes places for people.
func slots(n []int) string {
	words := make([]string, len(n))
	for i, s := range n {
		words[i] = strconv.Itoa(s)
	}
	return strings.Join(words, " ")
}
