package mem1

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world/hop"
)

// State begins the internal state in an answer.
const State = "state"

// words of the tokenizer: those of the world, and the one of the template.
func words() (*llm.Words, error) { return llm.NewWords(append(hop.Words(), State)) }

// parts are what a context is made of, in order: the questions, the answer of the turn before with its state, and what came of it.
type parts struct{ task, answer, info []int32 }

// contexts makes the contexts of turns.
type contexts struct {
	whole bool
	left  int32 // the word that begins the hint of the turns that are left
}

func newContexts(template string, w *llm.Words) (contexts, error) {
	ids, err := w.Encode(hop.Left)
	if err != nil {
		return contexts{}, err
	}
	return contexts{template == Whole, ids[0]}, nil
}

// split is the pruned context in its parts (arXiv 2506.15841v2, sec. 3.1):
//
//	context of turn t = q + IS_{t-1} + query_{t-1} + info_{t-1}
//
// first is the text of the first turn, answer what was written in the turn before, info what the world says now. Of the first text, how many
// turns were left then is dropped: info has the present number.
func (c contexts) split(first, answer, info []int32) parts {
	if answer == nil {
		return parts{task: first}
	}
	if at := slices.Index(first, c.left); at >= 0 {
		first = first[:at]
	}
	return parts{first, answer, info}
}

// read is the Reader of a rollout.
func (c contexts) read(a *rl.Attempt) ([]int32, error) {
	if c.whole {
		return rl.Whole(a)
	}
	return c.pruned(a).join(), nil
}

func (c contexts) pruned(a *rl.Attempt) parts {
	n := len(a.Turns)
	if n == 0 {
		return c.split(a.Now, nil, nil)
	}
	return c.split(a.Turns[0].Now, a.Turns[n-1].Segment.Tokens, a.Now)
}

func (p parts) join() []int32 { return slices.Concat(p.task, p.answer, p.info) }

// said is an answer in its parts: the state that it keeps, and what it does. The last answer has no state beside its answers: nothing follows
// that could read one.
//
//	state #5 bob #6 rosa #7 find boss ana        keeps two answers, the next question is #7
//	ans #5 bob #6 rosa #7 ned
type said struct {
	state []string
	act   string
}

// parse reads an answer; it takes any text. Words that belong to neither part belong to the state.
func parse(text string) (s said) {
	words := strings.Fields(text)
	at := slices.IndexFunc(words, func(w string) bool { return w == hop.Find || w == hop.Ans })
	if at < 0 {
		at = len(words)
	}
	s.state, s.act = words[:at], strings.Join(words[at:], " ")
	if at > 0 && words[0] == State {
		s.state = words[1:at]
	}
	if at < len(words) && words[at] == hop.Ans {
		s.state = words[at+1:]
	}
	return s
}

// slots are the entities that a state holds, by question, "" for none.
func slots(questions []hop.Question, state []string) []string {
	held := make([]string, len(questions))
	for q := range questions {
		at := q - 1 // the place before its own, where questions have no numbers
		if n := questions[q].Number; n != "" {
			if at = slices.Index(state, n); at < 0 {
				continue
			}
		}
		if at+1 < len(state) && state[at+1] != hop.Unknown && !strings.HasPrefix(state[at+1], "#") {
			held[q] = state[at+1]
		}
	}
	return held
}

// stitched is an attempt as one sequence: every turn behind all that was read and written before it. Its log-probabilities stay those of the
// contexts that the tokens were drawn under, so that their ratio is wrong from the start.
func stitched(t *rl.Trajectory, now [][]int32) rl.Trajectory {
	out := *t
	out.Segments = slices.Clone(t.Segments)
	var history []int32
	for i := range out.Segments {
		history = append(history, now[i]...)
		out.Segments[i].Context = slices.Clone(history)
		history = append(history, out.Segments[i].Tokens...)
	}
	return out
}
