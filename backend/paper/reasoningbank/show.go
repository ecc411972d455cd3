package reasoningbank

import (
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/shop"
)

// record puts the rollouts of a task into the record: each is an episode, and those of a few tasks of every window are kept whole.
func (m *method) record(emit lab.Emitter, done []played, pick int) error {
	at := (m.now.Tasks - 1) % m.knobs.Window
	kept := at < m.knobs.Kept
	if kept && len(done) > 1 {
		if err := emit.Emit(lab.Log{Level: "info", Text: table(done, pick)}); err != nil {
			return err
		}
	}
	omitted := 0
	if kept && at == 0 && m.now.Tasks > 1 {
		omitted = max(0, m.knobs.Window-m.knobs.Kept) * len(done)
	}
	for i := range done {
		if i > 0 {
			omitted = 0
		}
		if err := m.show(emit, &done[i], shop.Train, kept, omitted); err != nil {
			return err
		}
	}
	return nil
}

// show emits an episode, with its steps where it is kept.
func (m *method) show(emit lab.Emitter, p *played, split string, kept bool, omitted int) error {
	m.now.Episodes++
	id := m.now.Episodes
	for t := range p.turns {
		if !kept {
			break
		}
		if err := m.step(emit, p, id, t); err != nil {
			return err
		}
	}
	return emit.Emit(m.episode(p, id, split, kept, omitted))
}

func (m *method) step(emit lab.Emitter, p *played, id int64, t int) error {
	turn := &p.turns[t]
	step := lab.Step{Episode: id, T: t, Saw: turn.Told, Action: turn.Answer, Reward: lab.Float(turn.Outcome.Reward), Done: turn.Outcome.Done}
	if a, ok := m.who.(*actor); ok {
		blocks, err := a.blocks(p, t)
		if err != nil {
			return err
		}
		if err := emit.Emit(lab.Context{Episode: id, T: t, Limit: a.sampler.Context(), Blocks: blocks}); err != nil {
			return err
		}
		if step.Action, err = a.tok.Decode(turn.Segment.Tokens); err != nil {
			return err
		}
		for _, v := range turn.Segment.Logprobs { // of the very words of Action, its end token too
			step.State = append(step.State, lab.Float(v))
		}
	}
	return emit.Emit(step)
}

// blocks are the two parts of a prompt, with the very token ids.
func (a *actor) blocks(p *played, t int) ([]lab.Block, error) {
	ids, turn := p.turns[t].Segment.Context, &p.turns[t]
	told, err := a.tok.Encode(turn.Told + "\n")
	if err != nil {
		return nil, err
	}
	before := ids[:len(ids)-len(told)]
	blocks := []lab.Block{{Name: "page", Text: turn.Told, Tokens: told, Count: len(told)}}
	if len(before) == 0 {
		return blocks, nil
	}
	text, err := a.tok.Decode(before)
	memory := lab.Block{Name: "memory", Text: text, Tokens: before, Count: len(before), Entries: p.inPrompt(a.room)}
	return append([]lab.Block{memory}, blocks...), err
}

// inPrompt are the entries that stood in the prompt: those that were read and fitted.
func (p *played) inPrompt(room int) []string {
	ids := p.reading.IDs()
	n := len(fitting(p.lines(), room)) - len(p.notes)
	return ids[len(ids)-max(0, n):]
}

// episode sums a rollout up. Its numbers hold what the judge says beside the truth, which no memory sees.
func (m *method) episode(p *played, id int64, split string, detail bool, omitted int) lab.Episode {
	entries, _ := m.size()
	ep := lab.Episode{ID: id, Split: split, Seed: p.info.Seed, X: int64(m.now.Tasks), Steps: len(p.turns), Return: lab.Float(p.info.Return),
		Success: p.info.Success, Why: p.info.Why, Memory: lab.Float(entries), Context: lab.Float(p.peak()), Detail: detail, Omitted: omitted,
		Numbers: map[string]lab.Float{"read": lab.Float(len(p.reading.Entries))}}
	if split == shop.Train {
		ep.Numbers["judged"] = lab.Float(btoi(p.won))
	}
	for _, name := range []string{"class", "wrong", "refused", "unknown"} {
		if v, ok := p.info.Numbers[name]; ok {
			ep.Numbers[name] = lab.Float(v)
		}
	}
	if ep.Why == "" { // the prompt filled the actor's context before the shop was done
		ep.Why = lab.EndHorizon
	}
	return ep
}

// table is the contrast of the rollouts of a task: a row for each, what it chose at every stage, what the judge says and what is true.
func table(done []played, pick int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "rollouts of %q:", done[0].goal.Sentence)
	for i := range done {
		p := &done[i]
		fmt.Fprintf(&b, "\n%d: %s; judged %s, in truth %s", i+1, strings.Join(p.visit.Chosen(), ", "), outcome(p.won), outcome(p.info.Success))
		if i == pick {
			b.WriteString("; answered with")
		}
	}
	return b.String()
}

func outcome(success bool) string { return []string{"a failure", "a success"}[btoi(success)] }
