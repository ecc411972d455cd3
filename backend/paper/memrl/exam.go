package memrl

import (
	"bytes"
	"context"
	"errors"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/house"
)

// heldOut is the split of a test's episodes in the record.
const heldOut = "held-out"

// testClock numbers the flats of tests: no training episode comes so far.
const testClock = 1 << 40

// examine does the held-out tasks, each in some flats, with a copy of the memory as it stands: what is read may be noted there, and nothing
// is learned or written. Every test of a run has the same tasks in the same flats.
func (m *method) examine(ctx context.Context, emit lab.Emitter, epoch int) error {
	who, err := m.player(ctx)
	if err != nil {
		return err
	}
	var sittings []sitting
	for i, t := range m.test {
		for f := range m.knobs.Flats {
			n := i*m.knobs.Flats + f
			sittings = append(sittings, sitting{task: t, clock: testClock + uint64(n), number: m.total() + m.now.Shown + int64(n) + 1})
		}
	}
	memory, err := m.copied()
	if err != nil {
		return err
	}
	readings, err := m.read(ctx, memory, sittings, m.now.Episodes+1)
	if err != nil {
		return err
	}
	done, err := who.play(ctx, table{m.house, sittings, readings, 0, world.Draw(m.key, testClock), m.byHand(memory, m.now.Episodes+1)})
	if err = errors.Join(err, failed(done)); err != nil {
		return err
	}
	solved := make([]bool, len(done))
	for i := range done {
		solved[i] = done[i].info.Success
	}
	if err := emitAll(emit, epoch, []measure{{MetricHeldOut, share(solved)}}); err != nil {
		return err
	}
	return m.shown(emit, done)
}

// shown puts the first few episodes of a test into the record.
func (m *method) shown(emit lab.Emitter, done []played) error {
	for i := range min(m.knobs.Kept, len(done)) {
		if err := m.show(emit, &done[i]); err != nil {
			return err
		}
		if err := emit.Emit(m.episode(&done[i], heldOut, true, 0)); err != nil {
			return err
		}
		m.now.Shown++
	}
	return nil
}

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

// kept tells whether the episode of a training task goes into the record whole: a few of each epoch, evenly spread, the same tasks in each.
func (m *method) kept(task int) bool {
	n := len(m.train)
	return m.knobs.Kept > 0 && (task == 0 || task*m.knobs.Kept/n > (task-1)*m.knobs.Kept/n)
}

// omitted is how many episodes before this one were not kept, since the last kept one.
func (m *method) omitted(task int) (n int) {
	if !m.kept(task) {
		return 0
	}
	for t := task - 1; t >= 0 && !m.kept(t); t-- {
		n++
	}
	if task == 0 && m.now.Episodes > 0 { // what was left of the epoch before
		for t := len(m.train) - 1; t >= 0 && !m.kept(t); t-- {
			n++
		}
	}
	return n
}

// show emits the steps of an episode: what stood in the prompt, what was answered, and what came of it.
func (m *method) show(emit lab.Emitter, p *played) error {
	for t := range p.turns {
		if err := m.showStep(emit, p, t); err != nil {
			return err
		}
	}
	return nil
}

func (m *method) showStep(emit lab.Emitter, p *played, t int) error {
	turn := &p.turns[t]
	if r, ok := m.who.(*reader); ok {
		blocks, err := r.blocks(p, t)
		if err != nil {
			return err
		}
		if err := emit.Emit(lab.Context{Episode: p.number, T: t, Limit: r.sampler.Context(), Blocks: blocks}); err != nil {
			return err
		}
	}
	step := lab.Step{Episode: p.number, T: t, Saw: turn.Told, Action: turn.Answer, Reward: lab.Float(turn.Outcome.Reward), Done: turn.Outcome.Done}
	if r, ok := m.who.(*reader); ok {
		said, err := r.tok.Decode(turn.Segment.Tokens)
		if err != nil {
			return err
		}
		step.Action = said // with the end token: the very words, of which State has the log-probabilities
		for _, v := range turn.Segment.Logprobs {
			step.State = append(step.State, lab.Float(v))
		}
	}
	return emit.Emit(step)
}

// blocks are the two parts of a prompt, with the very token ids.
func (r *reader) blocks(p *played, t int) ([]lab.Block, error) {
	ids, turn := p.turns[t].Segment.Context, &p.turns[t]
	told, err := r.tok.Encode(turn.Told + "\n")
	if err != nil {
		return nil, err
	}
	before := ids[:len(ids)-len(told)]
	blocks := []lab.Block{{Name: "task", Text: turn.Told, Tokens: told, Count: len(told)}}
	if len(before) == 0 {
		return blocks, nil
	}
	text, err := r.tok.Decode(before)
	memory := lab.Block{Name: "memory", Text: text, Tokens: before, Count: len(before), Entries: p.read(t).IDs()}
	return append([]lab.Block{memory}, blocks...), err
}

// episode sums an episode up.
func (m *method) episode(p *played, split string, detail bool, omitted int) lab.Episode {
	entries, _ := m.size()
	ep := lab.Episode{ID: p.number, Split: split, Seed: p.info.Seed, X: m.now.Episodes, Steps: len(p.turns), Return: lab.Float(p.info.Return),
		Success: p.info.Success, Why: p.info.Why, Memory: lab.Float(entries), Context: lab.Float(p.peak()), Detail: detail, Omitted: omitted,
		Numbers: map[string]lab.Float{"read": lab.Float(len(p.reading.Entries))}}
	if split == house.Train {
		ep.Numbers["epoch"] = lab.Float(int(p.number-1)/len(m.train) + 1)
	}
	for _, name := range []string{"family", "refused", "unknown", "phases"} {
		if v, ok := p.info.Numbers[name]; ok {
			ep.Numbers[name] = lab.Float(v)
		}
	}
	if ep.Why == "" { // the prompt filled the reader's context before the house was done
		ep.Why = lab.EndHorizon
	}
	return ep
}
