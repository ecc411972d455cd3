package memact

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/hop"
)

// desk is the dialogue that the agent takes part in: an episode of the world whose searches and answers become records of a context, and
// the memory action that edits this context in place.
type desk struct {
	k     *ContextKnobs
	tool  bool // the memory action is there
	words *llm.Words
	quest *hop.Episode
	h     history
	names []string // ids for the records of memory actions, each used once
	wrote []int32  // the tokens of the action to come, where a model wrote them
	said  [][]int32
	info  world.Info
	paid  float64 // at the end
	tale  tale
	log   *telling // nil for an episode that is not kept
}

// tale counts what happened in an episode.
type tale struct {
	calls, finds, prunes, failures int
	seen                           int // input tokens, summed over calls
	peak                           int // most tokens of a context
	overflow, malformed            bool
}

// newDesk lays an episode out. names are the words for ids of memory records, in the order in which they will be given.
func newDesk(k *ContextKnobs, tool bool, words *llm.Words, quest *hop.Episode) (*desk, error) {
	d := &desk{k: k, tool: tool, words: words, quest: quest, names: shuffledNames(quest.Info().Seed)}
	task, err := words.Encode(d.task())
	if err != nil {
		return nil, err
	}
	d.h.records = []record{{Kind: taskRecord, Out: d.task(), Said: task}}
	return d, nil
}

// memoryNames are the words for ids of memory records.
func memoryNames() []string {
	all := make([]string, mostPrunes)
	for i := range all {
		all[i] = "m" + strconv.Itoa(i+1)
	}
	return all
}

// mostPrunes is how many memory actions of an episode get an id; later ones cannot be pruned.
const mostPrunes = 16

