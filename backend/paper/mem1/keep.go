package mem1

import (
	"slices"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world/hop"
)

// bank is the name of the only memory: the state that the agent writes for its next turn, an entry for each question.
const bank = "state"

// keep puts an attempt into the record: at each turn the very tokens that the model had before it, what it wrote, and what became of its state.
func (e *exam) keep(emit lab.Emitter, t *trace, played *rl.Trajectory, now *count) error {
	now.Episodes++
	id := now.Episodes
	held := make([]*lab.Entry, len(t.Questions()))
	for i := range t.steps {
		if err := e.turn(emit, t, &played.Segments[i], id, i); err != nil {
			return err
		}
		if err := remember(emit, t, held, id, i); err != nil {
			return err
		}
	}
	in, size := t.Info(), 0
	if n := len(t.steps); n > 0 {
		size = len(t.steps[n-1].said.state)
	}
	return emit.Emit(lab.Episode{ID: id, Split: "eval", Seed: in.Seed, X: int64(now.Updates), Steps: in.Steps, Return: lab.Float(played.Reward),
		Success: in.Success, Why: in.Why, Memory: lab.Float(size), Context: lab.Float(played.Peak()), Detail: true,
		Numbers: map[string]lab.Float{"questions": lab.Float(len(t.Questions())), "right": lab.Float(in.Numbers["right"])}})
}

// turn emits the context of a turn and what was written.
func (e *exam) turn(emit lab.Emitter, t *trace, seg *rl.Segment, id int64, i int) error {
	s := &t.steps[i]
	blocks, err := e.blocks(t.Questions(), s, seg.Context)
	if err != nil {
		return err
	}
	if err := emit.Emit(lab.Context{Episode: id, T: i, Limit: len(seg.Context) + len(seg.Tokens), Blocks: blocks}); err != nil {
		return err
	}
	wrote, err := e.player.words.Decode(seg.Tokens)
	if err != nil {
		return lab.Errorf(lab.Internal, "what the model wrote: %w", err)
	}
	state := make([]lab.Float, len(seg.Logprobs))
	for j, p := range seg.Logprobs {
		state[j] = lab.Float(p)
	}
	return emit.Emit(lab.Step{Episode: id, T: i, Saw: s.saw, Action: wrote, Reward: lab.Float(s.reward), Done: s.done, Scene: s.scene, State: state,
		Numbers: map[string]lab.Float{"tokens": lab.Float(len(seg.Tokens)), "state": lab.Float(len(s.said.state))}})
}

// blocks are the parts of a context. Of a pruned one these are the questions, the state and the query of the turn before, and what came of it;
// of a whole one the questions, the history, and what came last.
func (e *exam) blocks(questions []hop.Question, s *step, context []int32) ([]lab.Block, error) {
	task, info := s.parts.task, s.parts.info
	rest := context[len(task) : len(context)-len(info)]
	if !e.player.contexts.whole {
		at := slices.IndexFunc(rest, e.player.acts)
		if at < 0 {
			at = len(rest)
		}
		return e.named(questions, []string{"task", "memory", "query", "info"}, task, rest[:at], rest[at:], info)
	}
	return e.named(questions, []string{"task", "history", "info"}, task, rest, info)
}

// acts says whether a token begins a search or answers.
func (p *player) acts(id int32) bool {
	w, err := p.words.Decode([]int32{id})
	return err == nil && (w == hop.Find || w == hop.Ans)
}

// named makes blocks of those that have tokens.
func (e *exam) named(questions []hop.Question, names []string, tokens ...[]int32) (blocks []lab.Block, err error) {
	for i, ids := range tokens {
		if len(ids) == 0 {
			continue
		}
		text, err := e.player.words.Decode(ids)
		if err != nil {
			return nil, lab.Errorf(lab.Internal, "a part of a context: %w", err)
		}
		b := lab.Block{Name: names[i], Text: text, Tokens: ids, Count: len(ids)}
		if names[i] == "memory" {
			b.Entries = entries(slots(questions, parse(text).state))
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// entries are the names of what stands in the slots of a state.
func entries(slots []string) (all []string) {
	for q, answer := range slots {
		if answer != "" {
			all = append(all, entry(q))
		}
	}
	return all
}

// entry names what the state holds for a question.
func entry(q int) string { return "question " + strconv.Itoa(q+1) }

// remember emits what the state of a turn has for each question that the one before had not, and what it has no longer.
func remember(emit lab.Emitter, t *trace, held []*lab.Entry, id int64, turn int) error {
	state := slots(t.Questions(), t.steps[turn].said.state)
	for q := range held {
		var after *lab.Entry
		if state[q] != "" {
			after = &lab.Entry{ID: entry(q), Type: "answer", Text: t.Questions()[q].String() + " " + hop.Is + " " + state[q], Tokens: 1,
				Sources: []string{"turn " + strconv.Itoa(turn)}}
		}
		before := held[q]
		if before == nil && after == nil || before != nil && after != nil && before.Text == after.Text {
			continue
		}
		held[q] = after
		ev := lab.Memory{Bank: bank, Episode: id, T: turn, Entry: entry(q), Before: before, After: after}
		ev.Op, ev.Reason = change(before, after)
		for _, e := range held {
			if e != nil {
				ev.Size, ev.Tokens = ev.Size+1, ev.Tokens+e.Tokens
			}
		}
		if err := emit.Emit(ev); err != nil {
			return err
		}
	}
	return nil
}

func change(before, after *lab.Entry) (lab.MemoryOp, string) {
	switch {
	case before == nil:
		return lab.OpWrite, "the state of this turn names an answer to the question for the first time"
	case after == nil:
		return lab.OpDelete, "the state of this turn does not name it any more: it is gone with the turn before"
	}
	return lab.OpChange, "the state of this turn names another answer"
}
