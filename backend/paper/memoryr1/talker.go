package memoryr1

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/chat"
)

// The splits of the world that are used.
const (
	splitTrain = chat.Train
	splitTest  = chat.Test
)

// talker is the world with what the paper asks of it: conversations, facts as text and back, questions and the rule that answers them.
type talker struct {
	knobs chat.Knobs
	world *chat.World
}

func newTalker(setup lab.Setup) (w talker, err error) {
	if err := setup.Section("world", &w.knobs); err != nil {
		return w, err
	}
	w.world, err = chat.New(w.knobs)
	return w, err
}

func (w talker) name() string    { return chat.Name }
func (w talker) words() []string { return w.world.Spec().Words }

// text writes a fact as the bank keeps it.
func (w talker) text(f fact) string {
	return chat.FactText(chat.Fact{Persona: f.Who, Attribute: f.What, Op: f.Op, Values: f.Values})
}

// parse reads an entry.
func (w talker) parse(text string) (fact, bool) {
	f, ok := w.world.ParseEntry(text)
	return factOf(f), ok
}

// read answers by the world's rule: it trusts the newest entries about the thing asked, as many as world.trust says.
func (w talker) read(question string, lines []line) []string {
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b line) int { return a.When - b.When })
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.Text
	}
	return strings.Fields(w.world.Read(question, texts))
}

// talk is the conversation of that seed in a split.
func (w talker) talk(split string, seed uint64) (*talk, error) {
	c, err := w.world.Conversation(split, seed)
	if err != nil {
		return nil, err
	}
	t := &talk{Seed: seed, from: c}
	var holds []fact
	for _, said := range c.Turns {
		now := turn{Said: said.Text, Line: said.Line(), Kind: said.Kind}
		for _, f := range said.Facts {
			now.News = append(now.News, factOf(f))
			holds = told(holds, factOf(f))
		}
		now.Holds = holds
		t.Turns = append(t.Turns, now)
	}
	return t, nil
}

// told is what holds behind one more fact.
func told(holds []fact, f fact) []fact {
	holds = slices.Clone(holds)
	i := slices.IndexFunc(holds, func(h fact) bool { return h.key == f.key })
	if i < 0 {
		return append(holds, fact{key: f.key}.after(f))
	}
	holds[i] = holds[i].after(f)
	return holds
}

func factOf(f chat.Fact) fact {
	return fact{key: key{f.Persona, f.Attribute}, Op: f.Op, Values: f.Values}
}
