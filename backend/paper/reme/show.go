package reme

import (
	"bytes"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
)

// copied is a second memory with the same content, whose operations nobody keeps.
func (m *method) copied() (mem.Memory, error) {
	twin, err := m.open(&mem.Log{}, nil)
	if err != nil {
		return nil, err
	}
	var state bytes.Buffer
	if err := m.memory.Snapshot(&state); err != nil {
		return nil, err
	}
	return twin, twin.Restore(&state)
}

// kept tells whether task i of the stream goes into the record whole: the first few of each block.
func (m *method) kept(i int) bool { return i%m.knobs.Block < m.knobs.Kept }

// omitted is how many training episodes before this one were not kept, since the last kept one.
func (m *method) omitted(i int) (n int) {
	if !m.kept(i) {
		return 0
	}
	for t := i - 1; t >= 0; t-- {
		if m.kept(t) {
			return n
		}
		n++
	}
	return n + m.now.Pool
}

// show emits the steps of an attempt: what stood in the prompt, what was answered, and what came of it.
func (m *method) show(emit lab.Emitter, s *sitting, p *played) error {
	for t := range p.turns {
		turn := &p.turns[t]
		step := lab.Step{Episode: s.number, T: t, Saw: turn.Told, Action: turn.Answer, Reward: lab.Float(turn.Outcome.Reward), Done: turn.Outcome.Done}
		if r, ok := m.who.(*actor); ok {
			blocks, err := r.blocks(s, p, t)
			if err != nil {
				return err
			}
			if err := emit.Emit(lab.Context{Episode: s.number, T: t, Limit: r.sampler.Context(), Blocks: blocks}); err != nil {
				return err
			}
			said, err := r.tok.Decode(turn.Segment.Tokens)
			if err != nil {
				return err
			}
			step.Action = said // with the end token: the very words, of which State has the log-probabilities
			for _, v := range turn.Segment.Logprobs {
				step.State = append(step.State, lab.Float(v))
			}
		}
		if err := emit.Emit(step); err != nil {
			return err
		}
	}
	return nil
}

// blocks are the two parts of a prompt, with the very token ids.
func (r *actor) blocks(s *sitting, p *played, t int) ([]lab.Block, error) {
	var v view
	for i := range t + 1 {
		v.hear(p.turns[i].Told)
	}
	told, err := r.tok.Encode(v.text())
	if err != nil {
		return nil, err
	}
	ids := p.turns[t].Segment.Context
	before := ids[:len(ids)-len(told)]
	blocks := []lab.Block{{Name: "task", Text: v.text(), Tokens: told, Count: len(told)}}
	if len(before) == 0 {
		return blocks, nil
	}
	text, err := r.tok.Decode(before)
	memory := lab.Block{Name: "memory", Text: text, Tokens: before, Count: len(before), Entries: s.reading.IDs()}
	return append([]lab.Block{memory}, blocks...), err
}

// episode sums an attempt up.
func (m *method) episode(s *sitting, p *played, split string, detail bool, omitted int) lab.Episode {
	entries := 0
	for _, b := range m.memory.Banks() {
		entries += b.Len()
	}
	ep := lab.Episode{ID: s.number, Split: split, Seed: p.info.Seed, X: int64(m.now.Tasks), Steps: len(p.turns), Return: lab.Float(p.info.Return),
		Success: p.info.Success, Why: p.info.Why, Memory: lab.Float(entries), Context: lab.Float(p.peak()), Detail: detail, Omitted: omitted,
		Numbers: map[string]lab.Float{"read": lab.Float(len(s.reading.Entries))}}
	for _, name := range []string{"family", "requests", "errors", "unknown"} {
		if v, ok := p.info.Numbers[name]; ok {
			ep.Numbers[name] = lab.Float(v)
		}
	}
	if ep.Why == "" { // the prompt filled the actor's context before the task was done
		ep.Why = lab.EndHorizon
	}
	return ep
}
