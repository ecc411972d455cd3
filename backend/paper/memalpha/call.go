package memalpha

import (
	"strconv"
	"strings"
)

// Words of the grammar, beside those of the world.
const (
	insert   = "insert"
	change   = "update"
	remove   = "delete"
	semantic = "semantic"
	episodic = "episodic"
	core     = "core"
	newChunk = "new"
	endCall  = ";"
)

// mostSlots bounds the entries of each store that a writer sees: their places are words.
const mostSlots = 9

// ownWords are the words that the grammar adds to those of a world.
func ownWords() []string {
	words := []string{insert, change, remove, semantic, episodic, newChunk, endCall}
	for i := 1; i <= mostSlots; i++ {
		words = append(words, slotWord(semantic, i), slotWord(episodic, i))
	}
	return words
}

// slotWord names the i-th visible entry of a store, from 1: s1, e2. It stands for the id of the paper, four hexadecimal digits.
func slotWord(store string, i int) string { return store[:1] + strconv.Itoa(i) }

// call is one tool call of a response.
type call struct {
	Op    string
	Store string
	Slot  int // of the visible entries, from 1; 0 where the call names none
	Text  string
	Fault string // why it was not executed, "" where it was
	Valid bool   // the judge's finding
}

// parseCalls reads a response:
//
//	insert semantic|episodic WORDS ;   update core WORDS ;   update semantic|episodic SLOT WORDS ;   delete semantic|episodic SLOT ;
//
// What stands between two semicolons and is none of these is a call that cannot be executed, and so is one that no semicolon ends: the
// response was cut there.
func parseCalls(said string) (calls []call) {
	words := strings.Fields(said)
	for start := 0; start < len(words); {
		end := start
		for end < len(words) && words[end] != endCall {
			end++
		}
		c := parseCall(words[start:end])
		if end == len(words) {
			c.Fault = "it was cut"
		}
		calls = append(calls, c)
		start = end + 1
	}
	return calls
}

func parseCall(words []string) call {
	if len(words) < 2 {
		return call{Fault: "it has no operation and store"}
	}
	c := call{Op: words[0], Store: words[1]}
	rest := words[2:]
	switch {
	case c.Op != insert && c.Op != change && c.Op != remove:
		c.Fault = "there is no operation " + strconv.Quote(c.Op)
		return c
	case c.Store != core && c.Store != semantic && c.Store != episodic:
		c.Fault = "there is no store " + strconv.Quote(c.Store)
		return c
	case c.Store == core && c.Op != change:
		c.Fault = "the core can be updated alone"
		return c
	}
	if c.Op != insert && c.Store != core {
		if c.Slot = slotOf(c.Store, rest); c.Slot == 0 {
			c.Fault = "it names no entry"
			return c
		}
		rest = rest[1:]
	}
	c.Text = strings.Join(rest, " ")
	switch {
	case c.Op == remove && c.Text != "":
		c.Fault = "a delete takes no text"
	case c.Op != remove && c.Text == "":
		c.Fault = "it has no text"
	}
	return c
}

func slotOf(store string, words []string) int {
	if len(words) == 0 {
		return 0
	}
	for i := 1; i <= mostSlots; i++ {
		if words[0] == slotWord(store, i) {
			return i
		}
	}
	return 0
}

// text writes a call as parseCalls reads it.
func (c *call) text() string {
	words := []string{c.Op, c.Store}
	if c.Slot > 0 {
		words = append(words, slotWord(c.Store, c.Slot))
	}
	if c.Text != "" {
		words = append(words, c.Text)
	}
	return strings.Join(append(words, endCall), " ")
}

// script writes calls one after the other.
func script(calls []call) string {
	texts := make([]string, len(calls))
	for i := range calls {
		texts[i] = calls[i].text()
	}
	return strings.Join(texts, " ")
}
