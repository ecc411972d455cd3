package memalpha

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
)

// telling keeps the events of one rollout until it is over, so that rollouts which are played side by side stand one after the other in the
// record. The methods of a nil telling do nothing.
type telling struct {
	log    mem.Log
	words  *llm.Words
	limit  int // tokens of a prompt with its response
	events []lab.Event
}

// Emit implements lab.Emitter. A memory does not outlive its episode: its banks carry the episode's number in their names.
func (t *telling) Emit(ev lab.Event) error {
	if m, ok := ev.(lab.Memory); ok {
		m.Bank += " " + strconv.FormatInt(m.Episode, 10)
		ev = m
	}
	t.events = append(t.events, ev)
	return nil
}

// tell makes the telling of an episode.
func tell(episode int64, words *llm.Words, limit int) *telling {
	t := &telling{words: words, limit: limit}
	t.log = mem.Log{Emit: t, Episode: episode}
	return t
}

// at says where the memory operations to come happen.
func (t *telling) at(step int) {
	if t != nil {
		t.log.T = step
	}
}

// saw keeps what the writer had before it: the very tokens, in the blocks of the prompt.
func (t *telling) saw(r *rollout, at int) {
	if t == nil {
		return
	}
	t.at(at)
	ev := lab.Context{Episode: t.log.Episode, T: at, Limit: t.limit}
	names := []string{core, semantic, episodic, newChunk}
	v := r.stores.view()
	left := r.steps[at].prompt
	for i, text := range r.stores.blocks(r.in.Chunks[at].Text) {
		n := len(strings.Fields(text)) // every word is one token
		b := lab.Block{Name: names[i], Text: text, Tokens: left[:n], Count: n}
		left = left[n:]
		if i == 1 || i == 2 {
			b.Entries = v.of(names[i])
		}
		ev.Blocks = append(ev.Blocks, b)
	}
	t.events = append(t.events, ev)
}

// did keeps the response.
func (t *telling) did(r *rollout, at int) {
	if t == nil {
		return
	}
	s := &r.steps[at]
	ev := lab.Step{Episode: t.log.Episode, T: at, Saw: r.in.Chunks[at].Text, Action: t.decode(s.wrote.Tokens),
		Numbers: map[string]lab.Float{"executed": lab.Float(s.r2), "valid": lab.Float(s.r4), "calls": lab.Float(len(s.calls)), "tokens in memory": lab.Float(r.stores.tokens())}}
	for _, p := range s.wrote.Logprobs {
		ev.State = append(ev.State, lab.Float(p))
	}
	t.events = append(t.events, ev)
}

func (t *telling) decode(ids []int32) string {
	text, _ := t.words.Decode(ids) // the ids are the tokenizer's own
	return text
}

// answered keeps a question, what was said, and what is right.
func (t *telling) answered(r *rollout, i int, said string, right float64) {
	if t == nil {
		return
	}
	q := &r.in.Questions[i]
	last := i == len(r.in.Questions)-1
	t.events = append(t.events, lab.Step{Episode: t.log.Episode, T: len(r.in.Chunks) + i, Saw: q.Text + " (right: " + strings.Join(q.Gold, " ") + ")", Action: said,
		Reward: lab.Float(right / float64(len(r.in.Questions))), Done: last, Numbers: map[string]lab.Float{"right": lab.Float(right)}})
}

// end keeps the sum of the episode and hands everything on.
func (t *telling) end(emit lab.Emitter, r *rollout, x int) error {
	peak := 0
	for i := range r.steps {
		peak = max(peak, len(r.steps[i].prompt)+len(r.steps[i].wrote.Tokens))
	}
	t.events = append(t.events, lab.Episode{ID: t.log.Episode, Split: "eval", Seed: r.in.Seed, X: int64(x), Steps: len(r.steps) + len(r.in.Questions), Return: lab.Float(r.r1),
		Success: r.r1 > 1-1e-9, Why: lab.EndTerminal, Memory: lab.Float(r.size()), Context: lab.Float(peak), Detail: true,
		Numbers: map[string]lab.Float{"shorter": lab.Float(r.r3)}})
	for _, ev := range t.events {
		if err := emit.Emit(ev); err != nil {
			return err
		}
	}
	return nil
}