// shuffledNames are the names in an order that depends on the episode.
func shuffledNames(seed uint64) []string {
	all := memoryNames()
	for i := range all {
		j := i + world.Pick(world.Draw(seed, uint64(i)), len(all)-i)
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// task is the instruction: which tools there are, and the questions, each behind its letter.
func (d *desk) task() string {
	parts := []string{withoutTool}
	if d.tool {
		parts[0] = withTool
	}
	for i, q := range d.quest.Questions() {
		parts = append(parts, slotWords()[i], q.String())
	}
	return strings.Join(parts, " ")
}

// Read implements world.Dialogue: the whole context in words.
func (d *desk) Read() string { return d.h.text() }

// wrotes gives the desk the very tokens of the next action.
func (d *desk) wrotes(tokens []int32) { d.wrote = tokens }

// Act carries out an action (sec. 3.1 of arXiv 2510.12635v1):
//
//	task action    H <- H + (a, o)
//	memory action  H <- H without the named records + (a, done or failed)
//
// The episode ends with an answer, when the context is longer than the limit, or when the world has no turn left.
func (d *desk) Act(answer string) world.Outcome {
	if d.info.Why != "" {
		return world.Outcome{Done: true, Note: "the episode is over"}
	}
	d.log.saw(d)
	d.tale.calls++
	d.info.Steps++
	d.tale.seen += d.h.tokens()
	d.tale.peak = max(d.tale.peak, d.h.tokens())
	r, note := d.record(answer)
	before := d.info.Why
	d.h.records = append(d.h.records, r)
	d.said = append(d.said, r.Said)
	d.log.wrote(d, r, note)
	if before != "" {
		return world.Outcome{Reward: d.paid, Done: true, Note: note}
	}
	return d.bound(note)
}

// record carries an action out and returns the record that it makes.
func (d *desk) record(answer string) (r record, note string) {
	r = record{Kind: otherRecord, Call: strings.Join(strings.Fields(answer), " "), Turn: d.info.Steps - 1}
	switch c := parseCall(answer); {
	case c.Tool == findTool:
		note = d.search(&r, c)
	case c.Tool == pruneTool:
		note = d.edit(&r, c)
	case c.Tool == answerTool:
		note = d.answer(&r, c)
	default:
		d.tale.failures++
		r.Out, note = failedWord, "no tool is called so"
		d.spend()
	}
	r.Own, d.wrote = d.wrote, nil
	if r.Own == nil {
		r.Own = d.encode(strings.TrimSpace(r.Call + " " + llm.EndWord))
	}
	r.Said = d.encode(r.Out)
	return r, note
}

// encode gives the tokens of a text; words that no model could have written or read are left out.
func (d *desk) encode(text string) []int32 {
	ids, err := d.words.Encode(text)
	if err == nil {
		return ids
	}
	ids = []int32{}
	for _, w := range strings.Fields(text) {
		if one, err := d.words.Encode(w); err == nil {
			ids = append(ids, one...)
		}
	}
	return ids
}

// search asks the world; what it finds has an id of its own.
func (d *desk) search(r *record, c call) (note string) {
	d.tale.finds++
	before := len(d.quest.Outputs())
	out := d.quest.Act(hop.Find + " " + c.Text)
	if outputs := d.quest.Outputs(); len(outputs) > before {
		o := outputs[before]
		r.Kind, r.ID, r.Out = findRecord, o.ID, shown(o, c.Slot)
	} else {
		d.tale.failures++
		r.Out = failedWord
	}
	if out.Done {
		d.end(lab.EndHorizon, 0, "")
	}
	return out.Note
}

// shown is a search result in words. The fact that was searched for stands first, as the letter of the question and what was found; a result
// without it, or of a search without a letter, is told as the world tells it.
func shown(o hop.Output, slot string) string {
	if !o.Hit || slot == "" {
		return o.Text()
	}
	rest := o
	rest.Facts = o.Facts[1:]
	return strings.Join([]string{hop.Found, o.ID, slot, o.Facts[0].Is, hop.And}, " ") + strings.TrimPrefix(rest.Text(), hop.Found+" "+o.ID)
}

// edit is the memory action.
func (d *desk) edit(r *record, c call) (note string) {
	d.tale.prunes++
	r.Out = failedWord
	if !d.tool {
		d.tale.failures++
		return unavailable
	}
	removed, fault := d.h.prune(c.Text, c.IDs, d.k.Prunable)
	if fault != "" {
		d.tale.failures++
		return fault
	}
	for i := range removed {
		r.Freed += removed[i].tokens()
	}
	d.log.removed(removed, "named by the memory action of turn "+strconv.Itoa(r.Turn)+", which keeps: "+c.Text)
	r.Kind, r.Out = pruneRecord, doneWord
	if len(d.names) > 0 {
		r.ID, d.names = d.names[0], d.names[1:]
		r.Out += " " + r.ID
	}
	return ""
}

// answer ends the episode: 1 where every question is answered rightly, 0 where not, the penalty where it is no answer.
func (d *desk) answer(r *record, c call) (note string) {
	r.Out = doneWord
	if c.Bad != "" {
		d.tale.malformed = true
		d.end(lab.EndTerminal, -d.k.Penalty, "")
		return c.Bad
	}
	questions := d.quest.Questions()
	values := make([]string, len(questions))
	for i := range values {
		values[i] = hop.Unknown
		for _, s := range c.Said {
			if s.Slot == slotWords()[i] {
				values[i] = s.Value
				break
			}
		}
	}
	d.quest.Act(hop.Answers(values))
	reward := 0.0
	if d.quest.Right(values) == len(questions) {
		reward, d.info.Success = 1, true
	}
	d.end(lab.EndTerminal, reward, "")
	return ""
}

// spend costs a turn of the world.
func (d *desk) spend() {
	if d.quest.Act(hop.Failed).Done {
		d.end(lab.EndHorizon, 0, "")
	}
}

// bound looks at the length of the context before the next call.
func (d *desk) bound(note string) world.Outcome {
	if d.k.Limit == 0 || d.h.tokens() <= d.k.Limit {
		return world.Outcome{Note: note}
	}
	if d.k.Mode == WindowMode {
		d.log.removed(d.h.slide(d.k.Limit), "the oldest: the context was longer than the window")
		return world.Outcome{Note: note}
	}
	d.tale.overflow, d.tale.peak = true, max(d.tale.peak, d.h.tokens())
	return d.end(lab.EndTerminal, -d.k.Penalty, "the context has "+strconv.Itoa(d.h.tokens())+" tokens, more than "+strconv.Itoa(d.k.Limit))
}

func (d *desk) end(why string, reward float64, note string) world.Outcome {
	d.info.Why, d.info.Return, d.paid = why, float32(reward), reward
	return world.Outcome{Reward: reward, Done: true, Note: note}
}

// Info implements world.Dialogue.
func (d *desk) Info() world.Info {
	info := d.info
	info.Seed = d.quest.Info().Seed
	return info
}

// Scene implements world.Dialogue.
func (d *desk) Scene() lab.Scene { return d.quest.Scene() }

// memory is the number of tokens of the memory texts that stand in the context.
func (d *desk) memory() (n int) {
	for i := range d.h.records {
		if d.h.records[i].Kind == pruneRecord {
			n += len(strings.Fields(parseCall(d.h.records[i].Call).Text))
		}
	}
	return n
}
