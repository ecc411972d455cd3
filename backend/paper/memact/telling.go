package memact

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
)

// bankName is the name of the context as a memory; behind it stands the number of the episode.
const bankName = "context"

// telling keeps the events of one episode until it is over, so that episodes which are played side by side stand one after the other in the
// record. The context is shown as a bank: every record is an entry, a memory action deletes entries and adds itself. The methods of a nil
// telling do nothing.
type telling struct {
	log    mem.Log
	bank   *mem.Bank
	words  *llm.Words
	limit  int
	places map[string]string // entry of a record, by its key
	steps  []shownStep
	hand   []lab.Event // what happens before the next call: changes by hand, and that the context is read
	early  bool        // such a thing is under way
	err    error
}

// shownStep is one call, and what it did to the context.
type shownStep struct {
	hand    []lab.Event // before the model was asked
	context lab.Context
	step    lab.Step
	memory  []lab.Event
}

// tell makes the telling of an episode.
func tell(episode int64, words *llm.Words, limit int) *telling {
	t := &telling{words: words, limit: limit, places: map[string]string{}}
	t.log = mem.Log{Emit: t, Episode: episode}
	t.bank = mem.NewBank(bankName+" "+strconv.FormatInt(episode, 10), &t.log, nil)
	return t
}

// Emit implements lab.Emitter: operations of the bank belong to the call that is under way.
func (t *telling) Emit(ev lab.Event) error {
	if t.early {
		t.hand = append(t.hand, ev)
		return nil
	}
	last := &t.steps[len(t.steps)-1]
	last.memory = append(last.memory, ev)
	return nil
}

// key names a record within its episode.
func (r *record) key() string { return fmt.Sprint(r.Kind, r.Turn) }

// line is a record as an entry of the bank.
func (r *record) line(words *llm.Words) string {
	return strings.TrimSpace(decode(words, r.Own) + " " + r.Out)
}

// saw keeps what stood in the context when the model was asked: a block for each record, with the very tokens.
func (t *telling) saw(d *desk) {
	if t == nil {
		return
	}
	at := d.info.Steps
	t.log.T = at
	t.read(d)
	ev := lab.Context{Episode: t.log.Episode, T: at, Limit: t.limit}
	for i := range d.h.records {
		r := &d.h.records[i]
		b := lab.Block{Name: blockName(r.Kind), Text: r.Out, Tokens: append(append([]int32{}, r.Own...), r.Said...), Count: r.tokens(), Dropped: r.Freed}
		if i > 0 {
			b.Text, b.Entries = r.line(t.words), []string{t.places[r.key()]}
		}
		ev.Blocks = append(ev.Blocks, b)
	}
	scene := d.Scene()
	t.steps = append(t.steps, shownStep{hand: t.hand, context: ev, step: lab.Step{Episode: t.log.Episode, T: at, Saw: d.h.text(), Scene: &scene}})
	t.hand = nil
}

// read says that the model was given every record in the context: nothing is chosen when it reads, only when it prunes.
func (t *telling) read(d *desk) {
	var hits []lab.Hit
	for i := range d.h.records[1:] {
		hits = append(hits, lab.Hit{Entry: t.places[d.h.records[i+1].key()], Rank: i + 1, Score: 1, Parts: map[string]lab.Float{"in the context": 1}, Used: true})
	}
	if len(hits) == 0 {
		return
	}
	t.early = true
	defer func() { t.early = false }()
	t.note(t.bank.Read(d.h.records[0].Out, hits, "everything that stands in the context is read, in its order"))
}

// blockName is how the page calls a kind of record.
func blockName(kind string) string {
	switch kind {
	case taskRecord:
		return "task"
	case findRecord:
		return "tool"
	case pruneRecord:
		return "memory"
	}
	return "history"
}

// wrote keeps what the model did and the record that it made.
func (t *telling) wrote(d *desk, r record, note string) {
	if t == nil {
		return
	}
	s := &t.steps[len(t.steps)-1].step
	s.Action = decode(t.words, r.Own)
	s.Numbers = map[string]lab.Float{"context tokens": lab.Float(d.h.tokens()), "records": lab.Float(len(d.h.records) - 1), "tokens freed": lab.Float(r.Freed)}
	reason := map[string]string{findRecord: "a search and what it found", pruneRecord: "a memory action: its text stays"}[r.Kind]
	if reason == "" {
		reason = "an action"
	}
	if note != "" {
		reason += " that failed: " + note
	}
	id, err := t.bank.Add(lab.Entry{Type: r.Kind, Text: r.line(t.words), Labels: labels(r.ID)}, reason)
	t.places[r.key()] = id
	t.note(err)
}

// labels holds the word by which a record can be deleted.
func labels(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// removed keeps that records left the context.
func (t *telling) removed(records []record, why string) {
	if t == nil {
		return
	}
	for i := range records {
		t.note(t.bank.Delete(t.places[records[i].key()], why))
	}
}

func (t *telling) note(err error) {
	if t.err == nil {
		t.err = err
	}
}

// end hands everything on, with the log-probabilities of what was written and the sum of the episode.
func (t *telling) end(emit lab.Emitter, d *desk, tr *rl.Trajectory, x int) error {
	if t.err != nil {
		return lab.Errorf(lab.Internal, "the context of episode %d: %w", t.log.Episode, t.err)
	}
	last := len(t.steps) - 1
	for i := range t.steps {
		s := &t.steps[i]
		if s.step.Done = i == last; s.step.Done {
			s.step.Reward = lab.Float(tr.Reward)
		}
		for _, p := range tr.Segments[i].Logprobs {
			s.step.State = append(s.step.State, lab.Float(p))
		}
		for _, ev := range slices.Concat(s.hand, []lab.Event{s.context, s.step}, s.memory) {
			if err := emit.Emit(ev); err != nil {
				return err
			}
		}
	}
	why := d.info.Why
	if why == "" {
		why = lab.EndHorizon
	}
	return emit.Emit(lab.Episode{ID: t.log.Episode, Split: "eval", Seed: d.Info().Seed, X: int64(x), Steps: len(t.steps), Return: lab.Float(tr.Reward), Success: d.info.Success,
		Why: why, Memory: lab.Float(d.memory()), Context: lab.Float(d.tale.peak), Detail: true,
		Numbers: map[string]lab.Float{"questions": lab.Float(len(d.quest.Questions())), "searches": lab.Float(d.tale.finds), "memory actions": lab.Float(d.tale.prunes)}})
}

// decode shows tokens to a person; they come from the model's own vocabulary.
func decode(words *llm.Words, ids []int32) string {
	text, err := words.Decode(ids)
	if err != nil {
		return err.Error()
	}
	return text
}
