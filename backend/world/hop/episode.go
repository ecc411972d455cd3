package hop

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// seedBits keeps Info.Seed below 2^53, so that it survives a JavaScript number.
const seedBits = 1<<53 - 1

// Episode is the dialogue of this world.
type Episode struct {
	corpus    *corpus
	questions []Question
	turns     int

	outputs []Output
	answers []string // that were given
	told    string   // by the last answer
	info    world.Info
	unknown int // answers that were not understood
	repeats int // searches for what had been found before
}

// Output is what came of one search.
type Output struct {
	ID    string // its identifier; "" where the world gives none
	Turn  int    // in which it was asked, from 0
	Asked string // boss ana
	Hit   bool   // the first of Facts is the one that was asked for
	Facts []Fact
}

// Text is what the agent is told: found [k3] boss ana is bob ; ...
func (o Output) Text() string {
	var b strings.Builder
	b.WriteString(Found)
	if o.ID != "" {
		b.WriteString(" " + o.ID)
	}
	for _, f := range o.Facts {
		b.WriteString(" " + f.String() + " " + And)
	}
	return b.String()
}

// Of returns the episode that a dialogue of this package is; ok is false for one of another package.
func Of(d world.Dialogue) (e *Episode, ok bool) {
	e, ok = d.(*Episode)
	return e, ok
}

// Questions are those of the episode, with the searches that answer them.
func (e *Episode) Questions() []Question { return e.questions }

// Outputs are the search results so far, in order.
func (e *Episode) Outputs() []Output { return e.outputs }

// TurnsLeft is the number of turns that the agent still has, the present one included.
func (e *Episode) TurnsLeft() int { return e.turns - e.info.Steps }

// Given are the answers that the episode ended with, nil where none were.
func (e *Episode) Given() []string { return slices.Clone(e.answers) }

// Right counts the right ones among answers to the questions, in their order.
func (e *Episode) Right(answers []string) (n int) {
	for i, q := range e.questions {
		if i < len(answers) && answers[i] == q.Answer() {
			n++
		}
	}
	return n
}

// Found returns the search result that first told a fact as the one that was asked for; ok is false where none did.
func (e *Episode) Found(f Fact) (o Output, ok bool) {
	for _, o := range e.outputs {
		if o.Hit && o.Facts[0] == f {
			return o, true
		}
	}
	return o, false
}

// Needed is the next fact that a question needs and no search has brought, and the number of that question; ok is false where all were found.
func (e *Episode) Needed() (f Fact, question int, ok bool) {
	for i, q := range e.questions {
		for _, f := range q.Steps {
			if _, found := e.Found(f); !found {
				return f, i, true
			}
		}
	}
	return f, 0, false
}

// Used tells of a search result the question that its fact belongs to, and whether that fact is the question's answer; question is -1 for a
// result of no use.
func (e *Episode) Used(o Output) (question int, answer bool) {
	for i, q := range e.questions {
		if at := slices.Index(q.Steps, first(o)); o.Hit && at >= 0 {
			return i, at == len(q.Steps)-1
		}
	}
	return -1, false
}

func first(o Output) Fact {
	if len(o.Facts) == 0 {
		return Fact{}
	}
	return o.Facts[0]
}

// Task is the text of the questions: ask boss ana ; mother ben ; or, numbered, ask #5 boss ana #6 mother ben
func (e *Episode) Task() string {
	var b strings.Builder
	b.WriteString(Ask)
	for _, q := range e.questions {
		if q.Number != "" {
			b.WriteString(" " + q.Number + " " + q.String())
		} else {
			b.WriteString(" " + q.String() + " " + And)
		}
	}
	return b.String()
}

// Read returns the questions at first and then what came of the last answer; behind it stand the turns that are left.
func (e *Episode) Read() string {
	text := e.told
	if e.info.Steps == 0 {
		text = e.Task()
	}
	if hint := e.corpus.w.knobs.Hint; hint > 0 {
		text += " " + Left + " " + strconv.Itoa(min(hint, e.TurnsLeft()))
	}
	return text
}

// Act searches or takes the answers. An answer that is not understood costs a turn.
func (e *Episode) Act(answer string) world.Outcome {
	if e.info.Why != "" {
		return world.Outcome{Done: true, Note: "the episode is over"}
	}
	words := strings.Fields(answer)
	note, reward := "", 0.0
	e.told = Failed
	switch {
	case len(words) == 3 && words[0] == Find:
		note = e.search(words[1], words[2])
	case len(words) > 1 && words[0] == Ans:
		reward = e.answer(words[1:])
	default:
		note = "the answer is neither a search nor answers"
		e.unknown++
	}
	e.info.Steps++
	if e.info.Why == "" && e.TurnsLeft() <= 0 {
		e.info.Why = lab.EndHorizon
	}
	if e.info.Why != "" {
		e.sum(reward)
	}
	return world.Outcome{Reward: reward, Done: e.info.Why != "", Note: note}
}

