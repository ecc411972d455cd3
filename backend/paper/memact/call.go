package memact

import (
	"slices"
	"strings"
)

// The tools, by the word that a call begins with.
const (
	findTool   = "find"  // find SLOT QUERY: a search for one question
	pruneTool  = "prune" // prune MEMORY TEXT drop IDS: the memory action
	answerTool = "ans"   // ans SLOT VALUE SLOT VALUE ...: the end
	dropWord   = "drop"
)

// What a call is answered that brings nothing.
const (
	doneWord   = "done"
	failedWord = "failed"
)

// The instruction names the tools: with prune among them, or without.
const (
	withTool    = "curate"
	withoutTool = "plain"
)

// slotWords name the questions of an episode, in order.
func slotWords() []string { return []string{"a", "b", "c", "d", "e", "f", "g", "h"} }

// call is one action in words, read.
type call struct {
	Tool string   // "" where the action is none that is known
	Slot string   // of a search
	Text string   // of a memory action; the query of a search
	IDs  []string // of a memory action
	Said []said   // of an answer
	Bad  string   // what is wrong with an answer
}

// said is one slot with what stands behind it.
type said struct{ Slot, Value string }

// parseCall reads an action. It never fails: what cannot be understood has no tool.
func parseCall(text string) call {
	words := strings.Fields(text)
	if len(words) == 0 {
		return call{}
	}
	switch tool, rest := words[0], words[1:]; tool {
	case findTool:
		c := call{Tool: findTool}
		if len(rest) > 0 && slices.Contains(slotWords(), rest[0]) {
			c.Slot, rest = rest[0], rest[1:]
		}
		c.Text = strings.Join(rest, " ")
		return c
	case pruneTool:
		c := call{Tool: pruneTool}
		if at := slices.Index(rest, dropWord); at >= 0 {
			c.IDs, rest = rest[at+1:], rest[:at]
		}
		c.Text = strings.Join(rest, " ")
		return c
	case answerTool:
		c := call{Tool: answerTool, Said: pairs(rest)}
		if len(rest) == 0 || len(c.Said)*2 != len(rest) {
			c.Bad = "an answer is a slot and a value for each question"
		}
		return c
	}
	return call{}
}

// pairs reads SLOT VALUE SLOT VALUE ...; what does not fit is left out.
func pairs(words []string) (all []said) {
	for i := 0; i+1 < len(words); i++ {
		if isSlot(words[i]) && !isSlot(words[i+1]) {
			all = append(all, said{words[i], words[i+1]})
			i++
		}
	}
	return all
}

func isSlot(word string) bool { return slices.Contains(slotWords(), word) }

// findCall, pruneCall and answerCall write actions.
func findCall(slot, query string) string { return strings.Join([]string{findTool, slot, query}, " ") }

func pruneCall(facts []said, ids []string) string {
	return strings.Join(slices.Concat([]string{pruneTool}, flat(facts), []string{dropWord}, ids), " ")
}

func answerCall(facts []said) string {
	return strings.Join(slices.Concat([]string{answerTool}, flat(facts)), " ")
}

func flat(facts []said) (words []string) {
	for _, f := range facts {
		words = append(words, f.Slot, f.Value)
	}
	return words
}

// ownWords are the words of tools, letters and ids that the world does not have.
func ownWords(world []string) (own []string) {
	for _, w := range slices.Concat([]string{withTool, withoutTool, findTool, pruneTool, answerTool, dropWord, doneWord, failedWord}, slotWords(), memoryNames()) {
		if !slices.Contains(world, w) {
			own = append(own, w)
		}
	}
	return own
}
