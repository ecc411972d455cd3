package memoryr1

import "github.com/loci-lab/loci/backend/world/chat"

// key is what a fact is about.
type key struct{ Who, What string }

// fact is what a sentence or an entry says of a key.
type fact struct {
	key
	Op     chat.Op
	Values []string
}

// after is what holds of a key once another fact about it came. It changes nothing that f points to.
func (f fact) after(news fact) fact {
	return fact{key: news.key, Op: chat.Set, Values: chat.Fact{Op: news.Op, Values: news.Values}.Apply(f.Values)}
}

// turn is one thing that was said, the facts that the extractor found in it, and all that holds behind it.
type turn struct {
	Said  string
	Line  string // with its day
	Kind  chat.TurnKind
	News  []fact
	Holds []fact
}

// talk is a conversation.
type talk struct {
	Seed  uint64
	Turns []turn
	from  *chat.Conversation
}

// question is a question, the entries that are shown with it, the best first, and what is right.
type question struct {
	text  string
	list  bool
	gold  fact
	shown []line
}

// ask is the question about a key behind a turn, from 0.
func (t *talk) ask(k key, now int) question {
	q := t.from.Ask(now+1, k.Who, k.What)
	return question{text: q.Text, list: q.Kind == chat.AskList, gold: fact{key: k, Op: chat.Set, Values: q.Gold}}
}