// search tells the fact that was asked for, the best match first, and leads.
func (e *Episode) search(relation, of string) (note string) {
	c, turn := e.corpus, e.info.Steps
	f, ok := c.look(relation, of)
	if !ok && !c.searchable(relation, of) {
		e.unknown++
		return "nothing can be looked for by these words"
	}
	if _, before := e.Found(f); ok && before {
		e.repeats++
	}
	o := Output{Turn: turn, Asked: relation + " " + of, Hit: ok && !e.missed(f)}
	if c.w.knobs.IDs {
		o.ID = c.w.lex.ids[c.shuffled(drawIDs, MostTurns, MostTurns)[turn]]
	}
	if o.Hit {
		o.Facts = append(o.Facts, f)
	}
	o.Facts = append(o.Facts, c.leads(turn, relation, of, f)...)
	e.outputs, e.told = append(e.outputs, o), o.Text()
	return ""
}

// searchable says whether the words could name a fact: a relation or the alias table, and an entity or an alias.
func (c *corpus) searchable(relation, of string) bool {
	_, isRelation := c.w.lex.relation[relation]
	_, isEntity := c.w.lex.entity[of]
	_, isAlias := c.w.lex.alias[of]
	return (isRelation || relation == Alias) && (isEntity || isAlias)
}

// missed says whether the search in this turn is the first for a fact that the first search does not bring.
func (e *Episode) missed(f Fact) bool {
	c := e.corpus
	at := uint64(drawMiss) + uint64(c.w.lex.relation[f.Relation])<<8 + uint64(c.w.lex.entity[f.Of])
	if f.Relation == Alias || world.Unit(c.draw(at)) >= c.w.knobs.Misses {
		return false
	}
	return !slices.ContainsFunc(e.outputs, func(o Output) bool { return o.Asked == f.Key() })
}

// ReadAnswers is what the words behind ans say to the questions, in their order: one word each, or the word behind each number. Too many
// words, or an answer to a number that no question has or that was answered, are answers beyond the questions; none counts then.
func (e *Episode) ReadAnswers(words []string) (answers []string) {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == And })
	if !e.corpus.w.knobs.Numbered {
		return words
	}
	for range e.questions {
		answers = append(answers, Unknown)
	}
	for ; len(words) > 1; words = words[2:] {
		q := slices.IndexFunc(e.questions, func(q Question) bool { return q.Number == words[0] })
		if q < 0 || answers[q] != Unknown {
			return append(answers, words...)
		}
		answers[q] = words[1]
	}
	return append(answers, words...)
}

// answer takes the answers, which ends the episode.
func (e *Episode) answer(words []string) (reward float64) {
	e.answers = e.ReadAnswers(words)
	e.info.Why = lab.EndTerminal
	n, of := e.Right(e.answers), len(e.questions)
	if len(e.answers) > of {
		n = 0 // more answers than questions could be guesses at each: none counts
	}
	e.info.Success = n == of
	switch e.corpus.w.knobs.Pays {
	case PaysShare:
		reward = float64(n) / float64(of)
	case PaysAll:
		reward = float64(n / of)
	default:
		reward = float64(n)
	}
	return reward
}

// sum closes the episode.
func (e *Episode) sum(reward float64) {
	e.info.Return = float32(reward)
	right, hits, used := e.Right(e.answers), 0, 0
	if len(e.answers) > len(e.questions) {
		right = 0
	}
	for _, o := range e.outputs {
		if o.Hit {
			hits++
		}
		if q, _ := e.Used(o); q >= 0 {
			used++
		}
	}
	n := float64(len(e.questions))
	e.info.Numbers = map[string]float64{"objectives": n, "right": float64(right), "share": float64(right) / n, "searches": float64(len(e.outputs)),
		"hits": float64(hits), "used": float64(used), "repeats": float64(e.repeats), "unknown": float64(e.unknown), "answers": float64(len(e.answers))}
}

// Info sums the episode up; its numbers are there once it is over.
func (e *Episode) Info() world.Info {
	in := e.info
	in.Numbers = maps.Clone(in.Numbers)
	return in
}
