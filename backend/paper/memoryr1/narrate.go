package memoryr1

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
)

// narrate puts whole test conversations into the record: what was said, what the manager read, decided and wrote, operation by operation,
// then each question with what was retrieved and selected. The bank is built again for it by the operations that were decided; were it
// another one than the manager read, the run would stop.
func (m *method) narrate(emit lab.Emitter, talks []*written, read []reading) error {
	for _, t := range talks {
		m.now.Episodes++
		n := &narrator{m: m, emit: emit, id: m.now.Episodes, log: &mem.Log{Emit: emit, Episode: m.now.Episodes}}
		of := read[:min(len(read), len(t.Turns[len(t.Turns)-1].Holds))]
		read = read[len(of):]
		if err := n.tell(t, of); err != nil {
			return err
		}
	}
	return nil
}

// narrator tells one conversation, whose bank has its number in its name: conversations share nothing.
type narrator struct {
	m    *method
	emit lab.Emitter
	id   int64
	log  *mem.Log
	bank *bank
	most int // tokens of the largest context
}

func (n *narrator) tell(t *written, read []reading) error {
	bank, left := newBank(fmt.Sprint("facts ", n.id), n.log, n.m.memory.Capacity), t.Decisions
	n.bank = bank
	for now := range t.Turns {
		if len(t.Turns[now].News) == 0 || len(left) == 0 {
			if err := n.step(t.Turns[now].Line, "", nil, 0, false); err != nil {
				return err
			}
		}
		for len(left) > 0 && left[0].Turn == now {
			if err := n.decision(bank, t, left[0]); err != nil {
				return err
			}
			left = left[1:]
		}
	}
	if t.recalled == nil && !slices.Equal(bank.lines(), t.Lines) {
		return lab.Errorf(lab.Internal, "conversation %d: the bank of the record has %v, that of the manager %v", t.talk.Seed, bank.lines(), t.Lines)
	}
	right, now := 0.0, len(t.Turns)-1
	for i := range read {
		r := &read[i]
		if t.recalled == nil {
			if err := bank.Read(r.text, hits(rank(t.Lines, r.text, now), n.m.knobs.Candidates), "words in common with the question, the latest first of equal ones"); err != nil {
				return err
			}
		}
		if err := n.answer(r, i+1 == len(read)); err != nil {
			return err
		}
		right += score(Exact, r.Values, r.gold.Values)
	}
	return n.emit.Emit(lab.Episode{ID: n.id, Split: "eval", Seed: t.talk.Seed, X: int64(n.m.now.Managed + n.m.now.Answered), Steps: n.log.T,
		Return: lab.Float(right / float64(max(len(read), 1))), Success: len(read) > 0 && int(right) == len(read), Why: lab.EndTerminal,
		Memory: lab.Float(t.size()), Context: lab.Float(n.most), Detail: true})
}

// decision tells what the manager read, and what it did.
func (n *narrator) decision(bank *bank, t *written, d *decision) error {
	for _, c := range d.Hand {
		if err := mem.AlterBank(bank.Bank, c); err != nil {
			return err
		}
	}
	news := n.m.world.text(d.News)
	if err := bank.Read(news, hits(d.Ranked, n.m.memory.Shown), "words in common with the new fact, the latest first of equal ones"); err != nil {
		return err
	}
	if err := n.context(d.Prompt, d.Shown, managerTokens); err != nil {
		return err
	}
	reason := string(t.Turns[d.Turn].Kind) + " turn, new fact \"" + news + "\": " + d.Said
	if err := bank.apply(d.Shown, d.Ops, d.Turn, reason); err != nil {
		return err
	}
	return n.step(t.Turns[d.Turn].Line, d.Said, d.Wrote.Logprobs, 0, false)
}

// answer tells a question with its answer.
func (n *narrator) answer(r *reading, last bool) error {
	if err := n.context(r.Prompt, r.shown, answerTokens); err != nil {
		return err
	}
	saw := r.text + "\nright answer: " + strings.Join(r.gold.Values, " ") + "\nselected: " + slots(r.Picked)
	return n.step(saw, r.Said, r.Wrote.Logprobs, score(Exact, r.Values, r.gold.Values), last)
}

// context tells the very tokens that a model read; a rule reads none.
func (n *narrator) context(prompt []int32, shown []line, room int) error {
	n.most = max(n.most, len(prompt))
	if prompt == nil {
		return nil
	}
	text, err := n.m.words.Decode(prompt)
	if err != nil {
		return err
	}
	var ids []string
	for _, l := range shown {
		if _, own := n.bank.Get(l.ID); own { // the others come from other conversations
			ids = append(ids, l.ID)
		}
	}
	return n.emit.Emit(lab.Context{Episode: n.id, T: n.log.T, Limit: len(prompt) + room,
		Blocks: []lab.Block{{Name: "memory and task", Text: text, Tokens: prompt, Count: len(prompt), Entries: ids}}})
}

func (n *narrator) step(saw, did string, logprobs []float32, reward float64, done bool) error {
	s := lab.Step{Episode: n.id, T: n.log.T, Saw: saw, Action: did, Reward: lab.Float(reward), Done: done}
	for _, lp := range logprobs {
		s.State = append(s.State, lab.Float(lp))
	}
	n.log.T++
	return n.emit.Emit(s)
}
